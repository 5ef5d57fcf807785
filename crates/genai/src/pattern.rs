//! Keys that are known by their beginning: `llm.input_messages.` for all below it, `gen_ai.prompt.#.content` for a
//! number in it.

/// Bytes at the beginning of a key by which most foreign keys are turned away.
const HEAD: usize = 8;
/// Places of the table of heads, a power of two.
const PLACES: usize = 64;

/// Patterns, with the slots that want their values.
pub(crate) struct Prefixes {
    patterns: Vec<Pattern>,
    /// Heads of the patterns, `heads[hash & mask]` and on; 0 is none, as no text begins with eight zeros.
    heads: [u64; PLACES],
}

impl Default for Prefixes {
    fn default() -> Self {
        Prefixes { patterns: Vec::new(), heads: [0; PLACES] }
    }
}

struct Pattern {
    text: &'static str,
    head: u64,
    slot: u16,
}

/// Returns the beginning that all keys of a pattern share; `None` if it is a plain key.
pub(crate) fn prefix_of(pattern: &str) -> Option<&str> {
    let until_number = || pattern.find('#').map(|at| &pattern[..at]);
    if pattern.ends_with('.') { Some(pattern) } else { until_number() }
}

impl Prefixes {
    /// Adds a pattern, whose beginning must be at least as long as a head.
    pub(crate) fn add(&mut self, pattern: &'static str, slot: u16) {
        let Some(head) = prefix_of(pattern).and_then(head_of) else { return };
        let place = self.place(head);
        self.heads[place] = head;
        self.patterns.push(Pattern { text: pattern, head, slot });
    }

    /// Calls `found` with the slot of each pattern that `key` is the first to fit; `seen` has a bit for each pattern.
    #[inline]
    pub(crate) fn each(&self, key: &str, seen: &mut u64, found: impl FnMut(u16)) {
        if let Some(head) = head_of(key)
            && self.heads[self.place(head)] == head
        {
            self.each_of(key, head, seen, found);
        }
    }

    /// Returns where the head is, or would be.
    #[inline]
    fn place(&self, head: u64) -> usize {
        // The odd number spreads the differences between heads over the upper bits.
        let mut place = (head.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - PLACES.trailing_zeros())) as usize;
        while self.heads[place] != 0 && self.heads[place] != head {
            place = (place + 1) % PLACES;
        }
        place
    }

    #[cold]
    fn each_of(&self, key: &str, head: u64, seen: &mut u64, mut found: impl FnMut(u16)) {
        for (bit, pattern) in self.patterns.iter().enumerate() {
            if *seen >> bit & 1 == 0 && pattern.head == head && fits(pattern.text, key) {
                *seen |= 1 << bit;
                found(pattern.slot);
            }
        }
    }
}

#[inline]
fn head_of(key: &str) -> Option<u64> {
    key.as_bytes().first_chunk::<HEAD>().map(|head| u64::from_le_bytes(*head))
}

/// Returns whether a key fits a pattern.
pub(crate) fn fits(pattern: &str, key: &str) -> bool {
    if pattern.ends_with('.') {
        return key.len() > pattern.len() && key.starts_with(pattern);
    }
    let mut rest = key;
    for (index, part) in pattern.split('#').enumerate() {
        if index > 0 {
            let number = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            if number == 0 {
                return false;
            }
            rest = &rest[number..];
        }
        let Some(after) = rest.strip_prefix(part) else { return false };
        rest = after;
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, key: &str, expected: bool) {
        assert_eq!(fits(pattern, key), expected, "{pattern} {key}");
    }

    #[test]
    fn numbers_stand_for_any_number() {
        check("gen_ai.prompt.#.content", "gen_ai.prompt.0.content", true);
        check("gen_ai.prompt.#.content", "gen_ai.prompt.12.content", true);
        check("gen_ai.prompt.#.content", "gen_ai.prompt..content", false);
        check("gen_ai.prompt.#.content", "gen_ai.prompt.x.content", false);
        check("gen_ai.prompt.#.content", "gen_ai.prompt.0.contents", false);
        check("a.#.b.#.c", "a.1.b.2.c", true);
        check("a.#.b.#.c", "a.1.b.c", false);
    }

    #[test]
    fn a_dot_at_the_end_stands_for_all_below() {
        check("llm.tools.", "llm.tools.0.x", true);
        check("llm.tools.", "llm.tools.", false);
        check("llm.tools.", "llm.tool", false);
    }

    #[test]
    fn each_pattern_is_found_once() {
        let mut prefixes = Prefixes::default();
        prefixes.add("gen_ai.prompt.#.content", 3);
        prefixes.add("gen_ai.prompt.", 4);
        let mut seen = 0;
        let mut found = |key| {
            let mut slots = Vec::new();
            prefixes.each(key, &mut seen, |slot| slots.push(slot));
            slots
        };
        assert_eq!(found("gen_ai.prompt.0.role"), [4]);
        assert_eq!(found("gen_ai.prompt.0.content"), [3]);
        assert_eq!(found("gen_ai.prompt.1.content"), [0; 0]);
        assert_eq!(found("gen_ai"), [0; 0]);
        assert_eq!(found("something.else"), [0; 0]);
    }
}
