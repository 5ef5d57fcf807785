//! The SDK's core from outside: what is sent, and what happens when it can't be.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail as tests do")]

mod collected;
mod context;
mod faults;
mod receivers;
mod recording;
mod sampling;
mod sink;
