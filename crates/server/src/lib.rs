//! The HTTP and gRPC surfaces: OTLP, MLflow's REST API, the native API, probes.
//!
//! Turns requests into calls of `ingest` and `store`, and their answers and errors into responses. Holds no state
//! of its own and knows no storage engine.

mod app;
mod clock;
mod described;
mod drain;
mod error;
mod export;
mod guard;
mod inbox;
mod listen;
mod metric;
mod mlflow;
mod native;
mod observe;
mod otlp;
mod paced_body;
mod patient_io;
mod probe;
mod redact_records;
mod router;
mod scoring;
mod ui;
mod webhooks;

pub use app::{App, ServerConfig};
pub use export::{json_chunks, protobuf_chunks};
pub use inbox::{take_in, watch_inbox};
pub use listen::{Listeners, serve};
pub use metric::describe_metrics;
#[cfg(feature = "describe")]
pub use native::openapi_from_code as openapi;
pub use paced_body::BodyPace;
pub use router::{grpc_router, main_router, otlp_router};
pub use scoring::{ApiKey, DEFAULT_ENDPOINT, Endpoint, Scoring, ScoringConfig};
pub use webhooks::Webhooks;
