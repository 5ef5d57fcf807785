//! Experiments, runs with their metrics, and logged models.

use super::super::page::{Context, Folder, Item, Line, Page};
use super::database::{Row, quoted, quoted_list};
use super::{SqlSource, since};
use anyhow::{Result, anyhow};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use spanwise_api_types::native::{
    CatalogLine, ImportedDatasetInput, ImportedExperiment, ImportedLoggedModel, ImportedMetrics,
    ImportedModelMetric, ImportedRun,
};
use std::collections::{BTreeMap, HashMap};

/// Points of metrics that are read together.
const POINTS: usize = 2_000;

type Texts = BTreeMap<String, String>;

impl SqlSource {
    pub(super) async fn experiments(&self, context: &Context, after: Option<&Value>) -> Result<Page> {
        // The greatest id first: one that has to get another id gets a greater one, which no other wants.
        let after = after.and_then(Value::as_i64).unwrap_or(i64::MAX);
        let columns = ["name", "artifact_location", "lifecycle_stage", "creation_time", "last_update_time"];
        let sql = format!(
            "SELECT t.experiment_id, {} FROM experiments AS t WHERE t.experiment_id < {after}{} ORDER BY 1 DESC LIMIT {}",
            self.database.columns("experiments", "t", &columns),
            self.workspace("experiments"),
            super::PAGE_ROWS
        );
        let rows = self.database.query(&sql).await?;
        let ids: Vec<String> = rows.iter().map(|row| row.text(0)).collect();
        let mut tags = match ids.is_empty() {
            true => HashMap::new(),
            false => self.pairs("experiment_tags", "experiment_id", "key", "value", &ids.join(", ")).await?,
        };
        let mut page = Page::default();
        for row in &rows {
            if !context.wanted.is_empty() && !context.wanted.contains(&row.text(1)) {
                continue;
            }
            let id = row.text(0);
            let tags = tags.remove(&id).unwrap_or_default();
            page.push(&row.text(1), experiment(row, tags).map(|line| Item::catalog(row.text(1), line)));
        }
        page.next =
            (rows.len() == super::PAGE_ROWS).then(|| rows.last().map(|row| row.int(0).unwrap_or(0)).into());
        Ok(page)
    }

    pub(super) async fn runs(&self, context: &Context, after: Option<&Value>) -> Result<Page> {
        let columns = [
            "experiment_id",
            "name",
            "user_id",
            "status",
            "start_time",
            "end_time",
            "artifact_uri",
            "lifecycle_stage",
        ];
        let condition = format!("{}{}", self.in_experiments(context), since("start_time", context));
        let (rows, next) = self.keyed("runs", "run_uuid", &columns, &condition, after).await?;
        let ids: Vec<String> = rows.iter().map(|row| row.text(0)).collect();
        let list = quoted_list(&ids);
        let mut tags = self.pairs("tags", "run_uuid", "key", "value", &list).await?;
        let mut params = self.pairs("params", "run_uuid", "key", "value", &list).await?;
        let mut inputs = self.run_inputs(&list).await?;
        let mut page = Page { next, ..Page::default() };
        for row in rows {
            let id = row.text(0);
            let read = || -> Result<Item> {
                let experiment_id = context.experiment(row.int(1)?)?;
                let tags = tags.remove(&id).unwrap_or_default();
                let Inputs { datasets, used, made } = inputs.remove(&id).unwrap_or_default();
                let name = row.opt(2).filter(|name| !name.is_empty());
                let run = ImportedRun {
                    run_id: id.clone(),
                    experiment_id,
                    name: name.or_else(|| tags.get("mlflow.runName").cloned()).unwrap_or_default(),
                    user: row.text(3),
                    status: row.text(4),
                    start_ns: row.time_ns(5)?,
                    end_ns: row.opt_time_ns(6)?,
                    artifact_uri: context
                        .artifact_uri(&row.text(7), &format!("{experiment_id}/{id}/artifacts")),
                    deleted: row.text(8) == "deleted",
                    params: params.remove(&id).unwrap_or_default(),
                    tags,
                    dataset_inputs: datasets,
                    model_inputs: used,
                    model_outputs: made,
                };
                Ok(Item::catalog(&id, CatalogLine::Run(run)))
            };
            let mut read = read;
            let item = read();
            page.push(&id, item);
        }
        Ok(page)
    }

