//! Issues of another store.

use super::super::experiment::known_experiment;
use super::super::issue::list_text;
use crate::error::sql_error;
use rusqlite::{Connection, params};
use spanwise_model::Issue;
use spanwise_store::StoreResult;

pub(super) fn import(conn: &Connection, issue: &Issue) -> StoreResult<()> {
    known_experiment(conn, issue.experiment_id)?;
    conn.prepare_cached(
        "INSERT OR REPLACE INTO issue (
             issue_id, experiment_id, name, description, status, severity, root_causes, categories, source_run_id,
             created_by, created_ns, last_updated_ns)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    )
    .and_then(|mut insert| {
        insert.execute(params![
            issue.issue_id.0,
            issue.experiment_id.0,
            issue.name,
            issue.description,
            issue.status.name(),
            issue.severity.map(|severity| severity as i64),
            list_text(&issue.root_causes),
            list_text(&issue.categories),
            issue.source_run_id,
            issue.created_by,
            issue.created_ns,
            issue.last_updated_ns,
        ])
    })
    .map(drop)
    .map_err(sql_error)
}
