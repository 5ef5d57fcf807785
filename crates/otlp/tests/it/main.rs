//! OTLP as others see it: compared with `prost`, with real samples, and with bytes that nobody should send.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail as tests do")]

mod attachment;
mod fixture;
mod generate;
mod hostile;
mod json;
mod json_out;
mod protobuf;
mod pyjson;
mod rebuild;
mod rewrite;
mod search_text;
