//! What GenAI log records change in a trace's record: a root whose messages come as log records has its previews
//! from them, whichever arrives first.

use crate::error::damaged;
use crate::spans;
use crate::store::SqliteStore;
use crate::trace_row::{TraceRow, explicit};
use futures_util::TryStreamExt;
use rusqlite::Connection;
use spanwise_genai::{derive, root_facts};
use spanwise_model::{ErrorKind, RootFacts, TraceId};
use spanwise_otlp::{LogRecordView, SpanView};
use spanwise_store::{StoreResult, StoredSpan};
use std::sync::Arc;

impl SqliteStore {
    /// Derives what the roots of these traces say again, now that log records or the root came.
    pub(crate) async fn refresh_roots(&self, traces: Vec<TraceId>) -> StoreResult<()> {
        let mut refreshed = Vec::new();
        for trace_id in traces {
            if let Some(facts) = self.root_facts(&trace_id).await? {
                refreshed.push((trace_id, facts));
            }
        }
        if refreshed.is_empty() {
            return Ok(());
        }
        self.write(move |context| {
            refreshed.iter().try_for_each(|(trace_id, facts)| {
                context.changed.push(trace_id.clone());
                update_previews(context.conn, trace_id, facts)
            })
        })
        .await
    }

    /// Returns what the root of a trace says; `None` if there is no trace or no root yet.
    async fn root_facts(&self, trace_id: &TraceId) -> StoreResult<Option<RootFacts>> {
        let (readers, spans) = (Arc::clone(&self.readers), Arc::clone(&self.spans));
        let mut stream = match spans::read_spans(readers, spans, trace_id.clone()).await {
            Ok(stream) => stream,
            // Only its log records are known yet.
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        // Roots come first.
        let first = stream.try_next().await?.and_then(|chunk| chunk.into_iter().next());
        first.map_or(Ok(None), |first| facts_of(&first))
    }
}

fn facts_of(stored: &StoredSpan) -> StoreResult<Option<RootFacts>> {
    let span = SpanView::parse_in_scope(&stored.raw, &stored.scope.bytes)
        .map_err(|error| damaged(format!("a stored span: {error}")))?;
    let logs: Vec<LogRecordView<'_>> =
        stored.logs.iter().filter_map(|record| LogRecordView::parse(record).ok()).collect();
    if span.parent_span_id.iter().any(|byte| *byte != 0) || logs.is_empty() {
        return Ok(None);
    }
    Ok(Some(root_facts(&span, &derive(&span, &logs))))
}

fn update_previews(conn: &Connection, trace_id: &TraceId, facts: &RootFacts) -> StoreResult<()> {
    let Some(mut row) = TraceRow::load_by_id(conn, trace_id)? else { return Ok(()) };
    if !row.is_explicit(explicit::REQUEST_PREVIEW) {
        row.request_preview.clone_from(&facts.request_preview);
    }
    if !row.is_explicit(explicit::RESPONSE_PREVIEW) {
        row.response_preview.clone_from(&facts.response_preview);
    }
    row.input_text.clone_from(&facts.input_text);
    row.output_text.clone_from(&facts.output_text);
    row.update(conn)
}
