//! Assessments in requests: to make one, and to change one.

use super::assessment::JSON_FORMAT;
use super::field::{FieldError, Fields, FromField, FromFields, Place, cut};
use super::time::TimeNs;
use serde_json::Value;
use spanwise_model::{AssessmentError, AssessmentId, AssessmentSource, AssessmentValue, SourceType, TraceId};
use std::collections::BTreeMap;

/// An assessment in a request to make one.
#[derive(Debug, Clone, PartialEq)]
pub struct NewAssessment {
    assessment_id: Option<String>,
    name: String,
    value: AssessmentValue,
    source: AssessmentSource,
    span_id: Option<String>,
    created_ns: Option<i64>,
    last_updated_ns: Option<i64>,
    rationale: Option<String>,
    metadata: BTreeMap<String, String>,
    overrides: Option<String>,
    valid: bool,
}

impl NewAssessment {
    /// Makes the assessment of a trace; `fresh_id` and `now_ns` are used where the request says nothing.
    pub fn into_model(
        self,
        trace_id: TraceId,
        fresh_id: AssessmentId,
        now_ns: i64,
    ) -> spanwise_model::Assessment {
        let created_ns = self.created_ns.unwrap_or(now_ns);
        spanwise_model::Assessment {
            assessment_id: self.assessment_id.map_or(fresh_id, AssessmentId),
            trace_id,
            name: self.name,
            value: self.value,
            source: self.source,
            span_id: self.span_id,
            created_ns,
            last_updated_ns: self.last_updated_ns.unwrap_or(created_ns),
            rationale: self.rationale,
            metadata: self.metadata,
            overrides: self.overrides.map(AssessmentId),
            valid: self.valid,
        }
    }
}

impl FromFields for NewAssessment {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(NewAssessment {
            value: value_from(fields)?,
            assessment_id: not_empty(fields, "assessment_id")?,
            name: fields.or_default("assessment_name")?,
            source: fields.optional::<NewSource>("source")?.unwrap_or_default().0,
            span_id: not_empty(fields, "span_id")?,
            created_ns: fields.optional::<TimeNs>("create_time")?.map(|time| time.0),
            last_updated_ns: fields.optional::<TimeNs>("last_update_time")?.map(|time| time.0),
            rationale: fields.optional("rationale")?,
            metadata: fields.or_default("metadata")?,
            overrides: not_empty(fields, "overrides")?,
            valid: fields.optional("valid")?.unwrap_or(true),
        })
    }
}

/// `POST traces/{id}/assessments`.
#[derive(Debug)]
pub struct CreateAssessment {
    /// The assessment.
    pub assessment: NewAssessment,
}

impl FromFields for CreateAssessment {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(CreateAssessment { assessment: fields.required("assessment")? })
    }
}

/// `PATCH traces/{id}/assessments/{id}`: `None` leaves a field as it is.
#[derive(Debug, Default, PartialEq)]
pub struct UpdateAssessment {
    /// New name.
    pub name: Option<String>,
    /// New feedback: replaces value and error.
    pub feedback: Option<(Option<Value>, Option<AssessmentError>)>,
    /// New expectation, and whether it came serialized.
    pub expectation: Option<(Value, bool)>,
    /// New rationale; `Some(None)` removes it.
    pub rationale: Option<Option<String>>,
    /// Metadata to merge.
    pub metadata: Option<BTreeMap<String, String>>,
    /// New validity.
    pub valid: Option<bool>,
}

impl FromFields for UpdateAssessment {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let given = fields.required_object("assessment")?;
        let mask: String = fields.required("update_mask")?;
        let mut update = UpdateAssessment::default();
        for path in mask.split(',').map(str::trim) {
            // Clients write the paths in camel case, people in snake case.
            match path {
                "assessment_name" | "assessmentName" => {
                    update.name = Some(given.or_default("assessment_name")?)
                }
                "feedback" => update.feedback = Some(given.required::<Feedback>("feedback")?.0),
                "expectation" => update.expectation = Some(given.required::<Expectation>("expectation")?.0),
                "rationale" => update.rationale = Some(given.optional("rationale")?),
                "metadata" => update.metadata = Some(given.or_default("metadata")?),
                "valid" => update.valid = Some(given.optional("valid")?.unwrap_or(true)),
                _ => return Err(unknown_path(path, &mask)),
            }
        }
        Ok(update)
    }
}

fn unknown_path(path: &str, mask: &str) -> FieldError {
    let place = Place { name: "update_mask".to_owned(), from_query: false };
    let path = cut(path);
    let hint = format!(
        ". `{path}` can't be updated; these can: assessment_name, feedback, expectation, rationale, metadata, valid"
    );
    place.not_allowed(&Value::from(mask), hint)
}

