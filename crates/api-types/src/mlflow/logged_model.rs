//! Requests and answers of `logged-models/*`.

use super::experiment::{KeyValue, page_size};
use super::field::{FieldError, Fields, FromField, FromFields, Place, check_name};
use super::run::write_double;
use super::start_trace::check_value;
use super::time::milliseconds;
use serde::Serialize;
use serde_json::Value;
use spanwise_model::{ExperimentId, ModelStatus};
use std::collections::BTreeMap;

/// Page size of a search that names none.
const MODELS_PER_PAGE: i64 = 50;
/// Largest page of a search.
const MODELS_PER_PAGE_MAX: i64 = 5_000;
/// What MLflow puts before a status in its API, and not in filters.
const STATUS_PREFIX: &str = "LOGGED_MODEL_";

/// A logged model as MLflow answers it.
#[derive(Debug, Serialize)]
pub struct LoggedModel {
    info: LoggedModelInfo,
    data: LoggedModelData,
}

#[derive(Debug, Serialize)]
struct LoggedModelInfo {
    model_id: String,
    experiment_id: String,
    name: String,
    creation_timestamp_ms: i64,
    last_updated_timestamp_ms: i64,
    artifact_uri: String,
    status: String,
    model_type: String,
    source_run_id: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<KeyValue>,
}

#[derive(Debug, Serialize)]
struct LoggedModelData {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    params: Vec<KeyValue>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    metrics: Vec<LoggedModelMetric>,
}

#[derive(Debug, Serialize)]
struct LoggedModelMetric {
    key: String,
    #[serde(serialize_with = "write_double")]
    value: f64,
    timestamp: i64,
    step: i64,
    model_id: String,
    run_id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    dataset_name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    dataset_digest: String,
}

impl From<spanwise_model::ModelMetric> for LoggedModelMetric {
    fn from(measured: spanwise_model::ModelMetric) -> Self {
        LoggedModelMetric {
            key: measured.metric.key,
            value: measured.metric.value,
            timestamp: milliseconds(measured.metric.timestamp_ns),
            step: measured.metric.step,
            model_id: measured.model_id,
            run_id: measured.run_id.0,
            dataset_name: measured.dataset.0,
            dataset_digest: measured.dataset.1,
        }
    }
}

impl From<spanwise_model::LoggedModel> for LoggedModel {
    fn from(model: spanwise_model::LoggedModel) -> Self {
        let pair = |(key, value)| KeyValue { key, value };
        LoggedModel {
            info: LoggedModelInfo {
                model_id: model.model_id,
                experiment_id: model.experiment_id.to_string(),
                name: model.name,
                creation_timestamp_ms: milliseconds(model.created_ns),
                last_updated_timestamp_ms: milliseconds(model.last_updated_ns),
                artifact_uri: model.artifact_uri,
                status: format!("{STATUS_PREFIX}{}", model.status.name()),
                model_type: model.model_type,
                source_run_id: model.source_run_id,
                tags: model.tags.into_iter().map(pair).collect(),
            },
            data: LoggedModelData {
                params: model.params.into_iter().map(pair).collect(),
                metrics: model.metrics.into_iter().map(LoggedModelMetric::from).collect(),
            },
        }
    }
}

/// The answer that holds one model.
#[derive(Debug, Serialize)]
pub struct LoggedModelResponse {
    /// The model.
    pub model: LoggedModel,
}

impl From<spanwise_model::LoggedModel> for LoggedModelResponse {
    fn from(model: spanwise_model::LoggedModel) -> Self {
        LoggedModelResponse { model: model.into() }
    }
}

/// The answer of `search`.
#[derive(Debug, Serialize)]
pub struct LoggedModelsResponse {
    /// The page.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<LoggedModel>,
    /// Set if more follow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
}

/// `POST logged-models`.
#[derive(Debug, PartialEq, Eq)]
pub struct CreateLoggedModel {
    /// Where it shall live.
    pub experiment_id: ExperimentId,
    /// Its name; `None` = one is made up.
    pub name: Option<String>,
    /// What kind of model it is.
    pub model_type: String,
    /// The run that makes it; empty for none.
    pub source_run_id: String,
    /// Its first parameters.
    pub params: BTreeMap<String, String>,
    /// Its first tags.
    pub tags: BTreeMap<String, String>,
}

impl FromFields for CreateLoggedModel {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let name: Option<String> = fields.optional("name")?.filter(|name: &String| !name.is_empty());
        if let Some(name) = &name {
            check_model_name(name)?;
        }
        Ok(CreateLoggedModel {
            experiment_id: fields.required("experiment_id")?,
            name,
            model_type: fields.or_default("model_type")?,
            source_run_id: fields.or_default("source_run_id")?,
            params: pairs(fields, "params")?,
            tags: pairs(fields, "tags")?,
        })
    }
}

fn pairs(fields: &Fields<'_>, name: &str) -> Result<BTreeMap<String, String>, FieldError> {
    let pairs: Vec<KeyValue> = fields.or_default(name)?;
    for pair in &pairs {
        check_value(&pair.key, &pair.value)?;
    }
    Ok(pairs.into_iter().map(|pair| (pair.key, pair.value)).collect())
}

fn check_model_name(name: &str) -> Result<(), FieldError> {
    check_name("name", name)?;
    check_value("name", name)?;
    if name.contains(['/', ':', '.', '%', '"', '\'']) {
        return Err(FieldError::Rule(format!(
            "Invalid model name ('{name}') provided. Model name must be a non-empty string and cannot contain the \
             following characters: ('/', ':', '.', '%', '\"', \"'\")"
        )));
    }
    Ok(())
}

