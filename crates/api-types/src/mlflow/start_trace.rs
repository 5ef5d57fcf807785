//! The final record of a trace, as the client sends it when the trace has ended.

use super::experiment::OneExperiment;
use super::field::{FieldError, Fields, FromField, FromFields, Place, check_chars, check_name};
use super::new_assessment::NewAssessment;
use super::time::{DurationNs, TimeNs};
use super::trace_info::{
    ARTIFACT_LOCATION, COST, INFO_FINALIZED, SESSION, SPANS_LOCATION, TOKEN_USAGE, TRACE_NAME,
};
use serde_json::Value;
use spanwise_model::limit::{
    SESSION_CHARS_MAX, TAG_KEY_CHARS_MAX, TAG_VALUE_BYTES_MAX, TRACE_NAME_CHARS_MAX,
};
use spanwise_model::{AssessmentId, Cost, ExperimentId, TokenUsage, TraceId, TraceStart, TraceState};
use std::collections::BTreeMap;

/// `POST traces`.
#[derive(Debug)]
pub struct StartTrace {
    start: TraceStart,
    assessments: Vec<NewAssessment>,
}

impl StartTrace {
    /// Makes the record; `fresh_id` and `now_ns` are for assessments of which the request does not say them.
    pub fn into_model(self, mut fresh_id: impl FnMut() -> AssessmentId, now_ns: i64) -> TraceStart {
        let mut start = self.start;
        let trace_id = &start.trace_id;
        let into_model = |new: NewAssessment| new.into_model(trace_id.clone(), fresh_id(), now_ns);
        start.assessments = self.assessments.into_iter().map(into_model).collect();
        start
    }
}

impl FromFields for StartTrace {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let trace_info = fields.required_object("trace")?.required_object("trace_info")?;
        let Location(experiment_id) = trace_info.required("trace_location")?;
        let given = Given::read(trace_info.or_default("trace_metadata")?, trace_info.or_default("tags")?)?;
        let trace_id = trace_info.required::<Id>("trace_id")?.0;
        let start_ns = trace_info.required::<TimeNs>("request_time")?.0;
        let start = TraceStart {
            client_request_id: trace_info.optional("client_request_id")?,
            duration_ns: trace_info.optional::<DurationNs>("execution_duration")?.map(|duration| duration.0),
            state: trace_info.optional::<State>("state")?.map_or(TraceState::Unspecified, |state| state.0),
            request_preview: trace_info.optional("request_preview")?,
            response_preview: trace_info.optional("response_preview")?,
            ..given.into_start(trace_id, experiment_id, start_ns)
        };
        Ok(StartTrace { start, assessments: trace_info.or_default("assessments")? })
    }
}

/// The metadata and tags of a record, with those told apart that stand for fields of it.
#[derive(Debug)]
pub(super) struct Given {
    name: Option<String>,
    session: Option<String>,
    usage: Option<TokenUsage>,
    cost: Option<Cost>,
    metadata: BTreeMap<String, String>,
    tags: BTreeMap<String, String>,
}

impl Given {
    pub(super) fn read(
        mut metadata: BTreeMap<String, String>,
        mut tags: BTreeMap<String, String>,
    ) -> Result<Given, FieldError> {
        let (session, name) = (metadata.remove(SESSION), tags.remove(TRACE_NAME));
        check_chars("Session ID", session.as_deref().unwrap_or_default(), SESSION_CHARS_MAX)?;
        check_chars("Trace name", name.as_deref().unwrap_or_default(), TRACE_NAME_CHARS_MAX)?;
        let usage = metadata.remove(TOKEN_USAGE).and_then(|text| usage_from(&text));
        let cost = metadata.remove(COST).and_then(|text| cost_from(&text));
        // The server makes these; a client that sends back what it was answered must not freeze them.
        metadata.remove(INFO_FINALIZED);
        tags.retain(|key, _| key != ARTIFACT_LOCATION && key != SPANS_LOCATION);
        check_entries(&metadata)?;
        check_entries(&tags)?;
        Ok(Given { name, session, usage, cost, metadata, tags })
    }

    /// Makes the record of a trace that is in progress.
    pub(super) fn into_start(
        self,
        trace_id: TraceId,
        experiment_id: ExperimentId,
        start_ns: i64,
    ) -> TraceStart {
        TraceStart {
            trace_id,
            experiment_id,
            client_request_id: None,
            start_ns,
            duration_ns: None,
            state: TraceState::InProgress,
            name: self.name,
            session: self.session,
            request_preview: None,
            response_preview: None,
            usage: self.usage,
            cost: self.cost,
            metadata: self.metadata,
            tags: self.tags,
            assessments: Vec::new(),
        }
    }
}

/// Checks keys and values of tags or metadata against the limits of what is stored.
pub(super) fn check_entries(entries: &BTreeMap<String, String>) -> Result<(), FieldError> {
    for (key, value) in entries {
        check_name("key", key)?;
        check_chars("key", key, TAG_KEY_CHARS_MAX)?;
        check_value(key, value)?;
    }
    Ok(())
}

