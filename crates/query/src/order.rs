//! Order of traces: MLflow's `order_by` list to keys, with the two tie-breakers that make every order total.

use crate::error::{FILTER_BYTES_MAX, FilterError, ORDER_KEYS_MAX, Problem};
use crate::field::{self, COST_METADATA_KEY, Entity, USAGE_METADATA_KEY};
use crate::filter::{AssessmentField, CostPart, RUN_METADATA_KEY, SESSION_METADATA_KEY, TextSpan, TokenPart};
use crate::house;
use crate::lex::{Token, TokenKind, tokenize};

/// One step of an order. Absent values come last in both directions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderBy {
    /// What to compare.
    pub key: OrderKey,
    /// Whether larger values come first.
    pub descending: bool,
}

/// What traces can be ordered by. Texts compare by code point.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum OrderKey {
    /// Start, in nanoseconds.
    Start,
    /// Duration, in nanoseconds.
    Duration,
    /// Start and duration together, an unknown duration counted as 0.
    End,
    /// MLflow's name of the state.
    State,
    /// The id in MLflow's form.
    TraceId,
    /// The experiment's id, as a number.
    ExperimentId,
    /// The name.
    Name,
    /// The session.
    Session,
    /// A tag; one of the trace hides one of its resource.
    Tag(String),
    /// Client metadata other than the reserved keys; the run is `mlflow.sourceRun`.
    Metadata(String),
    /// Tokens.
    Tokens(TokenPart),
    /// US dollars.
    Cost(CostPart),
    /// How many spans it has.
    SpanCount,
    /// The value of the newest valid assessment of the trace's own with this kind and name: numbers by size, before
    /// all others by their text (see [`crate::json::order_text`]). Absent if there is none or it has no value.
    Assessment {
        /// Feedback or expectation.
        kind: AssessmentField,
        /// The assessment's name.
        name: String,
    },
}

const ORDER_ATTRIBUTES: &[&str] = &[
    "timestamp",
    "timestamp_ms",
    "execution_time",
    "execution_time_ms",
    "end_time",
    "end_time_ms",
    "status",
    "request_id",
    "name",
    "run_id",
    "experiment_id",
];

/// Parses an order: each clause `field [ASC|DESC]`. Newest first and then by id are appended, so that no two
/// traces are equal.
pub fn parse_order_by<S: AsRef<str>>(clauses: &[S]) -> Result<Vec<OrderBy>, FilterError> {
    let mut order = Vec::with_capacity(clauses.len() + 2);
    check_count(clauses.len())?;
    for clause in clauses {
        let clause = clause.as_ref();
        let (token, descending) = split_clause(clause)?;
        let key = key(token)?;
        if order.iter().any(|by: &OrderBy| by.key == key) {
            let clauses = clauses.iter().map(|clause| clause.as_ref().to_owned()).collect();
            return Err(FilterError::new(Problem::OrderDuplicate(clauses), token.span()));
        }
        order.push(OrderBy { key, descending });
    }
    for (key, descending) in [(OrderKey::Start, true), (OrderKey::TraceId, false)] {
        if order.iter().all(|by| by.key != key) {
            order.push(OrderBy { key, descending });
        }
    }
    Ok(order)
}

/// Parses an order as one text, its clauses separated by commas: `tokens DESC, start`. The empty text is the default
/// order, newest first.
pub fn parse_order_text(text: &str) -> Result<Vec<OrderBy>, FilterError> {
    if text.len() > FILTER_BYTES_MAX {
        return Err(FilterError::new(Problem::TooLong { bytes: text.len() }, 0..text.len()));
    }
    let clauses = clauses_of(text);
    parse_order_by(&clauses.iter().map(|(_, clause)| *clause).collect::<Vec<_>>()).map_err(|error| {
        // The place is known only within one clause; a single clause is the common case.
        let start = clauses.first().filter(|_| clauses.len() == 1).map_or(0, |(start, _)| *start);
        FilterError::new(error.problem, start + error.span.start..start + error.span.end)
    })
}

