//! Rewriting requests: what is replaced is replaced everywhere, and every other byte stays.

use crate::generate;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use proptest::prelude::*;
use prost::Message;
use spanwise_otlp::{Place, Rewriter, ValueStep, rewrite_logs, rewrite_traces};

/// Changes nothing, or everything.
#[derive(Default)]
struct Marker {
    is_on: bool,
    resources: Vec<usize>,
    places: Vec<String>,
}

impl Rewriter for Marker {
    fn begin_resource(&mut self, index: usize) {
        self.resources.push(index);
    }
    fn value(&mut self, place: &Place<'_>) -> Option<String> {
        self.places.push(name(place));
        None
    }
    fn text(&mut self, _: &Place<'_>, text: &str) -> Option<String> {
        (self.is_on && !text.is_empty()).then(|| mark(text))
    }
    fn number(&mut self, _: &Place<'_>, digits: &str) -> Option<String> {
        (self.is_on && digits.len() > 3).then(|| mark(digits))
    }
    fn bytes(&mut self, _: &Place<'_>, bytes: &[u8]) -> Option<Vec<u8>> {
        (self.is_on && !bytes.is_empty()).then(|| mark_bytes(bytes))
    }
    fn leaves_out(&mut self, _: &[u8]) -> bool {
        false
    }
}

fn name(place: &Place<'_>) -> String {
    let step = |step: &ValueStep<'_>| match step {
        ValueStep::Key(key) => format!(".{key}"),
        ValueStep::Index(index) => format!("[{index}]"),
    };
    let steps: String = place.steps.iter().map(step).collect();
    format!("{}{steps}", place.attribute.as_deref().unwrap_or("-"))
}

/// Long enough that the lengths of messages take more bytes than before.
fn mark(text: &str) -> String {
    format!("<{text}>{}", "x".repeat(200))
}

fn mark_bytes(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().map(|byte| !byte).collect()
}

fn mark_text(text: &mut String) {
    if !text.is_empty() {
        *text = mark(text);
    }
}

fn mark_attributes(attributes: &mut [KeyValue]) {
    for attribute in attributes {
        mark_text(&mut attribute.key);
        attribute.value.iter_mut().for_each(mark_value);
    }
}

fn mark_value(value: &mut AnyValue) {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let number = |value: i64| {
        let digits = value.to_string();
        (digits.len() > 3).then(|| Value::StringValue(mark(&digits)))
    };
    let marked = match &mut value.value {
        Some(Value::StringValue(text)) => return mark_text(text),
        Some(Value::BytesValue(bytes)) => return *bytes = mark_bytes(bytes),
        Some(Value::ArrayValue(array)) => return array.values.iter_mut().for_each(mark_value),
        Some(Value::KvlistValue(list)) => return mark_attributes(&mut list.values),
        Some(Value::IntValue(value)) => number(*value),
        Some(Value::DoubleValue(value)) if value.fract() == 0.0 && value.abs() <= EXACT => {
            number(*value as i64)
        }
        _ => None,
    };
    value.value = marked.or(value.value.take());
}

