#[spanwise::trace(name)]
fn f() {}

fn main() {}
