//! Answers to questions, checked and made assessments.

use crate::clock::now_ns;
use crate::error::Problem;
use serde_json::Value;
use spanwise_api_types::native::GivenAnswer;
use spanwise_model::limit::REVIEW_COMMENT_CHARS_MAX;
use spanwise_model::{
    Assessment, AssessmentId, AssessmentSource, AssessmentValue, LabelInput, LabelSchema, LabelSchemaType,
    ReviewQueueId, SourceType, TraceId, TraceInfo,
};
use std::collections::BTreeMap;

/// Metadata of an assessment: the queue in which it was given.
const QUEUE_METADATA: &str = "spanwise.reviewQueueId";

/// An answer that its question allows.
pub(super) struct Checked<'a> {
    pub(super) schema: &'a LabelSchema,
    /// `None` if the question does not apply.
    pub(super) value: Option<Value>,
    comment: Option<String>,
}

/// Checks answers against the questions of a queue.
pub(super) fn check_all<'a>(
    answers: Vec<GivenAnswer>,
    questions: &'a [LabelSchema],
) -> Result<Vec<Checked<'a>>, Problem> {
    let mut checked: Vec<Checked<'a>> = Vec::with_capacity(answers.len());
    for answer in answers {
        let found = questions.iter().find(|schema| schema.schema_id.0 == answer.schema_id);
        let schema = found
            .ok_or_else(|| Problem::invalid(format!("the queue asks no question `{}`", answer.schema_id)))?;
        if checked.iter().any(|other| other.schema.schema_id == schema.schema_id) {
            return Err(Problem::invalid(format!("`{}` is answered twice", schema.name)));
        }
        checked.push(check(answer, schema)?);
    }
    Ok(checked)
}

fn check<'a>(answer: GivenAnswer, schema: &'a LabelSchema) -> Result<Checked<'a>, Problem> {
    let comment = answer.comment.filter(|text| !text.trim().is_empty());
    if let Some(comment) = &comment {
        let chars = comment.chars().count();
        if !schema.enable_comment {
            return Err(Problem::invalid(format!("`{}` takes no comment", schema.name)));
        }
        if chars > REVIEW_COMMENT_CHARS_MAX {
            return Err(Problem::invalid(format!(
                "the comment on `{}` has {chars} characters; the limit is {REVIEW_COMMENT_CHARS_MAX}",
                schema.name
            )));
        }
    }
    let value = Some(answer.value).filter(|value| !value.is_null());
    if let Some(value) = &value {
        check_value(value, &schema.input).map_err(|expected| {
            Problem::invalid(format!("`{}` is {value}; expected {expected}", schema.name))
        })?;
    }
    Ok(Checked { schema, value, comment })
}

/// Says what would have been right, if the value is not.
fn check_value(value: &Value, input: &LabelInput) -> Result<(), String> {
    let is_option = |value: &Value, options: &[String]| {
        value.as_str().is_some_and(|text| options.iter().any(|option| option == text))
    };
    let (is_right, expected) = match input {
        LabelInput::PassFail { .. } => (value.is_boolean(), "true or false".to_owned()),
        LabelInput::Categorical { options, multi_select: false } => {
            (is_option(value, options), format!("one of {}", options.join(", ")))
        }
        LabelInput::Categorical { options, multi_select: true } => {
            let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
            let is_right = !items.is_empty() && items.iter().all(|item| is_option(item, options));
            (is_right, format!("a list of some of {}", options.join(", ")))
        }
        LabelInput::Numeric { min_value, max_value } => {
            let is_within = |number: f64| {
                min_value.is_none_or(|min| number >= min) && max_value.is_none_or(|max| number <= max)
            };
            (value.as_f64().is_some_and(is_within), range_text(*min_value, *max_value))
        }
        LabelInput::Text { max_length } => {
            let max_length = max_length.unwrap_or(i64::MAX);
            let chars = value.as_str().map_or(0, |text| text.chars().count() as i64);
            (1 <= chars && chars <= max_length, format!("a text of 1 to {max_length} characters"))
        }
    };
    if is_right { Ok(()) } else { Err(expected) }
}

