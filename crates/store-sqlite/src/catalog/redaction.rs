//! Redaction rules of experiments.

use super::experiment::get_experiment;
use crate::error::sql_error;
use rusqlite::Connection;
use spanwise_model::ExperimentId;
use spanwise_store::StoreResult;

/// See [`spanwise_store::Store::redaction_rules`].
pub(crate) fn redaction_rules(conn: &Connection) -> StoreResult<Vec<(ExperimentId, String)>> {
    let mut statement = conn
        .prepare_cached("SELECT experiment_id, rules FROM redaction ORDER BY experiment_id")
        .map_err(sql_error)?;
    let rows =
        statement.query_map([], |row| Ok((ExperimentId(row.get(0)?), row.get(1)?))).map_err(sql_error)?;
    rows.collect::<rusqlite::Result<_>>().map_err(sql_error)
}

/// See [`spanwise_store::Store::set_redaction_rules`].
pub(crate) fn set_redaction_rules(
    conn: &Connection,
    id: ExperimentId,
    rules: Option<&str>,
) -> StoreResult<()> {
    get_experiment(conn, id)?;
    let done = match rules {
        Some(rules) => conn
            .prepare_cached("INSERT OR REPLACE INTO redaction (experiment_id, rules) VALUES (?1, ?2)")
            .and_then(|mut insert| insert.execute((id.0, rules))),
        None => conn
            .prepare_cached("DELETE FROM redaction WHERE experiment_id = ?1")
            .and_then(|mut delete| delete.execute([id.0])),
    };
    done.map(drop).map_err(sql_error)
}
