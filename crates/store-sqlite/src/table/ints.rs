//! A column of whole numbers, as narrow as the largest of them asks for.

use super::bits::{Bits, WORDS};

/// Whole numbers by row; rows that were never set have 0.
#[derive(Debug, Clone)]
pub(crate) enum Ints {
    U8(Vec<u8>),
    U16(Vec<u16>),
    U32(Vec<u32>),
    I64(Vec<i64>),
}

impl Default for Ints {
    fn default() -> Self {
        Ints::U8(Vec::new())
    }
}

/// Runs `$body` with `$values` as the vector of whichever width.
macro_rules! with_values {
    ($column:expr, $values:ident => $body:expr) => {
        match $column {
            Ints::U8($values) => $body,
            Ints::U16($values) => $body,
            Ints::U32($values) => $body,
            Ints::I64($values) => $body,
        }
    };
}

impl Ints {
    /// Returns the number of a row.
    pub(crate) fn get(&self, row: usize) -> i64 {
        match self {
            Ints::U8(values) => values.get(row).map_or(0, |value| i64::from(*value)),
            Ints::U16(values) => values.get(row).map_or(0, |value| i64::from(*value)),
            Ints::U32(values) => values.get(row).map_or(0, |value| i64::from(*value)),
            Ints::I64(values) => values.get(row).copied().unwrap_or(0),
        }
    }

    /// Sets the number of a row.
    pub(crate) fn set(&mut self, row: usize, value: i64) {
        if value == 0 && row >= self.len() {
            return;
        }
        self.widen_for(value);
        match self {
            Ints::U8(values) => put(values, row, value as u8),
            Ints::U16(values) => put(values, row, value as u16),
            Ints::U32(values) => put(values, row, value as u32),
            Ints::I64(values) => put(values, row, value),
        }
    }

    /// Returns the rows whose number satisfies `test`, those that were never set too.
    pub(crate) fn rows_where(&self, test: impl Fn(i64) -> bool) -> Bits {
        let beyond = test(0);
        match self {
            Ints::U8(values) => rows_where(values, beyond, |value| test(i64::from(value))),
            Ints::U16(values) => rows_where(values, beyond, |value| test(i64::from(value))),
            Ints::U32(values) => rows_where(values, beyond, |value| test(i64::from(value))),
            Ints::I64(values) => rows_where(values, beyond, test),
        }
    }

    /// Returns about how much memory it takes.
    pub(crate) fn memory_bytes(&self) -> usize {
        with_values!(self, values => std::mem::size_of_val(values.as_slice()))
    }

    fn len(&self) -> usize {
        with_values!(self, values => values.len())
    }

    fn widen_for(&mut self, value: i64) {
        let (fits, needed) = match self {
            Ints::U8(_) => (u8::try_from(value).is_ok(), value),
            Ints::U16(_) => (u16::try_from(value).is_ok(), value),
            Ints::U32(_) => (u32::try_from(value).is_ok(), value),
            Ints::I64(_) => (true, value),
        };
        if fits {
            return;
        }
        let old = (0..self.len()).map(|row| self.get(row));
        *self = if u16::try_from(needed).is_ok() {
            Ints::U16(old.map(|value| value as u16).collect())
        } else if u32::try_from(needed).is_ok() {
            Ints::U32(old.map(|value| value as u32).collect())
        } else {
            Ints::I64(old.collect())
        };
    }
}

fn put<T: Copy + Default>(values: &mut Vec<T>, row: usize, value: T) {
    if row >= values.len() {
        values.resize(row + 1, T::default());
    }
    values[row] = value;
}

/// Returns the rows of `values` that satisfy `test`; `beyond` says whether those behind its end do.
pub(crate) fn rows_where<T: Copy>(values: &[T], beyond: bool, test: impl Fn(T) -> bool) -> Bits {
    let mut out = if beyond { Bits::ALL } else { Bits::NONE };
    for (word, part) in out.0.iter_mut().take(WORDS).zip(values.chunks(64)) {
        let mut bits = 0;
        for (bit, value) in part.iter().enumerate() {
            bits |= u64::from(test(*value)) << bit;
        }
        if beyond && part.len() < 64 {
            bits |= u64::MAX << part.len();
        }
        *word = bits;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_come_back_whatever_their_width(
            sets in proptest::collection::vec(
                (0..4096_usize, prop_oneof![0..9_i64, 0..70_000_i64, 0..5_000_000_000_i64, any::<i64>()]), 0..60,
            ),
            limit in prop_oneof![-2..300_i64, any::<i64>()],
        ) {
            let mut column = Ints::default();
            let mut plain = vec![0; 4096];
            for (row, value) in sets {
                column.set(row, value);
                plain[row] = value;
            }
            prop_assert!((0..4096).all(|row| column.get(row) == plain[row]));
            let found = column.rows_where(|value| value >= limit);
            prop_assert!((0..4096).all(|row| found.contains(row) == (plain[row] >= limit)));
        }
    }
}
