//! Typed access to the fields of a request, with proto3's leniency and MLflow's error texts.
//!
//! A request type implements [`FromFields`] by naming its fields once. Fields are checked in the order in which they
//! are written there, which is how the order of MLflow's own checks is kept.

use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Longest piece of a wrong value that an error repeats, in characters.
const ECHO_CHARS_MAX: usize = 100;

/// Why a request can't be read; always the caller's mistake. The texts are MLflow's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FieldError {
    /// A required field is absent, null or empty.
    #[error(
        "Missing value for required parameter '{0}'. See the API docs for more information about request parameters."
    )]
    Missing(String),
    /// A field is of another type.
    #[error(
        "Invalid value {json} for parameter '{name}' supplied:  Hint: Value was of type '{python_type}'. \
         See the API docs for more information about request parameters."
    )]
    WrongType {
        /// The field, with the fields it is nested in.
        name: String,
        /// The value as compact JSON.
        json: String,
        /// The type of the value, as Python calls it.
        python_type: &'static str,
    },
    /// A field has a value that is not allowed.
    #[error("Invalid value {json} for parameter '{name}' supplied{hint}")]
    NotAllowed {
        /// The field, with the fields it is nested in.
        name: String,
        /// The value as compact JSON.
        json: String,
        /// What would be right, with the punctuation that leads to it.
        hint: String,
    },
    /// A field is there in both spellings.
    #[error("Request specifies both '{0}' and '{1}'; provide only one of them.")]
    BothSpellings(String, String),
    /// A text that should say true or false.
    #[error("Invalid boolean value: {0}, must be 'true' or 'false'.")]
    Boolean(String),
    /// A text is too long.
    #[error("'{name}' exceeds the maximum length of {chars_max} characters")]
    TooLong {
        /// What is too long.
        name: &'static str,
        /// The limit.
        chars_max: usize,
    },
    /// A rule that concerns more than one field's type.
    #[error("{0}")]
    Rule(String),
}

/// A type that is read from a whole object.
pub trait FromFields: Sized {
    /// Reads it.
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError>;
}

/// A type that is read from the value of one field, which is neither absent nor null.
pub trait FromField: Sized {
    /// Reads it; `at` names the field in errors.
    fn from_field(value: &Value, at: &Place) -> Result<Self, FieldError>;
}

/// Where a value was found.
#[derive(Debug, Clone)]
pub struct Place {
    /// The field, with the fields it is nested in.
    pub name: String,
    /// Whether it came in a query string, where a list of one can't be told from a text.
    pub from_query: bool,
}

impl Place {
    /// Returns the error for a value of another type.
    pub fn wrong_type(&self, value: &Value) -> FieldError {
        FieldError::WrongType { name: self.name.clone(), json: echo(value), python_type: python_type(value) }
    }

    /// Returns the error for a value that is not allowed; `hint` begins with its punctuation.
    pub fn not_allowed(&self, value: &Value, hint: impl Into<String>) -> FieldError {
        FieldError::NotAllowed { name: self.name.clone(), json: echo(value), hint: hint.into() }
    }
}

/// The fields of one object.
#[derive(Debug, Clone)]
pub struct Fields<'a> {
    object: &'a Map<String, Value>,
    /// Names of the fields this object is nested in, each with a dot behind it.
    prefix: String,
    from_query: bool,
}

impl<'a> Fields<'a> {
    /// Looks at the object of a body.
    pub fn of_body(object: &'a Map<String, Value>) -> Self {
        Fields { object, prefix: String::new(), from_query: false }
    }

    /// Looks at a query string, whose repeated parameters are arrays of texts and whose other ones are texts.
    pub fn of_query(object: &'a Map<String, Value>) -> Self {
        Fields { object, prefix: String::new(), from_query: true }
    }

    /// Returns a field that must be there and not be empty.
    pub fn required<T: FromField>(&self, name: &str) -> Result<T, FieldError> {
        match self.get(name)? {
            None => Err(self.missing(name)),
            Some(Value::String(text)) if text.is_empty() => Err(self.missing(name)),
            Some(value) => T::from_field(value, &self.place(name)),
        }
    }

    /// Returns a field that may be absent or null.
    pub fn optional<T: FromField>(&self, name: &str) -> Result<Option<T>, FieldError> {
        self.get(name)?.map(|value| T::from_field(value, &self.place(name))).transpose()
    }

