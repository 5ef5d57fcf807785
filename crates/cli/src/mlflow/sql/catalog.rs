//! Prompts and registered models, datasets, scorers and webhooks.

use super::super::page::{Context, Item, Line, Page};
use super::SqlSource;
use super::database::{Row, quoted, quoted_list};
use anyhow::{Context as _, Result, anyhow, bail};
use serde_json::{Map, Value, json};
use spanwise_api_types::native::{
    CatalogLine, ImportedDataset, ImportedModelVersion, ImportedOnlineScoring, ImportedRecord,
    ImportedRecords, ImportedRegisteredModel, ImportedScorerVersion, ImportedWebhook,
};
use std::collections::HashMap;

/// What MLflow calls the stage of a version that was deleted.
const DELETED_STAGE: &str = "Deleted_Internal";
/// What MLflow wraps outputs of a record into.
const WRAPPED: &str = "mlflow_wrapped";

impl SqlSource {
    pub(super) async fn registered_models(&self, after: Option<&Value>) -> Result<Page> {
        let condition = format!("1 = 1{}", self.workspace("registered_models"));
        let columns = ["creation_time", "last_updated_time", "description"];
        let (rows, next) = self.keyed("registered_models", "name", &columns, &condition, after).await?;
        let names: Vec<String> = rows.iter().map(|row| row.text(0)).collect();
        let mut tags =
            self.pairs("registered_model_tags", "name", "key", "value", &quoted_list(&names)).await?;
        let mut page = Page { next, ..Page::default() };
        for row in rows {
            let name = row.text(0);
            let mut read = || -> Result<Item> {
                let created_ns = row.time_ns(1)?;
                Ok(Item::catalog(
                    &name,
                    CatalogLine::RegisteredModel(ImportedRegisteredModel {
                        name: name.clone(),
                        created_ns,
                        last_updated_ns: row.opt_time_ns(2)?.unwrap_or(created_ns),
                        description: row.opt(3),
                        tags: tags.remove(&name).unwrap_or_default(),
                    }),
                ))
            };
            let item = read();
            page.push(&name, item);
        }
        Ok(page)
    }

    /// Reads the versions of some models.
    pub(super) async fn model_versions(&self, after: Option<&Value>) -> Result<Page> {
        let condition = format!("1 = 1{}", self.workspace("registered_models"));
        let (models, next) = self.keyed("registered_models", "name", &[], &condition, after).await?;
        let names: Vec<String> = models.iter().map(|row| row.text(0)).collect();
        let list = quoted_list(&names);
        let mut page = Page { next, ..Page::default() };
        if names.is_empty() {
            return Ok(page);
        }
        let columns = [
            "name",
            "version",
            "creation_time",
            "last_updated_time",
            "current_stage",
            "description",
            "source",
            "storage_location",
            "run_id",
            "run_link",
        ];
        let sql = format!(
            "SELECT {} FROM model_versions AS t WHERE t.name IN ({list}){} ORDER BY t.name, t.version",
            self.database.columns("model_versions", "t", &columns),
            self.workspace("model_versions")
        );
        let rows = self.database.query(&sql).await?;
        let mut tags = self.version_texts("model_version_tags", "key, value", &list).await?;
        let mut aliases = self.version_texts("registered_model_aliases", "alias, alias", &list).await?;
        for row in rows.iter().filter(|row| row.text(4) != DELETED_STAGE) {
            let key = (row.text(0), row.text(1));
            let id = format!("{}/{}", key.0, key.1);
            let mut read = || -> Result<Item> {
                let created_ns = row.time_ns(2)?;
                Ok(Item::catalog(
                    &id,
                    CatalogLine::ModelVersion(ImportedModelVersion {
                        name: row.text(0),
                        version: row.int(1)?,
                        created_ns,
                        last_updated_ns: row.opt_time_ns(3)?.unwrap_or(created_ns),
                        stage: row
                            .opt(4)
                            .filter(|stage| !stage.is_empty())
                            .unwrap_or_else(|| "None".to_owned()),
                        description: row.opt(5),
                        source: row.text(6),
                        storage_location: row.text(7),
                        run_id: row.text(8),
                        run_link: row.text(9),
                        model_id: String::new(),
                        tags: tags.remove(&key).unwrap_or_default().into_iter().collect(),
                        aliases: aliases
                            .remove(&key)
                            .unwrap_or_default()
                            .into_iter()
                            .map(|(alias, _)| alias)
                            .collect(),
                    }),
                ))
            };
            let item = read();
            page.push(&id, item);
        }
        Ok(page)
    }

