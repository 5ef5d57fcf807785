#[spanwise::trace(attributes("when" = std::time::Duration::ZERO))]
fn f() {}

fn main() {}
