//! Names to fields.

use crate::catalog::{self, field_info};
use crate::field::{self, COST_METADATA_KEY, USAGE_METADATA_KEY};
use crate::filter::{
    AssessmentField, CostPart, NumberField, RUN_METADATA_KEY, SESSION_METADATA_KEY, SpanField, SpanNumber,
    TextField, TokenPart, USER_METADATA_KEY,
};
use crate::lex::Token;

/// A field of the wider grammar.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Field {
    Text(TextField),
    Number(NumberField, NumberKind),
    SpanText(SpanField),
    SpanNumber(SpanNumber, NumberKind),
    Assessment(AssessmentField, String),
    Prompt,
    Issue,
}

/// How a number is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NumberKind {
    Count,
    Dollars,
    Duration,
    Time,
}

impl Field {
    /// Returns the operators that it has.
    pub(crate) fn operators(&self) -> &'static [&'static str] {
        match self {
            Field::Text(TextField::State | TextField::TraceId | TextField::ClientRequestId) => {
                catalog::ALWAYS_TEXT
            }
            Field::Text(TextField::UsageText | TextField::CostText) => catalog::RESERVED,
            Field::Text(field) if field.has_numbers() => catalog::MAP,
            Field::Text(_) => catalog::TEXT,
            Field::SpanText(SpanField::Content) => catalog::CONTENT,
            Field::SpanText(SpanField::Attribute(_)) => catalog::MAP,
            Field::SpanText(SpanField::Name | SpanField::Type | SpanField::Status) => catalog::ALWAYS_TEXT,
            Field::SpanText(_) => catalog::TEXT,
            Field::Number(..) | Field::SpanNumber(..) => catalog::NUMBER,
            Field::Assessment(..) => catalog::ASSESSMENT,
            Field::Prompt | Field::Issue => catalog::EQUAL,
        }
    }
}

impl TextField {
    /// Returns whether its texts are compared as numbers with a number.
    pub(crate) fn has_numbers(&self) -> bool {
        match self {
            TextField::Tag(_) => true,
            TextField::Metadata(key) => !self.is_run() && key != USER_METADATA_KEY,
            _ => false,
        }
    }

    /// Returns whether it is the run that the trace ran in.
    pub(crate) fn is_run(&self) -> bool {
        matches!(self, TextField::Metadata(key) if key == RUN_METADATA_KEY)
    }
}

/// Resolves a name, which stands in `span(…)` if `in_group`.
pub(crate) fn resolve(token: Token<'_>, in_group: bool) -> Option<Field> {
    let identifier = field::split(token).ok()?;
    let whole = field::unquote(token.text);
    if in_group {
        return match identifier.entity {
            Some("span") => of_span(&identifier.key),
            _ => of_span(&whole),
        };
    }
    let key = identifier.key;
    match identifier.entity {
        None | Some("tokens" | "cost") => of_trace(&whole),
        Some("trace" | "attribute" | "attributes") => of_trace(&key),
        Some("span") => of_span(&key),
        Some("tag" | "tags") => Some(tag(key)),
        Some("metadata" | "request_metadata") => Some(Field::Text(metadata(key))),
        Some("feedback") => named(AssessmentField::Feedback, key),
        Some("expectation") => named(AssessmentField::Expectation, key),
        Some("issue") if key == "id" => Some(Field::Issue),
        Some(_) => None,
    }
}

