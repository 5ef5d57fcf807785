//! Fields that can be counted, by the names that the filter language has for them.

use crate::App;
use crate::error::Problem;
use spanwise_query::clause;
use spanwise_store::{FacetField, FacetQuery, Selection};

/// Keys that `tags`, `feedback` and the like stand for: the most frequent ones.
const KEYS_MAX: usize = 20;
/// Keys that are looked at for them, since MLflow's own are left out.
const KEYS_ASKED: usize = 100;

/// A field to count, or all keys of a map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    Field(FacetField),
    Keys(FacetField),
}

/// Returns what is counted if nothing is asked for.
pub(super) fn default_fields() -> Vec<Wanted> {
    use FacetField::{
        FeedbackNames, Model, Name, Provider, Session, SpanName, SpanType, State, TagKeys, User,
    };
    let fields = [State, Name, Model, Provider, SpanType, SpanName, User, Session].map(Wanted::Field);
    fields.into_iter().chain([Wanted::Keys(TagKeys), Wanted::Keys(FeedbackNames)]).collect()
}

/// Reads the name of a field.
pub(super) fn parse_field(name: &str) -> Result<Wanted, Problem> {
    let plain = match name {
        "status" | "state" => FacetField::State,
        "name" => FacetField::Name,
        "session" => FacetField::Session,
        "user" => FacetField::User,
        "model" | "span.model" => FacetField::Model,
        "provider" | "span.provider" => FacetField::Provider,
        "span.type" => FacetField::SpanType,
        "span.name" => FacetField::SpanName,
        "span.status" => FacetField::SpanStatus,
        "span.attributes" => FacetField::AttributeKeys,
        "tags" => return Ok(Wanted::Keys(FacetField::TagKeys)),
        "metadata" => return Ok(Wanted::Keys(FacetField::MetadataKeys)),
        "feedback" => return Ok(Wanted::Keys(FacetField::FeedbackNames)),
        "expectation" => return Ok(Wanted::Keys(FacetField::ExpectationNames)),
        _ => return keyed(name).map(Wanted::Field),
    };
    Ok(Wanted::Field(plain))
}

fn keyed(name: &str) -> Result<FacetField, Problem> {
    let key = |prefix: &str| {
        let key = name.strip_prefix(prefix).filter(|key| !key.is_empty())?;
        // A key that holds blanks and the like is quoted in a filter.
        Some(key.trim_matches('`').to_owned())
    };
    let field = None
        .or_else(|| key("tags.").map(FacetField::Tag))
        .or_else(|| key("metadata.").map(FacetField::Metadata))
        .or_else(|| key("feedback.").map(FacetField::Feedback))
        .or_else(|| key("expectation.").map(FacetField::Expectation))
        .or_else(|| key("span.attributes.").map(FacetField::Attribute));
    field.ok_or_else(|| {
        Problem::invalid(format!(
            "field `{name}` can't be counted; expected one of `status`, `name`, `model`, `provider`, `span.type`, \
             `span.name`, `span.status`, `span.attributes`, `span.attributes.<key>`, `user`, `session`, `tags`, \
             `tags.<key>`, `metadata`, `metadata.<key>`, `feedback`, `feedback.<name>`, `expectation`, \
             `expectation.<name>`"
        ))
    })
}

/// Puts the keys that there are in place of maps.
pub(super) async fn expand(
    app: &App,
    selection: &Selection,
    wanted: Vec<Wanted>,
) -> Result<Vec<FacetField>, Problem> {
    let keys: Vec<FacetField> = wanted
        .iter()
        .filter_map(|wanted| match wanted {
            Wanted::Keys(keys) => Some(keys.clone()),
            Wanted::Field(_) => None,
        })
        .collect();
    let mut found = Vec::new();
    if !keys.is_empty() {
        let query = FacetQuery {
            selection: selection.clone(),
            fields: keys,
            values_max: KEYS_ASKED,
            containing: String::new(),
        };
        found = app.store.trace_facets(query).await?;
    }
    let mut fields = Vec::new();
    for wanted in wanted {
        match wanted {
            Wanted::Field(field) => fields.push(field),
            Wanted::Keys(keys) => {
                let counts = found.iter().find(|counts| counts.field == keys);
                let names = counts.into_iter().flat_map(|counts| &counts.values);
                // MLflow's own keys say nothing to a person.
                let names = names.filter(|(name, _)| !name.starts_with("mlflow."));
                fields.extend(names.filter_map(|(name, _)| key_field(&keys, name)).take(KEYS_MAX));
            }
        }
    }
    Ok(fields)
}

fn key_field(keys: &FacetField, name: &str) -> Option<FacetField> {
    let name = name.to_owned();
    match keys {
        FacetField::TagKeys => Some(FacetField::Tag(name)),
        FacetField::MetadataKeys => Some(FacetField::Metadata(name)),
        FacetField::FeedbackNames => Some(FacetField::Feedback(name)),
        FacetField::ExpectationNames => Some(FacetField::Expectation(name)),
        _ => None,
    }
}

/// Returns a field's name and a heading for it.
pub(super) fn label_of(field: &FacetField) -> (String, String) {
    let plain = |name: &str, label: &str| (name.to_owned(), label.to_owned());
    let keyed = |map: &str, key: &str| (format!("{map}.{key}"), key.to_owned());
    match field {
        FacetField::State => plain("status", "Status"),
        FacetField::Name => plain("name", "Name"),
        FacetField::Session => plain("session", "Session"),
        FacetField::User => plain("user", "User"),
        FacetField::Model => plain("model", "Model"),
        FacetField::Provider => plain("provider", "Provider"),
        FacetField::SpanType => plain("span.type", "Span type"),
        FacetField::SpanName => plain("span.name", "Span name"),
        FacetField::SpanStatus => plain("span.status", "Span status"),
        FacetField::AttributeKeys => plain("span.attributes", "Span attributes"),
        FacetField::TagKeys => plain("tags", "Tags"),
        FacetField::MetadataKeys => plain("metadata", "Metadata"),
        FacetField::FeedbackNames => plain("feedback", "Feedback"),
        FacetField::ExpectationNames => plain("expectation", "Expectations"),
        FacetField::Tag(key) => keyed("tags", key),
        FacetField::Metadata(key) => keyed("metadata", key),
        FacetField::Feedback(name) => keyed("feedback", name),
        FacetField::Expectation(name) => keyed("expectation", name),
        FacetField::Attribute(key) => keyed("span.attributes", key),
    }
}

/// Returns the filter clause that asks for a value of a field. One about spans stands in a group of its own: joined with
/// others by AND it would speak of the same span as they do, where the counts speak of any.
pub(super) fn clause_of(field: &FacetField, name: &str, value: &str) -> String {
    match field {
        FacetField::TagKeys
        | FacetField::MetadataKeys
        | FacetField::FeedbackNames
        | FacetField::ExpectationNames
        | FacetField::AttributeKeys => {
            format!("has:{}", spanwise_query::field_text(&format!("{name}.{value}")))
        }
        FacetField::Model
        | FacetField::Provider
        | FacetField::SpanType
        | FacetField::SpanName
        | FacetField::SpanStatus
        | FacetField::Attribute(_) => format!("span({})", clause(name, value)),
        _ => clause(name, value),
    }
}
