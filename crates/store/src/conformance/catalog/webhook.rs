//! Webhooks and their deliveries.

use crate::StoreResult;
use crate::catalog::{
    AttemptOutcome, Delivery, NewModelVersion, NewRegisteredModel, NewWebhook, WebhookChange,
};
use crate::conformance::{TestStore, assert_fails, build::texts};
use serde_json::{Value, json};
use spanwise_model::ErrorKind::NotFound;
use spanwise_model::registry::{PROMPT_TAG, PROMPT_TEXT_TAG};
use spanwise_model::{Webhook, WebhookEvent};

/// A time after every event of a test.
const LATER_NS: i64 = i64::MAX - 1;

fn new_webhook(id: &str, events: &[WebhookEvent]) -> NewWebhook {
    NewWebhook {
        webhook_id: id.to_owned(),
        name: format!("name of {id}"),
        description: Some("d".to_owned()),
        url: format!("https://{id}.example.com"),
        secret: Some("s".to_owned()),
        events: events.to_vec(),
        is_active: true,
    }
}

fn prompt(name: &str) -> NewRegisteredModel {
    NewRegisteredModel {
        name: name.to_owned(),
        tags: texts([(PROMPT_TAG, "true"), ("a", "b")]),
        ..Default::default()
    }
}

async fn due(made: &TestStore) -> StoreResult<Vec<Delivery>> {
    Ok(made.catalog.due_deliveries(LATER_NS, &[], 100).await?.deliveries)
}

/// Returns what is due, event and data, and takes it for delivered.
async fn take_all(made: &TestStore) -> StoreResult<Vec<(WebhookEvent, Value)>> {
    let mut taken = Vec::new();
    loop {
        let due = due(made).await?;
        if due.is_empty() {
            return Ok(taken);
        }
        for delivery in due {
            made.catalog.end_attempt(&delivery.delivery_id, AttemptOutcome::Done).await?;
            let data = serde_json::from_str(&delivery.data).expect("data is JSON");
            taken.push((delivery.event, data));
        }
    }
}

/// Creating answers the webhook, which is then found by its id; its secret is told apart.
pub async fn a_created_webhook_is_found(made: &TestStore) -> StoreResult<()> {
    let events = [WebhookEvent::PromptCreated, WebhookEvent::PromptTagSet];
    let webhook = made.catalog.create_webhook(new_webhook("w", &events)).await?;
    let expected = Webhook {
        webhook_id: "w".to_owned(),
        name: "name of w".to_owned(),
        description: Some("d".to_owned()),
        url: "https://w.example.com".to_owned(),
        events: events.to_vec(),
        is_active: true,
        created_ns: webhook.created_ns,
        last_updated_ns: webhook.created_ns,
    };
    assert_eq!(webhook, expected);
    assert_eq!(made.catalog.get_webhook("w").await?, expected);
    assert_eq!(made.catalog.webhook_secret("w").await?.as_deref(), Some("s"));
    assert_fails(made.catalog.get_webhook("x").await, NotFound);
    assert_fails(made.catalog.webhook_secret("x").await, NotFound);
    Ok(())
}

/// A change sets what it names; an empty secret is none.
pub async fn a_webhook_can_be_changed(made: &TestStore) -> StoreResult<()> {
    let before = made.catalog.create_webhook(new_webhook("w", &[WebhookEvent::PromptCreated])).await?;
    let unchanged = made.catalog.update_webhook("w", WebhookChange::default()).await?;
    assert_eq!(Webhook { last_updated_ns: before.last_updated_ns, ..unchanged }, before);
    let change = WebhookChange {
        name: Some("n".to_owned()),
        description: Some("e".to_owned()),
        url: Some("https://other".to_owned()),
        secret: Some(String::new()),
        events: Some(vec![WebhookEvent::PromptTagDeleted]),
        is_active: Some(false),
    };
    let changed = made.catalog.update_webhook("w", change).await?;
    assert_eq!((changed.name.as_str(), changed.url.as_str()), ("n", "https://other"));
    assert_eq!(changed.events, [WebhookEvent::PromptTagDeleted]);
    assert!(!changed.is_active);
    assert_eq!(made.catalog.get_webhook("w").await?, changed);
    assert_eq!(made.catalog.webhook_secret("w").await?, None);
    assert_fails(made.catalog.update_webhook("x", WebhookChange::default()).await, NotFound);
    Ok(())
}

