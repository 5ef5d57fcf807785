//! What of the attachments goes with traces: one goes with the last trace that uses it.

use crate::catalog::key_array;
use crate::error::sql_error;
use rusqlite::vtab::array::Array;
use rusqlite::{Connection, params};
use spanwise_model::ExperimentId;
use spanwise_store::StoreResult;
use std::collections::HashMap;

/// Counts the traces of some experiments that use the attachments of those that are to go.
pub(super) struct SharedAttachments<'a> {
    conn: &'a Connection,
    experiments: Array,
    /// How many users are left of each.
    left: HashMap<[u8; 32], u64>,
}

impl<'a> SharedAttachments<'a> {
    /// Begins with all traces of these experiments.
    pub(super) fn of(conn: &'a Connection, experiments: &[ExperimentId]) -> SharedAttachments<'a> {
        let experiments = key_array(experiments.iter().map(|experiment| experiment.0));
        SharedAttachments { conn, experiments, left: HashMap::new() }
    }

    /// Takes a trace out, and returns the bytes of the attachments that no trace uses then.
    pub(super) fn freed_with(&mut self, trace_key: i64) -> StoreResult<u64> {
        let used: Vec<([u8; 32], u64)> = self
            .conn
            .prepare_cached(
                "SELECT hash, bytes FROM attachment_use JOIN attachment USING (hash) WHERE trace_key = ?1",
            )
            .and_then(|mut select| {
                select.query_map([trace_key], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
            })
            .map_err(sql_error)?;
        let mut freed = 0;
        for (hash, bytes) in used {
            let users = match self.left.get(&hash) {
                Some(users) => *users,
                None => self.users(&hash)?,
            };
            self.left.insert(hash, users.saturating_sub(1));
            freed += if users <= 1 { bytes } else { 0 };
        }
        Ok(freed)
    }

    fn users(&self, hash: &[u8; 32]) -> StoreResult<u64> {
        self.conn
            .prepare_cached(
                "SELECT count(*) FROM attachment_use JOIN trace USING (trace_key)
                 WHERE hash = ?1 AND experiment_id IN rarray(?2)",
            )
            .and_then(|mut select| {
                select.query_row(params![&hash[..], self.experiments.clone()], |row| row.get(0))
            })
            .map_err(sql_error)
    }
}
