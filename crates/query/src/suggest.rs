//! “Did you mean”: the known word that a misspelt one is closest to.

/// Longer words get no suggestion: the work grows with the square of the length.
const WORD_CHARS_MAX: usize = 64;
/// A shorter word is not taken for the beginning of another.
const PREFIX_CHARS_MIN: usize = 3;

/// Returns the candidate that is closest to `word`, if one is close: few edits apart, or the only one that begins with
/// it. Case does not count.
pub(crate) fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word: Vec<char> = word.to_lowercase().chars().collect();
    if word.is_empty() || word.len() > WORD_CHARS_MAX {
        return None;
    }
    // A third of the letters may be wrong, but a word of one letter says nothing.
    let edits_max = (word.len() / 3).clamp(1, 3).min(word.len() - 1);
    let mut best: Option<(usize, &str)> = None;
    let mut longer = Vec::new();
    for candidate in candidates {
        let letters: Vec<char> = candidate.to_lowercase().chars().collect();
        let edits = distance(&word, &letters);
        if edits <= edits_max && best.is_none_or(|(fewest, _)| edits < fewest) {
            best = Some((edits, candidate));
        }
        if word.len() >= PREFIX_CHARS_MIN && letters.starts_with(&word) {
            longer.push(candidate);
        }
    }
    match (best, longer.as_slice()) {
        (Some((_, candidate)), _) => Some(candidate),
        (None, [only]) => Some(only),
        _ => None,
    }
}

/// Returns how many letters have to be added, left out, replaced or swapped with their neighbour.
fn distance(left: &[char], right: &[char]) -> usize {
    let mut before = vec![0; right.len() + 1];
    let mut last: Vec<usize> = (0..=right.len()).collect();
    for (row, a) in left.iter().enumerate() {
        let mut this = vec![row + 1; right.len() + 1];
        for (column, b) in right.iter().enumerate() {
            let replaced = last[column] + usize::from(a != b);
            this[column + 1] = replaced.min(last[column + 1] + 1).min(this[column] + 1);
            let swapped = row > 0 && column > 0 && *a == right[column - 1] && left[row - 1] == *b;
            if swapped {
                this[column + 1] = this[column + 1].min(before[column - 1] + 1);
            }
        }
        before = std::mem::replace(&mut last, this);
    }
    last[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_edits_or_the_only_beginning_are_close() {
        let names = ["name", "status", "latency", "tokens", "tokens.input"];
        for (word, expected) in [
            ("nam", Some("name")),
            ("STATUS", Some("status")),
            ("sttaus", Some("status")),
            ("lat", Some("latency")),
            ("token", Some("tokens")),
            ("x", None),
            ("", None),
            ("something", None),
        ] {
            assert_eq!(closest(word, names), expected, "{word}");
        }
        assert_eq!(closest(&"n".repeat(100_000), names), None);
    }
}
