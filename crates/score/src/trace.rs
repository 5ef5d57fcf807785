//! What a scorer sees of a trace.

use serde_json::Value;
use spanwise_model::TokenUsage;
use std::collections::BTreeMap;

/// A finished trace; what a scorer does not need may be left empty, see [`crate::Needs`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TraceView {
    /// How it ended.
    pub ending: Ending,
    /// How long it took, in milliseconds.
    pub duration_ms: Option<f64>,
    /// Its tokens, each counted once.
    pub usage: Option<TokenUsage>,
    /// Its cost in US dollars.
    pub cost: Option<f64>,
    /// What was asked.
    pub input: Said,
    /// What was answered.
    pub output: Said,
    /// Its valid expectations by name.
    pub expectations: BTreeMap<String, Value>,
    /// Calls of tools, in the order in which they began.
    pub tool_calls: Vec<ToolCall>,
    /// Spans that failed, in the order in which they began.
    pub failed_spans: Vec<FailedSpan>,
    /// What happened, step by step, in the order in which the spans began.
    pub steps: Vec<Step>,
}

/// How a trace ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ending {
    /// Nothing says.
    #[default]
    Unknown,
    /// Well.
    Ok,
    /// With an error.
    Error,
}

/// One side of a trace.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Said {
    /// What a person reads of it, whole.
    pub text: Option<String>,
    /// The same as JSON, as it was sent.
    pub value: Option<Value>,
}

impl Said {
    /// Returns the text, or, where there is none to read, the JSON.
    pub fn words(&self) -> Option<String> {
        let text = self.text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
        text.or_else(|| match self.value.as_ref()? {
            Value::Null => None,
            Value::String(text) => Some(text.clone()).filter(|text| !text.trim().is_empty()),
            value => Some(value.to_string()),
        })
    }

    /// Returns the JSON in it: of a text that is JSON, also behind the fence of a code block, what it says; else the value.
    pub fn json(&self) -> Option<Value> {
        let of_text = self.text.as_deref().and_then(parse_json);
        of_text.or_else(|| match self.value.as_ref()? {
            Value::String(text) => parse_json(text),
            value => Some(value.clone()),
        })
    }
}

/// Reads a text that is JSON, with or without the fence of a code block around it.
pub(crate) fn parse_json(text: &str) -> Option<Value> {
    let text = text.trim();
    let fenced = text.strip_prefix("```").and_then(|rest| rest.strip_suffix("```"));
    let text = fenced.map_or(text, |inner| inner.split_once('\n').map_or(inner, |(_, body)| body));
    serde_json::from_str(text).ok()
}

/// A call of a tool.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ToolCall {
    /// The tool.
    pub name: String,
    /// Its arguments.
    pub arguments: Value,
    /// Why it failed, if it did; empty if nothing says.
    pub failure: Option<String>,
}

/// A span that failed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FailedSpan {
    /// Its name.
    pub name: String,
    /// Why; empty if nothing says.
    pub message: String,
}

/// A span, as a judge reads it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Step {
    /// Its name.
    pub name: String,
    /// Its type, e.g. `TOOL`.
    pub span_type: String,
    /// How many spans are above it.
    pub depth: usize,
    /// What went in.
    pub input: Option<String>,
    /// What came out.
    pub output: Option<String>,
    /// Why it failed, if it did.
    pub failure: Option<String>,
}
