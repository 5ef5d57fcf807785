#[spanwise::trace(kind = "TOOL")]
fn f() {}

fn main() {}
