//! Issues, what reviewers work with, and webhooks, by MLflow's API.

use super::super::page::{Context, Item, Page};
use super::read::{Json, list, optional_text, text, texts};
use super::{ApiSource, PAGE, SMALL_PAGE, experiment_at, next_place};
use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};
use spanwise_api_types::native::{
    CatalogLine, ImportedInput, ImportedIssue, ImportedLabelSchema, ImportedReviewItem, ImportedReviewQueue,
    ImportedWebhook,
};

impl ApiSource {
    pub(super) async fn issues(&self, context: &Context, after: Option<&Value>) -> Result<Page> {
        let Some((experiment, token)) = experiment_at(context, after) else { return Ok(Page::default()) };
        let body = json!({"experiment_id": experiment.to_string(), "max_results": PAGE});
        let (answer, next) = self.search("/api/3.0/mlflow/issues/search", body, token.as_ref()).await?;
        let mut page = Page { next: next_place(context, experiment, next), ..Page::default() };
        for issue in list(&answer["issues"]) {
            let id = text(&issue["issue_id"]);
            let read = || -> Result<Item> {
                Ok(Item::catalog(
                    &id,
                    CatalogLine::Issue(ImportedIssue {
                        issue_id: id.clone(),
                        experiment_id: context.experiment(experiment)?,
                        name: text(&issue["name"]),
                        description: text(&issue["description"]),
                        status: text(&issue["status"]),
                        severity: optional_text(&issue["severity"]),
                        root_causes: texts(&issue["root_causes"]),
                        categories: texts(&issue["categories"]),
                        source_run_id: optional_text(&issue["source_run_id"]),
                        created_by: optional_text(&issue["created_by"]),
                        created_ns: issue["created_timestamp"].time()?.unwrap_or(0),
                        last_updated_ns: issue["last_updated_timestamp"].time()?.unwrap_or(0),
                    }),
                ))
            };
            page.push(&id, read());
        }
        Ok(page)
    }

    pub(super) async fn label_schemas(&self, context: &Context, after: Option<&Value>) -> Result<Page> {
        let Some((experiment, token)) = experiment_at(context, after) else { return Ok(Page::default()) };
        let path =
            format!("/api/3.0/mlflow/label-schemas/list?experiment_id={experiment}&max_results={SMALL_PAGE}");
        let (answer, next) = self.list(&path, token.as_ref()).await?;
        let mut page = Page { next: next_place(context, experiment, next), ..Page::default() };
        for schema in list(&answer["label_schemas"]) {
            let id = text(&schema["schema_id"]);
            let read = || -> Result<Item> {
                Ok(Item::catalog(
                    &id,
                    CatalogLine::LabelSchema(ImportedLabelSchema {
                        schema_id: id.clone(),
                        experiment_id: context.experiment(experiment)?,
                        name: text(&schema["name"]),
                        r#type: text(&schema["type"]),
                        instruction: optional_text(&schema["instruction"]),
                        enable_comment: schema["enable_comment"].as_bool().unwrap_or(false),
                        input: input_of(&schema["input"])?,
                        is_default: schema["is_default"].as_bool().unwrap_or(false),
                        created_ns: schema["created_at"].time()?.unwrap_or(0),
                        last_updated_ns: schema["last_updated_at"].time()?.unwrap_or(0),
                    }),
                ))
            };
            page.push(&id, read());
        }
        Ok(page)
    }

    async fn queue_page(
        &self,
        context: &Context,
        after: Option<&Value>,
    ) -> Result<Option<(i64, Vec<Value>, Option<Value>)>> {
        let Some((experiment, token)) = experiment_at(context, after) else { return Ok(None) };
        let path =
            format!("/api/3.0/mlflow/review-queues/list?experiment_id={experiment}&max_results={SMALL_PAGE}");
        let (answer, next) = self.list(&path, token.as_ref()).await?;
        Ok(Some((experiment, list(&answer["review_queues"]).to_vec(), next_place(context, experiment, next))))
    }