fn value_from(fields: &Fields<'_>) -> Result<AssessmentValue, FieldError> {
    if let Some(Feedback((value, error))) = fields.optional("feedback")? {
        return Ok(AssessmentValue::Feedback { value, error });
    }
    if let Some(Expectation((value, serialized))) = fields.optional("expectation")? {
        return Ok(AssessmentValue::Expectation { value, serialized });
    }
    if let Some(IssueName(issue_name)) = fields.optional("issue")? {
        return Ok(AssessmentValue::Issue { issue_name });
    }
    Err(FieldError::Rule("Unknown assessment type: None".to_owned()))
}

fn not_empty(fields: &Fields<'_>, name: &str) -> Result<Option<String>, FieldError> {
    Ok(fields.optional(name)?.filter(|text: &String| !text.is_empty()))
}

#[derive(Debug)]
struct Feedback((Option<Value>, Option<AssessmentError>));

impl FromFields for Feedback {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let error: Option<NewError> = fields.optional("error")?;
        Ok(Feedback((fields.optional("value")?, error.map(|error| error.0))))
    }
}

struct NewError(AssessmentError);

impl FromFields for NewError {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(NewError(AssessmentError {
            error_code: fields.optional("error_code")?,
            error_message: fields.optional("error_message")?,
            stack_trace: fields.optional("stack_trace")?,
        }))
    }
}

#[derive(Debug)]
struct Expectation((Value, bool));

impl FromFields for Expectation {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        if let Some(Serialized(value)) = fields.optional("serialized_value")? {
            return Ok(Expectation((value, true)));
        }
        let value: Option<Value> = fields.optional("value")?;
        let missing = || FieldError::Rule("The `value` field must be specified.".to_owned());
        Ok(Expectation((value.ok_or_else(missing)?, false)))
    }
}

struct Serialized(Value);

impl FromFields for Serialized {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let format: String = fields.or_default("serialization_format")?;
        if format != JSON_FORMAT {
            let format = cut(&format);
            let text = format!("Unknown serialization format: {format}. Only {JSON_FORMAT} is supported.");
            return Err(FieldError::Rule(text));
        }
        let text: JsonText = fields.required("value")?;
        Ok(Serialized(text.0))
    }
}

struct JsonText(Value);

impl FromField for JsonText {
    fn from_field(value: &Value, at: &Place) -> Result<Self, FieldError> {
        let text = String::from_field(value, at)?;
        serde_json::from_str(&text)
            .map(JsonText)
            .map_err(|_| at.not_allowed(value, ". It must be the text of a JSON value"))
    }
}

struct IssueName(String);

impl FromFields for IssueName {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(IssueName(fields.or_default("issue_name")?))
    }
}

struct NewSource(AssessmentSource);

impl Default for NewSource {
    fn default() -> Self {
        NewSource(AssessmentSource { source_type: SourceType::Unspecified, source_id: None })
    }
}

impl FromFields for NewSource {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let source_type: Option<NewSourceType> = fields.optional("source_type")?;
        Ok(NewSource(AssessmentSource {
            source_type: source_type.map_or(SourceType::Unspecified, |source_type| source_type.0),
            source_id: not_empty(fields, "source_id")?,
        }))
    }
}

struct NewSourceType(SourceType);

