//! Sizes in bytes, with binary units.

const UNITS: [(&str, usize); 3] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];

/// Reads `65536`, `512KiB`, `64 MiB` or `1GiB`; more than zero.
pub(super) fn parse_bytes(text: &str) -> Option<usize> {
    let unit = UNITS.iter().find_map(|(name, bytes)| Some((text.strip_suffix(name)?, *bytes)));
    let (digits, factor) = unit.unwrap_or((text, 1));
    digits.trim().parse::<usize>().ok()?.checked_mul(factor).filter(|&bytes| bytes > 0)
}

/// Writes a size in the largest unit that keeps it whole.
pub(super) fn format_bytes(bytes: usize) -> String {
    match UNITS.iter().find(|(_, factor)| bytes.is_multiple_of(*factor)) {
        Some((name, factor)) => format!("{}{name}", bytes / factor),
        None => bytes.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<usize>) {
        assert_eq!(parse_bytes(text), expected, "{text}");
    }

    #[test]
    fn sizes_have_binary_units() {
        check("65536", Some(65_536));
        check("512KiB", Some(512 << 10));
        check("64 MiB", Some(64 << 20));
        check("1GiB", Some(1 << 30));
        for bad in ["", "0", "-1", "64MB", "MiB", "1.5GiB", "99999999999999999999"] {
            check(bad, None);
        }
    }

    #[test]
    fn a_size_is_shown_as_it_can_be_read() {
        for bytes in [1, 1_000, 1 << 10, 3 << 20, 1 << 30, (1 << 30) + 1] {
            assert_eq!(parse_bytes(&format_bytes(bytes)), Some(bytes));
        }
        assert_eq!(format_bytes(64 << 20), "64MiB");
    }
}
