//! Which traces are the oldest: by the earlier of start and arrival.

use crate::error::sql_error;
use rusqlite::{Connection, params};
use spanwise_model::ExperimentId;
use spanwise_store::StoreResult;
use std::collections::HashSet;

/// A trace that is to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Doomed {
    pub(super) trace_key: i64,
    /// Bytes of its spans and log records as they are stored.
    pub(super) bytes: u64,
}

/// A trace and the earlier of its start and arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Aged {
    age_ns: i64,
    trace_key: i64,
}

/// Returns traces of an experiment from before `before_ns`, at most `limit`.
pub(super) fn expired(
    conn: &Connection,
    experiment: ExperimentId,
    before_ns: i64,
    limit: usize,
) -> StoreResult<Vec<Doomed>> {
    let aged = oldest_of(conn, experiment, before_ns.saturating_sub(1), limit)?;
    with_bytes(conn, aged)
}

/// Returns the oldest traces of some experiments, the oldest first, at most `limit`.
pub(super) fn oldest(
    conn: &Connection,
    experiments: &[ExperimentId],
    limit: usize,
) -> StoreResult<Vec<Doomed>> {
    let mut all: Vec<Aged> = Vec::new();
    let mut newest_ns = i64::MAX;
    for experiment in experiments {
        all.extend(oldest_of(conn, *experiment, newest_ns, limit)?);
        all.sort_unstable();
        all.truncate(limit);
        // What is younger than all of a full list can't be among the oldest.
        if let (true, Some(last)) = (all.len() == limit, all.last()) {
            newest_ns = last.age_ns;
        }
    }
    with_bytes(conn, all)
}

/// Returns the oldest traces of an experiment, up to an age.
fn oldest_of(
    conn: &Connection,
    experiment: ExperimentId,
    newest_ns: i64,
    limit: usize,
) -> StoreResult<Vec<Aged>> {
    const BY_START: &str = "SELECT min(start_ns, arrival_ns), trace_key FROM trace
         WHERE experiment_id = ?1 AND start_ns <= ?2 ORDER BY start_ns LIMIT ?3";
    const BY_ARRIVAL: &str = "SELECT arrival_ns, trace_key FROM trace
         WHERE experiment_id = ?1 AND arrival_ns < start_ns AND arrival_ns <= ?2 ORDER BY arrival_ns LIMIT ?3";
    let mut aged: Vec<Aged> = Vec::new();
    for sql in [BY_START, BY_ARRIVAL] {
        let mut statement = conn.prepare_cached(sql).map_err(sql_error)?;
        let rows = statement
            .query_map(params![experiment.0, newest_ns, limit as i64], |row| {
                Ok(Aged { age_ns: row.get(0)?, trace_key: row.get(1)? })
            })
            .and_then(|rows| rows.collect::<Result<Vec<_>, _>>());
        aged.extend(rows.map_err(sql_error)?);
    }
    aged.sort_unstable();
    let mut seen = HashSet::new();
    aged.retain(|trace| seen.insert(trace.trace_key));
    aged.truncate(limit);
    Ok(aged)
}

fn with_bytes(conn: &Connection, aged: Vec<Aged>) -> StoreResult<Vec<Doomed>> {
    let mut statement = conn
        .prepare_cached("SELECT coalesce(sum(length), 0) FROM block WHERE trace_key = ?1")
        .map_err(sql_error)?;
    aged.into_iter()
        .map(|Aged { trace_key, .. }| {
            let bytes = statement.query_row([trace_key], |row| row.get(0)).map_err(sql_error)?;
            Ok(Doomed { trace_key, bytes })
        })
        .collect()
}
