//! Comparisons with numbers, durations and times.

use super::field::NumberKind;
use super::message::{Diagnostic, list, quote};
use crate::analyze::FilterDiagnostic;
use crate::literal::{NUMBER_COMPARATORS, number_operator};
use crate::operator::{Number, NumberTest};
use crate::quantity::{self, COUNT_UNIT_NAMES, DURATION_UNIT_NAMES, QuantityError};
use crate::syntax::{Clause, Literal};
use crate::time;

/// From this on a bare number for a duration was rather meant as milliseconds.
const LIKELY_MS_MIN: f64 = 100.0;

/// Reads the comparison of a clause whose operator is one of numbers.
pub(crate) fn test(
    clause: &Clause<'_>,
    kind: NumberKind,
    now_ns: Option<i64>,
) -> Result<NumberTest, FilterDiagnostic> {
    let operator = number_operator(&clause.comparator)
        .ok_or_else(|| super::message::no_operator(clause, crate::catalog::NUMBER))?;
    let value = match kind {
        NumberKind::Count => count(clause)?,
        NumberKind::Dollars => dollars(clause)?,
        NumberKind::Duration => Number::Int(duration(clause)?),
        NumberKind::Time => Number::Int(moment(clause, now_ns)?),
    };
    Ok(NumberTest { operator, value })
}

/// Returns the text of the literal, without quotes, and whether it had some.
fn text<'a>(clause: &Clause<'a>) -> (&'a str, bool) {
    match clause.literal {
        Literal::Quoted(quoted) => (&quoted[1..quoted.len() - 1], true),
        _ => (clause.literal.text(), false),
    }
}

fn count(clause: &Clause<'_>) -> Result<Number, FilterDiagnostic> {
    let (text, is_quoted) = text(clause);
    let span = clause.literal_span.clone();
    match (quantity::count(text), is_quoted) {
        (Ok(number), false) => Ok(number),
        (Ok(_), true) => Err(not_quoted(clause, text)),
        (Err(QuantityError::UnknownUnit(unit)), _) => {
            let message = format!(
                "unknown unit {} in {}; counts have {}",
                quote(unit),
                quote(text),
                list(COUNT_UNIT_NAMES)
            );
            Err(Diagnostic::new(message, span).expect(COUNT_UNIT_NAMES).build())
        }
        _ => Err(expected(clause, "a number, such as `5`, `1.5` or `10k`", "a number")),
    }
}

fn dollars(clause: &Clause<'_>) -> Result<Number, FilterDiagnostic> {
    let (text, is_quoted) = text(clause);
    match (crate::literal::number(text), is_quoted) {
        (Some(number), false) => Ok(number),
        (Some(_), true) => Err(not_quoted(clause, text)),
        (None, _) => Err(expected(clause, "US dollars as a number, such as `0.05`", "a number")),
    }
}

fn duration(clause: &Clause<'_>) -> Result<i64, FilterDiagnostic> {
    let (text, is_quoted) = text(clause);
    let span = clause.literal_span.clone();
    let error = match (quantity::duration_ns(text), is_quoted) {
        (Ok(ns), false) => return Ok(ns),
        (Ok(_), true) => return Err(not_quoted(clause, text)),
        (Err(error), _) => error,
    };
    Err(match error {
        QuantityError::NoUnit => no_unit(clause, text),
        QuantityError::UnknownUnit(unit) => {
            let units = DURATION_UNIT_NAMES;
            let diagnostic = Diagnostic::new(
                format!("unknown unit {} in {}; durations have {}", quote(unit), quote(text), list(units)),
                span,
            )
            .expect(units);
            match known_unit(unit) {
                Some(known) => diagnostic.suggest(text.replacen(unit, known, 1)).build(),
                None => diagnostic.build(),
            }
        }
        QuantityError::OutOfRange => {
            Diagnostic::new(format!("{} is too long; at most `106751d`", quote(text)), span).build()
        }
        QuantityError::NotANumber => expected(clause, "a duration, such as `5s` or `300ms`", "a duration"),
    })
}

