//! A trace's record as MLflow answers it, with the reserved tags and metadata that are made from fields.

use super::assessment::Assessment;
use super::time::{rfc3339, seconds};
use serde::Serialize;
use serde_json::{Value, json};
use spanwise_model::{Cost, ExperimentId, TokenUsage, TraceId, TraceState};
use spanwise_otlp::pyjson;
use std::borrow::Cow;
use std::collections::BTreeMap;

pub(super) const SESSION: &str = "mlflow.trace.session";
pub(super) const TOKEN_USAGE: &str = "mlflow.trace.tokenUsage";
pub(super) const COST: &str = "mlflow.trace.cost";
pub(super) const INFO_FINALIZED: &str = "mlflow.trace.infoFinalized";
pub(super) const TRACE_NAME: &str = "mlflow.traceName";
pub(super) const ARTIFACT_LOCATION: &str = "mlflow.artifactLocation";
pub(super) const SPANS_LOCATION: &str = "mlflow.trace.spansLocation";

/// MLflow's cut of keys, and of metadata values, in characters.
const KEY_CHARS: usize = 250;
const METADATA_VALUE_CHARS: usize = 250;
/// MLflow's cut of tag values, in characters.
const TAG_VALUE_CHARS: usize = 4_096;

/// A trace without its spans.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TraceInfo {
    trace_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_request_id: Option<String>,
    trace_location: TraceLocation,
    request_time: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    execution_duration: Option<String>,
    state: &'static str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    trace_metadata: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    assessments: Vec<Assessment>,
    tags: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_preview: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_preview: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct TraceLocation {
    r#type: &'static str,
    mlflow_experiment: ExperimentLocation,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct ExperimentLocation {
    experiment_id: String,
}

impl From<spanwise_model::TraceInfo> for TraceInfo {
    fn from(mut info: spanwise_model::TraceInfo) -> Self {
        TraceInfo {
            trace_id: info.trace_id.to_string(),
            trace_location: TraceLocation {
                r#type: "MLFLOW_EXPERIMENT",
                mlflow_experiment: ExperimentLocation { experiment_id: info.experiment_id.to_string() },
            },
            request_time: rfc3339(info.start_ns),
            execution_duration: info.duration_ns.map(seconds),
            state: state_name(info.state),
            trace_metadata: metadata(&mut info),
            tags: tags(&mut info),
            client_request_id: info.client_request_id,
            assessments: info.assessments.into_iter().map(Assessment::from).collect(),
            request_preview: info.request_preview,
            response_preview: info.response_preview,
        }
    }
}

/// The answer that holds one trace without its spans.
#[derive(Debug, Serialize)]
pub struct TraceInfoResponse {
    trace: TraceInfoHolder,
}

#[derive(Debug, Serialize)]
struct TraceInfoHolder {
    trace_info: TraceInfo,
}

impl From<spanwise_model::TraceInfo> for TraceInfoResponse {
    fn from(info: spanwise_model::TraceInfo) -> Self {
        TraceInfoResponse { trace: TraceInfoHolder { trace_info: info.into() } }
    }
}

/// The answer of `search`.
#[derive(Debug, Serialize)]
pub struct TracesResponse {
    /// The page.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub traces: Vec<TraceInfo>,
    /// Set if more may follow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
}

/// The answer of `batchGetInfos`.
#[derive(Debug, Serialize)]
pub struct TraceInfosResponse {
    /// The traces that exist, in the order asked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub trace_infos: Vec<TraceInfo>,
}

/// The answer of `delete-traces`.
#[derive(Debug, Serialize)]
pub struct TracesDeletedResponse {
    /// How many.
    pub traces_deleted: u64,
}

/// Returns how many spans the client said that the trace has, if it did.
pub fn expected_span_count(info: &spanwise_model::TraceInfo) -> Option<u64> {
    #[derive(serde::Deserialize)]
    struct SizeStats {
        num_spans: u64,
    }
    let text = info.metadata.get("mlflow.trace.sizeStats")?;
    serde_json::from_str::<SizeStats>(text).ok().map(|stats| stats.num_spans)
}

/// Returns where a trace's artifacts are below the root of all artifacts.
pub fn artifact_folder(experiment: ExperimentId, trace: &TraceId) -> String {
    format!("{experiment}/traces/{trace}/artifacts")
}

/// Moves the metadata out of `info`, cut, with the entries that are fields there.
pub(super) fn metadata(info: &mut spanwise_model::TraceInfo) -> BTreeMap<String, String> {
    let mut metadata = cut_entries(std::mem::take(&mut info.metadata), METADATA_VALUE_CHARS);
    let session = info.session.as_deref().map(|session| cut(session, METADATA_VALUE_CHARS).into_owned());
    let reserved = [
        (SESSION, session),
        (TOKEN_USAGE, info.usage.map(|usage| usage_text(&usage))),
        (COST, info.cost.map(|cost| cost_text(&cost))),
        (INFO_FINALIZED, info.finalized.then(|| "true".to_owned())),
    ];
    insert_given(&mut metadata, reserved);
    metadata
}

/// Moves the tags out of `info`, cut, over those of its resource, with the entries that are fields there.
pub(super) fn tags(info: &mut spanwise_model::TraceInfo) -> BTreeMap<String, String> {
    let mut tags = cut_entries(std::mem::take(&mut info.resource_tags), TAG_VALUE_CHARS);
    tags.append(&mut cut_entries(std::mem::take(&mut info.tags), TAG_VALUE_CHARS));
    let folder = artifact_folder(info.experiment_id, &info.trace_id);
    // Also said of a trace that has no spans yet: a client that does not find it uploads all spans again. Spans of a
    // trace with a text id can't come by OTLP, so that its client must upload them, and read them back, as a file.
    let spans_location = info.trace_id.otel_bytes().map(|_| "TRACKING_STORE".to_owned());
    let reserved = [
        (TRACE_NAME, info.name.as_deref().map(|name| cut(name, TAG_VALUE_CHARS).into_owned())),
        (ARTIFACT_LOCATION, Some(format!("mlflow-artifacts:/{folder}"))),
        (SPANS_LOCATION, spans_location),
    ];
    insert_given(&mut tags, reserved);
    tags
}

fn insert_given<const N: usize>(map: &mut BTreeMap<String, String>, entries: [(&str, Option<String>); N]) {
    for (key, value) in entries {
        if let Some(value) = value {
            map.insert(key.to_owned(), value);
        }
    }
}

fn cut_entries(entries: BTreeMap<String, String>, value_chars: usize) -> BTreeMap<String, String> {
    if entries.iter().all(|(key, value)| key.len() <= KEY_CHARS && value.len() <= value_chars) {
        return entries;
    }
    let cut_entry = |(key, value): (String, String)| {
        (cut(&key, KEY_CHARS).into_owned(), cut(&value, value_chars).into_owned())
    };
    entries.into_iter().map(cut_entry).collect()
}

fn cut(text: &str, chars: usize) -> Cow<'_, str> {
    match text.char_indices().nth(chars) {
        Some((end, _)) => Cow::Owned(text[..end].to_owned()),
        None => Cow::Borrowed(text),
    }
}

