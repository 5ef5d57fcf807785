//! Label schemas: one row each.

mod import;
mod input;

pub(crate) use import::import_schema;

use super::experiment::known_experiment;
use super::issue::unreadable;
use crate::error::{damaged, sql_error};
use rusqlite::{Connection, OptionalExtension, Row, params};
use spanwise_model::{ExperimentId, LabelInput, LabelSchema, LabelSchemaId, LabelSchemaType};
use spanwise_store::StoreResult;
use spanwise_store::catalog::{
    DEFAULT_SCHEMA_INSTRUCTION, DEFAULT_SCHEMA_NAME, LabelSchemaChange, LabelSchemaPage, NewLabelSchema,
    refusal,
};

const COLUMNS: &str = "schema_id, experiment_id, name, type, instruction, enable_comment, input, is_default, \
    created_ns, last_updated_ns";

/// See [`spanwise_store::catalog::LabelSchemaStore::create_label_schema`].
pub(crate) fn create_label_schema(
    conn: &Connection,
    new: &NewLabelSchema,
    now_ns: i64,
) -> StoreResult<LabelSchema> {
    known_experiment(conn, new.experiment_id)?;
    check_name(conn, new.experiment_id, &new.name)?;
    insert(conn, new, false, now_ns)?;
    get_label_schema(conn, &new.schema_id)
}

/// See [`spanwise_store::catalog::LabelSchemaStore::get_label_schema`].
pub(crate) fn get_label_schema(conn: &Connection, id: &LabelSchemaId) -> StoreResult<LabelSchema> {
    conn.prepare_cached(&format!("SELECT {COLUMNS} FROM label_schema WHERE schema_id = ?1"))
        .and_then(|mut select| select.query_row([&id.0], read_schema).optional())
        .map_err(sql_error)?
        .ok_or_else(|| refusal::no_label_schema(id))
}

/// See [`spanwise_store::catalog::LabelSchemaStore::get_label_schema_by_name`].
pub(crate) fn get_label_schema_by_name(
    conn: &Connection,
    experiment: ExperimentId,
    name: &str,
) -> StoreResult<LabelSchema> {
    known_experiment(conn, experiment)?;
    find_by_name(conn, experiment, name)?.ok_or_else(|| refusal::no_label_schema_named(experiment, name))
}

/// See [`spanwise_store::catalog::LabelSchemaStore::find_label_schemas`]; `None` if the default one has to be made before.
pub(crate) fn find_label_schemas(
    conn: &Connection,
    experiment: ExperimentId,
    limit: usize,
    offset: usize,
) -> StoreResult<Option<LabelSchemaPage>> {
    known_experiment(conn, experiment)?;
    if !has_default(conn, experiment)? {
        return Ok(None);
    }
    let rows = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let offset = i64::try_from(offset).unwrap_or(i64::MAX);
    let mut schemas: Vec<LabelSchema> = conn
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM label_schema WHERE experiment_id = ?1
             ORDER BY created_ns DESC, schema_id LIMIT ?2 OFFSET ?3"
        ))
        .and_then(|mut select| select.query_map((experiment.0, rows, offset), read_schema)?.collect())
        .map_err(sql_error)?;
    let has_more = schemas.len() > limit;
    schemas.truncate(limit);
    Ok(Some(LabelSchemaPage { schemas, has_more }))
}

/// Makes the default question of an experiment, if it has none.
pub(crate) fn make_default_schema(
    conn: &Connection,
    experiment_id: ExperimentId,
    schema_id: &LabelSchemaId,
    now_ns: i64,
) -> StoreResult<()> {
    known_experiment(conn, experiment_id)?;
    if has_default(conn, experiment_id)? {
        return Ok(());
    }
    let new = NewLabelSchema {
        schema_id: schema_id.clone(),
        experiment_id,
        name: DEFAULT_SCHEMA_NAME.to_owned(),
        schema_type: LabelSchemaType::Feedback,
        instruction: Some(DEFAULT_SCHEMA_INSTRUCTION.to_owned()),
        enable_comment: false,
        input: LabelInput::Text { max_length: None },
    };
    insert(conn, &new, true, now_ns)
}

