//! Whether a schema can be used.

use super::{DEPTH_MAX, target};
use crate::definition::PATTERN_BYTES_MAX;
use crate::error::ScoreError;
use regex::Regex;
use serde_json::{Map, Value};
use std::collections::HashMap;

pub(super) const TYPES: [&str; 7] = ["null", "boolean", "object", "array", "number", "integer", "string"];
const ANNOTATIONS: [&str; 10] = [
    "$schema",
    "$comment",
    "title",
    "description",
    "default",
    "examples",
    "format",
    "deprecated",
    "readOnly",
    "writeOnly",
];

pub(super) struct Checker<'a> {
    pub(super) root: &'a Value,
    pub(super) patterns: HashMap<String, Regex>,
}

impl Checker<'_> {
    pub(super) fn check(&mut self, schema: &Value, place: &str, depth: usize) -> Result<(), ScoreError> {
        if depth > DEPTH_MAX {
            return Err(ScoreError::field(place, format!("is more than {DEPTH_MAX} levels deep")));
        }
        match schema {
            Value::Bool(_) => Ok(()),
            Value::Object(members) => members.iter().try_for_each(|(keyword, value)| {
                self.keyword(keyword, value, place, &format!("{place}.{keyword}"), depth + 1)
            }),
            other => Err(wrong(place, other, "a schema: an object, true or false")),
        }
    }

    fn keyword(
        &mut self,
        keyword: &str,
        value: &Value,
        place: &str,
        inner: &str,
        depth: usize,
    ) -> Result<(), ScoreError> {
        match keyword {
            "type" => types(value, inner),
            "enum" => list(value, inner).map(drop),
            "const" => Ok(()),
            "properties" | "$defs" | "definitions" => {
                let members = object(value, inner)?;
                members
                    .iter()
                    .try_for_each(|(name, schema)| self.check(schema, &format!("{inner}.{name}"), depth))
            }
            "items" | "additionalProperties" | "not" => self.check(value, inner, depth),
            "allOf" | "anyOf" | "oneOf" | "prefixItems" => {
                let schemas = list(value, inner)?;
                let all = schemas.iter().enumerate();
                all.into_iter()
                    .try_for_each(|(at, schema)| self.check(schema, &format!("{inner}[{at}]"), depth))
            }
            "required" => match value.as_array().filter(|names| names.iter().all(Value::is_string)) {
                Some(_) => Ok(()),
                None => Err(wrong(inner, value, "a list of names")),
            },
            "minLength" | "maxLength" | "minItems" | "maxItems" | "minProperties" | "maxProperties" => {
                if value.is_u64() {
                    Ok(())
                } else {
                    Err(wrong(inner, value, "a whole number from 0"))
                }
            }
            "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" => {
                if value.is_number() {
                    Ok(())
                } else {
                    Err(wrong(inner, value, "a number"))
                }
            }
            "multipleOf" => match value.as_f64() {
                Some(number) if number > 0.0 => Ok(()),
                _ => Err(wrong(inner, value, "a number above 0")),
            },
            "uniqueItems" => {
                if value.is_boolean() {
                    Ok(())
                } else {
                    Err(wrong(inner, value, "true or false"))
                }
            }
            "pattern" => self.pattern(value, inner),
            "$ref" => self.reference(value, inner),
            _ if ANNOTATIONS.contains(&keyword) => Ok(()),
            _ => Err(ScoreError::field(
                place,
                format!(
                    "has the keyword `{keyword}`, which is not supported; docs/scoring.md lists those that are"
                ),
            )),
        }
    }

    fn pattern(&mut self, value: &Value, place: &str) -> Result<(), ScoreError> {
        let text = value.as_str().ok_or_else(|| wrong(place, value, "a regular expression"))?;
        let regex = compile(place, text, false)?;
        self.patterns.insert(text.to_owned(), regex);
        Ok(())
    }

    fn reference(&self, value: &Value, place: &str) -> Result<(), ScoreError> {
        let text = value.as_str().ok_or_else(|| wrong(place, value, "a reference such as `#/$defs/name`"))?;
        if !text.starts_with('#') || text.len() > 1 && !text.starts_with("#/") {
            let problem =
                format!("refers to `{text}`; only `#` and places inside the schema, `#/$defs/name`, can be");
            return Err(ScoreError::field(place, problem));
        }
        match target(self.root, text) {
            Some(_) => Ok(()),
            None => Err(ScoreError::field(place, format!("refers to `{text}`, which is not there"))),
        }
    }
}

/// Compiles a regular expression; `field` is what errors call it.
pub(crate) fn compile(field: &str, text: &str, ignore_case: bool) -> Result<Regex, ScoreError> {
    if text.len() > PATTERN_BYTES_MAX {
        let problem = format!("has {} bytes; the limit is {PATTERN_BYTES_MAX}", text.len());
        return Err(ScoreError::field(field, problem));
    }
    let mut builder = regex::RegexBuilder::new(text);
    builder.case_insensitive(ignore_case).build().map_err(|error| {
        let problem = error.to_string();
        let last = problem.lines().last().unwrap_or_default().trim_start_matches("error: ");
        ScoreError::field(field, format!("is no regular expression: {last}"))
    })
}

fn types(value: &Value, place: &str) -> Result<(), ScoreError> {
    let expected = "null, boolean, object, array, number, integer or string";
    let is_type = |value: &Value| value.as_str().is_some_and(|name| TYPES.contains(&name));
    match value {
        Value::Array(names) if !names.is_empty() && names.iter().all(is_type) => Ok(()),
        one if is_type(one) => Ok(()),
        other => Err(wrong(place, other, expected)),
    }
}

fn list<'v>(value: &'v Value, place: &str) -> Result<&'v Vec<Value>, ScoreError> {
    value
        .as_array()
        .filter(|list| !list.is_empty())
        .ok_or_else(|| wrong(place, value, "a list with something in it"))
}

fn object<'v>(value: &'v Value, place: &str) -> Result<&'v Map<String, Value>, ScoreError> {
    value.as_object().ok_or_else(|| wrong(place, value, "an object of schemas"))
}

fn wrong(place: &str, value: &Value, expected: &str) -> ScoreError {
    let mut text = value.to_string();
    if text.len() > 100 {
        text.truncate(text.floor_char_boundary(100));
        text.push('…');
    }
    ScoreError::field(place, format!("is {text}; expected {expected}"))
}
