//! The fields of traces and spans that records can be made of.

use super::super::attribute::json;
use super::super::spans::{broken, log_views};
use super::target::{Target, empty_record};
use serde_json::{Map, Value};
use spanwise_api_types::native::{FieldMapping, SourceField, shortened};
use spanwise_genai::{PriceTable, derive, read_content};
use spanwise_model::{AssessmentValue, RecordSource, TraceInfo};
use spanwise_otlp::SpanView;
use spanwise_store::catalog::NewRecord;
use spanwise_store::{StoreResult, StoredSpan};
use std::collections::BTreeMap;

/// Fields that an answer names.
const FIELDS_MAX: usize = 300;

/// What a record can be made of: a trace, and one of its spans.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub(super) trace_id: String,
    pub(super) span_id: String,
    /// Whether the span was asked for, and does not only stand for its trace.
    pub(super) is_span: bool,
    name: Option<String>,
    session: Option<String>,
    user: Option<String>,
    inputs: Value,
    outputs: Value,
    input_text: Option<String>,
    output_text: Option<String>,
    attributes: Map<String, Value>,
    expectations: Map<String, Value>,
    feedback: Map<String, Value>,
    tags: BTreeMap<String, String>,
    metadata: BTreeMap<String, String>,
}

/// The metadata that names a trace's user.
const USER_METADATA: &str = "mlflow.trace.user";

impl Source {
    /// Reads what a trace and one of its spans say.
    pub(super) fn read(info: &TraceInfo, stored: &StoredSpan, is_span: bool) -> StoreResult<Source> {
        let span = SpanView::parse_in_scope(&stored.raw, &stored.scope.bytes).map_err(broken)?;
        let (_, span_id, _) = span.ids().map_err(broken)?;
        let logs = log_views(stored)?;
        // Prices say nothing of what was said.
        let derived = derive(&span, &logs, PriceTable::built_in());
        let content = read_content(&span, &logs, &derived);
        let mut tags = info.resource_tags.clone();
        tags.extend(info.tags.clone());
        let mut source = Source {
            trace_id: info.trace_id.to_string(),
            span_id: span_id.to_string(),
            is_span,
            name: if is_span { Some(span.name.to_owned()) } else { info.name.clone() },
            session: info.session.clone(),
            user: info.metadata.get(USER_METADATA).cloned().or(derived.user.as_deref().map(str::to_owned)),
            inputs: content.inputs.unwrap_or_default(),
            outputs: content.outputs.unwrap_or_default(),
            // The texts of a trace are those of its root.
            input_text: info.input_text.clone().filter(|_| !is_span),
            output_text: info.output_text.clone().filter(|_| !is_span),
            attributes: span.attributes().map(|(key, value)| (key.to_owned(), json(value))).collect(),
            expectations: Map::new(),
            feedback: Map::new(),
            tags,
            metadata: info.metadata.clone(),
        };
        for assessment in info.assessments.iter().filter(|assessment| assessment.valid) {
            let name = assessment.name.clone();
            match &assessment.value {
                AssessmentValue::Expectation { value, .. } => {
                    source.expectations.insert(name, value.clone());
                }
                AssessmentValue::Feedback { value: Some(value), .. } => {
                    source.feedback.insert(name, value.clone());
                }
                AssessmentValue::Feedback { value: None, .. } | AssessmentValue::Issue { .. } => {}
            }
        }
        Ok(source)
    }

    /// Returns a field by its name; null if there is none.
    fn value(&self, field: &Field) -> Value {
        let text = |text: &Option<String>| text.clone().map_or(Value::Null, Value::String);
        match field {
            Field::Inputs(path) => at_path(&self.inputs, path),
            Field::Outputs(path) => at_path(&self.outputs, path),
            Field::Expectations(None) => Value::Object(self.expectations.clone()),
            Field::Expectations(Some(name)) => self.expectations.get(name).cloned().unwrap_or_default(),
            Field::Attribute(key) => self.attributes.get(key).cloned().unwrap_or_default(),
            Field::Feedback(name) => self.feedback.get(name).cloned().unwrap_or_default(),
            Field::Tag(key) => text(&self.tags.get(key).cloned()),
            Field::Metadata(key) => text(&self.metadata.get(key).cloned()),
            Field::InputText => text(&self.input_text),
            Field::OutputText => text(&self.output_text),
            Field::Name => text(&self.name),
            Field::Session => text(&self.session),
            Field::User => text(&self.user),
            Field::TraceId => self.trace_id.clone().into(),
        }
    }

