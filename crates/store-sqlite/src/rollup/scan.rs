//! Reads roll-ups in the order of time, over any number of experiments.

use super::BUCKET_NS;
use super::pending::{self, Pending};
use crate::catalog::key_array;
use crate::error::sql_error;
use rusqlite::fallible_streaming_iterator::FallibleStreamingIterator;
use rusqlite::{CachedStatement, Connection, Row, Rows, params};
use spanwise_model::ExperimentId;
use spanwise_store::{MetricsQuery, StoreResult};
use std::collections::{BTreeSet, HashSet};
use std::ops::Range;

/// Experiments whose roll-ups are read side by side; those of more are sorted by SQLite.
const CURSORS_MAX: usize = 128;

/// Which roll-ups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Table {
    Trace,
    Call,
}

/// What is met on the way.
pub(super) enum Stored<'a> {
    /// A roll-up.
    Row { experiment_id: i64, model_key: i64, figures: &'a [u8] },
    /// A change that waits to be added to a roll-up; it comes after the roll-up that it changes.
    Change(&'a Pending),
    /// All of a stretch of time were met.
    EndOfPoint,
}

impl Table {
    fn columns(self) -> &'static str {
        match self {
            Table::Trace => "bucket, experiment_id, 0, figures FROM rollup_trace",
            Table::Call => "bucket, experiment_id, model_key, figures FROM rollup_call",
        }
    }

    /// Returns the changes of these roll-ups that wait, in the order of time, and of one bucket in that in which they were
    /// made.
    pub(super) fn waiting(self, conn: &Connection, query: &MetricsQuery) -> StoreResult<Vec<Pending>> {
        let wanted: HashSet<i64> = query.experiments.iter().map(|id| id.0).collect();
        let range = buckets(&query.edges_ns);
        let mut waiting = Vec::new();
        pending::for_each(conn, |change| {
            let is_asked_for = (change.model_key == 0) == (self == Table::Trace)
                && range.contains(&change.bucket)
                && wanted.contains(&change.experiment_id);
            waiting.extend(is_asked_for.then_some(change));
            Ok(())
        })?;
        waiting.sort_by_key(|change| change.bucket);
        Ok(waiting)
    }

    /// Returns those of the experiments that have roll-ups or changes that wait, each once.
    pub(super) fn experiments(
        self,
        conn: &Connection,
        wanted: &[ExperimentId],
        waiting: &[Pending],
    ) -> StoreResult<Vec<i64>> {
        let wanted: HashSet<i64> = wanted.iter().map(|id| id.0).collect();
        let table = if self == Table::Trace { "rollup_trace" } else { "rollup_call" };
        let mut statement = conn
            .prepare_cached(&format!("SELECT min(experiment_id) FROM {table} WHERE experiment_id > ?1"))
            .map_err(sql_error)?;
        let mut found = BTreeSet::new();
        let mut after = i64::MIN;
        while let Some(next) =
            statement.query_row([after], |row| row.get::<_, Option<i64>>(0)).map_err(sql_error)?
        {
            found.insert(next);
            after = next;
        }
        found.extend(waiting.iter().map(|change| change.experiment_id));
        Ok(found.into_iter().filter(|id| wanted.contains(id)).collect())
    }
}

/// Visits the roll-ups of experiments between the first and the last border, stretch of time by stretch of time.
pub(super) fn scan(
    conn: &Connection,
    table: Table,
    experiments: &[i64],
    waiting: &[Pending],
    edges_ns: &[i64],
    mut visit: impl FnMut(Stored<'_>) -> StoreResult<()>,
) -> StoreResult<()> {
    let range = buckets(edges_ns);
    let mut statements = prepare(conn, table, experiments)?;
    let mut cursors = open(&mut statements, experiments, range)?;
    let mut waiting = waiting;
    for edge in edges_ns.iter().skip(1) {
        let end = edge / BUCKET_NS;
        for cursor in &mut cursors {
            cursor.visit_until(end, &mut visit)?;
        }
        let (now, later) = waiting.split_at(waiting.partition_point(|change| change.bucket < end));
        now.iter().try_for_each(|change| visit(Stored::Change(change)))?;
        waiting = later;
        visit(Stored::EndOfPoint)?;
    }
    Ok(())
}

/// Returns the buckets between the first and the last border.
fn buckets(edges_ns: &[i64]) -> Range<i64> {
    let bucket = |edge: Option<&i64>| edge.map_or(0, |edge| edge / BUCKET_NS);
    bucket(edges_ns.first())..bucket(edges_ns.last())
}

fn are_few(experiments: &[i64]) -> bool {
    experiments.len() <= CURSORS_MAX
}

fn prepare<'a>(
    conn: &'a Connection,
    table: Table,
    experiments: &[i64],
) -> StoreResult<Vec<CachedStatement<'a>>> {
    let (condition, count) =
        if are_few(experiments) { ("= ?1", experiments.len()) } else { ("IN rarray(?1)", 1) };
    let sql = format!(
        "SELECT {} WHERE experiment_id {condition} AND bucket >= ?2 AND bucket < ?3 ORDER BY bucket",
        table.columns()
    );
    (0..count).map(|_| conn.prepare_cached(&sql).map_err(sql_error)).collect()
}

fn open<'a>(
    statements: &'a mut [CachedStatement<'_>],
    experiments: &[i64],
    buckets: Range<i64>,
) -> StoreResult<Vec<Cursor<'a>>> {
    let mut cursors = Vec::with_capacity(statements.len());
    for (statement, id) in statements.iter_mut().zip(experiments) {
        let rows = if are_few(experiments) {
            statement.query([*id, buckets.start, buckets.end])
        } else {
            statement.query(params![key_array(experiments.iter().copied()), buckets.start, buckets.end])
        };
        let mut cursor = Cursor { rows: rows.map_err(sql_error)?, bucket: None };
        cursor.advance()?;
        cursors.push(cursor);
    }
    Ok(cursors)
}

/// Rows in the order of time, and the bucket of the present one.
struct Cursor<'a> {
    rows: Rows<'a>,
    bucket: Option<i64>,
}

impl Cursor<'_> {
    fn advance(&mut self) -> StoreResult<()> {
        self.bucket =
            self.rows.next().and_then(|row| row.map(|row| row.get(0)).transpose()).map_err(sql_error)?;
        Ok(())
    }

    fn visit_until(
        &mut self,
        end: i64,
        visit: &mut impl FnMut(Stored<'_>) -> StoreResult<()>,
    ) -> StoreResult<()> {
        while self.bucket.is_some_and(|bucket| bucket < end) {
            let Some(row) = self.rows.get() else { break };
            visit(stored(row).map_err(sql_error)?)?;
            self.advance()?;
        }
        Ok(())
    }
}

fn stored<'a>(row: &'a Row<'_>) -> rusqlite::Result<Stored<'a>> {
    Ok(Stored::Row {
        experiment_id: row.get(1)?,
        model_key: row.get(2)?,
        figures: row.get_ref(3)?.as_blob()?,
    })
}
