//! Patterns of keys: `*` stands for any characters, `?` for one.

/// Returns whether `text` matches `pattern` as a whole; upper and lower case of ASCII letters are the same.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    // Where to go back to: behind the last star, and how much of the text it has taken.
    let mut retry: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                retry = Some((p + 1, t));
                p += 1;
            }
            Some(one) if *one == '?' || one.eq_ignore_ascii_case(&text[t]) => (p, t) = (p + 1, t + 1),
            _ => match retry {
                Some((after_star, taken)) => {
                    retry = Some((after_star, taken + 1));
                    (p, t) = (after_star, taken + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|rest| *rest == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_and_question_marks_match() {
        for (pattern, text, expected) in [
            ("user.email", "user.email", true),
            ("user.email", "user.emails", false),
            ("http.request.header.*", "http.request.header.authorization", true),
            ("*.email", "enduser.EMAIL", true),
            ("*a*b", "xaxxab", true),
            ("?", "é", true),
            ("a?", "a", false),
            ("*", "", true),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }
}
