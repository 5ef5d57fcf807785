//! The bar of a span in a waterfall, in eighths of a column. Pure.

/// Blocks that fill a column from its left, by eighths.
const FROM_LEFT: [char; 9] = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'];
/// Parts of a column.
const EIGHTHS: usize = 8;

/// Returns `columns` characters with a bar from `start` to `end`, both from 0 to 1. It is never invisible.
pub(super) fn bar(start: f64, end: f64, columns: usize, is_ascii: bool) -> String {
    let parts = if is_ascii { 1 } else { EIGHTHS };
    let all = columns * parts;
    let place = |value: f64| ((value.clamp(0.0, 1.0) * all as f64).round() as usize).min(all);
    let start = place(start).min(all.saturating_sub(1));
    let end = place(end).max(start + 1);
    let cell = |column: usize| {
        let first = start.max(column * parts) - column * parts;
        let last = end.min((column + 1) * parts).saturating_sub(column * parts);
        match first < last {
            false => ' ',
            true if is_ascii => '=',
            true => block(first, last),
        }
    };
    (0..columns).map(cell).collect()
}

/// Returns the block that is nearest to a part of a column; only halves and eighths exist at the right.
fn block(first: usize, last: usize) -> char {
    match (first, last - first) {
        (0, size) => FROM_LEFT[size],
        (_, size) if last < EIGHTHS && first + last < EIGHTHS => FROM_LEFT[size],
        (_, ..=2) => '▕',
        (_, ..=5) => '▐',
        _ => '█',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(start: f64, end: f64, expected: &str, expected_ascii: &str) {
        assert_eq!(bar(start, end, 4, false), expected, "{start} to {end}");
        assert_eq!(bar(start, end, 4, true), expected_ascii, "{start} to {end}");
    }

    #[test]
    fn a_bar_is_where_its_span_is() {
        check(0.0, 1.0, "████", "====");
        check(0.25, 0.75, " ██ ", " == ");
        check(0.0, 0.0, "▏   ", "=   ");
        check(1.0, 1.0, "   ▕", "   =");
        check(0.125, 0.5, "▐█  ", " =  ");
        check(0.5, 0.65, "  ▋ ", "  = ");
        check(0.55, 0.57, "  ▏ ", "  = ");
    }

    #[test]
    fn a_bar_is_never_invisible_nor_too_long() {
        for start in 0..=40 {
            for end in start..=40 {
                for is_ascii in [true, false] {
                    let bar = bar(f64::from(start) / 40.0, f64::from(end) / 40.0, 7, is_ascii);
                    assert_eq!(bar.chars().count(), 7);
                    assert!(!bar.trim().is_empty());
                }
            }
        }
        assert_eq!(bar(f64::NAN, -1.0, 2, false).chars().count(), 2);
    }
}
