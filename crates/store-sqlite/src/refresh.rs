//! What a trace's record hears of its spans later than with them: a root whose messages come as log records, whichever
//! arrives first; a span that stands in for a root since the one before it has got a parent; and a call that lends texts
//! to a root without any, where the spans that arrive do not tell which (`lender`).

use crate::append::{end_with, speak};
use crate::error::{damaged, sql_error};
use crate::lender::{self, Found, SIDES, Side};
use crate::rank::{self, Rank};
use crate::rollup::TraceFacts;
use crate::spans::{self, Form};
use crate::store::SqliteStore;
use crate::trace_row::TraceRow;
use crate::writer::WriteContext;
use rusqlite::Connection;
use spanwise_genai::{PriceTable, span_columns};
use spanwise_model::{ErrorKind, RootFacts, SpanStatus, TraceId};
use spanwise_otlp::{LogRecordView, SpanView};
use spanwise_store::{StoreResult, StoredSpan};
use std::sync::Arc;

/// How often a trace that is being written to is listened to. Each write listens again by itself.
const TRIES_MAX: usize = 3;

/// What was heard of a trace.
struct Heard {
    /// What the root says that was not heard with it.
    root: Option<Root>,
    /// Who lends what the root does not say; `None` if it says all.
    lent: Option<Found>,
    /// The last block that was there.
    last_block_id: Option<i64>,
}

/// What the root of a trace says.
struct Root {
    rank: Rank,
    name: String,
    end_ns: Option<i64>,
    status: SpanStatus,
    facts: RootFacts,
}

impl SqliteStore {
    /// Derives what the roots of these traces say again, and what others say for them, now that log records or spans came.
    pub(crate) async fn refresh_roots(&self, traces: Vec<TraceId>) -> StoreResult<()> {
        let mut todo = traces;
        for _ in 0..TRIES_MAX {
            let mut refreshed = Vec::new();
            for trace_id in todo {
                if let Some(heard) = self.hear(&trace_id).await? {
                    refreshed.push((trace_id, heard));
                }
            }
            if refreshed.is_empty() {
                break;
            }
            todo = self
                .write(move |context| {
                    let mut changed = Vec::new();
                    for (id, heard) in refreshed {
                        if !update(context, &id, &heard)? {
                            changed.push(id);
                        }
                    }
                    Ok(changed)
                })
                .await?;
        }
        Ok(())
    }

    /// Returns what is to be heard of a trace; `None` if there is no trace, or nothing.
    async fn hear(&self, trace_id: &TraceId) -> StoreResult<Option<Heard>> {
        let (id, spans) = (trace_id.clone(), Arc::clone(&self.spans));
        let prices = self.prices.get();
        self.read(move |conn| match hear(conn, &spans, &id, prices.general()) {
            // Deleted in between.
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            result => result,
        })
        .await
    }
}

fn hear(
    conn: &Connection,
    spans: &spans::SpanReader,
    id: &TraceId,
    prices: &PriceTable,
) -> StoreResult<Option<Heard>> {
    let Some(row) = TraceRow::load_by_id(conn, id)?.filter(|row| row.visible) else { return Ok(None) };
    let last_block_id = last_block_id(conn, row.trace_key)?;
    let mut after = row;
    let mut root = None;
    if let Some(rank) = after.root_rank
        && let Some(stored) = spans::read_some(conn, spans, id, &[rank::span_of(&rank)], Form::Whole)?.first()
    {
        root = heard_root(stored, rank, prices)?;
    }
    if let Some(root) = &root {
        lender::take_root_texts(&mut after, &root.facts);
    }
    let lacking: Vec<Side> = SIDES.into_iter().filter(|side| side.lacks(&after)).collect();
    let lent =
        if lacking.is_empty() { None } else { Some(lender::find(conn, spans, after.trace_key, &lacking)?) };
    Ok((root.is_some() || lent.is_some()).then_some(Heard { root, lent, last_block_id }))
}

fn last_block_id(conn: &Connection, trace_key: i64) -> StoreResult<Option<i64>> {
    conn.prepare_cached("SELECT max(block_id) FROM block WHERE trace_key = ?1")
        .and_then(|mut statement| statement.query_row([trace_key], |row| row.get(0)))
        .map_err(sql_error)
}

/// Returns what a root says; that it costs something is no part of it. `None` if all of it was heard already.
fn heard_root(stored: &StoredSpan, rank: Rank, prices: &PriceTable) -> StoreResult<Option<Root>> {
    let span = SpanView::parse_in_scope(&stored.raw, &stored.scope.bytes)
        .map_err(|error| damaged(format!("a stored span: {error}")))?;
    let logs: Vec<LogRecordView<'_>> =
        stored.logs.iter().filter_map(|record| LogRecordView::parse(record).ok()).collect();
    if logs.is_empty() && !rank::is_stand_in(&rank) {
        return Ok(None);
    }
    let facts = span_columns(&span, true, &logs, prices).root.map(|facts| *facts).unwrap_or_default();
    let status =
        if span.status_code == SpanStatus::Error as i32 { SpanStatus::Error } else { SpanStatus::Unset };
    Ok(Some(Root { rank, name: span.name.to_owned(), end_ns: span.end_ns(), status, facts }))
}

/// Writes what was heard; returns whether that is still so.
fn update(context: &mut WriteContext<'_>, id: &TraceId, heard: &Heard) -> StoreResult<bool> {
    let Some(mut row) = TraceRow::load_by_id(context.conn, id)? else { return Ok(true) };
    let old = row.clone();
    // Another root that speaks now is heard in its turn.
    if let Some(root) = heard.root.as_ref().filter(|root| row.root_rank == Some(root.rank)) {
        speak(&mut row, Some(&root.name), &root.facts);
        end_with(&mut row, root.end_ns, root.status);
    }
    let is_current = last_block_id(context.conn, row.trace_key)? == heard.last_block_id;
    if let Some(found) = heard.lent.as_ref().filter(|_| is_current) {
        let mut state = context.states.take(context.conn, id)?;
        lender::take_found(&mut row, &mut state, found);
        context.states.put(id.clone(), state);
    }
    // What a root says may be more than what the record has of it, such as messages that came as log records.
    if row != old || heard.root.is_some() {
        row.update(context.conn)?;
        if context.rollups.has_trace(row.trace_key) {
            context.rollups.trace(TraceFacts::of(&old).as_ref(), TraceFacts::of(&row).as_ref());
        }
        context.changed.push(id.clone());
        context.table.row(row);
    }
    Ok(is_current)
}
