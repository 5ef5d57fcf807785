//! How much there is in each experiment.

use crate::error::sql_error;
use rusqlite::Connection;
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
    let visible = rows.into_iter().map(|(id, traces, last_start_ns)| ExperimentActivity {
        experiment_id: ExperimentId(id),
        traces: traces - hidden.get(&id).copied().unwrap_or(0).min(traces),
        last_start_ns,
    });
    Ok(visible.filter(|activity| activity.traces > 0).collect())
}
