//! What a group of writes changes in the table, noted while its transaction is open.

use super::summary::{Field, Summary, load_texts};
use crate::trace_row::TraceRow;
use rusqlite::Connection;
use spanwise_model::TraceId;
use spanwise_store::StoreResult;

/// One change of one trace.
#[derive(Debug)]
pub(super) enum Change {
    /// Its row; tags, metadata and assessments are as before.
    Row(Box<Summary>),
    /// Its row, and texts that it has beside those of before.
    Added(Box<Summary>, Vec<(Field, String)>),
    /// All of it.
    Whole(Box<Summary>, Vec<(Field, String)>),
    /// It is gone.
    Deleted(i64),
}

/// The changes of a group, which the table learns of once they are durable.
#[derive(Debug)]
pub(crate) struct TableChanges {
    pub(super) list: Vec<Change>,
    /// Whether the table holds anything.
    pub(super) is_used: bool,
    /// Whether all traces were in it when the group began.
    pub(super) is_loaded: bool,
}

impl TableChanges {
    /// Notes a row as it was written. Rows that can't be seen are not in the table.
    pub(crate) fn row(&mut self, row: TraceRow) {
        if row.visible && self.is_used {
            self.list.push(Change::Row(Box::new(Summary::from(row))));
        }
    }

    /// The same, with tags or metadata that are new.
    pub(crate) fn row_with_texts(
        &mut self,
        conn: &Connection,
        row: TraceRow,
        texts: Vec<(Field, String)>,
    ) -> StoreResult<()> {
        if texts.is_empty() || !self.is_used {
            self.row(row);
        } else if self.is_loaded && row.visible {
            self.list.push(Change::Added(Box::new(Summary::from(row)), texts));
        } else {
            // Its other texts may not be in the table yet, and must not be taken for absent.
            self.whole(conn, &row.trace_id)?;
        }
        Ok(())
    }

    /// Notes all that there is of a trace, reading it again.
    pub(crate) fn whole(&mut self, conn: &Connection, id: &TraceId) -> StoreResult<()> {
        if !self.is_used {
            return Ok(());
        }
        let Some(summary) = Summary::load(conn, id)? else { return Ok(()) };
        let key = summary.trace_key;
        let texts = load_texts(conn, key, key)?.remove(&key).unwrap_or_default();
        self.list.push(Change::Whole(Box::new(summary), texts));
        Ok(())
    }

    /// Notes that a trace is gone.
    pub(crate) fn deleted(&mut self, trace_key: i64) {
        self.list.push(Change::Deleted(trace_key));
    }

    /// Returns a mark to which [`TableChanges::undo_to`] can go back.
    pub(crate) fn mark(&self) -> usize {
        self.list.len()
    }

    /// Forgets what came after a mark, because the write that brought it failed.
    pub(crate) fn undo_to(&mut self, mark: usize) {
        self.list.truncate(mark);
    }
}
