//! Builds `prost` messages out of views, to compare them with what `prost` decodes.

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue, KeyValueList};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use opentelemetry_proto::tonic::trace::v1::{Span, Status};
use spanwise_otlp::{AnyValueView, Attributes, LogRecordView, SpanView, StoredAttributes, StoredValue};

/// Returns what `prost` should have decoded; an absent value and an empty one are the same.
pub(crate) fn span(view: &SpanView<'_>) -> Span {
    Span {
        trace_id: view.trace_id.into(),
        span_id: view.span_id.into(),
        trace_state: view.trace_state.into(),
        parent_span_id: view.parent_span_id.into(),
        flags: view.flags,
        name: view.name.into(),
        kind: view.kind,
        start_time_unix_nano: view.start_time_unix_nano,
        end_time_unix_nano: view.end_time_unix_nano,
        attributes: attributes(view.attributes()),
        dropped_attributes_count: view.dropped_attributes_count,
        events: view
            .events()
            .map(|event| Event {
                time_unix_nano: event.time_unix_nano,
                name: event.name.into(),
                attributes: attributes(event.attributes()),
                dropped_attributes_count: event.dropped_attributes_count,
            })
            .collect(),
        dropped_events_count: view.dropped_events_count,
        links: view
            .links()
            .map(|link| Link {
                trace_id: link.trace_id.into(),
                span_id: link.span_id.into(),
                trace_state: link.trace_state.into(),
                attributes: attributes(link.attributes()),
                dropped_attributes_count: link.dropped_attributes_count,
                flags: link.flags,
            })
            .collect(),
        dropped_links_count: view.dropped_links_count,
        status: Some(Status { message: view.status_message.into(), code: view.status_code }),
    }
}

/// Returns what `prost` should have decoded.
pub(crate) fn log_record(view: &LogRecordView<'_>) -> LogRecord {
    LogRecord {
        time_unix_nano: view.time_unix_nano,
        observed_time_unix_nano: view.observed_time_unix_nano,
        severity_number: view.severity_number,
        severity_text: view.severity_text.into(),
        body: Some(any_value(view.body)),
        attributes: attributes(view.attributes()),
        dropped_attributes_count: view.dropped_attributes_count,
        flags: view.flags,
        trace_id: view.trace_id.into(),
        span_id: view.span_id.into(),
        event_name: view.event_name.into(),
    }
}

/// Returns what `prost` should have decoded.
pub(crate) fn attributes(views: Attributes<'_>) -> Vec<KeyValue> {
    views
        .map(|(key, value)| KeyValue {
            key: key.into(),
            value: Some(any_value(value)),
            ..KeyValue::default()
        })
        .collect()
}

/// Returns the same from attributes as bytes, in which lists and maps are walked as bytes too.
pub(crate) fn stored_attributes(stored: StoredAttributes<'_>) -> Vec<KeyValue> {
    stored
        .map(|attribute| KeyValue {
            key: String::from_utf8(attribute.key().into()).unwrap(),
            value: Some(stored_value(attribute.value())),
            ..KeyValue::default()
        })
        .collect()
}

fn stored_value(stored: StoredValue<'_>) -> AnyValue {
    let walked = match stored {
        StoredValue::List(list) => AnyValue {
            value: Some(Value::ArrayValue(ArrayValue { values: list.iter().map(stored_value).collect() })),
        },
        StoredValue::Map(map) => AnyValue {
            value: Some(Value::KvlistValue(KeyValueList { values: stored_attributes(map.iter()) })),
        },
        StoredValue::Text(_) | StoredValue::Plain(_) => any_value(stored.view()),
    };
    assert_eq!(format!("{walked:?}"), format!("{:?}", any_value(stored.view())));
    walked
}

fn any_value(view: AnyValueView<'_>) -> AnyValue {
    let value = match view {
        AnyValueView::Empty => None,
        AnyValueView::String(text) => Some(Value::StringValue(text.into())),
        AnyValueView::Bool(value) => Some(Value::BoolValue(value)),
        AnyValueView::Int(value) => Some(Value::IntValue(value)),
        AnyValueView::Double(value) => Some(Value::DoubleValue(value)),
        AnyValueView::Bytes(bytes) => Some(Value::BytesValue(bytes.into())),
        AnyValueView::Array(array) => {
            Some(Value::ArrayValue(ArrayValue { values: array.iter().map(any_value).collect() }))
        }
        AnyValueView::KvList(list) => {
            Some(Value::KvlistValue(KeyValueList { values: attributes(list.iter()) }))
        }
    };
    AnyValue { value }
}

/// Makes absent messages empty ones, which views don't tell apart.
pub(crate) fn fill_span(mut span: Span) -> Span {
    span.status.get_or_insert_default();
    fill_attributes(&mut span.attributes);
    span.events.iter_mut().for_each(|event| fill_attributes(&mut event.attributes));
    span.links.iter_mut().for_each(|link| fill_attributes(&mut link.attributes));
    span
}

/// Makes absent messages empty ones.
pub(crate) fn fill_log_record(mut record: LogRecord) -> LogRecord {
    fill_attributes(&mut record.attributes);
    fill_value(record.body.get_or_insert_default());
    record
}

/// Makes absent messages empty ones.
pub(crate) fn fill_attributes(attributes: &mut [KeyValue]) {
    for attribute in attributes {
        fill_value(attribute.value.get_or_insert_default());
    }
}

fn fill_value(value: &mut AnyValue) {
    match &mut value.value {
        Some(Value::ArrayValue(array)) => array.values.iter_mut().for_each(fill_value),
        Some(Value::KvlistValue(list)) => fill_attributes(&mut list.values),
        _ => {}
    }
}