fn state_name(state: TraceState) -> &'static str {
    match state {
        TraceState::Unspecified => "STATE_UNSPECIFIED",
        TraceState::Ok => "OK",
        TraceState::Error => "ERROR",
        TraceState::InProgress => "IN_PROGRESS",
    }
}

/// Returns the metadata entry for token usage; clients compare it as text, so the order counts.
fn usage_text(usage: &TokenUsage) -> String {
    let mut entry = json!({
        "input_tokens": usage.input, "output_tokens": usage.output, "total_tokens": usage.total,
    });
    for (key, count) in [
        ("cache_read_input_tokens", usage.cache_read),
        ("cache_creation_input_tokens", usage.cache_creation),
        ("cache_creation_input_tokens_above_1hr", usage.cache_creation_above_1h),
    ] {
        if let Some(count) = count {
            entry[key] = count.into();
        }
    }
    json_dumps(&entry)
}

/// Returns the metadata entry for cost.
fn cost_text(cost: &Cost) -> String {
    json_dumps(&json!({"input_cost": cost.input, "output_cost": cost.output, "total_cost": cost.total}))
}

/// Returns what Python's `json.dumps` returns.
pub(super) fn json_dumps(value: &Value) -> String {
    let mut text = String::new();
    pyjson::write_value(value, &mut text);
    text
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use serde_json::json;

    /// Returns a record in which every field that is written is set.
    pub(crate) fn full_info() -> spanwise_model::TraceInfo {
        let map = |entries: &[(&str, &str)]| {
            entries.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
        };
        spanwise_model::TraceInfo {
            trace_id: "tr-7ca8f91c6f9b160d3eac367ce94d9ba0".parse().unwrap(),
            experiment_id: ExperimentId(1),
            client_request_id: Some("req-1".to_owned()),
            start_ns: 1_795_369_429_294_173_710,
            duration_ns: Some(79_198_041),
            state: TraceState::Ok,
            name: Some("outer".to_owned()),
            session: Some("sess-1".to_owned()),
            request_preview: Some("{\"q\": \"hello\"}".to_owned()),
            response_preview: None,
            input_text: Some("hello".to_owned()),
            output_text: None,
            usage: Some(TokenUsage {
                input: 10,
                output: 5,
                total: 15,
                cache_read: Some(2),
                ..TokenUsage::default()
            }),
            cost: Some(Cost { input: 1.5e-6, output: 3e-6, total: 4.5e-6 }),
            finalized: true,
            span_count: 2,
            error_span_count: Some(0),
            metadata: map(&[("custom", "v"), ("mlflow.trace.sizeStats", "{\"num_spans\": 2, \"max\": 882}")]),
            tags: map(&[("env", "dev")]),
            resource_tags: map(&[("env", "hidden"), ("service.name", "svc")]),
            assessments: Vec::new(),
        }
    }

    #[test]
    fn a_record_is_written_as_mlflow_does() {
        let expected = json!({
            "trace_id": "tr-7ca8f91c6f9b160d3eac367ce94d9ba0",
            "client_request_id": "req-1",
            "trace_location": {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "1"}},
            "request_time": "2026-11-22T17:43:49.294Z",
            "execution_duration": "0.079s",
            "state": "OK",
            "trace_metadata": {
                "custom": "v",
                "mlflow.trace.session": "sess-1",
                "mlflow.trace.tokenUsage":
                    "{\"input_tokens\": 10, \"output_tokens\": 5, \"total_tokens\": 15, \"cache_read_input_tokens\": 2}",
                "mlflow.trace.cost": "{\"input_cost\": 1.5e-06, \"output_cost\": 3e-06, \"total_cost\": 4.5e-06}",
                "mlflow.trace.infoFinalized": "true",
                "mlflow.trace.sizeStats": "{\"num_spans\": 2, \"max\": 882}",
            },
            "tags": {
                "env": "dev",
                "service.name": "svc",
                "mlflow.traceName": "outer",
                "mlflow.artifactLocation":
                    "mlflow-artifacts:/1/traces/tr-7ca8f91c6f9b160d3eac367ce94d9ba0/artifacts",
                "mlflow.trace.spansLocation": "TRACKING_STORE",
            },
            "request_preview": "{\"q\": \"hello\"}",
        });
        assert_eq!(serde_json::to_value(TraceInfo::from(full_info())).unwrap(), expected);
    }

    #[test]
    fn the_spans_of_a_text_id_are_in_a_file() {
        let mut info = full_info();
        info.trace_id = "my-own".parse().unwrap();
        assert_eq!(TraceInfo::from(info).tags.get(SPANS_LOCATION), None);
    }

    #[test]
    fn long_keys_and_values_are_cut_by_characters() {
        let mut info = full_info();
        info.metadata = BTreeMap::from([("é".repeat(300), "é".repeat(300))]);
        info.tags = BTreeMap::from([("k".repeat(300), "é".repeat(5_000))]);
        let wire = TraceInfo::from(info);
        assert_eq!(wire.trace_metadata[&"é".repeat(250)], "é".repeat(250));
        assert_eq!(wire.tags[&"k".repeat(250)], "é".repeat(4_096));
    }

    #[test]
    fn the_expected_number_of_spans_is_the_clients() {
        let mut info = full_info();
        assert_eq!(expected_span_count(&info), Some(2));
        info.metadata.insert("mlflow.trace.sizeStats".to_owned(), "nonsense".to_owned());
        assert_eq!(expected_span_count(&info), None);
    }
}
