//! Webhooks, and what is still to be delivered to them.

mod engine;
mod import;
mod outbox;

pub(crate) use import::import_webhook;
pub(crate) use outbox::{due_deliveries, end_attempt, enqueue};

use crate::error::{damaged, sql_error};
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row};
use spanwise_model::{Webhook, WebhookEvent};
use spanwise_store::catalog::{NewWebhook, WebhookChange, WebhookPage, refusal};
use spanwise_store::{StoreError, StoreResult};

/// Webhooks of one store: each change in the registry looks at all of its event.
const WEBHOOKS_MAX: usize = 1_000;

/// The columns that [`read_webhook`] reads.
const COLUMNS: &str = "webhook_key, webhook_id, name, description, url, active, created_ns, last_updated_ns";

/// See [`spanwise_store::catalog::WebhookStore::create_webhook`].
pub(crate) fn create_webhook(conn: &Connection, new: &NewWebhook, now_ns: i64) -> StoreResult<Webhook> {
    let count: usize =
        conn.query_row("SELECT count(*) FROM webhook", [], |row| row.get(0)).map_err(sql_error)?;
    if count >= WEBHOOKS_MAX {
        // Not `Exhausted`: clients would try again for minutes.
        let message = format!("there are {count} webhooks already, and at most {WEBHOOKS_MAX}");
        return Err(StoreError::invalid(message));
    }
    conn.prepare_cached(
        "INSERT INTO webhook (webhook_id, name, description, url, secret, active, created_ns, last_updated_ns)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)",
    )
    .and_then(|mut insert| {
        let description = &new.description;
        insert.execute((
            &new.webhook_id,
            &new.name,
            description,
            &new.url,
            &new.secret,
            new.is_active,
            now_ns,
        ))
    })
    .map_err(sql_error)?;
    set_events(conn, conn.last_insert_rowid(), &new.events)?;
    get_webhook(conn, &new.webhook_id)
}

/// See [`spanwise_store::catalog::WebhookStore::get_webhook`].
pub(crate) fn get_webhook(conn: &Connection, id: &str) -> StoreResult<Webhook> {
    let found = conn
        .prepare_cached(&format!("SELECT {COLUMNS} FROM webhook WHERE webhook_id = ?1"))
        .and_then(|mut select| select.query_row([id], read_webhook).optional())
        .map_err(sql_error)?;
    let (webhook_key, mut webhook) = found.ok_or_else(|| refusal::no_webhook(id))?;
    webhook.events = events(conn, webhook_key)?;
    Ok(webhook)
}

/// See [`spanwise_store::catalog::WebhookStore::list_webhooks`].
pub(crate) fn list_webhooks(conn: &Connection, limit: usize, offset: usize) -> StoreResult<WebhookPage> {
    let mut statement = conn
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM webhook ORDER BY created_ns DESC, webhook_key DESC LIMIT ?1 OFFSET ?2"
        ))
        .map_err(sql_error)?;
    let rows = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let offset = i64::try_from(offset).unwrap_or(i64::MAX);
    let rows = statement.query_map((rows, offset), read_webhook).map_err(sql_error)?;
    let mut found = rows.collect::<Result<Vec<_>, _>>().map_err(sql_error)?;
    let has_more = found.len() > limit;
    found.truncate(limit);
    let mut webhooks = Vec::with_capacity(found.len());
    for (webhook_key, mut webhook) in found {
        webhook.events = events(conn, webhook_key)?;
        webhooks.push(webhook);
    }
    Ok(WebhookPage { webhooks, has_more })
}

