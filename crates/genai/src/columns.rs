//! What is kept of a span beside its bytes: the one place in which it is derived, when the span comes in and whenever it
//! is derived again.

use crate::derive::{derive, derive_without_bodies};
use crate::prices::PriceTable;
use crate::root::root_facts;
use spanwise_model::{Cost, RootFacts, TokenUsage};
use spanwise_otlp::{LogRecordView, SpanView};
use std::borrow::Cow;

/// What a span's convention tells, as far as it is searched, counted and listed. Identity, times and status, which
/// OTLP itself tells, are not in it.
#[derive(Debug, Clone, PartialEq)]
pub struct SpanColumns {
    /// The type, [`crate::UNKNOWN_TYPE`] if nothing tells.
    pub span_type: Box<str>,
    /// Tokens that it reports.
    pub usage: Option<TokenUsage>,
    /// Cost in US dollars: as reported, else by the price table.
    pub cost: Option<Cost>,
    /// The model that answered, else the one asked.
    pub model: Option<Box<str>>,
    /// The provider.
    pub provider: Option<Box<str>>,
    /// The session (conversation).
    pub session: Option<Box<str>>,
    /// The end user.
    pub user: Option<Box<str>>,
    /// What it says of its trace, if it may speak for it.
    pub root: Option<Box<RootFacts>>,
}

/// Returns whether spans of that type lend texts to their trace where its root has none: whoever speaks with a model.
pub fn lends_texts(span_type: &str) -> bool {
    matches!(span_type, "AGENT" | "CHAT_MODEL" | "LLM")
}

/// Returns the columns of `span`; `logs` are the log records that belong to it, in the order they came, and `prices`
/// those of its experiment.
///
/// What a span took in and gave out is read only if it may speak for its trace: of all others it is read when somebody
/// looks at them.
pub fn span_columns(
    span: &SpanView<'_>,
    speaks_for_trace: bool,
    logs: &[LogRecordView<'_>],
    prices: &PriceTable,
) -> SpanColumns {
    let derived =
        if speaks_for_trace { derive(span, logs, prices) } else { derive_without_bodies(span, prices) };
    let boxed = |text: &Option<Cow<'_, str>>| text.as_deref().map(Into::into);
    SpanColumns {
        span_type: derived.span_type().into(),
        usage: derived.usage,
        cost: derived.cost,
        model: boxed(&derived.model),
        provider: boxed(&derived.provider),
        session: boxed(&derived.session),
        user: boxed(&derived.user),
        root: speaks_for_trace.then(|| Box::new(root_facts(span, logs, &derived))),
    }
}
