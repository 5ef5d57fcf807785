//! The traces in a queue. They go with the trace.

use super::super::issue::unreadable;
use super::{get_review_queue, key_of, rows_of};
use crate::error::{damaged, sql_error};
use crate::trace_ids;
use crate::trace_row::SqlTraceId;
use rusqlite::{Connection, OptionalExtension, Row, params};
use spanwise_model::{ExperimentId, ReviewItem, ReviewQueueId, ReviewStatus, TraceId};
use spanwise_store::StoreResult;
use spanwise_store::catalog::{ReviewItemPage, refusal};
use std::collections::HashSet;

/// Items with what [`read_item`] reads of them.
pub(super) const SELECT: &str = "SELECT q.queue_id, t.trace_id, i.status, i.completed_by, i.completed_ns, i.created_ns, \
    i.last_updated_ns FROM review_item AS i JOIN review_queue AS q USING (queue_key) JOIN trace AS t USING (trace_key)";

/// See [`spanwise_store::catalog::ReviewQueueStore::add_review_items`].
pub(crate) fn add_review_items(
    conn: &Connection,
    id: &ReviewQueueId,
    traces: &[TraceId],
    now_ns: i64,
) -> StoreResult<Vec<ReviewItem>> {
    let queue = get_review_queue(conn, id)?;
    let mut seen = HashSet::new();
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    for trace in traces.iter().filter(|trace| seen.insert(*trace)) {
        match trace_in(conn, trace, queue.experiment_id)? {
            Some(trace_key) => found.push(trace_key),
            None => missing.push(trace),
        }
    }
    if !missing.is_empty() {
        return Err(refusal::no_traces_to_review(id, queue.experiment_id, &missing));
    }
    let queue_key = key_of(conn, id)?;
    let mut items = Vec::with_capacity(found.len());
    for trace_key in found {
        insert_item(conn, queue_key, trace_key, now_ns)?;
        items.extend(find_item(conn, queue_key, trace_key)?);
    }
    Ok(items)
}

/// See [`spanwise_store::catalog::ReviewQueueStore::remove_review_items`].
pub(crate) fn remove_review_items(
    conn: &Connection,
    id: &ReviewQueueId,
    traces: &[TraceId],
) -> StoreResult<()> {
    let queue_key = key_of(conn, id)?;
    for trace in traces {
        let Some(trace_key) = trace_ids::find(conn, trace)? else { continue };
        conn.prepare_cached("DELETE FROM review_item WHERE queue_key = ?1 AND trace_key = ?2")
            .and_then(|mut delete| delete.execute((queue_key, trace_key)))
            .map_err(sql_error)?;
    }
    Ok(())
}

/// See [`spanwise_store::catalog::ReviewQueueStore::find_review_items`].
pub(crate) fn find_review_items(
    conn: &Connection,
    id: &ReviewQueueId,
    status: Option<ReviewStatus>,
    limit: usize,
    offset: usize,
) -> StoreResult<ReviewItemPage> {
    let queue_key = key_of(conn, id)?;
    let offset = i64::try_from(offset).unwrap_or(i64::MAX);
    let mut items: Vec<ReviewItem> = conn
        .prepare_cached(&format!(
            "{SELECT} WHERE i.queue_key = ?1 AND (?2 IS NULL OR i.status = ?2)
             ORDER BY i.created_ns DESC, sw_trace_id(t.trace_id) LIMIT ?3 OFFSET ?4"
        ))
        .and_then(|mut select| {
            let params = params![queue_key, status.map(ReviewStatus::name), rows_of(limit), offset];
            select.query_map(params, read_item)?.collect()
        })
        .map_err(sql_error)?;
    let has_more = items.len() > limit;
    items.truncate(limit);
    Ok(ReviewItemPage { items, has_more })
}

/// See [`spanwise_store::catalog::ReviewQueueStore::set_review_status`].
pub(crate) fn set_review_status(
    conn: &Connection,
    id: &ReviewQueueId,
    trace: &TraceId,
    status: ReviewStatus,
    completed_by: Option<&str>,
    now_ns: i64,
) -> StoreResult<ReviewItem> {
    let queue_key = key_of(conn, id)?;
    let no_item = || refusal::no_review_item(id, trace);
    let trace_key = trace_ids::find(conn, trace)?.ok_or_else(no_item)?;
    let old = find_item(conn, queue_key, trace_key)?.ok_or_else(no_item)?;
    if old.status == status {
        return Ok(old);
    }
    if status == ReviewStatus::Pending {
        // Whoever was done with it may be asked again.
        conn.prepare_cached("DELETE FROM review_work WHERE queue_key = ?1 AND trace_key = ?2")
            .and_then(|mut delete| delete.execute((queue_key, trace_key)))
            .map_err(sql_error)?;
    }
    let done = (status != ReviewStatus::Pending).then_some(now_ns);
    conn.prepare_cached(
        "UPDATE review_item SET status = ?3, completed_by = ?4, completed_ns = ?5, last_updated_ns = ?6
         WHERE queue_key = ?1 AND trace_key = ?2",
    )
    .and_then(|mut update| {
        let completed_by = completed_by.filter(|_| done.is_some());
        update.execute(params![queue_key, trace_key, status.name(), completed_by, done, now_ns])
    })
    .map_err(sql_error)?;
    find_item(conn, queue_key, trace_key)?.ok_or_else(no_item)
}

/// Puts a trace into a queue, and says whether it was not there.
pub(super) fn insert_item(
    conn: &Connection,
    queue_key: i64,
    trace_key: i64,
    now_ns: i64,
) -> StoreResult<bool> {
    let inserted = conn
        .prepare_cached(
            "INSERT OR IGNORE INTO review_item (queue_key, trace_key, status, created_ns, last_updated_ns)
             VALUES (?1, ?2, ?3, ?4, ?4)",
        )
        .and_then(|mut insert| insert.execute((queue_key, trace_key, ReviewStatus::Pending.name(), now_ns)))
        .map_err(sql_error)?;
    Ok(inserted > 0)
}

pub(super) fn trace_in(
    conn: &Connection,
    trace: &TraceId,
    experiment: ExperimentId,
) -> StoreResult<Option<i64>> {
    let Some(trace_key) = trace_ids::find_visible(conn, trace)? else { return Ok(None) };
    conn.prepare_cached("SELECT trace_key FROM trace WHERE trace_key = ?1 AND experiment_id = ?2")
        .and_then(|mut select| select.query_row((trace_key, experiment.0), |row| row.get(0)).optional())
        .map_err(sql_error)
}

pub(super) fn find_item(
    conn: &Connection,
    queue_key: i64,
    trace_key: i64,
) -> StoreResult<Option<ReviewItem>> {
    conn.prepare_cached(&format!("{SELECT} WHERE i.queue_key = ?1 AND i.trace_key = ?2"))
        .and_then(|mut select| select.query_row((queue_key, trace_key), read_item).optional())
        .map_err(sql_error)
}

pub(super) fn read_item(row: &Row<'_>) -> rusqlite::Result<ReviewItem> {
    let name: String = row.get(2)?;
    let status = ReviewStatus::from_name(&name)
        .ok_or_else(|| unreadable(2, damaged(format!("a review has the unknown status `{name}`"))))?;
    Ok(ReviewItem {
        queue_id: ReviewQueueId(row.get(0)?),
        trace_id: row.get::<_, SqlTraceId<TraceId>>(1)?.0,
        status,
        completed_by: row.get(3)?,
        completed_ns: row.get(4)?,
        created_ns: row.get(5)?,
        last_updated_ns: row.get(6)?,
    })
}
