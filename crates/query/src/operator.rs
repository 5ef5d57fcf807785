//! Operators with their literals, and what they mean on a value. Every engine and the reference share these, so
//! that an engine only has to find candidates.

use crate::fold::fold_text;
use crate::like::LikePattern;
use crate::token::{each_token, tokens};
use memchr::memmem::Finder;
use regex::{Regex, RegexBuilder};

/// Largest compiled size of one RLIKE pattern, and of the cache of its matcher; a larger one matches nothing, as
/// an invalid one.
pub const REGEX_BYTES_MAX: usize = 1 << 20;

/// What a text must satisfy.
#[derive(Debug, Clone, PartialEq)]
pub enum TextTest {
    /// `= 'v'`, case-sensitive.
    Eq(String),
    /// `!= 'v'`: present and different.
    Ne(String),
    /// `IN ('v', …)`.
    In(Vec<String>),
    /// `NOT IN ('v', …)`: present and none of them.
    NotIn(Vec<String>),
    /// `LIKE` and `ILIKE`.
    Like(LikePattern),
    /// `RLIKE`.
    RLike(RLikePattern),
    /// `~ 'v'` of a short text: it has this in it, whatever the case.
    Contains(Substring),
    /// `!~ 'v'` of a short text: present and without this in it.
    Lacks(Substring),
    /// `~ 'v'` of a span's content: all words of it are words of the text.
    Words(Words),
    /// A comparison with a number: the text is a number, and the comparison holds.
    Number(NumberTest),
    /// `IS NULL`: absent.
    IsNull,
    /// `IS NOT NULL`: present.
    IsNotNull,
}

impl TextTest {
    /// Returns whether `text` satisfies the test; an absent text only satisfies `IsNull`.
    pub fn matches(&self, text: Option<&str>) -> bool {
        let Some(text) = text else {
            return matches!(self, TextTest::IsNull);
        };
        match self {
            TextTest::Eq(value) => text == value,
            TextTest::Ne(value) => text != value,
            TextTest::In(values) => values.iter().any(|value| value == text),
            TextTest::NotIn(values) => values.iter().all(|value| value != text),
            TextTest::Like(pattern) => pattern.matches(text),
            TextTest::RLike(pattern) => pattern.matches(text),
            TextTest::Contains(part) => part.is_in(text),
            TextTest::Lacks(part) => !part.is_in(text),
            TextTest::Words(words) => words.are_in(text),
            TextTest::Number(test) => json_number(text).is_some_and(|number| test.matches_float(number)),
            TextTest::IsNull => false,
            TextTest::IsNotNull => true,
        }
    }
}

/// An RLIKE pattern: a regular expression that may match anywhere in the text, in linear time.
#[derive(Debug, Clone)]
pub struct RLikePattern {
    pattern: String,
    regex: Option<Regex>,
}

impl RLikePattern {
    /// Compiles `pattern`. One that is invalid, or larger than [`REGEX_BYTES_MAX`], matches nothing (as MLflow).
    pub fn new(pattern: &str) -> Self {
        let regex = RegexBuilder::new(pattern)
            .size_limit(REGEX_BYTES_MAX)
            .dfa_size_limit(REGEX_BYTES_MAX)
            .build()
            .ok();
        RLikePattern { pattern: pattern.to_owned(), regex }
    }

    /// Returns the pattern as written.
    pub fn as_str(&self) -> &str {
        &self.pattern
    }

    /// Returns whether the pattern matches somewhere in `text`.
    pub fn matches(&self, text: &str) -> bool {
        self.regex.as_ref().is_some_and(|regex| regex.is_match(text))
    }
}

impl PartialEq for RLikePattern {
    fn eq(&self, other: &Self) -> bool {
        self.pattern == other.pattern
    }
}

/// A text to find in others, whatever the case.
#[derive(Debug, Clone)]
pub struct Substring {
    text: String,
    finder: Box<Finder<'static>>,
}

impl Substring {
    /// Makes one of `text`, of which every character counts.
    pub fn new(text: &str) -> Self {
        let finder = Finder::new(fold_text(text).as_bytes()).into_owned();
        Substring { text: text.to_owned(), finder: Box::new(finder) }
    }

