//! Webhooks, and what has to be delivered to them.

use crate::StoreResult;
use async_trait::async_trait;
use spanwise_model::{Webhook, WebhookEvent};

/// A store of webhooks.
///
/// A change in the model registry queues a delivery for each active webhook that wants to know, in the same transaction,
/// so that none is lost and none is made up. A webhook that is not there is `NotFound`.
#[async_trait]
pub trait WebhookStore: Send + Sync + 'static {
    /// Creates a webhook and returns it; `InvalidArgument` if there are too many.
    async fn create_webhook(&self, new: NewWebhook) -> StoreResult<Webhook>;

    /// Returns one webhook.
    async fn get_webhook(&self, id: &str) -> StoreResult<Webhook>;

    /// Returns one page of all webhooks, the newest first.
    async fn list_webhooks(&self, limit: usize, offset: usize) -> StoreResult<WebhookPage>;

    /// Changes a webhook and returns it.
    async fn update_webhook(&self, id: &str, change: WebhookChange) -> StoreResult<Webhook>;

    /// Deletes a webhook with what is still to be delivered to it.
    async fn delete_webhook(&self, id: &str) -> StoreResult<()>;

    /// Returns a webhook's secret, if it has one.
    async fn webhook_secret(&self, id: &str) -> StoreResult<Option<String>>;

    /// Returns the oldest due delivery of each active webhook but those in `busy`, at most `limit`, and when the next one
    /// of the others is due.
    async fn due_deliveries(&self, now_ns: i64, busy: &[String], limit: usize) -> StoreResult<DueDeliveries>;

    /// Says what became of an attempt. Nothing happens if the delivery is gone with its webhook.
    async fn end_attempt(&self, delivery_id: &str, outcome: AttemptOutcome) -> StoreResult<()>;
}

/// A webhook to create.
#[derive(Debug, Clone)]
pub struct NewWebhook {
    /// Its id.
    pub webhook_id: String,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Where events are posted to.
    pub url: String,
    /// What deliveries are signed with.
    pub secret: Option<String>,
    /// The events that it is told of.
    pub events: Vec<WebhookEvent>,
    /// Whether it is told of them.
    pub is_active: bool,
}

/// A change of a webhook; `None` leaves a field as it is.
#[derive(Debug, Clone, Default)]
pub struct WebhookChange {
    /// New name.
    pub name: Option<String>,
    /// New description.
    pub description: Option<String>,
    /// New address.
    pub url: Option<String>,
    /// New secret; empty for none.
    pub secret: Option<String>,
    /// New events.
    pub events: Option<Vec<WebhookEvent>>,
    /// Whether it is told of them.
    pub is_active: Option<bool>,
}

/// One page of webhooks.
#[derive(Debug, Clone)]
pub struct WebhookPage {
    /// The webhooks.
    pub webhooks: Vec<Webhook>,
    /// Whether more follow.
    pub has_more: bool,
}

/// Deliveries to attempt now.
#[derive(Debug, Clone, Default)]
pub struct DueDeliveries {
    /// One of each webhook at most.
    pub deliveries: Vec<Delivery>,
    /// When the next one is due after those, if there is one.
    pub next_due_ns: Option<i64>,
}

/// One event on its way to one webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Its id; the same in each attempt, so that a receiver can tell a repeated one.
    pub delivery_id: String,
    /// The webhook.
    pub webhook_id: String,
    /// Where it is posted to.
    pub url: String,
    /// What it is signed with.
    pub secret: Option<String>,
    /// What happened.
    pub event: WebhookEvent,
    /// When.
    pub event_ns: i64,
    /// To what: a JSON object.
    pub data: String,
    /// Attempts that failed so far.
    pub attempts: u32,
}

/// What became of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttemptOutcome {
    /// It was delivered, or it never will be.
    Done,
    /// It failed, and is due again at this time.
    Retry {
        /// When.
        due_ns: i64,
    },
}
