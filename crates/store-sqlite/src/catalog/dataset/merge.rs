//! Merging records into a dataset: those with the same inputs are the same.

use super::change::Change;
use super::key_of;
use super::record::{find_current, write};
use crate::error::sql_error;
use rusqlite::Connection;
use spanwise_model::DatasetRecord;
use spanwise_store::StoreResult;
use spanwise_store::catalog::{MergeEffect, Merged, NewRecord, canonical_inputs};
use std::collections::HashMap;

/// See [`spanwise_store::catalog::DatasetStore::continue_merge`].
pub(crate) fn continue_merge(
    conn: &Connection,
    id: &str,
    records: &[NewRecord],
    begun: Option<i64>,
    now_ns: i64,
) -> StoreResult<Merged> {
    let dataset_key = key_of(conn, id)?;
    let mut change = Change::begin(conn, dataset_key, begun)?;
    let mut merged = Merged::default();
    for new in records {
        let (position, record, count) = match find_current(conn, dataset_key, &new.inputs)? {
            None => (next_position(conn)?, fresh(new, now_ns), &mut merged.added),
            Some((position, known)) => match merge(&known, new, now_ns) {
                Some(record) => (position, record, &mut merged.changed),
                None => {
                    merged.unchanged += 1;
                    continue;
                }
            },
        };
        *count += 1;
        // What this very change wrote before is counted already.
        if record.since != change.version {
            change.added += u64::from(record.since == NEW);
            change.changed += u64::from(record.since != NEW);
        }
        let record = DatasetRecord { since: change.version, ..record };
        write(conn, dataset_key, position, &record)?;
        change.add_fields(&new.inputs, new.outputs.as_ref(), &new.expectations);
    }
    merged.version = change.version;
    if merged.added + merged.changed == 0 {
        merged.version = change.before;
        return Ok(merged);
    }
    let user = records.iter().rev().find_map(|record| record.user.as_deref());
    change.finish(conn, dataset_key, user, now_ns)?;
    Ok(merged)
}

/// See [`spanwise_store::catalog::DatasetStore::try_merge`].
pub(crate) fn try_merge(conn: &Connection, id: &str, records: &[NewRecord]) -> StoreResult<Vec<MergeEffect>> {
    let dataset_key = key_of(conn, id)?;
    let mut seen = HashMap::new();
    let mut effects = Vec::with_capacity(records.len());
    for (index, new) in records.iter().enumerate() {
        let first = *seen.entry(canonical_inputs(&new.inputs)).or_insert(index);
        if first != index {
            effects.push(MergeEffect::Repeated(first));
            continue;
        }
        effects.push(match find_current(conn, dataset_key, &new.inputs)? {
            None => MergeEffect::Added,
            Some((_, known)) if merge(&known, new, 0).is_some() => MergeEffect::Changed(known.record_id),
            Some((_, known)) => MergeEffect::Unchanged(known.record_id),
        });
    }
    Ok(effects)
}

/// The version of a record that is not written yet.
const NEW: i64 = -1;

fn fresh(new: &NewRecord, now_ns: i64) -> DatasetRecord {
    DatasetRecord {
        record_id: new.record_id.clone(),
        inputs: new.inputs.clone(),
        outputs: new.outputs.clone(),
        expectations: new.expectations.clone(),
        tags: new.tags.clone(),
        source: new.source.clone(),
        since: NEW,
        created_ns: now_ns,
        last_updated_ns: now_ns,
        created_by: new.user.clone(),
        last_updated_by: new.user.clone(),
    }
}

/// Returns a record with what is new in it; `None` if nothing is.
fn merge(known: &DatasetRecord, new: &NewRecord, now_ns: i64) -> Option<DatasetRecord> {
    let mut record = known.clone();
    record.outputs = new.outputs.clone().or(record.outputs);
    record.expectations.extend(new.expectations.clone());
    record.tags.extend(new.tags.clone());
    if record == *known {
        return None;
    }
    record.last_updated_ns = now_ns;
    record.last_updated_by = new.user.clone().or(record.last_updated_by);
    Some(record)
}

fn next_position(conn: &Connection) -> StoreResult<i64> {
    conn.prepare_cached("SELECT coalesce(max(position), 0) + 1 FROM dataset_record")
        .and_then(|mut select| select.query_row([], |row| row.get(0)))
        .map_err(sql_error)
}