    /// Reads texts by key that belong to rows: by their ids, of which `list` is one for IN.
    pub(super) async fn pairs(
        &self,
        table: &str,
        id: &str,
        key: &str,
        value: &str,
        list: &str,
    ) -> Result<HashMap<String, Texts>> {
        let mut pairs: HashMap<String, Texts> = HashMap::new();
        if !self.database.has(table) {
            return Ok(pairs);
        }
        let sql = format!("SELECT {id}, {key}, {value} FROM {table} WHERE {id} IN ({list})");
        for row in self.database.query(&sql).await? {
            pairs.entry(row.text(0)).or_default().insert(row.text(1), row.text(2));
        }
        Ok(pairs)
    }

    async fn run_inputs(&self, list: &str) -> Result<HashMap<String, Inputs>> {
        let mut of_runs: HashMap<String, Inputs> = HashMap::new();
        if !self.database.has("inputs") {
            return Ok(of_runs);
        }
        let sql = format!(
            "SELECT i.destination_id, i.input_uuid, d.name, d.digest, d.dataset_source_type, d.dataset_source,
                    d.dataset_schema, d.dataset_profile
             FROM inputs AS i JOIN datasets AS d ON d.dataset_uuid = i.source_id
             WHERE i.source_type = 'DATASET' AND i.destination_type = 'RUN' AND i.destination_id IN ({list})
             ORDER BY i.destination_id, i.input_uuid"
        );
        let rows = self.database.query(&sql).await?;
        let inputs: Vec<String> = rows.iter().map(|row| row.text(1)).collect();
        let mut tags = self.pairs("input_tags", "input_uuid", "name", "value", &quoted_list(&inputs)).await?;
        for row in rows {
            of_runs.entry(row.text(0)).or_default().datasets.push(ImportedDatasetInput {
                name: row.text(2),
                digest: row.text(3),
                source_type: row.text(4),
                source: row.text(5),
                schema: row.opt(6),
                profile: row.opt(7),
                tags: tags.remove(&row.text(1)).unwrap_or_default(),
            });
        }
        let sql = format!(
            "SELECT i.source_id, i.source_type, i.destination_id, {} FROM inputs AS i
             WHERE i.source_type IN ('RUN_INPUT', 'RUN_OUTPUT') AND i.source_id IN ({list}) ORDER BY i.input_uuid",
            self.database.columns("inputs", "i", &["step"])
        );
        for row in self.database.query(&sql).await? {
            let of_run = of_runs.entry(row.text(0)).or_default();
            match row.text(1).as_str() {
                "RUN_INPUT" => of_run.used.push(row.text(2)),
                _ => of_run.made.push((row.text(2), row.int(3)?)),
            }
        }
        Ok(of_runs)
    }

    /// Reads points run by run; those of one run by key, time and step, of which several points may have the same.
    pub(super) async fn metrics(&self, context: &Context, after: Option<&Value>) -> Result<Page> {
        let place: Option<MetricPlace> =
            after.map(|after| serde_json::from_value(after.clone())).transpose()?;
        if let Some(place) = place.as_ref().filter(|place| place.point.is_some()) {
            return self.metrics_of(&place.run, place.point.as_ref()).await;
        }
        let condition = format!("{}{}", self.in_experiments(context), since("start_time", context));
        let after =
            place.map(|place| format!(" AND m.run_uuid > {}", quoted(&place.run))).unwrap_or_default();
        let sql = format!(
            "SELECT m.run_uuid, count(*) FROM metrics AS m
             WHERE m.run_uuid IN (SELECT t.run_uuid FROM runs AS t WHERE {condition}){after}
             GROUP BY m.run_uuid ORDER BY m.run_uuid LIMIT {}",
            super::PAGE_ROWS
        );
        let counts = self.database.query(&sql).await?;
        let (mut runs, mut points) = (Vec::new(), 0);
        for row in &counts {
            let of_run = usize::try_from(row.int(1)?).unwrap_or(usize::MAX);
            if of_run > POINTS && runs.is_empty() {
                return self.metrics_of(&row.text(0), None).await;
            }
            if points + of_run > POINTS {
                break;
            }
            points += of_run;
            runs.push(row.text(0));
        }
        let Some(last) = runs.last() else { return Ok(Page::default()) };
        let next = Some(json!(MetricPlace { run: last.clone(), point: None }));
        let rows = self.points(&format!("run_uuid IN ({})", quoted_list(&runs)), "").await?;
        Ok(Page { items: metric_items(rows), next, ..Page::default() })
    }

