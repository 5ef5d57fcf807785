//! Spans of `tracing` as spans of Spanwise.
//!
//! ```
//! use tracing_subscriber::prelude::*;
//!
//! # let _guard = spanwise::Config::new().exporter("docs", || Box::new(Nowhere)).install()?;
//! let subscriber = tracing_subscriber::registry().with(spanwise::tracing::layer());
//! # let _default = tracing::subscriber::set_default(subscriber);
//! # /*
//! subscriber.init();
//! # */
//!
//! let chat = tracing::info_span!("chat", gen_ai.request.model = "gpt-4o", gen_ai.usage.output_tokens = tracing::field::Empty);
//! chat.in_scope(|| {
//!     let _child = spanwise::span!("look up");
//!     tracing::info!(rows = 3, "found");
//! });
//! chat.record("gen_ai.usage.output_tokens", 7);
//! # struct Nowhere;
//! # impl spanwise::Exporter for Nowhere {
//! #     fn export(&mut self, _: &spanwise::Request<'_>) -> Result<spanwise::Accepted, spanwise::ExportError> {
//! #         Ok(Default::default())
//! #     }
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # One tree
//!
//! While a span of `tracing` is entered, its span here is the current one, on whatever thread that is. So spans of both kinds
//! are children of each other in every nesting, [`propagation::inject`](crate::propagation::inject) names it, and
//! [`current`](crate::current) is a handle for what `tracing` has no field for.
//!
//! An explicit `parent:` is the parent, if it is recorded, or the first recorded span above it. Where that is none, or `parent: None`
//! is said while no span of `tracing` is current (which cannot be told from `parent: Span::current()`), the current span is
//! the parent.
//!
//! A span ends when `tracing` closes it. If it was entered, its end is when it was left or written to for the last time:
//! whoever holds it for longer, such as a child on another task, does not make it longer.
//!
//! # Fields
//!
//! | field | what becomes of it |
//! | --- | --- |
//! | `otel.name` | the name |
//! | `otel.kind` | `server`, `client`, `producer`, `consumer`, `internal`; only when the span is made |
//! | `otel.status_code`, `otel.status_message` | `ok` or `error`, and what is said of it |
//! | `error`, as an error or a text | an `exception` event with the sources of the error, and the span fails |
//! | any other | an attribute of that key, also if it is recorded later: a number, boolean or text, others as their `Debug` |
//!
//! Keys of conventions are read as such by the server: `gen_ai.*`, as `rig` records them, and `mlflow.spanType`,
//! `mlflow.spanInputs`, `mlflow.spanOutputs` ([`key`](crate::key)). The level is the span's log level.
//!
//! # Events
//!
//! An event goes to the current span of either kind, or its explicit parent. It has the message as name, and level, target and
//! fields as attributes. One of level `ERROR`, or with an `error` and no message, as `#[instrument(err)]` makes them, fails the
//! span, unless [`Layer::without_failing`] is said.
//!
//! # What is recorded
//!
//! [`layer`] takes what is `INFO` or more important. For anything else, give a [`Layer`] a filter of its own:
//!
//! ```
//! # use tracing_subscriber::prelude::*;
//! use tracing_subscriber::filter::{LevelFilter, Targets};
//!
//! let only = Targets::new().with_target("my_app", LevelFilter::DEBUG).with_target("rig", LevelFilter::INFO);
//! let subscriber = tracing_subscriber::registry().with(spanwise::tracing::Layer::new().with_filter(only));
//! ```
//!
//! [`gen_ai_only`] is a filter that leaves a program's other spans out.

mod entered;
mod fields;
mod filter;
mod layer;

pub use filter::{GenAiOnly, gen_ai_only};
pub use layer::{Layer, layer};
