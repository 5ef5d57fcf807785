//! Deliveries: queued with the change that they tell of, kept until they arrived or were given up.

use super::read_event;
use crate::catalog::text_array;
use crate::error::sql_error;
use rusqlite::Connection;
use serde_json::Value;
use spanwise_model::WebhookEvent;
use spanwise_store::StoreResult;
use spanwise_store::catalog::{AttemptOutcome, Delivery, DueDeliveries};

/// Deliveries that may wait for one webhook. A receiver that is away for so long loses what comes after.
const WAITING_MAX: usize = 10_000;

/// Queues a delivery for each active webhook that wants to know of this event.
pub(crate) fn enqueue(conn: &Connection, event: WebhookEvent, data: &Value, now_ns: i64) -> StoreResult<()> {
    let webhooks: Vec<(i64, String, usize)> = conn
        .prepare_cached(
            "SELECT w.webhook_key, w.webhook_id,
                    (SELECT count(*) FROM webhook_delivery AS d WHERE d.webhook_key = w.webhook_key)
             FROM webhook_event AS e JOIN webhook AS w USING (webhook_key)
             WHERE e.entity = ?1 AND e.action = ?2 AND w.active = 1",
        )
        .and_then(|mut select| {
            select.query_map((event.entity(), event.action()), |row| row.try_into())?.collect()
        })
        .map_err(sql_error)?;
    for (webhook_key, webhook_id, waiting) in webhooks {
        if waiting >= WAITING_MAX {
            let (entity, action) = (event.entity(), event.action());
            tracing::warn!(
                webhook_id,
                entity,
                action,
                waiting,
                "too much waits for a webhook; an event is lost"
            );
            continue;
        }
        conn.prepare_cached(
            "INSERT INTO webhook_delivery (delivery_id, webhook_key, entity, action, event_ns, data, due_ns)
             VALUES (lower(hex(randomblob(16))), ?1, ?2, ?3, ?4, ?5, ?4)",
        )
        .and_then(|mut insert| {
            insert.execute((webhook_key, event.entity(), event.action(), now_ns, data.to_string()))
        })
        .map_err(sql_error)?;
    }
    Ok(())
}

/// See [`spanwise_store::catalog::WebhookStore::due_deliveries`].
pub(crate) fn due_deliveries(
    conn: &Connection,
    now_ns: i64,
    busy: &[String],
    limit: usize,
) -> StoreResult<DueDeliveries> {
    // Of each webhook the one that is due first; that with the smallest key if several are.
    let mut statement = conn
        .prepare_cached(
            "SELECT d.due_ns, d.delivery_id, w.webhook_id, w.url, w.secret, d.entity, d.action, d.event_ns, d.data,
                    d.attempts
             FROM webhook AS w JOIN webhook_delivery AS d
               ON d.delivery_key = (SELECT delivery_key FROM webhook_delivery AS one
                                    WHERE one.webhook_key = w.webhook_key ORDER BY due_ns, delivery_key LIMIT 1)
             WHERE w.active = 1 AND w.webhook_id NOT IN rarray(?1)
             ORDER BY d.due_ns, d.delivery_key",
        )
        .map_err(sql_error)?;
    let mut rows = statement.query([text_array(busy)]).map_err(sql_error)?;
    let mut due = DueDeliveries::default();
    while let Some(row) = rows.next().map_err(sql_error)? {
        let due_ns: i64 = row.get(0).map_err(sql_error)?;
        if due_ns > now_ns || due.deliveries.len() >= limit {
            due.next_due_ns = Some(due_ns);
            break;
        }
        let read = || {
            Ok(Delivery {
                delivery_id: row.get(1)?,
                webhook_id: row.get(2)?,
                url: row.get(3)?,
                secret: row.get(4)?,
                event: read_event(row, 5)?,
                event_ns: row.get(7)?,
                data: row.get(8)?,
                attempts: row.get(9)?,
            })
        };
        due.deliveries.push(read().map_err(sql_error)?);
    }
    Ok(due)
}

/// See [`spanwise_store::catalog::WebhookStore::end_attempt`].
pub(crate) fn end_attempt(conn: &Connection, delivery_id: &str, outcome: AttemptOutcome) -> StoreResult<()> {
    match outcome {
        AttemptOutcome::Done => conn
            .prepare_cached("DELETE FROM webhook_delivery WHERE delivery_id = ?1")
            .and_then(|mut delete| delete.execute([delivery_id])),
        AttemptOutcome::Retry { due_ns } => conn
            .prepare_cached(
                "UPDATE webhook_delivery SET attempts = attempts + 1, due_ns = ?2 WHERE delivery_id = ?1",
            )
            .and_then(|mut update| update.execute((delivery_id, due_ns))),
    }
    .map_err(sql_error)?;
    Ok(())
}