/// Webhooks are listed page by page, the newest first.
pub async fn webhooks_are_listed(made: &TestStore) -> StoreResult<()> {
    for id in ["a", "b", "c"] {
        made.catalog.create_webhook(new_webhook(id, &[WebhookEvent::PromptCreated])).await?;
    }
    let page = made.catalog.list_webhooks(2, 0).await?;
    let ids: Vec<_> = page.webhooks.iter().map(|webhook| webhook.webhook_id.as_str()).collect();
    assert_eq!((ids.as_slice(), page.has_more), (["c", "b"].as_slice(), true));
    let page = made.catalog.list_webhooks(2, 2).await?;
    assert_eq!((page.webhooks[0].webhook_id.as_str(), page.has_more), ("a", false));
    Ok(())
}

/// A deleted webhook is gone with what was to be delivered to it.
pub async fn a_webhook_can_be_deleted(made: &TestStore) -> StoreResult<()> {
    made.catalog.create_webhook(new_webhook("w", &[WebhookEvent::PromptCreated])).await?;
    made.catalog.create_registered_model(prompt("p")).await?;
    let delivery = due(made).await?.remove(0);
    made.catalog.delete_webhook("w").await?;
    assert_eq!(due(made).await?, []);
    made.catalog.end_attempt(&delivery.delivery_id, AttemptOutcome::Retry { due_ns: 5 }).await?;
    assert_eq!(due(made).await?, []);
    assert_fails(made.catalog.delete_webhook("w").await, NotFound);
    Ok(())
}

/// Each active webhook that wants to know is told of a change, and no other one.
pub async fn a_change_is_queued_for_who_wants_it(made: &TestStore) -> StoreResult<()> {
    made.catalog.create_webhook(new_webhook("w", &[WebhookEvent::PromptCreated])).await?;
    made.catalog.create_webhook(new_webhook("x", &[WebhookEvent::PromptCreated])).await?;
    made.catalog.create_webhook(new_webhook("other", &[WebhookEvent::PromptTagSet])).await?;
    let off = NewWebhook { is_active: false, ..new_webhook("off", &[WebhookEvent::PromptCreated]) };
    made.catalog.create_webhook(off).await?;
    made.catalog.create_registered_model(prompt("p")).await?;
    made.catalog.create_registered_model(prompt("p")).await.expect_err("the name is taken");
    let due = due(made).await?;
    let of: Vec<_> = due.iter().map(|delivery| delivery.webhook_id.as_str()).collect();
    assert_eq!(of, ["w", "x"]);
    let Delivery { url, secret, event, data, attempts, .. } = &due[0];
    assert_eq!((url.as_str(), secret.as_deref()), ("https://w.example.com", Some("s")));
    assert_eq!((*event, *attempts), (WebhookEvent::PromptCreated, 0));
    assert_eq!(data, &json!({"name": "p", "tags": {"a": "b"}, "description": null}).to_string());
    assert_ne!(due[0].delivery_id, due[1].delivery_id);
    Ok(())
}

/// A failed attempt is due again when it was said, with one attempt more; meanwhile the webhook's other ones are due.
pub async fn a_failed_attempt_is_due_again(made: &TestStore) -> StoreResult<()> {
    made.catalog.create_webhook(new_webhook("w", &[WebhookEvent::PromptCreated])).await?;
    for name in ["p", "q"] {
        made.catalog.create_registered_model(prompt(name)).await?;
    }
    let first = due(made).await?.remove(0);
    let again_ns = LATER_NS - 1;
    made.catalog.end_attempt(&first.delivery_id, AttemptOutcome::Retry { due_ns: again_ns }).await?;
    let second = due(made).await?;
    assert_ne!(second[0].delivery_id, first.delivery_id);
    made.catalog.end_attempt(&second[0].delivery_id, AttemptOutcome::Done).await?;
    let none = made.catalog.due_deliveries(again_ns - 1, &[], 100).await?;
    assert_eq!((none.deliveries.len(), none.next_due_ns), (0, Some(again_ns)));
    let again = due(made).await?;
    assert_eq!(again, [Delivery { attempts: 1, ..first }]);
    Ok(())
}

/// Busy webhooks, and those beyond the limit, wait.
pub async fn busy_webhooks_wait(made: &TestStore) -> StoreResult<()> {
    for id in ["a", "b", "c"] {
        made.catalog.create_webhook(new_webhook(id, &[WebhookEvent::PromptCreated])).await?;
    }
    made.catalog.create_registered_model(prompt("p")).await?;
    let due = made.catalog.due_deliveries(LATER_NS, &["a".to_owned()], 1).await?;
    assert_eq!(due.deliveries.len(), 1);
    assert_eq!(due.deliveries[0].webhook_id, "b");
    assert!(due.next_due_ns.is_some());
    let change = WebhookChange { is_active: Some(false), ..WebhookChange::default() };
    made.catalog.update_webhook("b", change).await?;
    let due = made.catalog.due_deliveries(LATER_NS, &["a".to_owned()], 9).await?;
    assert_eq!((due.deliveries[0].webhook_id.as_str(), due.next_due_ns), ("c", None));
    Ok(())
}

