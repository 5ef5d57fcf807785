//! Orders over columns: sort keys as numbers that compare as SQLite compares the values.

use super::bounds::end_ns;
use crate::catalog::USER_METADATA;
use crate::table::{Chunk, NAME, SESSION, Snapshot, Texts, USER};
use spanwise_model::TraceState;
use spanwise_query::{CostPart, OrderBy, OrderKey, TokenPart};
use spanwise_store::{Cursor, SortValue};

/// Parts of a sort key beside the trace id, at most; longer orders are left to SQLite.
const PARTS_MAX: usize = 4;
/// Behind every value: absent ones come last in both directions.
const ABSENT: u128 = 1 << 64;

/// The sort key of a row but for its trace id; the smaller one comes first.
pub(super) type SortKey = [u128; PARTS_MAX];

/// An order that columns can follow.
pub(super) struct ScanOrder {
    parts: Vec<Part>,
    /// Length of a cursor: with the trace id.
    columns: usize,
    ends_with_id: bool,
}

struct Part {
    source: Source,
    is_descending: bool,
}

enum Source {
    Start,
    Duration,
    End,
    State,
    Experiment,
    Tokens(TokenPart),
    Cost,
    SpanCount,
    /// A text, with the rank of each that is kept: odd numbers, so that others fit between.
    Text(u16, Vec<u64>),
}

impl ScanOrder {
    /// Takes an order; `None` if it has something that is in no column, or is not ended by the trace id, ascending.
    pub(super) fn new(order: &[OrderBy], snapshot: &Snapshot) -> Option<ScanOrder> {
        let mut parts = Vec::new();
        for (index, by) in order.iter().enumerate() {
            if by.key == OrderKey::TraceId {
                let is_last = index + 1 == order.len() && !by.descending;
                return is_last.then_some(ScanOrder { parts, columns: order.len(), ends_with_id: true });
            }
            parts.push(Part { source: source(&by.key, snapshot)?, is_descending: by.descending });
            if parts.len() > PARTS_MAX {
                return None;
            }
        }
        Some(ScanOrder { parts, columns: order.len() + 1, ends_with_id: true })
    }

    /// Returns the same order without the trace id: those that are equal but for it come in any order.
    pub(super) fn without_id(self) -> ScanOrder {
        ScanOrder { ends_with_id: false, ..self }
    }

    /// Returns whether the trace id decides where all else is equal.
    pub(super) fn ends_with_id(&self) -> bool {
        self.ends_with_id
    }

    /// Returns a key that no key of a row which started in that range is less than.
    pub(super) fn best_of(&self, (first, last): (i64, i64)) -> SortKey {
        let mut key = [0; PARTS_MAX];
        if let Some(Part { source: Source::Start, is_descending }) = self.parts.first() {
            key[0] = directed(from_int(if *is_descending { last } else { first }), *is_descending);
        }
        key
    }

    /// Returns the key of a row; `None` if a text that it needs is not kept. Of a row whose first part is already
    /// behind `last`, the rest is left out.
    pub(super) fn key(&self, chunk: &Chunk, row: usize, last: Option<&SortKey>) -> Option<SortKey> {
        let mut key = [0; PARTS_MAX];
        for (at, part) in self.parts.iter().enumerate() {
            let value = part.source.value(chunk, row)?;
            key[at] = value.map_or(ABSENT, |value| directed(value, part.is_descending));
            if at == 0 && last.is_some_and(|last| key[0] > last[0]) {
                break;
            }
        }
        Some(key)
    }

    /// Returns the key of a cursor; `None` if it is not of this order.
    pub(super) fn key_of(&self, cursor: &Cursor, snapshot: &Snapshot) -> Option<SortKey> {
        if cursor.values.len() != self.columns {
            return None;
        }
        let mut key = [0; PARTS_MAX];
        for ((place, part), value) in key.iter_mut().zip(&self.parts).zip(&cursor.values) {
            let value = part.source.value_of(value, snapshot)?;
            *place = value.map_or(ABSENT, |value| directed(value, part.is_descending));
        }
        Some(key)
    }

    /// Returns the values of a row as a cursor holds them; the trace id stands beside them.
    pub(super) fn cursor_values(&self, chunk: &Chunk, row: usize, snapshot: &Snapshot) -> Vec<SortValue> {
        let values = self.parts.iter().map(|part| part.source.sort_value(chunk, row, snapshot));
        let mut values: Vec<SortValue> = values.collect();
        values.resize(self.columns, SortValue::Null);
        values
    }
}

fn source(key: &OrderKey, snapshot: &Snapshot) -> Option<Source> {
    let text = |field| Source::Text(field, ranks(snapshot.texts(field)));
    Some(match key {
        OrderKey::Start => Source::Start,
        OrderKey::Duration => Source::Duration,
        OrderKey::End => Source::End,
        OrderKey::State => Source::State,
        OrderKey::ExperimentId => Source::Experiment,
        OrderKey::Name => text(NAME),
        OrderKey::Session => text(SESSION),
        OrderKey::Metadata(key) if key == USER_METADATA => text(USER),
        OrderKey::Tokens(part) => Source::Tokens(*part),
        OrderKey::Cost(CostPart::Total) => Source::Cost,
        OrderKey::SpanCount => Source::SpanCount,
        OrderKey::TraceId
        | OrderKey::Tag(_)
        | OrderKey::Metadata(_)
        | OrderKey::Cost(_)
        | OrderKey::Assessment { .. } => return None,
    })
}

