//! Fields that traces are ordered by, beyond MLflow's, and what is wrong with an order.

use super::field::{self, Field};
use super::message::{Diagnostic, quote};
use crate::analyze::FilterDiagnostic;
use crate::catalog::FIELDS;
use crate::filter::{NumberField, TextField};
use crate::lex::{Token, TokenKind, tokenize};
use crate::order::OrderKey;
use crate::suggest::closest;

/// Returns the key that a name stands for, if traces can be ordered by it.
pub(crate) fn order_key(token: Token<'_>) -> Option<OrderKey> {
    Some(match field::resolve(token, false)? {
        Field::Number(field, _) => match field {
            NumberField::Start | NumberField::StartMs => OrderKey::Start,
            NumberField::Duration | NumberField::DurationMs => OrderKey::Duration,
            NumberField::End | NumberField::EndMs => OrderKey::End,
            NumberField::Tokens(part) => OrderKey::Tokens(part),
            NumberField::Cost(part) => OrderKey::Cost(part),
            NumberField::SpanCount => OrderKey::SpanCount,
        },
        Field::Text(field) => match field {
            TextField::State => OrderKey::State,
            TextField::TraceId => OrderKey::TraceId,
            TextField::Name => OrderKey::Name,
            TextField::Session => OrderKey::Session,
            TextField::Tag(key) => OrderKey::Tag(key),
            TextField::Metadata(key) => OrderKey::Metadata(key),
            TextField::ClientRequestId | TextField::UsageText | TextField::CostText => return None,
        },
        Field::Assessment(kind, name) => OrderKey::Assessment { kind, name },
        Field::SpanText(_) | Field::SpanNumber(..) | Field::Prompt | Field::Issue => return None,
    })
}

/// Says what is wrong with one clause of an order, which begins at `start`; `None` if nothing is.
pub(crate) fn order_refusal(
    clause: &str,
    start: usize,
    is_known: impl Fn(Token<'_>) -> bool,
) -> Option<FilterDiagnostic> {
    let at = |token: Token<'_>| start + token.span().start..start + token.span().end;
    let tokens = tokenize(clause);
    let Some(field) = tokens.first().copied() else {
        let message = "a field is missing beside the comma";
        return Some(Diagnostic::new(message, start..start + clause.len()).expect(&["a field"]).build());
    };
    let is_direction = |token: Token<'_>| token.is_keyword("ASC") || token.is_keyword("DESC");
    if is_direction(field) && tokens.len() == 1 {
        let message = format!("{} needs a field before it", quote(field.text));
        return Some(Diagnostic::new(message, at(field)).expect(&["a field"]).build());
    }
    if !is_known(field) {
        return Some(unknown(field, at(field)));
    }
    let extra = tokens.get(1).copied().filter(|token| !is_direction(*token)).or(tokens.get(2).copied())?;
    Some(wrong_direction(extra, at(extra)))
}

fn unknown(field: Token<'_>, span: crate::filter::TextSpan) -> FilterDiagnostic {
    let names = || FIELDS.iter().filter(|info| info.orders).map(|info| info.name);
    let expected: Vec<&str> = names().collect();
    if field::resolve(field, false).is_some() {
        let message = format!("traces can't be ordered by {}", quote(field.text));
        return Diagnostic::new(message, span).expect(&expected).build();
    }
    let name = crate::field::unquote(field.text);
    let best =
        closest(&name, names()).map(str::to_owned).or_else(|| super::message::closest_field(&name, false));
    let message = format!("unknown field {}", quote(field.text));
    match best {
        Some(best) => Diagnostic::new(format!("{message}; did you mean `{best}`?"), span)
            .expect(&[&best])
            .suggest(best)
            .build(),
        None => {
            let message = format!("{message}; traces are ordered by `start`, `latency`, `tokens`, `cost`, …");
            Diagnostic::new(message, span).expect(&expected).build()
        }
    }
}

fn wrong_direction(token: Token<'_>, span: crate::filter::TextSpan) -> FilterDiagnostic {
    let message = format!("{} is no direction", quote(token.text));
    let meant = match token.text.to_ascii_lowercase().as_str() {
        "ascending" | "up" => Some("ASC"),
        "descending" | "down" => Some("DESC"),
        word if token.kind == TokenKind::Word => closest(word, ["ASC", "DESC"]),
        _ => None,
    };
    match meant {
        Some(meant) => Diagnostic::new(format!("{message}; did you mean `{meant}`?"), span)
            .expect(&["ASC", "DESC", ","])
            .suggest(meant)
            .build(),
        None => Diagnostic::new(
            format!("{message}; write `ASC` or `DESC`, and a comma before the next field"),
            span,
        )
        .expect(&["ASC", "DESC", ","])
        .build(),
    }
}
