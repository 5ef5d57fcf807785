//! Requests that log something to a run.

use super::request::{run_id, to_ns};
use crate::mlflow::experiment::KeyValue;
use crate::mlflow::field::{FieldError, Fields, FromField, FromFields, Place, check_chars};
use crate::mlflow::start_trace::check_value;
use crate::mlflow::tag::{check_key, check_tag_name};
use serde_json::Value;
use spanwise_model::limit::{
    BATCH_DATASETS_MAX, BATCH_ENTITIES_MAX, BATCH_METRICS_MAX, BATCH_PARAMS_MAX, BATCH_TAGS_MAX,
    METRIC_KEY_CHARS_MAX, TAG_KEY_CHARS_MAX, TAG_VALUE_BYTES_MAX,
};
use spanwise_model::{DatasetInput, ModelOutput, RunDataset, RunId};

/// A tag of a run in a request.
#[derive(Debug)]
pub(super) struct Tag {
    pub(super) key: String,
    pub(super) value: String,
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

/// `log-model`.
#[derive(Debug, PartialEq)]
pub struct LogModel {
    /// The run.
    pub run_id: RunId,
    /// What is told of the model in the run's list of such.
    pub model: Value,
}

impl FromFields for LogModel {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let (run_id, text) = (run_id(fields)?, fields.required::<String>("model_json")?);
        let Ok(Value::Object(mut model)) = serde_json::from_str(&text) else {
            let rule = format!("Malformed model info. \n {text} \n is not a valid JSON.");
            return Err(FieldError::Rule(rule));
        };
        let is_missing = |name: &&&str| !model.contains_key(**name);
        let missing: Vec<&str> = MODEL_FIELDS.iter().filter(is_missing).copied().collect();
        if !missing.is_empty() {
            let names = format!("{{'{}'}}", missing.join("', '"));
            return Err(FieldError::Rule(format!("Model json is missing mandatory fields: {names}")));
        }
        model.retain(|name, _| MODEL_FIELDS.contains(&name.as_str()) || name == "model_uuid");
        for flavor in model["flavors"].as_object_mut().into_iter().flat_map(|flavors| flavors.values_mut()) {
            if let Some(settings) = flavor.as_object_mut() {
                // It may be of any size, and holds what the application was made with.
                settings.remove("config");
            }
        }
        Ok(LogModel { run_id, model: Value::Object(model) })
    }
}

/// What a model must tell of itself.
const MODEL_FIELDS: [&str; 4] = ["artifact_path", "flavors", "run_id", "utc_time_created"];
