//! One tree with spans of OpenTelemetry.
//!
//! [`share_context`] makes spans of both libraries children of each other: what starts while a span of the other one is
//! current becomes its child, on every thread and in every nesting. Where OpenTelemetry's spans go is another matter; with
//! [`Processor`] or [`Exporter`] they go where ours do.
//!
//! ```
//! use opentelemetry::trace::{Tracer, TracerProvider};
//! use opentelemetry_sdk::trace::SdkTracerProvider;
//!
//! # let _guard = spanwise::Config::new().exporter("docs", || Box::new(Nowhere)).install()?;
//! let provider = SdkTracerProvider::builder().with_span_processor(spanwise::opentelemetry::Processor::new()).build();
//! provider.tracer("app").in_span("recorded by OpenTelemetry", |_context| {
//!     let _child = spanwise::span!("recorded by Spanwise");
//!     provider.tracer("app").in_span("and a child of that", |_context| {});
//! });
//! # struct Nowhere;
//! # impl spanwise::Exporter for Nowhere {
//! #     fn export(&mut self, _: &spanwise::Request<'_>) -> Result<spanwise::Accepted, spanwise::ExportError> {
//! #         Ok(Default::default())
//! #     }
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Sampling
//!
//! Whoever begins a trace decides whether it is recorded, and the other library follows. OpenTelemetry's own sampler must be
//! based on the parent for that, as it is unless another one is set.

mod context;
mod convert;
mod export;

pub use context::share_context;
pub use export::{Exporter, Processor};
