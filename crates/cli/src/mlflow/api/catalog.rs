//! Prompts and registered models, datasets and scorers, by MLflow's API.

use super::super::page::{Context, Item, Line, Page};
use super::read::{Json, list, optional_text, pairs, text, texts};
use super::{ApiSource, PAGE, SMALL_PAGE, experiment_at, next_place};
use crate::text::url_encoded;
use anyhow::{Context as _, Result, bail};
use serde_json::{Map, Value, json};
use spanwise_api_types::native::{
    CatalogLine, ImportedDataset, ImportedModelVersion, ImportedOnlineScoring, ImportedRecord,
    ImportedRecords, ImportedRegisteredModel, ImportedScorerVersion,
};
use std::collections::BTreeSet;

impl ApiSource {
    /// Reads a page of registered models, then of prompts, which a search shows only when it asks for them.
    async fn registry_page(&self, after: Option<&Value>) -> Result<(Vec<Value>, Option<Value>)> {
        let is_of_prompts = after.is_some_and(|after| after.get("prompts").is_some());
        let token = after.and_then(|after| after.get(if is_of_prompts { "prompts" } else { "models" }));
        let filter = match is_of_prompts {
            true => format!("&filter={}", url_encoded("tags.`mlflow.prompt.is_prompt` = 'true'")),
            false => String::new(),
        };
        let path = format!("/api/2.0/mlflow/registered-models/search?max_results={PAGE}{filter}");
        let (answer, next) = self.list(&path, token.filter(|token| token.is_string())).await?;
        let next = match (is_of_prompts, next) {
            (true, next) => next.map(|token| json!({"prompts": token})),
            (false, Some(token)) => Some(json!({"models": token})),
            (false, None) => Some(json!({"prompts": null})),
        };
        Ok((list(&answer["registered_models"]).to_vec(), next))
    }

    pub(super) async fn registered_models(&self, after: Option<&Value>) -> Result<Page> {
        let (models, next) = self.registry_page(after).await?;
        let mut page = Page { next, ..Page::default() };
        for model in models {
            let name = text(&model["name"]);
            let read = || -> Result<Item> {
                let created_ns = model["creation_timestamp"].time()?.unwrap_or(0);
                Ok(Item::catalog(
                    &name,
                    CatalogLine::RegisteredModel(ImportedRegisteredModel {
                        name: name.clone(),
                        created_ns,
                        last_updated_ns: model["last_updated_timestamp"].time()?.unwrap_or(created_ns),
                        description: optional_text(&model["description"]),
                        tags: pairs(&model["tags"]),
                    }),
                ))
            };
            page.push(&name, read());
        }
        Ok(page)
    }

    pub(super) async fn model_versions(&self, after: Option<&Value>) -> Result<Page> {
        let is_of_prompts = after.is_some_and(|after| after.get("prompts").is_some());
        let (models, next) = self.registry_page(after).await?;
        let mut page = Page { next, ..Page::default() };
        for model in models {
            let name = text(&model["name"]);
            let name_in_filter = name.replace('\'', "''");
            let mut filter = format!("name = '{name_in_filter}'");
            if is_of_prompts {
                filter.push_str(" AND tags.`mlflow.prompt.is_prompt` = 'true'");
            }
            let path = format!(
                "/api/2.0/mlflow/model-versions/search?max_results={PAGE}&filter={}",
                url_encoded(&filter)
            );
            let mut token = None;
            loop {
                let (answer, next) = self.list(&path, token.as_ref()).await?;
                for version in list(&answer["model_versions"]) {
                    let id = format!("{name}/{}", text(&version["version"]));
                    page.push(&id, version_item(&id, version, &model));
                }
                match next {
                    Some(next) => token = Some(next),
                    None => break,
                }
            }
        }
        Ok(page)
    }

    async fn dataset_page(
        &self,
        context: &Context,
        after: Option<&Value>,
    ) -> Result<(Vec<Value>, Option<Value>)> {
        let mut body = json!({"max_results": SMALL_PAGE});
        if !context.wanted.is_empty() {
            body["experiment_ids"] =
                context.experiments.keys().map(i64::to_string).collect::<Vec<_>>().into();
        }
        let (answer, next) = self.search("/api/3.0/mlflow/datasets/search", body, after).await?;
        Ok((list(&answer["datasets"]).to_vec(), next))
    }

