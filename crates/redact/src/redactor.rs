//! Rules in their compiled form.

use crate::check::Candidate;
use crate::detector::{DETECTORS, Detector};
use crate::find::{Finding, apply};
use crate::path::{Path, Step};
use crate::rules::{
    ATTRIBUTES_MAX, NAME_CHARS_MAX, PATH_CHARS_MAX, PATHS_MAX, PATTERN_BYTES_MAX, PATTERNS_MAX,
};
use crate::{GROUPS, HashKey, Pattern, RuleError, Rules, Tally, glob};
use regex::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};
use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

/// Bytes of one compiled pattern, and of all of them together.
const PATTERN_COMPILED_BYTES_MAX: usize = 1 << 20;
const SET_COMPILED_BYTES_MAX: usize = 16 << 20;
/// Replaces values that a path of the rules leads to.
const PATH: &str = "path";
/// Replaces values whose key the rules name.
const ATTRIBUTE: &str = "attribute";
/// Finds values by their names, so that it needs to know them.
const CREDENTIAL: &str = "credential";
/// The group that is replaced alone.
const SECRET: &str = "secret";

/// Finds and replaces what [`Rules`] say.
#[derive(Debug)]
pub struct Redactor {
    pub(crate) matchers: Vec<Matcher>,
    /// The hints of `matchers`, in their order.
    pub(crate) hints: RegexSet,
    /// The place of the matcher that also goes by the names of values.
    pub(crate) credential: Option<usize>,
    pub(crate) paths: Vec<Path>,
    pub(crate) path_label: Label,
    attributes: Vec<String>,
    attribute_label: Label,
    pub(crate) key: Option<HashKey>,
}

/// The name of a rule, and what it puts in the place of a value.
#[derive(Debug)]
pub(crate) struct Label {
    pub(crate) name: Arc<str>,
    pub(crate) replacement: String,
    /// Whether its values are numbers that may be written in groups.
    is_grouped: bool,
}

/// Detectors whose values are the same however they are grouped.
const GROUPED: [&str; 3] = ["card", "iban", "phone"];

impl Label {
    fn new(name: &str) -> Label {
        let is_grouped = GROUPED.contains(&name);
        Label { name: name.into(), replacement: format!("[redacted:{name}]"), is_grouped }
    }

    /// Returns what takes the place of a value that was found.
    pub(crate) fn for_value(&self, key: Option<&HashKey>, value: &str) -> Cow<'_, str> {
        let Some(key) = key else { return self.replacement.as_str().into() };
        let compact: String;
        let value = if self.is_grouped {
            compact =
                value.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_uppercase();
            &compact
        } else {
            value
        };
        format!("[redacted:{}:{}]", self.name, key.hash(&self.name, value)).into()
    }
}

/// A detector or a pattern, compiled.
#[derive(Debug)]
pub(crate) struct Matcher {
    pub(crate) label: Label,
    pub(crate) regex: Regex,
    /// Groups of the pattern of which the one that took part is replaced, instead of the whole match.
    pub(crate) groups: Vec<usize>,
    /// Whether a search goes on behind a match that `check` refused, rather than inside it.
    pub(crate) is_one_token: bool,
    pub(crate) check: fn(&Candidate<'_>) -> Option<Range<usize>>,
}

impl Redactor {
    /// Compiles rules.
    ///
    /// # Errors
    /// What is wrong with them: an unknown detector, a pattern or a path that can't be read, too many of something.
    pub fn new(rules: &Rules) -> Result<Redactor, RuleError> {
        Redactor::with_key(rules, None)
    }

