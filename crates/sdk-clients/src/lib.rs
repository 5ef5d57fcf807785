//! One line for each LLM library, after which all of its calls are spans: with model, messages, tool calls, tokens, cost,
//! finish reasons, time to the first token, and errors, as children of the span that the program is in.
//!
//! | library | feature | the line |
//! | --- | --- | --- |
//! | `async-openai` | `async-openai` | `Client::new().with_http_service(spanwise_clients::async_openai::service())` |
//! | `rig` | `rig` | `OpenAI::from_env()?.with_http(spanwise_clients::rig::Traced::new(http))` |
//! | `genai` | `genai` | `spanwise_clients::genai::Traced::new(client)` |
//! | `ollama-rs` | `ollama-rs` | `spanwise_clients::ollama::Traced::new(ollama)` |
//! | `async-anthropic` | `async-anthropic` | `spanwise_clients::anthropic::Traced::new(client)` |
//!
//! The first two take their HTTP client from the program, so that what goes over the wire is read, and requests carry a
//! `traceparent`. The others do not: what is put around their clients reads what goes into them and comes out, and their requests
//! stay as they are. Each has `without_content`, after which nothing is recorded that was said. While nothing is recorded
//! (`spanwise::disable`), calls go straight through.
//!
//! These libraries make incompatible releases often. This crate follows them with its own, so that `spanwise` need not.

#[cfg(feature = "async-anthropic")]
pub mod anthropic;
#[cfg(feature = "async-openai")]
pub mod async_openai;
#[cfg(feature = "genai")]
pub mod genai;
#[cfg(feature = "ollama-rs")]
pub mod ollama;
#[cfg(feature = "rig")]
pub mod rig;
#[cfg(any(feature = "async-anthropic", feature = "ollama-rs", feature = "rig"))]
mod wire;
