//! Feedback, expectations and links to issues.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use spanwise_model::{AssessmentId, AssessmentSource, AssessmentValue, SourceType, TraceId};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Who judges where nobody else is named.
const DEFAULT_SOURCE_ID: &str = "user";

/// What an assessment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = AssessmentKind)]
pub enum AssessmentKindName {
    /// A judgement of what happened.
    Feedback,
    /// What should have happened.
    Expectation,
    /// A link to an issue.
    Issue,
}

/// Who or what made an assessment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schema(as = SourceType)]
pub enum SourceName {
    /// A person.
    Human,
    /// A language model.
    LlmJudge,
    /// A program.
    Code,
    /// Not known.
    Unspecified,
}

/// The source of an assessment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Its type.
    pub r#type: SourceName,
    /// Who exactly.
    #[serde(default)]
    pub id: Option<String>,
}

/// An assessment as a list of traces shows it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct AssessmentSummary {
    /// What is assessed.
    pub name: String,
    /// What it is.
    pub kind: AssessmentKindName,
    /// Any JSON; null for feedback that only has an error.
    pub value: Value,
    /// Who made it.
    pub source: SourceName,
}

/// Why a scorer could not give a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = AssessmentError)]
pub struct AssessmentErrorInfo {
    /// A short code.
    pub error_code: Option<String>,
    /// What went wrong.
    pub error_message: Option<String>,
    /// Where.
    pub stack_trace: Option<String>,
}

/// An assessment.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Assessment {
    /// Its id.
    pub assessment_id: String,
    /// The trace that it is about.
    pub trace_id: String,
    /// What is assessed.
    pub name: String,
    /// What it is.
    pub kind: AssessmentKindName,
    /// Any JSON; null for feedback that only has an error. Of an issue its name.
    pub value: Value,
    /// Why there is no value.
    pub error: Option<AssessmentErrorInfo>,
    /// Who made it.
    pub source: Source,
    /// The span that it is about; null for the whole trace.
    pub span_id: Option<String>,
    /// Why.
    pub rationale: Option<String>,
    /// Anything else.
    pub metadata: BTreeMap<String, String>,
    /// When it was made.
    pub created_ns: String,
    /// When it changed last.
    pub last_updated_ns: String,
    /// False once another one overrides it.
    pub valid: bool,
    /// The assessment that it overrides.
    pub overrides: Option<String>,
}

/// An assessment to add.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAssessment {
    /// What is assessed, e.g. `correctness`.
    pub name: String,
    /// `feedback` or `expectation`.
    pub kind: AssessmentKindName,
    /// Any JSON but null.
    pub value: Value,
    /// Why.
    #[serde(default)]
    pub rationale: Option<String>,
    /// The span that it is about, 16 hex digits.
    #[serde(default)]
    pub span_id: Option<String>,
    /// Anything else.
    #[serde(default)]
    pub metadata: BTreeMap<String, String>,
    /// Who makes it; a person called `user` by default.
    #[serde(default)]
    pub source: Option<Source>,
}

/// A change of an assessment; what is left out stays.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AssessmentChange {
    /// New name.
    #[serde(default)]
    pub name: Option<String>,
    /// New value: any JSON but null.
    #[serde(default)]
    pub value: Option<Value>,
    /// New rationale; an empty one removes it.
    #[serde(default)]
    pub rationale: Option<String>,
    /// Metadata to merge.
    #[serde(default)]
    pub metadata: Option<BTreeMap<String, String>>,
}

/// Why an assessment can't be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NewAssessmentError {
    /// No name.
    #[error("`name` is empty; expected what is assessed, e.g. `correctness`")]
    EmptyName,
    /// Issues are linked by other means.
    #[error("`kind` is `issue`; expected `feedback` or `expectation`")]
    Issue,
    /// No value.
    #[error("`value` is null; expected any other JSON value")]
    NullValue,
}

