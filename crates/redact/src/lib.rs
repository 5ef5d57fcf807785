//! Finds secrets and personal data in texts, and replaces them: named detectors, patterns, paths into JSON, keys.
//!
//! [`Rules`] say what to look for, [`Redactor`] is their compiled form, [`Tally`] counts what was replaced. A value that
//! hides behind the escapes of JSON, also of JSON inside a JSON string, is found, and what was JSON stays JSON. Nothing
//! here knows OTLP, a store or an experiment, and nothing does I/O.

mod check;
mod detector;
mod escape;
mod find;
mod glob;
mod json;
mod key;
mod path;
mod redactor;
mod rules;
mod tally;

pub use detector::{DETECTORS, Detector};
pub use key::{HashKey, KEY_BYTES_MIN};
pub use path::Step;
pub use redactor::Redactor;
pub use rules::{
    ATTRIBUTES_MAX, GROUPS, PATH_CHARS_MAX, PATHS_MAX, PATTERN_BYTES_MAX, PATTERNS_MAX, Pattern, RuleError,
    Rules,
};
pub use tally::Tally;
