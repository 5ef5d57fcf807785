//! Requests and answers of `scorers/*`.

use super::field::{FieldError, Fields, FromFields, check_chars, check_name};
use super::start_trace::check_value;
use super::time::milliseconds;
use serde::Serialize;
use serde_json::Value;
use spanwise_model::limit::TAG_KEY_CHARS_MAX;
use spanwise_model::{ExperimentId, OnlineScoring, ScorerVersion};

/// A version of a scorer as MLflow answers it; unlike elsewhere, the experiment is a number.
#[derive(Debug, Serialize)]
pub struct Scorer {
    experiment_id: i64,
    scorer_name: String,
    scorer_version: i64,
    serialized_scorer: String,
    creation_time: i64,
    scorer_id: String,
}

impl From<ScorerVersion> for Scorer {
    fn from(scorer: ScorerVersion) -> Self {
        Scorer {
            experiment_id: scorer.experiment_id.0,
            scorer_name: scorer.name,
            scorer_version: scorer.version,
            serialized_scorer: scorer.serialized,
            creation_time: milliseconds(scorer.created_ns),
            scorer_id: scorer.scorer_id,
        }
    }
}

/// The answer of `register`, which names the same things in other words.
#[derive(Debug, Serialize)]
pub struct RegisteredScorer {
    version: i64,
    scorer_id: String,
    experiment_id: String,
    name: String,
    serialized_scorer: String,
    creation_time: i64,
}

impl From<ScorerVersion> for RegisteredScorer {
    fn from(scorer: ScorerVersion) -> Self {
        RegisteredScorer {
            version: scorer.version,
            scorer_id: scorer.scorer_id,
            experiment_id: scorer.experiment_id.to_string(),
            name: scorer.name,
            serialized_scorer: scorer.serialized,
            creation_time: milliseconds(scorer.created_ns),
        }
    }
}

/// The answer that holds one scorer.
#[derive(Debug, Serialize)]
pub struct ScorerResponse {
    /// The scorer.
    pub scorer: Scorer,
}

/// The answer of `list` and `versions`.
#[derive(Debug, Serialize)]
pub struct ScorersResponse {
    /// The scorers.
    pub scorers: Vec<Scorer>,
}

/// How a scorer runs on traces as they arrive.
#[derive(Debug, Serialize)]
pub struct OnlineConfig {
    online_scoring_config_id: String,
    scorer_id: String,
    sample_rate: f64,
    experiment_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    filter_string: Option<String>,
}

impl From<OnlineScoring> for OnlineConfig {
    fn from(config: OnlineScoring) -> Self {
        OnlineConfig {
            online_scoring_config_id: config.config_id,
            scorer_id: config.scorer_id,
            sample_rate: config.sample_rate,
            experiment_id: config.experiment_id.to_string(),
            filter_string: config.filter,
        }
    }
}

/// The answer of `online-config`.
#[derive(Debug, Serialize)]
pub struct OnlineConfigResponse {
    /// The configuration.
    pub config: OnlineConfig,
}

/// The answer of `online-configs`.
#[derive(Debug, Serialize)]
pub struct OnlineConfigsResponse {
    /// The configurations.
    pub configs: Vec<OnlineConfig>,
}

/// `register`.
#[derive(Debug, PartialEq, Eq)]
pub struct RegisterScorer {
    /// The experiment that it is for.
    pub experiment_id: ExperimentId,
    /// Its name.
    pub name: String,
    /// What it does.
    pub serialized: String,
}

impl FromFields for RegisterScorer {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let request = RegisterScorer {
            experiment_id: fields.required("experiment_id")?,
            name: fields.required("name")?,
            serialized: fields.required("serialized_scorer")?,
        };
        check_name("name", &request.name)?;
        check_chars("name", &request.name, TAG_KEY_CHARS_MAX)?;
        check_value("serialized_scorer", &request.serialized)?;
        let Ok(scorer) = serde_json::from_str::<Value>(&request.serialized) else {
            return Err(FieldError::Rule("serialized_scorer must be valid JSON".to_owned()));
        };
        if scorer.get("call_source").is_some_and(Value::is_string) {
            // Reading such a scorer back runs its code in whoever reads it.
            return Err(FieldError::Rule(
                "Custom scorer registration (using @scorer decorator) is disabled by default outside of Databricks \
                 tracking environments due to security concerns. Custom scorers require arbitrary code execution \
                 during deserialization.\n\nKeep the code of the scorer in a repository and import it where it is \
                 used, or use built-in scorers or make_judge() scorers instead."
                    .to_owned(),
            ));
        }
        Ok(request)
    }
}

