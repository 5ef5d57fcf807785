//! The clients from outside: what their spans say where a program does not wait, is refused, or wants nothing said.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail as tests do")]

mod clients;
mod provider;
mod spans;