fn sorted(texts: &Texts) -> Vec<u32> {
    let mut numbers: Vec<u32> = (0..texts.len() as u32).collect();
    numbers.sort_unstable_by(|a, b| texts.get(*a as usize).cmp(texts.get(*b as usize)));
    numbers
}

fn ranks(texts: &Texts) -> Vec<u64> {
    let mut ranks = vec![0; texts.len()];
    for (position, number) in sorted(texts).into_iter().enumerate() {
        ranks[number as usize] = position as u64 * 2 + 1;
    }
    ranks
}

impl Source {
    /// Returns the value of a row, absent or not; `None` if it is not kept.
    fn value(&self, chunk: &Chunk, row: usize) -> Option<Option<u64>> {
        if let Source::Text(field, ranks) = self {
            return match chunk.code(*field, row) {
                0 => Some(None),
                code => ranks.get(code as usize - 1).map(|rank| Some(*rank)),
            };
        }
        if let Source::Cost = self {
            return Some(chunk.has_cost.contains(row).then(|| from_float(chunk.cost(row))));
        }
        Some(self.int(chunk, row).map(from_int))
    }

    fn int(&self, chunk: &Chunk, row: usize) -> Option<i64> {
        let of_usage = |tokens: i64| chunk.has_usage.contains(row).then_some(tokens);
        match self {
            Source::Start => Some(chunk.start_ns[row]),
            Source::Duration => chunk.has_duration.contains(row).then(|| chunk.duration_ns.get(row)),
            Source::End => Some(end_ns(chunk, row)),
            Source::State => Some(state_rank(chunk.state(row))),
            Source::Experiment => Some(chunk.experiment.get(row)),
            Source::Tokens(TokenPart::Total) => of_usage(chunk.total_tokens.get(row)),
            Source::Tokens(TokenPart::Input) => of_usage(chunk.input_tokens.get(row)),
            Source::Tokens(TokenPart::Output) => of_usage(chunk.output_tokens.get(row)),
            Source::Tokens(TokenPart::CacheRead) => chunk.cache_read_tokens.get(row).checked_sub(1),
            Source::Tokens(TokenPart::CacheWrite) => chunk.cache_write_tokens.get(row).checked_sub(1),
            Source::SpanCount => Some(chunk.span_count.get(row)),
            Source::Cost | Source::Text(..) => None,
        }
        .filter(|value| *value >= 0 || !matches!(self, Source::Tokens(_)))
    }

    fn value_of(&self, value: &SortValue, snapshot: &Snapshot) -> Option<Option<u64>> {
        match (self, value) {
            (_, SortValue::Null) => Some(None),
            (Source::Text(field, _), SortValue::Text(text)) => {
                let texts = snapshot.texts(*field);
                let sorted = sorted(texts);
                let place = sorted.binary_search_by(|number| texts.get(*number as usize).cmp(text.as_str()));
                Some(Some(place.map_or_else(|before| before as u64 * 2, |at| at as u64 * 2 + 1)))
            }
            (Source::Text(..), _) | (_, SortValue::Text(_)) => None,
            (Source::Cost, SortValue::Real(real)) => Some(Some(from_float(*real))),
            (Source::Cost, SortValue::Int(int)) => Some(Some(from_float(*int as f64))),
            (_, SortValue::Int(int)) => Some(Some(from_int(*int))),
            (_, SortValue::Real(_)) => None,
        }
    }

    fn sort_value(&self, chunk: &Chunk, row: usize, snapshot: &Snapshot) -> SortValue {
        match self {
            Source::Text(field, _) => snapshot
                .texts(*field)
                .of_code(chunk.code(*field, row))
                .map_or(SortValue::Null, |text| SortValue::Text(text.to_owned())),
            Source::Cost if chunk.has_cost.contains(row) => SortValue::Real(chunk.cost(row)),
            _ => self.int(chunk, row).map_or(SortValue::Null, SortValue::Int),
        }
    }
}

/// The states in the order of their names.
fn state_rank(state: TraceState) -> i64 {
    match state {
        TraceState::Error => 0,
        TraceState::InProgress => 1,
        TraceState::Ok => 2,
        TraceState::Unspecified => 3,
    }
}

fn directed(value: u64, is_descending: bool) -> u128 {
    u128::from(if is_descending { !value } else { value })
}

fn from_int(value: i64) -> u64 {
    value.cast_unsigned() ^ (1 << 63)
}

/// Keeps the order of numbers; both zeros are one.
fn from_float(value: f64) -> u64 {
    let bits = (value + 0.0).to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_order() {
        let floats = [f64::NEG_INFINITY, -2.5, -0.0, 0.25, 7.0, f64::INFINITY];
        assert!(floats.windows(2).all(|pair| from_float(pair[0]) < from_float(pair[1])));
        assert_eq!(from_float(0.0), from_float(-0.0));
        let ints = [i64::MIN, -1, 0, 1, i64::MAX];
        assert!(ints.windows(2).all(|pair| from_int(pair[0]) < from_int(pair[1])));
        assert!(
            ints.windows(2).all(|pair| directed(from_int(pair[0]), true) > directed(from_int(pair[1]), true))
        );
    }
}
