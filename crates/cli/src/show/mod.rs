//! Commands that print: `search`, `stats`, `get`, `check`, `config`.

mod bar;
mod check;
mod config;
mod fold;
mod get;
mod head;
mod outline;
mod search;
mod span;
mod stats;
mod tree;
mod usage;

pub(crate) use check::check;
pub(crate) use config::{config, config_path};
pub(crate) use get::get;
pub(crate) use search::search;
pub(crate) use stats::stats;
