//! What a scorer is told to look for: JSON with a `kind`.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// Bytes of a regular expression.
pub const PATTERN_BYTES_MAX: usize = 4 << 10;
/// Texts that one scorer looks for.
pub const TEXTS_MAX: usize = 100;
/// Bytes of one text, guideline or instruction.
pub const TEXT_BYTES_MAX: usize = 32 << 10;
/// Tools that one list names.
pub const TOOLS_MAX: usize = 200;
/// Guidelines of one scorer.
pub const GUIDELINES_MAX: usize = 50;
/// Categories that a judge chooses from.
pub const CATEGORIES_MAX: usize = 50;

/// What a scorer looks for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Definition {
    /// Whether a text matches a regular expression.
    Regex {
        /// The expression, in the syntax of RE2; it is found anywhere unless it says `^` and `$`.
        pattern: String,
        /// Which text.
        #[serde(default)]
        on: Side,
        /// True if it must not be found.
        #[serde(default, skip_serializing_if = "is_false")]
        must_not: bool,
        /// Whether capitals do not matter.
        #[serde(default, skip_serializing_if = "is_false")]
        ignore_case: bool,
    },
    /// How long a text is: within bounds, or without bounds the number itself.
    Length {
        /// Which text.
        #[serde(default)]
        on: Side,
        /// What is counted.
        #[serde(default)]
        unit: Unit,
        /// The fewest that pass.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        min: Option<u64>,
        /// The most that pass.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<u64>,
    },
    /// Whether a text contains others: given ones, or those of an expectation.
    Contains {
        /// The texts.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        texts: Vec<String>,
        /// The expectation that holds a text or a list of texts, in place of `texts`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expectation: Option<String>,
        /// How many of them are needed.
        #[serde(default)]
        need: Need,
        /// Which text.
        #[serde(default)]
        on: Side,
        /// Whether capitals do not matter.
        #[serde(default, skip_serializing_if = "is_false")]
        ignore_case: bool,
    },
    /// Whether the output is a given text, or what an expectation says. White space around it does not matter.
    Equals {
        /// The text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
        /// The expectation, in place of `text`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expectation: Option<String>,
        /// Whether capitals do not matter.
        #[serde(default, skip_serializing_if = "is_false")]
        ignore_case: bool,
    },
    /// Whether the output is JSON that a schema allows.
    JsonSchema {
        /// The schema; see [`crate::Schema`] for its keywords.
        schema: Value,
    },
    /// Whether a text is free of secrets and personal data.
    Pii {
        /// Detectors of redaction, or `personal` or `secrets` for a group of them.
        #[serde(default = "personal")]
        detectors: Vec<String>,
        /// Which texts.
        #[serde(default)]
        on: Where,
    },
    /// Whether the trace took at most so long, or without a bound how long it took, in milliseconds.
    Latency {
        /// Milliseconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max_ms: Option<f64>,
    },
    /// Whether the trace cost at most so much, or without a bound how much, in US dollars.
    Cost {
        /// US dollars.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max_usd: Option<f64>,
    },
    /// Whether the trace used so many tokens, or without bounds how many.
    Tokens {
        /// Which.
        #[serde(default)]
        of: TokenKind,
        /// The fewest that pass.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        min: Option<u64>,
        /// The most that pass.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<u64>,
    },
    /// Whether tools were called as they should be.
    ToolCalls {
        /// Tools that must be called.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        must_call: Vec<String>,
        /// Tools that must not be called.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        must_not_call: Vec<String>,
        /// How often each of these tools may be called.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        at_most: BTreeMap<String, u64>,
        /// How many calls there may be in all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max_calls: Option<u64>,
        /// Tools that must be called one after the other; others may be called in between.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        order: Vec<String>,
        /// Whether no call may fail.
        #[serde(default, skip_serializing_if = "is_false")]
        no_failures: bool,
        /// The schema that the arguments of each call of these tools must follow.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        arguments: BTreeMap<String, Value>,
    },
    /// Whether nothing failed.
    ErrorFree {
        /// Whether the trace alone counts, and spans that failed on the way do not.
        #[serde(default, skip_serializing_if = "is_false")]
        trace_only: bool,
    },
    /// Whether the answer follows guidelines, as a model judges.
    Guidelines {
        /// The guidelines.
        guidelines: Vec<String>,
        /// The model, as in `openai:/gpt-4o-mini` or `endpoints:/name`; the configured one if there is none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        model: Option<String>,
    },
    /// As [`Definition::Guidelines`], with the guidelines of the trace's expectation `guidelines`.
    ExpectedGuidelines {
        /// The model.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        model: Option<String>,
    },
    /// What a model answers to instructions.
    Judge {
        /// The instructions; `{{ inputs }}`, `{{ outputs }}`, `{{ expectations }}` and `{{ trace }}` stand for what is judged.
        instructions: String,
        /// What the answer is.
        #[serde(default)]
        answer: Answer,
        /// The categories, if the answer is one.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        categories: Vec<String>,
        /// The model.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        model: Option<String>,
    },
}

/// One side of a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// What was asked.
    Input,
    /// What was answered.
    #[default]
    Output,
}

/// Sides of a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Where {
    /// What was asked.
    Input,
    /// What was answered.
    #[default]
    Output,
    /// Both.
    Both,
}

/// What the length of a text is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Unicode characters.
    #[default]
    Characters,
    /// What white space is between.
    Words,
    /// Tokens that the trace reports for that side.
    Tokens,
}

/// How many of several texts are needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    /// Each.
    #[default]
    All,
    /// One.
    Any,
    /// None of them may be there.
    None,
}

/// Which tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenKind {
    /// Of prompts.
    Input,
    /// Of answers.
    Output,
    /// All.
    #[default]
    Total,
}

/// What a judge answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// True or false.
    #[default]
    Bool,
    /// A number.
    Number,
    /// One of some categories.
    Category,
    /// A text.
    Text,
}

impl Definition {
    /// Returns the name of the kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Definition::Regex { .. } => "regex",
            Definition::Length { .. } => "length",
            Definition::Contains { .. } => "contains",
            Definition::Equals { .. } => "equals",
            Definition::JsonSchema { .. } => "json_schema",
            Definition::Pii { .. } => "pii",
            Definition::Latency { .. } => "latency",
            Definition::Cost { .. } => "cost",
            Definition::Tokens { .. } => "tokens",
            Definition::ToolCalls { .. } => "tool_calls",
            Definition::ErrorFree { .. } => "error_free",
            Definition::Guidelines { .. } => "guidelines",
            Definition::ExpectedGuidelines { .. } => "expected_guidelines",
            Definition::Judge { .. } => "judge",
        }
    }

    /// Returns whether a model has to be asked.
    pub fn is_judge(&self) -> bool {
        matches!(
            self,
            Definition::Guidelines { .. } | Definition::ExpectedGuidelines { .. } | Definition::Judge { .. }
        )
    }

    /// Returns the model that a judge names.
    pub fn model(&self) -> Option<&str> {
        match self {
            Definition::Guidelines { model, .. }
            | Definition::ExpectedGuidelines { model }
            | Definition::Judge { model, .. } => model.as_deref(),
            _ => None,
        }
    }
}

fn is_false(value: &bool) -> bool {
    !value
}

fn personal() -> Vec<String> {
    vec!["personal".to_owned()]
}
