//! What tests share: builders of OTLP requests, and a whole server on free ports with a store of its own.
//!
//! For tests only: everything here panics when something is not as expected, with a message that says what.

pub mod otlp;
mod reply;
mod server;

pub use reply::Reply;
pub use server::{ServerOptions, TestServer, arrival_ns};
