//! Assessments as MLflow answers them.

use super::time::rfc3339;
use super::trace_info::json_dumps;
use serde::Serialize;
use serde_json::Value;
use spanwise_model::{AssessmentError, AssessmentValue, SourceType};
use std::collections::BTreeMap;

pub(super) const JSON_FORMAT: &str = "JSON_FORMAT";

/// Longest stack trace that MLflow answers, in characters, the notice included.
pub(super) const STACK_TRACE_CHARS: usize = 10_000;
pub(super) const STACK_TRACE_NOTICE: &str = "[Stack trace is truncated]\n...\n";

/// An assessment as MLflow answers it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Assessment {
    assessment_id: String,
    assessment_name: String,
    trace_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    span_id: Option<String>,
    source: Source,
    create_time: String,
    last_update_time: String,
    #[serde(flatten)]
    value: WireValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    rationale: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    metadata: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    overrides: Option<String>,
    valid: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Source {
    source_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_id: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
enum WireValue {
    Feedback {
        value: Value,
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<WireError>,
    },
    Expectation(WireExpectation),
    Issue {
        issue_name: String,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
enum WireExpectation {
    Value(Value),
    SerializedValue { serialization_format: &'static str, value: String },
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct WireError {
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stack_trace: Option<String>,
}

/// The answer that holds one assessment.
#[derive(Debug, Serialize)]
pub struct AssessmentResponse {
    assessment: Assessment,
}

impl From<spanwise_model::Assessment> for AssessmentResponse {
    fn from(assessment: spanwise_model::Assessment) -> Self {
        AssessmentResponse { assessment: assessment.into() }
    }
}

impl From<spanwise_model::Assessment> for Assessment {
    fn from(assessment: spanwise_model::Assessment) -> Self {
        Assessment {
            assessment_id: assessment.assessment_id.0,
            assessment_name: assessment.name,
            trace_id: assessment.trace_id.to_string(),
            span_id: assessment.span_id,
            source: Source {
                source_type: source_type_name(assessment.source.source_type),
                source_id: assessment.source.source_id,
            },
            create_time: rfc3339(assessment.created_ns),
            last_update_time: rfc3339(assessment.last_updated_ns),
            value: assessment.value.into(),
            rationale: assessment.rationale,
            metadata: assessment.metadata,
            overrides: assessment.overrides.map(|id| id.0),
            valid: assessment.valid,
        }
    }
}

impl From<AssessmentValue> for WireValue {
    fn from(value: AssessmentValue) -> Self {
        match value {
            AssessmentValue::Feedback { value, error } => {
                WireValue::Feedback { value: value.unwrap_or(Value::Null), error: error.map(WireError::from) }
            }
            AssessmentValue::Expectation { value, serialized: false } => {
                WireValue::Expectation(WireExpectation::Value(value))
            }
            AssessmentValue::Expectation { value, serialized: true } => {
                let value = json_dumps(&value);
                WireValue::Expectation(WireExpectation::SerializedValue {
                    serialization_format: JSON_FORMAT,
                    value,
                })
            }
            AssessmentValue::Issue { issue_name } => WireValue::Issue { issue_name },
        }
    }
}

impl From<AssessmentError> for WireError {
    fn from(error: AssessmentError) -> Self {
        WireError {
            error_code: error.error_code,
            error_message: error.error_message,
            stack_trace: error.stack_trace.map(tail_of_stack_trace),
        }
    }
}

fn tail_of_stack_trace(text: String) -> String {
    let chars = text.chars().count();
    if chars <= STACK_TRACE_CHARS {
        return text;
    }
    let kept = STACK_TRACE_CHARS - STACK_TRACE_NOTICE.chars().count();
    let tail: String = text.chars().skip(chars - kept).collect();
    format!("{STACK_TRACE_NOTICE}{tail}")
}

fn source_type_name(source_type: SourceType) -> &'static str {
    match source_type {
        SourceType::Unspecified => "SOURCE_TYPE_UNSPECIFIED",
        SourceType::Human => "HUMAN",
        SourceType::LlmJudge => "LLM_JUDGE",
        SourceType::Code => "CODE",
    }
}
