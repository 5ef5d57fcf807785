//! Commands that keep a store in order: `compact`, `backup`, `restore`.

mod backup;
mod compact;
mod frame;
mod lines;

pub(crate) use backup::{backup, restore};
pub(crate) use compact::compact;
pub(crate) use lines::follow;
