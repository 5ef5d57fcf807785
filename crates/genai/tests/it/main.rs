//! Tests of the crate at its boundary.

mod rollup;
