//! The server over real sockets, on the embedded store.

mod export;
mod guard;
mod listen;
mod otlp_grpc;
mod otlp_http;
mod probe;