    pub(super) async fn datasets(&self, context: &Context, after: Option<&Value>) -> Result<Page> {
        let (datasets, next) = self.dataset_page(context, after).await?;
        let mut page = Page { next, ..Page::default() };
        for dataset in datasets {
            let id = text(&dataset["dataset_id"]);
            let answer = self.client.get(&format!("/api/3.0/mlflow/datasets/{id}/experiment-ids")).await?;
            let experiments = texts(&answer["experiment_ids"]);
            let experiments =
                experiments.iter().filter_map(|id| context.experiment(id.parse().ok()?).ok()).collect();
            let read = || -> Result<Item> {
                let tags =
                    optional_text(&dataset["tags"]).map(|text| serde_json::from_str(&text)).transpose();
                let schema =
                    optional_text(&dataset["schema"]).map(|text| serde_json::from_str(&text)).transpose();
                Ok(Item::catalog(
                    &id,
                    CatalogLine::Dataset(ImportedDataset {
                        dataset_id: id.clone(),
                        name: text(&dataset["name"]),
                        tags: tags.context("its tags are no JSON")?.unwrap_or_default(),
                        experiments,
                        schema: schema.context("its schema is no JSON")?,
                        created_ns: dataset["created_time"].time()?.unwrap_or(0),
                        last_updated_ns: dataset["last_update_time"].time()?.unwrap_or(0),
                        created_by: optional_text(&dataset["created_by"]),
                        last_updated_by: optional_text(&dataset["last_updated_by"]),
                    }),
                ))
            };
            page.push(&id, read());
        }
        Ok(page)
    }

    pub(super) async fn dataset_records(&self, context: &Context, after: Option<&Value>) -> Result<Page> {
        let token = after.map(|place| &place["datasets"]).filter(|token| token.is_string());
        let open = after.map(|place| texts(&place["open"])).filter(|open| !open.is_empty());
        let (open, datasets) = match open {
            Some(open) => (open, token.cloned()),
            None => {
                let (datasets, next) = self.dataset_page(context, token).await?;
                (datasets.iter().map(|dataset| text(&dataset["dataset_id"])).collect(), next)
            }
        };
        let Some(id) = open.first() else { return Ok(Page::default()) };
        let of_dataset = after.map(|place| &place["token"]).filter(|token| token.is_string());
        let path = format!("/api/3.0/mlflow/datasets/{id}/records?max_results={PAGE}");
        let (answer, next) = self.list(&path, of_dataset).await?;
        // The records are JSON in a text.
        let records: Vec<Value> = serde_json::from_str(&text(&answer["records"])).unwrap_or_default();
        let mut page = Page::default();
        let mut taken = Vec::new();
        for record in &records {
            match record_of(record) {
                Ok(record) => taken.push(record),
                Err(error) => page.problems.push((text(&record["dataset_record_id"]), format!("{error:#}"))),
            }
        }
        if !taken.is_empty() {
            let count = taken.len() as u64;
            let line = CatalogLine::Records(ImportedRecords { dataset_id: id.clone(), records: taken });
            page.items.push(Item { id: id.clone(), count, line: Line::Catalog(Box::new(line)) });
        }
        page.next = match (next, &open[1..], datasets) {
            (Some(token), _, datasets) => Some(json!({"token": token, "open": open, "datasets": datasets})),
            (None, [], None) => None,
            (None, rest, datasets) => Some(json!({"open": rest, "datasets": datasets})),
        };
        Ok(page)
    }

    /// Reads all versions of the scorers of one experiment.
    pub(super) async fn scorers(&self, context: &Context, after: Option<&Value>) -> Result<Page> {
        let Some((experiment, _)) = experiment_at(context, after) else { return Ok(Page::default()) };
        let mut page = Page { next: next_place(context, experiment, None), ..Page::default() };
        let experiment_id = context.experiment(experiment)?;
        let scorers =
            self.client.get(&format!("/api/3.0/mlflow/scorers/list?experiment_id={experiment}")).await?;
        let names: BTreeSet<String> =
            list(&scorers["scorers"]).iter().map(|one| text(&one["scorer_name"])).collect();
        for name in names {
            let path = format!(
                "/api/3.0/mlflow/scorers/versions?experiment_id={experiment}&name={}",
                url_encoded(&name)
            );
            for version in list(&self.client.get(&path).await?["scorers"]) {
                let id = format!("{name}/{}", version["scorer_version"].integer());
                let read = || -> Result<Item> {
                    Ok(Item::catalog(
                        &id,
                        CatalogLine::ScorerVersion(ImportedScorerVersion {
                            scorer_id: text(&version["scorer_id"]),
                            experiment_id,
                            name: name.clone(),
                            version: version["scorer_version"].integer(),
                            serialized: text(&version["serialized_scorer"]),
                            created_ns: version["creation_time"].time()?.unwrap_or(0),
                        }),
                    ))
                };
                page.push(&id, read());
            }
        }
        Ok(page)
    }

