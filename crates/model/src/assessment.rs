//! Assessments: feedback and expectations (and issue links) that people, judges or code attach to a trace.

use crate::{AssessmentId, TraceId};
use serde_json::Value;
use std::collections::BTreeMap;

/// Who or what made an assessment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SourceType {
    /// Not given, or not one of the known names.
    Unspecified,
    /// A person.
    Human,
    /// A language model that judges.
    LlmJudge,
    /// A program.
    Code,
}

/// The source of an assessment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssessmentSource {
    /// Its type.
    pub source_type: SourceType,
    /// Who exactly: a user, a model, a scorer.
    pub source_id: Option<String>,
}

/// Why a scorer could not give a value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AssessmentError {
    /// A short code, e.g. an exception's type.
    pub error_code: Option<String>,
    /// What went wrong.
    pub error_message: Option<String>,
    /// Where it went wrong.
    pub stack_trace: Option<String>,
}

/// What an assessment says.
#[derive(Debug, Clone, PartialEq)]
pub enum AssessmentValue {
    /// A judgement of what happened.
    Feedback {
        /// The value; `None` when only an error is there, or null was given.
        value: Option<Value>,
        /// The error of the scorer.
        error: Option<AssessmentError>,
    },
    /// What should have happened.
    Expectation {
        /// The value; never null.
        value: Value,
        /// Whether it came as serialized JSON text (lists and objects do), so that it is answered the same way.
        serialized: bool,
    },
    /// A link to an issue; the assessment's name is the issue's id.
    Issue {
        /// The issue's name.
        issue_name: String,
    },
}

/// The kinds of [`AssessmentValue`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AssessmentKind {
    /// [`AssessmentValue::Feedback`].
    Feedback,
    /// [`AssessmentValue::Expectation`].
    Expectation,
    /// [`AssessmentValue::Issue`].
    Issue,
}

impl AssessmentValue {
    /// Returns which kind this is.
    pub fn kind(&self) -> AssessmentKind {
        match self {
            AssessmentValue::Feedback { .. } => AssessmentKind::Feedback,
            AssessmentValue::Expectation { .. } => AssessmentKind::Expectation,
            AssessmentValue::Issue { .. } => AssessmentKind::Issue,
        }
    }
}

/// One assessment of a trace, or of one span in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Assessment {
    /// Its id, unique in the store.
    pub assessment_id: AssessmentId,
    /// The trace it belongs to.
    pub trace_id: TraceId,
    /// What is assessed, e.g. `quality`.
    pub name: String,
    /// What it says.
    pub value: AssessmentValue,
    /// Who said it.
    pub source: AssessmentSource,
    /// The span it is about (as the client wrote it), if not the whole trace.
    pub span_id: Option<String>,
    /// When it was made, as the client said, else on arrival.
    pub created_ns: i64,
    /// When it last changed.
    pub last_updated_ns: i64,
    /// Why.
    pub rationale: Option<String>,
    /// Anything else.
    pub metadata: BTreeMap<String, String>,
    /// The assessment that this one replaces; that one is no longer valid.
    pub overrides: Option<AssessmentId>,
    /// False once another assessment overrides this one.
    pub valid: bool,
}
