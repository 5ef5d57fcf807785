//! Values as text for people: durations, costs, counts, sizes, times, and free text made safe for a terminal.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use unicode_width::UnicodeWidthChar;

/// Returns the columns that a text takes on a terminal.
pub(crate) fn width(text: &str) -> usize {
    text.chars().filter_map(UnicodeWidthChar::width).sum()
}

/// Says whether a character would move the cursor, change colours or turn the direction of what follows.
fn is_unsafe(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Makes text safe and short for one line of a terminal: control characters become spaces, and what is beyond
/// `width_max` columns an ellipsis. Traces hold text of strangers.
pub(crate) fn one_line(text: &str, width_max: usize) -> String {
    let mut line = String::new();
    let words = text.split(|c: char| c.is_whitespace() || is_unsafe(c)).filter(|word| !word.is_empty());
    for (index, word) in words.enumerate() {
        if index > 0 {
            line.push(' ');
        }
        // Enough to see that it is too long; the rest may be a megabyte.
        line.extend(word.chars().take(width_max.saturating_add(1)));
        if line.chars().count() > width_max && width(&line) > width_max {
            break;
        }
    }
    cut(line, width_max)
}

/// Shortens a line to `width_max` columns; an ellipsis stands for the rest.
fn cut(line: String, width_max: usize) -> String {
    if width(&line) <= width_max {
        return line;
    }
    let mut kept = String::new();
    let mut left = width_max.saturating_sub(1);
    for c in line.chars() {
        let columns = c.width().unwrap_or(0);
        if columns > left {
            break;
        }
        left -= columns;
        kept.push(c);
    }
    kept.truncate(kept.trim_end().len());
    kept.push('…');
    kept
}

/// Makes text of several lines safe for a terminal: only line ends and tabs are left of the control characters.
pub(crate) fn many_lines(text: &str) -> String {
    text.chars().filter(|&c| c == '\n' || c == '\t' || !is_unsafe(c)).collect()
}

/// Breaks a line between words, so that none of its parts is wider than `columns`; a longer word is broken too.
pub(crate) fn wrap(line: &str, columns: usize) -> Vec<String> {
    let mut parts = Vec::new();
    let mut part = String::new();
    for word in line.split_inclusive(' ') {
        if !part.is_empty() && width(&part) + width(word.trim_end()) > columns {
            parts.push(std::mem::take(&mut part));
        }
        for c in word.chars() {
            if !part.is_empty() && c != ' ' && width(&part) + c.width().unwrap_or(0) > columns {
                parts.push(std::mem::take(&mut part));
            }
            part.push(c);
        }
    }
    parts.push(part);
    parts
}

/// Returns `text` with spaces up to `columns`, at its end or, for numbers, at its start.
pub(crate) fn pad(text: &str, columns: usize, at_start: bool) -> String {
    let spaces = " ".repeat(columns.saturating_sub(width(text)));
    if at_start { format!("{spaces}{text}") } else { format!("{text}{spaces}") }
}

/// Returns a duration with three digits, in the unit that suits it.
pub(crate) fn duration_text(nanoseconds: i64) -> String {
    let (divisor, unit) = match nanoseconds {
        ..1_000 => return format!("{nanoseconds}ns"),
        1_000..999_500 => (1e3, "µs"),
        999_500..999_500_000 => (1e6, "ms"),
        999_500_000..60_000_000_000 => (1e9, "s"),
        _ => {
            let seconds = nanoseconds / 1_000_000_000;
            return match seconds {
                ..3_600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
                _ => format!("{}h{:02}m", seconds / 3_600, seconds / 60 % 60),
            };
        }
    };
    let value = nanoseconds as f64 / divisor;
    match value {
        ..9.995 => format!("{value:.2}{unit}"),
        ..99.95 => format!("{value:.1}{unit}"),
        _ => format!("{value:.0}{unit}"),
    }
}

/// Returns a cost in dollars; small ones keep two digits that matter.
pub(crate) fn cost_text(dollars: f64) -> String {
    match dollars {
        0.0 => "$0".to_owned(),
        ..0.01 => format!("${dollars:.6}"),
        _ => format!("${dollars:.4}"),
    }
}

/// Returns a count with commas: `1,234,567`.
pub(crate) fn count_text(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Returns a count with its noun: `1 trace`, `1,234 traces`.
pub(crate) fn counted(count: u64, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", count_text(count))
}

/// Returns a size in binary units, e.g. `1.5 MiB`.
pub(crate) fn bytes_text(bytes: u64) -> String {
    let units = [("GiB", 30), ("MiB", 20), ("KiB", 10)];
    match units.into_iter().find(|(_, bits)| bytes >> bits > 0) {
        Some((name, bits)) => format!("{:.1} {name}", bytes as f64 / (1_u64 << bits) as f64),
        None => counted(bytes, "byte"),
    }
}

/// Encodes a path segment or query value of a URL.
pub(crate) fn url_encoded(text: &str) -> String {
    let keep = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(byte);
    let mut encoded = String::new();
    for byte in text.bytes() {
        match keep(&byte) {
            true => encoded.push(byte.into()),
            false => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

/// The time zone in which times are shown.
#[derive(Debug, Clone)]
pub(crate) struct Clock {
    zone: TimeZone,
    pub(crate) is_utc: bool,
}

impl Clock {
    /// Makes a clock of UTC or of the machine's time zone.
    pub(crate) fn new(is_utc: bool) -> Self {
        Clock { zone: if is_utc { TimeZone::UTC } else { TimeZone::system() }, is_utc }
    }

    /// Returns the IANA name of the time zone, if it has one.
    pub(crate) fn zone_name(&self) -> Option<&str> {
        self.zone.iana_name()
    }

    /// Returns a time by a `strftime` pattern; nothing for a time that does not exist.
    pub(crate) fn text(&self, nanoseconds: i64, pattern: &str) -> String {
        let time = Timestamp::from_nanosecond(nanoseconds.into());
        time.map(|time| time.to_zoned(self.zone.clone()).strftime(pattern).to_string()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_short_and_has_no_control_characters() {
        for (text, expected) in [
            ("hello", "hello"),
            ("a\n\tb\x1b[31mc", "a b [31mc"),
            ("\u{202e}evil", "evil"),
            ("exactly 10", "exactly 10"),
            ("more than ten", "more than…"),
            ("more tha ten", "more tha…"),
            ("ééééééééééé", "ééééééééé…"),
            ("日本語の文章です", "日本語の…"),
            ("", ""),
        ] {
            let line = one_line(text, 10);
            assert_eq!(line, expected);
            assert!(width(&line) <= 10);
        }
    }

    #[test]
    fn lines_are_broken_between_words() {
        for (line, expected) in [
            ("", &[""][..]),
            ("one two three", &["one two ", "three"]),
            ("one two", &["one two"]),
            ("    deep in", &["    deep ", "in"]),
            ("abcdefghijkl mn", &["abcdefgh", "ijkl mn"]),
            ("日本語の文", &["日本語の", "文"]),
        ] {
            let parts = wrap(line, 8);
            assert_eq!(parts, expected);
            assert!(parts.iter().all(|part| width(part.trim_end()) <= 8));
        }
    }

    #[test]
    fn padding_counts_columns() {
        assert_eq!(pad("日本", 6, false), "日本  ");
        assert_eq!(pad("12", 4, true), "  12");
        assert_eq!(pad("long", 2, false), "long");
    }

    #[test]
    fn durations_have_three_digits() {
        for (nanoseconds, expected) in [
            (0, "0ns"),
            (999, "999ns"),
            (1_500, "1.50µs"),
            (79_000_000, "79.0ms"),
            (123_456_789, "123ms"),
            (99_960_000, "100ms"),
            (999_700_000, "1.00s"),
            (1_250_000_000, "1.25s"),
            (75_000_000_000, "1m15s"),
            (7_320_000_000_000, "2h02m"),
        ] {
            assert_eq!(duration_text(nanoseconds), expected);
        }
    }

    #[test]
    fn costs_are_dollars() {
        assert_eq!(cost_text(0.0), "$0");
        assert_eq!(cost_text(0.000_123_4), "$0.000123");
        assert_eq!(cost_text(1.5), "$1.5000");
    }

    #[test]
    fn counts_have_commas() {
        for (count, expected) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(count_text(count), expected);
        }
        assert_eq!(counted(1, "trace"), "1 trace");
        assert_eq!(counted(0, "trace"), "0 traces");
    }

    #[test]
    fn sizes_have_binary_units() {
        for (bytes, expected) in [
            (1, "1 byte"),
            (1_023, "1,023 bytes"),
            (1_536, "1.5 KiB"),
            (1 << 20, "1.0 MiB"),
            (5 << 30, "5.0 GiB"),
        ] {
            assert_eq!(bytes_text(bytes), expected);
        }
    }

    #[test]
    fn urls_are_encoded_bytewise() {
        assert_eq!(url_encoded("tr-a/b é"), "tr-a%2Fb%20%C3%A9");
    }

    #[test]
    fn times_are_shown_in_their_zone() {
        let clock = Clock::new(true);
        assert_eq!(clock.text(1_764_000_000_000_000_000, "%Y-%m-%d %H:%M:%S"), "2025-11-24 16:00:00");
        let clock = Clock { zone: TimeZone::fixed(jiff::tz::offset(2)), is_utc: false };
        assert_eq!(clock.text(1_764_000_000_000_000_000, "%H:%M"), "18:00");
    }
}
