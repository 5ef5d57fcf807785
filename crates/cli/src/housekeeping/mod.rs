//! Commands that keep a store in order: `compact`.

mod compact;
mod lines;

pub(crate) use compact::compact;