    /// Reads a part of the points of a run that has many.
    async fn metrics_of(&self, run: &str, after: Option<&PointPlace>) -> Result<Page> {
        let condition = match after {
            Some(PointPlace { key, time, step, .. }) => {
                let key = quoted(key);
                format!(
                    " AND (key > {key} OR (key = {key} AND (timestamp > {time} OR (timestamp = {time} AND step >= {step}))))"
                )
            }
            None => String::new(),
        };
        // Those that were read already, of the same key, time and step as the last one.
        let seen = after.map_or(0, |place| place.seen);
        let limit = format!("LIMIT {POINTS} OFFSET {seen}");
        let rows = self.points(&format!("run_uuid = {}{condition}", quoted(run)), &limit).await?;
        let place = |row: &Row| (row.text(1), row.text(4), row.text(5));
        let point = match rows.last() {
            Some(last) if rows.len() == POINTS => {
                let last = place(last);
                let same = rows.iter().rev().take_while(|row| place(row) == last).count();
                let goes_on = after.is_some_and(|after| {
                    (&after.key, &after.time, &after.step) == (&last.0, &last.1, &last.2)
                });
                let seen = if goes_on { seen + same } else { same };
                Some(PointPlace { key: last.0, time: last.1, step: last.2, seen })
            }
            _ => None,
        };
        let next = Some(json!(MetricPlace { run: run.to_owned(), point }));
        Ok(Page { items: metric_items(rows), next, ..Page::default() })
    }

    async fn points(&self, condition: &str, limit: &str) -> Result<Vec<Row>> {
        let sql = format!(
            "SELECT run_uuid, key, value, is_nan, timestamp, step FROM metrics WHERE {condition}
             ORDER BY run_uuid, key, timestamp, step, value, is_nan {limit}"
        );
        self.database.query(&sql).await
    }

    pub(super) async fn logged_models(&self, context: &Context, after: Option<&Value>) -> Result<Page> {
        let columns = [
            "experiment_id",
            "name",
            "model_type",
            "source_run_id",
            "status",
            "creation_timestamp_ms",
            "last_updated_timestamp_ms",
            "artifact_location",
            "lifecycle_stage",
        ];
        let condition = self.in_experiments(context);
        let (rows, next) = self.keyed("logged_models", "model_id", &columns, &condition, after).await?;
        let ids: Vec<String> = rows.iter().map(|row| row.text(0)).collect();
        let list = quoted_list(&ids);
        let mut tags = self.pairs("logged_model_tags", "model_id", "tag_key", "tag_value", &list).await?;
        let mut params =
            self.pairs("logged_model_params", "model_id", "param_key", "param_value", &list).await?;
        let mut metrics = self.model_metrics(&list).await?;
        let mut page = Page { next, ..Page::default() };
        for row in rows {
            let id = row.text(0);
            let mut read = || -> Result<Item> {
                let experiment_id = context.experiment(row.int(1)?)?;
                let status = match row.int(5)? {
                    1 => "PENDING",
                    2 => "READY",
                    3 => "UPLOAD_FAILED",
                    other => return Err(anyhow!("unknown status {other} of a logged model")),
                };
                let place = format!("{experiment_id}/models/{id}/artifacts");
                Ok(Item::catalog(
                    &id,
                    CatalogLine::LoggedModel(ImportedLoggedModel {
                        model_id: id.clone(),
                        experiment_id,
                        name: row.text(2),
                        model_type: row.text(3),
                        source_run_id: row.text(4),
                        status: status.to_owned(),
                        created_ns: row.time_ns(6)?,
                        last_updated_ns: row.time_ns(7)?,
                        artifact_uri: context.artifact_uri(&row.text(8), &place),
                        deleted: row.text(9) == "deleted",
                        params: params.remove(&id).unwrap_or_default(),
                        tags: tags.remove(&id).unwrap_or_default(),
                        metrics: metrics.remove(&id).unwrap_or_default(),
                    }),
                ))
            };
            let item = read();
            page.push(&id, item);
        }
        Ok(page)
    }

    async fn model_metrics(&self, list: &str) -> Result<HashMap<String, Vec<ImportedModelMetric>>> {
        let mut of_models: HashMap<String, Vec<ImportedModelMetric>> = HashMap::new();
        if !self.database.has("logged_model_metrics") {
            return Ok(of_models);
        }
        let sql = format!(
            "SELECT model_id, metric_name, metric_value, metric_timestamp_ms, metric_step, run_id, dataset_name, dataset_digest
             FROM logged_model_metrics WHERE model_id IN ({list})
             ORDER BY model_id, metric_name, metric_step, metric_timestamp_ms"
        );
        for row in self.database.query(&sql).await? {
            of_models.entry(row.text(0)).or_default().push(ImportedModelMetric {
                metric: (row.text(1), number(&row.text(2)), row.time_ns(3)?, row.int(4)?),
                run_id: row.text(5),
                dataset_name: row.text(6),
                dataset_digest: row.text(7),
            });
        }
        Ok(of_models)
    }

