#[spanwise::trace(skip(api_key))]
fn f(question: &str, key: &str) {
    let _ = (question, key);
}

fn main() {}
