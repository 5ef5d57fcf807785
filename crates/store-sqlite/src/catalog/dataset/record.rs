//! The records of datasets, in versions.

use super::super::page::PAGE_BYTES_MAX;
use super::super::text_array;
use super::{key_of, parse_json, parse_object};
use crate::error::sql_error;
use rusqlite::{Connection, Row};
use serde_json::{Map, Value};
use spanwise_model::{DatasetRecord, RecordSource};
use spanwise_store::StoreResult;
use spanwise_store::catalog::{NewRecord, RecordPage, canonical_inputs, extend_schema};
use std::collections::HashMap;
use xxhash_rust::xxh3::xxh3_64;

const COLUMNS: &str = "position, record_id, inputs, outputs, expectations, tags, source_type, source_data, created_ns, \
                       last_updated_ns, created_by, last_updated_by";

/// See [`spanwise_store::catalog::DatasetStore::merge_records`].
pub(crate) fn merge_records(
    conn: &Connection,
    id: &str,
    records: &[NewRecord],
    now_ns: i64,
) -> StoreResult<(u64, u64)> {
    let dataset_key = key_of(conn, id)?;
    if records.is_empty() {
        return Ok((0, 0));
    }
    let (version, schema): (i64, Option<String>) = conn
        .prepare_cached("SELECT version + 1, schema FROM dataset WHERE dataset_key = ?1")
        .and_then(|mut select| select.query_row([dataset_key], |row| row.try_into()))
        .map_err(sql_error)?;
    let mut schema: Option<Value> = schema.map(|text| parse_json(&text)).transpose()?;
    let mut inserted = 0;
    // Each is written once, however often it is among the records: one that grows with each of them would be written as
    // often, and longer each time.
    let mut changed: Vec<(Option<i64>, DatasetRecord)> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for new in records {
        let inputs = canonical_inputs(&new.inputs);
        match places.get(&inputs) {
            Some(place) => merge(&mut changed[*place].1, new, now_ns),
            None => {
                changed.push(match find_current(conn, dataset_key, &inputs)? {
                    Some((position, mut record)) => {
                        merge(&mut record, new, now_ns);
                        (Some(position), record)
                    }
                    None => {
                        inserted += 1;
                        (None, fresh(new, now_ns))
                    }
                });
                places.insert(inputs, changed.len() - 1);
            }
        }
        schema = Some(extend_schema(schema, new));
    }
    for (known, record) in &changed {
        let position = known.map_or_else(|| next_position(conn), Ok)?;
        write(conn, dataset_key, position, version, record)?;
    }
    let updated = records.len() as u64 - inserted;
    let user = records.iter().rev().find_map(|record| record.user.as_deref());
    conn.prepare_cached(
        "UPDATE dataset SET version = ?2, schema = ?3, record_count = record_count + ?4, last_updated_ns = ?5,
                            last_updated_by = coalesce(?6, last_updated_by)
         WHERE dataset_key = ?1",
    )
    .and_then(|mut update| {
        let schema = schema.map(|schema| schema.to_string());
        update.execute((dataset_key, version, schema, inserted as i64, now_ns, user))
    })
    .map_err(sql_error)?;
    Ok((inserted, updated))
}

/// See [`spanwise_store::catalog::DatasetStore::find_records`].
pub(crate) fn find_records(
    conn: &Connection,
    id: &str,
    version: Option<i64>,
    limit: usize,
    after: Option<i64>,
) -> StoreResult<RecordPage> {
    let dataset_key = key_of(conn, id)?;
    let mut statement = conn
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM dataset_record
             WHERE dataset_key = ?1 AND position > ?2
               AND iif(?3 IS NULL, until IS NULL, since <= ?3 AND (until IS NULL OR until > ?3))
             ORDER BY position LIMIT ?4"
        ))
        .map_err(sql_error)?;
    let rows = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let mut rows =
        statement.query((dataset_key, after.unwrap_or(i64::MIN), version, rows)).map_err(sql_error)?;
    let mut page = RecordPage { records: Vec::new(), next: None };
    let (mut last, mut bytes) = (None, 0);
    while let Some(row) = rows.next().map_err(sql_error)? {
        if page.records.len() == limit || bytes >= PAGE_BYTES_MAX {
            page.next = last;
            break;
        }
        bytes += json_bytes(row).map_err(sql_error)?;
        let (position, record) = read(row)?;
        page.records.push(record);
        last = Some(position);
    }
    Ok(page)
}

/// See [`spanwise_store::catalog::DatasetStore::delete_records`].
pub(crate) fn delete_records(
    conn: &Connection,
    id: &str,
    records: &[String],
    now_ns: i64,
) -> StoreResult<u64> {
    let dataset_key = key_of(conn, id)?;
    let deleted = conn
        .prepare_cached(
            "UPDATE dataset_record SET until = (SELECT version + 1 FROM dataset WHERE dataset_key = ?1)
             WHERE dataset_key = ?1 AND until IS NULL AND record_id IN rarray(?2)",
        )
        .and_then(|mut update| update.execute((dataset_key, text_array(records))))
        .map_err(sql_error)?;
    if deleted > 0 {
        conn.prepare_cached(
            "UPDATE dataset SET version = version + 1, record_count = record_count - ?2, last_updated_ns = ?3
             WHERE dataset_key = ?1",
        )
        .and_then(|mut update| update.execute((dataset_key, deleted as i64, now_ns)))
        .map_err(sql_error)?;
    }
    Ok(deleted as u64)
}