fn mark_request(request: &mut ExportTraceServiceRequest) {
    for group in &mut request.resource_spans {
        mark_text(&mut group.schema_url);
        if let Some(resource) = &mut group.resource {
            mark_attributes(&mut resource.attributes);
            for entity in &mut resource.entity_refs {
                mark_text(&mut entity.schema_url);
                mark_text(&mut entity.r#type);
                entity.id_keys.iter_mut().chain(&mut entity.description_keys).for_each(mark_text);
            }
        }
        for scope_spans in &mut group.scope_spans {
            mark_text(&mut scope_spans.schema_url);
            if let Some(scope) = &mut scope_spans.scope {
                mark_text(&mut scope.name);
                mark_text(&mut scope.version);
                mark_attributes(&mut scope.attributes);
            }
            for span in &mut scope_spans.spans {
                mark_text(&mut span.name);
                mark_text(&mut span.trace_state);
                mark_attributes(&mut span.attributes);
                span.status.iter_mut().for_each(|status| mark_text(&mut status.message));
                for event in &mut span.events {
                    mark_text(&mut event.name);
                    mark_attributes(&mut event.attributes);
                }
                for link in &mut span.links {
                    mark_text(&mut link.trace_state);
                    mark_attributes(&mut link.attributes);
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn what_nobody_changes_is_not_written_anew(traces in generate::traces(), logs in generate::logs()) {
        let mut marker = Marker::default();
        prop_assert_eq!(rewrite_traces(&traces.encode_to_vec(), &mut marker), None);
        prop_assert_eq!(marker.resources, (0..traces.resource_spans.len()).collect::<Vec<_>>());
        prop_assert_eq!(rewrite_logs(&logs.encode_to_vec(), &mut Marker::default()), None);
    }

    #[test]
    fn every_text_number_and_bytes_can_be_replaced(traces in generate::traces()) {
        let mut marker = Marker { is_on: true, ..Marker::default() };
        let body = traces.encode_to_vec();
        let rewritten = rewrite_traces(&body, &mut marker).unwrap_or(body);
        let mut expected = traces;
        mark_request(&mut expected);
        // NaN differs from itself, so that texts are compared.
        let decoded = ExportTraceServiceRequest::decode(&*rewritten).unwrap();
        prop_assert_eq!(format!("{decoded:?}"), format!("{expected:?}"));
        prop_assert_eq!(rewritten, expected.encode_to_vec());
    }

    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        rewrite_traces(&bytes, &mut Marker { is_on: true, ..Marker::default() });
        rewrite_logs(&bytes, &mut Marker { is_on: true, ..Marker::default() });
    }
}

/// A request with one span of these fields.
fn request(span_fields: &[u8]) -> Vec<u8> {
    let field = |number: u8, bytes: &[u8]| [&[number << 3 | 2, bytes.len() as u8], bytes].concat();
    field(1, &field(2, &field(2, span_fields)))
}

#[test]
fn values_are_placed_by_their_steps() {
    // attributes: [{key: "a", value: {kvlist: {"b": [true, "x"]}}}]
    let array = [&[0x0a, 2, 0x10, 1, 0x0a, 3, 0x0a, 1][..], b"x"].concat();
    let value = [&[0x2a, array.len() as u8][..], &array].concat();
    let entry = [&[0x0a, 1, b'b', 0x12, value.len() as u8][..], &value].concat();
    let list = [&[0x0a, entry.len() as u8][..], &entry].concat();
    let kvlist = [&[0x32, list.len() as u8][..], &list].concat();
    let attribute = [&[0x0a, 1, b'a', 0x12, kvlist.len() as u8][..], &kvlist].concat();
    let mut marker = Marker::default();
    rewrite_traces(&request(&[&[0x4a, attribute.len() as u8][..], &attribute].concat()), &mut marker);
    assert_eq!(marker.places, ["a", "a.b", "a.b[0]", "a.b[1]"]);
}

/// Leaves out what holds an `x`, and replaces values whose attribute is `v`.
struct Remover;

impl Rewriter for Remover {
    fn begin_resource(&mut self, _: usize) {}
    fn value(&mut self, place: &Place<'_>) -> Option<String> {
        (place.attribute.as_deref() == Some("v")).then(|| "new".into())
    }
    fn text(&mut self, _: &Place<'_>, _: &str) -> Option<String> {
        None
    }
    fn number(&mut self, _: &Place<'_>, _: &str) -> Option<String> {
        None
    }
    fn bytes(&mut self, _: &Place<'_>, _: &[u8]) -> Option<Vec<u8>> {
        None
    }
    fn leaves_out(&mut self, field: &[u8]) -> bool {
        field.contains(&b'x')
    }
}

#[test]
fn whole_values_are_replaced_by_texts() {
    let before = request(&[&[0x4a, 7, 0x0a, 1, b'v', 0x12, 2, 0x18, 5][..]].concat());
    let after = request(&[&[0x4a, 10, 0x0a, 1, b'v', 0x12, 5, 0x0a, 3][..], b"new"].concat());
    assert_eq!(rewrite_traces(&before, &mut Remover), Some(after));
}

#[test]
fn unknown_fields_stay_unless_nobody_wants_them() {
    // Field 20 as bytes, field 21 as a group.
    let unknown = |byte: u8| [0xa2, 0x01, 1, byte, 0xab, 0x01, 0x0a, 1, byte, 0xac, 0x01];
    assert_eq!(rewrite_traces(&request(&unknown(b'y')), &mut Remover), None);
    assert_eq!(rewrite_traces(&request(&unknown(b'x')), &mut Remover), Some(request(&[])));
}

#[test]
fn what_is_broken_stays_broken() {
    // The name has fewer bytes than its length says.
    assert_eq!(rewrite_traces(&request(&[0x2a, 9, b'y']), &mut Remover), None);
    assert_eq!(rewrite_traces(&request(&[0x2a, 9, b'x']), &mut Remover), Some(request(&[0x07])));
    // The name is a group.
    let group = [0x2b, 0x0a, 1, b'x', 0x2c];
    assert_eq!(rewrite_traces(&request(&group), &mut Remover), Some(request(&[0x07])));
    // The name is no text.
    assert_eq!(
        rewrite_traces(&request(&[0x2a, 2, b'x', 0xff]), &mut Remover),
        Some(request(&[0x2a, 1, 0xff]))
    );
}
