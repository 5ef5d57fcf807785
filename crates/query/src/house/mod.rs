//! The wider grammar: fields, operators and literals beyond MLflow's. It is asked about clauses that MLflow's grammar
//! refuses, and says what is wrong with those that it refuses too.

mod field;
mod message;
mod number;
mod order;
mod presence;
mod rejected;
mod text;
mod value;

pub(crate) use field::Field;
pub(crate) use message::Diagnostic;
pub(crate) use number::is_time_clause;
pub(crate) use order::{order_key, order_refusal};
pub(crate) use rejected::rejections;
pub(crate) use value::check_values;

use crate::analyze::FilterDiagnostic;
use crate::catalog;
use crate::check::{Leaf, Reading};
use crate::expr::Expr;
use crate::filter::{AssessmentField, NumberField, Predicate, SpanField, SpanTest, TextField};
use crate::operator::{TextTest, ValueTest};
use crate::syntax::{Clause, HAS_COMPARATOR, Literal};

/// Reads a clause, which stands in `span(…)` if `in_group`.
pub(crate) fn leaf(clause: &Clause<'_>, in_group: bool, reading: Reading) -> Result<Leaf, FilterDiagnostic> {
    if clause.comparator == HAS_COMPARATOR {
        return presence::leaf(clause, in_group);
    }
    let field = field::resolve(clause.identifier, in_group)
        .ok_or_else(|| message::unknown_field(clause.identifier, in_group))?;
    message::check_operator(clause, &field)?;
    // Before the literal is read: of a wrong value without quotes the value is the problem.
    match check_values(clause, in_group).filter(|_| reading.strict) {
        None => read(clause, &field, in_group, reading.now_ns),
        Some(problem) => Err(problem),
    }
}

fn read(
    clause: &Clause<'_>,
    field: &Field,
    in_group: bool,
    now_ns: Option<i64>,
) -> Result<Leaf, FilterDiagnostic> {
    let is_null = clause.comparator == "IS NULL";
    Ok(match field {
        Field::Text(field) => {
            let mut test = text::test(clause, field.has_numbers())?;
            if *field == TextField::TraceId {
                crate::mlflow::canonical_trace_ids(&mut test);
            }
            match test {
                TextTest::Eq(run) if field.is_run() => trace(Predicate::Run(run)),
                test => trace(Predicate::Text { field: field.clone(), test }),
            }
        }
        Field::Number(field, _) if clause.literal == Literal::Absent => {
            Leaf::Trace(negate_if(is_null, Expr::Is(Predicate::Present(*field))))
        }
        Field::Number(field, kind) => {
            trace(Predicate::Number { field: *field, test: number::test(clause, *kind, now_ns)? })
        }
        Field::SpanNumber(field, _) if clause.literal == Literal::Absent => {
            Leaf::Span(negate_if(is_null, Expr::Is(SpanTest::Present(*field))))
        }
        Field::SpanNumber(field, kind) => {
            let test = number::test(clause, *kind, now_ns)?;
            Leaf::Span(Expr::Is(SpanTest::Number { field: *field, test }))
        }
        Field::SpanText(SpanField::Content) => content(clause, in_group)?,
        Field::SpanText(field) => {
            let test = text::test(clause, matches!(field, SpanField::Attribute(_)))?;
            Leaf::Span(Expr::Is(SpanTest::Text { field: field.clone(), test }))
        }
        Field::Assessment(kind, name) => assessment(clause, *kind, name)?,
        Field::Prompt => return Err(message::prompt(clause)),
        Field::Issue => match text::test(clause, false)? {
            TextTest::Eq(id) => trace(Predicate::Issue(id)),
            _ => return Err(message::no_operator(clause, catalog::EQUAL)),
        },
    })
}

fn trace(predicate: Predicate) -> Leaf {
    Leaf::Trace(Expr::Is(predicate))
}

fn negate_if<P>(negated: bool, expr: Expr<P>) -> Expr<P> {
    if negated { Expr::negate(expr) } else { expr }
}

/// `text !~ 'x'` is about the whole trace: no span has the words. In `span(…)`, and as `span.content`, it is about the
/// span that the group binds.
fn content(clause: &Clause<'_>, in_group: bool) -> Result<Leaf, FilterDiagnostic> {
    let test = match clause.comparator.as_str() {
        "~" | "!~" => TextTest::Words(text::words(clause)?),
        _ => text::test(clause, false)?,
    };
    let some_span = Expr::Is(SpanTest::Text { field: SpanField::Content, test });
    let is_negated = clause.comparator == "!~";
    let names_span = in_group || clause.identifier.text.starts_with("span");
    Ok(match is_negated && !names_span {
        true => Leaf::Trace(Expr::negate(Expr::Is(Predicate::Span(some_span)))),
        false => Leaf::Span(negate_if(is_negated, some_span)),
    })
}

fn assessment(clause: &Clause<'_>, kind: AssessmentField, name: &str) -> Result<Leaf, FilterDiagnostic> {
    let test = match text::test(clause, true)? {
        TextTest::Number(test) => ValueTest::Number(test),
        test => ValueTest::Text(test),
    };
    Ok(trace(Predicate::Assessment { kind, name: name.to_owned(), test }))
}

/// Returns the predicate that a number of a trace is known.
fn present(field: NumberField) -> Leaf {
    trace(Predicate::Present(field))
}