    /// Compiles rules; with a key, replacements of what detectors and patterns find also tell a hash of it.
    ///
    /// # Errors
    /// As [`Redactor::new`].
    pub fn with_key(rules: &Rules, key: Option<HashKey>) -> Result<Redactor, RuleError> {
        check_count("patterns", rules.patterns.len(), PATTERNS_MAX)?;
        check_count("paths", rules.paths.len(), PATHS_MAX)?;
        check_count("attributes", rules.attributes.len(), ATTRIBUTES_MAX)?;
        let detectors = chosen(&rules.detectors)?;
        let mut matchers: Vec<Matcher> = detectors.iter().map(|detector| built_in(detector)).collect();
        for pattern in &rules.patterns {
            let matcher = custom(pattern)?;
            if matchers.iter().any(|other| other.label.name == matcher.label.name) {
                let problem = "is there twice";
                return Err(RuleError::Name { name: pattern.name.clone(), problem });
            }
            matchers.push(matcher);
        }
        let hints = detectors.iter().map(|detector| detector.hint);
        let hints = hints.chain(rules.patterns.iter().map(|pattern| pattern.regex.as_str()));
        let hints = RegexSetBuilder::new(hints).size_limit(SET_COMPILED_BYTES_MAX).build();
        Ok(Redactor {
            credential: matchers.iter().position(|matcher| &*matcher.label.name == CREDENTIAL),
            matchers,
            hints: hints.map_err(|_| RuleError::TooLarge)?,
            paths: rules.paths.iter().map(|path| checked_path(path)).collect::<Result<_, _>>()?,
            path_label: Label::new(PATH),
            attributes: rules.attributes.iter().map(|key| checked_key(key)).collect::<Result<_, _>>()?,
            attribute_label: Label::new(ATTRIBUTE),
            key,
        })
    }

    /// Returns what takes the place of the value of an attribute, tag or metadata entry of that key, if its key alone
    /// says so.
    pub fn mask_key(&self, key: &str, tally: &mut Tally) -> Option<String> {
        let is_named = self.attributes.iter().any(|pattern| glob::matches(pattern, key));
        is_named.then(|| self.attribute_label.used(tally))
    }

    /// Returns what takes the place of the value that `path` leads to, if a path of the rules does too. A value with no
    /// path is one that has no members.
    pub fn mask_path(&self, path: &[Step], tally: &mut Tally) -> Option<String> {
        self.is_path(path).then(|| self.path_label.used(tally))
    }

    pub(crate) fn is_path(&self, steps: &[Step]) -> bool {
        !steps.is_empty() && self.paths.iter().any(|path| path.leads_to(steps))
    }

    /// Returns whether there are paths, so that the steps to values matter.
    pub fn has_paths(&self) -> bool {
        !self.paths.is_empty()
    }

    /// Returns a text with all that was found in it replaced; `None` if nothing was found.
    ///
    /// `key` is the name that the text is the value of, and `path` leads to it. A text that is JSON stays JSON.
    pub fn redact(&self, key: Option<&str>, path: &[Step], text: &str, tally: &mut Tally) -> Option<String> {
        if !self.may_find(key, text) {
            return None;
        }
        let findings = self.find(text, key, &mut path.to_vec(), 0);
        (!findings.is_empty()).then(|| {
            findings.iter().for_each(|finding| tally.add(finding.name, 1));
            apply(text, &findings)
        })
    }

    /// Returns what takes the place of a number, if its digits are found.
    pub fn redact_number(&self, key: Option<&str>, digits: &str, tally: &mut Tally) -> Option<String> {
        let findings = self.find(digits, key, &mut Vec::new(), 0);
        let Finding { name, text, .. } = findings.into_iter().next()?;
        tally.add(name, 1);
        Some(text.into_owned())
    }

    /// Returns bytes with all that was found in their texts replaced; `None` if nothing was found.
    pub fn redact_bytes(&self, key: Option<&str>, bytes: &[u8], tally: &mut Tally) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        let mut is_changed = false;
        for chunk in bytes.utf8_chunks() {
            match self.redact(key, &[], chunk.valid(), tally) {
                Some(redacted) => {
                    out.extend_from_slice(redacted.as_bytes());
                    is_changed = true;
                }
                None => out.extend_from_slice(chunk.valid().as_bytes()),
            }
            out.extend_from_slice(chunk.invalid());
        }
        is_changed.then_some(out)
    }
}

impl Label {
    fn used(&self, tally: &mut Tally) -> String {
        tally.add(&self.name, 1);
        self.replacement.clone()
    }
}

fn check_count(what: &'static str, count: usize, max: usize) -> Result<(), RuleError> {
    if count > max { Err(RuleError::TooMany { what, count, max }) } else { Ok(()) }
}

