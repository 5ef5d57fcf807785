//! Numbers with a unit: durations (`1.5s`) to nanoseconds, and counts (`10k`) to numbers, without rounding where the
//! result is whole.

use crate::operator::Number;
use std::fmt::{Display, Formatter, Result as FmtResult};

/// Units of time and their nanoseconds, the largest first.
const DURATION_UNITS: &[(&str, i64)] = &[
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("µs", 1_000),
    ("ns", 1),
];

/// Names of the units of time, for messages.
pub(crate) const DURATION_UNIT_NAMES: &[&str] = &["ns", "us", "ms", "s", "m", "h", "d"];

/// Units of counts.
const COUNT_UNITS: &[(&str, i64)] =
    &[("k", 1_000), ("K", 1_000), ("M", 1_000_000), ("G", 1_000_000_000), ("B", 1_000_000_000)];

/// Names of the units of counts, for messages.
pub(crate) const COUNT_UNIT_NAMES: &[&str] = &["k", "M", "G"];

/// Nanoseconds in a millisecond.
const NS_PER_MS: i64 = 1_000_000;
/// Digits of a number that is scaled exactly; more are scaled as a float.
const EXACT_DIGITS_MAX: usize = 24;

/// Why a text is no quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum QuantityError<'a> {
    /// It does not begin with a number.
    NotANumber,
    /// A number without a unit where one is needed.
    NoUnit,
    /// A number with this unit, which is none.
    UnknownUnit(&'a str),
    /// More than 64 bits of nanoseconds.
    OutOfRange,
}

/// Splits a quantity into its number and its unit, which may be empty.
pub(crate) fn split(text: &str) -> Option<(&str, &str)> {
    let end = text.rfind(|c: char| c.is_ascii_digit() || c == '.')? + 1;
    let (number, unit) = text.split_at(end);
    let is_number = number.trim_start_matches('-').starts_with(|c: char| c.is_ascii_digit())
        && number.parse::<f64>().is_ok();
    is_number.then_some((number, unit))
}

/// Parses a duration into nanoseconds, rounded to whole ones.
pub(crate) fn duration_ns(text: &str) -> Result<i64, QuantityError<'_>> {
    let (number, unit) = split(text).ok_or(QuantityError::NotANumber)?;
    if unit.is_empty() {
        return Err(QuantityError::NoUnit);
    }
    let known = DURATION_UNITS.iter().find(|(name, _)| *name == unit);
    let (_, factor) = known.ok_or(QuantityError::UnknownUnit(unit))?;
    whole(scale(number, *factor)).ok_or(QuantityError::OutOfRange)
}

/// Parses milliseconds into nanoseconds, rounded to whole ones.
pub(crate) fn ms_to_ns(number: &str) -> Option<i64> {
    whole(scale(number, NS_PER_MS))
}

/// Parses a number that may have the unit of a count.
pub(crate) fn count(text: &str) -> Result<Number, QuantityError<'_>> {
    let (number, unit) = split(text).ok_or(QuantityError::NotANumber)?;
    if unit.is_empty() {
        return crate::literal::number(text).ok_or(QuantityError::NotANumber);
    }
    let known = COUNT_UNITS.iter().find(|(name, _)| *name == unit);
    known.map(|(_, factor)| scale(number, *factor)).ok_or(QuantityError::UnknownUnit(unit))
}

/// Returns `number` × `factor`, as a whole number if it is one.
fn scale(number: &str, factor: i64) -> Number {
    if let Some(whole) = scale_exactly(number, factor) {
        return Number::Int(whole);
    }
    let float = number.parse::<f64>().unwrap_or(f64::MAX) * factor as f64;
    // Within 53 bits a whole float is exactly that number.
    if float.fract() == 0.0 && float.abs() < (1_i64 << 53) as f64 {
        return Number::Int(float as i64);
    }
    Number::Float(float.clamp(f64::MIN, f64::MAX))
}

/// Multiplies digits and fraction as integers, so that `4.35` × 100 is 435.
fn scale_exactly(number: &str, factor: i64) -> Option<i64> {
    let (negative, digits) = match number.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, number),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.len() + fraction.len() > EXACT_DIGITS_MAX {
        return None;
    }
    let mantissa: i128 = format!("{whole}{fraction}").parse().ok()?;
    let product = mantissa * i128::from(factor);
    let divisor = 10_i128.pow(fraction.len() as u32);
    if product % divisor != 0 {
        return None;
    }
    let scaled = product / divisor;
    i64::try_from(if negative { -scaled } else { scaled }).ok()
}

fn whole(number: Number) -> Option<i64> {
    match number {
        Number::Int(int) => Some(int),
        Number::Float(float) => {
            let rounded = float.round();
            (rounded.abs() < i64::MAX as f64).then_some(rounded as i64)
        }
    }
}

/// A duration as text, in the largest unit that needs no fraction.
pub(crate) struct DurationText(pub(crate) i64);

impl Display for DurationText {
    fn fmt(&self, f: &mut Formatter<'_>) -> FmtResult {
        let fits = |(_, factor): &&(&str, i64)| self.0 % factor == 0;
        match DURATION_UNITS.iter().find(fits).filter(|_| self.0 != 0) {
            Some((unit, factor)) => write!(f, "{}{unit}", self.0 / factor),
            None => f.write_str("0s"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn durations_are_whole_nanoseconds() {
        let cases = [
            ("5s", Ok(5_000_000_000)),
            ("1.5s", Ok(1_500_000_000)),
            ("-1h", Ok(-3_600_000_000_000)),
            ("250us", Ok(250_000)),
            ("250µs", Ok(250_000)),
            ("4.35us", Ok(4_350)),
            ("0.4ns", Ok(0)),
            ("1d", Ok(86_400_000_000_000)),
            ("1e3ms", Ok(1_000_000_000)),
            ("5", Err(QuantityError::NoUnit)),
            ("5min", Err(QuantityError::UnknownUnit("min"))),
            ("s", Err(QuantityError::NotANumber)),
            ("x5s", Err(QuantityError::NotANumber)),
            ("999999d", Err(QuantityError::OutOfRange)),
        ];
        for (text, expected) in cases {
            assert_eq!(duration_ns(text), expected, "{text}");
        }
    }

    #[test]
    fn counts_are_whole_where_they_can_be() {
        assert_eq!(count("10k"), Ok(Number::Int(10_000)));
        assert_eq!(count("1.5M"), Ok(Number::Int(1_500_000)));
        assert_eq!(count("0.0005k"), Ok(Number::Float(0.5)));
        assert_eq!(count("1.5"), Ok(Number::Float(1.5)));
        assert_eq!(count("-7"), Ok(Number::Int(-7)));
        assert_eq!(count("7s"), Err(QuantityError::UnknownUnit("s")));
        assert_eq!(count("é"), Err(QuantityError::NotANumber));
    }

    proptest! {
        #[test]
        fn a_printed_duration_parses_to_itself(
            ns in prop_oneof![any::<i64>(), (-500_000i64..500_000).prop_map(|ms| ms * 250_000)],
        ) {
            let text = DurationText(ns).to_string();
            prop_assert_eq!(duration_ns(&text), Ok(ns), "{}", text);
        }
    }
}
