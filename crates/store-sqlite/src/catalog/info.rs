//! Trace records as they are answered: the row with its tags, metadata and assessments, in few queries a page.

use super::{USER_METADATA, assessment, key_array, no_trace, trace_key};
use crate::error::{damaged, sql_error};
use crate::trace_ids;
use crate::trace_row::TraceRow;
use rusqlite::types::ValueRef;
use rusqlite::vtab::array::Array;
use rusqlite::{Connection, Transaction};
use spanwise_model::{TraceId, TraceInfo};
use spanwise_store::StoreResult;
use std::collections::{BTreeMap, HashMap};

/// See [`spanwise_store::Store::get_trace`].
pub(crate) fn get_trace(conn: &Connection, id: &TraceId) -> StoreResult<TraceInfo> {
    let key = trace_key(conn, id)?;
    load_infos(conn, &[key])?.pop().ok_or_else(|| no_trace(id))
}

/// See [`spanwise_store::Store::get_traces`].
pub(crate) fn get_traces(conn: &Connection, ids: &[TraceId]) -> StoreResult<Vec<TraceInfo>> {
    let mut keys = keys_of(conn, ids)?;
    // Taking a key out makes the second mention of an id find nothing.
    let in_order: Vec<i64> = ids.iter().filter_map(|id| keys.remove(id)).collect();
    load_infos(conn, &in_order)
}

fn keys_of(conn: &Connection, ids: &[TraceId]) -> StoreResult<HashMap<TraceId, i64>> {
    let found = ids.iter().map(|id| Ok(trace_ids::find_visible(conn, id)?.map(|key| (id.clone(), key))));
    found.filter_map(StoreResult::transpose).collect()
}

/// Returns the records of those of the traces that are there and visible, in the order of `keys`.
pub(crate) fn load_infos(conn: &Connection, keys: &[i64]) -> StoreResult<Vec<TraceInfo>> {
    // By itself each of these statements would lock the database and give it back.
    let txn = conn.is_autocommit().then(|| conn.unchecked_transaction()).transpose().map_err(sql_error)?;
    let array = key_array(keys.iter().copied());
    let mut rows = load_rows(conn, array.clone())?;
    let mut tags = load_texts(conn, "trace_tag", array.clone())?;
    let mut metadata = load_texts(conn, "trace_metadata", array.clone())?;
    let mut assessments = assessment::load_for(conn, array)?;
    let resource_tags = load_resource_tags(conn, rows.values())?;
    txn.map_or(Ok(()), Transaction::commit).map_err(sql_error)?;
    let mut infos = Vec::with_capacity(keys.len());
    for key in keys {
        let Some(row) = rows.remove(key) else { continue };
        let mut info = to_info(row, &resource_tags);
        info.tags.append(&mut tags.remove(key).unwrap_or_default());
        info.metadata.append(&mut metadata.remove(key).unwrap_or_default());
        info.assessments = assessments.remove(key).unwrap_or_default();
        info.assessments.iter_mut().for_each(|assessment| assessment.trace_id = info.trace_id.clone());
        infos.push(info);
    }
    Ok(infos)
}

fn load_rows(conn: &Connection, keys: Array) -> StoreResult<HashMap<i64, TraceRow>> {
    let mut statement = conn
        .prepare_cached(&format!("{} WHERE trace_key IN rarray(?1) AND visible = 1", TraceRow::select()))
        .map_err(sql_error)?;
    let rows = statement.query_map([keys], TraceRow::from_row).map_err(sql_error)?;
    rows.map(|row| row.map(|row| (row.trace_key, row))).collect::<Result<_, _>>().map_err(sql_error)
}

type TextsByTrace = HashMap<i64, BTreeMap<String, String>>;

/// Loads the keys and values of `trace_tag` or `trace_metadata`.
fn load_texts(conn: &Connection, table: &str, keys: Array) -> StoreResult<TextsByTrace> {
    let mut texts = TextsByTrace::new();
    let mut statement = conn
        .prepare_cached(&format!("SELECT trace_key, key, value FROM {table} WHERE trace_key IN rarray(?1)"))
        .map_err(sql_error)?;
    let mut rows = statement.query([keys]).map_err(sql_error)?;
    while let Some(row) = rows.next().map_err(sql_error)? {
        let (trace, key, value) = row.try_into().map_err(sql_error)?;
        texts.entry(trace).or_default().insert(key, value);
    }
    Ok(texts)
}

/// Loads the tags that the resources of these traces give them, by resource.
fn load_resource_tags<'a>(
    conn: &Connection,
    rows: impl Iterator<Item = &'a TraceRow>,
) -> StoreResult<TextsByTrace> {
    let mut resources: Vec<i64> = rows.filter_map(|row| row.resource_id).collect();
    resources.sort_unstable();
    resources.dedup();
    let mut tags = TextsByTrace::new();
    let mut statement = conn
        .prepare_cached(
            "SELECT interned_id, tags FROM interned WHERE interned_id IN rarray(?1) AND tags IS NOT NULL",
        )
        .map_err(sql_error)?;
    let mut rows = statement.query([key_array(resources)]).map_err(sql_error)?;
    while let Some(row) = rows.next().map_err(sql_error)? {
        let id: i64 = row.get(0).map_err(sql_error)?;
        let ValueRef::Text(json) = row.get_ref(1).map_err(sql_error)? else { continue };
        let parsed = serde_json::from_slice(json).map_err(|error| {
            damaged(format!("the tags of interned message {id} are not a JSON object: {error}"))
        })?;
        tags.insert(id, parsed);
    }
    Ok(tags)
}

fn to_info(row: TraceRow, resource_tags: &TextsByTrace) -> TraceInfo {
    let of_resource = row.resource_id.and_then(|id| resource_tags.get(&id)).cloned().unwrap_or_default();
    TraceInfo {
        trace_id: row.trace_id,
        experiment_id: row.experiment_id,
        client_request_id: row.client_request_id,
        start_ns: row.start_ns,
        duration_ns: row.duration_ns,
        state: row.state,
        name: row.name,
        session: row.session,
        request_preview: row.request_preview,
        response_preview: row.response_preview,
        input_text: row.input_text,
        output_text: row.output_text,
        usage: row.usage,
        cost: row.cost,
        finalized: row.finalized,
        span_count: row.span_count,
        error_span_count: row.error_span_count,
        metadata: row.user.map(|user| (USER_METADATA.to_owned(), user)).into_iter().collect(),
        tags: BTreeMap::new(),
        resource_tags: of_resource,
        assessments: Vec::new(),
    }
}
