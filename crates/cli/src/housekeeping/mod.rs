//! Commands that keep a store in order: `compact`, `backup`, `restore`, `renormalize`.

mod backup;
mod compact;
mod frame;
mod lines;
mod renormalize;

pub(crate) use backup::{backup, restore};
pub(crate) use compact::compact;
pub(crate) use lines::follow;
pub(crate) use renormalize::{renormalize, renormalize_on};
