//! All but traces by MLflow's API.

use super::super::page::{Context, Folder, Item, Line, Page};
use super::read::{Json, list, optional_text, pairs, text, texts};
use super::{ApiSource, PAGE, experiment_at, next_place};
use crate::text::url_encoded;
use anyhow::{Context as _, Result, bail};
use futures_util::{StreamExt, stream};
use serde_json::{Map, Value, json};
use spanwise_api_types::native::{
    CatalogLine, ImportedDataset, ImportedDatasetInput, ImportedExperiment, ImportedInput, ImportedIssue,
    ImportedLabelSchema, ImportedLoggedModel, ImportedMetrics, ImportedModelMetric, ImportedModelVersion,
    ImportedOnlineScoring, ImportedRecord, ImportedRecords, ImportedRegisteredModel, ImportedReviewItem,
    ImportedReviewQueue, ImportedRun, ImportedScorerVersion, ImportedWebhook,
};
use std::collections::BTreeSet;

/// Runs whose metrics or links are asked for before anything is written.
const RUNS: usize = 10;
/// Runs that are asked for at the same time.
const UNDER_WAY: usize = 4;
/// Points of a metric that are asked for at a time.
const POINTS: usize = 10_000;
/// Logged models, and webhooks, of one answer.
const SMALL_PAGE: usize = 50;

impl ApiSource {
    pub(super) async fn experiments(&self, context: &Context, after: Option<&Value>) -> Result<Page> {
        let body = json!({"view_type": "ALL", "max_results": PAGE});
        let (answer, next) = self.search("/api/2.0/mlflow/experiments/search", body, after).await?;
        let mut page = Page { next, ..Page::default() };
        for one in list(&answer["experiments"]) {
            let name = text(&one["name"]);
            if !context.wanted.is_empty() && !context.wanted.contains(&name) {
                continue;
            }
            let read = || -> Result<Item> {
                Ok(Item::catalog(
                    &name,
                    CatalogLine::Experiment(ImportedExperiment {
                        experiment_id: one["experiment_id"].integer(),
                        name: name.clone(),
                        artifact_location: text(&one["artifact_location"]),
                        deleted: text(&one["lifecycle_stage"]) == "deleted",
                        created_ns: one["creation_time"].time()?.unwrap_or(0),
                        last_updated_ns: one["last_update_time"].time()?.unwrap_or(0),
                        tags: pairs(&one["tags"]),
                    }),
                ))
            };
            page.push(&name, read());
        }
        Ok(page)
    }

    async fn run_page(
        &self,
        context: &Context,
        limit: usize,
        after: Option<&Value>,
    ) -> Result<(Vec<Value>, Option<Value>)> {
        let ids: Vec<String> = context.experiments.keys().map(i64::to_string).collect();
        if ids.is_empty() {
            return Ok((Vec::new(), None));
        }
        let mut body = json!({"experiment_ids": ids, "run_view_type": "ALL", "max_results": limit, "order_by": ["attributes.start_time ASC"]});
        if let Some(since_ms) = context.since_ms {
            body["filter"] = format!("attributes.start_time >= {since_ms}").into();
        }
        let (answer, next) = self.search("/api/2.0/mlflow/runs/search", body, after).await?;
        Ok((list(&answer["runs"]).to_vec(), next))
    }

    pub(super) async fn runs(&self, context: &Context, after: Option<&Value>) -> Result<Page> {
        let (runs, next) = self.run_page(context, PAGE, after).await?;
        let mut page = Page { next, ..Page::default() };
        // A search leaves out which models a run used and made.
        let ids = runs.iter().map(|run| text(&run["info"]["run_id"]));
        let whole = ids.map(|id| async move {
            let answer = self.client.get(&format!("/api/2.0/mlflow/runs/get?run_id={id}")).await;
            (id, answer)
        });
        let mut whole = stream::iter(whole).buffered(UNDER_WAY);
        while let Some((id, answer)) = whole.next().await {
            page.push(&id, answer.and_then(|answer| run_item(&answer["run"], context)));
        }
        Ok(page)
    }

