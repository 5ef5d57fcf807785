//! Times and durations as protobuf JSON writes them, in milliseconds.

use super::field::{FieldError, FromField, Place};
use jiff::Timestamp;
use serde_json::Value;

const NS_PER_MS: i64 = 1_000_000;
const NS_PER_SECOND: i128 = 1_000_000_000;

/// A point in time out of a request, cut to milliseconds as MLflow stores it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeNs(pub i64);

/// A span of time out of a request, cut to milliseconds as MLflow stores it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DurationNs(pub i64);

impl FromField for TimeNs {
    fn from_field(value: &Value, at: &Place) -> Result<Self, FieldError> {
        let text = String::from_field(value, at)?;
        let time = text.parse::<Timestamp>().ok().and_then(|time| i64::try_from(time.as_nanosecond()).ok());
        let hint = ". It must be an RFC 3339 time between 1678 and 2261, e.g. 2026-01-31T10:00:00.000Z";
        time.map(|time_ns| TimeNs(whole_ms(time_ns))).ok_or_else(|| at.not_allowed(value, hint))
    }
}

impl FromField for DurationNs {
    fn from_field(value: &Value, at: &Place) -> Result<Self, FieldError> {
        let text = String::from_field(value, at)?;
        let hint = ". It must be a number of seconds followed by `s`, e.g. 0.079s";
        parse_duration(&text).map(|ns| DurationNs(whole_ms(ns))).ok_or_else(|| at.not_allowed(value, hint))
    }
}

/// Writes a time in RFC 3339: UTC, three fractional digits or none.
pub fn rfc3339(time_ns: i64) -> String {
    let time_ns = whole_ms(time_ns);
    let time = Timestamp::from_nanosecond(time_ns.into())
        .expect("an i64 of nanoseconds is within the years of jiff");
    if i128::from(time_ns) % NS_PER_SECOND == 0 { format!("{time:.0}") } else { format!("{time:.3}") }
}

/// Writes a duration in seconds: three fractional digits or none.
pub fn seconds(duration_ns: i64) -> String {
    let ms = duration_ns / NS_PER_MS;
    let sign = if ms < 0 { "-" } else { "" };
    let (whole, rest) = (ms.unsigned_abs() / 1_000, ms.unsigned_abs() % 1_000);
    if rest == 0 { format!("{sign}{whole}s") } else { format!("{sign}{whole}.{rest:03}s") }
}

/// Returns a time in milliseconds.
pub fn milliseconds(time_ns: i64) -> i64 {
    time_ns.div_euclid(NS_PER_MS)
}

/// Turns milliseconds into nanoseconds; `None` beyond what 64 bits hold.
pub(super) fn ms_to_ns(time_ms: i64) -> Option<i64> {
    time_ms.checked_mul(NS_PER_MS)
}

fn whole_ms(time_ns: i64) -> i64 {
    time_ns.div_euclid(NS_PER_MS).saturating_mul(NS_PER_MS)
}

fn parse_duration(text: &str) -> Option<i64> {
    let number = text.strip_suffix('s')?;
    let (negative, digits) = number.strip_prefix('-').map_or((false, number), |digits| (true, digits));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if !whole.bytes().chain(fraction.bytes()).all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let nanoseconds: i128 = format!("{fraction:0<9}").get(..9)?.parse().ok()?;
    let seconds: i128 = whole.parse().ok()?;
    let total = seconds.checked_mul(NS_PER_SECOND)?.checked_add(nanoseconds)?;
    i64::try_from(if negative { -total } else { total }).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIME: i64 = 1_795_369_429_294_173_710;

    #[test]
    fn times_have_milliseconds_or_none() {
        assert_eq!(rfc3339(TIME), "2026-11-22T17:43:49.294Z");
        assert_eq!(rfc3339(1_795_369_440_000_000_000), "2026-11-22T17:44:00Z");
        assert_eq!(rfc3339(-1), "1969-12-31T23:59:59.999Z");
        rfc3339(i64::MIN);
        rfc3339(i64::MAX);
    }

    #[test]
    fn durations_have_milliseconds_or_none() {
        for (ns, expected) in [
            (79_198_041, "0.079s"),
            (1_250_000_000, "1.250s"),
            (2_000_000_000, "2s"),
            (0, "0s"),
            (-1_500_000_000, "-1.500s"),
        ] {
            assert_eq!(seconds(ns), expected);
        }
    }

    fn check_duration(text: &str, expected: Option<i64>) {
        assert_eq!(parse_duration(text), expected, "{text}");
    }

    #[test]
    fn durations_take_any_number_of_decimals() {
        check_duration("0.079s", Some(79_000_000));
        check_duration("2s", Some(2_000_000_000));
        check_duration("1.5s", Some(1_500_000_000));
        check_duration("-1.5s", Some(-1_500_000_000));
        check_duration("0.0000000019s", Some(1));
        check_duration("2", None);
        check_duration("s", None);
        check_duration("1e3s", None);
        check_duration("--1s", None);
        check_duration("99999999999999999999s", None);
    }

    #[test]
    fn times_are_read_with_any_offset_and_cut() {
        let at = Place { name: "t".to_owned(), from_query: false };
        let read = |text: &str| TimeNs::from_field(&Value::from(text), &at).ok().map(|time| time.0);
        assert_eq!(read("2026-11-22T18:43:49.294173710+01:00"), Some(1_795_369_429_294_000_000));
        assert_eq!(read("2026-11-22T17:43:49Z"), Some(1_795_369_429_000_000_000));
        assert_eq!(read("9999-11-22T17:43:49Z"), None);
        assert_eq!(read("nope"), None);
    }
}