    /// Returns a field, or its type's empty value if it is absent or null.
    pub fn or_default<T: FromField + Default>(&self, name: &str) -> Result<T, FieldError> {
        Ok(self.optional(name)?.unwrap_or_default())
    }

    /// Returns the fields of an object that must be there.
    pub fn required_object(&self, name: &str) -> Result<Fields<'a>, FieldError> {
        let value = self.get(name)?.ok_or_else(|| self.missing(name))?;
        Fields::of_value(value, &self.place(name))
    }

    fn of_value(value: &'a Value, at: &Place) -> Result<Self, FieldError> {
        let object = value.as_object().ok_or_else(|| at.wrong_type(value))?;
        Ok(Fields { object, prefix: format!("{}.", at.name), from_query: at.from_query })
    }

    fn missing(&self, name: &str) -> FieldError {
        FieldError::Missing(self.place(name).name)
    }

    fn place(&self, name: &str) -> Place {
        Place { name: format!("{}{name}", self.prefix), from_query: self.from_query }
    }

    /// Finds a field under either spelling.
    fn get(&self, name: &str) -> Result<Option<&'a Value>, FieldError> {
        let camel = lower_camel(name);
        let snake_value = self.object.get(name);
        let camel_value = if camel == name { None } else { self.object.get(&camel) };
        if snake_value.is_some() && camel_value.is_some() {
            return Err(FieldError::BothSpellings(name.to_owned(), camel));
        }
        Ok(snake_value.or(camel_value).filter(|value| !value.is_null()))
    }
}

impl<T: FromFields> FromField for T {
    fn from_field(value: &Value, at: &Place) -> Result<Self, FieldError> {
        T::from_fields(&Fields::of_value(value, at)?)
    }
}

impl FromField for Value {
    fn from_field(value: &Value, _: &Place) -> Result<Self, FieldError> {
        Ok(value.clone())
    }
}

impl FromField for String {
    fn from_field(value: &Value, at: &Place) -> Result<Self, FieldError> {
        value.as_str().map(str::to_owned).ok_or_else(|| at.wrong_type(value))
    }
}

impl FromField for bool {
    fn from_field(value: &Value, at: &Place) -> Result<Self, FieldError> {
        match value {
            Value::Bool(flag) => Ok(*flag),
            // Python writes `True` into a query string.
            Value::String(text) if text.eq_ignore_ascii_case("true") => Ok(true),
            Value::String(text) if text.eq_ignore_ascii_case("false") => Ok(false),
            Value::String(text) => Err(FieldError::Boolean(cut(text))),
            _ => Err(at.wrong_type(value)),
        }
    }
}

impl FromField for i64 {
    fn from_field(value: &Value, at: &Place) -> Result<Self, FieldError> {
        let integer = match value {
            Value::Number(number) => number.as_i64().or_else(|| number.as_f64().and_then(whole)),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        integer.ok_or_else(|| at.wrong_type(value))
    }
}

impl<T: FromField> FromField for Vec<T> {
    fn from_field(value: &Value, at: &Place) -> Result<Self, FieldError> {
        match value {
            Value::Array(items) => items.iter().map(|item| T::from_field(item, at)).collect(),
            _ if at.from_query => Ok(vec![T::from_field(value, at)?]),
            _ => Err(at.wrong_type(value)),
        }
    }
}

impl FromField for BTreeMap<String, String> {
    fn from_field(value: &Value, at: &Place) -> Result<Self, FieldError> {
        let object = value.as_object().ok_or_else(|| at.wrong_type(value))?;
        let entry = |(key, value): (&String, &Value)| {
            let at = Place { name: format!("{}.{}", at.name, cut(key)), from_query: at.from_query };
            Ok((key.clone(), String::from_field(value, &at)?))
        };
        object.iter().map(entry).collect()
    }
}

/// Checks a text against a limit of characters.
pub fn check_chars(name: &'static str, text: &str, chars_max: usize) -> Result<(), FieldError> {
    // No text has more characters than bytes, so that most need no count.
    if text.len() <= chars_max || text.chars().count() <= chars_max {
        return Ok(());
    }
    Err(FieldError::TooLong { name, chars_max })
}

/// Refuses a name that holds a NUL, which databases and tools take for its end.
pub fn check_name(name: &'static str, text: &str) -> Result<(), FieldError> {
    if text.contains('\0') {
        return Err(FieldError::Rule(format!("'{name}' holds a NUL character; names can't")));
    }
    Ok(())
}

fn whole(number: f64) -> Option<i64> {
    // 2^63 itself is not an i64, and -2^63 is.
    let fits = (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&number);
    (fits && number.fract() == 0.0).then_some(number as i64)
}

fn echo(value: &Value) -> String {
    cut(&value.to_string())
}

/// Cuts a text to what an error may repeat of it.
pub(super) fn cut(text: &str) -> String {
    match text.char_indices().nth(ECHO_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn python_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "NoneType",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "int",
        Value::String(_) => "str",
        Value::Array(_) => "list",
        Value::Object(_) => "dict",
    }
}

fn lower_camel(snake: &str) -> String {
    let mut camel = String::with_capacity(snake.len());
    let mut parts = snake.split('_');
    camel.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let (head, tail) = part.split_at(part.len().min(1));
        camel.push_str(&head.to_ascii_uppercase());
        camel.push_str(tail);
    }
    camel
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check<T>(object: Value, name: &str, expected: Result<T, &str>)
    where
        T: FromField + PartialEq + std::fmt::Debug,
    {
        let object = object.as_object().unwrap();
        let result = Fields::of_body(object).required::<T>(name).map_err(|error| error.to_string());
        assert_eq!(result, expected.map_err(str::to_owned));
    }