fn range_text(min: Option<f64>, max: Option<f64>) -> String {
    match (min, max) {
        (Some(min), Some(max)) => format!("a number from {min} to {max}"),
        (Some(min), None) => format!("a number from {min} on"),
        (None, Some(max)) => format!("a number up to {max}"),
        (None, None) => "a number".to_owned(),
    }
}

/// Returns the reviewer's own valid answer to a question about a trace.
pub(super) fn own<'t>(trace: &'t TraceInfo, schema: &LabelSchema, reviewer: &str) -> Option<&'t Assessment> {
    trace.assessments.iter().rev().find(|one| {
        one.valid
            && one.span_id.is_none()
            && one.name == schema.name
            && one.source.source_type == SourceType::Human
            && one.source.source_id.as_deref() == Some(reviewer)
            && matches!(
                (&one.value, schema.schema_type),
                (AssessmentValue::Feedback { .. }, LabelSchemaType::Feedback)
                    | (AssessmentValue::Expectation { .. }, LabelSchemaType::Expectation)
            )
    })
}

impl Checked<'_> {
    /// Makes the assessment of an answer, in place of the one that the reviewer gave before; `None` if the question does not
    /// apply.
    pub(super) fn into_assessment(
        self,
        trace: TraceId,
        queue: &ReviewQueueId,
        reviewer: &str,
        before: Option<AssessmentId>,
    ) -> Option<Assessment> {
        let value = self.value?;
        let now_ns = now_ns();
        let value = match self.schema.schema_type {
            LabelSchemaType::Feedback => AssessmentValue::Feedback { value: Some(value), error: None },
            LabelSchemaType::Expectation => {
                let serialized = value.is_array() || value.is_object();
                AssessmentValue::Expectation { value, serialized }
            }
        };
        Some(Assessment {
            assessment_id: AssessmentId(format!("a-{}", uuid::Uuid::new_v4().simple())),
            trace_id: trace,
            name: self.schema.name.clone(),
            value,
            source: AssessmentSource { source_type: SourceType::Human, source_id: Some(reviewer.to_owned()) },
            span_id: None,
            created_ns: now_ns,
            last_updated_ns: now_ns,
            rationale: self.comment,
            metadata: BTreeMap::from([(QUEUE_METADATA.to_owned(), queue.0.clone())]),
            overrides: before,
            valid: true,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_what_their_question_allows() {
        let options = || vec!["a".to_owned(), "b".to_owned()];
        let one = LabelInput::Categorical { options: options(), multi_select: false };
        let some = LabelInput::Categorical { options: options(), multi_select: true };
        let yes_no = LabelInput::PassFail { positive_label: "y".to_owned(), negative_label: "n".to_owned() };
        let number = LabelInput::Numeric { min_value: Some(1.0), max_value: Some(5.0) };
        let text = LabelInput::Text { max_length: Some(3) };
        for (input, value, expected) in [
            (&one, json!("a"), None),
            (&one, json!("c"), Some("one of a, b")),
            (&one, json!(["a"]), Some("one of a, b")),
            (&some, json!(["b", "a"]), None),
            (&some, json!([]), Some("a list of some of a, b")),
            (&some, json!("a"), Some("a list of some of a, b")),
            (&yes_no, json!(true), None),
            (&yes_no, json!("y"), Some("true or false")),
            (&number, json!(2.5), None),
            (&number, json!(6), Some("a number from 1 to 5")),
            (&number, json!("2"), Some("a number from 1 to 5")),
            (&text, json!("äöü"), None),
            (&text, json!(""), Some("a text of 1 to 3 characters")),
            (&text, json!("four"), Some("a text of 1 to 3 characters")),
        ] {
            assert_eq!(check_value(&value, input).err().as_deref(), expected, "{value}");
        }
    }
}
