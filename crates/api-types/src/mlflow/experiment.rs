//! Requests and answers of `experiments/*`.

use super::field::{FieldError, Fields, FromField, FromFields, Place, check_chars, check_name, cut};
use super::time::milliseconds;
use serde::Serialize;
use serde_json::Value;
use spanwise_model::limit::{EXPERIMENT_NAME_CHARS_MAX, EXPERIMENT_TAG_VALUE_CHARS_MAX, TAG_KEY_CHARS_MAX};
use spanwise_model::{ExperimentId, IdError, LifecycleStage};

/// Largest page of an experiment search.
pub const EXPERIMENTS_PER_PAGE_MAX: i64 = 50_000;

/// A key and its value, as MLflow lists tags.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeyValue {
    /// The key.
    pub key: String,
    /// The value.
    pub value: String,
}

impl FromFields for KeyValue {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(KeyValue { key: fields.required("key")?, value: fields.or_default("value")? })
    }
}

/// An experiment as MLflow answers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Experiment {
    experiment_id: String,
    name: String,
    artifact_location: String,
    lifecycle_stage: &'static str,
    last_update_time: i64,
    creation_time: i64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<KeyValue>,
    workspace: &'static str,
}

impl From<spanwise_model::Experiment> for Experiment {
    fn from(experiment: spanwise_model::Experiment) -> Self {
        Experiment {
            experiment_id: experiment.experiment_id.to_string(),
            name: experiment.name,
            artifact_location: experiment.artifact_location,
            lifecycle_stage: match experiment.lifecycle_stage {
                LifecycleStage::Active => "active",
                LifecycleStage::Deleted => "deleted",
            },
            last_update_time: milliseconds(experiment.last_updated_ns),
            creation_time: milliseconds(experiment.created_ns),
            tags: experiment.tags.into_iter().map(|(key, value)| KeyValue { key, value }).collect(),
            workspace: "default",
        }
    }
}

/// The answer that holds one experiment.
#[derive(Debug, Serialize)]
pub struct ExperimentResponse {
    /// The experiment.
    pub experiment: Experiment,
}

impl From<spanwise_model::Experiment> for ExperimentResponse {
    fn from(experiment: spanwise_model::Experiment) -> Self {
        ExperimentResponse { experiment: experiment.into() }
    }
}

/// The answer of `create`.
#[derive(Debug, Serialize)]
pub struct ExperimentIdResponse {
    /// The new experiment's id.
    pub experiment_id: String,
}

/// The answer of `search`.
#[derive(Debug, Serialize)]
pub struct ExperimentsResponse {
    /// The page.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub experiments: Vec<Experiment>,
    /// Set if more follow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
}

/// `get-by-name`.
#[derive(Debug, PartialEq, Eq)]
pub struct GetExperimentByName {
    /// The name.
    pub experiment_name: String,
}

impl FromFields for GetExperimentByName {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(GetExperimentByName { experiment_name: fields.required("experiment_name")? })
    }
}

/// `create`.
#[derive(Debug, PartialEq, Eq)]
pub struct CreateExperiment {
    /// Its name.
    pub name: String,
    /// Where its artifacts shall be; `None` or empty = the default.
    pub artifact_location: Option<String>,
    /// Its first tags.
    pub tags: Vec<KeyValue>,
}

impl FromFields for CreateExperiment {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let request = CreateExperiment {
            name: fields.required("name")?,
            artifact_location: fields.optional("artifact_location")?.filter(|text: &String| !text.is_empty()),
            tags: fields.or_default("tags")?,
        };
        check_experiment_name(&request.name)?;
        for tag in &request.tags {
            check_experiment_tag(&tag.key, &tag.value)?;
        }
        Ok(request)
    }
}

/// A request that names one experiment: `get`, `delete`, `restore`.
#[derive(Debug, PartialEq, Eq)]
pub struct OneExperiment {
    /// Its id.
    pub experiment_id: ExperimentId,
}

impl FromFields for OneExperiment {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(OneExperiment { experiment_id: fields.required("experiment_id")? })
    }
}

impl FromField for ExperimentId {
    fn from_field(value: &Value, at: &Place) -> Result<Self, FieldError> {
        let text = String::from_field(value, at)?;
        text.parse().map_err(|_| FieldError::Rule(IdError::ExperimentId(cut(&text)).to_string()))
    }
}

/// `update`.
#[derive(Debug, PartialEq, Eq)]
pub struct UpdateExperiment {
    /// Its id.
    pub experiment_id: ExperimentId,
    /// Its new name.
    pub new_name: String,
}

impl FromFields for UpdateExperiment {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let request = UpdateExperiment {
            experiment_id: fields.required("experiment_id")?,
            new_name: fields.required("new_name")?,
        };
        check_experiment_name(&request.new_name)?;
        Ok(request)
    }
}

/// `set-experiment-tag`.
#[derive(Debug, PartialEq, Eq)]
pub struct SetExperimentTag {
    /// The experiment.
    pub experiment_id: ExperimentId,
    /// The tag's key.
    pub key: String,
    /// Its value.
    pub value: String,
}

impl FromFields for SetExperimentTag {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let request = SetExperimentTag {
            experiment_id: fields.required("experiment_id")?,
            key: fields.required("key")?,
            value: fields.or_default("value")?,
        };
        check_experiment_tag(&request.key, &request.value)?;
        Ok(request)
    }
}

