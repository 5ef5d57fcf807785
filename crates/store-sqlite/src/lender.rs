//! Texts of a trace whose root has none: those of the first call or agent with inputs, and of the last with outputs.
//!
//! Whoever appends spans tells the texts of the best lenders among them ([`NewSpan::lent`]), so that taking them over
//! reads nothing. What these can't tell is read again (`refresh`): who lends instead of a lender that lost its text, or of
//! a root that is no root any more; messages that come as log records; and who lent before the trace was forgotten here.

use crate::block::BlockKind;
use crate::columns;
use crate::error::damaged;
use crate::spans::{self, SpanReader};
use crate::trace_row::{TraceRow, explicit};
use crate::trace_state::{Arrival, TraceState};
use rusqlite::Connection;
use spanwise_genai::{lends_texts, lent_facts};
use spanwise_model::{NewSpan, RootFacts, SpanId};
use spanwise_otlp::{LogRecordView, SpanView};
use spanwise_store::{StoreResult, StoredSpan};
use std::collections::HashMap;
use std::ops::ControlFlow;

/// Lenders of a trace that are read at most, the best first, until one has a text. A trace with so many calls and no
/// content in any was recorded without content.
const READ_MAX: usize = 1_000;

/// One of the two texts of a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Input,
    Output,
}

/// Both.
pub(crate) const SIDES: [Side; 2] = [Side::Input, Side::Output];

/// Which of several lenders lends: the smaller one. Of inputs the first to start, of outputs the last to end, then the
/// first to start; then the smaller span id.
type Rank = (i64, i64, SpanId);

/// What is remembered of who lends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Best {
    /// No span that has arrived.
    #[default]
    Nobody,
    /// That one.
    Of(Rank),
    /// It must be looked for.
    Unknown,
}

/// Who lends to a trace, by side.
#[derive(Debug, Default)]
pub(crate) struct Lenders([Best; 2]);

/// A span that may lend.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lender {
    pub(crate) span_id: SpanId,
    pub(crate) start_ns: i64,
    pub(crate) end_ns: Option<i64>,
}

/// Who was found to lend, and what.
#[derive(Debug, Clone, Default)]
pub(crate) struct Found([Option<(Rank, RootFacts)>; 2]);

impl From<&NewSpan> for Lender {
    fn from(span: &NewSpan) -> Lender {
        Lender { span_id: span.span_id, start_ns: span.start_ns, end_ns: span.end_ns }
    }
}

impl Lenders {
    /// Knows nothing of a trace that has spans.
    pub(crate) fn unknown() -> Lenders {
        Lenders([Best::Unknown; 2])
    }

    fn of(&mut self, side: Side) -> &mut Best {
        &mut self.0[side as usize]
    }
}

impl Side {
    fn text(self, facts: &RootFacts) -> Option<&String> {
        match self {
            Side::Input => facts.input_text.as_ref(),
            Side::Output => facts.output_text.as_ref(),
        }
    }

    fn preview(self, facts: &RootFacts) -> Option<&String> {
        match self {
            Side::Input => facts.request_preview.as_ref(),
            Side::Output => facts.response_preview.as_ref(),
        }
    }

    fn rank(self, lender: &Lender) -> Option<Rank> {
        match self {
            Side::Input => Some((lender.start_ns, 0, lender.span_id)),
            // Its complement has the reverse order, and can't overflow.
            Side::Output => lender.end_ns.map(|end_ns| (!end_ns, lender.start_ns, lender.span_id)),
        }
    }

    fn lent_text_bit(self) -> u32 {
        match self {
            Side::Input => explicit::LENT_INPUT,
            Side::Output => explicit::LENT_OUTPUT,
        }
    }

    fn lent_preview_bit(self) -> u32 {
        match self {
            Side::Input => explicit::LENT_REQUEST_PREVIEW,
            Side::Output => explicit::LENT_RESPONSE_PREVIEW,
        }
    }

    fn preview_bit(self) -> u32 {
        match self {
            Side::Input => explicit::REQUEST_PREVIEW,
            Side::Output => explicit::RESPONSE_PREVIEW,
        }
    }

    /// The text and the preview of a row.
    fn of_row(self, row: &mut TraceRow) -> (&mut Option<String>, &mut Option<String>) {
        match self {
            Side::Input => (&mut row.input_text, &mut row.request_preview),
            Side::Output => (&mut row.output_text, &mut row.response_preview),
        }
    }

    /// Returns whether a trace has no text of its root's.
    pub(crate) fn lacks(self, row: &TraceRow) -> bool {
        let text = match self {
            Side::Input => &row.input_text,
            Side::Output => &row.output_text,
        };
        text.is_none() || row.is_explicit(self.lent_text_bit())
    }
}