    pub(super) async fn metrics(&self, context: &Context, after: Option<&Value>) -> Result<Page> {
        // A place within the history of a metric, else the token of a page of runs.
        if let Some(run_id) = after.and_then(|place| place["run"].as_str()) {
            let place = after.cloned().unwrap_or_default();
            let (item, next) = self.history(run_id, &text(&place["key"]), place["token"].as_str()).await?;
            let next = match next {
                Some(token) => {
                    json!({"run": run_id, "key": place["key"], "token": token, "rest": place["rest"], "runs": place["runs"]})
                }
                None => json!({"rest": place["rest"], "runs": place["runs"]}),
            };
            return Ok(Page { items: vec![item], next: Some(next), ..Page::default() });
        }
        let rest = after.map(|place| place["rest"].clone()).filter(Value::is_array);
        let (mut open, next_runs) = match rest {
            Some(rest) => {
                (list(&rest).to_vec(), after.map(|place| place["runs"].clone()).filter(Value::is_string))
            }
            None => {
                let token = after.map(|place| &place["runs"]).filter(|token| token.is_string());
                let (runs, next) = self.run_page(context, RUNS, token).await?;
                let of_run = |run: &Value| {
                    let id = text(&run["info"]["run_id"]);
                    let keys: BTreeSet<String> =
                        list(&run["data"]["metrics"]).iter().map(|metric| text(&metric["key"])).collect();
                    keys.into_iter().map(|key| json!([id, key])).collect::<Vec<_>>()
                };
                (runs.iter().flat_map(of_run).collect(), next)
            }
        };
        let mut page = Page::default();
        open.reverse();
        while let Some(metric) = open.pop() {
            let (run, key) = (text(&metric[0]), text(&metric[1]));
            let (item, next) = self.history(&run, &key, None).await?;
            let points = item.count;
            page.items.push(item);
            if let Some(token) = next {
                open.reverse();
                page.next =
                    Some(json!({"run": run, "key": key, "token": token, "rest": open, "runs": next_runs}));
                return Ok(page);
            }
            if points as usize >= POINTS / 2 {
                break;
            }
        }
        open.reverse();
        page.next = match (open.is_empty(), &next_runs) {
            (false, _) => Some(json!({"rest": open, "runs": next_runs})),
            (true, Some(token)) => Some(json!({"runs": token})),
            (true, None) => None,
        };
        Ok(page)
    }

    /// Reads a page of the history of a metric.
    async fn history(&self, run: &str, key: &str, token: Option<&str>) -> Result<(Item, Option<String>)> {
        let path = format!(
            "/api/2.0/mlflow/metrics/get-history?run_id={run}&metric_key={}&max_results={POINTS}",
            url_encoded(key)
        );
        let token = token.map(Value::from);
        let (answer, next) = self.list(&path, token.as_ref()).await?;
        let point = |metric: &Value| -> Result<(String, Value, i64, i64)> {
            let time = metric["timestamp"].time()?.unwrap_or(0);
            Ok((text(&metric["key"]), value_of(&metric["value"]), time, metric["step"].integer()))
        };
        let points = list(&answer["metrics"]).iter().map(point).collect::<Result<Vec<_>>>()?;
        let count = points.len() as u64;
        let line = CatalogLine::Metrics(ImportedMetrics { run_id: run.to_owned(), points });
        let item = Item { id: format!("{key} of {run}"), count, line: Line::Catalog(Box::new(line)) };
        Ok((item, next.as_ref().and_then(Value::as_str).map(str::to_owned)))
    }

