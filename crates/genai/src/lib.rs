//! The normal form of a GenAI span: what it says, whichever convention it says it in.
//!
//! [`derive()`] reads a span through dialect tables, [`span_columns`] is what is kept of that, with what a root says about
//! its trace, [`read_content`] reads what a person wants to see of it, [`mlflow`] writes spans as MLflow's clients read
//! them, [`rollup`] sums usage over a trace. Pure functions over borrowed bytes; nothing here does I/O or knows a store.

mod columns;
pub mod content;
mod cost;
mod derive;
mod dialect;
mod engine;
mod event;
mod gather;
mod json;
mod key_table;
pub mod mlflow;
mod pattern;
mod preview;
pub mod prices;
mod reading;
pub mod rollup;
mod root;
mod side;
mod usage;
mod value;

pub use columns::{SpanColumns, lends_texts, span_columns};
pub use content::{preview_texts, read_content, whole_texts};
pub use cost::{CostReason, CostSource, explain_cost};
pub use derive::{Derived, UNKNOWN_TYPE, derive, derive_without_bodies};
pub use prices::PriceTable;
pub use root::{lent_facts, root_facts};
pub use value::ValueRef;
