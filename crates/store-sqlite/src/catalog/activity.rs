//! How much there is in each experiment.

use crate::error::sql_error;
use rusqlite::{Connection, OptionalExtension};
use spanwise_model::ExperimentId;
use spanwise_store::{ExperimentActivity, StoreResult};
use std::collections::HashMap;

/// See [`spanwise_store::Store::experiment_activity`].
///
/// Both queries read an index only; the second one's holds the few traces that can't be seen.
pub(crate) fn experiment_activity(conn: &Connection) -> StoreResult<Vec<ExperimentActivity>> {
    let hidden: HashMap<i64, u64> = conn
        .prepare_cached("SELECT experiment_id, count(*) FROM trace WHERE visible = 0 GROUP BY experiment_id")
        .and_then(|mut statement| statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect())
        .map_err(sql_error)?;
    let rows: Vec<(i64, u64, i64)> = conn
        .prepare_cached("SELECT experiment_id, count(*), max(start_ns) FROM trace GROUP BY experiment_id")
        .and_then(|mut statement| {
            statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?.collect()
        })
        .map_err(sql_error)?;
    let mut active = Vec::with_capacity(rows.len());
    for (id, all, last) in rows {
        let hidden = hidden.get(&id).copied().unwrap_or(0);
        // The last of all may be one that can't be seen.
        let last = if hidden == 0 { Some(last) } else { last_visible(conn, id)? };
        let traces = all.saturating_sub(hidden);
        active.extend(last.map(|last_start_ns| ExperimentActivity {
            experiment_id: ExperimentId(id),
            traces,
            last_start_ns,
        }));
    }
    Ok(active)
}

/// Walks down from the newest trace, over the few that can't be seen.
fn last_visible(conn: &Connection, experiment_id: i64) -> StoreResult<Option<i64>> {
    conn.prepare_cached(
        "SELECT start_ns FROM trace WHERE experiment_id = ?1 AND visible = 1 ORDER BY start_ns DESC LIMIT 1",
    )
    .and_then(|mut statement| statement.query_row([experiment_id], |row| row.get(0)).optional())
    .map_err(sql_error)
}