    /// Reads which traces runs are linked to.
    pub(super) async fn run_links(&self, context: &Context, after: Option<&Value>) -> Result<Page> {
        let (runs, next) = self.run_page(context, RUNS, after).await?;
        let mut page = Page { next, ..Page::default() };
        for run in runs {
            let (run_id, experiment) = (text(&run["info"]["run_id"]), text(&run["info"]["experiment_id"]));
            let body = json!({
                "locations": [{"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": experiment}}],
                "max_results": PAGE, "filter": format!("attributes.run_id = '{run_id}'"),
            });
            let mut token = None;
            loop {
                let found =
                    self.search("/api/3.0/mlflow/traces/search", body.clone(), token.as_ref()).await?;
                let of_others = list(&found.0["traces"])
                    .iter()
                    .filter(|trace| text(&trace["trace_metadata"]["mlflow.sourceRun"]) != run_id)
                    .map(|trace| text(&trace["trace_id"]));
                let trace_ids: Vec<String> = of_others.collect();
                if !trace_ids.is_empty() {
                    let count = trace_ids.len() as u64;
                    let line = Line::RunLinks { run_id: run_id.clone(), trace_ids };
                    page.items.push(Item { id: run_id.clone(), count, line });
                }
                match found.1 {
                    Some(next) => token = Some(next),
                    None => break,
                }
            }
        }
        Ok(page)
    }

    pub(super) async fn logged_models(&self, context: &Context, after: Option<&Value>) -> Result<Page> {
        let (models, next) = self.model_page(context, after).await?;
        let mut page = Page { next, ..Page::default() };
        for model in models {
            let id = text(&model["info"]["model_id"]);
            page.push(&id, model_item(&model, context));
        }
        Ok(page)
    }

    async fn model_page(
        &self,
        context: &Context,
        after: Option<&Value>,
    ) -> Result<(Vec<Value>, Option<Value>)> {
        let ids: Vec<String> = context.experiments.keys().map(i64::to_string).collect();
        if ids.is_empty() {
            return Ok((Vec::new(), None));
        }
        let body = json!({"experiment_ids": ids, "max_results": SMALL_PAGE});
        let (answer, next) = self.search("/api/2.0/mlflow/logged-models/search", body, after).await?;
        Ok((list(&answer["models"]).to_vec(), next))
    }

    /// Names the folders of artifacts of runs, then of logged models.
    pub(super) async fn artifacts(&self, context: &Context, after: Option<&Value>) -> Result<Page> {
        if let Some(token) = after.and_then(|after| after.get("models")) {
            let (models, next) =
                self.model_page(context, Some(token).filter(|token| token.is_string())).await?;
            let folder = |model: &Value| {
                let info = &model["info"];
                folder_of(
                    context,
                    &text(&info["model_id"]),
                    &info["experiment_id"],
                    text(&info["artifact_uri"]),
                    false,
                )
            };
            let folders = models.iter().filter_map(folder).collect();
            return Ok(Page { folders, next: next.map(|next| json!({"models": next})), ..Page::default() });
        }
        let (runs, next) = self.run_page(context, PAGE, after).await?;
        let folder = |run: &Value| {
            let info = &run["info"];
            folder_of(
                context,
                &text(&info["run_id"]),
                &info["experiment_id"],
                text(&info["artifact_uri"]),
                true,
            )
        };
        let folders = runs.iter().filter_map(folder).collect();
        Ok(Page { folders, next: Some(next.unwrap_or_else(|| json!({"models": null}))), ..Page::default() })
    }

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

fn folder_of(context: &Context, id: &str, experiment: &Value, uri: String, is_run: bool) -> Option<Folder> {
    let experiment_id = context.experiment(experiment.integer()).ok()?;
    let kind = if is_run { "" } else { "models/" };
    let place = format!("{experiment_id}/{kind}{id}/artifacts");
    let target = context.artifact_uri(&uri, &place).strip_prefix("mlflow-artifacts:/").map(str::to_owned);
    // What stays where it is is not asked for.
    let target = target.or_else(|| (!context.with_artifacts).then_some(place))?;
    Some(Folder { id: id.to_owned(), uri, run_id: is_run.then(|| id.to_owned()), target, spans_of: None })
}