/// `GET logged-models/{model_id}`.
#[derive(Debug, PartialEq, Eq)]
pub struct GetLoggedModel {
    /// Whether to answer with a deleted one.
    pub allow_deleted: bool,
}

impl FromFields for GetLoggedModel {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(GetLoggedModel { allow_deleted: fields.or_default("allow_deleted")? })
    }
}

/// `PATCH logged-models/{model_id}`.
#[derive(Debug, PartialEq, Eq)]
pub struct FinalizeLoggedModel {
    /// Its new status.
    pub status: ModelStatus,
}

impl FromFields for FinalizeLoggedModel {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(FinalizeLoggedModel { status: fields.required("status")? })
    }
}

impl FromField for ModelStatus {
    fn from_field(value: &Value, at: &Place) -> Result<Self, FieldError> {
        let found = match value {
            Value::String(name) => ModelStatus::from_name(name.strip_prefix(STATUS_PREFIX).unwrap_or(name)),
            Value::Number(number) => {
                let index = number.as_u64().and_then(|number| usize::try_from(number).ok()?.checked_sub(1));
                index.and_then(|index| ModelStatus::ALL.get(index).copied())
            }
            _ => return Err(at.wrong_type(value)),
        };
        let hint = ". It must be LOGGED_MODEL_PENDING, LOGGED_MODEL_READY or LOGGED_MODEL_UPLOAD_FAILED";
        found.ok_or_else(|| at.not_allowed(value, hint))
    }
}

/// `PATCH logged-models/{model_id}/tags` and `POST logged-models/{model_id}/params`.
#[derive(Debug, PartialEq, Eq)]
pub struct LogToLoggedModel {
    /// Parameters.
    pub params: BTreeMap<String, String>,
    /// Tags.
    pub tags: BTreeMap<String, String>,
}

impl FromFields for LogToLoggedModel {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(LogToLoggedModel { params: pairs(fields, "params")?, tags: pairs(fields, "tags")? })
    }
}

/// `POST logged-models/search`.
#[derive(Debug, PartialEq, Eq)]
pub struct SearchLoggedModels {
    /// Where to look.
    pub experiments: Vec<ExperimentId>,
    /// The filter; empty = all.
    pub filter: String,
    /// The only datasets whose metrics count: name, and digest or `None` for any.
    pub datasets: Vec<(String, Option<String>)>,
    /// Order clauses.
    pub order_by: Vec<String>,
    /// Page size.
    pub max_results: usize,
    /// Where the page starts; empty = at the beginning.
    pub page_token: String,
}

impl FromFields for SearchLoggedModels {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let datasets: Vec<Dataset> = fields.or_default("datasets")?;
        let order_by: Vec<OrderBy> = fields.or_default("order_by")?;
        let max_results = fields.optional("max_results")?.unwrap_or(MODELS_PER_PAGE);
        Ok(SearchLoggedModels {
            experiments: fields.required("experiment_ids")?,
            filter: fields.or_default("filter")?,
            datasets: datasets.into_iter().map(|dataset| dataset.0).collect(),
            order_by: order_by.into_iter().map(|by| by.0).collect(),
            max_results: page_size(max_results, MODELS_PER_PAGE_MAX)?,
            page_token: fields.or_default("page_token")?,
        })
    }
}

struct Dataset((String, Option<String>));

impl FromFields for Dataset {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let digest = fields.optional("dataset_digest")?.filter(|digest: &String| !digest.is_empty());
        Ok(Dataset((fields.required("dataset_name")?, digest)))
    }
}

/// One step of an order, as a clause.
struct OrderBy(String);

impl FromFields for OrderBy {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let field: String = fields.required("field_name")?;
        let ascending = fields.optional("ascending")?.unwrap_or(true);
        Ok(OrderBy(format!("{field} {}", if ascending { "ASC" } else { "DESC" })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read<T: FromFields>(body: Value) -> Result<T, String> {
        T::from_fields(&Fields::of_body(body.as_object().unwrap())).map_err(|error| error.to_string())
    }

    #[test]
    fn names_have_no_signs_of_paths() {
        for name in ["a/b", "a:b", "a.b", "a%b", "a\"b", "a'b"] {
            let refused = read::<CreateLoggedModel>(json!({"experiment_id": "1", "name": name})).unwrap_err();
            assert!(refused.starts_with(&format!("Invalid model name ('{name}') provided.")), "{refused}");
        }
        let made = read::<CreateLoggedModel>(json!({"experiment_id": "1", "name": "agent-v1"})).unwrap();
        assert_eq!(made.name.as_deref(), Some("agent-v1"));
    }

    #[test]
    fn a_status_has_a_prefix_or_a_number() {
        for status in [json!("LOGGED_MODEL_READY"), json!("READY"), json!(2)] {
            let request: FinalizeLoggedModel = read(json!({"status": status})).unwrap();
            assert_eq!(request.status, ModelStatus::Ready);
        }
        assert!(read::<FinalizeLoggedModel>(json!({"status": "DONE"})).is_err());
    }

    #[test]
    fn orders_become_clauses() {
        let order = json!([{"field_name": "metrics.a"}, {"field_name": "name", "ascending": false}]);
        let request: SearchLoggedModels = read(json!({"order_by": order})).unwrap();
        assert_eq!(request.order_by, ["metrics.a ASC", "name DESC"]);
    }
}
