//! What can be wrong with a filter or an order. Messages that MLflow has are MLflow's own, so that people and
//! programs that know them find them again.

use crate::filter::TextSpan;
use spanwise_model::{ErrorKind, IdError};
use std::fmt;

/// Longest filter or order text, in bytes.
pub const FILTER_BYTES_MAX: usize = 64 << 10;
/// Deepest nesting of parentheses and `NOT`.
pub const FILTER_DEPTH_MAX: usize = 32;
/// Most clauses in one filter.
pub const FILTER_CLAUSES_MAX: usize = 256;
/// Most `%` and `_` in one pattern; together with the text's length it bounds the work of a match.
pub const PATTERN_WILDCARDS_MAX: usize = 256;
/// Longest pattern with a `_`, in bytes. One without is matched in linear time, and may be as long as a filter.
pub const PATTERN_BYTES_MAX: usize = 1 << 10;
/// Most RLIKE clauses in one filter; together with the size of one it bounds the memory of a filter.
pub const FILTER_RLIKE_MAX: usize = 16;
/// Most keys in one order.
pub const ORDER_KEYS_MAX: usize = 16;

/// Most problems that are said of one filter; with the rest unsaid, the work stays linear in the text.
pub const FILTER_PROBLEMS_MAX: usize = 64;

/// A filter or order that can't be understood.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{problem}")]
pub struct FilterError {
    /// What is wrong.
    pub problem: Problem,
    /// Where in the text.
    pub span: TextSpan,
}

impl FilterError {
    pub(crate) fn new(problem: Problem, span: TextSpan) -> Self {
        FilterError { problem, span }
    }

    /// Returns [`ErrorKind::InvalidArgument`]: every such error is the caller's.
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::InvalidArgument
    }
}

/// What is wrong with a filter or an order.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[expect(missing_docs, reason = "the fields are the words of the message")]
pub enum Problem {
    /// Longer than [`FILTER_BYTES_MAX`].
    #[error("filter has {bytes} bytes; the limit is {FILTER_BYTES_MAX}")]
    TooLong { bytes: usize },
    /// Nested deeper than [`FILTER_DEPTH_MAX`].
    #[error("filter is nested more than {FILTER_DEPTH_MAX} deep")]
    TooDeep,
    /// More than [`FILTER_CLAUSES_MAX`] clauses.
    #[error("filter has more than {FILTER_CLAUSES_MAX} clauses")]
    TooManyClauses,
    /// More than [`FILTER_RLIKE_MAX`] RLIKE clauses.
    #[error("filter has more than {FILTER_RLIKE_MAX} RLIKE clauses")]
    TooManyRegexes,
    /// More than [`PATTERN_WILDCARDS_MAX`] wildcards.
    #[error("pattern has {count} wildcards; the limit is {PATTERN_WILDCARDS_MAX}")]
    TooManyWildcards { count: usize },
    /// A pattern with `_` of more than [`PATTERN_BYTES_MAX`].
    #[error("pattern with `_` has {bytes} bytes; the limit is {PATTERN_BYTES_MAX}")]
    PatternTooLong { bytes: usize },
    /// More than [`ORDER_KEYS_MAX`] keys.
    #[error("order_by has {count} fields; the limit is {ORDER_KEYS_MAX}")]
    TooManyOrderKeys { count: usize },

