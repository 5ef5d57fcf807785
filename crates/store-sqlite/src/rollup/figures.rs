//! What a roll-up adds up, and how it is packed.
//!
//! ```text
//! version u8 | 4 counts | 5 tokens | cost zigzag | bins: n, n × (bin − the one before, count)
//! ```
//!
//! All numbers are varints. Everything is a whole number, so that a sum does not depend on the order, and taking away
//! what was added leaves nothing behind.

use super::sketch::{BINS, Sketch, bin_of};
use crate::block::Input;
use crate::error::damaged;
use spanwise_model::{Cost, TokenUsage};
use spanwise_store::StoreResult;

const VERSION: u8 = 1;

/// What is counted: traces by state, or calls by status. Number 2 is an error and 3 one that goes on, of both.
pub(crate) const COUNTS: usize = 4;
/// The count of errors.
pub(crate) const ERRORS: usize = 2;
/// The count of what goes on.
pub(crate) const OPEN: usize = 3;
/// Input, output, total, read from a cache, written to a cache.
pub(crate) const TOKENS: usize = 5;

/// Costs are added up in units of 2^-64 dollars.
const COST_UNITS: f64 = (1u128 << 64) as f64;
/// A larger cost of one trace or call is nonsense and counts as this, so that sums can't overflow.
const COST_MAX: f64 = 1e9;

/// What one trace or one span gives to a roll-up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Share {
    /// Where it counts; `None` if it does not, but its tokens or its cost do.
    pub(crate) count: Option<u8>,
    /// The bin of its duration, if that is known.
    pub(crate) bin: Option<u16>,
    pub(crate) tokens: [u64; TOKENS],
    pub(crate) cost: i128,
}

/// Returns a cost in the units of sums. Not a number becomes 0: a row has it as no cost.
pub(crate) fn cost_units(cost: &Cost) -> i128 {
    (cost.total.clamp(-COST_MAX, COST_MAX) * COST_UNITS) as i128
}

impl Share {
    /// Sets tokens and cost, as a row or a packed column gives them back.
    pub(crate) fn with_usage(mut self, usage: Option<&TokenUsage>, cost: Option<&Cost>) -> Share {
        if let Some(usage) = usage {
            // A row has no larger numbers than this.
            let tokens = |count: u64| count.min(i64::MAX as u64);
            let optional = |count: Option<u64>| tokens(count.unwrap_or(0));
            self.tokens = [
                tokens(usage.input),
                tokens(usage.output),
                tokens(usage.total),
                optional(usage.cache_read),
                optional(usage.cache_creation),
            ];
        }
        self.cost = cost.map_or(0, cost_units);
        self
    }

    /// Sets the duration.
    pub(crate) fn with_duration(self, duration_ns: Option<i64>) -> Share {
        Share { bin: duration_ns.map(bin_of), ..self }
    }
}

/// Sums over traces or spans.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Figures {
    pub(crate) counts: [u64; COUNTS],
    pub(crate) tokens: [u128; TOKENS],
    pub(crate) cost: i128,
    pub(crate) sketch: Sketch,
}

impl Figures {
    /// Adds a share.
    pub(crate) fn add(&mut self, share: &Share) {
        if let Some(count) = share.count {
            self.counts[usize::from(count)] += 1;
        }
        if let Some(bin) = share.bin {
            self.sketch.add(bin, 1);
        }
        for (sum, tokens) in self.tokens.iter_mut().zip(share.tokens) {
            *sum = sum.saturating_add(u128::from(tokens));
        }
        self.cost = self.cost.saturating_add(share.cost);
    }

    /// Takes away a share that was added.
    pub(crate) fn subtract(&mut self, share: &Share) {
        if let Some(count) = share.count {
            let count = &mut self.counts[usize::from(count)];
            *count = count.saturating_sub(1);
        }
        if let Some(bin) = share.bin {
            self.sketch.subtract(bin);
        }
        for (sum, tokens) in self.tokens.iter_mut().zip(share.tokens) {
            *sum = sum.saturating_sub(u128::from(tokens));
        }
        self.cost = self.cost.saturating_sub(share.cost);
    }

    /// Adds a share, or takes it away.
    pub(crate) fn change(&mut self, share: &Share, is_added: bool) {
        if is_added {
            self.add(share);
        } else {
            self.subtract(share);
        }
    }

    /// Returns whether nothing is left.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Figures::default()
    }

    /// Packs it.
    pub(crate) fn pack(&self, out: &mut Vec<u8>) {
        out.clear();
        out.push(VERSION);
        self.counts.iter().for_each(|count| write_number(out, u128::from(*count)));
        self.tokens.iter().for_each(|tokens| write_number(out, *tokens));
        write_signed(out, self.cost);
        let bins = self.sketch.bins();
        write_number(out, bins.len() as u128);
        let mut last = 0;
        for (bin, count) in bins {
            write_number(out, u128::from(bin - last));
            write_number(out, u128::from(*count));
            last = *bin;
        }
    }

    /// Reads what [`Figures::pack`] wrote.
    pub(crate) fn unpack(bytes: &[u8]) -> StoreResult<Figures> {
        let mut sketch = Sketch::default();
        let head =
            unpack_into(bytes, |bin, count| sketch.add(bin, u32::try_from(count).unwrap_or(u32::MAX)))?;
        Ok(Figures { counts: head.counts, tokens: head.tokens, cost: head.cost, sketch })
    }
}

