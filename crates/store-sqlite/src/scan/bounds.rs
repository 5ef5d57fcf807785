//! Evaluates a plan over the columns of a chunk, to the rows that surely match and those that may.

use super::plan::{CodeTest, Known, Leaf, Plan};
use crate::postings::TraceSet;
use crate::table::{Bits, CHUNK_ROWS, Chunk, Ints, UNKNOWN_RESOURCE, WORDS, rows_where, trace_key};
use spanwise_query::{CostPart, Expr, IntRange, NumberField, TokenPart};

/// Nanoseconds in a millisecond.
const NS_PER_MS: i64 = 1_000_000;

/// Rows that surely match, and, more of them, those that may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bounds {
    pub(super) lower: Bits,
    pub(super) upper: Bits,
}

impl Bounds {
    /// Nothing matches.
    pub(super) const NONE: Bounds = Bounds { lower: Bits::NONE, upper: Bits::NONE };
    /// All match.
    const ALL: Bounds = Bounds { lower: Bits::ALL, upper: Bits::ALL };
    /// Any may match.
    const UNKNOWN: Bounds = Bounds { lower: Bits::NONE, upper: Bits::ALL };

    fn exactly(rows: Bits) -> Bounds {
        Bounds { lower: rows, upper: rows }
    }

    /// Keeps only some rows.
    pub(super) fn within(self, rows: &Bits) -> Bounds {
        Bounds { lower: self.lower.and(rows), upper: self.upper.and(rows) }
    }

    fn and(self, other: &Bounds) -> Bounds {
        Bounds { lower: self.lower.and(&other.lower), upper: self.upper.and(&other.upper) }
    }

    fn or(self, other: &Bounds) -> Bounds {
        Bounds { lower: self.lower.or(&other.lower), upper: self.upper.or(&other.upper) }
    }

    fn not(self) -> Bounds {
        Bounds { lower: Bits::ALL.without(&self.upper), upper: Bits::ALL.without(&self.lower) }
    }
}

/// Returns the bounds of a plan, over rows that are not live too.
pub(super) fn bounds(plan: &Plan, number: i64, chunk: &Chunk) -> Bounds {
    match plan {
        Expr::And(parts) => {
            let mut all = Bounds::ALL;
            for part in parts {
                all = all.and(&bounds(part, number, chunk));
                if all.upper.is_empty() {
                    break;
                }
            }
            all
        }
        Expr::Or(parts) => parts.iter().fold(Bounds::NONE, |any, part| any.or(&bounds(part, number, chunk))),
        Expr::Not(inner) => bounds(inner, number, chunk).not(),
        Expr::Is(leaf) => leaf_bounds(leaf, number, chunk),
    }
}

fn leaf_bounds(leaf: &Leaf, number: i64, chunk: &Chunk) -> Bounds {
    match leaf {
        Leaf::Unknown => Bounds::UNKNOWN,
        Leaf::Number(field, range) => Bounds::exactly(in_range(chunk, *field, *range)),
        Leaf::Cost(test) => {
            let rows =
                rows_where(&chunk.cost_total, test.matches_float(0.0), |cost| test.matches_float(cost));
            Bounds::exactly(rows.and(&chunk.has_cost))
        }
        Leaf::Present(field) => Bounds::exactly(present(chunk, *field)),
        Leaf::States(wanted) => {
            let states = chunk.states.iter().zip(wanted).filter(|(_, is_wanted)| **is_wanted);
            Bounds::exactly(states.fold(Bits::NONE, |any, (rows, _)| any.or(rows)))
        }
        Leaf::Text { field, test, else_untracked } => {
            let found = text_bounds(chunk, *field, test);
            if *else_untracked { or_untracked(found, chunk) } else { found }
        }
        Leaf::Tag { field, test, resources } => {
            let found = tag_bounds(chunk, *field, test, resources);
            if field.is_none() { or_untracked(found, chunk) } else { found }
        }
        Leaf::Keys { certain, possible } => keys_bounds(certain, possible.as_ref(), number),
        Leaf::Span { certain, possible, decided } => {
            let found = keys_bounds(certain, possible.as_ref(), number);
            let found = Bounds { lower: found.lower.and(&chunk.plain), upper: found.upper };
            match decided.get(&number) {
                None => found,
                Some(decided) => Bounds {
                    lower: found.lower.without(&decided.rows).or(&decided.yes),
                    upper: found.upper.without(&decided.rows).or(&decided.yes),
                },
            }
        }
    }
}

fn keys_bounds(certain: &TraceSet, possible: Option<&TraceSet>, number: i64) -> Bounds {
    let upper = possible.map_or(Bits::ALL, |possible| rows_of(possible, number));
    Bounds { lower: rows_of(certain, number), upper }
}

/// Of rows with texts that no column is for, nothing is known.
fn or_untracked(found: Bounds, chunk: &Chunk) -> Bounds {
    Bounds { lower: found.lower.without(&chunk.untracked), upper: found.upper.or(&chunk.untracked) }
}

