//! A bit for each row of a chunk.

/// Rows of one chunk.
pub(crate) const CHUNK_ROWS: usize = 4096;
/// Words of 64 rows.
pub(crate) const WORDS: usize = CHUNK_ROWS / 64;

/// A set of rows of one chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bits(pub(crate) [u64; WORDS]);

impl Default for Bits {
    fn default() -> Self {
        Bits::NONE
    }
}

impl Bits {
    /// No row.
    pub(crate) const NONE: Bits = Bits([0; WORDS]);
    /// Every row.
    pub(crate) const ALL: Bits = Bits([u64::MAX; WORDS]);

    /// Returns whether a row is in the set.
    pub(crate) fn contains(&self, row: usize) -> bool {
        self.0[row / 64] >> (row % 64) & 1 == 1
    }

    /// Puts a row in or takes it out.
    pub(crate) fn set(&mut self, row: usize, is_in: bool) {
        let mask = 1 << (row % 64);
        if is_in {
            self.0[row / 64] |= mask;
        } else {
            self.0[row / 64] &= !mask;
        }
    }

    /// Returns the rows that are in both.
    pub(crate) fn and(mut self, other: &Bits) -> Bits {
        self.0.iter_mut().zip(&other.0).for_each(|(mine, theirs)| *mine &= theirs);
        self
    }

    /// Returns the rows that are in any of both.
    pub(crate) fn or(mut self, other: &Bits) -> Bits {
        self.0.iter_mut().zip(&other.0).for_each(|(mine, theirs)| *mine |= theirs);
        self
    }

    /// Returns the rows that are not in `other`.
    pub(crate) fn without(mut self, other: &Bits) -> Bits {
        self.0.iter_mut().zip(&other.0).for_each(|(mine, theirs)| *mine &= !theirs);
        self
    }

    /// Returns how many rows are in the set.
    pub(crate) fn count(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Returns whether no row is in the set.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    /// Returns the first row.
    pub(crate) fn first(&self) -> Option<usize> {
        let word = self.0.iter().position(|word| *word != 0)?;
        Some(word * 64 + self.0[word].trailing_zeros() as usize)
    }

    /// Returns the rows in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.0.iter().enumerate().flat_map(|(word, bits)| {
            let mut left = *bits;
            std::iter::from_fn(move || {
                if left == 0 {
                    return None;
                }
                let bit = left.trailing_zeros() as usize;
                left &= left - 1;
                Some(word * 64 + bit)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_set_of_rows() {
        let mut some = Bits::NONE;
        for row in [0, 63, 64, 4095] {
            some.set(row, true);
        }
        assert_eq!(some.iter().collect::<Vec<_>>(), [0, 63, 64, 4095]);
        some.set(63, false);
        assert!(!some.contains(63) && some.contains(64));
        assert_eq!((some.count(), Bits::ALL.without(&some).count()), (3, CHUNK_ROWS - 3));
        assert!(some.and(&Bits::NONE).is_empty() && some.or(&Bits::ALL) == Bits::ALL);
    }
}
