//! Traces of LLM applications and agents: every prompt, answer, tool call and error as a tree of spans, sent to
//! [Spanwise](https://github.com/spanwise/spanwise) or any OTLP endpoint.
//!
//! ```
//! #[spanwise::trace(type = "TOOL")]
//! fn weather(city: &str) -> Result<String, std::io::Error> {
//!     Ok(format!("sunny in {city}"))
//! }
//!
//! # unsafe { std::env::set_var("SPANWISE_SDK_DISABLED", "true") };
//! let _guard = spanwise::init();
//! weather("Oslo").expect("it is always sunny");
//! ```
//!
//! [`init`] reads the environment (`SPANWISE_TRACKING_URI`, else `MLFLOW_TRACKING_URI`, else
//! `OTEL_EXPORTER_OTLP_ENDPOINT`, else a server on this machine; [`Config::from_env`] has all variables) and returns a guard
//! that sends the rest when it is dropped. [`Config`] says the same in code.
//!
//! # Spans
//!
//! - `#[trace]` records the calls of a function, synchronous or `async`, also one that returns a future or a stream.
//! - [`span!`] records a part of a function.
//! - [`FutureExt::in_span`] gives a future a span, and `StreamExt::in_span` a stream.
//! - [`current`] is the span that the code runs in; attributes, events, links, errors and levels are set on it, and
//!   [`SpanRef::update_trace`] names the trace, its session, user, tags and metadata.
//! - [`SpanBuilder`] makes a span with an explicit parent, for threads and callbacks.
//!
//! # It never hurts the program
//!
//! Starting, setting and ending a span costs a fraction of a microsecond, waits for no network and no disk, and never
//! panics. What waits to be sent is bounded in bytes; what has no room is dropped and counted in [`stats`]. Where the server
//! is away, batches are tried again, and kept in a [spool](Config::spool) on disk if there is one. [`disable`] and
//! [`enable`] turn recording off and on. A forked child records on its own.
//!
//! # Features
//!
//! | feature | default | what |
//! | --- | --- | --- |
//! | `macros` | yes | `#[trace]` |
//! | `serde` | yes | inputs and outputs as JSON; else through `Debug` |
//! | `stream` | yes | streams with a span |
//! | `otlp-http` | yes | sending over HTTP, and the client for reading traces and giving feedback |
//! | `otlp-grpc` | | sending over gRPC: [`Target::grpc`], `OTEL_EXPORTER_OTLP_PROTOCOL=grpc` |
//! | `tls` | | `https://` endpoints |
//! | `http` | | trace context in headers of the crate `http`: axum, tonic, reqwest, hyper |
//! | `tower` | | layers for servers and clients |
//! | `axum` | | a layer for routers, whose spans are named like routes |
//! | `tonic` | | layers for servers and clients of gRPC, and trace context in metadata |
//! | `reqwest` | | trace context for requests, and spans for them |
//! | `llm` | | calls of LLM providers as spans; with `tower`, a layer that records them, with `reqwest` its requests |
//! | `reqwest-middleware` | | the same as a middleware |
//! | `rmcp` | | clients and servers of the Model Context Protocol |
//! | `rmcp-http-server` | | what such servers send over HTTP |
//! | `tracing` | | spans of `tracing` become spans |
//! | `opentelemetry` | | one tree with spans of OpenTelemetry, and an exporter and a processor for them |

// Badges of features on docs.rs.
#![cfg_attr(docsrs, feature(doc_cfg))]

#[doc(hidden)]
pub mod __private;
#[cfg(feature = "axum")]
pub mod axum;
mod error;
#[cfg(feature = "http")]
pub mod headers;
#[cfg(feature = "llm")]
pub mod llm;
mod macros;
#[cfg(feature = "rmcp")]
pub mod mcp;
#[cfg(feature = "opentelemetry")]
pub mod opentelemetry;
mod record;
#[cfg(feature = "reqwest")]
pub mod reqwest;
#[cfg(any(feature = "tower", feature = "reqwest"))]
mod status;
#[cfg(feature = "stream")]
mod stream;
#[cfg(feature = "tonic")]
pub mod tonic;
#[cfg(feature = "tower")]
pub mod tower;
#[cfg(feature = "tracing")]
pub mod tracing;

pub use spanwise_sdk_core::{
    Accepted, AttributeValue, Config, ConfigError, ContextGuard, EndpointStats, EventData, ExportError,
    Exporter, FlushTimeout, FutureExt, IdError, InScope, InSpan, Kind, LOCAL_SERVER, Level, LinkData,
    MakeExporter, Moment, Parent, Problem, Processor, Request, RequestReader, Sdk, Span, SpanBuilder,
    SpanContext, SpanData, SpanGuard, SpanId, SpanRef, StartOptions, Stats, Target, TraceId, TraceUpdate,
    Value, disable, enable, flush, is_enabled, key, propagation, stats,
};

#[cfg(feature = "otlp-http")]
pub use spanwise_sdk_core::client;

#[cfg(feature = "macros")]
pub use spanwise_macros::trace;

#[cfg(feature = "stream")]
pub use stream::{InSpanStream, StreamExt};

/// Records spans from now on, as the environment says; see [`Config::from_env`]. When the guard is dropped, what is left is
/// sent, within five seconds.
///
/// This never fails: where a variable can't be used, that is said on the standard error stream, and nothing is recorded.
/// [`Config::from_env`] and [`Config::install`] return the error instead.
#[must_use = "recording ends when the guard is dropped"]
pub fn init() -> Option<Sdk> {
    let installed = Config::from_env().and_then(Config::install);
    #[expect(clippy::print_stderr, reason = "nobody else would say why no traces come")]
    installed.inspect_err(|error| eprintln!("spanwise: nothing is recorded: {error}")).ok()
}

/// Returns the current span of this thread, or none, on which nothing has an effect.
pub fn current() -> SpanRef {
    SpanRef::current()
}

/// Changes what the current trace says of itself; see [`SpanRef::update_trace`].
pub fn update_trace(update: TraceUpdate) -> bool {
    current().update_trace(update)
}