/// Splits an order at its commas; each clause comes with where it begins. A blank text has no clauses.
pub(crate) fn clauses_of(text: &str) -> Vec<(usize, &str)> {
    if text.trim().is_empty() {
        return Vec::new();
    }
    let mut clauses = Vec::new();
    let mut start = 0;
    for comma in tokenize(text).iter().filter(|token| token.kind == TokenKind::Comma) {
        clauses.push((start, &text[start..comma.start]));
        start = comma.start + 1;
    }
    clauses.push((start, &text[start..]));
    clauses
}

pub(crate) fn check_count(count: usize) -> Result<(), FilterError> {
    if count > ORDER_KEYS_MAX {
        return Err(FilterError::new(Problem::TooManyOrderKeys { count }, 0..0));
    }
    Ok(())
}

/// Splits `field [ASC|DESC]` into the field and whether it is descending.
pub(crate) fn split_clause(clause: &str) -> Result<(Token<'_>, bool), FilterError> {
    let everything: TextSpan = 0..clause.len();
    if clause.len() > FILTER_BYTES_MAX {
        return Err(FilterError::new(Problem::TooLong { bytes: clause.len() }, everything));
    }
    let problem = match tokenize(clause).as_slice() {
        [field] if is_field(*field) => return Ok((*field, false)),
        [field, word] if is_field(*field) && word.is_keyword("ASC") => return Ok((*field, false)),
        [field, word] if is_field(*field) && word.is_keyword("DESC") => return Ok((*field, true)),
        // MLflow tells apart whether its tokenizer takes the second word for an alias, which bare `timestamp`
        // can't have.
        [field, word] if is_field(*field) && word.kind == TokenKind::Word && field.text != "timestamp" => {
            Problem::OrderDirection(clause.to_owned())
        }
        _ => Problem::OrderClause(clause.to_owned()),
    };
    Err(FilterError::new(problem, everything))
}

fn is_field(token: Token<'_>) -> bool {
    let quoted = token.kind == TokenKind::Quoted && token.text.starts_with('"');
    (token.kind == TokenKind::Word || quoted) && !token.is_keyword("ASC") && !token.is_keyword("DESC")
}

/// Returns the key that a field is; MLflow's grammar comes first.
pub(crate) fn key(token: Token<'_>) -> Result<OrderKey, FilterError> {
    mlflow_key(token).or_else(|refusal| house::order_key(token).ok_or(refusal))
}

fn mlflow_key(token: Token<'_>) -> Result<OrderKey, FilterError> {
    let refuse = |problem| Err(FilterError::new(problem, token.span()));
    let (entity, key) = field::resolve_among(token, ORDER_ATTRIBUTES)?;
    Ok(match (entity, key.as_str()) {
        (Entity::Attribute, "timestamp" | "timestamp_ms") => OrderKey::Start,
        (Entity::Attribute, "execution_time" | "execution_time_ms") => OrderKey::Duration,
        (Entity::Attribute, "end_time" | "end_time_ms") => OrderKey::End,
        (Entity::Attribute, "status") => OrderKey::State,
        (Entity::Attribute, "request_id") => OrderKey::TraceId,
        (Entity::Attribute, "experiment_id") => OrderKey::ExperimentId,
        (Entity::Attribute, "run_id") => OrderKey::Metadata(RUN_METADATA_KEY.to_owned()),
        (Entity::Attribute, _) | (Entity::Tag, "mlflow.traceName") => OrderKey::Name,
        (Entity::Tag, _) => OrderKey::Tag(key),
        (Entity::Metadata, SESSION_METADATA_KEY) => OrderKey::Session,
        (Entity::Metadata, USAGE_METADATA_KEY | COST_METADATA_KEY) => {
            return refuse(Problem::OrderReserved(key));
        }
        (Entity::Metadata, _) => OrderKey::Metadata(key),
        (Entity::Span, _) => return refuse(Problem::OrderEntity("span")),
        (Entity::Feedback, _) => return refuse(Problem::OrderEntity("feedback")),
        (Entity::Expectation, _) => return refuse(Problem::OrderEntity("expectation")),
        (Entity::Issue, _) => return refuse(Problem::OrderEntity("issue")),
    })
}