    /// Only blanks.
    #[error("Invalid filter '{0}'. Could not be parsed.")]
    Blank(String),
    /// Statements separated by `;`.
    #[error("Search filter contained multiple expression {}. Provide AND-ed expression list.", python_repr(.0))]
    MultipleStatements(String),
    /// Tokens that belong to no clause.
    #[error("Invalid clause(s) in filter string: {}", quoted_join(.0))]
    InvalidClauses(Vec<String>),
    /// A comparison that doesn't begin with a field.
    #[error("Invalid comparison clause. Expected 'Identifier' found '{0}'")]
    NotAnIdentifier(String),
    /// `span(…)` inside `span(…)`.
    #[error("span(...) can't be nested in span(...)")]
    NestedSpanGroup,
    /// A clause in `span(…)` that is about something else.
    #[error(
        "`{0}` in span(...) is not a field of a span; expected `name`, `type`, `status`, `content` or `attributes.<key>`"
    )]
    NotASpanField(String),

    /// No such attribute.
    #[error("Invalid attribute key '{key}' specified. Valid keys are '{}'", Set(.valid))]
    UnknownAttribute { key: String, valid: &'static [&'static str] },
    /// No such entity.
    #[error("Invalid entity type '{entity}'. Valid values are {}", Set(.valid))]
    UnknownEntity { entity: String, valid: &'static [&'static str] },
    /// No such field of a span.
    #[error(
        "Invalid span attribute '{0}'. Supported attributes: name, status, type, attributes.<attribute_name>."
    )]
    UnknownSpanField(String),
    /// An attribute of a span without a name.
    #[error("Span attribute name cannot be empty after 'attributes.'")]
    EmptySpanAttribute,
    /// No such field of an issue.
    #[error("Invalid issue attribute '{0}'. Supported attributes: id")]
    UnknownIssueField(String),
    /// An assessment without a name.
    #[error("Assessment field name cannot be empty")]
    EmptyAssessmentName,

    /// A comparator that the attribute or metadata doesn't have.
    #[error("Invalid comparator '{comparator}' not one of '{}'", Set(.valid))]
    Comparator { comparator: String, valid: &'static [&'static str] },
    /// A comparator that tags or numbers don't have; MLflow forgets the closing quote.
    #[error("Invalid comparator '{comparator}' not one of '{}", Set(.valid))]
    TagComparator { comparator: String, valid: &'static [&'static str] },
    /// A comparator that a span's, assessment's or issue's field doesn't have.
    #[error("{field} comparator '{comparator}' not one of '{}'", Set(.valid))]
    FieldComparator { field: String, comparator: String, valid: &'static [&'static str] },
    /// A comparator other than `=` for a prompt.
    #[error(
        "Invalid comparator '{0}' for prompts filter. Only '=' is supported with format: prompt = \"name/version\""
    )]
    PromptComparator(String),
    /// A comparator that usage and cost don't have.
    #[error(
        "Comparator '{comparator}' is not supported for reserved metadata '{key}'. \
         Only '=', '!=', 'IS NULL', and 'IS NOT NULL' are supported."
    )]
    ReservedComparator { comparator: String, key: String },
    /// Anything wrong with a filter or order of a noun other than traces; the words differ from noun to noun.
    #[error("{0}")]
    Entity(String),

    /// A bare word where a quoted string belongs.
    #[error(
        "Parameter value is either not quoted or unidentified quote types used for string value {0}. \
         Use either single or double quotes."
    )]
    Unquoted(String),
    /// Anything but a quoted string.
    #[error("Expected a quoted string value for {entity} (e.g. 'my-value'). Got value {value}")]
    NotQuoted { entity: &'static str, value: String },
    /// A number for an attribute that is text.
    #[error("Only the '{}' attributes support comparison with numeric values.", Set(.0))]
    NotNumeric(&'static [&'static str]),
    /// A text for an attribute that is a number.
    #[error("Expected numeric value type for numeric attribute: {key}. Found {value}")]
    NumberExpected { key: String, value: String },
    /// `<` and the like on an assessment with anything but a number.
    #[error("Expected a numeric value for {entity} when using comparator '{comparator}'. Got value {value}")]
    AssessmentNumber { entity: &'static str, comparator: String, value: String },
    /// A list for an attribute that takes none.
    #[error("Only attributes in {} supports comparison with a list of quoted string values.", Set(.0))]
    NoList(&'static [&'static str]),
    /// Something other than quoted strings in a list.
    #[error(
        "While parsing a list in the query, expected string value, punctuation, or whitespace, \
         but got different type in list: {0}"
    )]
    ListItem(String),
    /// `IN ()`.
    #[error(
        "While parsing a list in the query, expected a non-empty list of string values, but got empty list"
    )]
    EmptyList,
    /// Not an experiment's id.
    #[error(transparent)]
    ExperimentId(#[from] IdError),
    /// Not `name/version`.
    #[error("Invalid prompts filter value '{0}'. Expected format: prompt = \"name/version\"")]
    PromptValue(String),

    /// Not `field [ASC|DESC]`.
    #[error("Invalid order_by clause '{0}'. Could not be parsed.")]
    OrderClause(String),
    /// A second word other than `ASC` and `DESC`.
    #[error("Invalid ordering key in order_by clause '{0}'.")]
    OrderDirection(String),
    /// An entity that can't be ordered by.
    #[error("Invalid identifier type '{0}'")]
    OrderEntity(&'static str),
    /// Usage or cost.
    #[error(
        "Ordering by reserved metadata '{0}' is not supported because it is represented by multiple columns."
    )]
    OrderReserved(String),
    /// The same field twice.
    #[error("`order_by` contains duplicate fields: {}", python_list(.0))]
    OrderDuplicate(Vec<String>),
}

/// Writes a set as Python does, `{'a', 'b'}`; MLflow's own order is arbitrary.
struct Set<'a>(&'a [&'static str]);

impl fmt::Display for Set<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{}}}", self.0.iter().map(|item| format!("'{item}'")).collect::<Vec<_>>().join(", "))
    }
}

fn quoted_join(parts: &[String]) -> String {
    parts.iter().map(|part| format!("'{part}'")).collect::<Vec<_>>().join(", ")
}

fn python_list(items: &[String]) -> String {
    format!("[{}]", items.iter().map(|item| python_repr(item)).collect::<Vec<_>>().join(", "))
}

/// Writes a string as Python's `repr` does, for the characters that filters hold.
pub(crate) fn python_repr(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == quote => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out.push(quote);
    out
}