fn run_item(run: &Value, context: &Context) -> Result<Item> {
    let (info, data) = (&run["info"], &run["data"]);
    let id = text(&info["run_id"]);
    let experiment_id = context.experiment(info["experiment_id"].integer())?;
    let tags = pairs(&data["tags"]);
    let dataset = |input: &Value| ImportedDatasetInput {
        name: text(&input["dataset"]["name"]),
        digest: text(&input["dataset"]["digest"]),
        source_type: text(&input["dataset"]["source_type"]),
        source: text(&input["dataset"]["source"]),
        schema: optional_text(&input["dataset"]["schema"]),
        profile: optional_text(&input["dataset"]["profile"]),
        tags: pairs(&input["tags"]),
    };
    let name = optional_text(&info["run_name"]).filter(|name| !name.is_empty());
    let place = format!("{experiment_id}/{id}/artifacts");
    Ok(Item::catalog(
        &id,
        CatalogLine::Run(ImportedRun {
            run_id: id.clone(),
            experiment_id,
            name: name.or_else(|| tags.get("mlflow.runName").cloned()).unwrap_or_default(),
            user: text(&info["user_id"]),
            status: text(&info["status"]),
            start_ns: info["start_time"].time()?.unwrap_or(0),
            end_ns: info["end_time"].time()?,
            artifact_uri: context.artifact_uri(&text(&info["artifact_uri"]), &place),
            deleted: text(&info["lifecycle_stage"]) == "deleted",
            params: pairs(&data["params"]),
            tags,
            dataset_inputs: list(&run["inputs"]["dataset_inputs"]).iter().map(dataset).collect(),
            model_inputs: list(&run["inputs"]["model_inputs"])
                .iter()
                .map(|one| text(&one["model_id"]))
                .collect(),
            model_outputs: list(&run["outputs"]["model_outputs"])
                .iter()
                .map(|one| (text(&one["model_id"]), one["step"].integer()))
                .collect(),
        }),
    ))
}

fn model_item(model: &Value, context: &Context) -> Result<Item> {
    let (info, data) = (&model["info"], &model["data"]);
    let id = text(&info["model_id"]);
    let experiment_id = context.experiment(info["experiment_id"].integer())?;
    let status = text(&info["status"]);
    let metric = |metric: &Value| -> Result<ImportedModelMetric> {
        let time = metric["timestamp"].time()?.unwrap_or(0);
        Ok(ImportedModelMetric {
            metric: (text(&metric["key"]), value_of(&metric["value"]), time, metric["step"].integer()),
            run_id: text(&metric["run_id"]),
            dataset_name: text(&metric["dataset_name"]),
            dataset_digest: text(&metric["dataset_digest"]),
        })
    };
    Ok(Item::catalog(
        &id,
        CatalogLine::LoggedModel(ImportedLoggedModel {
            model_id: id.clone(),
            experiment_id,
            name: text(&info["name"]),
            model_type: text(&info["model_type"]),
            source_run_id: text(&info["source_run_id"]),
            status: status.strip_prefix("LOGGED_MODEL_").unwrap_or(&status).to_owned(),
            created_ns: info["creation_timestamp_ms"].time()?.unwrap_or(0),
            last_updated_ns: info["last_updated_timestamp_ms"].time()?.unwrap_or(0),
            artifact_uri: context.artifact_uri(
                &text(&info["artifact_uri"]),
                &format!("{experiment_id}/models/{id}/artifacts"),
            ),
            deleted: false,
            params: pairs(&data["params"]),
            tags: pairs(&info["tags"]),
            metrics: list(&data["metrics"]).iter().map(metric).collect::<Result<_>>()?,
        }),
    ))
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

/// Returns the value of a metric as the import wants it.
fn value_of(value: &Value) -> Value {
    match value {
        Value::Null => 0.0.into(),
        other => other.clone(),
    }
}
