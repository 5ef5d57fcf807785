//! Ids, contexts and values of OpenTelemetry as ours, and back.

use crate::{Kind, SpanContext, SpanId, TraceId, Value};
use opentelemetry::trace::{self as otel, TraceFlags, TraceState};
use opentelemetry::{Array, KeyValue};
use std::str::FromStr;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

pub(super) fn span_id(id: otel::SpanId) -> SpanId {
    SpanId(id.to_bytes())
}

pub(super) fn ours(context: &otel::SpanContext) -> SpanContext {
    let state = context.trace_state();
    SpanContext {
        trace_id: TraceId(context.trace_id().to_bytes()),
        span_id: span_id(context.span_id()),
        is_sampled: context.is_sampled(),
        trace_state: (*state != TraceState::NONE).then(|| Arc::from(state.header())),
    }
}

pub(super) fn theirs(context: &SpanContext, is_remote: bool) -> otel::SpanContext {
    // One that OpenTelemetry can't read is left out, as the specification of W3C wants it.
    let state = context.trace_state.as_deref().and_then(|state| TraceState::from_str(state).ok());
    otel::SpanContext::new(
        otel::TraceId::from_bytes(context.trace_id.0),
        otel::SpanId::from_bytes(context.span_id.0),
        TraceFlags::default().with_sampled(context.is_sampled),
        is_remote,
        state.unwrap_or(TraceState::NONE),
    )
}

pub(super) fn kind(kind: &otel::SpanKind) -> Kind {
    match kind {
        otel::SpanKind::Client => Kind::Client,
        otel::SpanKind::Server => Kind::Server,
        otel::SpanKind::Producer => Kind::Producer,
        otel::SpanKind::Consumer => Kind::Consumer,
        otel::SpanKind::Internal => Kind::Internal,
    }
}

/// Nanoseconds since the Unix epoch; times before it are that.
pub(super) fn unix_ns(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

pub(super) fn value(value: &opentelemetry::Value) -> Value {
    use opentelemetry::Value as Theirs;
    match value {
        Theirs::Bool(value) => Value::Bool(*value),
        Theirs::I64(number) => Value::Int(*number),
        Theirs::F64(number) => Value::Double(*number),
        Theirs::String(text) => Value::from(text.as_str()),
        Theirs::Array(Array::Bool(values)) => {
            values.iter().copied().map(Value::Bool).collect::<Vec<_>>().into()
        }
        Theirs::Array(Array::I64(values)) => {
            values.iter().copied().map(Value::Int).collect::<Vec<_>>().into()
        }
        Theirs::Array(Array::F64(values)) => {
            values.iter().copied().map(Value::Double).collect::<Vec<_>>().into()
        }
        Theirs::Array(Array::String(values)) => {
            values.iter().map(|text| Value::from(text.as_str())).collect::<Vec<_>>().into()
        }
        // Later versions may have more.
        other => Value::from(other.to_string()),
    }
}

pub(super) fn attributes(attributes: &[KeyValue]) -> Vec<(&str, Value)> {
    attributes.iter().map(|attribute| (attribute.key.as_str(), value(&attribute.value))).collect()
}
