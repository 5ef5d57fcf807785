//! Names for what its client left without one.

const FIRST: [&str; 32] = [
    "amber", "brave", "bright", "calm", "clever", "crisp", "daring", "early", "eager", "fair", "fleet",
    "fond", "gentle", "grand", "happy", "honest", "keen", "kind", "light", "lively", "lucky", "merry",
    "neat", "nimble", "patient", "proud", "quick", "quiet", "silver", "steady", "sunny", "warm",
];
const SECOND: [&str; 32] = [
    "badger", "bear", "beaver", "bison", "crane", "deer", "dolphin", "eagle", "falcon", "ferret", "finch",
    "fox", "gull", "hare", "hawk", "heron", "ibex", "jay", "lark", "lynx", "marten", "mole", "newt", "otter",
    "owl", "puffin", "raven", "robin", "seal", "swan", "trout", "wren",
];

/// Makes a name of two words and a number out of random bytes, e.g. `keen-otter-412`.
pub(super) fn two_words(random: &[u8; 16]) -> String {
    let number = u16::from_le_bytes([random[2], random[3]]) % 1_000;
    format!("{}-{}-{number}", FIRST[usize::from(random[0] % 32)], SECOND[usize::from(random[1] % 32)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_two_words_and_a_number() {
        assert_eq!(two_words(&[0; 16]), "amber-badger-0");
        assert_eq!(two_words(&[255; 16]), "warm-wren-535");
    }
}