    #[test]
    fn both_spellings_are_read_and_not_at_once() {
        check(json!({"experiment_id": "1"}), "experiment_id", Ok("1".to_owned()));
        check(json!({"experimentId": "1"}), "experiment_id", Ok("1".to_owned()));
        check::<String>(
            json!({"experiment_id": "1", "experimentId": "1"}),
            "experiment_id",
            Err("Request specifies both 'experiment_id' and 'experimentId'; provide only one of them."),
        );
    }

    #[test]
    fn absent_null_and_empty_are_missing() {
        const MISSING: &str = "Missing value for required parameter 'name'. See the API docs for more information \
                               about request parameters.";
        check::<String>(json!({}), "name", Err(MISSING));
        check::<String>(json!({"name": null}), "name", Err(MISSING));
        check::<String>(json!({"name": ""}), "name", Err(MISSING));
        check::<Vec<String>>(json!({"name": []}), "name", Ok(vec![]));
    }

    #[test]
    fn integers_may_be_text_or_whole_floats() {
        check(json!({"n": 5}), "n", Ok(5_i64));
        check(json!({"n": "5"}), "n", Ok(5_i64));
        check(json!({"n": 5.0}), "n", Ok(5_i64));
        check::<i64>(
            json!({"n": 5.5}),
            "n",
            Err(
                "Invalid value 5.5 for parameter 'n' supplied:  Hint: Value was of type 'float'. See the API docs \
                 for more information about request parameters.",
            ),
        );
    }

    #[test]
    fn booleans_are_python_text_too() {
        check(json!({"flag": true}), "flag", Ok(true));
        check(json!({"flag": "False"}), "flag", Ok(false));
        check::<bool>(
            json!({"flag": "zz"}),
            "flag",
            Err("Invalid boolean value: zz, must be 'true' or 'false'."),
        );
    }

    #[test]
    fn a_wrong_value_is_named_with_its_path_and_cut() {
        check::<BTreeMap<String, String>>(
            json!({"tags": {"a": "x".repeat(5), "b": [1, 2]}}),
            "tags",
            Err(
                "Invalid value [1,2] for parameter 'tags.b' supplied:  Hint: Value was of type 'list'. See the API \
                 docs for more information about request parameters.",
            ),
        );
        let long = Fields::of_body(json!({"n": "x".repeat(1_000)}).as_object().unwrap()).required::<i64>("n");
        assert!(long.unwrap_err().to_string().len() < 300);
    }

    #[test]
    fn a_query_has_lists_of_one() {
        let query = json!({"ids": "a", "more": ["a", "b"]});
        let fields = Fields::of_query(query.as_object().unwrap());
        assert_eq!(fields.required::<Vec<String>>("ids"), Ok(vec!["a".to_owned()]));
        assert_eq!(fields.required::<Vec<String>>("more"), Ok(vec!["a".to_owned(), "b".to_owned()]));
    }
}
