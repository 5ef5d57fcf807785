//! Commands that print: `get`, `search`, `check`, `config show`.

mod check;
mod config;
mod get;
mod search;
mod tree;

pub(crate) use check::check;
pub(crate) use config::config;
pub(crate) use get::get;
pub(crate) use search::search;

/// Returns a duration with three digits, in the unit that suits it.
fn duration_text(nanoseconds: i64) -> String {
    let (divisor, unit) = match nanoseconds {
        ..1_000 => return format!("{nanoseconds}ns"),
        1_000..1_000_000 => (1e3, "µs"),
        1_000_000..1_000_000_000 => (1e6, "ms"),
        1_000_000_000..60_000_000_000 => (1e9, "s"),
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
        ..10.0 => format!("{value:.2}{unit}"),
        ..100.0 => format!("{value:.1}{unit}"),
        _ => format!("{value:.0}{unit}"),
    }
}

/// Returns a cost in dollars; small ones keep two digits that matter.
fn cost_text(dollars: f64) -> String {
    match dollars {
        0.0 => "$0".to_owned(),
        ..0.01 => format!("${dollars:.6}"),
        _ => format!("${dollars:.4}"),
    }
}

/// Encodes a path segment or query value of a URL.
fn url_encoded(text: &str) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_three_digits() {
        for (nanoseconds, expected) in [
            (0, "0ns"),
            (999, "999ns"),
            (1_500, "1.50µs"),
            (79_000_000, "79.0ms"),
            (123_456_789, "123ms"),
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
    fn urls_are_encoded_bytewise() {
        assert_eq!(url_encoded("tr-a/b é"), "tr-a%2Fb%20%C3%A9");
    }
}
