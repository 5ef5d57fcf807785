//! Ranks: which of several spans decides a value of their trace, whatever the order in which they arrive.
//!
//! A rank is compared as bytes and the smaller one wins: first how the value was chosen, then a root before any
//! other span, then the earlier start, then the smaller span id.

use spanwise_model::{NewSpan, SpanId};

/// Bytes of a rank.
pub(crate) const RANK_BYTES: usize = 18;

/// A rank; see the module.
pub(crate) type Rank = [u8; RANK_BYTES];

/// The rank of an experiment that is only known from log records: any span's choice replaces it.
pub(crate) const WEAKEST: Rank = [u8::MAX; RANK_BYTES];

/// The rank of a value that a client set itself: no span's is smaller.
pub(crate) const EXPLICIT: Rank = [0; RANK_BYTES];

/// Returns the rank of what `span` says, chosen by `source` (0 is the strongest).
pub(crate) fn of_span(source: u8, span: &NewSpan) -> Rank {
    from_parts(source, span.parent_id.is_none(), span.start_ns, span.span_id)
}

fn from_parts(source: u8, is_root: bool, start_ns: i64, span_id: SpanId) -> Rank {
    let mut rank = [0; RANK_BYTES];
    rank[0] = source;
    rank[1] = u8::from(!is_root);
    // Flipping the sign bit makes the byte order of big-endian integers their numeric order.
    rank[2..10].copy_from_slice(&((start_ns as u64) ^ (1 << 63)).to_be_bytes());
    rank[10..].copy_from_slice(&span_id.0);
    rank
}

/// Returns whether a root's rank is that of a span that stands in for a root: it has a parent.
pub(crate) fn is_stand_in(rank: &Rank) -> bool {
    rank[1] != 0
}

/// Returns the rank that a span with a parent has as a root, chosen by source 1.
pub(crate) fn of_stand_in(start_ns: i64, span_id: SpanId) -> Rank {
    from_parts(1, false, start_ns, span_id)
}

/// Returns the span whose rank it is.
pub(crate) fn span_of(rank: &Rank) -> SpanId {
    let mut span_id = SpanId([0; 8]);
    span_id.0.copy_from_slice(&rank[10..]);
    span_id
}

/// Returns whether a value of rank `new` replaces one of rank `old` (`None`: there is no value yet).
///
/// Equal ranks replace: the same span came again with other content.
pub(crate) fn replaces(new: &Rank, old: Option<&Rank>) -> bool {
    old.is_none_or(|old| new <= old)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rank(source: u8, root: bool, start: i64, id: u8) -> Rank {
        from_parts(source, root, start, SpanId([id; 8]))
    }

    #[test]
    fn source_then_root_then_start_then_id() {
        let ordered = [
            EXPLICIT,
            rank(1, true, 9, 9),
            rank(1, false, -5, 1),
            rank(1, false, 3, 1),
            rank(1, false, 3, 2),
            rank(2, true, 1, 1),
        ];
        assert!(ordered.is_sorted());
    }

    #[test]
    fn a_rank_tells_its_span() {
        let stand_in = of_stand_in(-5, SpanId([7; 8]));
        assert_eq!(stand_in, rank(1, false, -5, 7));
        assert_eq!(span_of(&stand_in), SpanId([7; 8]));
        assert!(is_stand_in(&stand_in) && !is_stand_in(&rank(1, true, 1, 1)));
    }

    #[test]
    fn equal_and_smaller_ranks_replace() {
        assert!(replaces(&rank(1, true, 1, 1), None));
        assert!(replaces(&rank(1, true, 1, 1), Some(&rank(1, true, 1, 1))));
        assert!(replaces(&rank(1, true, 1, 1), Some(&rank(1, false, 0, 0))));
        assert!(!replaces(&rank(1, false, 1, 1), Some(&EXPLICIT)));
    }
}
