//! The public crate from outside: what its macros record.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail as tests do")]

mod bridge_nesting;
mod bridge_opentelemetry;
mod bridge_tracing;
mod calls;
#[cfg(feature = "rmcp")]
mod mcp;
mod recorded;
#[cfg(feature = "tower")]
mod requests;
mod streams;
