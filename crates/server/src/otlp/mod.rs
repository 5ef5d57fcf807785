//! OTLP over HTTP and gRPC: bytes in, the outcome out. What the bytes mean is `ingest`'s matter.

mod body;
mod decompress;
mod grpc;
mod http;
mod reply;

pub(crate) use body::{BodyError, content_length, read_body};
pub(crate) use decompress::{Decompressor, Encoding, PushError};
pub(crate) use grpc::routes as grpc_routes;
pub(crate) use http::routes as http_routes;
