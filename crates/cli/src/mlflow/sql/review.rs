//! Issues, and what reviewers work with.

use super::super::page::{Context, Item, Page};
use super::SqlSource;
use super::database::{quoted, quoted_list};
use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};
use spanwise_api_types::native::{
    CatalogLine, ImportedInput, ImportedIssue, ImportedLabelSchema, ImportedReviewItem, ImportedReviewQueue,
};
use std::collections::HashMap;

impl SqlSource {
    pub(super) async fn issues(&self, context: &Context, after: Option<&Value>) -> Result<Page> {
        let columns = [
            "experiment_id",
            "name",
            "description",
            "status",
            "severity",
            "root_causes",
            "categories",
            "source_run_id",
            "created_by",
            "created_timestamp",
            "last_updated_timestamp",
        ];
        let condition = self.in_experiments(context);
        let (rows, next) = self.keyed("issues", "issue_id", &columns, &condition, after).await?;
        let mut page = Page { next, ..Page::default() };
        for row in rows {
            let id = row.text(0);
            let read = || -> Result<Item> {
                Ok(Item::catalog(
                    &id,
                    CatalogLine::Issue(ImportedIssue {
                        issue_id: id.clone(),
                        experiment_id: context.experiment(row.int(1)?)?,
                        name: row.text(2),
                        description: row.text(3),
                        status: row.text(4),
                        severity: row.opt(5),
                        root_causes: texts(row.opt(6))
                            .context("its root causes are no JSON list of texts")?,
                        categories: texts(row.opt(7)).context("its categories are no JSON list of texts")?,
                        source_run_id: row.opt(8),
                        created_by: row.opt(9),
                        created_ns: row.time_ns(10)?,
                        last_updated_ns: row.time_ns(11)?,
                    }),
                ))
            };
            page.push(&id, read());
        }
        Ok(page)
    }

    pub(super) async fn label_schemas(&self, context: &Context, after: Option<&Value>) -> Result<Page> {
        let columns = [
            "experiment_id",
            "name",
            "type",
            "instruction",
            "enable_comment",
            "input_type",
            "input_config",
            "is_default",
            "created_time",
            "last_update_time",
        ];
        let condition = self.in_experiments(context);
        let (rows, next) = self.keyed("label_schemas", "schema_id", &columns, &condition, after).await?;
        let mut page = Page { next, ..Page::default() };
        for row in rows {
            let id = row.text(0);
            let read = || -> Result<Item> {
                Ok(Item::catalog(
                    &id,
                    CatalogLine::LabelSchema(ImportedLabelSchema {
                        schema_id: id.clone(),
                        experiment_id: context.experiment(row.int(1)?)?,
                        name: row.text(2),
                        r#type: row.text(3).to_uppercase(),
                        instruction: row.opt(4),
                        enable_comment: row.is_true(5),
                        input: input(&row.text(6), &row.text(7))?,
                        is_default: row.is_true(8),
                        created_ns: row.time_ns(9)?,
                        last_updated_ns: row.time_ns(10)?,
                    }),
                ))
            };
            page.push(&id, read());
        }
        Ok(page)
    }

    pub(super) async fn review_queues(&self, context: &Context, after: Option<&Value>) -> Result<Page> {
        let columns =
            ["experiment_id", "name", "queue_type", "created_by", "creation_time_ms", "last_update_time_ms"];
        let condition = self.in_experiments(context);
        let (rows, next) = self.keyed("review_queues", "queue_id", &columns, &condition, after).await?;
        let ids: Vec<String> = rows.iter().map(|row| row.text(0)).collect();
        let list = quoted_list(&ids);
        let mut users = self.members("review_queue_users", "user_id", &list).await?;
        let mut schemas = self.members("review_queue_label_schemas", "schema_id", &list).await?;
        let mut page = Page { next, ..Page::default() };
        for row in rows {
            let id = row.text(0);
            let mut read = || -> Result<Item> {
                Ok(Item::catalog(
                    &id,
                    CatalogLine::ReviewQueue(ImportedReviewQueue {
                        queue_id: id.clone(),
                        experiment_id: context.experiment(row.int(1)?)?,
                        name: row.text(2),
                        is_user: row.text(3).eq_ignore_ascii_case("user"),
                        created_by: row.opt(4),
                        users: users.remove(&id).unwrap_or_default(),
                        schema_ids: schemas.remove(&id).unwrap_or_default(),
                        created_ns: row.time_ns(5)?,
                        last_updated_ns: row.time_ns(6)?,
                    }),
                ))
            };
            let item = read();
            page.push(&id, item);
        }
        Ok(page)
    }

