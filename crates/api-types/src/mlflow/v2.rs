//! The trace record of MLflow's older API, which clients before 3.0 speak and newer ones fall back to.

use super::experiment::KeyValue;
use super::field::{FieldError, Fields, FromField, FromFields, Place};
use super::start_trace::Given;
use super::time::{milliseconds, ms_to_ns};
use super::trace_info;
use serde::Serialize;
use serde_json::Value;
use spanwise_model::{ExperimentId, TraceId, TraceInfo, TraceStart, TraceState};
use std::collections::BTreeMap;

/// `POST 2.0/traces`: a trace has begun.
#[derive(Debug)]
pub struct StartTraceV2 {
    /// Where it shall live.
    pub experiment_id: ExperimentId,
    start_ns: i64,
    given: Given,
}

impl StartTraceV2 {
    /// Makes the record of a trace of that id, which is in progress.
    pub fn into_model(self, trace_id: TraceId) -> TraceStart {
        let StartTraceV2 { experiment_id, start_ns, given } = self;
        given.into_start(trace_id, experiment_id, start_ns)
    }
}

impl FromFields for StartTraceV2 {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(StartTraceV2 {
            experiment_id: fields.required("experiment_id")?,
            start_ns: fields.required::<Milliseconds>("timestamp_ms")?.0,
            given: given(fields)?,
        })
    }
}

/// `PATCH 2.0/traces/{request_id}`: it has ended.
#[derive(Debug)]
pub struct EndTraceV2 {
    end_ns: i64,
    state: TraceState,
    given: Given,
}

impl EndTraceV2 {
    /// Makes the final record out of the one that is there, whose metadata and tags it adds to.
    pub fn into_model(self, begun: TraceInfo) -> TraceStart {
        let EndTraceV2 { end_ns, state, given } = self;
        TraceStart {
            client_request_id: begun.client_request_id,
            duration_ns: Some(end_ns.saturating_sub(begun.start_ns)),
            state,
            ..given.into_start(begun.trace_id, begun.experiment_id, begun.start_ns)
        }
    }
}

impl FromFields for EndTraceV2 {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(EndTraceV2 {
            end_ns: fields.required::<Milliseconds>("timestamp_ms")?.0,
            state: fields.optional::<Status>("status")?.map_or(TraceState::Unspecified, |status| status.0),
            given: given(fields)?,
        })
    }
}

fn given(fields: &Fields<'_>) -> Result<Given, FieldError> {
    let map = |name: &str| -> Result<BTreeMap<String, String>, FieldError> {
        let entries: Vec<KeyValue> = fields.or_default(name)?;
        Ok(entries.into_iter().map(|entry| (entry.key, entry.value)).collect())
    };
    Given::read(map("request_metadata")?, map("tags")?)
}

struct Milliseconds(i64);

impl FromField for Milliseconds {
    fn from_field(value: &Value, at: &Place) -> Result<Self, FieldError> {
        let time_ms = i64::from_field(value, at)?;
        ms_to_ns(time_ms)
            .map(Milliseconds)
            .ok_or_else(|| at.not_allowed(value, ". It must be milliseconds since 1970"))
    }
}

struct Status(TraceState);

impl FromField for Status {
    fn from_field(value: &Value, at: &Place) -> Result<Self, FieldError> {
        Ok(Status(match String::from_field(value, at)?.as_str() {
            "OK" => TraceState::Ok,
            "ERROR" => TraceState::Error,
            "IN_PROGRESS" => TraceState::InProgress,
            _ => TraceState::Unspecified,
        }))
    }
}

/// A trace without its spans.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TraceInfoV2 {
    request_id: String,
    experiment_id: String,
    timestamp_ms: i64,
    execution_time_ms: i64,
    status: &'static str,
    request_metadata: Vec<KeyValue>,
    tags: Vec<KeyValue>,
}

impl From<spanwise_model::TraceInfo> for TraceInfoV2 {
    fn from(mut info: spanwise_model::TraceInfo) -> Self {
        TraceInfoV2 {
            request_id: info.trace_id.to_string(),
            experiment_id: info.experiment_id.to_string(),
            timestamp_ms: milliseconds(info.start_ns),
            execution_time_ms: milliseconds(info.duration_ns.unwrap_or(0)),
            status: match info.state {
                TraceState::Unspecified => "TRACE_STATUS_UNSPECIFIED",
                TraceState::Ok => "OK",
                TraceState::Error => "ERROR",
                TraceState::InProgress => "IN_PROGRESS",
            },
            request_metadata: key_values(trace_info::metadata(&mut info)),
            tags: key_values(trace_info::tags(&mut info)),
        }
    }
}

/// The answer of `{id}/info`.
#[derive(Debug, Serialize)]
pub struct TraceInfoV2Response {
    /// The trace.
    pub trace_info: TraceInfoV2,
}

/// The answer of the older search.
#[derive(Debug, Serialize)]
pub struct TracesV2Response {
    /// The page.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub traces: Vec<TraceInfoV2>,
    /// Set if more may follow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
}

fn key_values(map: BTreeMap<String, String>) -> Vec<KeyValue> {
    map.into_iter().map(|(key, value)| KeyValue { key, value }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_record_is_written_as_lists_of_pairs() {
        let mut info = trace_info::tests::full_info();
        (info.session, info.usage, info.cost) = (None, None, None);
        info.metadata = BTreeMap::from([("custom".to_owned(), "v".to_owned())]);
        info.resource_tags.clear();
        let location = "mlflow-artifacts:/1/traces/tr-7ca8f91c6f9b160d3eac367ce94d9ba0/artifacts";
        let expected = json!({
            "request_id": "tr-7ca8f91c6f9b160d3eac367ce94d9ba0", "experiment_id": "1",
            "timestamp_ms": 1_795_369_429_294_i64, "execution_time_ms": 79, "status": "OK",
            "request_metadata": [
                {"key": "custom", "value": "v"}, {"key": "mlflow.trace.infoFinalized", "value": "true"},
            ],
            "tags": [
                {"key": "env", "value": "dev"},
                {"key": "mlflow.artifactLocation", "value": location},
                {"key": "mlflow.trace.spansLocation", "value": "TRACKING_STORE"},
                {"key": "mlflow.traceName", "value": "outer"},
            ],
        });
        assert_eq!(serde_json::to_value(TraceInfoV2::from(info)).unwrap(), expected);
    }
}
