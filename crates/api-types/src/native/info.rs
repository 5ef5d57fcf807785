//! What a client asks first.

use serde::Serialize;
use utoipa::ToSchema;

/// The server and how much it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Info {
    /// The server's version.
    pub version: String,
    /// Where OTLP over HTTP is taken, besides the main port.
    pub otlp_http_port: Option<u16>,
    /// Where OTLP over gRPC is taken.
    pub otlp_grpc_port: Option<u16>,
    /// Traces in the whole store.
    pub traces: u64,
}
