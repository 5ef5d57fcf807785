//! The trace record of MLflow's older API, which its client falls back to.

use super::experiment::KeyValue;
use super::time::milliseconds;
use super::trace_info;
use serde::Serialize;
use spanwise_model::TraceState;
use std::collections::BTreeMap;

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