/// Says whether a scorer asks a model of MLflow's gateway.
pub fn uses_gateway(serialized: &str) -> bool {
    let scorer: Value = serde_json::from_str(serialized).unwrap_or_default();
    ["instructions_judge_pydantic_data", "builtin_scorer_pydantic_data"]
        .iter()
        .any(|part| scorer[part]["model"].as_str().is_some_and(|model| model.starts_with("gateway:/")))
}

/// `list`.
#[derive(Debug, PartialEq, Eq)]
pub struct ListScorers {
    /// The experiments; `None` = all active ones.
    pub experiments: Option<Vec<ExperimentId>>,
}

impl FromFields for ListScorers {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let one: Option<String> = fields.optional("experiment_id")?.filter(|id: &String| !id.is_empty());
        let several: Option<Vec<ExperimentId>> = fields.optional("experiment_ids")?;
        match (one, several) {
            (Some(_), Some(_)) => Err(FieldError::Rule(
                "Cannot specify both 'experiment_id' and 'experiment_ids'. Use 'experiment_ids' to scope the query to \
                 multiple experiments, or 'experiment_id' to scope it to a single experiment."
                    .to_owned(),
            )),
            (Some(_), None) => Ok(ListScorers { experiments: Some(vec![fields.required("experiment_id")?]) }),
            (None, experiments) => Ok(ListScorers { experiments }),
        }
    }
}

/// `versions`, `get` and `delete`.
#[derive(Debug, PartialEq, Eq)]
pub struct OneScorer {
    /// The experiment.
    pub experiment_id: ExperimentId,
    /// The scorer's name.
    pub name: String,
    /// One version of it.
    pub version: Option<i64>,
}

impl FromFields for OneScorer {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(OneScorer {
            experiment_id: fields.required("experiment_id")?,
            name: fields.required("name")?,
            version: fields.optional("version")?,
        })
    }
}

/// `online-config`.
#[derive(Debug, PartialEq)]
pub struct SetOnlineConfig {
    /// The experiment.
    pub experiment_id: ExperimentId,
    /// The scorer's name.
    pub name: String,
    /// The share of traces, 0 to 1.
    pub sample_rate: f64,
    /// Which traces; `None` = all.
    pub filter: Option<String>,
}

impl FromFields for SetOnlineConfig {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let request = SetOnlineConfig {
            experiment_id: fields.required("experiment_id")?,
            name: fields.required("name")?,
            sample_rate: fields.required("sample_rate")?,
            filter: fields.optional("filter_string")?.filter(|text: &String| !text.is_empty()),
        };
        if !(0.0..=1.0).contains(&request.sample_rate) {
            return Err(FieldError::Rule(format!(
                "sample_rate must be between 0.0 and 1.0, got {:?}",
                request.sample_rate
            )));
        }
        Ok(request)
    }
}

/// `online-configs`.
#[derive(Debug, PartialEq, Eq)]
pub struct GetOnlineConfigs {
    /// The scorers.
    pub scorer_ids: Vec<String>,
}

impl FromFields for GetOnlineConfigs {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(GetOnlineConfigs { scorer_ids: fields.required("scorer_ids")? })
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
    fn scorers_are_json_without_code() {
        let register = |serialized: &str| {
            read::<RegisterScorer>(
                json!({"experiment_id": "1", "name": "s", "serialized_scorer": serialized}),
            )
        };
        assert!(register(r#"{"call_source": null}"#).is_ok());
        assert_eq!(register("nope").unwrap_err(), "serialized_scorer must be valid JSON");
        assert!(
            register(r#"{"call_source": "return 1"}"#).unwrap_err().starts_with("Custom scorer registration")
        );
    }

    #[test]
    fn a_rate_is_a_share() {
        let rate = |rate: Value| {
            let body = json!({"experiment_id": "1", "name": "s", "sample_rate": rate});
            read::<SetOnlineConfig>(body).map(|request| request.sample_rate)
        };
        assert_eq!(rate(json!(0)), Ok(0.0));
        assert_eq!(rate(json!(2)).unwrap_err(), "sample_rate must be between 0.0 and 1.0, got 2.0");
        assert!(rate(json!("NaN")).is_err());
    }

    #[test]
    fn a_judge_says_what_model_it_asks() {
        assert!(uses_gateway(r#"{"instructions_judge_pydantic_data": {"model": "gateway:/x"}}"#));
        assert!(!uses_gateway(r#"{"instructions_judge_pydantic_data": {"model": "openai:/x"}}"#));
        assert!(!uses_gateway("{}"));
    }
}
