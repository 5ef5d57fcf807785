//! The HTTP and gRPC surfaces: OTLP, MLflow's REST API, the native API, probes.
//!
//! Turns requests into calls of `ingest` and `store`, and their answers and errors into responses. Holds no state
//! of its own and knows no storage engine.

mod app;
mod error;
mod mlflow;
mod router;

pub use app::{App, ServerConfig};
pub use router::main_router;