    /// Returns the text as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns whether it stands somewhere in `text`.
    pub fn is_in(&self, text: &str) -> bool {
        self.finder.find(fold_text(text).as_bytes()).is_some()
    }
}

impl PartialEq for Substring {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

/// Words to find in a text, in any order and any case: the tokens of [`crate::token`].
#[derive(Debug, Clone)]
pub struct Words {
    text: String,
    tokens: Vec<String>,
}

impl Words {
    /// Takes the words of `text`; `None` if it has none.
    pub fn new(text: &str) -> Option<Self> {
        let mut tokens = tokens(text);
        tokens.sort_unstable();
        tokens.dedup();
        (!tokens.is_empty()).then(|| Words { text: text.to_owned(), tokens })
    }

    /// Returns the text as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the words, each once, in order.
    pub fn tokens(&self) -> &[String] {
        &self.tokens
    }

    /// Returns whether all of them are words of `text`.
    pub fn are_in(&self, text: &str) -> bool {
        let mut missing: Vec<&str> = self.tokens.iter().map(String::as_str).collect();
        each_token(text, |token| missing.retain(|word| *word != token));
        missing.is_empty()
    }
}

impl PartialEq for Words {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

/// An operator between numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NumberOperator {
    /// `=`
    Eq,
    /// `!=`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
}

/// A number as written: whole where it fits 64 bits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Number {
    /// A whole number.
    Int(i64),
    /// Any other; finite.
    Float(f64),
}

/// What a number must satisfy.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NumberTest {
    /// The operator; the tested number is on its left.
    pub operator: NumberOperator,
    /// The literal on its right.
    pub value: Number,
}

/// The whole numbers that satisfy a [`NumberTest`]; what an engine binds to a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntRange {
    /// Those from `min` to `max`, both included; none if `min > max`.
    Within {
        /// Smallest.
        min: i64,
        /// Largest.
        max: i64,
    },
    /// All but those from `min` to `max`.
    Except {
        /// Smallest that is left out.
        min: i64,
        /// Largest that is left out.
        max: i64,
    },
}

impl IntRange {
    /// The range of no number.
    pub const NONE: IntRange = IntRange::Within { min: 1, max: 0 };
    /// The range of every number.
    pub const ALL: IntRange = IntRange::Within { min: i64::MIN, max: i64::MAX };

    /// Returns whether `value` is in the range.
    pub fn contains(self, value: i64) -> bool {
        match self {
            IntRange::Within { min, max } => min <= value && value <= max,
            IntRange::Except { min, max } => value < min || max < value,
        }
    }

    /// Turns a range of whole milliseconds into that of the nanoseconds that round down to them.
    pub fn ms_to_ns(self) -> IntRange {
        match self {
            IntRange::Within { min, max } => match ns_bounds(min, max) {
                Some((min, max)) => IntRange::Within { min, max },
                None => IntRange::NONE,
            },
            IntRange::Except { min, max } => match ns_bounds(min, max) {
                Some((min, max)) => IntRange::Except { min, max },
                None => IntRange::ALL,
            },
        }
    }
}

/// Returns the whole milliseconds of a time or duration in nanoseconds, rounded down.
pub fn whole_ms(ns: i64) -> i64 {
    ns.div_euclid(NS_PER_MS)
}

const NS_PER_MS: i64 = 1_000_000;

/// Returns the first and last nanosecond of these milliseconds; `None` if there is none within 64 bits.
fn ns_bounds(min_ms: i64, max_ms: i64) -> Option<(i64, i64)> {
    if min_ms > max_ms || min_ms > whole_ms(i64::MAX) || max_ms < whole_ms(i64::MIN) {
        return None;
    }
    let last_of_max = max_ms.saturating_mul(NS_PER_MS).saturating_add(NS_PER_MS - 1);
    Some((min_ms.saturating_mul(NS_PER_MS), last_of_max))
}

impl NumberTest {
    /// Returns whether `value` satisfies the test.
    pub fn matches_float(&self, value: f64) -> bool {
        let literal = match self.value {
            Number::Int(int) => int as f64,
            Number::Float(float) => float,
        };
        match self.operator {
            NumberOperator::Eq => value == literal,
            NumberOperator::Ne => value != literal,
            NumberOperator::Lt => value < literal,
            NumberOperator::Le => value <= literal,
            NumberOperator::Gt => value > literal,
            NumberOperator::Ge => value >= literal,
        }
    }