    pub(super) async fn online_scoring(&self, context: &Context, after: Option<&Value>) -> Result<Page> {
        let Some((experiment, _)) = experiment_at(context, after) else { return Ok(Page::default()) };
        let mut page = Page { next: next_place(context, experiment, None), ..Page::default() };
        let scorers =
            self.client.get(&format!("/api/3.0/mlflow/scorers/list?experiment_id={experiment}")).await?;
        let ids: BTreeSet<String> =
            list(&scorers["scorers"]).iter().map(|one| text(&one["scorer_id"])).collect();
        if ids.is_empty() {
            return Ok(page);
        }
        let ids: Vec<String> = ids.iter().map(|id| format!("scorer_ids={}", url_encoded(id))).collect();
        let answer =
            self.client.get(&format!("/api/3.0/mlflow/scorers/online-configs?{}", ids.join("&"))).await?;
        for config in list(&answer["configs"]) {
            let id = text(&config["online_scoring_config_id"]);
            let line = ImportedOnlineScoring {
                config_id: id.clone(),
                scorer_id: text(&config["scorer_id"]),
                experiment_id: context.experiment(experiment)?,
                sample_rate: config["sample_rate"].as_f64().unwrap_or(0.0),
                filter: optional_text(&config["filter_string"]),
            };
            page.items.push(Item::catalog(id, CatalogLine::OnlineScoring(line)));
        }
        Ok(page)
    }
}

fn version_item(id: &str, version: &Value, model: &Value) -> Result<Item> {
    let number = version["version"].integer();
    let created_ns = version["creation_timestamp"].time()?.unwrap_or(0);
    let aliases = list(&model["aliases"]).iter().filter(|alias| alias["version"].integer() == number);
    let mut aliases: Vec<String> = aliases.map(|alias| text(&alias["alias"])).collect();
    aliases.extend(texts(&version["aliases"]));
    aliases.sort();
    aliases.dedup();
    Ok(Item::catalog(
        id,
        CatalogLine::ModelVersion(ImportedModelVersion {
            name: text(&version["name"]),
            version: number,
            created_ns,
            last_updated_ns: version["last_updated_timestamp"].time()?.unwrap_or(created_ns),
            stage: optional_text(&version["current_stage"])
                .filter(|stage| !stage.is_empty())
                .unwrap_or("None".into()),
            description: optional_text(&version["description"]),
            source: text(&version["source"]),
            storage_location: String::new(),
            run_id: text(&version["run_id"]),
            run_link: text(&version["run_link"]),
            model_id: text(&version["model_id"]),
            tags: pairs(&version["tags"]),
            aliases,
        }),
    ))
}

/// Reads a record; its parts may be JSON, or JSON in a text.
fn record_of(record: &Value) -> Result<ImportedRecord> {
    let parsed = |name: &str| -> Result<Value> {
        match &record[name] {
            Value::String(text) => {
                serde_json::from_str(text).with_context(|| format!("its {name} are no JSON"))
            }
            other => Ok(other.clone()),
        }
    };
    let object = |name: &str| -> Result<Map<String, Value>> {
        match parsed(name)? {
            Value::Null => Ok(Map::new()),
            Value::Object(object) => Ok(object),
            _ => bail!("its {name} are no JSON object"),
        }
    };
    let mut source = object("source")?;
    let source_type = match source.remove("source_type") {
        Some(Value::String(source_type)) => Some(source_type),
        _ => optional_text(&record["source_type"]),
    };
    let source_data = match source.remove("source_data") {
        Some(Value::Object(data)) => data,
        _ => Map::new(),
    };
    let outputs = match &record["outputs"] {
        Value::Null => None,
        Value::String(text) => Some(serde_json::from_str(text).unwrap_or_else(|_| text.clone().into())),
        other => Some(other.clone()),
    };
    Ok(ImportedRecord {
        record_id: text(&record["dataset_record_id"]),
        inputs: object("inputs")?,
        outputs: outputs.filter(|outputs: &Value| !outputs.is_null()),
        expectations: object("expectations")?,
        tags: object("tags")?,
        source_type,
        source_data,
        created_ns: record["created_time"].time()?.unwrap_or(0),
        last_updated_ns: record["last_update_time"].time()?.unwrap_or(0),
        created_by: optional_text(&record["created_by"]),
        last_updated_by: optional_text(&record["last_updated_by"]),
    })
}