/// Sums without durations.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sums {
    pub(crate) counts: [u64; COUNTS],
    pub(crate) tokens: [u128; TOKENS],
    pub(crate) cost: i128,
}

impl Sums {
    /// Adds others.
    pub(crate) fn add(&mut self, other: &Sums) {
        self.counts.iter_mut().zip(other.counts).for_each(|(sum, count)| *sum = sum.saturating_add(count));
        self.tokens.iter_mut().zip(other.tokens).for_each(|(sum, count)| *sum = sum.saturating_add(count));
        self.cost = self.cost.saturating_add(other.cost);
    }

    /// Adds a share without its duration.
    pub(crate) fn add_share(&mut self, share: &Share) {
        self.add(&Sums::of(share));
    }

    /// Adds a share without its duration, or takes it away.
    pub(crate) fn change(&mut self, share: &Share, is_added: bool) {
        let other = Sums::of(share);
        if is_added {
            return self.add(&other);
        }
        self.counts.iter_mut().zip(other.counts).for_each(|(sum, count)| *sum = sum.saturating_sub(count));
        self.tokens.iter_mut().zip(other.tokens).for_each(|(sum, count)| *sum = sum.saturating_sub(count));
        self.cost = self.cost.saturating_sub(other.cost);
    }

    fn of(share: &Share) -> Sums {
        let mut counts = [0; COUNTS];
        share.count.iter().for_each(|count| counts[usize::from(*count)] = 1);
        Sums { counts, tokens: share.tokens.map(u128::from), cost: share.cost }
    }

    /// Returns whether nothing is left.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Sums::default()
    }

    /// Returns the cost in dollars.
    pub(crate) fn dollars(&self) -> f64 {
        self.cost as f64 / COST_UNITS
    }
}

/// Reads packed figures, handing out each bin that holds something.
pub(crate) fn unpack_into(bytes: &[u8], mut add: impl FnMut(u16, u64)) -> StoreResult<Sums> {
    let mut input = Input(bytes);
    let version = input.u8()?;
    if version != VERSION {
        return Err(damaged(format!("a roll-up has version {version}, which is not known")));
    }
    let mut sums = Sums::default();
    for count in &mut sums.counts {
        *count = input.varint()?;
    }
    for tokens in &mut sums.tokens {
        *tokens = read_number(&mut input)?;
    }
    sums.cost = read_signed(&mut input)?;
    let mut bin = 0_u64;
    for _ in 0..input.varint()? {
        bin = bin.saturating_add(input.varint()?);
        let known = u16::try_from(bin).ok().filter(|bin| usize::from(*bin) < BINS);
        add(
            known.ok_or_else(|| damaged(format!("a roll-up has a bin {bin}, which does not exist")))?,
            input.varint()?,
        );
    }
    if !input.0.is_empty() {
        return Err(damaged("a roll-up has bytes behind its end"));
    }
    Ok(sums)
}

/// Writes a varint; sums of client's numbers may have more than 64 bits.
pub(super) fn write_number(out: &mut Vec<u8>, mut number: u128) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Writes a varint whose size does not depend on the sign.
pub(super) fn write_signed(out: &mut Vec<u8>, number: i128) {
    write_number(out, ((number << 1) ^ (number >> 127)).cast_unsigned());
}

/// Reads what [`write_signed`] wrote.
pub(super) fn read_signed(input: &mut Input<'_>) -> StoreResult<i128> {
    let number = read_number(input)?;
    Ok((number >> 1).cast_signed() ^ -((number & 1).cast_signed()))
}

/// Reads what [`write_number`] wrote.
pub(super) fn read_number(input: &mut Input<'_>) -> StoreResult<u128> {
    let mut number = 0;
    for shift in (0..128).step_by(7) {
        let byte = input.u8()?;
        number |= u128::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(number);
        }
    }
    Err(damaged("a number of a roll-up has no end"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(tokens: u64, cost: f64, duration_ns: i64) -> Share {
        let usage = TokenUsage { input: tokens, output: 1, total: u64::MAX, ..TokenUsage::default() };
        let share = Share { count: Some(ERRORS as u8), ..Share::default() };
        share
            .with_usage(Some(&usage), Some(&Cost { total: cost, ..Cost::default() }))
            .with_duration(Some(duration_ns))
    }

    #[test]
    fn figures_come_back_as_they_were_packed_and_become_nothing_again() {
        let shares = [share(7, 0.25, 5), share(u64::MAX, -3e300, i64::MAX), share(0, f64::NAN, -1)];
        let mut figures = Figures::default();
        shares.iter().for_each(|share| figures.add(share));
        let mut packed = Vec::new();
        figures.pack(&mut packed);
        assert_eq!(Figures::unpack(&packed).unwrap(), figures);
        (0..packed.len()).for_each(|end| assert!(Figures::unpack(&packed[..end]).is_err(), "cut at {end}"));
        shares.iter().for_each(|share| figures.subtract(share));
        assert!(figures.is_empty());
    }
}
