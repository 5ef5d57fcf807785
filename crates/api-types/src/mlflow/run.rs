//! Requests and answers of `runs/*` and `metrics/*`.

use super::experiment::{KeyValue, ViewType, page_size};
use super::field::{FieldError, Fields, FromField, FromFields, Place, check_chars, check_name};
use super::start_trace::check_value;
use super::tag::{check_key, check_tag_name};
use super::time::{milliseconds, ms_to_ns};
use serde::{Serialize, Serializer};
use serde_json::Value;
use spanwise_model::limit::{
    BATCH_DATASETS_MAX, BATCH_ENTITIES_MAX, BATCH_METRICS_MAX, BATCH_PARAMS_MAX, BATCH_TAGS_MAX,
    METRIC_KEY_CHARS_MAX, TAG_KEY_CHARS_MAX, TAG_VALUE_BYTES_MAX,
};
use spanwise_model::{DatasetInput, ExperimentId, LifecycleStage, ModelOutput, RunDataset, RunId, RunStatus};
use std::collections::BTreeMap;

/// Page size of a run search that names none.
const RUNS_PER_PAGE: i64 = 1_000;
/// Largest page of a run search.
const RUNS_PER_PAGE_MAX: i64 = 50_000;
/// Largest page of a metric's history.
const POINTS_PER_PAGE_MAX: i64 = 25_000;
/// Steps of one run in a sample of a metric.
const SAMPLED_STEPS_MAX: i64 = 2_500;
/// Runs in one request for a metric of several runs.
const BULK_RUNS_MAX: usize = 100;

/// A run as MLflow answers it.
#[derive(Debug, Serialize)]
pub struct Run {
    info: RunInfo,
    data: RunData,
    inputs: Inputs,
    outputs: Outputs,
}

/// A run without what was logged to it.
#[derive(Debug, Serialize)]
pub struct RunInfo {
    run_uuid: String,
    run_id: String,
    experiment_id: String,
    run_name: String,
    user_id: String,
    status: &'static str,
    start_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_time: Option<i64>,
    artifact_uri: String,
    lifecycle_stage: &'static str,
}

#[derive(Debug, Serialize)]
struct RunData {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    metrics: Vec<Metric>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    params: Vec<KeyValue>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<KeyValue>,
}

#[derive(Debug, Serialize)]
struct Inputs {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    dataset_inputs: Vec<DatasetInputOut>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    model_inputs: Vec<ModelInputOut>,
}

#[derive(Debug, Serialize)]
struct DatasetInputOut {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<KeyValue>,
    dataset: DatasetOut,
}

#[derive(Debug, Serialize)]
struct DatasetOut {
    name: String,
    digest: String,
    source_type: String,
    source: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    schema: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<String>,
}

#[derive(Debug, Serialize)]
struct ModelInputOut {
    model_id: String,
}

#[derive(Debug, Serialize)]
struct Outputs {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    model_outputs: Vec<ModelOutputOut>,
}

#[derive(Debug, Serialize)]
struct ModelOutputOut {
    model_id: String,
    step: i64,
}

/// One value of a metric as MLflow answers it.
#[derive(Debug, Serialize)]
pub struct Metric {
    key: String,
    #[serde(serialize_with = "write_double")]
    value: f64,
    timestamp: i64,
    step: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    run_id: Option<String>,
}

/// Protobuf JSON writes what is no finite number as a text.
pub(super) fn write_double<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        value if value.is_nan() => serializer.serialize_str("NaN"),
        value if value.is_infinite() => {
            serializer.serialize_str(if *value > 0.0 { "Infinity" } else { "-Infinity" })
        }
        value => serializer.serialize_f64(*value),
    }
}

impl From<spanwise_model::Metric> for Metric {
    fn from(metric: spanwise_model::Metric) -> Self {
        Metric {
            key: metric.key,
            value: metric.value,
            timestamp: milliseconds(metric.timestamp_ns),
            step: metric.step,
            run_id: None,
        }
    }
}

impl From<(RunId, spanwise_model::Metric)> for Metric {
    fn from((run_id, metric): (RunId, spanwise_model::Metric)) -> Self {
        Metric { run_id: Some(run_id.0), ..metric.into() }
    }
}