/// Lets a root's texts replace all others, as far as no client said them; where it has none, those that are lent stay.
pub(crate) fn take_root_texts(row: &mut TraceRow, facts: &RootFacts) {
    for side in SIDES {
        let (is_lent, is_preview_lent) =
            (row.is_explicit(side.lent_text_bit()), row.is_explicit(side.lent_preview_bit()));
        let is_given = row.is_explicit(side.preview_bit());
        let (text, preview) = (side.text(facts), side.preview(facts));
        let (row_text, row_preview) = side.of_row(row);
        if text.is_some() || !is_lent {
            *row_text = text.cloned();
        }
        if !is_given && (preview.is_some() || !is_preview_lent) {
            *row_preview = preview.cloned();
        }
        if text.is_some() {
            row.explicit &= !side.lent_text_bit();
        }
        if preview.is_some() {
            row.explicit &= !side.lent_preview_bit();
        }
    }
}

/// Gives a trace that lacks a text what is lent, or takes back what was.
fn give(row: &mut TraceRow, side: Side, facts: Option<&RootFacts>) {
    let has_own_preview = !row.is_explicit(side.lent_preview_bit());
    let is_given = row.is_explicit(side.preview_bit());
    let (text, preview) = side.of_row(row);
    *text = facts.and_then(|facts| side.text(facts)).cloned();
    let is_lent = text.is_some();
    let keeps_preview = is_given || has_own_preview && preview.is_some();
    if !keeps_preview {
        *preview = facts.and_then(|facts| side.preview(facts)).cloned();
    }
    let is_preview_lent = !keeps_preview && preview.is_some();
    set_bit(row, side.lent_text_bit(), is_lent);
    set_bit(row, side.lent_preview_bit(), is_preview_lent);
}

fn set_bit(row: &mut TraceRow, bit: u32, is_set: bool) {
    row.explicit = if is_set { row.explicit | bit } else { row.explicit & !bit };
}

/// Copies texts and previews, with who said them, as far as no client did.
pub(crate) fn copy_texts(row: &mut TraceRow, from: &TraceRow) {
    for side in SIDES {
        let is_given = row.is_explicit(side.preview_bit());
        let mut from = from.clone();
        set_bit(row, side.lent_text_bit(), from.is_explicit(side.lent_text_bit()));
        if !is_given {
            set_bit(row, side.lent_preview_bit(), from.is_explicit(side.lent_preview_bit()));
        }
        let (from_text, from_preview) = side.of_row(&mut from);
        let (text, preview) = side.of_row(row);
        *text = from_text.take();
        if !is_given {
            *preview = from_preview.take();
        }
    }
}

/// Lets spans that arrived lend; returns whether who lends must be looked for.
pub(crate) fn settle(
    row: &mut TraceRow,
    state: &mut TraceState,
    spans: &[NewSpan],
    arrivals: &[Arrival],
) -> bool {
    let mut is_unsettled = false;
    for side in SIDES {
        let has_logs = state.has_logs();
        let best = state.lenders.of(side);
        let taken = take_in(best, side, spans, arrivals, has_logs);
        if !side.lacks(row) {
            continue;
        }
        match (*best, taken) {
            (Best::Nobody, _) => {}
            (Best::Of(_), Some(facts)) => give(row, side, Some(facts)),
            // The root had a text, and now nobody knows what this one has.
            (Best::Of(_), None) if !row.is_explicit(side.lent_text_bit()) => *best = Best::Unknown,
            (Best::Of(_), None) | (Best::Unknown, _) => {}
        }
        is_unsettled |= *best == Best::Unknown;
    }
    is_unsettled
}

/// Finds out who lends now; returns what, if it has just arrived.
fn take_in<'a>(
    best: &mut Best,
    side: Side,
    spans: &'a [NewSpan],
    arrivals: &[Arrival],
    has_logs: bool,
) -> Option<&'a RootFacts> {
    let root_tells = |span: &NewSpan| {
        span.parent_id.is_none() && span.root.as_deref().is_some_and(|facts| side.text(facts).is_some())
    };
    // Then nobody was asked for texts. And where messages are log records, spans alone do not tell.
    let nobody_was_asked = has_logs || spans.iter().any(root_tells);
    let mut taken = None;
    for (span, arrival) in spans.iter().zip(arrivals) {
        let lends = lends_texts(&span.span_type);
        let rank = side.rank(&Lender::from(span)).filter(|_| lends);
        let facts = span.lent.as_deref().filter(|facts| rank.is_some() && side.text(facts).is_some());
        let lost = matches!(*best, Best::Of((.., lender)) if lender == span.span_id);
        match (*arrival, rank, facts) {
            (Arrival::Unchanged, Some(rank), Some(_)) => {
                // It kept others from being asked, and is not what the trace has of it.
                if *best == Best::Nobody || matches!(*best, Best::Of(old) if rank < old) {
                    *best = Best::Unknown;
                }
            }
            (Arrival::Unchanged, ..) => {}
            (_, Some(rank), Some(facts)) => match *best {
                Best::Of(old) if rank > old && lost => *best = Best::Unknown,
                Best::Of(old) if rank > old => {}
                Best::Unknown => {}
                _ => {
                    *best = Best::Of(rank);
                    taken = Some(facts);
                }
            },
            (..) if lost || lends && nobody_was_asked => *best = Best::Unknown,
            (..) => {}
        }
    }
    taken.filter(|_| matches!(best, Best::Of(_)))
}

