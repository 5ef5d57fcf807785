//! Calls of providers from outside: a request and a response in, a span out.
//!
//! `tests/fixtures` has exchanges with the repository's fake provider (`tests/fixtures/fake_llm`), and, as `written-…`, others that
//! were written after the documentation of each provider. `tests/golden` has the span that each becomes; `UPDATE_GOLDEN=1` writes
//! these anew.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail as tests do")]

mod fixture;
mod golden;
mod limits;
mod recognised;
mod recorded;
mod splits;