fn fresh(new: &NewRecord, now_ns: i64) -> DatasetRecord {
    DatasetRecord {
        record_id: new.record_id.clone(),
        inputs: new.inputs.clone(),
        outputs: new.outputs.clone(),
        expectations: new.expectations.clone(),
        tags: new.tags.clone(),
        source: new.source.clone(),
        created_ns: now_ns,
        last_updated_ns: now_ns,
        created_by: new.user.clone(),
        last_updated_by: new.user.clone(),
    }
}

fn merge(record: &mut DatasetRecord, new: &NewRecord, now_ns: i64) {
    if new.outputs.is_some() {
        record.outputs.clone_from(&new.outputs);
    }
    record.expectations.extend(new.expectations.clone());
    record.tags.extend(new.tags.clone());
    record.last_updated_ns = now_ns;
    if new.user.is_some() {
        record.last_updated_by.clone_from(&new.user);
    }
}

/// Returns the hash of inputs, written as [`canonical_inputs`] does.
fn hash(inputs: &str) -> i64 {
    xxh3_64(inputs.as_bytes()).cast_signed()
}

/// Returns the record of these inputs, written as [`canonical_inputs`] does, and its position.
pub(super) fn find_current(
    conn: &Connection,
    dataset_key: i64,
    inputs: &str,
) -> StoreResult<Option<(i64, DatasetRecord)>> {
    let mut statement = conn
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM dataset_record WHERE dataset_key = ?1 AND inputs_hash = ?2 AND until IS NULL"
        ))
        .map_err(sql_error)?;
    let mut rows = statement.query((dataset_key, hash(inputs))).map_err(sql_error)?;
    while let Some(row) = rows.next().map_err(sql_error)? {
        let found = read(row)?;
        if canonical_inputs(&found.1.inputs) == inputs {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

pub(super) fn next_position(conn: &Connection) -> StoreResult<i64> {
    conn.prepare_cached("SELECT coalesce(max(position), 0) + 1 FROM dataset_record")
        .and_then(|mut select| select.query_row([], |row| row.get(0)))
        .map_err(sql_error)
}

/// Writes a record as it is from `version` on; what it was before ends there.
pub(super) fn write(
    conn: &Connection,
    dataset_key: i64,
    position: i64,
    version: i64,
    record: &DatasetRecord,
) -> StoreResult<()> {
    // One that this very change made already is only replaced.
    conn.prepare_cached(
        "UPDATE dataset_record SET until = ?3 WHERE dataset_key = ?1 AND position = ?2 AND until IS NULL AND since < ?3",
    )
    .and_then(|mut update| update.execute((dataset_key, position, version)))
    .map_err(sql_error)?;
    let (source_type, source_data) = match &record.source {
        Some(source) => (Some(&source.source_type), Some(json_text(&source.data))),
        None => (None, None),
    };
    conn.prepare_cached(
        "INSERT OR REPLACE INTO dataset_record (
             dataset_key, position, since, record_id, inputs_hash, inputs, outputs, expectations, tags, source_type,
             source_data, created_ns, last_updated_ns, created_by, last_updated_by)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
    )
    .and_then(|mut insert| {
        insert.execute(rusqlite::params![
            dataset_key,
            position,
            version,
            record.record_id,
            hash(&canonical_inputs(&record.inputs)),
            json_text(&record.inputs),
            record.outputs.as_ref().map(Value::to_string),
            json_text(&record.expectations),
            json_text(&record.tags),
            source_type,
            source_data,
            record.created_ns,
            record.last_updated_ns,
            record.created_by,
            record.last_updated_by,
        ])
    })
    .map(drop)
    .map_err(sql_error)
}

fn json_text(object: &Map<String, Value>) -> String {
    Value::Object(object.clone()).to_string()
}

/// Returns how many bytes the JSON in a row of [`COLUMNS`] has.
fn json_bytes(row: &Row<'_>) -> rusqlite::Result<usize> {
    const JSON: [usize; 5] = [2, 3, 4, 5, 7];
    JSON.iter().map(|column| Ok(row.get_ref(*column)?.as_str_or_null()?.map_or(0, str::len))).sum()
}

/// Reads a row of [`COLUMNS`]: the position, and the record.
fn read(row: &Row<'_>) -> StoreResult<(i64, DatasetRecord)> {
    let text = |index| row.get::<_, Option<String>>(index).map_err(sql_error);
    let object = |index| parse_object(&text(index)?.unwrap_or_default());
    let source = match (text(6)?, text(7)?) {
        (Some(source_type), Some(data)) => Some(RecordSource { source_type, data: parse_object(&data)? }),
        _ => None,
    };
    let record = DatasetRecord {
        record_id: text(1)?.unwrap_or_default(),
        inputs: object(2)?,
        outputs: text(3)?.map(|text| parse_json(&text)).transpose()?,
        expectations: object(4)?,
        tags: object(5)?,
        source,
        created_ns: row.get(8).map_err(sql_error)?,
        last_updated_ns: row.get(9).map_err(sql_error)?,
        created_by: text(10)?,
        last_updated_by: text(11)?,
    };
    Ok((row.get(0).map_err(sql_error)?, record))
}