    pub(super) async fn review_queues(&self, context: &Context, after: Option<&Value>) -> Result<Page> {
        let Some((experiment, queues, next)) = self.queue_page(context, after).await? else {
            return Ok(Page::default());
        };
        let mut page = Page { next, ..Page::default() };
        for queue in queues {
            let id = text(&queue["queue_id"]);
            let read = || -> Result<Item> {
                Ok(Item::catalog(
                    &id,
                    CatalogLine::ReviewQueue(ImportedReviewQueue {
                        queue_id: id.clone(),
                        experiment_id: context.experiment(experiment)?,
                        name: text(&queue["name"]),
                        is_user: text(&queue["queue_type"]) == "USER",
                        created_by: optional_text(&queue["created_by"]),
                        users: texts(&queue["users"]),
                        schema_ids: texts(&queue["schema_ids"]),
                        created_ns: queue["creation_time_ms"].time()?.unwrap_or(0),
                        last_updated_ns: queue["last_update_time_ms"].time()?.unwrap_or(0),
                    }),
                ))
            };
            page.push(&id, read());
        }
        Ok(page)
    }

    pub(super) async fn review_items(&self, context: &Context, after: Option<&Value>) -> Result<Page> {
        let Some((_, queues, next)) = self.queue_page(context, after).await? else {
            return Ok(Page::default());
        };
        let mut page = Page { next, ..Page::default() };
        for queue in queues {
            let queue_id = text(&queue["queue_id"]);
            let path = format!(
                "/api/3.0/mlflow/review-queues/items/list?queue_id={queue_id}&max_results={SMALL_PAGE}"
            );
            let mut token = None;
            loop {
                let (answer, next) = self.list(&path, token.as_ref()).await?;
                for item in list(&answer["items"]) {
                    let id = format!("{} in {queue_id}", text(&item["item_id"]));
                    let read = || -> Result<Item> {
                        if optional_text(&item["item_type"]).is_some_and(|kind| kind != "TRACE") {
                            bail!("it is a {}; Spanwise reviews traces alone", text(&item["item_type"]));
                        }
                        Ok(Item::catalog(
                            &id,
                            CatalogLine::ReviewItem(ImportedReviewItem {
                                queue_id: queue_id.clone(),
                                trace_id: text(&item["item_id"]),
                                status: text(&item["status"]),
                                completed_by: optional_text(&item["completed_by"]),
                                completed_ns: item["completed_time_ms"].time()?,
                                created_ns: item["creation_time_ms"].time()?.unwrap_or(0),
                                last_updated_ns: item["last_update_time_ms"].time()?.unwrap_or(0),
                            }),
                        ))
                    };
                    page.push(&id, read());
                }
                match next {
                    Some(next) => token = Some(next),
                    None => break,
                }
            }
        }
        Ok(page)
    }

    pub(super) async fn webhooks(&self, context: &Context, after: Option<&Value>) -> Result<Page> {
        if !context.wanted.is_empty() {
            return Ok(Page::default());
        }
        let (answer, next) =
            self.list(&format!("/api/2.0/mlflow/webhooks?max_results={SMALL_PAGE}"), after).await?;
        let mut page = Page { next, ..Page::default() };
        for webhook in list(&answer["webhooks"]) {
            let id = text(&webhook["webhook_id"]);
            let event = |event: &Value| {
                (text(&event["entity"]).to_lowercase(), text(&event["action"]).to_lowercase())
            };
            let read = || -> Result<Item> {
                let created_ns = webhook["creation_timestamp"].time()?.unwrap_or(0);
                Ok(Item::catalog(
                    &id,
                    CatalogLine::Webhook(ImportedWebhook {
                        webhook_id: id.clone(),
                        name: text(&webhook["name"]),
                        description: optional_text(&webhook["description"]),
                        url: text(&webhook["url"]),
                        secret: None,
                        events: list(&webhook["events"]).iter().map(event).collect(),
                        active: text(&webhook["status"]) == "ACTIVE",
                        created_ns,
                        last_updated_ns: webhook["last_updated_timestamp"].time()?.unwrap_or(created_ns),
                    }),
                ))
            };
            page.push(&id, read());
        }
        Ok(page)
    }
}

fn input_of(input: &Value) -> Result<ImportedInput> {
    let (kind, config) =
        input.as_object().and_then(|input| input.iter().next()).context("it has no input")?;
    let mut config = config.clone();
    // Protobuf's JSON writes 64-bit numbers as texts.
    if let Some(length) = config.get("max_length").filter(|length| length.is_string()) {
        config["max_length"] = length.integer().into();
    }
    config["kind"] = kind.as_str().into();
    serde_json::from_value(config).with_context(|| format!("its input of kind `{kind}` can't be read"))
}
