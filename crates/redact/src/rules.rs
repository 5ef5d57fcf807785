//! What to look for, as somebody writes it down.

use crate::detector::DETECTORS;
use serde::{Deserialize, Serialize};
use spanwise_model::ErrorKind;

/// Patterns of one set of rules.
pub const PATTERNS_MAX: usize = 50;
/// Bytes of one pattern.
pub const PATTERN_BYTES_MAX: usize = 1_000;
/// Paths of one set of rules.
pub const PATHS_MAX: usize = 100;
/// Characters of one path, or of one pattern of keys.
pub const PATH_CHARS_MAX: usize = 250;
/// Patterns of keys of one set of rules.
pub const ATTRIBUTES_MAX: usize = 100;
/// Characters of the name of a pattern.
pub(crate) const NAME_CHARS_MAX: usize = 40;

/// What to look for in texts; with nothing in it, nothing is replaced.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rules {
    /// Names of built-in detectors ([`crate::DETECTORS`]) or of groups of them ([`GROUPS`]).
    pub detectors: Vec<String>,
    /// Patterns of one's own.
    pub patterns: Vec<Pattern>,
    /// Paths of JSON values that are replaced whole, such as `$.messages[*].content.ssn` or `$..ssn`.
    pub paths: Vec<String>,
    /// Keys of attributes, tags and metadata whose values are replaced whole; `*` and `?` stand for others.
    pub attributes: Vec<String>,
}

/// A regular expression with a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pattern {
    /// What replacements and counts call it.
    pub name: String,
    /// The expression, in the syntax of the `regex` crate. If it has a group `secret`, only that is replaced.
    pub regex: String,
}

/// Groups of detectors, with what they hold.
pub const GROUPS: [(&str, &str); 3] = [
    ("all", "all of them"),
    ("personal", "data about people: mail addresses, phone numbers, cards, accounts, IP addresses"),
    ("secrets", "keys, tokens, passwords"),
];

impl Rules {
    /// Returns whether nothing is looked for.
    pub fn is_empty(&self) -> bool {
        *self == Rules::default()
    }
}

/// Why rules can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// No built-in detector and no group has that name.
    #[error("unknown detector `{name}`; expected one of {}", known_names())]
    UnknownDetector {
        /// The name.
        name: String,
    },
    /// A pattern's name can't be used.
    #[error(
        "the pattern's name `{name}` {problem}; expected 1 to {NAME_CHARS_MAX} of `a` to `z`, `0` to `9`, `-` and `_`"
    )]
    Name {
        /// The name.
        name: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A pattern can't be used.
    #[error("the pattern `{name}` {problem}")]
    Pattern {
        /// Its name.
        name: String,
        /// What is wrong with it, and where.
        problem: String,
    },
    /// A path can't be read.
    #[error("path `{path}` is wrong at character {position}: {problem}")]
    Path {
        /// The path.
        path: String,
        /// The character, from 1.
        position: usize,
        /// What was expected there.
        problem: &'static str,
    },
    /// A pattern of keys can't be used.
    #[error("the key `{0}` can't be used; expected 1 to {PATH_CHARS_MAX} characters")]
    Attribute(String),
    /// Too many of something.
    #[error("there are {count} {what}; the limit is {max}")]
    TooMany {
        /// What there are too many of.
        what: &'static str,
        /// How many.
        count: usize,
        /// How many there may be.
        max: usize,
    },
    /// All of the patterns together need too much memory.
    #[error("the patterns together are too large; use fewer or simpler ones")]
    TooLarge,
}

impl RuleError {
    /// Returns the kind: always the mistake of who wrote the rules.
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::InvalidArgument
    }
}

fn known_names() -> String {
    let groups = GROUPS.iter().map(|(name, _)| *name);
    groups.chain(DETECTORS.iter().map(|detector| detector.name)).collect::<Vec<_>>().join(", ")
}
