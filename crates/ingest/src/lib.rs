//! From the bytes of an OTLP request to an acknowledged write: admission, decoding, derivation, experiment choice.
//!
//! Knows no transport: HTTP, gRPC and the command line hand over decompressed bytes, and get an outcome or an error
//! of a kind. Knows no storage engine either.

mod budget;
mod error;

pub use budget::{BudgetExceeded, ByteBudget, Reservation};
pub use error::IngestError;

use spanwise_store::Store;
use std::sync::Arc;

/// Named limits of ingestion.
#[derive(Debug, Clone, Copy)]
pub struct IngestLimits {
    /// Bytes of all requests between the socket and the store's acknowledgement.
    pub queue_bytes: usize,
}

impl Default for IngestLimits {
    fn default() -> Self {
        IngestLimits { queue_bytes: 64 << 20 }
    }
}

/// What a request says about where its spans go, besides the spans themselves.
#[derive(Debug, Clone, Default)]
pub struct Route {
    /// The experiment that a header, gRPC metadata or the URL names, as it came.
    pub experiment: Option<String>,
    /// The run to link new traces to (`x-mlflow-run-id`).
    pub run_id: Option<String>,
}

/// What became of a request's spans or log records.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IngestOutcome {
    /// Stored, or there already.
    pub accepted: usize,
    /// Refused.
    pub rejected: usize,
    /// Why, in one text that names the first of them; empty if none was refused.
    pub reason: String,
}

/// The way in, shared by all transports.
pub struct Ingest {
    store: Arc<dyn Store>,
    budget: ByteBudget,
}

impl Ingest {
    /// Makes the way into `store`.
    pub fn new(store: Arc<dyn Store>, limits: IngestLimits) -> Self {
        Ingest { store, budget: ByteBudget::new(limits.queue_bytes) }
    }

    /// Returns a reservation to grow while a body is being read; hand it in with the body.
    pub fn reserve(&self) -> Reservation {
        self.budget.reserve()
    }
}
