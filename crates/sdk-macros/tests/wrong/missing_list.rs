#[spanwise::trace(skip = key)]
fn f(key: &str) {
    let _ = key;
}

fn main() {}
