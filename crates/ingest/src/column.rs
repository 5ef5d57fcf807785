//! The columns of a span.

use bytes::Bytes;
use spanwise_genai::{PriceTable, derive, derive_without_bodies, root_facts};
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
    // What a span with a parent took in and gave out is read when somebody looks at it.
    let derived =
        if parent_id.is_none() { derive(view, &[], prices) } else { derive_without_bodies(view, prices) };
    let boxed = |text: &Option<std::borrow::Cow<'_, str>>| text.as_deref().map(Into::into);
    NewSpan {
        content_hash: xxh3_64(&raw),
        raw,
        span_id,
        parent_id,
        name: view.name.into(),
        span_type: derived.span_type().into(),
        status: status_of(view.status_code),
        start_ns: view.start_ns(),
        end_ns: view.end_ns(),
        usage: derived.usage,
        cost: derived.cost,
        model: boxed(&derived.model),
        provider: boxed(&derived.provider),
        session: boxed(&derived.session),
        user: boxed(&derived.user),
        root: parent_id.is_none().then(|| Box::new(root_facts(view, &derived))),
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