/// Each change of a prompt has its event, with the fields that MLflow tells.
pub async fn each_change_of_a_prompt_has_its_event(made: &TestStore) -> StoreResult<()> {
    use WebhookEvent::{
        PromptAliasCreated, PromptAliasDeleted, PromptCreated, PromptTagDeleted, PromptTagSet,
        PromptVersionCreated, PromptVersionTagDeleted, PromptVersionTagSet,
    };
    let events = [
        PromptAliasCreated,
        PromptAliasDeleted,
        PromptCreated,
        PromptTagDeleted,
        PromptTagSet,
        PromptVersionCreated,
        PromptVersionTagDeleted,
        PromptVersionTagSet,
    ];
    made.catalog.create_webhook(new_webhook("w", &events)).await?;
    made.catalog.create_registered_model(prompt("p")).await?;
    let tags = texts([(PROMPT_TAG, "true"), (PROMPT_TEXT_TAG, "hi"), ("c", "d")]);
    let version =
        NewModelVersion { name: "p".to_owned(), source: "s".to_owned(), tags, ..Default::default() };
    made.catalog.create_model_version(version).await?;
    made.catalog.set_registered_model_tag("p", "k", "v").await?;
    made.catalog.delete_registered_model_tag("p", "k").await?;
    made.catalog.set_model_version_tag("p", 1, "k", "v").await?;
    made.catalog.delete_model_version_tag("p", 1, "k").await?;
    made.catalog.set_model_alias("p", "prod", 1).await?;
    made.catalog.delete_model_alias("p", "prod").await?;
    let of_version = json!({
        "name": "p", "version": "1", "template": "hi", "tags": {"c": "d"}, "description": null,
    });
    let expected = [
        (PromptCreated, json!({"name": "p", "tags": {"a": "b"}, "description": null})),
        (PromptVersionCreated, of_version),
        (PromptTagSet, json!({"name": "p", "key": "k", "value": "v"})),
        (PromptTagDeleted, json!({"name": "p", "key": "k"})),
        (PromptVersionTagSet, json!({"name": "p", "version": "1", "key": "k", "value": "v"})),
        (PromptVersionTagDeleted, json!({"name": "p", "version": "1", "key": "k"})),
        (PromptAliasCreated, json!({"name": "p", "alias": "prod", "version": "1"})),
        (PromptAliasDeleted, json!({"name": "p", "alias": "prod"})),
    ];
    assert_eq!(take_all(made).await?, expected);
    Ok(())
}

/// Models that are no prompts have events of their own.
pub async fn each_change_of_a_model_has_its_event(made: &TestStore) -> StoreResult<()> {
    use WebhookEvent::{
        ModelVersionAliasCreated, ModelVersionAliasDeleted, ModelVersionCreated, ModelVersionTagDeleted,
        ModelVersionTagSet, PromptCreated, PromptTagSet, RegisteredModelCreated,
    };
    let events = [
        ModelVersionAliasCreated,
        ModelVersionAliasDeleted,
        ModelVersionCreated,
        ModelVersionTagDeleted,
        ModelVersionTagSet,
        PromptCreated,
        PromptTagSet,
        RegisteredModelCreated,
    ];
    made.catalog.create_webhook(new_webhook("w", &events)).await?;
    let model = NewRegisteredModel { name: "m".to_owned(), ..Default::default() };
    made.catalog.create_registered_model(model).await?;
    let version = NewModelVersion { name: "m".to_owned(), source: "s".to_owned(), ..Default::default() };
    made.catalog.create_model_version(version).await?;
    made.catalog.set_registered_model_tag("m", "k", "v").await?;
    made.catalog.set_model_version_tag("m", 1, "k", "v").await?;
    made.catalog.delete_model_version_tag("m", 1, "k").await?;
    made.catalog.set_model_alias("m", "prod", 1).await?;
    made.catalog.delete_model_alias("m", "prod").await?;
    let of_version = json!({
        "name": "m", "version": "1", "source": "s", "run_id": null, "tags": {}, "description": null,
    });
    let expected = [
        (RegisteredModelCreated, json!({"name": "m", "tags": {}, "description": null})),
        (ModelVersionCreated, of_version),
        (ModelVersionTagSet, json!({"name": "m", "version": "1", "key": "k", "value": "v"})),
        (ModelVersionTagDeleted, json!({"name": "m", "version": "1", "key": "k"})),
        (ModelVersionAliasCreated, json!({"name": "m", "alias": "prod", "version": "1"})),
        (ModelVersionAliasDeleted, json!({"name": "m", "alias": "prod"})),
    ];
    assert_eq!(take_all(made).await?, expected);
    Ok(())
}
