//! Keys that are known by their beginning: `llm.input_messages.` for all below it, `gen_ai.prompt.#.content` for a
//! number in it.

/// Bytes at the beginning of a key by which most foreign keys are turned away.
const HEAD: usize = 8;
/// Places of the table of heads, a power of two and several for each head.
const PLACES: usize = 1024;

/// How keys begin that mean something, and the patterns among them.
pub(crate) struct Heads {
    /// `places[hash]` and on; a head of 0 is none, as no text begins with eight zeros.
    places: Vec<(u64, Kinds)>,
    patterns: Vec<(&'static str, u16)>,
}

/// What begins with the same bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Kinds {
    /// Plain keys.
    pub(crate) plain: bool,
    /// A bit for each pattern.
    pub(crate) patterns: u32,
}

/// Returns the beginning that all keys of a pattern share; `None` if it is a plain key.
pub(crate) fn prefix_of(pattern: &str) -> Option<&str> {
    let until_number = || pattern.find('#').map(|at| &pattern[..at]);
    if pattern.ends_with('.') { Some(pattern) } else { until_number() }
}

impl Heads {
    pub(crate) fn new() -> Self {
        Heads { places: vec![(0, Kinds::default()); PLACES], patterns: Vec::new() }
    }

    /// Adds a plain key.
    pub(crate) fn add_key(&mut self, key: &str) {
        if let Some(head) = head_of(key) {
            self.kinds_mut(head).plain = true;
        }
    }

    /// Adds a pattern, whose beginning must be at least as long as a head.
    pub(crate) fn add_pattern(&mut self, pattern: &'static str, slot: u16) {
        let Some(head) = prefix_of(pattern).and_then(head_of) else { return };
        let bit = self.patterns.len();
        self.kinds_mut(head).patterns |= 1 << bit;
        self.patterns.push((pattern, slot));
    }

    /// Returns what begins like `key`; a short key may always be a plain one.
    #[inline]
    pub(crate) fn kinds(&self, key: &str) -> Kinds {
        match head_of(key) {
            Some(head) => self.places[self.place(head)].1,
            None => Kinds { plain: true, patterns: 0 },
        }
    }

    /// Calls `found` with the slot of each of these patterns that `key` fits, and takes it out of `wanted`.
    #[cold]
    pub(crate) fn fitting(&self, key: &str, patterns: u32, wanted: &mut u32, mut found: impl FnMut(u16)) {
        for (bit, (pattern, slot)) in self.patterns.iter().enumerate() {
            if (patterns & *wanted) >> bit & 1 == 1 && fits(pattern, key) {
                *wanted &= !(1 << bit);
                found(*slot);
            }
        }
    }

    fn kinds_mut(&mut self, head: u64) -> &mut Kinds {
        let place = self.place(head);
        self.places[place].0 = head;
        &mut self.places[place].1
    }

    /// Returns where the head is, or would be.
    #[inline]
    fn place(&self, head: u64) -> usize {
        // The odd number spreads the differences between heads over the upper bits.
        let hash = head.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - PLACES.trailing_zeros());
        let mut place = hash as usize;
        while self.places[place].0 != 0 && self.places[place].0 != head {
            place = (place + 1) % PLACES;
        }
        place
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
        let mut heads = Heads::new();
        heads.add_pattern("gen_ai.prompt.#.content", 3);
        heads.add_pattern("gen_ai.prompt.", 4);
        heads.add_key("gen_ai.system");
        let mut wanted = u32::MAX;
        let mut found = |key| {
            let mut slots = Vec::new();
            heads.fitting(key, heads.kinds(key).patterns, &mut wanted, |slot| slots.push(slot));
            slots
        };
        assert_eq!(found("gen_ai.prompt.0.role"), [4]);
        assert_eq!(found("gen_ai.prompt.0.content"), [3]);
        assert_eq!(found("gen_ai.prompt.1.content"), [0; 0]);
        assert_eq!(found("something.else"), [0; 0]);
        assert_eq!(heads.kinds("gen_ai.system"), Kinds { plain: true, patterns: 0 });
        assert_eq!(heads.kinds("gen_ai.provider"), Kinds { plain: false, patterns: 3 });
        assert!(heads.kinds("gen_ai").plain);
    }
}
