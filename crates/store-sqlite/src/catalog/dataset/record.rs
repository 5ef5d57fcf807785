//! The records of datasets, in versions.

use super::super::page::PAGE_BYTES_MAX;
use super::super::text_array;
use super::change::Change;
use super::{key_of, parse_json, parse_object};
use crate::error::sql_error;
use rusqlite::{Connection, Row};
use serde_json::{Map, Value};
use spanwise_model::{DatasetRecord, RecordSource};
use spanwise_store::StoreResult;
use spanwise_store::catalog::{RecordContent, RecordPage, RecordQuery, canonical_inputs, refusal};
use xxhash_rust::xxh3::xxh3_64;

pub(super) const COLUMNS: &str = "position, record_id, inputs, outputs, expectations, tags, source_type, source_data, \
                                  created_ns, last_updated_ns, created_by, last_updated_by, since";

// Without statistics SQLite would rather read all records of a dataset than use these indexes, for each record that is
// merged or looked up.
const BY_INPUTS: &str = "dataset_record INDEXED BY dataset_record_by_inputs";
const BY_ID: &str = "dataset_record INDEXED BY dataset_record_by_id";

/// See [`spanwise_store::catalog::DatasetStore::search_records`].
pub(crate) fn find_records(conn: &Connection, id: &str, query: &RecordQuery) -> StoreResult<RecordPage> {
    let dataset_key = key_of(conn, id)?;
    let mut statement = conn
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM dataset_record
             WHERE dataset_key = ?1 AND position > ?2
               AND iif(?3 IS NULL, until IS NULL, since <= ?3 AND (until IS NULL OR until > ?3))
               AND (?5 IS NULL OR instr(lower(inputs), ?5) OR instr(lower(expectations), ?5)
                    OR instr(lower(coalesce(outputs, '')), ?5) OR instr(lower(tags), ?5))
             ORDER BY position LIMIT ?4"
        ))
        .map_err(sql_error)?;
    let rows = i64::try_from(query.limit).unwrap_or(i64::MAX).saturating_add(1);
    let text = query.text.as_ref().map(|text| text.to_ascii_lowercase());
    let parameters = (dataset_key, query.after.unwrap_or(i64::MIN), query.version, rows, text);
    let mut rows = statement.query(parameters).map_err(sql_error)?;
    let mut page = RecordPage { records: Vec::new(), next: None };
    let (mut last, mut bytes) = (None, 0);
    while let Some(row) = rows.next().map_err(sql_error)? {
        if page.records.len() == query.limit || bytes >= PAGE_BYTES_MAX {
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

/// See [`spanwise_store::catalog::DatasetStore::get_record`].
pub(crate) fn get_record(
    conn: &Connection,
    id: &str,
    record: &str,
    version: Option<i64>,
) -> StoreResult<DatasetRecord> {
    let dataset_key = key_of(conn, id)?;
    let found = find_by_id(conn, dataset_key, record, version)?;
    found.map(|(_, record)| record).ok_or_else(|| refusal::no_record(record, version))
}

/// See [`spanwise_store::catalog::DatasetStore::replace_record`].
pub(crate) fn replace_record(
    conn: &Connection,
    id: &str,
    record: &str,
    expected: i64,
    content: &RecordContent,
    now_ns: i64,
) -> StoreResult<DatasetRecord> {
    let dataset_key = key_of(conn, id)?;
    let found = find_by_id(conn, dataset_key, record, None)?;
    let (position, was) = found.ok_or_else(|| refusal::no_record(record, None))?;
    if was.since != expected {
        return Err(refusal::stale_record(record, expected, was.since));
    }
    if let Some((other, twin)) = find_current(conn, dataset_key, &canonical_inputs(&content.inputs))?
        && other != position
    {
        return Err(refusal::taken_inputs(&twin.record_id));
    }
    let mut now = DatasetRecord {
        inputs: content.inputs.clone(),
        outputs: content.outputs.clone(),
        expectations: content.expectations.clone(),
        tags: content.tags.clone(),
        ..was.clone()
    };
    if now == was {
        return Ok(was);
    }
    let mut change = Change::begin(conn, dataset_key, None)?;
    now.since = change.version;
    now.last_updated_ns = now_ns;
    now.last_updated_by = content.user.clone().or(now.last_updated_by);
    write(conn, dataset_key, position, &now)?;
    change.changed = 1;
    change.add_fields(&now.inputs, now.outputs.as_ref(), &now.expectations);
    change.finish(conn, dataset_key, content.user.as_deref(), now_ns)?;
    Ok(now)
}

/// See [`spanwise_store::catalog::DatasetStore::delete_records`].
pub(crate) fn delete_records(
    conn: &Connection,
    id: &str,
    records: &[String],
    user: Option<&str>,
    now_ns: i64,
) -> StoreResult<u64> {
    let dataset_key = key_of(conn, id)?;
    let mut change = Change::begin(conn, dataset_key, None)?;
    let deleted = conn
        .prepare_cached(&format!(
            "UPDATE {BY_ID} SET until = ?3 WHERE dataset_key = ?1 AND until IS NULL AND record_id IN rarray(?2)"
        ))
        .and_then(|mut update| update.execute((dataset_key, text_array(records), change.version)))
        .map_err(sql_error)?;
    if deleted > 0 {
        change.removed = deleted as u64;
        change.finish(conn, dataset_key, user, now_ns)?;
    }
    Ok(deleted as u64)
}

/// Returns a record as it is in a version, or now, with its position.
fn find_by_id(
    conn: &Connection,
    dataset_key: i64,
    record: &str,
    version: Option<i64>,
) -> StoreResult<Option<(i64, DatasetRecord)>> {
    let mut statement = conn
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM {BY_ID}
             WHERE record_id = ?1 AND dataset_key = ?2
               AND iif(?3 IS NULL, until IS NULL, since <= ?3 AND (until IS NULL OR until > ?3))"
        ))
        .map_err(sql_error)?;
    let mut rows = statement.query((record, dataset_key, version)).map_err(sql_error)?;
    rows.next().map_err(sql_error)?.map(read).transpose()
}

/// Returns the hash of inputs, written as [`canonical_inputs`] does.
fn hash(inputs: &str) -> i64 {
    xxh3_64(inputs.as_bytes()).cast_signed()
}

/// Returns the record that has these inputs now, written as [`canonical_inputs`] does, with its position.
pub(super) fn find_current(
    conn: &Connection,
    dataset_key: i64,
    inputs: &str,
) -> StoreResult<Option<(i64, DatasetRecord)>> {
    let mut statement = conn
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM {BY_INPUTS} WHERE dataset_key = ?1 AND inputs_hash = ?2 AND until IS NULL"
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

/// Writes a record as it is from its version on; what it was before ends there.
pub(super) fn write(
    conn: &Connection,
    dataset_key: i64,
    position: i64,
    record: &DatasetRecord,
) -> StoreResult<()> {
    // One that this very change made already is only replaced.
    conn.prepare_cached(
        "UPDATE dataset_record SET until = ?3 WHERE dataset_key = ?1 AND position = ?2 AND until IS NULL AND since < ?3",
    )
    .and_then(|mut update| update.execute((dataset_key, position, record.since)))
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
            record.since,
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
pub(super) fn read(row: &Row<'_>) -> StoreResult<(i64, DatasetRecord)> {
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
        since: row.get(12).map_err(sql_error)?,
        created_ns: row.get(8).map_err(sql_error)?,
        last_updated_ns: row.get(9).map_err(sql_error)?,
        created_by: text(10)?,
        last_updated_by: text(11)?,
    };
    Ok((row.get(0).map_err(sql_error)?, record))
}
