//! What a trace's record hears of its root later than with its spans: a root whose messages come as log records, whichever
//! arrives first, and a span that stands in for a root since the one before it has got a parent.

use crate::append::{end_with, speak};
use crate::error::damaged;
use crate::rank::{self, Rank};
use crate::rollup::TraceFacts;
use crate::spans::{self, Form};
use crate::store::SqliteStore;
use crate::trace_row::TraceRow;
use crate::writer::WriteContext;
use spanwise_genai::{PriceTable, span_columns};
use spanwise_model::{ErrorKind, RootFacts, SpanStatus, TraceId};
use spanwise_otlp::{LogRecordView, SpanView};
use spanwise_store::{StoreResult, StoredSpan};
use std::sync::Arc;

/// What the root of a trace says.
struct Heard {
    rank: Rank,
    name: String,
    end_ns: Option<i64>,
    status: SpanStatus,
    facts: RootFacts,
}

impl SqliteStore {
    /// Derives what the roots of these traces say again, now that log records or the root came.
    pub(crate) async fn refresh_roots(&self, traces: Vec<TraceId>) -> StoreResult<()> {
        let mut refreshed = Vec::new();
        for trace_id in traces {
            if let Some(heard) = self.hear_root(&trace_id).await? {
                refreshed.push((trace_id, heard));
            }
        }
        if refreshed.is_empty() {
            return Ok(());
        }
        self.write(move |context| {
            refreshed.into_iter().try_for_each(|(id, heard)| update(context, id, &heard))
        })
        .await
    }

    /// Returns what the root of a trace says; `None` if there is no trace or no root yet, or it was heard already.
    async fn hear_root(&self, trace_id: &TraceId) -> StoreResult<Option<Heard>> {
        let (id, spans) = (trace_id.clone(), Arc::clone(&self.spans));
        let prices = self.prices.get();
        self.read(move |conn| {
            let row = TraceRow::load_by_id(conn, &id)?.filter(|row| row.visible);
            let Some(rank) = row.and_then(|row| row.root_rank) else { return Ok(None) };
            match spans::read_some(conn, &spans, &id, &[rank::span_of(&rank)], Form::Whole) {
                Ok(found) => found.first().map_or(Ok(None), |root| heard(root, rank, prices.general())),
                // Deleted in between.
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
                Err(error) => Err(error),
            }
        })
        .await
    }
}

/// Returns what a root says; that it costs something is no part of it.
fn heard(stored: &StoredSpan, rank: Rank, prices: &PriceTable) -> StoreResult<Option<Heard>> {
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
    Ok(Some(Heard { rank, name: span.name.to_owned(), end_ns: span.end_ns(), status, facts }))
}

fn update(context: &mut WriteContext<'_>, id: TraceId, heard: &Heard) -> StoreResult<()> {
    let Some(mut row) = TraceRow::load_by_id(context.conn, &id)? else { return Ok(()) };
    if row.root_rank != Some(heard.rank) {
        // Another speaks now, and is heard in its turn.
        return Ok(());
    }
    let before = TraceFacts::of(&row);
    speak(&mut row, Some(&heard.name), &heard.facts);
    end_with(&mut row, heard.end_ns, heard.status);
    row.update(context.conn)?;
    if context.rollups.has_trace(row.trace_key) {
        context.rollups.trace(before.as_ref(), TraceFacts::of(&row).as_ref());
    }
    context.changed.push(id);
    context.table.row(row);
    Ok(())
}
