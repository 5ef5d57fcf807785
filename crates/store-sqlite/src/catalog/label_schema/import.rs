//! Label schemas of another store.

use super::{COLUMNS, find_by_name, input, known_experiment, refusal};
use crate::error::sql_error;
use rusqlite::{Connection, params};
use spanwise_model::LabelSchema;
use spanwise_store::StoreResult;

/// See [`spanwise_store::catalog::ImportItem::LabelSchema`].
pub(crate) fn import_schema(conn: &Connection, schema: &LabelSchema) -> StoreResult<()> {
    known_experiment(conn, schema.experiment_id)?;
    if schema.is_default {
        // Every experiment has one, which was made at the first look at it.
        conn.prepare_cached(
            "DELETE FROM label_schema WHERE experiment_id = ?1 AND is_default = 1 AND schema_id <> ?2",
        )
        .and_then(|mut delete| delete.execute((schema.experiment_id.0, &schema.schema_id.0)))
        .map_err(sql_error)?;
    }
    let taken = find_by_name(conn, schema.experiment_id, &schema.name)?;
    if taken.is_some_and(|taken| taken.schema_id != schema.schema_id) {
        return Err(refusal::label_schema_exists(schema.experiment_id, &schema.name));
    }
    conn.prepare_cached(&format!(
        "INSERT OR REPLACE INTO label_schema ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"
    ))
    .and_then(|mut insert| {
        insert.execute(params![
            schema.schema_id.0,
            schema.experiment_id.0,
            schema.name,
            schema.schema_type.name(),
            schema.instruction,
            schema.enable_comment,
            input::to_text(&schema.input),
            schema.is_default,
            schema.created_ns,
            schema.last_updated_ns,
        ])
    })
    .map(drop)
    .map_err(sql_error)
}
