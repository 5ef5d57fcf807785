//! Spans and log records that were refused, counted and named within bounds.

/// Distinct reasons that are kept; the others are counted.
const REASONS_MAX: usize = 10;
/// Characters of one reason.
const REASON_CHARS_MAX: usize = 300;

/// How many items were refused, and the first distinct reasons.
#[derive(Debug, Default)]
pub(crate) struct Rejections {
    count: usize,
    reasons: Vec<String>,
}

impl Rejections {
    /// Counts `items` that were refused for one reason.
    pub(crate) fn add(&mut self, items: usize, reason: impl ToString) {
        if items == 0 {
            return;
        }
        self.count += items;
        if self.reasons.len() == REASONS_MAX {
            return;
        }
        let reason = shorten(reason.to_string());
        if !self.reasons.contains(&reason) {
            self.reasons.push(reason);
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Returns one text for all; empty if nothing was refused.
    pub(crate) fn into_reason(self) -> String {
        let mut text = self.reasons.join("; ");
        if self.count > self.reasons.len() {
            text.push_str(&format!("; {} rejected in total", self.count));
        }
        text
    }
}

fn shorten(reason: String) -> String {
    match reason.char_indices().nth(REASON_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &reason[..end]),
        None => reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason_of(reasons: &[String]) -> String {
        let mut rejections = Rejections::default();
        reasons.iter().for_each(|reason| rejections.add(1, reason));
        rejections.into_reason()
    }

    #[test]
    fn distinct_reasons_are_joined_and_repeated_ones_counted() {
        assert_eq!(reason_of(&[]), "");
        assert_eq!(reason_of(&["a".into()]), "a");
        assert_eq!(reason_of(&["a".into(), "b".into(), "a".into()]), "a; b; 3 rejected in total");
    }

    #[test]
    fn the_text_is_bounded() {
        let many: Vec<String> = (0..1_000).map(|i| format!("{i}{}", "é".repeat(10_000))).collect();
        let text = reason_of(&many);
        assert!(text.chars().count() < REASONS_MAX * (REASON_CHARS_MAX + 10), "{} characters", text.len());
        assert!(text.ends_with("; 1000 rejected in total"));
    }
}
