#[spanwise::trace(skip_all, skip(key))]
fn f(key: &str) {
    let _ = key;
}

fn main() {}
