//! Times as ISO 8601: `2026-11-25`, `2026-11-25T10:00`, `2026-11-25 10:00:00.25+01:00`; UTC where no offset is given.

const NS_PER_SECOND: i128 = 1_000_000_000;
const SECONDS_PER_DAY: i64 = 86_400;

/// Parses a date with or without time and offset into nanoseconds since the Unix epoch. `None` if it is none, or
/// outside of 64 bits (1677 to 2262).
pub(crate) fn parse(text: &str) -> Option<i64> {
    let (date, rest) = (text.get(..10)?, &text[10..]);
    let days = parse_date(date)?;
    let (time, offset_seconds) = match rest.strip_prefix(['T', 't', ' ']) {
        Some(rest) => split_offset(rest)?,
        None if rest.is_empty() => ("00:00", 0),
        None => return None,
    };
    let (seconds, fraction_ns) = parse_time(time)?;
    let total = i128::from(days * SECONDS_PER_DAY + seconds - offset_seconds) * NS_PER_SECOND;
    i64::try_from(total + i128::from(fraction_ns)).ok()
}

/// Writes a time as [`parse`] reads it, in UTC, without a fraction that is zero.
pub(crate) fn format(ns: i64) -> String {
    let second = ns.div_euclid(1_000_000_000);
    let fraction = ns.rem_euclid(1_000_000_000);
    let (year, month, day) = civil_from_days(second.div_euclid(SECONDS_PER_DAY));
    let second = second.rem_euclid(SECONDS_PER_DAY);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    let fraction = match fraction {
        0 => String::new(),
        ns => format!(".{ns:09}").trim_end_matches('0').to_owned(),
    };
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z")
}

fn parse_date(text: &str) -> Option<i64> {
    let mut parts = text.split('-');
    let (year, month, day) =
        (digits(parts.next()?, 4)?, digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
    let valid = parts.next().is_none() && (1..=12).contains(&month) && day >= 1;
    let days = days_from_civil(year, month, day);
    // A day that the month does not have comes back as one of the next month.
    (valid && civil_from_days(days) == (year, month, day)).then_some(days)
}

/// Splits a time from its offset, and returns the offset in seconds east of UTC.
fn split_offset(text: &str) -> Option<(&str, i64)> {
    if let Some(time) = text.strip_suffix(['Z', 'z']) {
        return Some((time, 0));
    }
    let Some(at) = text.rfind(['+', '-']) else { return Some((text, 0)) };
    let (time, offset) = text.split_at(at);
    let sign = if offset.starts_with('-') { -1 } else { 1 };
    let offset = &offset[1..];
    let (hours, minutes) = match (offset.split_once(':'), offset.len()) {
        (Some((hours, minutes)), _) => (hours, minutes),
        (None, 4) if offset.is_ascii() => offset.split_at(2),
        (None, _) => (offset, "00"),
    };
    let (hours, minutes) = (digits(hours, 2)?, digits(minutes, 2)?);
    (hours <= 23 && minutes <= 59).then_some((time, sign * (hours * 3600 + minutes * 60)))
}

/// Parses `HH:MM[:SS[.fraction]]` into seconds and nanoseconds.
fn parse_time(text: &str) -> Option<(i64, i64)> {
    let mut parts = text.split(':');
    let (hour, minute) = (digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
    let (second, fraction) = match parts.next() {
        Some(second) => second.split_once('.').unwrap_or((second, "0")),
        None => ("00", "0"),
    };
    let second = digits(second, 2)?;
    let is_fraction = (1..=9).contains(&fraction.len()) && fraction.bytes().all(|byte| byte.is_ascii_digit());
    let valid = parts.next().is_none() && hour <= 23 && minute <= 59 && second <= 59 && is_fraction;
    let fraction_ns = format!("{fraction:0<9}").parse().ok()?;
    valid.then_some((hour * 3600 + minute * 60 + second, fraction_ns))
}

fn digits(text: &str, count: usize) -> Option<i64> {
    let fits = text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    fits.then(|| text.parse().ok()).flatten()
}

/// Returns the days from 1970-01-01 to a date of the Gregorian calendar. Years are counted from March, so that the
/// day that leap years add is the last.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The inverse of [`days_from_civil`].
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn times_are_utc_unless_they_say_otherwise() {
        let noon = 1_764_072_000_000_000_000;
        for text in [
            "2025-11-25T12:00:00Z",
            "2025-11-25 12:00",
            "2025-11-25T12:00:00.000",
            "2025-11-25T13:00:00+01:00",
            "2025-11-25T06:30-0530",
            "2025-11-25T11:00:00-01",
        ] {
            assert_eq!(parse(text), Some(noon), "{text}");
        }
        assert_eq!(parse("2025-11-25"), Some(noon - 12 * 3_600_000_000_000));
        assert_eq!(parse("2024-02-29").map(format).as_deref(), Some("2024-02-29T00:00:00Z"));
        assert_eq!(format(noon + 250_000_000), "2025-11-25T12:00:00.25Z");
    }

    #[test]
    fn what_is_no_time() {
        for text in [
            "",
            "2025",
            "2025-02-29",
            "2025-13-01",
            "2025-11-25T",
            "2025-11-25T24:00",
            "2025-11-25T12:00:00.",
            "2025-11-25X",
            "2025-11-25T12:00+24:00",
            "1600-01-01",
            "2025-11-2é",
            "2025-11-25T12:00:00.0000000001",
            "2025-11-25T12:00+é",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_printed_time_parses_to_itself(ns: i64) {
            prop_assert_eq!(parse(&format(ns)), Some(ns));
        }

        #[test]
        fn no_text_panics(text in "[0-9é:TZ+.-]{0,32}") {
            parse(&text);
        }
    }
}