    async fn version_texts(
        &self,
        table: &str,
        columns: &str,
        list: &str,
    ) -> Result<HashMap<(String, String), Vec<(String, String)>>> {
        let mut texts: HashMap<_, Vec<_>> = HashMap::new();
        if self.database.has(table) {
            let workspace = self.workspace(table);
            let sql = format!(
                "SELECT t.name, t.version, {columns} FROM {table} AS t WHERE t.name IN ({list}){workspace} ORDER BY 3"
            );
            for row in self.database.query(&sql).await? {
                texts.entry((row.text(0), row.text(1))).or_default().push((row.text(2), row.text(3)));
            }
        }
        Ok(texts)
    }

    pub(super) async fn datasets(&self, context: &Context, after: Option<&Value>) -> Result<Page> {
        let columns = ["name", "schema", "created_time", "last_update_time", "created_by", "last_updated_by"];
        let condition = format!("1 = 1{}", self.workspace("evaluation_datasets"));
        let (rows, next) =
            self.keyed("evaluation_datasets", "dataset_id", &columns, &condition, after).await?;
        let ids: Vec<String> = rows.iter().map(|row| row.text(0)).collect();
        let mut tags =
            self.pairs("evaluation_dataset_tags", "dataset_id", "key", "value", &quoted_list(&ids)).await?;
        let mut experiments = self.experiments_of_datasets(context, &ids).await?;
        let mut page = Page { next, ..Page::default() };
        for row in rows {
            let id = row.text(0);
            let experiments = experiments.remove(&id).unwrap_or_default();
            if experiments.is_empty() && !context.wanted.is_empty() {
                continue;
            }
            let mut read = || -> Result<Item> {
                let schema = row.opt(2).map(|text| serde_json::from_str(&text)).transpose();
                Ok(Item::catalog(
                    &id,
                    CatalogLine::Dataset(ImportedDataset {
                        dataset_id: id.clone(),
                        name: row.text(1),
                        tags: tags.remove(&id).unwrap_or_default(),
                        experiments: experiments.clone(),
                        schema: schema.context("its schema is no JSON")?,
                        created_ns: row.time_ns(3)?,
                        last_updated_ns: row.time_ns(4)?,
                        created_by: row.opt(5),
                        last_updated_by: row.opt(6),
                    }),
                ))
            };
            let item = read();
            page.push(&id, item);
        }
        Ok(page)
    }

    /// Returns the experiments here that each of some datasets belongs to.
    async fn experiments_of_datasets(
        &self,
        context: &Context,
        ids: &[String],
    ) -> Result<HashMap<String, Vec<i64>>> {
        let mut found: HashMap<String, Vec<i64>> = HashMap::new();
        if !self.database.has("entity_associations") {
            return Ok(found);
        }
        let sql = format!(
            "SELECT source_id, destination_id FROM entity_associations
             WHERE source_type = 'evaluation_dataset' AND destination_type = 'experiment' AND source_id IN ({})
             ORDER BY 1, 2",
            quoted_list(ids)
        );
        for row in self.database.query(&sql).await? {
            if let Ok(id) = row.int(1).and_then(|source_id| context.experiment(source_id)) {
                found.entry(row.text(0)).or_default().push(id);
            }
        }
        Ok(found)
    }

