//! Trace context in the headers of requests: what a client sends, and what a server makes of it.
//!
//! ```text
//! cargo run -p spanwise --features http --example headers
//! ```

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use http::{HeaderMap, Request};
use spanwise::{headers, span, trace};

/// A reqwest request takes the headers with `.headers(…)`; tonic's metadata is made of them.
#[trace(type = "TOOL")]
fn call() -> Request<&'static str> {
    let mut request = Request::new("the body");
    request.headers_mut().extend(headers::current());
    request
}

/// An axum handler has them as its argument; `spanwise::tower::ServerLayer` does this for all of them.
fn handle(headers: &HeaderMap) {
    headers::extract(headers).scope(|| drop(span!("handled", type = "TOOL")));
}

fn main() {
    let _guard = spanwise::init();
    let request = call();
    println!("{:?}", request.headers());
    handle(request.headers());
}
