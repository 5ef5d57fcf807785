//! Values that a field never has. MLflow takes them and finds nothing; the house says so.

use super::field::{self, Field};
use super::message::{Diagnostic, list, quote};
use crate::analyze::FilterDiagnostic;
use crate::catalog::{SPAN_STATUSES, STATES};
use crate::filter::{SpanField, TextField, TextSpan};
use crate::lex::TokenKind;
use crate::suggest::closest;
use crate::syntax::{Clause, HAS_COMPARATOR, Literal};

/// Returns what is wrong with the first value of the clause that its field never has.
pub(crate) fn check_values(clause: &Clause<'_>, in_group: bool) -> Option<FilterDiagnostic> {
    let compares = matches!(clause.comparator.as_str(), "=" | "!=" | "IN" | "NOT IN");
    if !compares || clause.comparator == HAS_COMPARATOR {
        return None;
    }
    let (what, known) = match field::resolve(clause.identifier, in_group)? {
        Field::Text(TextField::State) => ("state", STATES),
        Field::SpanText(SpanField::Status) => ("span status", SPAN_STATUSES),
        _ => return None,
    };
    values(clause)
        .into_iter()
        .find(|(value, _)| !known.contains(value))
        .map(|(value, span)| unknown_value(what, value, span, known))
}

/// Returns the quoted values of the clause without their quotes, and where they are.
fn values<'a>(clause: &Clause<'a>) -> Vec<(&'a str, TextSpan)> {
    let inner = |text: &'a str| &text[1..text.len() - 1];
    match &clause.literal {
        Literal::Quoted(text) => vec![(inner(text), clause.literal_span.clone())],
        // Without its quotes: what would be right has them.
        Literal::Word(text) if !text.starts_with('`') => vec![(text, clause.literal_span.clone())],
        Literal::List(_, tokens) => tokens
            .iter()
            .filter(|token| token.kind == TokenKind::Quoted)
            .map(|token| (inner(token.text), token.span()))
            .collect(),
        _ => Vec::new(),
    }
}

fn unknown_value(
    what: &str,
    value: &str,
    span: TextSpan,
    known: &'static [&'static str],
) -> FilterDiagnostic {
    let message = format!("unknown {what} {}", quote(value));
    match closest(value, known.iter().copied()) {
        Some(best) => Diagnostic::new(format!("{message}; did you mean `{best}`?"), span)
            .expect(known)
            .suggest(format!("'{best}'"))
            .build(),
        None => Diagnostic::new(format!("{message}; expected {}", list(known)), span).expect(known).build(),
    }
}
