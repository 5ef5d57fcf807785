//! Webhooks: deliveries, and the rules for where they may go.

mod address;
mod sender;
mod signature;
mod worker;

pub(crate) use worker::deliver;

use crate::clock::now_ns;
use address::Reach;
use sender::{Message, Sender};
use serde_json::{Value, json};
use spanwise_api_types::mlflow::webhook::WebhookTestResult;
use spanwise_model::{Webhook, WebhookEvent};
use tokio::sync::Notify;

/// What sends to webhooks.
#[derive(Debug)]
pub struct Webhooks {
    sender: Sender,
    wake: Notify,
}

impl Webhooks {
    /// Makes what sends. With `allow_private` webhooks may also be on private and loopback addresses, and over plain http.
    pub fn new(allow_private: bool) -> Self {
        let reach = if allow_private { Reach::Any } else { Reach::Public };
        Webhooks { sender: Sender::new(reach), wake: Notify::new() }
    }

    /// Says that there may be something to deliver.
    pub(crate) fn wake(&self) {
        self.wake.notify_one();
    }

    async fn woken(&self) {
        self.wake.notified().await;
    }

    /// Checks the address of a webhook; the error says what is wrong.
    pub(crate) async fn check_url(&self, url: &str) -> Result<(), String> {
        address::check_url(url, self.sender.reach()).await
    }

    /// Sends a made-up event to a webhook, once.
    pub(crate) async fn test(
        &self,
        webhook: &Webhook,
        secret: Option<&str>,
        event: WebhookEvent,
    ) -> WebhookTestResult {
        let now = now_ns();
        let message = Message {
            url: &webhook.url,
            secret,
            delivery_id: &uuid::Uuid::new_v4().simple().to_string(),
            body: worker::body(event, now, &example(event)),
            unix_seconds: now / 1_000_000_000,
        };
        match self.sender.post(message).await {
            Ok(answer) => WebhookTestResult {
                success: answer.status.is_success(),
                response_status: Some(answer.status.as_u16()),
                response_body: Some(answer.body),
                error_message: None,
            },
            Err(error) => WebhookTestResult {
                error_message: Some(format!("Failed to test webhook: {error}")),
                ..WebhookTestResult::default()
            },
        }
    }
}

/// Returns what an event might tell.
fn example(event: WebhookEvent) -> Value {
    use WebhookEvent::{
        BudgetPolicyExceeded, ModelVersionAliasCreated, ModelVersionAliasDeleted, ModelVersionCreated,
        ModelVersionTagDeleted, ModelVersionTagSet, PromptAliasCreated, PromptAliasDeleted, PromptCreated,
        PromptTagDeleted, PromptTagSet, PromptVersionCreated, PromptVersionTagDeleted, PromptVersionTagSet,
        RegisteredModelCreated,
    };
    let (name, version, key, alias) = ("an-example", "1", "a-key", "an-alias");
    let (tags, description) = (json!({"a-key": "a value"}), "a test");
    match event {
        RegisteredModelCreated | PromptCreated => {
            json!({"name": name, "tags": tags, "description": description})
        }
        ModelVersionCreated => json!({
            "name": name, "version": version, "source": "models:/an-example/1", "run_id": null, "tags": tags,
            "description": description,
        }),
        PromptVersionCreated => json!({
            "name": name, "version": version, "template": "Hello {{who}}", "tags": tags, "description": description,
        }),
        PromptTagSet => json!({"name": name, "key": key, "value": "a value"}),
        PromptTagDeleted => json!({"name": name, "key": key}),
        ModelVersionTagSet | PromptVersionTagSet => {
            json!({"name": name, "version": version, "key": key, "value": "a value"})
        }
        ModelVersionTagDeleted | PromptVersionTagDeleted => {
            json!({"name": name, "version": version, "key": key})
        }
        ModelVersionAliasCreated | PromptAliasCreated => {
            json!({"name": name, "alias": alias, "version": version})
        }
        ModelVersionAliasDeleted | PromptAliasDeleted => json!({"name": name, "alias": alias}),
        BudgetPolicyExceeded => json!({}),
    }
}
