//! Webhooks of another store.

use super::set_events;
use crate::error::sql_error;
use rusqlite::{Connection, params};
use spanwise_model::Webhook;
use spanwise_store::StoreResult;

/// See [`spanwise_store::catalog::ImportItem::Webhook`].
pub(crate) fn import_webhook(conn: &Connection, webhook: &Webhook, secret: Option<&str>) -> StoreResult<()> {
    let webhook_key: i64 = conn
        .prepare_cached(
            "INSERT INTO webhook (webhook_id, name, description, url, secret, active, created_ns, last_updated_ns)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
             ON CONFLICT (webhook_id) DO UPDATE SET
                 name = excluded.name, description = excluded.description, url = excluded.url,
                 active = excluded.active, created_ns = excluded.created_ns, last_updated_ns = excluded.last_updated_ns
             RETURNING webhook_key",
        )
        .and_then(|mut insert| {
            let values = params![
                webhook.webhook_id,
                webhook.name,
                webhook.description,
                webhook.url,
                secret,
                webhook.is_active,
                webhook.created_ns,
                webhook.last_updated_ns,
            ];
            insert.query_row(values, |row| row.get(0))
        })
        .map_err(sql_error)?;
    set_events(conn, webhook_key, &webhook.events)
}
