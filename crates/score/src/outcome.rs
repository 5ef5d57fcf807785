//! What a scorer says of a trace.

use serde_json::Value;

/// What became of scoring a trace.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// There is a score.
    Scored(Outcome),
    /// There is nothing to score.
    Skipped(Skip),
}

/// A score.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The score: true or false, a number or a text.
    pub value: Value,
    /// Why; it quotes what was wrong.
    pub rationale: String,
}

impl Outcome {
    pub(crate) fn new(value: impl Into<Value>, rationale: impl Into<String>) -> Outcome {
        Outcome { value: value.into(), rationale: rationale.into() }
    }

    /// Returns whether the trace passed, where the score says that.
    pub fn passed(&self) -> Option<bool> {
        passed(&self.value)
    }
}

/// Returns whether a score is a pass: true and `yes` are, false and `no` are not, and of anything else nobody knows.
fn passed(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(value) => Some(*value),
        Value::String(text) if text.eq_ignore_ascii_case("yes") => Some(true),
        Value::String(text) if text.eq_ignore_ascii_case("no") => Some(false),
        _ => None,
    }
}

/// Why there is nothing to score; a scorer's status counts traces by these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Skip {
    /// The trace has no input.
    NoInput,
    /// The trace has no output.
    NoOutput,
    /// The trace has no duration.
    NoDuration,
    /// No span tells tokens.
    NoUsage,
    /// The cost is not known.
    NoCost,
    /// The trace has no expectation of the name that is asked for.
    NoExpectation,
}

impl Skip {
    /// Returns the reason in words.
    pub fn reason(self) -> &'static str {
        match self {
            Skip::NoInput => "no input",
            Skip::NoOutput => "no output",
            Skip::NoDuration => "no duration",
            Skip::NoUsage => "no token counts",
            Skip::NoCost => "unknown cost",
            Skip::NoExpectation => "no such expectation",
        }
    }
}