impl From<spanwise_model::Run> for Run {
    fn from(run: spanwise_model::Run) -> Self {
        let info = RunInfo::from(&run);
        let pair = |(key, value)| KeyValue { key, value };
        Run {
            info,
            data: RunData {
                metrics: run.metrics.into_iter().map(Metric::from).collect(),
                params: run.params.into_iter().map(pair).collect(),
                tags: run.tags.into_iter().map(pair).collect(),
            },
            inputs: Inputs {
                dataset_inputs: run.dataset_inputs.into_iter().map(DatasetInputOut::from).collect(),
                model_inputs: run
                    .model_inputs
                    .into_iter()
                    .map(|model_id| ModelInputOut { model_id })
                    .collect(),
            },
            outputs: Outputs {
                model_outputs: run
                    .model_outputs
                    .into_iter()
                    .map(|output| ModelOutputOut { model_id: output.model_id, step: output.step })
                    .collect(),
            },
        }
    }
}

impl From<&spanwise_model::Run> for RunInfo {
    fn from(run: &spanwise_model::Run) -> Self {
        RunInfo {
            run_uuid: run.run_id.0.clone(),
            run_id: run.run_id.0.clone(),
            experiment_id: run.experiment_id.to_string(),
            run_name: run.name.clone(),
            user_id: run.user.clone(),
            status: run.status.name(),
            start_time: milliseconds(run.start_ns),
            end_time: run.end_ns.map(milliseconds),
            artifact_uri: run.artifact_uri.clone(),
            lifecycle_stage: match run.lifecycle_stage {
                LifecycleStage::Active => "active",
                LifecycleStage::Deleted => "deleted",
            },
        }
    }
}

impl From<DatasetInput> for DatasetInputOut {
    fn from(input: DatasetInput) -> Self {
        let RunDataset { name, digest, source_type, source, schema, profile } = input.dataset;
        DatasetInputOut {
            tags: input.tags.into_iter().map(|(key, value)| KeyValue { key, value }).collect(),
            dataset: DatasetOut { name, digest, source_type, source, schema, profile },
        }
    }
}

/// The answer that holds one run.
#[derive(Debug, Serialize)]
pub struct RunResponse {
    /// The run.
    pub run: Run,
}

/// The answer of `update`.
#[derive(Debug, Serialize)]
pub struct RunInfoResponse {
    /// The run.
    pub run_info: RunInfo,
}

/// The answer of `search`.
#[derive(Debug, Serialize)]
pub struct RunsResponse {
    /// The page.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub runs: Vec<Run>,
    /// Set if more follow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
}

/// The answer that holds points of a metric.
#[derive(Debug, Serialize)]
pub struct MetricsResponse {
    /// The points.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub metrics: Vec<Metric>,
    /// Set if more follow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
}

/// The answer of `experiments/search-datasets`.
#[derive(Debug, Serialize)]
pub struct DatasetSummariesResponse {
    /// The datasets.
    pub dataset_summaries: Vec<DatasetSummary>,
}

/// A dataset that runs read.
#[derive(Debug, Serialize)]
pub struct DatasetSummary {
    /// The experiment.
    pub experiment_id: String,
    /// Its name.
    pub name: String,
    /// Its digest.
    pub digest: String,
    /// What for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
}

/// `create`.
#[derive(Debug, PartialEq, Eq)]
pub struct CreateRun {
    /// Where it shall live.
    pub experiment_id: ExperimentId,
    /// Its name; `None` = one is made up.
    pub name: Option<String>,
    /// Who starts it.
    pub user: String,
    /// When it started.
    pub start_ns: i64,
    /// Its first tags.
    pub tags: BTreeMap<String, String>,
}

/// The tag that repeats a run's name.
const NAME_TAG: &str = "mlflow.runName";

impl FromFields for CreateRun {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let tags: Vec<Tag> = fields.or_default("tags")?;
        let tags: BTreeMap<String, String> = tags.into_iter().map(|tag| (tag.key, tag.value)).collect();
        let given: Option<String> =
            fields.optional("run_name")?.filter(|name: &String| !name.trim().is_empty());
        if let (Some(name), Some(tag)) = (&given, tags.get(NAME_TAG))
            && name != tag
        {
            return Err(FieldError::Rule(format!(
                "Both 'run_name' argument and '{NAME_TAG}' tag are specified, but with different values \
                 (run_name='{name}', {NAME_TAG}='{tag}')."
            )));
        }
        let name = given.or_else(|| tags.get(NAME_TAG).filter(|name| !name.is_empty()).cloned());
        if let Some(name) = &name {
            check_name("run_name", name)?;
            check_value("run_name", name)?;
        }
        Ok(CreateRun {
            experiment_id: fields.required("experiment_id")?,
            name,
            user: fields.or_default("user_id")?,
            start_ns: time(fields, "start_time")?.unwrap_or_default(),
            tags,
        })
    }
}

