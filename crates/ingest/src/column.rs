//! The columns of a span.

use bytes::Bytes;
use spanwise_genai::{PriceTable, span_columns};
use spanwise_model::{NewSpan, SpanId, SpanStatus};
use spanwise_otlp::SpanView;
use xxhash_rust::xxh3::xxh3_64;

/// Returns a span with the columns that its attributes and events give it.
pub(crate) fn new_span(
    raw: Bytes,
    view: &SpanView<'_>,
    span_id: SpanId,
    parent_id: Option<SpanId>,
    prices: &PriceTable,
) -> NewSpan {
    // Log records of this span may be in the store already, or yet to come: they are merged when it is read.
    let columns = span_columns(view, parent_id.is_none() || view.has_remote_parent(), &[], prices);
    NewSpan {
        content_hash: xxh3_64(&raw),
        raw,
        span_id,
        parent_id,
        name: view.name.into(),
        span_type: columns.span_type,
        status: status_of(view.status_code),
        start_ns: view.start_ns(),
        end_ns: view.end_ns(),
        usage: columns.usage,
        cost: columns.cost,
        model: columns.model,
        provider: columns.provider,
        session: columns.session,
        user: columns.user,
        root: columns.root,
        lent: None,
    }
}

/// Reads OTLP's `StatusCode`; a number that it does not define is unset, as for any unknown enum value.
fn status_of(code: i32) -> SpanStatus {
    match code {
        1 => SpanStatus::Ok,
        2 => SpanStatus::Error,
        _ => SpanStatus::Unset,
    }
}
