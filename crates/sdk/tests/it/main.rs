//! The public crate from outside: what its macros record.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail as tests do")]

mod bridge_nesting;
mod bridge_opentelemetry;
mod bridge_tracing;
mod calls;
mod llm_exchange;
mod llm_layer;
mod llm_reqwest;
#[cfg(feature = "rmcp")]
mod mcp;
mod recorded;
#[cfg(feature = "tower")]
mod requests;
mod streams;