/// `delete-experiment-tag`.
#[derive(Debug, PartialEq, Eq)]
pub struct DeleteExperimentTag {
    /// The experiment.
    pub experiment_id: ExperimentId,
    /// The tag's key.
    pub key: String,
}

impl FromFields for DeleteExperimentTag {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(DeleteExperimentTag {
            experiment_id: fields.required("experiment_id")?,
            key: fields.required("key")?,
        })
    }
}

/// Which experiments a search shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ViewType {
    /// Those in use.
    #[default]
    ActiveOnly,
    /// Deleted ones.
    DeletedOnly,
    /// Both.
    All,
}

impl FromField for ViewType {
    /// Reads a name or protobuf number; as in proto3, an unknown name is as if it were absent.
    fn from_field(value: &Value, at: &Place) -> Result<Self, FieldError> {
        match value {
            Value::String(name) if name == "DELETED_ONLY" => Ok(ViewType::DeletedOnly),
            Value::String(name) if name == "ALL" => Ok(ViewType::All),
            Value::String(_) => Ok(ViewType::ActiveOnly),
            Value::Number(number) => Ok(match number.as_u64() {
                Some(2) => ViewType::DeletedOnly,
                Some(3) => ViewType::All,
                _ => ViewType::ActiveOnly,
            }),
            _ => Err(at.wrong_type(value)),
        }
    }
}

/// `search`.
#[derive(Debug, PartialEq, Eq)]
pub struct SearchExperiments {
    /// Which ones by lifecycle.
    pub view_type: ViewType,
    /// Page size.
    pub max_results: usize,
    /// Order clauses.
    pub order_by: Vec<String>,
    /// The filter; empty = all.
    pub filter: String,
    /// Where the page starts; empty = at the beginning.
    pub page_token: String,
}

impl FromFields for SearchExperiments {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(SearchExperiments {
            view_type: fields.or_default("view_type")?,
            max_results: page_size(fields.or_default("max_results")?, EXPERIMENTS_PER_PAGE_MAX)?,
            order_by: fields.or_default("order_by")?,
            filter: fields.or_default("filter")?,
            page_token: fields.or_default("page_token")?,
        })
    }
}

/// Checks a page size.
pub(super) fn page_size(max_results: i64, largest: i64) -> Result<usize, FieldError> {
    let hint = if max_results < 1 {
        ". It must be a positive integer".to_owned()
    } else if max_results > largest {
        format!(". It must be at most {largest}")
    } else {
        return Ok(usize::try_from(max_results).expect("1 to the largest page"));
    };
    Err(FieldError::NotAllowed { name: "max_results".to_owned(), json: max_results.to_string(), hint })
}

fn check_experiment_name(name: &str) -> Result<(), FieldError> {
    check_name("name", name)?;
    check_chars("name", name, EXPERIMENT_NAME_CHARS_MAX)
}

fn check_experiment_tag(key: &str, value: &str) -> Result<(), FieldError> {
    super::tag::check_tag_name(key)?;
    check_chars("key", key, TAG_KEY_CHARS_MAX)?;
    check_chars("value", value, EXPERIMENT_TAG_VALUE_CHARS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::collections::BTreeMap;

    #[test]
    fn an_experiment_is_written_as_mlflow_does() {
        let experiment = spanwise_model::Experiment {
            experiment_id: ExperimentId(2),
            name: "eval-exp".to_owned(),
            artifact_location: "mlflow-artifacts:/2".to_owned(),
            lifecycle_stage: LifecycleStage::Active,
            created_ns: 1_795_369_697_087_000_000,
            last_updated_ns: 1_795_369_697_087_999_999,
            tags: BTreeMap::from([("a".to_owned(), "b".to_owned())]),
        };
        let expected = json!({
            "experiment_id": "2", "name": "eval-exp", "artifact_location": "mlflow-artifacts:/2",
            "lifecycle_stage": "active", "last_update_time": 1_795_369_697_087_i64,
            "creation_time": 1_795_369_697_087_i64, "tags": [{"key": "a", "value": "b"}], "workspace": "default",
        });
        assert_eq!(serde_json::to_value(Experiment::from(experiment)).unwrap(), expected);
    }

    fn check_error<T: FromFields + std::fmt::Debug>(body: Value, expected: &str) {
        let error = T::from_fields(&Fields::of_body(body.as_object().unwrap())).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn limits_have_their_texts() {
        check_error::<CreateExperiment>(
            json!({"name": "x".repeat(501)}),
            "'name' exceeds the maximum length of 500 characters",
        );
        check_error::<CreateExperiment>(json!({"name": "a\0b"}), "'name' holds a NUL character; names can't");
        check_error::<SearchExperiments>(
            json!({}),
            "Invalid value 0 for parameter 'max_results' supplied. It must be a positive integer",
        );
        check_error::<SearchExperiments>(
            json!({"max_results": 50_001}),
            "Invalid value 50001 for parameter 'max_results' supplied. It must be at most 50000",
        );
        check_error::<OneExperiment>(
            json!({"experiment_id": "abc"}),
            "Invalid experiment ID 'abc'. Experiment ID must be a valid integer.",
        );
    }

    #[test]
    fn a_search_has_defaults() {
        let body = json!({"max_results": "5", "view_type": "ALL"});
        let request = SearchExperiments::from_fields(&Fields::of_body(body.as_object().unwrap())).unwrap();
        assert_eq!((request.max_results, request.view_type), (5, ViewType::All));
        assert_eq!(request.filter, "");
    }
}
