//! Scoring in the server: arrivals, what is queued, jobs, and what came of it all.

mod arrival;
mod backfill;
mod engine;
mod queue;
mod status;

pub(super) use arrival::rate_changes;

use crate::error::sql_error;
use rusqlite::{Connection, OptionalExtension};
use spanwise_store::StoreResult;

/// Scorers that run, as a query of `scorer_key`, `experiment_id` and `after_trace_key`.
const RUNNING: &str =
    "SELECT s.scorer_key, s.experiment_id, coalesce(g.after_trace_key, 0) AS after_trace_key
    FROM online_scoring AS o JOIN scorer AS s USING (scorer_key) LEFT JOIN scoring AS g USING (scorer_key)
    JOIN experiment AS e ON e.experiment_id = s.experiment_id
    WHERE o.sample_rate > 0 AND e.deleted = 0";

/// Returns the key of a scorer; it may have been deleted meanwhile.
fn scorer_key(conn: &Connection, scorer_id: &str) -> StoreResult<Option<i64>> {
    conn.prepare_cached("SELECT scorer_key FROM scorer WHERE scorer_id = ?1")
        .and_then(|mut select| select.query_row([scorer_id], |row| row.get(0)).optional())
        .map_err(sql_error)
}