/// See [`spanwise_store::catalog::LabelSchemaStore::update_label_schema`].
pub(crate) fn update_label_schema(
    conn: &Connection,
    id: &LabelSchemaId,
    change: &LabelSchemaChange,
    now_ns: i64,
) -> StoreResult<LabelSchema> {
    let old = get_label_schema(conn, id)?;
    if old.is_default {
        return Err(refusal::default_label_schema_edited());
    }
    if let Some(name) = change.name.as_ref().filter(|name| **name != old.name) {
        check_name(conn, old.experiment_id, name)?;
    }
    if let Some(input) = &change.input {
        check_input(&old.input, input)?;
    }
    conn.prepare_cached(
        "UPDATE label_schema SET name = coalesce(?2, name), instruction = coalesce(?3, instruction),
         enable_comment = coalesce(?4, enable_comment), input = coalesce(?5, input), last_updated_ns = ?6
         WHERE schema_id = ?1",
    )
    .and_then(|mut update| {
        let input = change.input.as_ref().map(input::to_text);
        update.execute(params![id.0, change.name, change.instruction, change.enable_comment, input, now_ns])
    })
    .map_err(sql_error)?;
    get_label_schema(conn, id)
}

/// See [`spanwise_store::catalog::LabelSchemaStore::delete_label_schema`].
pub(crate) fn delete_label_schema(conn: &Connection, id: &LabelSchemaId) -> StoreResult<()> {
    let is_default: Option<bool> = conn
        .prepare_cached("SELECT is_default FROM label_schema WHERE schema_id = ?1")
        .and_then(|mut select| select.query_row([&id.0], |row| row.get(0)).optional())
        .map_err(sql_error)?;
    if is_default == Some(true) {
        return Err(refusal::default_label_schema_deleted());
    }
    conn.prepare_cached("DELETE FROM label_schema WHERE schema_id = ?1")
        .and_then(|mut delete| delete.execute([&id.0]))
        .map_err(sql_error)?;
    Ok(())
}

fn has_default(conn: &Connection, experiment: ExperimentId) -> StoreResult<bool> {
    conn.prepare_cached("SELECT count(*) > 0 FROM label_schema WHERE experiment_id = ?1 AND is_default = 1")
        .and_then(|mut select| select.query_row([experiment.0], |row| row.get(0)))
        .map_err(sql_error)
}

fn check_name(conn: &Connection, experiment: ExperimentId, name: &str) -> StoreResult<()> {
    match find_by_name(conn, experiment, name)? {
        Some(_) => Err(refusal::label_schema_exists(experiment, name)),
        None => Ok(()),
    }
}

fn find_by_name(conn: &Connection, experiment: ExperimentId, name: &str) -> StoreResult<Option<LabelSchema>> {
    conn.prepare_cached(&format!("SELECT {COLUMNS} FROM label_schema WHERE experiment_id = ?1 AND name = ?2"))
        .and_then(|mut select| select.query_row((experiment.0, name), read_schema).optional())
        .map_err(sql_error)
}

/// Refuses a change that would make no sense of answers that were given.
fn check_input(old: &LabelInput, new: &LabelInput) -> StoreResult<()> {
    match (old, new) {
        (
            LabelInput::Categorical { multi_select: old, .. },
            LabelInput::Categorical { multi_select: new, .. },
        ) if old != new => Err(refusal::multi_select_changed()),
        _ if old.kind() != new.kind() => Err(refusal::label_input_changed(old.kind(), new.kind())),
        _ => Ok(()),
    }
}

fn insert(conn: &Connection, new: &NewLabelSchema, is_default: bool, now_ns: i64) -> StoreResult<()> {
    conn.prepare_cached(&format!(
        "INSERT INTO label_schema ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9)"
    ))
    .and_then(|mut insert| {
        insert.execute(params![
            new.schema_id.0,
            new.experiment_id.0,
            new.name,
            new.schema_type.name(),
            new.instruction,
            new.enable_comment,
            input::to_text(&new.input),
            is_default,
            now_ns,
        ])
    })
    .map_err(sql_error)?;
    Ok(())
}

fn read_schema(row: &Row<'_>) -> rusqlite::Result<LabelSchema> {
    let name: String = row.get(3)?;
    let schema_type = LabelSchemaType::from_name(&name)
        .ok_or_else(|| unreadable(3, damaged(format!("a label schema has the unknown type `{name}`"))))?;
    let input = input::from_text(row.get_ref(6)?.as_str()?).map_err(|error| unreadable(6, error))?;
    Ok(LabelSchema {
        schema_id: LabelSchemaId(row.get(0)?),
        experiment_id: ExperimentId(row.get(1)?),
        name: row.get(2)?,
        schema_type,
        instruction: row.get(4)?,
        enable_comment: row.get(5)?,
        input,
        is_default: row.get(7)?,
        created_ns: row.get(8)?,
        last_updated_ns: row.get(9)?,
    })
}