/// Returns the unit that people mean by a longer word.
fn known_unit(word: &str) -> Option<&'static str> {
    Some(match word.to_ascii_lowercase().as_str() {
        "sec" | "secs" | "second" | "seconds" => "s",
        "msec" | "msecs" | "millis" | "millisecond" | "milliseconds" => "ms",
        "usec" | "micros" | "microseconds" => "us",
        "min" | "mins" | "minute" | "minutes" => "m",
        "hr" | "hrs" | "hour" | "hours" => "h",
        "day" | "days" => "d",
        "s" => "s",
        "ms" => "ms",
        "h" => "h",
        "d" => "d",
        _ => return None,
    })
}

fn no_unit(clause: &Clause<'_>, text: &str) -> FilterDiagnostic {
    let is_large = text.parse::<f64>().is_ok_and(|number| number >= LIKELY_MS_MIN);
    let (first, second) = if is_large { ("ms", "s") } else { ("s", "ms") };
    let message = format!("{} has no unit; write `{text}{first}` or `{text}{second}`", quote(text));
    Diagnostic::new(message, clause.literal_span.clone())
        .expect(DURATION_UNIT_NAMES)
        .suggest(format!("{text}{first}"))
        .build()
}

fn moment(clause: &Clause<'_>, now_ns: Option<i64>) -> Result<i64, FilterDiagnostic> {
    let (text, _) = text(clause);
    let problem = match clause.literal {
        Literal::Number(number) => match quantity::ms_to_ns(number) {
            Some(ns) => return Ok(ns),
            None => format!("{} is out of range; times are milliseconds since 1970", quote(text)),
        },
        _ => match absolute(text).or_else(|| relative(text, now_ns?)) {
            Some(ns) if !matches!(clause.literal, Literal::Word(_)) || text.starts_with('-') => {
                return Ok(ns);
            }
            Some(_) => return Err(unquoted_time(clause, text)),
            None => return Err(expected_time(clause)),
        },
    };
    Err(Diagnostic::new(problem, clause.literal_span.clone()).build())
}

/// Reads `2026-11-25…`, or milliseconds that came in quotes.
fn absolute(text: &str) -> Option<i64> {
    time::parse(text).or_else(|| crate::literal::number(text).and_then(|_| quantity::ms_to_ns(text)))
}

/// Reads `-1h`.
fn relative(text: &str, now_ns: i64) -> Option<i64> {
    let ago = text.starts_with('-').then(|| quantity::duration_ns(text).ok())??;
    Some(now_ns.saturating_add(ago))
}

fn unquoted_time(clause: &Clause<'_>, text: &str) -> FilterDiagnostic {
    Diagnostic::new(format!("{} is not quoted; write `'{text}'`", quote(text)), clause.literal_span.clone())
        .suggest(format!("'{text}'"))
        .build()
}

fn expected_time(clause: &Clause<'_>) -> FilterDiagnostic {
    let (text, _) = text(clause);
    let span = clause.literal_span.clone();
    if quantity::duration_ns(text).is_ok() && !text.starts_with('-') {
        let message = format!("{} is a duration; times before now are written `-{text}`", quote(text));
        return Diagnostic::new(message, span).suggest(format!("-{text}")).build();
    }
    let what = "a time: `'2026-11-25T10:00:00Z'`, `-1h` or milliseconds since 1970";
    expected(clause, what, "a time")
}

fn not_quoted(clause: &Clause<'_>, text: &str) -> FilterDiagnostic {
    let name = quote(clause.identifier.text);
    Diagnostic::new(
        format!("{name} is not a text; write {} without quotes", quote(text)),
        clause.literal_span.clone(),
    )
    .suggest(text)
    .build()
}

fn expected(clause: &Clause<'_>, what: &str, short: &str) -> FilterDiagnostic {
    let message =
        format!("{} takes {what}, not {}", quote(clause.identifier.text), quote(clause.literal.text()));
    Diagnostic::new(message, clause.literal_span.clone()).expect(&[short]).build()
}

/// Returns whether a clause on bare `timestamp`, which MLflow takes with a whole number only, has a time that the
/// wider grammar knows.
pub(crate) fn is_time_clause(clause: &Clause<'_>, now_ns: Option<i64>) -> bool {
    if !NUMBER_COMPARATORS.contains(&clause.comparator.as_str()) {
        return false;
    }
    match clause.literal {
        Literal::Quoted(quoted) => time::parse(&quoted[1..quoted.len() - 1]).is_some(),
        Literal::Word(word) => now_ns.is_some_and(|now_ns| relative(word, now_ns).is_some()),
        _ => false,
    }
}
