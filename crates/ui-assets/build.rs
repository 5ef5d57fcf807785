//! Says when to embed the web UI again, and that it is missing. It never builds it: `cargo build` needs no Node.

use std::path::Path;

fn main() {
    let dist = Path::new("../../ui/dist");
    println!("cargo:rerun-if-changed={}", dist.display());
    if !dist.join("index.html.gz").exists() {
        println!(
            "cargo:warning=ui/dist is empty: the binary will have no web UI (run `make ui` to build it)"
        );
    }
}
