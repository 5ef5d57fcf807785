//! `has:x`: the trace has an error, an assessment, or a value of a field.

use super::field::{self, Field};
use super::message::{self, Diagnostic, quote};
use super::{present, trace};
use crate::analyze::FilterDiagnostic;
use crate::catalog::PRESENCE_WORDS;
use crate::check::Leaf;
use crate::expr::Expr;
use crate::filter::{AssessmentField, Predicate, SpanField, SpanTest, TextField};
use crate::operator::{TextTest, ValueTest};
use crate::suggest::closest;
use crate::syntax::Clause;

/// Reads `has:x`.
pub(super) fn leaf(clause: &Clause<'_>, in_group: bool) -> Result<Leaf, FilterDiagnostic> {
    if let Some(leaf) = word(clause.identifier.text, in_group) {
        return Ok(leaf);
    }
    let field = field::resolve(clause.identifier, in_group).ok_or_else(|| unknown(clause, in_group))?;
    let test = TextTest::IsNotNull;
    Ok(match field {
        Field::Text(field) => trace(Predicate::Text { field, test }),
        Field::Number(field, _) => present(field),
        Field::SpanText(SpanField::Content) | Field::Prompt | Field::Issue => {
            return Err(nothing_to_have(clause));
        }
        Field::SpanText(field) => Leaf::Span(Expr::Is(SpanTest::Text { field, test })),
        Field::SpanNumber(field, _) => Leaf::Span(Expr::Is(SpanTest::Present(field))),
        Field::Assessment(kind, name) => {
            trace(Predicate::Assessment { kind, name, test: ValueTest::Text(test) })
        }
    })
}

fn word(word: &str, in_group: bool) -> Option<Leaf> {
    let error = || TextTest::Eq("ERROR".to_owned());
    let span_error = || Expr::Is(SpanTest::Text { field: SpanField::Status, test: error() });
    Some(match word {
        "error" if in_group => Leaf::Span(span_error()),
        "error" => Leaf::Trace(Expr::or(vec![
            Expr::Is(Predicate::Text { field: TextField::State, test: error() }),
            Expr::Is(Predicate::Span(span_error())),
        ])),
        "feedback" if !in_group => trace(Predicate::HasAssessment(AssessmentField::Feedback)),
        "expectation" if !in_group => trace(Predicate::HasAssessment(AssessmentField::Expectation)),
        _ => return None,
    })
}

fn unknown(clause: &Clause<'_>, in_group: bool) -> FilterDiagnostic {
    let name = clause.identifier.text;
    match closest(name, PRESENCE_WORDS.iter().copied()).filter(|_| !in_group) {
        Some(best) => {
            let message = format!("unknown field {}; did you mean `{best}`?", quote(name));
            Diagnostic::new(message, clause.identifier.span()).expect(PRESENCE_WORDS).suggest(best).build()
        }
        None => message::unknown_field(clause.identifier, in_group),
    }
}

fn nothing_to_have(clause: &Clause<'_>) -> FilterDiagnostic {
    let message = format!("{} can't be asked for with `has:`", quote(clause.identifier.text));
    Diagnostic::new(message, clause.identifier.span())
        .expect(&["a field", "error", "feedback", "expectation"])
        .build()
}
