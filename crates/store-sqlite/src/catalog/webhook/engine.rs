//! The contract of [`WebhookStore`], call by call.

use super::super::webhook;
use crate::store::{SqliteStore, now_ns};
use async_trait::async_trait;
use spanwise_model::Webhook;
use spanwise_store::StoreResult;
use spanwise_store::catalog::{
    AttemptOutcome, DueDeliveries, NewWebhook, WebhookChange, WebhookPage, WebhookStore,
};

#[async_trait]
impl WebhookStore for SqliteStore {
    async fn create_webhook(&self, new: NewWebhook) -> StoreResult<Webhook> {
        self.write(move |context| webhook::create_webhook(context.conn, &new, now_ns())).await
    }

    async fn get_webhook(&self, id: &str) -> StoreResult<Webhook> {
        let id = id.to_owned();
        self.read(move |conn| webhook::get_webhook(conn, &id)).await
    }

    async fn list_webhooks(&self, limit: usize, offset: usize) -> StoreResult<WebhookPage> {
        self.read(move |conn| webhook::list_webhooks(conn, limit, offset)).await
    }

    async fn update_webhook(&self, id: &str, change: WebhookChange) -> StoreResult<Webhook> {
        let id = id.to_owned();
        self.write(move |context| webhook::update_webhook(context.conn, &id, &change, now_ns())).await
    }

    async fn delete_webhook(&self, id: &str) -> StoreResult<()> {
        let id = id.to_owned();
        self.write(move |context| webhook::delete_webhook(context.conn, &id)).await
    }

    async fn webhook_secret(&self, id: &str) -> StoreResult<Option<String>> {
        let id = id.to_owned();
        self.read(move |conn| webhook::webhook_secret(conn, &id)).await
    }

    async fn due_deliveries(&self, now_ns: i64, busy: &[String], limit: usize) -> StoreResult<DueDeliveries> {
        let busy = busy.to_vec();
        self.read(move |conn| webhook::due_deliveries(conn, now_ns, &busy, limit)).await
    }

    async fn end_attempt(&self, delivery_id: &str, outcome: AttemptOutcome) -> StoreResult<()> {
        let delivery_id = delivery_id.to_owned();
        self.write(move |context| webhook::end_attempt(context.conn, &delivery_id, outcome)).await
    }
}