    /// Returns the whole numbers that satisfy the test: `> 1.5` is from 2 on.
    pub fn int_range(&self) -> IntRange {
        use NumberOperator::{Eq, Ge, Gt, Le, Lt, Ne};
        let at_least = |min| IntRange::Within { min, max: i64::MAX };
        let at_most = |max| IntRange::Within { min: i64::MIN, max };
        match (self.operator, self.bounds()) {
            (Eq, Bounds { exact: Some(int), .. }) => IntRange::Within { min: int, max: int },
            (Eq, _) => IntRange::NONE,
            (Ne, Bounds { exact: Some(int), .. }) => IntRange::Except { min: int, max: int },
            (Ne, _) => IntRange::ALL,
            (Lt, bounds) => bounds.last_below.map_or(IntRange::NONE, at_most),
            (Gt, bounds) => bounds.first_above.map_or(IntRange::NONE, at_least),
            (Le, bounds) => bounds.exact.or(bounds.last_below).map_or(IntRange::NONE, at_most),
            (Ge, bounds) => bounds.exact.or(bounds.first_above).map_or(IntRange::NONE, at_least),
        }
    }

    fn bounds(&self) -> Bounds {
        match self.value {
            Number::Int(int) => {
                Bounds { exact: Some(int), last_below: int.checked_sub(1), first_above: int.checked_add(1) }
            }
            Number::Float(float) => float_bounds(float),
        }
    }
}

/// The whole numbers around a literal; `None` where 64 bits have none.
struct Bounds {
    exact: Option<i64>,
    last_below: Option<i64>,
    first_above: Option<i64>,
}

fn float_bounds(float: f64) -> Bounds {
    // i64::MAX as f64 rounds up to 2^63, so both comparisons are exact.
    if float >= i64::MAX as f64 {
        return Bounds { exact: None, last_below: Some(i64::MAX), first_above: None };
    }
    if float < i64::MIN as f64 {
        return Bounds { exact: None, last_below: None, first_above: Some(i64::MIN) };
    }
    let floor = float.floor() as i64;
    if float.fract() == 0.0 {
        Bounds { exact: Some(floor), last_below: floor.checked_sub(1), first_above: floor.checked_add(1) }
    } else {
        Bounds { exact: None, last_below: Some(floor), first_above: floor.checked_add(1) }
    }
}

/// What the value of an assessment must satisfy, over its JSON text (see [`crate::json::assessment_text`]).
#[derive(Debug, Clone, PartialEq)]
pub enum ValueTest {
    /// `=`, `!=`, `LIKE`, `ILIKE`, `RLIKE` with a quoted literal; `IS NULL`, `IS NOT NULL` ask whether there is
    /// such an assessment at all.
    Text(TextTest),
    /// A comparison with a number; only JSON numbers satisfy it.
    Number(NumberTest),
}

impl ValueTest {
    /// Returns whether an assessment with this JSON text satisfies the test.
    ///
    /// `=` holds if the literal is the JSON text, or the string in it, or the same number written otherwise
    /// (`'5'` finds `5.0`). The other text operators see the JSON text, quotes included.
    pub fn matches(&self, json: &str) -> bool {
        match self {
            ValueTest::Text(TextTest::Eq(literal)) => value_equals(json, literal),
            ValueTest::Text(TextTest::Ne(literal)) => !value_equals(json, literal),
            ValueTest::Text(test) => test.matches(Some(json)),
            ValueTest::Number(test) => json_number(json).is_some_and(|number| test.matches_float(number)),
        }
    }

    /// Returns whether the test asks for the absence of any such assessment.
    pub fn is_absence(&self) -> bool {
        matches!(self, ValueTest::Text(TextTest::IsNull))
    }
}

fn value_equals(json: &str, literal: &str) -> bool {
    if json == literal {
        return true;
    }
    if json.starts_with('"') {
        return json == crate::json::string_text(literal);
    }
    match (json_number(json), literal.parse::<f64>()) {
        (Some(stored), Ok(wanted)) => stored == wanted,
        _ => false,
    }
}