fn text_bounds(chunk: &Chunk, field: Option<u16>, test: &CodeTest) -> Bounds {
    let Some(column) = field.and_then(|field| chunk.text(field)) else {
        return match test.decide(0) {
            Known::Yes => Bounds::ALL,
            Known::Maybe => Bounds::UNKNOWN,
            Known::No => Bounds::NONE,
        };
    };
    let lower = column.rows_where(|code| test.decide(code) == Known::Yes);
    if !test.may_be_open() {
        return Bounds::exactly(lower);
    }
    Bounds { lower, upper: column.rows_where(|code| test.decide(code) != Known::No) }
}

/// A tag of the trace's own hides that of its resource.
fn tag_bounds(chunk: &Chunk, field: Option<u16>, test: &CodeTest, resources: &[bool]) -> Bounds {
    let of_resource = |code: i64| match code {
        0 => test.decide(0),
        code if code == i64::from(UNKNOWN_RESOURCE) => Known::Maybe,
        code => resources.get(code as usize - 1).map_or(Known::Maybe, |holds| Known::from(*holds)),
    };
    let inherited = Bounds {
        lower: chunk.resource.rows_where(|code| of_resource(code) == Known::Yes),
        upper: chunk.resource.rows_where(|code| of_resource(code) != Known::No),
    };
    let Some(column) = field.and_then(|field| chunk.text(field)) else { return inherited };
    let without_own = column.rows_where(|code| code == 0);
    let with_own = Bits::ALL.without(&without_own);
    text_bounds(chunk, field, test).within(&with_own).or(&inherited.within(&without_own))
}

/// Returns the rows whose traces are in a set.
fn rows_of(set: &TraceSet, number: i64) -> Bits {
    let mut rows = Bits::NONE;
    if let Some(words) = set.words(trace_key(number, 0), WORDS) {
        rows.0.copy_from_slice(words);
    }
    rows
}

fn in_range(chunk: &Chunk, field: NumberField, range: IntRange) -> Bits {
    let ints = |column: &Ints| column.rows_where(|value| range.contains(value));
    // These are 1 more than what they count, so that 0 is nothing.
    let optional = |column: &Ints| column.rows_where(|value| value > 0 && range.contains(value - 1));
    match field {
        NumberField::Start => rows_where(&chunk.start_ns, false, |start| range.contains(start)),
        NumberField::Duration => ints(&chunk.duration_ns).and(&chunk.has_duration),
        NumberField::End => each_row(chunk, |row| range.contains(end_ns(chunk, row))),
        NumberField::EndMs => each_row(chunk, |row| range.contains(end_ms(chunk, row))),
        // The plan asks for these in nanoseconds.
        NumberField::StartMs | NumberField::DurationMs => Bits::NONE,
        NumberField::Tokens(TokenPart::Total) => ints(&chunk.total_tokens).and(&chunk.has_usage),
        NumberField::Tokens(TokenPart::Input) => ints(&chunk.input_tokens).and(&chunk.has_usage),
        NumberField::Tokens(TokenPart::Output) => ints(&chunk.output_tokens).and(&chunk.has_usage),
        NumberField::Tokens(TokenPart::CacheRead) => optional(&chunk.cache_read_tokens),
        NumberField::Tokens(TokenPart::CacheWrite) => optional(&chunk.cache_write_tokens),
        NumberField::SpanCount => ints(&chunk.span_count),
        // The plan compares it as what it is, a floating-point number.
        NumberField::Cost(_) => Bits::NONE,
    }
}

fn present(chunk: &Chunk, field: NumberField) -> Bits {
    match field {
        NumberField::Duration | NumberField::DurationMs => chunk.has_duration,
        NumberField::Tokens(TokenPart::CacheRead) => chunk.cache_read_tokens.rows_where(|value| value > 0),
        NumberField::Tokens(TokenPart::CacheWrite) => chunk.cache_write_tokens.rows_where(|value| value > 0),
        NumberField::Tokens(_) => chunk.has_usage,
        NumberField::Cost(CostPart::Total | CostPart::Input | CostPart::Output) => chunk.has_cost,
        NumberField::Start
        | NumberField::StartMs
        | NumberField::End
        | NumberField::EndMs
        | NumberField::SpanCount => Bits::ALL,
    }
}

fn each_row(chunk: &Chunk, test: impl Fn(usize) -> bool) -> Bits {
    let mut rows = Bits::NONE;
    (0..CHUNK_ROWS.min(chunk.start_ns.len())).for_each(|row| rows.set(row, test(row)));
    rows
}

/// Returns when a trace ended, an unknown duration counted as 0.
pub(super) fn end_ns(chunk: &Chunk, row: usize) -> i64 {
    chunk.start_ns[row].saturating_add(chunk.duration_ns.get(row))
}

fn end_ms(chunk: &Chunk, row: usize) -> i64 {
    // As SQL has it: the start rounded down, and the duration towards zero.
    chunk.start_ns[row].div_euclid(NS_PER_MS).saturating_add(chunk.duration_ns.get(row) / NS_PER_MS)
}
