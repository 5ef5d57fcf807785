//! What webhooks are told of changes, in the fields that MLflow has for each. A prompt has events of its own.

use super::super::webhook::enqueue;
use crate::error::sql_error;
use rusqlite::Connection;
use serde_json::{Value, json};
use spanwise_model::WebhookEvent;
use spanwise_model::registry::{PROMPT_TAG, PROMPT_TEXT_TAG, PROMPT_TYPE_TAG, is_prompt};
use spanwise_store::StoreResult;
use spanwise_store::catalog::{NewModelVersion, NewRegisteredModel};
use std::collections::BTreeMap;

pub(super) fn model_created(conn: &Connection, new: &NewRegisteredModel, now_ns: i64) -> StoreResult<()> {
    let is_prompt = is_prompt(&new.tags);
    let event = if is_prompt { WebhookEvent::PromptCreated } else { WebhookEvent::RegisteredModelCreated };
    let tags = shown_tags(&new.tags, is_prompt);
    let data = json!({"name": new.name, "tags": tags, "description": new.description});
    enqueue(conn, event, &data, now_ns)
}

pub(super) fn version_created(
    conn: &Connection,
    new: &NewModelVersion,
    version: i64,
    now_ns: i64,
) -> StoreResult<()> {
    let is_prompt = is_prompt(&new.tags);
    let tags = shown_tags(&new.tags, is_prompt);
    let mut data = json!({
        "name": new.name, "version": version.to_string(), "tags": tags, "description": new.description,
    });
    let event = if is_prompt {
        data["template"] = json!(new.tags.get(PROMPT_TEXT_TAG));
        WebhookEvent::PromptVersionCreated
    } else {
        data["source"] = json!(new.source);
        data["run_id"] = if new.run_id.is_empty() { Value::Null } else { json!(new.run_id) };
        WebhookEvent::ModelVersionCreated
    };
    enqueue(conn, event, &data, now_ns)
}

/// A tag of a model was set, or with `None` deleted; only of prompts there is an event.
pub(super) fn model_tag_changed(
    conn: &Connection,
    (model_key, name): (i64, &str),
    key: &str,
    value: Option<&str>,
    now_ns: i64,
) -> StoreResult<()> {
    if !is_prompt_model(conn, model_key)? {
        return Ok(());
    }
    match value {
        Some(value) => {
            let data = json!({"name": name, "key": key, "value": value});
            enqueue(conn, WebhookEvent::PromptTagSet, &data, now_ns)
        }
        None => enqueue(conn, WebhookEvent::PromptTagDeleted, &json!({"name": name, "key": key}), now_ns),
    }
}

/// A tag of a version was set, or with `None` deleted.
pub(super) fn version_tag_changed(
    conn: &Connection,
    (model_key, name, version): (i64, &str, i64),
    key: &str,
    value: Option<&str>,
    now_ns: i64,
) -> StoreResult<()> {
    let mut data = json!({"name": name, "version": version.to_string(), "key": key});
    if let Some(value) = value {
        data["value"] = json!(value);
    }
    let event = match (is_prompt_model(conn, model_key)?, value.is_some()) {
        (true, true) => WebhookEvent::PromptVersionTagSet,
        (true, false) => WebhookEvent::PromptVersionTagDeleted,
        (false, true) => WebhookEvent::ModelVersionTagSet,
        (false, false) => WebhookEvent::ModelVersionTagDeleted,
    };
    enqueue(conn, event, &data, now_ns)
}

/// An alias was set to a version, or with `None` deleted.
pub(super) fn alias_changed(
    conn: &Connection,
    (model_key, name): (i64, &str),
    alias: &str,
    version: Option<i64>,
    now_ns: i64,
) -> StoreResult<()> {
    let mut data = json!({"name": name, "alias": alias});
    if let Some(version) = version {
        data["version"] = json!(version.to_string());
    }
    let event = match (is_prompt_model(conn, model_key)?, version.is_some()) {
        (true, true) => WebhookEvent::PromptAliasCreated,
        (true, false) => WebhookEvent::PromptAliasDeleted,
        (false, true) => WebhookEvent::ModelVersionAliasCreated,
        (false, false) => WebhookEvent::ModelVersionAliasDeleted,
    };
    enqueue(conn, event, &data, now_ns)
}

/// Returns the tags without those that make a prompt one.
fn shown_tags(tags: &BTreeMap<String, String>, is_prompt: bool) -> BTreeMap<&String, &String> {
    const OF_PROMPTS: [&str; 3] = [PROMPT_TAG, PROMPT_TYPE_TAG, PROMPT_TEXT_TAG];
    tags.iter().filter(|(key, _)| !is_prompt || !OF_PROMPTS.contains(&key.as_str())).collect()
}

fn is_prompt_model(conn: &Connection, model_key: i64) -> StoreResult<bool> {
    conn.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM registered_model_tag
                        WHERE model_key = ?1 AND key = ?2 AND lower(value) = 'true')",
    )
    .and_then(|mut select| select.query_row((model_key, PROMPT_TAG), |row| row.get(0)))
    .map_err(sql_error)
}