/// A request that names one run: `get`, `delete`, `restore`.
#[derive(Debug, PartialEq, Eq)]
pub struct OneRun {
    /// Its id.
    pub run_id: RunId,
}

impl FromFields for OneRun {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(OneRun { run_id: run_id(fields)? })
    }
}

/// Reads the id of a run under its old name too.
fn run_id(fields: &Fields<'_>) -> Result<RunId, FieldError> {
    match fields.optional::<String>("run_uuid")?.filter(|id| !id.is_empty()) {
        Some(old) => Ok(RunId(
            fields.optional::<String>("run_id")?.filter(|id: &String| !id.is_empty()).unwrap_or(old),
        )),
        None => Ok(RunId(fields.required("run_id")?)),
    }
}

/// Reads a time in milliseconds.
fn time(fields: &Fields<'_>, name: &str) -> Result<Option<i64>, FieldError> {
    fields.optional::<i64>(name)?.map(|ms| to_ns(name, ms)).transpose()
}

fn to_ns(name: &str, ms: i64) -> Result<i64, FieldError> {
    ms_to_ns(ms).ok_or_else(|| FieldError::NotAllowed {
        name: name.to_owned(),
        json: ms.to_string(),
        hint: ". It must be a time in milliseconds between 1678 and 2261".to_owned(),
    })
}

/// `update`.
#[derive(Debug, PartialEq, Eq)]
pub struct UpdateRun {
    /// Its id.
    pub run_id: RunId,
    /// New status.
    pub status: Option<RunStatus>,
    /// New end.
    pub end_ns: Option<i64>,
    /// New name.
    pub name: Option<String>,
}

impl FromFields for UpdateRun {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let name = fields.optional("run_name")?.filter(|name: &String| !name.is_empty());
        if let Some(name) = &name {
            check_name("run_name", name)?;
            check_value("run_name", name)?;
        }
        Ok(UpdateRun {
            run_id: run_id(fields)?,
            status: fields.optional::<Status>("status")?.and_then(|status| status.0),
            end_ns: time(fields, "end_time")?,
            name,
        })
    }
}

/// A status by name or protobuf number; as in proto3, an unknown one is as if it were absent.
struct Status(Option<RunStatus>);

impl FromField for Status {
    fn from_field(value: &Value, at: &Place) -> Result<Self, FieldError> {
        match value {
            Value::String(name) => Ok(Status(RunStatus::from_name(name))),
            Value::Number(number) => {
                let index = number.as_u64().and_then(|number| usize::try_from(number).ok()?.checked_sub(1));
                Ok(Status(index.and_then(|index| RunStatus::ALL.get(index).copied())))
            }
            _ => Err(at.wrong_type(value)),
        }
    }
}

/// `search`.
#[derive(Debug, PartialEq, Eq)]
pub struct SearchRuns {
    /// Where to look.
    pub experiments: Vec<ExperimentId>,
    /// The filter; empty = all.
    pub filter: String,
    /// Which ones by lifecycle.
    pub view_type: ViewType,
    /// Page size.
    pub max_results: usize,
    /// Order clauses.
    pub order_by: Vec<String>,
    /// Where the page starts; empty = at the beginning.
    pub page_token: String,
}

impl FromFields for SearchRuns {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let max_results = fields.optional("max_results")?.unwrap_or(RUNS_PER_PAGE);
        Ok(SearchRuns {
            experiments: fields.or_default("experiment_ids")?,
            filter: fields.or_default("filter")?,
            view_type: fields.or_default("run_view_type")?,
            max_results: page_size(max_results, RUNS_PER_PAGE_MAX)?,
            order_by: fields.or_default("order_by")?,
            page_token: fields.or_default("page_token")?,
        })
    }
}

/// A tag of a run in a request.
#[derive(Debug)]
struct Tag {
    key: String,
    value: String,
}