/// Returns the detectors that names and groups choose, in the order of their table.
fn chosen(names: &[String]) -> Result<Vec<&'static Detector>, RuleError> {
    let is_known = |name: &&String| {
        GROUPS.iter().any(|(group, _)| group == name) || DETECTORS.iter().any(|one| one.name == **name)
    };
    if let Some(name) = names.iter().find(|name| !is_known(name)) {
        return Err(RuleError::UnknownDetector { name: name.clone() });
    }
    let is_chosen = |detector: &&Detector| {
        let group = if detector.is_personal { "personal" } else { "secrets" };
        names.iter().any(|name| [detector.name, group, "all"].contains(&name.as_str()))
    };
    Ok(DETECTORS.iter().filter(is_chosen).collect())
}

fn built_in(detector: &Detector) -> Matcher {
    let regex = Regex::new(detector.pattern).expect("built-in patterns are tested");
    let groups = (1..regex.captures_len()).collect();
    Matcher {
        label: Label::new(detector.name),
        regex,
        groups,
        is_one_token: detector.is_one_token(),
        check: detector.check,
    }
}

fn custom(pattern: &Pattern) -> Result<Matcher, RuleError> {
    let refuse = |problem: String| RuleError::Pattern { name: pattern.name.clone(), problem };
    check_name(&pattern.name)?;
    if pattern.regex.len() > PATTERN_BYTES_MAX {
        let length = pattern.regex.len();
        return Err(refuse(format!("has {length} bytes; the limit is {PATTERN_BYTES_MAX}")));
    }
    let built = RegexBuilder::new(&pattern.regex).size_limit(PATTERN_COMPILED_BYTES_MAX).build();
    let regex = built.map_err(|error| refuse(regex_problem(&error)))?;
    if regex.is_match("") {
        return Err(refuse("matches the empty text; expected one that needs at least a character".into()));
    }
    let groups = regex.capture_names().position(|name| name == Some(SECRET)).into_iter().collect();
    let check = |candidate: &Candidate<'_>| Some(candidate.range.clone()).filter(|range| !range.is_empty());
    Ok(Matcher { label: Label::new(&pattern.name), regex, groups, is_one_token: true, check })
}

fn check_name(name: &str) -> Result<(), RuleError> {
    let is_allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    let problem = if name.is_empty() || name.chars().count() > NAME_CHARS_MAX || !name.chars().all(is_allowed)
    {
        "can't be used"
    } else if [PATH, ATTRIBUTE].contains(&name) || DETECTORS.iter().any(|detector| detector.name == name) {
        "is taken by a built-in rule"
    } else {
        return Ok(());
    };
    Err(RuleError::Name { name: name.into(), problem })
}

/// Says what is wrong with a pattern, and at which character.
fn regex_problem(error: &regex::Error) -> String {
    let regex::Error::Syntax(text) = error else {
        return format!("is too large when compiled; the limit is {PATTERN_COMPILED_BYTES_MAX} bytes");
    };
    // The error is made for a terminal: the pattern, indented, a line of `^` below it, and what is wrong.
    const INDENT: usize = 4;
    let problem = text.lines().rev().find_map(|line| line.strip_prefix("error: ")).unwrap_or(text);
    let carets = text.lines().find(|line| line.trim_start().starts_with('^'));
    match carets.and_then(|line| line.find('^')).and_then(|column| column.checked_sub(INDENT)) {
        Some(column) => format!("is wrong at character {}: {problem}", column + 1),
        None => format!("is wrong: {problem}"),
    }
}

fn checked_path(path: &str) -> Result<Path, RuleError> {
    if path.chars().count() > PATH_CHARS_MAX {
        check_count("characters in a path", path.chars().count(), PATH_CHARS_MAX)?;
    }
    Path::parse(path)
}

fn checked_key(key: &str) -> Result<String, RuleError> {
    match key.chars().count() {
        1..=PATH_CHARS_MAX => Ok(key.to_owned()),
        _ => Err(RuleError::Attribute(key.chars().take(PATH_CHARS_MAX).collect())),
    }
}
