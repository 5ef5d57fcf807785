//! Experiments, runs with their metrics, and logged models, by MLflow's API.

use super::super::page::{Context, Folder, Item, Line, Page};
use super::read::{Json, list, optional_text, pairs, text};
use super::{ApiSource, PAGE, SMALL_PAGE};
use crate::text::url_encoded;
use anyhow::Result;
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use spanwise_api_types::native::{
    CatalogLine, ImportedDatasetInput, ImportedExperiment, ImportedLoggedModel, ImportedMetrics,
    ImportedModelMetric, ImportedRun,
};
use std::collections::BTreeSet;

/// Runs whose metrics or links are asked for before anything is written.
const RUNS: usize = 10;
/// Runs that are asked for at the same time.
const UNDER_WAY: usize = 4;
/// Points of a metric that are asked for at a time.
const POINTS: usize = 10_000;

impl ApiSource {
    pub(super) async fn experiments(&self, context: &Context, after: Option<&Value>) -> Result<Page> {
        // The greatest id first: one that has to get another id gets a greater one, which no other wants.
        let body = json!({"view_type": "ALL", "max_results": PAGE, "order_by": ["experiment_id DESC"]});
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

/// Returns the value of a metric as the import wants it.
fn value_of(value: &Value) -> Value {
    match value {
        Value::Null => 0.0.into(),
        other => other.clone(),
    }
}