    /// Names the folders of artifacts of runs, then of logged models.
    pub(super) async fn artifacts(&self, context: &Context, after: Option<&Value>) -> Result<Page> {
        let of_models = after.and_then(|after| after.get("models"));
        if let Some(after) = of_models {
            let condition = self.in_experiments(context);
            let columns = ["experiment_id", "artifact_location"];
            let after = Some(after).filter(|after| after.is_string());
            let (rows, next) = self.keyed("logged_models", "model_id", &columns, &condition, after).await?;
            let folders = rows.iter().filter_map(|row| folder(context, row, None, "models/")).collect();
            return Ok(Page { folders, next: next.map(|next| json!({"models": next})), ..Page::default() });
        }
        let condition = format!("{}{}", self.in_experiments(context), since("start_time", context));
        let (rows, next) =
            self.keyed("runs", "run_uuid", &["experiment_id", "artifact_uri"], &condition, after).await?;
        let folders = rows.iter().filter_map(|row| folder(context, row, Some(row.text(0)), "")).collect();
        Ok(Page { folders, next: Some(next.unwrap_or_else(|| json!({"models": null}))), ..Page::default() })
    }
}

fn folder(context: &Context, row: &Row, run_id: Option<String>, kind: &str) -> Option<Folder> {
    let (id, uri) = (row.text(0), row.opt(2)?);
    let experiment_id = context.experiment(row.int(1).ok()?).ok()?;
    let place = format!("{experiment_id}/{kind}{id}/artifacts");
    let target = context.artifact_uri(&uri, &place).strip_prefix("mlflow-artifacts:/").map(str::to_owned);
    Some(Folder { id, uri, run_id, target: target.unwrap_or(place), spans_of: None })
}

fn experiment(row: &Row, tags: Texts) -> Result<CatalogLine> {
    let location = row.text(2);
    Ok(CatalogLine::Experiment(ImportedExperiment {
        experiment_id: row.int(0)?,
        name: row.text(1),
        artifact_location: location,
        deleted: row.text(3) == "deleted",
        created_ns: row.time_ns(4)?,
        last_updated_ns: row.time_ns(5)?,
        tags,
    }))
}

#[derive(Default)]
struct Inputs {
    datasets: Vec<ImportedDatasetInput>,
    used: Vec<String>,
    made: Vec<(String, i64)>,
}

/// Behind which points to go on: those of a run, or some of them.
#[derive(Serialize, Deserialize)]
struct MetricPlace {
    run: String,
    point: Option<PointPlace>,
}

#[derive(Serialize, Deserialize)]
struct PointPlace {
    key: String,
    time: String,
    step: String,
    /// How many points of this key, time and step were read.
    seen: usize,
}

/// Makes an item of the points of each run.
fn metric_items(rows: Vec<Row>) -> Vec<Item> {
    let mut items: Vec<(String, ImportedMetrics)> = Vec::new();
    for row in rows {
        let run_id = row.text(0);
        if items.last().is_none_or(|(last, _)| *last != run_id) {
            items.push((run_id.clone(), ImportedMetrics { run_id, points: Vec::new() }));
        }
        let value = if row.is_true(3) { "NaN".into() } else { number(&row.text(2)) };
        let point = (row.text(1), value, row.time_ns(4).unwrap_or(0), row.int(5).unwrap_or(0));
        if let Some((_, metrics)) = items.last_mut() {
            metrics.points.push(point);
        }
    }
    let item = |(id, metrics): (String, ImportedMetrics)| Item {
        id,
        count: metrics.points.len() as u64,
        line: Line::Catalog(Box::new(CatalogLine::Metrics(metrics))),
    };
    items.into_iter().map(item).collect()
}

/// Returns a number of the database as the import wants it.
fn number(text: &str) -> Value {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => number.into(),
        Ok(number) if number.is_nan() => "NaN".into(),
        Ok(number) if number > 0.0 => "Infinity".into(),
        Ok(_) => "-Infinity".into(),
        Err(_) => "NaN".into(),
    }
}
