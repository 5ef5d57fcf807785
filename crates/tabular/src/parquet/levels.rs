//! Runs of small numbers: levels of nesting, and places in a dictionary.
//!
//! A run is one number many times, or numbers packed into bits, eight at a time.

use crate::TableError;

/// Where the reading of a run is. The bytes are the page's, and are given with each call.
#[derive(Debug, Clone, Default)]
pub(super) struct Runs {
    /// Bits of a number; 0: all of them are 0, and no bytes say so.
    width: u32,
    at: usize,
    end: usize,
    /// How often the number of the run is still to come.
    repeats: u64,
    number: u32,
    /// How many packed numbers are still to come, the next at `bit` of the byte at `at`.
    packed: u64,
    bit: u32,
}

/// Numbers of more bits than this are damage.
const WIDTH_MAX: u32 = 32;

impl Runs {
    /// Begins with the bytes from `at` to `end` of a page.
    pub(super) fn new(width: u32, at: usize, end: usize) -> Result<Runs, TableError> {
        if width > WIDTH_MAX {
            return Err(TableError::damaged(format!("it has numbers of {width} bits")));
        }
        Ok(Runs { width, at, end, ..Runs::default() })
    }

    /// Returns the next number.
    pub(super) fn next(&mut self, bytes: &[u8]) -> Result<u32, TableError> {
        if self.width == 0 {
            return Ok(0);
        }
        if self.repeats == 0 && self.packed == 0 {
            self.begin(bytes)?;
        }
        if self.repeats > 0 {
            self.repeats -= 1;
            return Ok(self.number);
        }
        self.packed -= 1;
        self.unpack(bytes)
    }

    fn begin(&mut self, bytes: &[u8]) -> Result<(), TableError> {
        while self.repeats == 0 && self.packed == 0 {
            let head = self.varint(bytes)?;
            if head & 1 == 1 {
                (self.packed, self.bit) = ((head >> 1).saturating_mul(8), 0);
                continue;
            }
            self.repeats = head >> 1;
            self.number = 0;
            for place in 0..self.width.div_ceil(8) {
                self.number |= u32::from(self.byte(bytes)?) << (8 * place);
            }
        }
        Ok(())
    }

    fn unpack(&mut self, bytes: &[u8]) -> Result<u32, TableError> {
        let mut number = 0;
        let mut filled = 0;
        while filled < self.width {
            let byte = self.peek(bytes)?;
            let taken = (8 - self.bit).min(self.width - filled);
            let bits = (u32::from(byte) >> self.bit) & ((1 << taken) - 1);
            number |= bits << filled;
            filled += taken;
            self.bit += taken;
            if self.bit == 8 {
                (self.bit, self.at) = (0, self.at + 1);
            }
        }
        Ok(number)
    }

    fn peek(&self, bytes: &[u8]) -> Result<u8, TableError> {
        let within = (self.at < self.end).then(|| bytes.get(self.at).copied()).flatten();
        within.ok_or_else(|| TableError::damaged("a page ends within its levels"))
    }

    fn byte(&mut self, bytes: &[u8]) -> Result<u8, TableError> {
        let byte = self.peek(bytes)?;
        self.at += 1;
        Ok(byte)
    }

    fn varint(&mut self, bytes: &[u8]) -> Result<u64, TableError> {
        let mut number = 0;
        for shift in (0..63).step_by(7) {
            let byte = self.byte(bytes)?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(TableError::damaged("the length of a run does not end"))
    }
}

/// Returns how many bits numbers up to `max` take.
pub(super) fn bits_of(max: u32) -> u32 {
    u32::BITS - max.leading_zeros()
}