    async fn members(&self, table: &str, column: &str, list: &str) -> Result<HashMap<String, Vec<String>>> {
        let mut members: HashMap<String, Vec<String>> = HashMap::new();
        if self.database.has(table) {
            let sql =
                format!("SELECT queue_id, {column} FROM {table} WHERE queue_id IN ({list}) ORDER BY 1, 2");
            for row in self.database.query(&sql).await? {
                members.entry(row.text(0)).or_default().push(row.text(1));
            }
        }
        Ok(members)
    }

    pub(super) async fn review_items(&self, context: &Context, after: Option<&Value>) -> Result<Page> {
        if !self.database.has("review_queue_items") {
            return Ok(Page::default());
        }
        let place = match after {
            None => String::new(),
            Some(after) => {
                let text = |name: &str| quoted(after[name].as_str().unwrap_or_default());
                let (queue, item) = (text("queue"), text("item"));
                format!(" AND (i.queue_id > {queue} OR (i.queue_id = {queue} AND i.item_id > {item}))")
            }
        };
        let sql = format!(
            "SELECT i.queue_id, i.item_id, i.item_type, i.status, i.completed_by, i.completed_time_ms, i.creation_time_ms,
                    i.last_update_time_ms
             FROM review_queue_items AS i
             WHERE i.queue_id IN (SELECT t.queue_id FROM review_queues AS t WHERE {}){place}
             ORDER BY i.queue_id, i.item_id LIMIT {}",
            self.in_experiments(context),
            super::PAGE_ROWS
        );
        let rows = self.database.query(&sql).await?;
        let next = match rows.last() {
            Some(last) if rows.len() == super::PAGE_ROWS => {
                Some(json!({"queue": last.text(0), "item": last.text(1)}))
            }
            _ => None,
        };
        let mut page = Page { next, ..Page::default() };
        for row in rows {
            let id = format!("{} in {}", row.text(1), row.text(0));
            let read = || -> Result<Item> {
                if row.text(2) != "trace" {
                    bail!("it is a {}; Spanwise reviews traces alone", row.text(2));
                }
                Ok(Item::catalog(
                    &id,
                    CatalogLine::ReviewItem(ImportedReviewItem {
                        queue_id: row.text(0),
                        trace_id: row.text(1),
                        status: row.text(3).to_uppercase(),
                        completed_by: row.opt(4),
                        completed_ns: row.opt_time_ns(5)?,
                        created_ns: row.time_ns(6)?,
                        last_updated_ns: row.time_ns(7)?,
                    }),
                ))
            };
            page.push(&id, read());
        }
        Ok(page)
    }
}

fn texts(json: Option<String>) -> Result<Vec<String>> {
    Ok(json.map(|text| serde_json::from_str(&text)).transpose()?.unwrap_or_default())
}

/// Reads the kind of an input and its configuration.
fn input(kind: &str, config: &str) -> Result<ImportedInput> {
    let mut config: Value = serde_json::from_str(config).context("its input is no JSON")?;
    if let Some(config) = config.as_object_mut() {
        config.insert("kind".to_owned(), kind.into());
    }
    serde_json::from_value(config).with_context(|| format!("its input of kind `{kind}` can't be read"))
}
