//! Removing files that nothing refers to: those of deleted traces, and after a start those of writes that never were
//! committed.

use super::{Attachments, rows};
use crate::backup::Pins;
use crate::error::io_error;
use crate::writer::Writer;
use rusqlite::Connection;
use spanwise_model::AttachmentHash;
use spanwise_store::StoreResult;

/// Files that are removed before their notes are.
const STEP_FILES: usize = 256;

impl Attachments {
    /// Removes the files that are noted and still unneeded; returns how many. While a backup may need them, all stay.
    pub(crate) fn remove_noted(&self, conn: &Connection, writer: &Writer, pins: &Pins) -> StoreResult<usize> {
        let mut removed = 0;
        loop {
            let noted = rows::noted(conn, STEP_FILES)?;
            if noted.is_empty() {
                return Ok(removed);
            }
            let Some(done) = pins.unless_pinned(|| self.remove_unneeded(conn, &noted)) else {
                return Ok(removed);
            };
            let done = done?;
            removed += done.len();
            // The others are held by writes that are under way, which wake this thread when they are done.
            let is_last = done.len() < noted.len();
            writer.write_blocking(move |context| rows::delete_notes(context.conn, &done))?;
            if is_last {
                return Ok(removed);
            }
        }
    }

    /// Removes all files that the index does not know; returns how many. What is written meanwhile is held.
    pub(crate) fn remove_unknown(&self, conn: &Connection, pins: &Pins) -> StoreResult<usize> {
        let mut unknown = Vec::new();
        let mut failed = Ok(());
        let visit = |hash| match rows::size_of(conn, &hash) {
            Ok(Some(_)) => {}
            Ok(None) => unknown.push(hash),
            Err(error) => failed = Err(error),
        };
        self.folder.for_each(visit).map_err(|error| io_error("cannot list the attachments", error))?;
        failed?;
        match pins.unless_pinned(|| self.remove_unneeded(conn, &unknown)) {
            Some(removed) => removed.map(|removed| removed.len()),
            None => Ok(0),
        }
    }

    /// Removes those of some files that no row refers to and no write holds; returns those that need no note any more.
    fn remove_unneeded(
        &self,
        conn: &Connection,
        hashes: &[AttachmentHash],
    ) -> StoreResult<Vec<AttachmentHash>> {
        let mut done = Vec::new();
        for hash in hashes {
            // As long as this is locked, no write begins to rely on the file.
            let mut state = self.state();
            if state.held.contains_key(hash) {
                continue;
            }
            if rows::size_of(conn, hash)?.is_none() {
                state.durable.remove(hash);
                if let Some(bytes) = state.cache.pop(hash) {
                    state.cached_bytes -= bytes.len();
                }
                self.folder
                    .remove(hash)
                    .map_err(|error| io_error(format!("cannot remove attachment {hash}"), error))?;
            }
            done.push(*hash);
        }
        Ok(done)
    }
}