/// Checks a value of a tag or of metadata against the limit of what is stored.
pub(super) fn check_value(key: &str, value: &str) -> Result<(), FieldError> {
    if value.len() > TAG_VALUE_BYTES_MAX {
        let size = value.len();
        return Err(FieldError::Rule(format!(
            "value of '{key}' has {size} bytes; at most {TAG_VALUE_BYTES_MAX} are kept"
        )));
    }
    Ok(())
}

struct Location(ExperimentId);

impl FromFields for Location {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let location_type = fields.optional::<LocationType>("type")?.map_or(UNSPECIFIED, |given| given.0);
        let OneExperiment { experiment_id } = fields.required("mlflow_experiment")?;
        if location_type != "MLFLOW_EXPERIMENT" {
            return Err(FieldError::Rule(format!(
                "Trace location type TraceLocationType.{location_type} does not match the provided location \
                 MlflowExperimentLocation(experiment_id='{experiment_id}')."
            )));
        }
        Ok(Location(experiment_id))
    }
}

const UNSPECIFIED: &str = "TRACE_LOCATION_TYPE_UNSPECIFIED";

struct LocationType(&'static str);

impl FromField for LocationType {
    fn from_field(value: &Value, at: &Place) -> Result<Self, FieldError> {
        let name = match value {
            Value::String(name) if name == "MLFLOW_EXPERIMENT" => "MLFLOW_EXPERIMENT",
            Value::String(name) if name == "INFERENCE_TABLE" => "INFERENCE_TABLE",
            Value::Number(number) if number.as_u64() == Some(1) => "MLFLOW_EXPERIMENT",
            Value::Number(number) if number.as_u64() == Some(2) => "INFERENCE_TABLE",
            Value::String(_) | Value::Number(_) => UNSPECIFIED,
            _ => return Err(at.wrong_type(value)),
        };
        Ok(LocationType(name))
    }
}

struct Id(TraceId);

impl FromField for Id {
    fn from_field(value: &Value, at: &Place) -> Result<Self, FieldError> {
        let text = String::from_field(value, at)?;
        check_name("trace_id", &text)?;
        text.parse::<TraceId>().map(Id).map_err(|error| at.not_allowed(value, format!(": {error}")))
    }
}

struct State(TraceState);

impl FromField for State {
    /// Reads a name or protobuf number; as in proto3, an unknown one is as if it were absent.
    fn from_field(value: &Value, at: &Place) -> Result<Self, FieldError> {
        let state = match value {
            Value::String(name) => match name.as_str() {
                "OK" => TraceState::Ok,
                "ERROR" => TraceState::Error,
                "IN_PROGRESS" => TraceState::InProgress,
                _ => TraceState::Unspecified,
            },
            Value::Number(number) => match number.as_u64() {
                Some(1) => TraceState::Ok,
                Some(2) => TraceState::Error,
                Some(3) => TraceState::InProgress,
                _ => TraceState::Unspecified,
            },
            _ => return Err(at.wrong_type(value)),
        };
        Ok(State(state))
    }
}

/// Reads token usage from the text of its metadata entry; what can't be read counts as not given, as upstream.
fn usage_from(text: &str) -> Option<TokenUsage> {
    let counts: Value = serde_json::from_str(text).ok()?;
    let count = |key: &str| match counts.get(key)? {
        Value::Number(number) => number.as_u64().or_else(|| number.as_f64().and_then(whole_count)),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    let (input, output, total) = (count("input_tokens"), count("output_tokens"), count("total_tokens"));
    input.or(output).or(total)?;
    Some(TokenUsage {
        input: input.unwrap_or(0),
        output: output.unwrap_or(0),
        total: total.unwrap_or_else(|| input.unwrap_or(0).saturating_add(output.unwrap_or(0))),
        cache_read: count("cache_read_input_tokens"),
        cache_creation: count("cache_creation_input_tokens"),
        cache_creation_above_1h: count("cache_creation_input_tokens_above_1hr"),
    })
}

fn whole_count(number: f64) -> Option<u64> {
    // Below 2^53 every whole float is exact.
    ((0.0..9_007_199_254_740_992.0).contains(&number) && number.fract() == 0.0).then_some(number as u64)
}

fn cost_from(text: &str) -> Option<Cost> {
    let costs: Value = serde_json::from_str(text).ok()?;
    let cost = |key: &str| costs.get(key).and_then(Value::as_f64);
    let (input, output, total) = (cost("input_cost"), cost("output_cost"), cost("total_cost"));
    input.or(output).or(total)?;
    let (input, output) = (input.unwrap_or(0.0), output.unwrap_or(0.0));
    Some(Cost { input, output, total: total.unwrap_or(input + output) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mlflow::trace_info::{TraceInfo, tests::full_info};
    use serde_json::json;

    fn read(trace_info: Value) -> Result<TraceStart, String> {
        let body = json!({"trace": {"trace_info": trace_info}});
        let request = StartTrace::from_fields(&Fields::of_body(body.as_object().unwrap()));
        request
            .map(|request| request.into_model(|| AssessmentId("a-new".to_owned()), 0))
            .map_err(|e| e.to_string())
    }

    #[test]
    fn a_record_that_was_answered_is_read_back() {
        let wire = serde_json::to_value(TraceInfo::from(full_info())).unwrap();
        let start = read(wire).unwrap();
        let info = full_info();
        let mut tags = info.resource_tags;
        tags.extend(info.tags);
        let expected = TraceStart {
            trace_id: info.trace_id,
            experiment_id: info.experiment_id,
            client_request_id: info.client_request_id,
            start_ns: 1_795_369_429_294_000_000,
            duration_ns: Some(79_000_000),
            state: info.state,
            name: info.name,
            session: info.session,
            request_preview: info.request_preview,
            response_preview: None,
            usage: info.usage,
            cost: info.cost,
            metadata: info.metadata,
            tags,
            assessments: Vec::new(),
        };
        assert_eq!(start, expected);
    }

    fn valid() -> Value {
        json!({
            "trace_id": "tr-1", "request_time": "2026-11-22T10:00:00Z",
            "trace_location": {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "1"}},
        })
    }

    fn check_error(path: &str, value: Value, expected: &str) {
        let mut body = valid();
        *body.pointer_mut(path).unwrap_or(&mut Value::Null) = value.clone();
        if let Some(name) = path.strip_prefix('/').filter(|name| !name.contains('/')) {
            body[name] = value;
        }
        let error = read(body).unwrap_err();
        assert!(error.starts_with(expected), "{error}");
    }

    #[test]
    fn mistakes_have_their_texts() {
        check_error(
            "/trace_location/type",
            json!(null),
            "Trace location type TraceLocationType.TRACE_LOCATION_TYPE_UNSPECIFIED does not match the provided location \
             MlflowExperimentLocation(experiment_id='1').",
        );
        check_error(
            "/trace_location",
            json!(null),
            "Missing value for required parameter 'trace.trace_info.trace_loc",
        );
        check_error(
            "/trace_location/mlflow_experiment/experiment_id",
            json!("abc"),
            "Invalid experiment ID 'abc'.",
        );
        check_error(
            "/trace_id",
            json!(""),
            "Missing value for required parameter 'trace.trace_info.trace_id'.",
        );
        check_error("/trace_id", json!("x".repeat(51)), "Invalid value \"xxx");
        check_error(
            "/request_time",
            json!("nope"),
            "Invalid value \"nope\" for parameter 'trace.trace_info.request_time'",
        );
        check_error(
            "/trace_metadata",
            json!({"mlflow.trace.session": "s".repeat(251)}),
            "'Session ID' exceeds the maximum length of 250 characters",
        );
        check_error(
            "/tags",
            json!({"mlflow.traceName": "s".repeat(4_097)}),
            "'Trace name' exceeds the maximum length of 4096 characters",
        );
        check_error("/tags", json!({"k": "v".repeat((1 << 20) + 1)}), "value of 'k' has 1048577 bytes;");
        check_error(
            "/tags",
            json!({"k": 5}),
            "Invalid value 5 for parameter 'trace.trace_info.tags.k' supplied:  Hint:",
        );
    }

    #[test]
    fn both_spellings_are_read() {
        let start = read(json!({
            "traceId": "tr-camel", "requestTime": "2026-11-22T10:00:00.123456Z", "state": "IN_PROGRESS",
            "traceLocation": {"type": 1, "mlflowExperiment": {"experimentId": "1"}},
        }))
        .unwrap();
        assert_eq!(start.start_ns % 1_000_000_000, 123_000_000);
        assert_eq!(start.state, TraceState::InProgress);
    }

    #[test]
    fn usage_and_cost_are_read_leniently() {
        let usage =
            usage_from(r#"{"input_tokens": 3.0, "output_tokens": "4", "total_tokens": true, "x": 1}"#);
        assert_eq!(usage, Some(TokenUsage { input: 3, output: 4, total: 7, ..TokenUsage::default() }));
        assert_eq!(usage_from("nonsense"), None);
        assert_eq!(usage_from("{}"), None);
        assert_eq!(cost_from(r#"{"input_cost": 0.5}"#), Some(Cost { input: 0.5, output: 0.0, total: 0.5 }));
        assert_eq!(cost_from("[]"), None);
    }

    #[test]
    fn assessments_are_filled_in() {
        let mut body = valid();
        body["assessments"] = json!([{"assessment_name": "q", "feedback": {"value": 1}}]);
        let start = read(body).unwrap();
        assert_eq!(start.assessments[0].assessment_id, AssessmentId("a-new".to_owned()));
        assert_eq!(start.assessments[0].trace_id, start.trace_id);
    }
}
