//! What is counted and measured.

use crate::definition::TokenKind;
use crate::outcome::{Outcome, Skip};
use crate::quote::{number, quote};
use crate::trace::{Ending, TraceView};
use serde_json::Value;

/// Judges a count; without bounds the count is the score.
pub(crate) fn within(found: &str, count: u64, min: Option<u64>, max: Option<u64>) -> Outcome {
    match (min, max) {
        (None, None) => Outcome::new(Value::from(count), found),
        (Some(min), _) if count < min => {
            Outcome::new(false, format!("{found}; at least {min} are asked for"))
        }
        (_, Some(max)) if count > max => Outcome::new(false, format!("{found}; at most {max} are allowed")),
        _ => Outcome::new(true, found),
    }
}

pub(crate) fn latency(trace: &TraceView, max_ms: Option<f64>) -> Result<Outcome, Skip> {
    let took = trace.duration_ms.ok_or(Skip::NoDuration)?;
    Ok(at_most(took, max_ms, |value| format!("{} ms", number(value)), "the trace took"))
}

pub(crate) fn cost(trace: &TraceView, max_usd: Option<f64>) -> Result<Outcome, Skip> {
    let cost = trace.cost.ok_or(Skip::NoCost)?;
    Ok(at_most(cost, max_usd, |value| format!("${}", number(value)), "the trace cost"))
}

fn at_most(found: f64, max: Option<f64>, show: impl Fn(f64) -> String, what: &str) -> Outcome {
    let text = format!("{what} {}", show(found));
    match max {
        None => Outcome::new(Value::from(found), text),
        Some(max) if found > max => Outcome::new(false, format!("{text}; at most {} is allowed", show(max))),
        Some(_) => Outcome::new(true, text),
    }
}

pub(crate) fn tokens(
    trace: &TraceView,
    of: TokenKind,
    min: Option<u64>,
    max: Option<u64>,
) -> Result<Outcome, Skip> {
    let usage = trace.usage.ok_or(Skip::NoUsage)?;
    let (count, name) = match of {
        TokenKind::Input => (usage.input, "input tokens"),
        TokenKind::Output => (usage.output, "output tokens"),
        TokenKind::Total => (usage.total, "tokens"),
    };
    Ok(within(&format!("the trace used {count} {name}"), count, min, max))
}

/// Spans that failed and are named one by one.
const NAMED_MAX: usize = 3;

pub(crate) fn error_free(trace: &TraceView, trace_only: bool) -> Outcome {
    if trace.ending == Ending::Error {
        let why = trace.failed_spans.first().filter(|span| !span.message.is_empty());
        let why = why.map_or_else(String::new, |span| {
            format!(": `{}` failed with {}", span.name, quote(&span.message))
        });
        return Outcome::new(false, format!("the trace ended with an error{why}"));
    }
    if trace_only || trace.failed_spans.is_empty() {
        return Outcome::new(true, "nothing failed");
    }
    let all = &trace.failed_spans;
    let mut texts: Vec<String> = all
        .iter()
        .take(NAMED_MAX)
        .map(|span| {
            if span.message.is_empty() {
                format!("`{}` failed", span.name)
            } else {
                format!("`{}` failed with {}", span.name, quote(&span.message))
            }
        })
        .collect();
    if all.len() > NAMED_MAX {
        texts.push(format!("and {} more", all.len() - NAMED_MAX));
    }
    Outcome::new(false, texts.join("; "))
}
