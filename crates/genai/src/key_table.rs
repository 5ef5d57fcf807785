//! A table from texts that are known when it is made, such as keys of attributes, to what they mean.

/// Places for each key, so that a foreign key rarely meets one.
const PLACES_PER_KEY: usize = 6;
/// The number of an entry that is none.
const NONE: u16 = u16::MAX;

/// From texts to values; of equal texts the first one counts.
///
/// Places are small numbers, so that a look at a foreign key stays in the processor's first cache.
pub(crate) struct KeyTable<T> {
    /// `places[hash]` and on: numbers of entries.
    places: Vec<u16>,
    entries: Vec<(&'static str, T)>,
}

impl<T> KeyTable<T> {
    pub(crate) fn new(keyed: impl IntoIterator<Item = (&'static str, T)>) -> Self {
        let keyed: Vec<_> = keyed.into_iter().collect();
        let places = vec![NONE; (keyed.len() * PLACES_PER_KEY).next_power_of_two().max(2)];
        let mut table = KeyTable { places, entries: Vec::new() };
        for (key, value) in keyed {
            let place = table.place(key);
            if table.places[place] == NONE {
                table.places[place] = table.entries.len() as u16;
                table.entries.push((key, value));
            }
        }
        table
    }

    #[inline]
    pub(crate) fn get(&self, key: &str) -> Option<&T> {
        let number = self.places[self.place(key)];
        if number == NONE { None } else { Some(&self.entries[usize::from(number)].1) }
    }

    /// Returns where the key is, or would be.
    #[inline]
    fn place(&self, key: &str) -> usize {
        let mask = self.places.len() - 1;
        let mut place = hash(key.as_bytes()) as usize & mask;
        while self.places[place] != NONE && self.entries[usize::from(self.places[place])].0 != key {
            place = (place + 1) & mask;
        }
        place
    }
}

/// Hashes the length and both ends: keys of one family differ there, and others are compared as a whole.
#[inline]
fn hash(key: &[u8]) -> u64 {
    let (first, last) = match (key.first_chunk::<8>(), key.last_chunk::<8>()) {
        (Some(first), Some(last)) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last)),
        _ => (key.iter().fold(0, |bits, byte| bits << 8 | u64::from(*byte)), 0),
    };
    let mixed = (first ^ last.rotate_left(29) ^ key.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    // The upper bits are the mixed ones.
    mixed >> 32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_it_is_found() {
        let table = KeyTable::new([("a", 1), ("gen_ai.system", 2), ("gen_ai.systems", 3), ("a", 4)]);
        assert_eq!(table.get("a"), Some(&1));
        assert_eq!(table.get("gen_ai.system"), Some(&2));
        assert_eq!(table.get("gen_ai.systems"), Some(&3));
        assert_eq!(table.get("gen_ai.sustem"), None);
        assert_eq!(table.get(""), None);
        assert_eq!(table.get(&"x".repeat(1000)), None);
        assert_eq!(KeyTable::<u8>::new([]).get("a"), None);
    }
}