fn of_trace(name: &str) -> Option<Field> {
    use NumberKind::{Duration, Time};
    Some(match name {
        "name" => Field::Text(TextField::Name),
        "status" | "state" => Field::Text(TextField::State),
        "trace_id" | "request_id" => Field::Text(TextField::TraceId),
        "client_request_id" => Field::Text(TextField::ClientRequestId),
        "session" => Field::Text(TextField::Session),
        "user" => Field::Text(TextField::Metadata(USER_METADATA_KEY.to_owned())),
        "run_id" => Field::Text(TextField::Metadata(RUN_METADATA_KEY.to_owned())),
        "prompt" => Field::Prompt,
        "text" => Field::SpanText(SpanField::Content),
        "model" => Field::SpanText(SpanField::Model),
        "provider" => Field::SpanText(SpanField::Provider),
        "latency" | "duration" | "execution_time" | "execution_time_ms" => {
            Field::Number(NumberField::Duration, Duration)
        }
        "start" | "timestamp" | "timestamp_ms" => Field::Number(NumberField::Start, Time),
        "end" | "end_time" | "end_time_ms" => Field::Number(NumberField::End, Time),
        "spans" => Field::Number(NumberField::SpanCount, NumberKind::Count),
        _ => match (token_part(name), cost_part(name)) {
            (Some(part), _) => Field::Number(NumberField::Tokens(part), NumberKind::Count),
            (_, Some(part)) => Field::Number(NumberField::Cost(part), NumberKind::Dollars),
            _ => return None,
        },
    })
}

fn of_span(name: &str) -> Option<Field> {
    Some(match name {
        "name" => Field::SpanText(SpanField::Name),
        "type" => Field::SpanText(SpanField::Type),
        "status" => Field::SpanText(SpanField::Status),
        "content" | "text" => Field::SpanText(SpanField::Content),
        "model" => Field::SpanText(SpanField::Model),
        "provider" => Field::SpanText(SpanField::Provider),
        "latency" | "duration" => Field::SpanNumber(SpanNumber::Duration, NumberKind::Duration),
        _ => match (name.strip_prefix("attributes."), token_part(name), cost_part(name)) {
            (Some(""), ..) => return None,
            (Some(key), ..) => Field::SpanText(SpanField::Attribute(key.to_owned())),
            (_, Some(part), _) => Field::SpanNumber(SpanNumber::Tokens(part), NumberKind::Count),
            (.., Some(part)) => Field::SpanNumber(SpanNumber::Cost(part), NumberKind::Dollars),
            _ => return None,
        },
    })
}

fn token_part(name: &str) -> Option<TokenPart> {
    Some(match name {
        "tokens" => TokenPart::Total,
        "tokens.input" => TokenPart::Input,
        "tokens.output" => TokenPart::Output,
        "tokens.cache_read" => TokenPart::CacheRead,
        "tokens.cache_write" => TokenPart::CacheWrite,
        _ => return None,
    })
}

fn cost_part(name: &str) -> Option<CostPart> {
    Some(match name {
        "cost" => CostPart::Total,
        "cost.input" => CostPart::Input,
        "cost.output" => CostPart::Output,
        _ => return None,
    })
}

fn tag(key: String) -> Field {
    match key.as_str() {
        "mlflow.traceName" => Field::Text(TextField::Name),
        "mlflow.linkedPrompts" => Field::Prompt,
        _ => Field::Text(TextField::Tag(key)),
    }
}

fn metadata(key: String) -> TextField {
    match key.as_str() {
        SESSION_METADATA_KEY => TextField::Session,
        USAGE_METADATA_KEY => TextField::UsageText,
        COST_METADATA_KEY => TextField::CostText,
        _ => TextField::Metadata(key),
    }
}

fn named(kind: AssessmentField, name: String) -> Option<Field> {
    (!name.is_empty()).then_some(Field::Assessment(kind, name))
}

/// Names that a misspelt one may stand for: those of a span without `span.` in `span(…)`.
pub(crate) fn candidates(in_group: bool) -> Vec<&'static str> {
    let all = catalog::FIELDS.iter().filter(|info| !in_group || info.of_span);
    let names = all.flat_map(|info| std::iter::once(info.name).chain(info.aliases.iter().copied()));
    let mut candidates: Vec<&str> = names.collect();
    if in_group {
        let short: Vec<&str> = candidates.iter().filter_map(|name| name.strip_prefix("span.")).collect();
        candidates.extend(short);
    }
    candidates
}

/// Returns whether a word is the name of a field.
pub(crate) fn is_field(word: &str) -> bool {
    field_info(&field::unquote(word)).is_some()
}
