//! What is replaced in texts before they are stored.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What to look for; with nothing in it, nothing is replaced.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RedactionRules {
    /// Names of built-in detectors, or of groups: `all`, `personal`, `secrets`.
    pub detectors: Vec<String>,
    /// Patterns of one's own.
    pub patterns: Vec<RedactionPattern>,
    /// Paths of JSON values that are replaced whole, such as `$.messages[*].content.ssn` or `$..ssn`.
    pub paths: Vec<String>,
    /// Keys of attributes, tags and metadata whose values are replaced whole; `*` and `?` stand for others.
    pub attributes: Vec<String>,
}

/// A regular expression with a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RedactionPattern {
    /// What replacements and counts call it.
    pub name: String,
    /// The expression; if it has a group `secret`, only that is replaced.
    pub regex: String,
}

/// How much a rule replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RedactionCount {
    /// The detector or pattern; `path` and `attribute` for the rules of those kinds.
    pub detector: String,
    /// Values that it replaced.
    pub count: u64,
}

/// The rules that hold for an experiment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ExperimentRedaction {
    /// What is looked for.
    pub rules: RedactionRules,
    /// Whether the rules are the experiment's own; else they are the default ones of the configuration.
    pub is_own: bool,
    /// What was replaced in what was sent to the experiment since the server started.
    pub replaced: Vec<RedactionCount>,
}

/// A built-in detector.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RedactionDetector {
    /// Its name in rules.
    pub name: String,
    /// The group that it is in, besides `all`: `personal` or `secrets`.
    pub group: String,
    /// What it finds.
    pub about: String,
}

/// What can be looked for, and what is without rules of an experiment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RedactionInfo {
    /// The built-in detectors.
    pub detectors: Vec<RedactionDetector>,
    /// The rules of experiments that have none of their own.
    pub default_rules: RedactionRules,
}

/// A text to try rules on; nothing of it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RedactionTest {
    /// The text.
    pub text: String,
    /// The key of the attribute, tag or metadata entry that the text were the value of.
    #[serde(default)]
    pub key: Option<String>,
    /// Rules to try; without, those that hold for the experiment.
    #[serde(default)]
    pub rules: Option<RedactionRules>,
}

/// What would be stored of a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RedactionTestResult {
    /// The text with all that was found replaced.
    pub text: String,
    /// What was found.
    pub replaced: Vec<RedactionCount>,
}
