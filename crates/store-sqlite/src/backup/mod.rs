//! Online backup and restore.
//!
//! A backup is a copy of the index as of one moment, made by SQLite itself, and of all files that it refers to. Those
//! are only ever appended to, so the copy takes as much of each as the index says is committed; while it is made, no
//! file that it may need is removed. Nothing waits for a backup but the removal of files.
//!
//! [`source`] reads a store, [`BackupFolder`] writes a backup, [`restore()`] makes a data directory of one. The two
//! folders need not be on one machine.

mod folder;
mod manifest;
mod pin;
mod restore;
mod source;
#[cfg(test)]
mod tests;

pub use folder::{BackupFolder, BackupSummary};
pub(crate) use pin::{Pin, Pins};
pub(crate) use restore::refuse_interrupted;
pub use restore::{RestoreReport, restore};
pub(crate) use source::{FOLDER, remove_leftovers, start};

use std::fmt;
use xxhash_rust::xxh3::Xxh3;

/// The hash of a file, as text.
fn hash_text(hash: &Xxh3) -> String {
    HexHash(hash.digest128()).to_string()
}

struct HexHash(u128);

impl fmt::Display for HexHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}