impl FromFields for Tag {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let tag = Tag { key: fields.required("key")?, value: fields.or_default("value")? };
        check_tag_name(&tag.key)?;
        check_chars("key", &tag.key, TAG_KEY_CHARS_MAX)?;
        check_value(&tag.key, &tag.value)?;
        Ok(tag)
    }
}

/// A parameter in a request.
#[derive(Debug)]
struct Param(KeyValue);

impl FromFields for Param {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let param = KeyValue { key: fields.required("key")?, value: fields.or_default("value")? };
        check_key("key", &param.key)?;
        check_chars("Param key", &param.key, METRIC_KEY_CHARS_MAX)?;
        check_value(&param.key, &param.value)?;
        Ok(Param(param))
    }
}

/// A point of a metric in a request.
#[derive(Debug, PartialEq)]
pub struct NewMetric {
    /// The point.
    pub metric: spanwise_model::Metric,
    /// The logged model that it is of.
    pub model_id: Option<String>,
    /// Name and digest of the dataset that it was measured on.
    pub dataset: Option<(String, String)>,
}

impl FromFields for NewMetric {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let key: String = fields.required("key")?;
        check_key("name", &key)?;
        check_chars("Metric name", &key, METRIC_KEY_CHARS_MAX)?;
        let value = fields.required("value")?;
        let timestamp: i64 = fields.required("timestamp")?;
        if timestamp < 0 {
            return Err(FieldError::NotAllowed {
                name: "timestamp".to_owned(),
                json: timestamp.to_string(),
                hint: format!(
                    ": metric '{key}' (value={value}). Timestamp must be a nonnegative long (64-bit integer) "
                ),
            });
        }
        let filled = |name| Ok(fields.optional(name)?.filter(|text: &String| !text.is_empty()));
        let dataset = filled("dataset_name")?.zip(filled("dataset_digest")?);
        Ok(NewMetric {
            metric: spanwise_model::Metric {
                key,
                value,
                timestamp_ns: to_ns("timestamp", timestamp)?,
                step: fields.or_default("step")?,
            },
            model_id: filled("model_id")?,
            dataset,
        })
    }
}

impl FromField for f64 {
    fn from_field(value: &Value, at: &Place) -> Result<Self, FieldError> {
        let number = match value {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => match text.as_str() {
                "NaN" => Some(f64::NAN),
                "Infinity" => Some(f64::INFINITY),
                "-Infinity" => Some(f64::NEG_INFINITY),
                text => text.trim().parse().ok().filter(|number: &f64| number.is_finite()),
            },
            _ => None,
        };
        number.ok_or_else(|| at.wrong_type(value))
    }
}

/// What to log to a run: `log-batch`, `log-metric`, `log-parameter` and `set-tag`.
#[derive(Debug, PartialEq)]
pub struct LogToRun {
    /// The run.
    pub run_id: RunId,
    /// Points of metrics.
    pub metrics: Vec<NewMetric>,
    /// Parameters.
    pub params: Vec<(String, String)>,
    /// Tags.
    pub tags: Vec<(String, String)>,
}

/// `log-batch`.
#[derive(Debug, PartialEq)]
pub struct LogBatch(
    /// What to log.
    pub LogToRun,
);

impl FromFields for LogBatch {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let run_id = RunId(fields.required("run_id")?);
        let metrics: Vec<NewMetric> = fields.or_default("metrics")?;
        let params: Vec<Param> = fields.or_default("params")?;
        let tags: Vec<Tag> = fields.or_default("tags")?;
        check_batch("metrics", metrics.len(), BATCH_METRICS_MAX)?;
        check_batch("params", params.len(), BATCH_PARAMS_MAX)?;
        check_batch("tags", tags.len(), BATCH_TAGS_MAX)?;
        let total = metrics.len() + params.len() + tags.len();
        check_batch("metrics, params, and tags", total, BATCH_ENTITIES_MAX)?;
        let params: Vec<_> = params.into_iter().map(|Param(param)| (param.key, param.value)).collect();
        check_unique(&params)?;
        let tags = tags.into_iter().map(|tag| (tag.key, tag.value)).collect();
        Ok(LogBatch(LogToRun { run_id, metrics, params, tags }))
    }
}

