//! Texts of a trace inside a rationale.

/// Characters of a trace's text that a rationale quotes.
const QUOTED_CHARS_MAX: usize = 200;

/// Returns a text in quotes, shortened if it is long; the end says so.
pub(crate) fn quote(text: &str) -> String {
    let text = text.trim();
    match text.char_indices().nth(QUOTED_CHARS_MAX) {
        None => format!("“{text}”"),
        Some((end, _)) => format!("“{}…”", &text[..end]),
    }
}

/// Returns a number without digits that nobody reads.
pub(crate) fn number(value: f64) -> String {
    if value == value.trunc() && value.abs() < 1e15 {
        return format!("{value:.0}");
    }
    let text = format!("{value:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
