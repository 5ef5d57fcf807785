//! Where a value goes in a record: `inputs`, `inputs.question`, `expectations.expected_response` and so on.

use super::new_record_id;
use serde_json::{Map, Value};
use spanwise_model::RecordSource;
use spanwise_store::catalog::NewRecord;
use std::fmt;

/// The name of a value that is given as all inputs and is no object.
const LONE_INPUT: &str = "input";
/// The name of a value that is given as all expectations and is no object: the one that MLflow's judges look for.
const LONE_EXPECTATION: &str = "expected_response";

/// A part of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Inputs,
    Outputs,
    Expectations,
    Tags,
    Source,
}

/// A part of a record, or a field of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    part: Part,
    field: Option<String>,
}

impl Target {
    /// Reads a target.
    pub(super) fn parse(text: &str) -> Result<Target, String> {
        let (name, field) = match text.split_once('.') {
            Some((name, field)) => (name, Some(field.to_owned())),
            None => (text, None),
        };
        let part = match name {
            "inputs" => Part::Inputs,
            "outputs" => Part::Outputs,
            "expectations" => Part::Expectations,
            "tags" => Part::Tags,
            "source" if field.is_none() => Part::Source,
            _ => {
                return Err(format!(
                    "`{text}` is no field of a record; expected `inputs`, `outputs`, `expectations` or `tags`, \
                     or one of their fields such as `inputs.question`"
                ));
            }
        };
        Ok(Target { part, field })
    }

    /// Says whether it fills the inputs, without which there is no record.
    pub(super) fn is_input(&self) -> bool {
        self.part == Part::Inputs
    }

    /// Returns a cell of a file as it goes here: where an object is wanted, and the file had no way to write one, its text may
    /// be that of one.
    pub(super) fn unwrapped(&self, cell: Value) -> Value {
        match &cell {
            Value::String(text) if self.field.is_none() && self.part != Part::Outputs => {
                serde_json::from_str::<Map<String, Value>>(text).map_or(cell, Value::Object)
            }
            _ => cell,
        }
    }

    /// Puts a value into a record.
    pub(super) fn put(&self, value: Value, record: &mut NewRecord) -> Result<(), String> {
        match self.part {
            Part::Inputs => self.put_field(value, &mut record.inputs, Some(LONE_INPUT)),
            Part::Expectations => self.put_field(value, &mut record.expectations, Some(LONE_EXPECTATION)),
            Part::Tags => self.put_field(value, &mut record.tags, None),
            Part::Outputs => self.put_output(value, &mut record.outputs),
            Part::Source => {
                record.source = source_of(value)?;
                Ok(())
            }
        }
    }

    fn put_field(
        &self,
        value: Value,
        into: &mut Map<String, Value>,
        lone: Option<&str>,
    ) -> Result<(), String> {
        match (&self.field, value, lone) {
            (Some(field), value, _) => drop(into.insert(field.clone(), value)),
            (None, Value::Object(fields), _) => into.extend(fields),
            (None, Value::Null, _) => {}
            (None, value, Some(lone)) => drop(into.insert(lone.to_owned(), value)),
            (None, value, None) => return Err(format!("`tags` is {value}; expected an object")),
        }
        Ok(())
    }

    fn put_output(&self, value: Value, outputs: &mut Option<Value>) -> Result<(), String> {
        let Some(field) = &self.field else {
            *outputs = Some(value).filter(|value| !value.is_null());
            return Ok(());
        };
        let fields = outputs.get_or_insert_with(|| Value::Object(Map::new()));
        let Some(fields) = fields.as_object_mut() else {
            return Err(format!("`outputs` has a value, so that it can't have the field `{field}` too"));
        };
        fields.insert(field.clone(), value);
        Ok(())
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.part {
            Part::Inputs => "inputs",
            Part::Outputs => "outputs",
            Part::Expectations => "expectations",
            Part::Tags => "tags",
            Part::Source => "source",
        })?;
        self.field.as_ref().map_or(Ok(()), |field| write!(f, ".{field}"))
    }
}

/// Reads a source as an export writes it. Others' columns of this name that hold something else are passed over.
fn source_of(value: Value) -> Result<Option<RecordSource>, String> {
    let Value::Object(mut source) = value else { return Ok(None) };
    let Some(Value::String(source_type)) = source.remove("source_type") else { return Ok(None) };
    const TYPES: [&str; 4] = ["TRACE", "HUMAN", "DOCUMENT", "CODE"];
    if !TYPES.contains(&source_type.as_str()) {
        return Err(format!("its source is a `{source_type}`; expected one of {}", TYPES.join(", ")));
    }
    let data = match source.remove("source_data") {
        Some(Value::Object(data)) => data,
        _ => Map::new(),
    };
    Ok(Some(RecordSource { source_type, data }))
}

/// Returns a record with nothing in it.
pub(super) fn empty_record(user: Option<&str>) -> NewRecord {
    NewRecord {
        record_id: new_record_id(),
        inputs: Map::new(),
        outputs: None,
        expectations: Map::new(),
        tags: Map::new(),
        source: None,
        user: user.map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(puts: &[(&str, Value)], expected: [Value; 3]) {
        let mut record = empty_record(None);
        for (target, value) in puts {
            Target::parse(target).unwrap().put(value.clone(), &mut record).unwrap();
        }
        let [inputs, outputs, expectations] = expected;
        assert_eq!(Value::Object(record.inputs), inputs);
        assert_eq!(record.outputs.unwrap_or_default(), outputs);
        assert_eq!(Value::Object(record.expectations), expectations);
    }

    #[test]
    fn values_go_where_they_are_told() {
        check(
            &[
                ("inputs.a.b", json!(1)),
                ("inputs", json!({"c": 2})),
                ("outputs.x", json!("o")),
                ("expectations", json!({"e": 3})),
            ],
            [json!({"a.b": 1, "c": 2}), json!({"x": "o"}), json!({"e": 3})],
        );
        check(
            &[("inputs", json!("hi")), ("outputs", json!([1])), ("expectations", json!("yes"))],
            [json!({"input": "hi"}), json!([1]), json!({"expected_response": "yes"})],
        );
    }

    #[test]
    fn what_is_no_field_is_refused() {
        for text in ["question", "", "source.x", "Inputs"] {
            assert!(Target::parse(text).unwrap_err().contains("expected `inputs`"), "{text}");
        }
        let tags = Target::parse("tags").unwrap();
        assert!(tags.put(json!(1), &mut empty_record(None)).is_err());
        let source = Target::parse("source").unwrap();
        assert!(source.put(json!({"source_type": "X"}), &mut empty_record(None)).is_err());
        source.put(json!("TRACE"), &mut empty_record(None)).unwrap();
    }
}