/// Notes who was found to lend, and lets the trace have it where it lacks a text.
pub(crate) fn take_found(row: &mut TraceRow, state: &mut TraceState, found: &Found) {
    for side in SIDES.into_iter().filter(|side| side.lacks(row)).collect::<Vec<_>>() {
        let lent = found.0[side as usize].as_ref();
        *state.lenders.of(side) = lent.map_or(Best::Nobody, |(rank, _)| Best::Of(*rank));
        give(row, side, lent.map(|(_, facts)| facts));
    }
}

/// Looks for who lends to a trace on some sides.
///
/// # Errors
/// `Internal` if something of it can't be read.
pub(crate) fn find(
    conn: &Connection,
    spans: &SpanReader,
    trace_key: i64,
    sides: &[Side],
) -> StoreResult<Found> {
    let lenders = stored_lenders(conn, trace_key)?;
    match find_among(conn, spans, trace_key, &lenders, sides) {
        // Compaction moved blocks: where they are now is in the index.
        Err(error) if spans::is_gone(&error) => find_among(conn, spans, trace_key, &lenders, sides),
        result => result,
    }
}

/// Looks for who lends among some spans.
///
/// # Errors
/// As [`find`].
pub(crate) fn find_among(
    conn: &Connection,
    spans: &SpanReader,
    trace_key: i64,
    lenders: &[Lender],
    sides: &[Side],
) -> StoreResult<Found> {
    let mut found = Found::default();
    for side in sides {
        let mut ranks: Vec<Rank> = lenders.iter().filter_map(|lender| side.rank(lender)).collect();
        ranks.sort_unstable();
        ranks.truncate(READ_MAX);
        let ids: Vec<SpanId> = ranks.iter().map(|rank| rank.2).collect();
        let by_id: HashMap<SpanId, Rank> = ranks.into_iter().map(|rank| (rank.2, rank)).collect();
        spans::visit_some(conn, spans, trace_key, &ids, |span_id, stored| {
            let facts = texts_of(&stored)?.filter(|facts| side.text(facts).is_some());
            let Some((facts, rank)) = facts.zip(by_id.get(&span_id)) else {
                return Ok(ControlFlow::Continue(()));
            };
            found.0[*side as usize] = Some((*rank, *facts));
            Ok(ControlFlow::Break(()))
        })?;
    }
    Ok(found)
}

/// Returns the last word of each span that may lend.
fn stored_lenders(conn: &Connection, trace_key: i64) -> StoreResult<Vec<Lender>> {
    // Whether it may lend too: what is there of a span may be replaced by what may not.
    let mut last: HashMap<SpanId, (Lender, bool)> = HashMap::new();
    spans::for_each_block(conn, trace_key, |_, kind, packed| {
        if kind == BlockKind::Spans {
            let columns = columns::unpack_spans(packed)?;
            for row in &columns.rows {
                let is_older = row.end_ns.is_none()
                    && last.get(&row.span_id).is_some_and(|(before, _)| before.end_ns.is_some());
                if !is_older {
                    let lender = Lender { span_id: row.span_id, start_ns: row.start_ns, end_ns: row.end_ns };
                    last.insert(row.span_id, (lender, lends_texts(columns.span_type(row))));
                }
            }
        }
        Ok(())
    })?;
    Ok(last.into_values().filter(|(_, lends)| *lends).map(|(lender, _)| lender).collect())
}

fn texts_of(stored: &StoredSpan) -> StoreResult<Option<Box<RootFacts>>> {
    let span = SpanView::parse_in_scope(&stored.raw, &stored.scope.bytes)
        .map_err(|error| damaged(format!("a stored span: {error}")))?;
    let logs: Vec<LogRecordView<'_>> =
        stored.logs.iter().filter_map(|record| LogRecordView::parse(record).ok()).collect();
    Ok(lent_facts(&span, &logs))
}
