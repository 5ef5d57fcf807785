//! `export` and `import`: traces to files and back, in pieces, so that neither needs memory for all of them.

mod chunk;
mod count;
mod export;
mod import;
mod progress;
mod source;
mod state;

pub(crate) use export::export;
pub(crate) use import::import;
pub(crate) use progress::Progress;
