//! Requests and answers of `label-schemas/*`.

use super::experiment::page_size;
use super::field::{FieldError, Fields, FromField, FromFields, Place, check_name, cut};
use super::issue::one_of;
use super::time::milliseconds;
use serde::Serialize;
use serde_json::{Map, Value, json};
use spanwise_model::limit::{
    LABEL_CHARS_MAX, LABEL_OPTIONS_MAX, LABEL_SCHEMA_INSTRUCTION_CHARS_MAX, LABEL_SCHEMA_NAME_CHARS_MAX,
};
use spanwise_model::{ExperimentId, LabelInput, LabelSchemaId, LabelSchemaType};

/// Page size of a list that names none.
const SCHEMAS_PER_PAGE: i64 = 100;
/// Largest page of a list.
const SCHEMAS_PER_PAGE_MAX: i64 = 50_000;
/// The name of the question that every experiment has, in lower case.
const RESERVED_NAME: &str = "feedback";

/// A label schema as MLflow answers it.
#[derive(Debug, Serialize)]
pub struct LabelSchema {
    schema_id: String,
    experiment_id: String,
    name: String,
    #[serde(rename = "type")]
    schema_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    instruction: Option<String>,
    enable_comment: bool,
    input: Value,
    created_at: i64,
    last_updated_at: i64,
    is_default: bool,
}

impl From<spanwise_model::LabelSchema> for LabelSchema {
    fn from(schema: spanwise_model::LabelSchema) -> Self {
        LabelSchema {
            schema_id: schema.schema_id.0,
            experiment_id: schema.experiment_id.to_string(),
            name: schema.name,
            schema_type: schema.schema_type.name(),
            instruction: schema.instruction,
            enable_comment: schema.enable_comment,
            input: input_value(schema.input),
            created_at: milliseconds(schema.created_ns),
            last_updated_at: milliseconds(schema.last_updated_ns),
            is_default: schema.is_default,
        }
    }
}

fn input_value(input: LabelInput) -> Value {
    let optional = |fields: [(&str, Option<Value>); 2]| {
        let known = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        Value::Object(known.collect::<Map<String, Value>>())
    };
    match input {
        LabelInput::PassFail { positive_label, negative_label } => {
            json!({"pass_fail": {"positive_label": positive_label, "negative_label": negative_label}})
        }
        LabelInput::Categorical { options, multi_select } => {
            json!({"categorical": {"options": options, "multi_select": multi_select}})
        }
        LabelInput::Numeric { min_value, max_value } => {
            let bounds =
                [("min_value", min_value.map(Value::from)), ("max_value", max_value.map(Value::from))];
            json!({"numeric": optional(bounds)})
        }
        LabelInput::Text { max_length } => {
            json!({"text": optional([("max_length", max_length.map(Value::from)), ("", None)])})
        }
    }
}

/// The answer that holds one label schema.
#[derive(Debug, Serialize)]
pub struct LabelSchemaResponse {
    /// The label schema.
    pub label_schema: LabelSchema,
}

/// The answer of `list`.
#[derive(Debug, Serialize)]
pub struct LabelSchemasResponse {
    /// The page.
    pub label_schemas: Vec<LabelSchema>,
    /// Set if more follow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
}

/// `create`.
#[derive(Debug, PartialEq)]
pub struct CreateLabelSchema {
    /// Where it shall live.
    pub experiment_id: ExperimentId,
    /// What it is called.
    pub name: String,
    /// What an answer becomes.
    pub schema_type: LabelSchemaType,
    /// What reviewers are told.
    pub instruction: Option<String>,
    /// Whether a comment may be added.
    pub enable_comment: bool,
    /// How it is answered.
    pub input: LabelInput,
}

impl FromFields for CreateLabelSchema {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(CreateLabelSchema {
            experiment_id: fields.required("experiment_id")?,
            name: schema_name(fields.required("name")?)?,
            schema_type: fields.required::<Type>("type")?.0,
            instruction: instruction(fields.optional("instruction")?)?,
            enable_comment: fields.or_default("enable_comment")?,
            input: fields.required::<Input>("input")?.0,
        })
    }
}

/// `update`.
#[derive(Debug, PartialEq)]
pub struct UpdateLabelSchema {
    /// Its id.
    pub schema_id: LabelSchemaId,
    /// New name.
    pub name: Option<String>,
    /// New instruction.
    pub instruction: Option<String>,
    /// Whether a comment may be added from now on.
    pub enable_comment: Option<bool>,
    /// New input.
    pub input: Option<LabelInput>,
}

impl FromFields for UpdateLabelSchema {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(UpdateLabelSchema {
            schema_id: LabelSchemaId(fields.required("schema_id")?),
            name: fields.optional("name")?.map(schema_name).transpose()?,
            instruction: instruction(fields.optional("instruction")?)?,
            enable_comment: fields.optional("enable_comment")?,
            input: fields.optional::<Input>("input")?.map(|input| input.0),
        })
    }
}

