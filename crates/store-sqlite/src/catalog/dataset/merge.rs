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
    // Each is written once, however often it is among the records: one that grows with each of them would be written as
    // often, and longer each time.
    let mut touched: Vec<Touched> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for new in records {
        let inputs = canonical_inputs(&new.inputs);
        let place = match places.get(&inputs) {
            Some(place) => *place,
            None => {
                let known = find_current(conn, dataset_key, &inputs)?;
                places.insert(inputs, touched.len());
                touched.push(Touched::new(known, new, now_ns));
                touched.len() - 1
            }
        };
        match touched[place].add(new, now_ns) {
            Effect::Added => merged.added += 1,
            Effect::Changed => merged.changed += 1,
            Effect::None => merged.unchanged += 1,
        }
        change.add_fields(&new.inputs, new.outputs.as_ref(), &new.expectations);
    }
    for Touched { position, record, effect } in touched {
        if effect == Effect::None {
            continue;
        }
        // What this very change wrote before is counted already.
        if record.since != change.version {
            change.added += u64::from(effect == Effect::Added);
            change.changed += u64::from(effect == Effect::Changed);
        }
        let position = position.map_or_else(|| next_position(conn), Ok)?;
        write(conn, dataset_key, position, &DatasetRecord { since: change.version, ..record })?;
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
        let inputs = canonical_inputs(&new.inputs);
        let known = find_current(conn, dataset_key, &inputs)?;
        let first = *seen.entry(inputs).or_insert(index);
        if first != index {
            effects.push(MergeEffect::Repeated(first));
            continue;
        }
        effects.push(match known {
            None => MergeEffect::Added,
            Some((_, mut known)) => match merge(&mut known, new, 0) {
                true => MergeEffect::Changed(known.record_id),
                false => MergeEffect::Unchanged(known.record_id),
            },
        });
    }
    Ok(effects)
}

/// What a merge does to a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    None,
    Added,
    Changed,
}

/// A record that a merge looks at.
struct Touched {
    /// `None` until it is written first.
    position: Option<i64>,
    record: DatasetRecord,
    /// What was done to it so far.
    effect: Effect,
}

impl Touched {
    fn new(known: Option<(i64, DatasetRecord)>, new: &NewRecord, now_ns: i64) -> Touched {
        match known {
            Some((position, record)) => Touched { position: Some(position), record, effect: Effect::None },
            None => Touched { position: None, record: fresh(new, now_ns), effect: Effect::None },
        }
    }

    /// Merges what is new into it, and returns what that did.
    fn add(&mut self, new: &NewRecord, now_ns: i64) -> Effect {
        if self.position.is_none() && self.effect == Effect::None {
            self.effect = Effect::Added;
            return Effect::Added;
        }
        if !merge(&mut self.record, new, now_ns) {
            return Effect::None;
        }
        if self.effect == Effect::None {
            self.effect = Effect::Changed;
        }
        Effect::Changed
    }
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

/// Puts what is new into a record, and returns whether that changed it.
fn merge(record: &mut DatasetRecord, new: &NewRecord, now_ns: i64) -> bool {
    let is_known = new.outputs.as_ref().is_none_or(|outputs| record.outputs.as_ref() == Some(outputs))
        && new.expectations.iter().all(|(key, value)| record.expectations.get(key) == Some(value))
        && new.tags.iter().all(|(key, value)| record.tags.get(key) == Some(value));
    if is_known {
        return false;
    }
    if new.outputs.is_some() {
        record.outputs.clone_from(&new.outputs);
    }
    record.expectations.extend(new.expectations.clone());
    record.tags.extend(new.tags.clone());
    record.last_updated_ns = now_ns;
    if new.user.is_some() {
        record.last_updated_by.clone_from(&new.user);
    }
    true
}

pub(super) fn next_position(conn: &Connection) -> StoreResult<i64> {
    conn.prepare_cached("SELECT coalesce(max(position), 0) + 1 FROM dataset_record")
        .and_then(|mut select| select.query_row([], |row| row.get(0)))
        .map_err(sql_error)
}