fn check_batch(what: &str, count: usize, most: usize) -> Result<(), FieldError> {
    if count <= most {
        return Ok(());
    }
    Err(FieldError::Rule(format!(
        "A batch logging request can contain at most {most} {what}. Got {count} {what}. Please split up {what} \
         across multiple requests and try again."
    )))
}

fn check_unique(params: &[(String, String)]) -> Result<(), FieldError> {
    let is_repeated = |index: usize| params[..index].iter().any(|(key, _)| *key == params[index].0);
    let repeated: Vec<String> = (0..params.len())
        .filter(|index| is_repeated(*index))
        .map(|index| format!("'{}'", params[index].0))
        .collect();
    if repeated.is_empty() {
        return Ok(());
    }
    Err(FieldError::Rule(format!(
        "Duplicate parameter keys have been submitted: [{}]. Please ensure the request contains only one param value \
         per param key.",
        repeated.join(", ")
    )))
}

/// `log-metric`.
#[derive(Debug, PartialEq)]
pub struct LogMetric(
    /// What to log.
    pub LogToRun,
);

impl FromFields for LogMetric {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let run_id = run_id(fields)?;
        let metrics = vec![NewMetric::from_fields(fields)?];
        Ok(LogMetric(LogToRun { run_id, metrics, params: Vec::new(), tags: Vec::new() }))
    }
}

/// `log-parameter`.
#[derive(Debug, PartialEq)]
pub struct LogParam(
    /// What to log.
    pub LogToRun,
);

impl FromFields for LogParam {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let run_id = run_id(fields)?;
        let Param(param) = Param::from_fields(fields)?;
        let params = vec![(param.key, param.value)];
        Ok(LogParam(LogToRun { run_id, metrics: Vec::new(), params, tags: Vec::new() }))
    }
}

/// `set-tag`.
#[derive(Debug, PartialEq)]
pub struct SetRunTag(
    /// What to log.
    pub LogToRun,
);

impl FromFields for SetRunTag {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let run_id = run_id(fields)?;
        let tag = Tag::from_fields(fields)?;
        let tags = vec![(tag.key, tag.value)];
        Ok(SetRunTag(LogToRun { run_id, metrics: Vec::new(), params: Vec::new(), tags }))
    }
}

/// `delete-tag`.
#[derive(Debug, PartialEq, Eq)]
pub struct DeleteRunTag {
    /// The run.
    pub run_id: RunId,
    /// The tag's key.
    pub key: String,
}

impl FromFields for DeleteRunTag {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(DeleteRunTag { run_id: run_id(fields)?, key: fields.required("key")? })
    }
}

/// `log-inputs`.
#[derive(Debug, PartialEq, Eq)]
pub struct LogInputs {
    /// The run.
    pub run_id: RunId,
    /// Datasets that it read.
    pub datasets: Vec<DatasetInput>,
    /// Models that it used.
    pub models: Vec<String>,
}

impl FromFields for LogInputs {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let run_id = RunId(fields.required("run_id")?);
        let datasets: Vec<DatasetIn> = fields.or_default("datasets")?;
        let models: Vec<ModelIn> = fields.or_default("models")?;
        if datasets.len() > BATCH_DATASETS_MAX {
            return Err(FieldError::Rule(format!(
                "a log-inputs request can contain at most {BATCH_DATASETS_MAX} datasets; got {}",
                datasets.len()
            )));
        }
        Ok(LogInputs {
            run_id,
            datasets: datasets.into_iter().map(|one| one.0).collect(),
            models: models.into_iter().map(|model| model.model_id).collect(),
        })
    }
}

struct DatasetIn(DatasetInput);

impl FromFields for DatasetIn {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let tags: Vec<KeyValue> = fields.or_default("tags")?;
        let dataset = fields.required_object("dataset")?;
        let text = |name| -> Result<Option<String>, FieldError> {
            let text: Option<String> = dataset.optional(name)?.filter(|text: &String| !text.is_empty());
            match &text {
                Some(text) if text.len() > TAG_VALUE_BYTES_MAX => Err(FieldError::Rule(format!(
                    "'{name}' of a dataset has {} bytes; at most {TAG_VALUE_BYTES_MAX} are kept",
                    text.len()
                ))),
                _ => Ok(text),
            }
        };
        let (schema, profile) = (text("schema")?, text("profile")?);
        text("source")?;
        let dataset = RunDataset {
            name: dataset.required("name")?,
            digest: dataset.required("digest")?,
            source_type: dataset.required("source_type")?,
            source: dataset.required("source")?,
            schema,
            profile,
        };
        let tags = tags.into_iter().map(|tag| (tag.key, tag.value)).collect();
        Ok(DatasetIn(DatasetInput { dataset, tags }))
    }
}

