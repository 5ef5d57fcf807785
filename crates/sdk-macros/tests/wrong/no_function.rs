#[spanwise::trace]
struct Agent {
    name: String,
}

fn main() {}