impl NewAssessment {
    /// Checks it, and makes an assessment of `trace_id` of it.
    pub fn into_model(
        self,
        trace_id: TraceId,
        assessment_id: AssessmentId,
        now_ns: i64,
    ) -> Result<spanwise_model::Assessment, NewAssessmentError> {
        if self.name.trim().is_empty() {
            return Err(NewAssessmentError::EmptyName);
        }
        if self.value.is_null() {
            return Err(NewAssessmentError::NullValue);
        }
        let value = match self.kind {
            AssessmentKindName::Feedback => {
                AssessmentValue::Feedback { value: Some(self.value), error: None }
            }
            AssessmentKindName::Expectation => {
                let serialized = self.value.is_array() || self.value.is_object();
                AssessmentValue::Expectation { value: self.value, serialized }
            }
            AssessmentKindName::Issue => return Err(NewAssessmentError::Issue),
        };
        let source = self.source.unwrap_or(Source { r#type: SourceName::Human, id: None });
        let source_id = source.id.unwrap_or_else(|| DEFAULT_SOURCE_ID.to_owned());
        Ok(spanwise_model::Assessment {
            assessment_id,
            trace_id,
            name: self.name,
            value,
            source: AssessmentSource { source_type: source.r#type.into(), source_id: Some(source_id) },
            span_id: self.span_id,
            created_ns: now_ns,
            last_updated_ns: now_ns,
            rationale: self.rationale,
            metadata: self.metadata,
            overrides: None,
            valid: true,
        })
    }
}

impl From<SourceName> for SourceType {
    fn from(name: SourceName) -> Self {
        match name {
            SourceName::Human => SourceType::Human,
            SourceName::LlmJudge => SourceType::LlmJudge,
            SourceName::Code => SourceType::Code,
            SourceName::Unspecified => SourceType::Unspecified,
        }
    }
}

impl From<SourceType> for SourceName {
    fn from(source: SourceType) -> Self {
        match source {
            SourceType::Human => SourceName::Human,
            SourceType::LlmJudge => SourceName::LlmJudge,
            SourceType::Code => SourceName::Code,
            SourceType::Unspecified => SourceName::Unspecified,
        }
    }
}

/// Splits a value into what it is, what it says and why it says nothing.
fn parts(value: AssessmentValue) -> (AssessmentKindName, Value, Option<AssessmentErrorInfo>) {
    match value {
        AssessmentValue::Feedback { value, error } => {
            let error = error.map(|error| AssessmentErrorInfo {
                error_code: error.error_code,
                error_message: error.error_message,
                stack_trace: error.stack_trace,
            });
            (AssessmentKindName::Feedback, value.unwrap_or_default(), error)
        }
        AssessmentValue::Expectation { value, .. } => (AssessmentKindName::Expectation, value, None),
        AssessmentValue::Issue { issue_name } => (AssessmentKindName::Issue, issue_name.into(), None),
    }
}

impl From<spanwise_model::Assessment> for AssessmentSummary {
    fn from(assessment: spanwise_model::Assessment) -> Self {
        let source = assessment.source.source_type.into();
        let (kind, value, _) = parts(assessment.value);
        AssessmentSummary { name: assessment.name, kind, value, source }
    }
}

impl From<spanwise_model::Assessment> for Assessment {
    fn from(assessment: spanwise_model::Assessment) -> Self {
        let (kind, value, error) = parts(assessment.value);
        Assessment {
            assessment_id: assessment.assessment_id.0,
            trace_id: assessment.trace_id.to_string(),
            name: assessment.name,
            kind,
            value,
            error,
            source: Source { r#type: assessment.source.source_type.into(), id: assessment.source.source_id },
            span_id: assessment.span_id,
            rationale: assessment.rationale,
            metadata: assessment.metadata,
            created_ns: assessment.created_ns.to_string(),
            last_updated_ns: assessment.last_updated_ns.to_string(),
            valid: assessment.valid,
            overrides: assessment.overrides.map(|id| id.0),
        }
    }
}
