//! Tests of the crate at its boundary.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails by panicking")]

mod any;
mod body;
mod content;
mod derive;
mod dialect;
mod event;
mod exchange;
mod fixture;
mod golden;
mod mlflow_rules;
mod preview;
mod prices;
mod readback;
mod render;
mod rollup;
mod sample;
mod variant;