    /// Makes a record by a mapping. What the trace has not is left out, but there must be inputs.
    pub(super) fn record(&self, mapping: &Mapping, user: Option<&str>) -> Result<NewRecord, String> {
        let mut record = empty_record(user);
        for (field, target) in &mapping.pairs {
            let value = self.value(field);
            if !value.is_null() {
                target.put(value, &mut record)?;
            }
        }
        if record.inputs.is_empty() {
            let froms: Vec<&str> = mapping.texts.iter().map(|pair| pair.from.as_str()).collect();
            return Err(format!("a record needs inputs, and {} gave none", froms.join(", ")));
        }
        let mut data = Map::from_iter([("trace_id".to_owned(), self.trace_id.clone().into())]);
        if self.is_span {
            data.insert("span_id".to_owned(), self.span_id.clone().into());
        }
        if let Some(session) = &self.session {
            data.insert("session_id".to_owned(), session.clone().into());
        }
        record.source = Some(RecordSource { source_type: "TRACE".to_owned(), data });
        Ok(record)
    }

    /// Adds the names of its fields to those that are known, each with what it is here.
    pub(super) fn add_fields(&self, known: &mut Vec<SourceField>) {
        let mut add = |name: String, value: &Value| {
            let is_new = known.iter().all(|field| field.name != name);
            if !value.is_null() && is_new && known.len() < FIELDS_MAX {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                known.push(SourceField { name, sample: shortened(&text) });
            }
        };
        for (name, body) in [("inputs", &self.inputs), ("outputs", &self.outputs)] {
            add(name.to_owned(), body);
            for (key, value) in body.as_object().into_iter().flatten() {
                add(format!("{name}.{key}"), value);
            }
        }
        let text = |text: &Option<String>| text.clone().map_or(Value::Null, Value::String);
        add("input_text".to_owned(), &text(&self.input_text));
        add("output_text".to_owned(), &text(&self.output_text));
        if !self.expectations.is_empty() {
            add("expectations".to_owned(), &Value::Object(self.expectations.clone()));
        }
        for (name, fields) in [("expectations", &self.expectations), ("feedback", &self.feedback)] {
            for (key, value) in fields {
                add(format!("{name}.{key}"), value);
            }
        }
        for (name, value) in [("name", &self.name), ("session", &self.session), ("user", &self.user)] {
            add(name.to_owned(), &text(value));
        }
        add("trace_id".to_owned(), &self.trace_id.clone().into());
        for (name, fields) in [("tags", &self.tags), ("metadata", &self.metadata)] {
            for (key, value) in fields {
                add(format!("{name}.{key}"), &value.clone().into());
            }
        }
        for (key, value) in &self.attributes {
            add(format!("attributes.{key}"), value);
        }
    }
}

/// A field of a trace or span.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Field {
    /// A path below them; empty is all.
    Inputs(String),
    Outputs(String),
    Expectations(Option<String>),
    Attribute(String),
    Feedback(String),
    Tag(String),
    Metadata(String),
    InputText,
    OutputText,
    Name,
    Session,
    User,
    TraceId,
}