/// A request that names one label schema: `get`, `delete`.
#[derive(Debug, PartialEq, Eq)]
pub struct OneLabelSchema {
    /// Its id.
    pub schema_id: LabelSchemaId,
}

impl FromFields for OneLabelSchema {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(OneLabelSchema { schema_id: LabelSchemaId(fields.required("schema_id")?) })
    }
}

/// `get-by-name`.
#[derive(Debug, PartialEq, Eq)]
pub struct GetLabelSchemaByName {
    /// The experiment.
    pub experiment_id: ExperimentId,
    /// The name.
    pub name: String,
}

impl FromFields for GetLabelSchemaByName {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(GetLabelSchemaByName {
            experiment_id: fields.required("experiment_id")?,
            name: fields.required("name")?,
        })
    }
}

/// `list`.
#[derive(Debug, PartialEq, Eq)]
pub struct ListLabelSchemas {
    /// The experiment.
    pub experiment_id: ExperimentId,
    /// Page size.
    pub max_results: usize,
    /// Where the page starts; empty = at the beginning.
    pub page_token: String,
}

impl FromFields for ListLabelSchemas {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let max_results = fields.optional("max_results")?.unwrap_or(SCHEMAS_PER_PAGE);
        Ok(ListLabelSchemas {
            experiment_id: fields.required("experiment_id")?,
            max_results: page_size(max_results, SCHEMAS_PER_PAGE_MAX)?,
            page_token: fields.or_default("page_token")?,
        })
    }
}

fn rule<T>(message: String) -> Result<T, FieldError> {
    Err(FieldError::Rule(message))
}

fn schema_name(name: String) -> Result<String, FieldError> {
    check_name("name", &name)?;
    let length = name.chars().count();
    if length == 0 {
        return rule("Label schema `name` must be a non-empty string; got ''.".to_owned());
    }
    if length > LABEL_SCHEMA_NAME_CHARS_MAX {
        return rule(format!(
            "Label schema `name` must be at most {LABEL_SCHEMA_NAME_CHARS_MAX} characters; got {length}."
        ));
    }
    if name.trim().to_lowercase() == RESERVED_NAME {
        return rule(format!(
            "`{name}` is reserved for the experiment's default question and cannot be used for another label schema."
        ));
    }
    Ok(name)
}

fn instruction(instruction: Option<String>) -> Result<Option<String>, FieldError> {
    let length = instruction.as_ref().map_or(0, |text| text.chars().count());
    if length > LABEL_SCHEMA_INSTRUCTION_CHARS_MAX {
        return rule(format!(
            "Label schema `instruction` must be at most {LABEL_SCHEMA_INSTRUCTION_CHARS_MAX} characters; got {length}."
        ));
    }
    Ok(instruction)
}

struct Type(LabelSchemaType);

impl FromField for Type {
    fn from_field(value: &Value, at: &Place) -> Result<Self, FieldError> {
        let found = match value {
            Value::String(name) => LabelSchemaType::from_name(name),
            Value::Number(number) => {
                let index = number.as_u64().and_then(|number| usize::try_from(number).ok()?.checked_sub(1));
                index.and_then(|index| LabelSchemaType::ALL.get(index).copied())
            }
            _ => return Err(at.wrong_type(value)),
        };
        let names = LabelSchemaType::ALL.map(LabelSchemaType::name);
        found.map(Type).ok_or_else(|| at.not_allowed(value, one_of(&names)))
    }
}

struct Input(LabelInput);

const NO_INPUT: &str = "Label schema `input` must have exactly one of `pass_fail`, `categorical`, `numeric`, or `text` \
    set; got ";

impl FromFields for Input {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let inputs = [
            fields.optional::<PassFail>("pass_fail")?.map(|input| input.0),
            fields.optional::<Categorical>("categorical")?.map(|input| input.0),
            fields.optional::<Numeric>("numeric")?.map(|input| input.0),
            fields.optional::<Text>("text")?.map(|input| input.0),
        ];
        let mut inputs = inputs.into_iter().flatten();
        match (inputs.next(), inputs.next()) {
            (Some(input), None) => Ok(Input(input)),
            (None, _) => rule(format!("{NO_INPUT}an empty oneof.")),
            (Some(one), Some(other)) => rule(format!("{NO_INPUT}{} and {}.", one.kind(), other.kind())),
        }
    }
}

struct PassFail(LabelInput);

impl FromFields for PassFail {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let label = |name: &str| {
            let label: String = fields.or_default(name)?;
            check_label(&format!("InputPassFail.{name}"), &label).map(|()| label)
        };
        let (positive_label, negative_label) = (label("positive_label")?, label("negative_label")?);
        if positive_label == negative_label {
            return rule(format!(
                "`InputPassFail.positive_label` and `negative_label` must be distinct; got '{positive_label}' for both."
            ));
        }
        Ok(PassFail(LabelInput::PassFail { positive_label, negative_label }))
    }
}