impl FromField for NewSourceType {
    /// Reads a name or protobuf number; as in proto3, an unknown one is as if it were absent.
    fn from_field(value: &Value, at: &Place) -> Result<Self, FieldError> {
        let source_type = match value {
            Value::String(name) => match name.as_str() {
                "HUMAN" => SourceType::Human,
                "LLM_JUDGE" | "AI_JUDGE" => SourceType::LlmJudge,
                "CODE" => SourceType::Code,
                _ => SourceType::Unspecified,
            },
            Value::Number(number) => match number.as_u64() {
                Some(1) => SourceType::Human,
                Some(2) => SourceType::LlmJudge,
                Some(3) => SourceType::Code,
                _ => SourceType::Unspecified,
            },
            _ => return Err(at.wrong_type(value)),
        };
        Ok(NewSourceType(source_type))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mlflow::assessment::{Assessment, STACK_TRACE_CHARS, STACK_TRACE_NOTICE};
    use serde_json::json;

    const NOW: i64 = 1_795_369_424_077_000_000;

    fn create(assessment: Value) -> Result<Value, String> {
        let body = json!({"assessment": assessment});
        let request = CreateAssessment::from_fields(&Fields::of_body(body.as_object().unwrap()))
            .map_err(|error| error.to_string())?;
        let model =
            request.assessment.into_model("tr-own".parse().unwrap(), AssessmentId("a-new".to_owned()), NOW);
        Ok(serde_json::to_value(Assessment::from(model)).unwrap())
    }

    fn check_error(assessment: Value, expected: &str) {
        let error = create(assessment).unwrap_err();
        assert!(error.starts_with(expected), "{error}");
    }

    #[test]
    fn a_whole_assessment_comes_back_as_it_was_sent() {
        let sent = json!({
            "assessment_id": "a-mine", "assessment_name": "quality", "trace_id": "tr-own",
            "span_id": "37344afc13edd380", "source": {"source_type": "HUMAN", "source_id": "alice"},
            "create_time": "2026-11-22T17:43:58.347Z", "last_update_time": "2026-11-22T17:43:58.779Z",
            "feedback": {
                "value": {"a": [1.0, 2.0], "b": null},
                "error": {"error_code": "ValueError", "error_message": "m", "stack_trace": "s"},
            },
            "rationale": "good", "metadata": {"m": "1"}, "overrides": "a-old", "valid": false,
        });
        assert_eq!(create(sent.clone()), Ok(sent));
    }

    #[test]
    fn what_is_absent_is_filled_in() {
        let expected = json!({
            "assessment_id": "a-new", "assessment_name": "", "trace_id": "tr-own",
            "source": {"source_type": "SOURCE_TYPE_UNSPECIFIED"},
            "create_time": "2026-11-22T17:43:44.077Z", "last_update_time": "2026-11-22T17:43:44.077Z",
            "feedback": {"value": null}, "valid": true,
        });
        assert_eq!(create(json!({"feedback": {"value": null}})), Ok(expected));
    }

    #[test]
    fn an_expectation_is_answered_in_the_form_it_came_in() {
        let text = "{\"ans\": [\"HELLO\", 1.5e-06]}";
        for expectation in [
            json!({"value": "HELLO"}),
            json!({"value": {"a": 1}}),
            json!({"serialized_value": {"serialization_format": "JSON_FORMAT", "value": text}}),
        ] {
            let answer = create(json!({"expectation": expectation.clone()})).unwrap();
            assert_eq!(answer["expectation"], expectation);
        }
    }

    #[test]
    fn feedback_wins_over_what_comes_with_it() {
        let answer = create(json!({"feedback": {"value": 1}, "expectation": {"value": "x"}})).unwrap();
        assert_eq!(answer["feedback"], json!({"value": 1}));
        assert!(answer.get("expectation").is_none());
    }

    #[test]
    fn source_types_have_names_and_numbers() {
        for (given, expected) in [
            (json!("CODE"), "CODE"),
            (json!(2), "LLM_JUDGE"),
            (json!("AI_JUDGE"), "LLM_JUDGE"),
            (json!("ALIEN"), "SOURCE_TYPE_UNSPECIFIED"),
        ] {
            let answer = create(json!({"feedback": {}, "source": {"source_type": given}})).unwrap();
            assert_eq!(answer["source"]["source_type"], expected);
        }
    }

    #[test]
    fn mistakes_have_their_texts() {
        check_error(json!({"assessment_name": "n"}), "Unknown assessment type: None");
        check_error(json!({"expectation": {}}), "The `value` field must be specified.");
        check_error(
            json!({"expectation": {"serialized_value": {"serialization_format": "X", "value": "1"}}}),
            "Unknown serialization format: X. Only JSON_FORMAT is supported.",
        );
        check_error(
            json!({"feedback": {}, "create_time": "nope"}),
            "Invalid value \"nope\" for parameter 'assessment.create_time' supplied. It must be an RFC 3339 time",
        );
    }

    #[test]
    fn a_long_stack_trace_keeps_its_end() {
        let stack_trace = format!("{}end", "x".repeat(20_000));
        let answer = create(json!({"feedback": {"error": {"stack_trace": stack_trace}}})).unwrap();
        let text = answer["feedback"]["error"]["stack_trace"].as_str().unwrap();
        assert_eq!(text.len(), STACK_TRACE_CHARS);
        assert!(text.starts_with(STACK_TRACE_NOTICE) && text.ends_with("xend"));
    }

    fn update(body: Value) -> Result<UpdateAssessment, String> {
        UpdateAssessment::from_fields(&Fields::of_body(body.as_object().unwrap()))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn only_masked_fields_change_in_either_spelling() {
        let assessment = json!({"assessment_name": "n", "rationale": "r", "feedback": {"value": 5}});
        for mask in ["assessmentName,feedback", "assessment_name, feedback"] {
            let expected = UpdateAssessment {
                name: Some("n".to_owned()),
                feedback: Some((Some(json!(5)), None)),
                ..UpdateAssessment::default()
            };
            assert_eq!(update(json!({"assessment": assessment, "update_mask": mask})), Ok(expected));
        }
        let missing = update(json!({"assessment": assessment})).unwrap_err();
        assert!(missing.starts_with("Missing value for required parameter 'update_mask'."), "{missing}");
        let unknown = update(json!({"assessment": assessment, "update_mask": "source"})).unwrap_err();
        assert!(unknown.contains("`source` can't be updated"), "{unknown}");
    }
}