/// Returns the number that a JSON text is, or `None` for any other value.
pub fn json_number(json: &str) -> Option<f64> {
    // The first byte tells numbers from everything else, `NaN` and `Infinity` included.
    let digit = json.strip_prefix('-').unwrap_or(json).bytes().next()?;
    if !digit.is_ascii_digit() {
        return None;
    }
    json.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn operators() -> impl Strategy<Value = NumberOperator> {
        use NumberOperator::{Eq, Ge, Gt, Le, Lt, Ne};
        prop::sample::select(vec![Eq, Ne, Lt, Le, Gt, Ge])
    }

    proptest! {
        #[test]
        fn an_int_range_holds_what_the_test_holds_for(
            operator in operators(), half in -9i64..9, value in -6i64..6,
        ) {
            let test = NumberTest { operator, value: Number::Float(half as f64 / 2.0) };
            prop_assert_eq!(test.int_range().contains(value), test.matches_float(value as f64));
            if half % 2 == 0 {
                let whole = NumberTest { operator, value: Number::Int(half / 2) };
                prop_assert_eq!(whole.int_range(), test.int_range());
            }
        }

        #[test]
        fn nanoseconds_are_in_range_if_their_milliseconds_are(
            operator in operators(), ms: i16, ns in prop_oneof![any::<i64>(), -9_000_000_000i64..9_000_000_000],
        ) {
            let range = NumberTest { operator, value: Number::Int(ms.into()) }.int_range();
            prop_assert_eq!(range.ms_to_ns().contains(ns), range.contains(whole_ms(ns)));
        }
    }

    #[test]
    fn ranges_end_where_64_bits_end() {
        let test = |operator, value| NumberTest { operator, value }.int_range();
        assert_eq!(test(NumberOperator::Gt, Number::Float(1e300)), IntRange::NONE);
        assert_eq!(test(NumberOperator::Lt, Number::Float(1e300)), IntRange::ALL);
        assert_eq!(test(NumberOperator::Ge, Number::Float(-1e300)), IntRange::ALL);
        assert_eq!(test(NumberOperator::Gt, Number::Int(i64::MAX)), IntRange::NONE);
        assert_eq!(test(NumberOperator::Gt, Number::Int(i64::MAX - 1)).ms_to_ns(), IntRange::NONE);
        assert_eq!(test(NumberOperator::Lt, Number::Int(i64::MAX)).ms_to_ns(), IntRange::ALL);
    }

    #[test]
    fn absent_text_is_only_null() {
        for test in [TextTest::Ne("a".into()), TextTest::NotIn(vec!["a".into()]), TextTest::IsNotNull] {
            assert!(!test.matches(None));
            assert!(test.matches(Some("b")));
        }
        assert!(TextTest::IsNull.matches(None));
        assert!(!TextTest::IsNull.matches(Some("")));
    }

    #[test]
    fn an_invalid_regex_matches_nothing_and_a_valid_one_anywhere() {
        assert!(!RLikePattern::new("[").matches("["));
        assert!(RLikePattern::new("a.c").matches("xxabcxx"));
        assert!(!RLikePattern::new("^b").matches("ab"));
    }

    #[test]
    fn values_compare_with_their_json_text() {
        let eq = |json: &str, literal: &str| ValueTest::Text(TextTest::Eq(literal.into())).matches(json);
        assert!(eq("true", "true") && !eq("true", "True"));
        assert!(eq("\"yes\"", "yes") && eq("\"yes\"", "\"yes\"") && !eq("\"yes\"", "Yes"));
        assert!(eq("5.0", "5") && eq("5", "5.0") && eq("5.0", "5.0") && !eq("5.5", "5"));
        assert!(!eq("\"5.0\"", "5"));
        assert!(eq("\"caf\\u00e9\"", "café"));
        let gt = NumberTest { operator: NumberOperator::Gt, value: Number::Float(0.5) };
        for (json, expected) in
            [("0.6", true), ("0.5", false), ("true", false), ("\"1\"", false), ("null", false)]
        {
            assert_eq!(ValueTest::Number(gt).matches(json), expected, "{json}");
        }
    }
}
