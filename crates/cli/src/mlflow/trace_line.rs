//! Traces as lines of an import. Pure.

use super::page::{Item, Line};
use anyhow::{Context, Result, anyhow, bail};
use serde_json::{Map, Value, json};
use spanwise_api_types::mlflow::field::{Fields, FromFields};
use spanwise_api_types::mlflow::start_trace::StartTrace;
use spanwise_api_types::native::{ARCHIVE_VERSION, ArchivedTrace};
use spanwise_model::{AssessmentId, TraceId, TraceInfo, TraceStart, TraceState};
use std::collections::BTreeMap;

/// MLflow's reserved metadata key for the user.
const USER: &str = "mlflow.trace.user";

/// What a trace has beside its record.
#[derive(Debug, Default, Clone)]
pub(super) struct Rest {
    /// Runs that it is linked to.
    pub(super) runs: Vec<String>,
    /// Versions of prompts that it is linked to.
    pub(super) prompts: Vec<(String, String)>,
    /// Its spans, in OTLP/JSON.
    pub(super) spans: Vec<Value>,
}

/// Makes the line of a trace from its record as MLflow's API answers it.
pub(super) fn line(trace_info: Value, experiment: &str, rest: Rest) -> Result<Item> {
    let body = json!({"trace": {"trace_info": trace_info}});
    let fields = body.as_object().context("it is an object")?;
    let start = StartTrace::from_fields(&Fields::of_body(fields)).map_err(|error| anyhow!("{error}"))?;
    let start = start.into_model(|| AssessmentId(String::new()), 0);
    if start.assessments.iter().any(|assessment| assessment.assessment_id.0.is_empty()) {
        bail!("one of its assessments has no id");
    }
    let id = start.trace_id.to_string();
    let explicit = explicit(&start);
    let span_count = rest.spans.len() as u64;
    let mut record = ArchivedTrace::new(info(start, span_count), experiment.to_owned());
    (record.explicit, record.runs, record.prompts) = (explicit, rest.runs, rest.prompts);
    let line = json!({
        "spanwise": ARCHIVE_VERSION, "trace_id": id, "trace": record, "resourceSpans": resource_spans(rest.spans),
    });
    Ok(Item { id, count: 1, line: Line::Trace(serde_json::to_vec(&line)?.into()) })
}

/// Makes a further line of a trace with many spans.
pub(super) fn further_line(id: &TraceId, experiment: &str, spans: Vec<Value>) -> Result<Item> {
    let line = json!({
        "spanwise": ARCHIVE_VERSION, "trace_id": id.to_string(), "experiment": experiment,
        "resourceSpans": resource_spans(spans),
    });
    Ok(Item { id: id.to_string(), count: 0, line: Line::Trace(serde_json::to_vec(&line)?.into()) })
}

fn resource_spans(spans: Vec<Value>) -> Value {
    match spans.is_empty() {
        true => json!([]),
        false => json!([{"scopeSpans": [{"spans": spans}]}]),
    }
}

/// Names the values that must not be derived from spans again: MLflow answers them as they are. Of previews that holds
/// also where there is none; tokens and costs that MLflow did not know are derived.
fn explicit(start: &TraceStart) -> Vec<String> {
    let given = [
        ("name", start.name.is_some()),
        ("session", start.session.is_some()),
        ("user", start.metadata.contains_key(USER)),
        ("request_preview", true),
        ("response_preview", true),
        ("usage", start.usage.is_some()),
        ("cost", start.cost.is_some()),
    ];
    given.into_iter().filter(|(_, is_given)| *is_given).map(|(name, _)| name.to_owned()).collect()
}

fn info(start: TraceStart, span_count: u64) -> TraceInfo {
    TraceInfo {
        trace_id: start.trace_id,
        experiment_id: start.experiment_id,
        client_request_id: start.client_request_id,
        start_ns: start.start_ns,
        duration_ns: start.duration_ns,
        finalized: start.state != TraceState::InProgress,
        state: start.state,
        name: start.name,
        session: start.session,
        request_preview: start.request_preview,
        response_preview: start.response_preview,
        input_text: None,
        output_text: None,
        usage: start.usage,
        cost: start.cost,
        span_count,
        error_span_count: None,
        metadata: start.metadata,
        tags: start.tags,
        resource_tags: BTreeMap::new(),
        assessments: start.assessments,
    }
}

/// Writes an assessment as MLflow's API does, from the columns of its table.
pub(super) struct AssessmentRow {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) value: String,
    pub(super) error: Option<String>,
    pub(super) created_ns: i64,
    pub(super) last_updated_ns: i64,
    pub(super) source_type: String,
    pub(super) source_id: Option<String>,
    pub(super) span_id: Option<String>,
    pub(super) rationale: Option<String>,
    pub(super) overrides: Option<String>,
    pub(super) valid: bool,
    pub(super) metadata: Option<String>,
}

impl AssessmentRow {
    pub(super) fn into_json(self) -> Result<Value> {
        let value: Value = serde_json::from_str(&self.value).context("its value is no JSON")?;
        let error = self.error.as_deref().map(serde_json::from_str::<Value>).transpose();
        let error = error.context("its error is no JSON")?;
        let metadata = self.metadata.as_deref().map(serde_json::from_str::<Map<String, Value>>).transpose();
        let metadata = metadata.context("its metadata is no JSON object")?.unwrap_or_default();
        let mut json = json!({
            "assessment_id": self.id,
            "assessment_name": self.name,
            "source": {"source_type": self.source_type, "source_id": self.source_id},
            "span_id": self.span_id,
            "create_time": spanwise_api_types::mlflow::time::rfc3339(self.created_ns),
            "last_update_time": spanwise_api_types::mlflow::time::rfc3339(self.last_updated_ns),
            "rationale": self.rationale,
            "metadata": metadata.into_iter().map(|(key, value)| (key, text_of(value).into())).collect::<Map<_, _>>(),
            "overrides": self.overrides,
            "valid": self.valid,
        });
        let (key, said) = match self.kind.as_str() {
            "feedback" => ("feedback", json!({"value": value, "error": error})),
            "expectation" if value.is_object() || value.is_array() => {
                let serialized = json!({"value": value.to_string(), "serialization_format": "JSON_FORMAT"});
                ("expectation", json!({"serialized_value": serialized}))
            }
            "expectation" => ("expectation", json!({"value": value})),
            "issue" => ("issue", value),
            other => bail!("it is of the unknown kind `{other}`"),
        };
        json[key] = said;
        Ok(json)
    }
}

fn text_of(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}