fn check_label(what: &str, label: &str) -> Result<(), FieldError> {
    let length = label.chars().count();
    if length == 0 {
        return rule(format!("`{what}` must be a non-empty string; got ''."));
    }
    if length > LABEL_CHARS_MAX {
        return rule(format!("`{what}` must be at most {LABEL_CHARS_MAX} characters; got {length}."));
    }
    Ok(())
}

struct Categorical(LabelInput);

impl FromFields for Categorical {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let options: Vec<String> = fields.or_default("options")?;
        let count = options.len();
        if count == 0 {
            return rule("`InputCategorical.options` must be a non-empty list; got [].".to_owned());
        }
        if count > LABEL_OPTIONS_MAX {
            return rule(format!(
                "`InputCategorical.options` must have at most {LABEL_OPTIONS_MAX} entries; got {count}."
            ));
        }
        for (index, option) in options.iter().enumerate() {
            let length = option.chars().count();
            if length == 0 {
                return rule(
                    "`InputCategorical.options` entries must be non-empty strings; got ''.".to_owned(),
                );
            }
            if length > LABEL_CHARS_MAX {
                return rule(format!(
                    "`InputCategorical.options` entries must be at most {LABEL_CHARS_MAX} characters; got {length} \
                     for '{}'.",
                    cut(option)
                ));
            }
            if options[..index].contains(option) {
                return rule(format!(
                    "`InputCategorical.options` must be deduplicated; '{option}' appears twice."
                ));
            }
        }
        Ok(Categorical(LabelInput::Categorical { options, multi_select: fields.or_default("multi_select")? }))
    }
}

struct Numeric(LabelInput);

impl FromFields for Numeric {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let bound = |name: &str| match fields.optional::<f64>(name)? {
            Some(bound) if !bound.is_finite() => {
                rule(format!("`InputNumeric.{name}` must be a finite number; got {bound:?}."))
            }
            bound => Ok(bound),
        };
        let (min_value, max_value) = (bound("min_value")?, bound("max_value")?);
        if let (Some(min), Some(max)) = (min_value, max_value)
            && min >= max
        {
            return rule(format!(
                "`InputNumeric.min_value` must be strictly less than `max_value`; got min={min:?}, max={max:?}."
            ));
        }
        Ok(Numeric(LabelInput::Numeric { min_value, max_value }))
    }
}

struct Text(LabelInput);

impl FromFields for Text {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let max_length: Option<i64> = fields.optional("max_length")?;
        if let Some(length) = max_length.filter(|length| *length < 1) {
            return rule(format!("`InputText.max_length` must be at least 1; got {length}."));
        }
        Ok(Text(LabelInput::Text { max_length }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(value: Value) -> Result<LabelInput, String> {
        let read = Input::from_fields(&Fields::of_body(value.as_object().unwrap()));
        read.map(|input| input.0).map_err(|error| error.to_string())
    }

    #[test]
    fn an_input_comes_back_as_it_was_sent() {
        for value in [
            json!({"pass_fail": {"positive_label": "y", "negative_label": "n"}}),
            json!({"categorical": {"options": ["a", "b"], "multi_select": true}}),
            json!({"numeric": {"min_value": 0.0, "max_value": 1.0}}),
            json!({"numeric": {"min_value": 0.5}}),
            json!({"text": {"max_length": 10}}),
            json!({"text": {}}),
        ] {
            assert_eq!(input_value(input(value.clone()).unwrap()), value);
        }
    }

    #[test]
    fn what_is_wrong_is_said_in_mlflows_words() {
        for (value, expected) in [
            (json!({}), "Label schema `input` must have exactly one of"),
            (json!({"text": {}, "numeric": {}}), "Label schema `input` must have exactly one of"),
            (
                json!({"pass_fail": {"positive_label": "y"}}),
                "`InputPassFail.negative_label` must be a non-empty string; got ''.",
            ),
            (
                json!({"pass_fail": {"positive_label": "y", "negative_label": "y"}}),
                "`InputPassFail.positive_label` and `negative_label` must be distinct; got 'y' for both.",
            ),
            (
                json!({"categorical": {"options": ["a", "a"]}}),
                "`InputCategorical.options` must be deduplicated; 'a' appears twice.",
            ),
            (
                json!({"numeric": {"min_value": 2, "max_value": 1}}),
                "`InputNumeric.min_value` must be strictly less than `max_value`; got min=2.0, max=1.0.",
            ),
            (
                json!({"numeric": {"min_value": "-Infinity", "max_value": 1}}),
                "`InputNumeric.min_value` must be a finite number; got -inf.",
            ),
            (
                json!({"numeric": {"max_value": "NaN"}}),
                "`InputNumeric.max_value` must be a finite number; got NaN.",
            ),
            (json!({"text": {"max_length": 0}}), "`InputText.max_length` must be at least 1; got 0."),
        ] {
            let error = input(value).unwrap_err();
            assert!(error.starts_with(expected), "{error}");
        }
        for name in ["Feedback", " FEEDBACK ", ""] {
            assert!(schema_name(name.to_owned()).is_err(), "{name}");
        }
    }
}