    /// Reads records in the order in which they came, dataset by dataset.
    pub(super) async fn dataset_records(&self, context: &Context, after: Option<&Value>) -> Result<Page> {
        if !self.database.has("evaluation_dataset_records") {
            return Ok(Page::default());
        }
        let text = |name: &str| after.and_then(|after| after[name].as_str()).unwrap_or_default().to_owned();
        let (dataset, record) = (text("dataset"), text("record"));
        let created = after.and_then(|after| after["created"].as_i64()).unwrap_or(i64::MIN);
        let place = match after {
            None => "1 = 1".to_owned(),
            Some(_) => {
                let (dataset, record) = (quoted(&dataset), quoted(&record));
                format!(
                    "(r.dataset_id > {dataset} OR (r.dataset_id = {dataset} AND (r.created_time > {created}
                      OR (r.created_time = {created} AND r.dataset_record_id > {record}))))"
                )
            }
        };
        let columns = [
            "dataset_id",
            "created_time",
            "dataset_record_id",
            "last_update_time",
            "source_type",
            "created_by",
            "last_updated_by",
            "inputs",
            "outputs",
            "expectations",
            "tags",
            "source",
        ];
        let columns =
            columns.map(|name| match self.database.has_column("evaluation_dataset_records", name) {
                true if columns_of_json(name) => format!("CAST(r.{name} AS TEXT)"),
                true => format!("r.{name}"),
                false => "NULL".to_owned(),
            });
        let sql = format!(
            "SELECT {} FROM evaluation_dataset_records AS r WHERE {place}
             ORDER BY r.dataset_id, r.created_time, r.dataset_record_id LIMIT {}",
            columns.join(", "),
            super::PAGE_ROWS
        );
        let rows = self.database.query(&sql).await?;
        let next = match rows.last() {
            Some(last) if rows.len() == super::PAGE_ROWS => {
                Some(json!({"dataset": last.text(0), "created": last.int(1)?, "record": last.text(2)}))
            }
            _ => None,
        };
        let mut page = Page { next, ..Page::default() };
        let wanted = self.wanted_datasets(context, &rows).await?;
        let mut batches: Vec<(String, ImportedRecords)> = Vec::new();
        for row in rows {
            let dataset_id = row.text(0);
            if wanted.as_ref().is_some_and(|wanted| !wanted.contains_key(&dataset_id)) {
                continue;
            }
            match record_of(&row) {
                Ok(record) => {
                    if batches.last().is_none_or(|(last, _)| *last != dataset_id) {
                        let records = ImportedRecords { dataset_id: dataset_id.clone(), records: Vec::new() };
                        batches.push((dataset_id, records));
                    }
                    if let Some((_, batch)) = batches.last_mut() {
                        batch.records.push(record);
                    }
                }
                Err(error) => page.problems.push((row.text(2), format!("{error:#}"))),
            }
        }
        page.items.extend(batches.into_iter().map(|(id, records)| Item {
            id,
            count: records.records.len() as u64,
            line: Line::Catalog(Box::new(CatalogLine::Records(records))),
        }));
        Ok(page)
    }

    /// Returns the datasets among those of some records that are taken; nothing if all are.
    async fn wanted_datasets(
        &self,
        context: &Context,
        rows: &[Row],
    ) -> Result<Option<HashMap<String, Vec<i64>>>> {
        if context.wanted.is_empty() {
            return Ok(None);
        }
        let mut ids: Vec<String> = rows.iter().map(|row| row.text(0)).collect();
        ids.dedup();
        self.experiments_of_datasets(context, &ids).await.map(Some)
    }

    pub(super) async fn scorers(&self, context: &Context, after: Option<&Value>) -> Result<Page> {
        let condition = self.in_experiments(context);
        let columns = ["experiment_id", "scorer_name"];
        let (scorers, next) = self.keyed("scorers", "scorer_id", &columns, &condition, after).await?;
        let ids: Vec<String> = scorers.iter().map(|row| row.text(0)).collect();
        let mut page = Page { next, ..Page::default() };
        if ids.is_empty() {
            return Ok(page);
        }
        let sql = format!(
            "SELECT v.scorer_id, v.scorer_version, v.serialized_scorer, v.creation_time FROM scorer_versions AS v
             WHERE v.scorer_id IN ({}) ORDER BY v.scorer_id, v.scorer_version",
            quoted_list(&ids)
        );
        let by_id: HashMap<String, (i64, String)> = scorers
            .iter()
            .map(|row| Ok((row.text(0), (context.experiment(row.int(1)?)?, row.text(2)))))
            .collect::<Result<_>>()?;
        for row in self.database.query(&sql).await? {
            let Some((experiment_id, name)) = by_id.get(&row.text(0)) else { continue };
            let id = format!("{name}/{}", row.text(1));
            let read = || -> Result<Item> {
                Ok(Item::catalog(
                    &id,
                    CatalogLine::ScorerVersion(ImportedScorerVersion {
                        scorer_id: row.text(0),
                        experiment_id: *experiment_id,
                        name: name.clone(),
                        version: row.int(1)?,
                        serialized: row.text(2),
                        created_ns: row.time_ns(3)?,
                    }),
                ))
            };
            page.push(&id, read());
        }
        Ok(page)
    }

    pub(super) async fn online_scoring(&self, context: &Context, after: Option<&Value>) -> Result<Page> {
        let condition = self.in_experiments(context);
        let columns = ["scorer_id", "experiment_id", "sample_rate", "filter_string"];
        let key = "online_scoring_config_id";
        let (rows, next) = self.keyed("online_scoring_configs", key, &columns, &condition, after).await?;
        let mut page = Page { next, ..Page::default() };
        for row in rows {
            let read = || -> Result<Item> {
                let rate = row.text(3);
                Ok(Item::catalog(
                    row.text(0),
                    CatalogLine::OnlineScoring(ImportedOnlineScoring {
                        config_id: row.text(0),
                        scorer_id: row.text(1),
                        experiment_id: context.experiment(row.int(2)?)?,
                        sample_rate: rate
                            .parse()
                            .map_err(|_| anyhow!("its sample rate `{rate}` is no number"))?,
                        filter: row.opt(4),
                    }),
                ))
            };
            page.push(&row.text(0), read());
        }
        Ok(page)
    }

    pub(super) async fn webhooks(&self, context: &Context, after: Option<&Value>) -> Result<Page> {
        if !context.wanted.is_empty() {
            return Ok(Page::default());
        }
        let condition = format!("t.deleted_timestamp IS NULL{}", self.workspace("webhooks"));
        let columns = [
            "name",
            "description",
            "url",
            "status",
            "secret",
            "creation_timestamp",
            "last_updated_timestamp",
        ];
        let (rows, next) = self.keyed("webhooks", "webhook_id", &columns, &condition, after).await?;
        let ids: Vec<String> = rows.iter().map(|row| row.text(0)).collect();
        let mut events: HashMap<String, Vec<(String, String)>> = HashMap::new();
        if !ids.is_empty() {
            let sql = format!(
                "SELECT webhook_id, entity, action FROM webhook_events WHERE webhook_id IN ({})",
                quoted_list(&ids)
            );
            for row in self.database.query(&sql).await? {
                events.entry(row.text(0)).or_default().push((row.text(1), row.text(2)));
            }
        }
        let mut page = Page { next, ..Page::default() };
        for row in rows {
            let id = row.text(0);
            if row.opt(5).is_some() {
                let reason = "its secret is encrypted there and was not taken; set it anew, or deliveries are not signed";
                page.problems.push((row.text(1), reason.to_owned()));
            }
            let mut read = || -> Result<Item> {
                let created_ns = row.time_ns(6)?;
                Ok(Item::catalog(
                    &id,
                    CatalogLine::Webhook(ImportedWebhook {
                        webhook_id: id.clone(),
                        name: row.text(1),
                        description: row.opt(2),
                        url: row.text(3),
                        secret: None,
                        events: events.remove(&id).unwrap_or_default(),
                        active: row.text(4) == "ACTIVE",
                        created_ns,
                        last_updated_ns: row.opt_time_ns(7)?.unwrap_or(created_ns),
                    }),
                ))
            };
            let item = read();
            page.push(&id, item);
        }
        Ok(page)
    }
}