struct ModelIn {
    model_id: String,
    step: i64,
}

impl FromFields for ModelIn {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(ModelIn { model_id: fields.required("model_id")?, step: fields.or_default("step")? })
    }
}

/// `outputs`.
#[derive(Debug, PartialEq, Eq)]
pub struct LogOutputs {
    /// The run.
    pub run_id: RunId,
    /// Models that it made.
    pub models: Vec<ModelOutput>,
}

impl FromFields for LogOutputs {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let run_id = RunId(fields.required("run_id")?);
        let models: Vec<ModelIn> = fields.or_default("models")?;
        let output = |model: ModelIn| ModelOutput { model_id: model.model_id, step: model.step };
        Ok(LogOutputs { run_id, models: models.into_iter().map(output).collect() })
    }
}

/// `metrics/get-history`.
#[derive(Debug, PartialEq, Eq)]
pub struct GetMetricHistory {
    /// The run.
    pub run_id: RunId,
    /// The metric.
    pub metric_key: String,
    /// Page size; `None` = all, since the client then reads one answer alone.
    pub max_results: Option<usize>,
    /// Where the page starts; empty = at the beginning.
    pub page_token: String,
}

impl FromFields for GetMetricHistory {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let size = |wanted: i64| page_size(wanted.min(POINTS_PER_PAGE_MAX), POINTS_PER_PAGE_MAX);
        Ok(GetMetricHistory {
            run_id: run_id(fields)?,
            metric_key: fields.required("metric_key")?,
            max_results: fields.optional("max_results")?.map(size).transpose()?,
            page_token: fields.or_default("page_token")?,
        })
    }
}

/// `metrics/get-history-bulk` and `metrics/get-history-bulk-interval`.
#[derive(Debug, PartialEq, Eq)]
pub struct GetMetricsOfRuns {
    /// The runs.
    pub runs: Vec<RunId>,
    /// The metric.
    pub metric_key: String,
    /// First and last step.
    pub steps: Option<(i64, i64)>,
    /// Steps of one run.
    pub max_results: usize,
}

impl FromFields for GetMetricsOfRuns {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let mut runs: Vec<String> = fields.or_default("run_ids")?;
        runs.extend(fields.or_default::<Vec<String>>("run_id")?);
        if runs.is_empty() {
            return Err(FieldError::Missing("run_ids".to_owned()));
        }
        if runs.len() > BULK_RUNS_MAX {
            return Err(FieldError::Rule(format!(
                "GetMetricHistoryBulk request cannot specify more than {BULK_RUNS_MAX} run_ids. Received {} run_ids.",
                runs.len()
            )));
        }
        let steps = match (fields.optional("start_step")?, fields.optional("end_step")?) {
            (Some(first), Some(last)) if first > last => {
                return Err(FieldError::Rule(format!(
                    "end_step must be greater than start_step. Found start_step={first} and end_step={last}."
                )));
            }
            (Some(first), Some(last)) => Some((first, last)),
            (None, None) => None,
            _ => {
                let text = "If either start step or end step are specified, both must be specified.";
                return Err(FieldError::Rule(text.to_owned()));
            }
        };
        let wanted = fields.optional::<i64>("max_results")?.unwrap_or(SAMPLED_STEPS_MAX);
        Ok(GetMetricsOfRuns {
            runs: runs.into_iter().map(RunId).collect(),
            metric_key: fields.required("metric_key")?,
            steps,
            max_results: page_size(wanted.min(SAMPLED_STEPS_MAX), SAMPLED_STEPS_MAX)?,
        })
    }
}

/// `experiments/search-datasets`.
#[derive(Debug, PartialEq, Eq)]
pub struct SearchRunDatasets {
    /// Where to look.
    pub experiments: Vec<ExperimentId>,
}

impl FromFields for SearchRunDatasets {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(SearchRunDatasets { experiments: fields.required("experiment_ids")? })
    }
}

#[cfg(test)]
mod tests;