/// See [`spanwise_store::catalog::WebhookStore::update_webhook`].
pub(crate) fn update_webhook(
    conn: &Connection,
    id: &str,
    change: &WebhookChange,
    now_ns: i64,
) -> StoreResult<Webhook> {
    let webhook_key = find_key(conn, id)?;
    conn.prepare_cached(
        "UPDATE webhook SET name = coalesce(?2, name), description = coalesce(?3, description),
                            url = coalesce(?4, url), secret = nullif(coalesce(?5, secret), ''),
                            active = coalesce(?6, active), last_updated_ns = ?7
         WHERE webhook_key = ?1",
    )
    .and_then(|mut update| {
        let WebhookChange { name, description, url, secret, is_active, .. } = change;
        update.execute((webhook_key, name, description, url, secret, is_active, now_ns))
    })
    .map_err(sql_error)?;
    if let Some(events) = &change.events {
        set_events(conn, webhook_key, events)?;
    }
    get_webhook(conn, id)
}

/// See [`spanwise_store::catalog::WebhookStore::delete_webhook`].
pub(crate) fn delete_webhook(conn: &Connection, id: &str) -> StoreResult<()> {
    let webhook_key = find_key(conn, id)?;
    conn.prepare_cached("DELETE FROM webhook WHERE webhook_key = ?1")
        .and_then(|mut delete| delete.execute([webhook_key]))
        .map_err(sql_error)?;
    Ok(())
}

/// See [`spanwise_store::catalog::WebhookStore::webhook_secret`].
pub(crate) fn webhook_secret(conn: &Connection, id: &str) -> StoreResult<Option<String>> {
    conn.prepare_cached("SELECT secret FROM webhook WHERE webhook_id = ?1")
        .and_then(|mut select| select.query_row([id], |row| row.get(0)).optional())
        .map_err(sql_error)?
        .ok_or_else(|| refusal::no_webhook(id))
}

fn set_events(conn: &Connection, webhook_key: i64, events: &[WebhookEvent]) -> StoreResult<()> {
    conn.prepare_cached("DELETE FROM webhook_event WHERE webhook_key = ?1")
        .and_then(|mut delete| delete.execute([webhook_key]))
        .map_err(sql_error)?;
    let mut insert = conn
        .prepare_cached(
            "INSERT OR IGNORE INTO webhook_event (webhook_key, entity, action) VALUES (?1, ?2, ?3)",
        )
        .map_err(sql_error)?;
    for event in events {
        insert.execute((webhook_key, event.entity(), event.action())).map_err(sql_error)?;
    }
    Ok(())
}

fn events(conn: &Connection, webhook_key: i64) -> StoreResult<Vec<WebhookEvent>> {
    let mut statement = conn
        .prepare_cached("SELECT entity, action FROM webhook_event WHERE webhook_key = ?1 ORDER BY 1, 2")
        .map_err(sql_error)?;
    let rows = statement.query_map([webhook_key], |row| read_event(row, 0)).map_err(sql_error)?;
    rows.collect::<Result<_, _>>().map_err(sql_error)
}

/// Reads the event of the columns `entity` and `action`, which begin at `first`.
fn read_event(row: &Row<'_>, first: usize) -> rusqlite::Result<WebhookEvent> {
    let (entity, action): (String, String) = (row.get(first)?, row.get(first + 1)?);
    WebhookEvent::from_names(&entity, &action).ok_or_else(|| {
        let what = format!("a webhook has the unknown event `{entity}.{action}`");
        rusqlite::Error::FromSqlConversionFailure(first, Type::Text, Box::new(damaged(what)))
    })
}

fn read_webhook(row: &Row<'_>) -> rusqlite::Result<(i64, Webhook)> {
    let webhook = Webhook {
        webhook_id: row.get(1)?,
        name: row.get(2)?,
        description: row.get(3)?,
        url: row.get(4)?,
        events: Vec::new(),
        is_active: row.get(5)?,
        created_ns: row.get(6)?,
        last_updated_ns: row.get(7)?,
    };
    Ok((row.get(0)?, webhook))
}

fn find_key(conn: &Connection, id: &str) -> StoreResult<i64> {
    conn.prepare_cached("SELECT webhook_key FROM webhook WHERE webhook_id = ?1")
        .and_then(|mut select| select.query_row([id], |row| row.get(0)).optional())
        .map_err(sql_error)?
        .ok_or_else(|| refusal::no_webhook(id))
}