fn columns_of_json(name: &str) -> bool {
    matches!(name, "inputs" | "outputs" | "expectations" | "tags" | "source")
}

fn record_of(row: &Row) -> Result<ImportedRecord> {
    let json = |column: usize, what: &str| -> Result<Option<Value>> {
        let value = row.opt(column).map(|text| serde_json::from_str(&text)).transpose();
        Ok(value.with_context(|| format!("its {what} are no JSON"))?.filter(|value: &Value| !value.is_null()))
    };
    let object = |column: usize, what: &str| -> Result<Map<String, Value>> {
        match json(column, what)? {
            None => Ok(Map::new()),
            Some(Value::Object(object)) => Ok(object),
            Some(_) => bail!("its {what} are no JSON object"),
        }
    };
    let outputs = match json(8, "outputs")? {
        Some(Value::Object(mut outputs)) if outputs.contains_key(WRAPPED) => outputs.remove(WRAPPED),
        other => other,
    };
    let mut source = object(11, "source")?;
    let source_type = match source.remove("source_type") {
        Some(Value::String(source_type)) => Some(source_type),
        _ => row.opt(4),
    };
    let source_data = match source.remove("source_data") {
        Some(Value::Object(data)) => data,
        _ => Map::new(),
    };
    Ok(ImportedRecord {
        record_id: row.text(2),
        inputs: object(7, "inputs")?,
        outputs: outputs.filter(|outputs| !outputs.is_null()),
        expectations: object(9, "expectations")?,
        tags: object(10, "tags")?,
        source_type,
        source_data,
        created_ns: row.time_ns(1)?,
        last_updated_ns: row.time_ns(3)?,
        created_by: row.opt(5),
        last_updated_by: row.opt(6),
    })
}