impl Field {
    fn parse(text: &str) -> Result<Field, String> {
        let (name, key) = match text.split_once('.') {
            Some((name, key)) => (name, Some(key.to_owned())),
            None => (text, None),
        };
        Ok(match (name, key) {
            ("inputs", path) => Field::Inputs(path.unwrap_or_default()),
            ("outputs", path) => Field::Outputs(path.unwrap_or_default()),
            ("expectations", name) => Field::Expectations(name),
            ("attributes", Some(key)) => Field::Attribute(key),
            ("feedback", Some(name)) => Field::Feedback(name),
            ("tags", Some(key)) => Field::Tag(key),
            ("metadata", Some(key)) => Field::Metadata(key),
            ("input_text", None) => Field::InputText,
            ("output_text", None) => Field::OutputText,
            ("name", None) => Field::Name,
            ("session", None) => Field::Session,
            ("user", None) => Field::User,
            ("trace_id", None) => Field::TraceId,
            _ => {
                return Err(format!(
                    "`{text}` is no field of a trace; expected `inputs`, `outputs`, `expectations` or a field of \
                     them, `attributes.KEY`, `feedback.NAME`, `tags.KEY`, `metadata.KEY`, `input_text`, \
                     `output_text`, `name`, `session`, `user` or `trace_id`"
                ));
            }
        })
    }
}

/// From which fields to which.
#[derive(Debug, Clone)]
pub(super) struct Mapping {
    pairs: Vec<(Field, Target)>,
    /// As it was written.
    pub(super) texts: Vec<FieldMapping>,
}

impl Mapping {
    /// Reads a mapping; one that fills no inputs is refused.
    pub(super) fn parse(texts: Vec<FieldMapping>) -> Result<Mapping, String> {
        let mut pairs = Vec::with_capacity(texts.len());
        for text in &texts {
            pairs.push((Field::parse(&text.from)?, Target::parse(&text.to)?));
        }
        if !pairs.iter().any(|(_, target)| target.is_input()) {
            return Err(
                "the mapping fills no inputs; map a field to `inputs` or one of its fields".to_owned()
            );
        }
        Ok(Mapping { pairs, texts })
    }

    /// What MLflow's client makes of traces.
    pub(super) fn usual() -> Vec<FieldMapping> {
        ["inputs", "outputs", "expectations"]
            .map(|name| FieldMapping { from: name.to_owned(), to: name.to_owned() })
            .into()
    }
}

/// Returns what is at a path of keys and places joined by points. A key may hold points itself.
fn at_path(value: &Value, path: &str) -> Value {
    if path.is_empty() {
        return value.clone();
    }
    match value {
        Value::Object(fields) => {
            if let Some(found) = fields.get(path) {
                return found.clone();
            }
            let points = path.match_indices('.').map(|(at, _)| at);
            let parts = points.map(|at| (&path[..at], &path[at + 1..]));
            let mut found = parts.filter_map(|(key, rest)| Some(at_path(fields.get(key)?, rest)));
            found.find(|found| !found.is_null()).unwrap_or_default()
        }
        Value::Array(items) => {
            let (place, rest) = path.split_once('.').unwrap_or((path, ""));
            let item = place.parse::<usize>().ok().and_then(|place| items.get(place));
            item.map(|item| at_path(item, rest)).unwrap_or_default()
        }
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn paths_lead_through_keys_and_places() {
        let value = json!({"messages": [{"content": "hi"}], "a.b": 1, "a": {"b.c": 2}});
        let check = |path: &str, expected: Value| assert_eq!(at_path(&value, path), expected, "{path}");
        check("messages.0.content", json!("hi"));
        check("messages.1.content", Value::Null);
        check("messages.x", Value::Null);
        check("a.b", json!(1));
        check("a.b.c", json!(2));
        check("a.b.c.d", Value::Null);
        check("", value.clone());
    }

    #[test]
    fn mappings_are_checked() {
        let parse = |from: &str, to: &str| {
            Mapping::parse(vec![FieldMapping { from: from.to_owned(), to: to.to_owned() }]).map(drop)
        };
        assert_eq!(parse("attributes.gen_ai.prompt", "inputs.q"), Ok(()));
        assert!(parse("question", "inputs").unwrap_err().starts_with("`question` is no field of a trace"));
        assert!(parse("inputs", "nope").unwrap_err().starts_with("`nope` is no field of a record"));
        assert!(parse("outputs", "expectations").unwrap_err().starts_with("the mapping fills no inputs"));
        assert!(Mapping::parse(Mapping::usual()).is_ok());
    }
}
