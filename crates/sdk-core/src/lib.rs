//! Records spans and sends them as OTLP: what the Spanwise SDKs are built on.
//!
//! Most programs want the crate `spanwise`, which adds macros to this. Here is everything that is no macro: spans and
//! their context, propagation, sampling, processors, the queue, batches, exporters, the spool, and the clients of a server.
//!
//! A span is written as an OTLP message into one buffer while it is under way, on the thread that sets it. When it ends,
//! its bytes are appended to a chunk of a bounded queue, under a lock that is rarely waited for. One thread collects
//! chunks into batches; each endpoint has a thread that sends them. Nothing here blocks the caller on a network or a disk,
//! and nothing panics on the caller's thread.

// Badges of features on docs.rs.
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(any(feature = "http", feature = "grpc"))]
mod answer;
mod batch;
mod body;
mod builder;
#[cfg(feature = "http")]
pub mod client;
mod clock;
mod config;
mod counter;
mod data;
mod endpoint;
mod env;
mod export;
mod file_exporter;
mod finished;
#[cfg(feature = "grpc")]
mod grpc;
#[cfg(feature = "http")]
mod http;
mod id;
mod in_span;
pub mod key;
mod kind;
mod local;
mod open;
mod os;
mod problem;
pub mod propagation;
mod queue;
mod sdk;
mod shared;
mod span;
mod span_ref;
mod spool;
mod sync;
mod trace_update;
mod url_secret;
mod value;
mod wire;

pub use builder::{Parent, SpanBuilder, StartOptions};
pub use config::{Config, ConfigError, LOCAL_SERVER, MakeExporter, Target};
pub use data::{EventData, LinkData, Processor, SpanData};
pub use endpoint::EndpointStats;
pub use export::{Accepted, ExportError, Exporter, Request, RequestReader};
pub use finished::{FinishedSpan, Handed, announces_open_spans};
pub use id::{IdError, SpanId, TraceId};
pub use in_span::{FutureExt, InScope, InSpan};
pub use kind::{Kind, Level};
pub use problem::Problem;
pub use sdk::{FlushTimeout, Sdk, Stats, disable, enable, flush, is_enabled, stats};
pub use shared::{SharedContext, share_context};
pub use span::{ContextGuard, Moment, Span, SpanGuard};
pub use span_ref::{SpanContext, SpanRef};
pub use trace_update::TraceUpdate;
pub use url_secret::without_url_secrets;
pub use value::{AttributeValue, Value};
