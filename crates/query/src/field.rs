//! Identifiers: `key` or `entity.key`, where segments of the key may be quoted.

use crate::error::{FilterError, Problem};
use crate::lex::{Token, TokenKind};

/// Metadata key of a trace's token usage.
pub(crate) const USAGE_METADATA_KEY: &str = "mlflow.trace.tokenUsage";
/// Metadata key of a trace's cost.
pub(crate) const COST_METADATA_KEY: &str = "mlflow.trace.cost";

/// Attributes that are numbers.
pub(crate) const NUMBER_ATTRIBUTES: &[&str] =
    &["timestamp", "timestamp_ms", "execution_time", "execution_time_ms", "end_time", "end_time_ms"];

/// All attributes of a trace that a filter may name.
const FILTER_ATTRIBUTES: &[&str] = &[
    "timestamp",
    "timestamp_ms",
    "execution_time",
    "execution_time_ms",
    "end_time",
    "end_time_ms",
    "status",
    "request_id",
    "client_request_id",
    "name",
    "run_id",
    "prompt",
    "text",
];

const ENTITIES: &[&str] = &[
    "attribute",
    "attributes",
    "trace",
    "tag",
    "tags",
    "metadata",
    "request_metadata",
    "span",
    "feedback",
    "expectation",
    "issue",
];

/// What a key is a key of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entity {
    Attribute,
    Tag,
    Metadata,
    Span,
    Feedback,
    Expectation,
    Issue,
}

/// An identifier in two parts.
pub(crate) struct Identifier<'a> {
    /// The word before the first dot, if there is one.
    pub(crate) entity: Option<&'a str>,
    /// The rest, without quotes.
    pub(crate) key: String,
}

/// Resolves an identifier of a trace filter.
pub(crate) fn resolve(token: Token<'_>) -> Result<(Entity, String), FilterError> {
    resolve_among(token, FILTER_ATTRIBUTES)
}

/// Resolves an identifier whose attribute, if it is one, must be among `attributes`.
pub(crate) fn resolve_among(
    token: Token<'_>,
    attributes: &'static [&'static str],
) -> Result<(Entity, String), FilterError> {
    let identifier = split(token)?;
    let entity = match identifier.entity {
        None | Some("attribute" | "attributes" | "trace") => Entity::Attribute,
        Some("tag" | "tags") => Entity::Tag,
        Some("metadata" | "request_metadata") => Entity::Metadata,
        Some("span") => Entity::Span,
        Some("feedback") => Entity::Feedback,
        Some("expectation") => Entity::Expectation,
        Some("issue") => Entity::Issue,
        Some(other) => {
            let problem = Problem::UnknownEntity { entity: other.to_owned(), valid: ENTITIES };
            return Err(FilterError::new(problem, token.span()));
        }
    };
    if entity == Entity::Attribute {
        require_attribute(&identifier.key, attributes, token)?;
    }
    Ok((entity, identifier.key))
}

/// Checks that `key` is among `valid`.
pub(crate) fn require_attribute(
    key: &str,
    valid: &'static [&'static str],
    token: Token<'_>,
) -> Result<(), FilterError> {
    if valid.contains(&key) {
        return Ok(());
    }
    Err(FilterError::new(Problem::UnknownAttribute { key: key.to_owned(), valid }, token.span()))
}

/// Splits an identifier at its first dot outside of quotes.
pub(crate) fn split(token: Token<'_>) -> Result<Identifier<'_>, FilterError> {
    let text = token.text;
    let is_identifier = match token.kind {
        TokenKind::Word => true,
        TokenKind::Quoted => text.starts_with('"'),
        _ => false,
    };
    if !is_identifier {
        return Err(FilterError::new(Problem::NotAnIdentifier(text.to_owned()), token.span()));
    }
    let quote = text.chars().next().filter(|c| matches!(c, '`' | '"'));
    let dot = match quote.and_then(|quote| text[1..].find(quote)) {
        Some(end) => Some(end + 2).filter(|&after| text[after..].starts_with('.')),
        None => text.find('.'),
    };
    Ok(match dot {
        Some(dot) => {
            Identifier { entity: Some(text[..dot].trim_matches('`')), key: unquote(&text[dot + 1..]) }
        }
        None => Identifier { entity: None, key: unquote(text) },
    })
}

/// Takes the quotes off the segments of a key.
pub(crate) fn unquote(key: &str) -> String {
    let mut plain = String::with_capacity(key.len());
    let mut rest = key;
    loop {
        let quote = rest.chars().next().filter(|c| matches!(c, '`' | '"' | '\''));
        let closed = quote.and_then(|quote| rest[1..].find(quote));
        match closed {
            Some(end) => {
                plain.push_str(&rest[1..=end]);
                rest = &rest[end + 2..];
            }
            None => {
                let end = rest.find('.').unwrap_or(rest.len());
                plain.push_str(&rest[..end]);
                rest = &rest[end..];
            }
        }
        match rest.strip_prefix('.') {
            Some(after) => {
                plain.push('.');
                rest = after;
            }
            None => break plain,
        }
    }
}
