//! Literals to values, and comparators to operators.

use crate::error::{FilterError, PATTERN_BYTES_MAX, PATTERN_WILDCARDS_MAX, Problem, python_repr};
use crate::lex::{Token, TokenKind};
use crate::like::LikePattern;
use crate::operator::{Number, NumberOperator, RLikePattern, TextTest};
use crate::syntax::{Clause, Literal};

/// Comparators of numbers.
pub(crate) const NUMBER_COMPARATORS: &[&str] = &["=", "!=", "<", "<=", ">", ">="];

/// The literal of a text comparison.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum TextLiteral {
    /// None: `IS NULL`, or a literal that is read as a number instead.
    None,
    /// One string.
    One(String),
    /// A list of strings.
    Many(Vec<String>),
}

/// Returns the quoted string of a clause, or none for `IS NULL`; `entity` is for the message.
pub(crate) fn quoted(clause: &Clause<'_>, entity: &'static str) -> Result<TextLiteral, FilterError> {
    let problem = match &clause.literal {
        Literal::Absent => return Ok(TextLiteral::None),
        Literal::Quoted(text) => return Ok(TextLiteral::One(inner(text))),
        Literal::Word(word) => Problem::Unquoted((*word).to_owned()),
        Literal::Number(text) | Literal::List(text, _) => {
            Problem::NotQuoted { entity, value: (*text).to_owned() }
        }
    };
    Err(FilterError::new(problem, clause.literal_span.clone()))
}

/// Returns the strings of the list of a clause. A trailing comma is let pass, as MLflow does.
pub(crate) fn list(clause: &Clause<'_>) -> Result<Vec<String>, FilterError> {
    let Literal::List(_, tokens) = &clause.literal else { return Ok(Vec::new()) };
    let problem = if tokens.is_empty() {
        Problem::EmptyList
    } else {
        match list_items(tokens) {
            Some(items) => return Ok(items),
            None => Problem::ListItem(python_tuple(tokens)),
        }
    };
    Err(FilterError::new(problem, clause.literal_span.clone()))
}

fn list_items(tokens: &[Token<'_>]) -> Option<Vec<String>> {
    let is_item = |index: usize| index.is_multiple_of(2);
    tokens
        .iter()
        .enumerate()
        .filter(|(index, token)| is_item(*index) || token.kind != TokenKind::Comma)
        .map(|(index, token)| (is_item(index) && token.kind == TokenKind::Quoted).then(|| inner(token.text)))
        .collect()
}

/// Writes the list as the Python tuple that MLflow reads it as.
fn python_tuple(tokens: &[Token<'_>]) -> String {
    let items: Vec<String> = tokens
        .iter()
        .filter(|token| token.kind != TokenKind::Comma)
        .map(|token| match token.kind {
            TokenKind::Quoted => python_repr(&inner(token.text)),
            _ => token.text.to_owned(),
        })
        .collect();
    match items.as_slice() {
        [only] => format!("({only},)"),
        _ => format!("({})", items.join(", ")),
    }
}

fn inner(quoted: &str) -> String {
    quoted[1..quoted.len() - 1].to_owned()
}

/// Returns the operator of a comparator, or `None` for one that numbers don't have.
pub(crate) fn number_operator(comparator: &str) -> Option<NumberOperator> {
    Some(match comparator {
        "=" => NumberOperator::Eq,
        "!=" => NumberOperator::Ne,
        "<" => NumberOperator::Lt,
        "<=" => NumberOperator::Le,
        ">" => NumberOperator::Gt,
        ">=" => NumberOperator::Ge,
        _ => return None,
    })
}

/// Parses a number; one beyond the range of floats becomes the largest of its sign.
pub(crate) fn number(text: &str) -> Option<Number> {
    if let Ok(int) = text.parse() {
        return Some(Number::Int(int));
    }
    if !text.trim_start_matches('-').starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().map(|float: f64| Number::Float(float.clamp(f64::MIN, f64::MAX)))
}

/// Builds the test of a clause whose comparator is known to fit.
pub(crate) fn text_test(clause: &Clause<'_>, literal: TextLiteral) -> Result<TextTest, FilterError> {
    Ok(match (clause.comparator.as_str(), literal) {
        ("=", TextLiteral::One(value)) => TextTest::Eq(value),
        ("!=", TextLiteral::One(value)) => TextTest::Ne(value),
        ("IN", TextLiteral::Many(values)) => TextTest::In(values),
        ("NOT IN", TextLiteral::Many(values)) => TextTest::NotIn(values),
        ("LIKE", TextLiteral::One(pattern)) => TextTest::Like(like(clause, &pattern, false)?),
        ("ILIKE", TextLiteral::One(pattern)) => TextTest::Like(like(clause, &pattern, true)?),
        ("RLIKE", TextLiteral::One(pattern)) => TextTest::RLike(RLikePattern::new(&pattern)),
        ("IS NULL", _) => TextTest::IsNull,
        ("IS NOT NULL", _) => TextTest::IsNotNull,
        // A list after a comparator that takes one string.
        _ => {
            let problem = Problem::NotQuoted { entity: "attribute", value: clause.literal.text().to_owned() };
            return Err(FilterError::new(problem, clause.literal_span.clone()));
        }
    })
}

fn like(clause: &Clause<'_>, pattern: &str, ignore_case: bool) -> Result<LikePattern, FilterError> {
    let count = pattern.bytes().filter(|byte| matches!(byte, b'%' | b'_')).count();
    let problem = if count > PATTERN_WILDCARDS_MAX {
        Problem::TooManyWildcards { count }
    } else if pattern.contains('_') && pattern.len() > PATTERN_BYTES_MAX {
        Problem::PatternTooLong { bytes: pattern.len() }
    } else {
        return Ok(LikePattern::new(pattern, ignore_case));
    };
    Err(FilterError::new(problem, clause.literal_span.clone()))
}
