//! Review queues of another store, and the traces in them.

use super::item::trace_in;
use super::{find_by_name, get_review_queue, ids_text, key_of, known_experiment, refusal, set_users};
use crate::error::sql_error;
use rusqlite::{Connection, params};
use spanwise_model::{ReviewItem, ReviewQueue, ReviewQueueType};
use spanwise_store::StoreResult;

/// See [`spanwise_store::catalog::ImportItem::ReviewQueue`].
pub(crate) fn import_queue(conn: &Connection, queue: &ReviewQueue) -> StoreResult<()> {
    known_experiment(conn, queue.experiment_id)?;
    let taken = find_by_name(conn, queue.experiment_id, &queue.name)?;
    if taken.is_some_and(|taken| taken.queue_id != queue.queue_id) {
        return Err(refusal::review_queue_exists(&queue.name));
    }
    let queue_key: i64 = conn
        .prepare_cached(
            "INSERT INTO review_queue (queue_id, experiment_id, name, name_key, is_user, created_by, schema_ids,
                                       created_ns, last_updated_ns)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
             ON CONFLICT (queue_id) DO UPDATE SET
                 experiment_id = excluded.experiment_id, name = excluded.name, name_key = excluded.name_key,
                 is_user = excluded.is_user, created_by = excluded.created_by, schema_ids = excluded.schema_ids,
                 created_ns = excluded.created_ns, last_updated_ns = excluded.last_updated_ns
             RETURNING queue_key",
        )
        .and_then(|mut insert| {
            let values = params![
                queue.queue_id.0,
                queue.experiment_id.0,
                queue.name,
                queue.name.to_lowercase(),
                queue.queue_type == ReviewQueueType::User,
                queue.created_by,
                ids_text(&queue.schema_ids),
                queue.created_ns,
                queue.last_updated_ns,
            ];
            insert.query_row(values, |row| row.get(0))
        })
        .map_err(sql_error)?;
    set_users(conn, queue_key, &queue.users)
}

/// See [`spanwise_store::catalog::ImportItem::ReviewItem`].
pub(crate) fn import_item(conn: &Connection, item: &ReviewItem) -> StoreResult<()> {
    let queue = get_review_queue(conn, &item.queue_id)?;
    let trace_key = trace_in(conn, &item.trace_id, queue.experiment_id)?.ok_or_else(|| {
        refusal::no_traces_to_review(&item.queue_id, queue.experiment_id, &[&item.trace_id])
    })?;
    let queue_key = key_of(conn, &item.queue_id)?;
    conn.prepare_cached(
        "INSERT OR REPLACE INTO review_item (queue_key, trace_key, status, completed_by, completed_ns, created_ns,
                                             last_updated_ns)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )
    .and_then(|mut insert| {
        insert.execute(params![
            queue_key,
            trace_key,
            item.status.name(),
            item.completed_by,
            item.completed_ns,
            item.created_ns,
            item.last_updated_ns,
        ])
    })
    .map(drop)
    .map_err(sql_error)
}
