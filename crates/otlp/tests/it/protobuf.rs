//! Reading protobuf in place, compared with `prost`.

use crate::{fixture, generate, rebuild};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::Span;
use proptest::prelude::*;
use prost::Message;
use spanwise_model::SpanId;
use spanwise_otlp::{
    AnyValueView, LogRecordView, ResourceGroup, ResourceView, ScopeGroup, ScopeView, SpanView, encode_traces,
    parse_header, resource_spans_header, scan_logs, scan_traces, scope_spans_header,
};

/// Compares by text, as NaN differs from itself.
#[track_caller]
fn assert_same(ours: &impl std::fmt::Debug, reference: &impl std::fmt::Debug) {
    assert_eq!(format!("{ours:#?}"), format!("{reference:#?}"));
}

fn check_traces(body: &[u8]) {
    let reference = ExportTraceServiceRequest::decode(body).unwrap();
    let groups = scan_traces(body).unwrap();
    assert_eq!(groups.len(), reference.resource_spans.len());
    for (group, reference) in groups.iter().zip(&reference.resource_spans) {
        check_resource(group.resource, reference.resource.clone());
        assert_eq!(group.schema_url, reference.schema_url);
        assert_eq!(group.scopes.len(), reference.scope_spans.len());
        for (scope, reference) in group.scopes.iter().zip(&reference.scope_spans) {
            check_scope(scope.scope, reference.scope.clone());
            assert_eq!(scope.schema_url, reference.schema_url);
            assert_eq!(scope.spans.len(), reference.spans.len());
            scope.spans.iter().zip(&reference.spans).for_each(|(raw, reference)| check_span(raw, reference));
        }
    }
}

fn check_span(raw: &[u8], reference: &Span) {
    let view = SpanView::parse(raw).unwrap();
    let reference = rebuild::fill_span(reference.clone());
    assert_same(&rebuild::span(&view), &reference);
    let stored = SpanView::parse_stored(raw).unwrap();
    assert_same(&rebuild::span(&stored), &reference);
    assert_same(&rebuild::stored_attributes(stored.stored_attributes()), &reference.attributes);
}

fn check_resource(raw: Option<&[u8]>, reference: Option<Resource>) {
    assert_eq!(raw.is_some(), reference.is_some());
    let Some((raw, mut reference)) = raw.zip(reference) else { return };
    let view = ResourceView::parse(raw).unwrap();
    rebuild::fill_attributes(&mut reference.attributes);
    assert_same(&rebuild::attributes(view.attributes()), &reference.attributes);
    assert_eq!(view.dropped_attributes_count, reference.dropped_attributes_count);
}

fn check_scope(raw: Option<&[u8]>, reference: Option<InstrumentationScope>) {
    assert_eq!(raw.is_some(), reference.is_some());
    let Some((raw, mut reference)) = raw.zip(reference) else { return };
    let view = ScopeView::parse(raw).unwrap();
    rebuild::fill_attributes(&mut reference.attributes);
    assert_eq!((view.name, view.version), (&*reference.name, &*reference.version));
    assert_same(&rebuild::attributes(view.attributes()), &reference.attributes);
    assert_eq!(view.dropped_attributes_count, reference.dropped_attributes_count);
}

fn check_logs(body: &[u8]) {
    let reference = ExportLogsServiceRequest::decode(body).unwrap();
    let groups = scan_logs(body).unwrap();
    let records = groups.iter().flat_map(|group| &group.scopes).flat_map(|scope| &scope.records);
    let expected: Vec<LogRecord> = reference
        .resource_logs
        .into_iter()
        .flat_map(|group| group.scope_logs)
        .flat_map(|scope| scope.log_records)
        .map(rebuild::fill_log_record)
        .collect();
    let rebuilt: Vec<LogRecord> =
        records.map(|raw| rebuild::log_record(&LogRecordView::parse(raw).unwrap())).collect();
    assert_same(&rebuilt, &expected);
}

proptest! {
    #[test]
    fn random_traces_are_read_as_prost_reads_them(request in generate::traces()) {
        check_traces(&request.encode_to_vec());
    }

    #[test]
    fn random_logs_are_read_as_prost_reads_them(request in generate::logs()) {
        check_logs(&request.encode_to_vec());
    }

    #[test]
    fn requests_rebuilt_from_stored_parts_are_the_same_bytes(request in generate::traces()) {
        // `prost` writes fields in order of their numbers, so does `encode_traces`, except for `schema_url`.
        check_reencoding(&request.encode_to_vec());
    }
}

#[test]
fn samples_are_read_as_prost_reads_them() {
    for fixture in fixture::all() {
        check_traces(&fixture.protobuf);
        check_reencoding(&fixture.protobuf);
    }
}

/// Takes a request apart into what a store keeps, and puts it together again.
fn check_reencoding(body: &[u8]) {
    let views = scan_traces(body).unwrap();
    let mut headers = Vec::new();
    for group in &views {
        headers.push(resource_spans_header(group.resource, group.schema_url));
        assert_eq!(parse_header(headers.last().unwrap()).unwrap(), (group.resource, group.schema_url));
        for scope in &group.scopes {
            headers.push(scope_spans_header(scope.scope, scope.schema_url));
            assert_eq!(parse_header(headers.last().unwrap()).unwrap(), (scope.scope, scope.schema_url));
        }
    }
    let mut stored = headers.iter();
    let mut groups = Vec::new();
    for group in &views {
        let header = stored.next().unwrap();
        let scopes = group.scopes.iter();
        let scopes =
            scopes.map(|scope| ScopeGroup { header: stored.next().unwrap(), items: scope.spans.clone() });
        groups.push(ResourceGroup { header, scopes: scopes.collect() });
    }
    assert_eq!(scan_traces(&encode_traces(&groups)).unwrap(), views);
}

/// Writes a field of wire type 2.
fn field(number: u8, payload: &[u8]) -> Vec<u8> {
    let mut out = vec![number << 3 | 2];
    prost::encode_length_delimiter(payload.len(), &mut out).unwrap();
    out.extend_from_slice(payload);
    out
}

fn attribute(key: &str, value: &[u8]) -> Vec<u8> {
    field(9, &[field(1, key.as_bytes()), field(2, value)].concat())
}

#[test]
fn unknown_fields_and_groups_are_skipped() {
    // Field 100 as varint, fixed64, text and fixed32, and field 20 as a group with a group inside.
    let unknown: &[&[u8]] = &[
        b"\xa0\x06\x05",
        b"\xa1\x06\0\0\0\0\0\0\0\0",
        b"\xa2\x06\x01x",
        b"\xa5\x06\0\0\0\0",
        b"\xa3\x01\x08\x01\xab\x01\x12\x01y\xac\x01\xa4\x01",
    ];
    for unknown in unknown {
        let raw = [unknown, &*field(5, b"name"), unknown].concat();
        assert_eq!(SpanView::parse(&raw).unwrap().name, "name", "{unknown:?}");
    }
}

#[test]
fn attributes_between_other_fields_are_all_found() {
    let raw = [
        attribute("a", &field(1, b"1")),
        field(5, b"name"),
        attribute("b", &[0x18, 2]),
        vec![0x30, 3],
        attribute("c", &[0x10, 1]),
    ]
    .concat();
    let span = SpanView::parse(&raw).unwrap();
    let attributes: Vec<_> = span.attributes().collect();
    assert!(matches!(
        attributes[..],
        [("a", AnyValueView::String("1")), ("b", AnyValueView::Int(2)), ("c", AnyValueView::Bool(true))]
    ));
    assert_eq!((span.name, span.kind), ("name", 3));
}

#[test]
fn the_last_value_of_a_singular_field_wins() {
    let raw =
        [field(5, b"first"), field(5, b"last"), attribute("a", &[&*field(1, b"text"), &[0x18, 7]].concat())];
    let raw = raw.concat();
    let span = SpanView::parse(&raw).unwrap();
    assert_eq!(span.name, "last");
    assert!(matches!(span.attributes().next(), Some(("a", AnyValueView::Int(7)))));
}

#[track_caller]
fn check_refused(raw: &[u8], expected: &str) {
    let error = SpanView::parse(raw).unwrap_err().to_string();
    assert_eq!(error, format!("span `chat` (0102030405060708): {expected}"));
}

/// A span with id and name, and `rest`.
fn named(rest: &[u8]) -> Vec<u8> {
    [&*field(2, &[1, 2, 3, 4, 5, 6, 7, 8]), &*field(5, b"chat"), rest].concat()
}

#[test]
fn a_refused_span_is_named_and_so_is_its_field() {
    check_refused(&named(&[0x30]), "field `span.kind` is cut off by the end of its message");
    check_refused(&named(&[0x0a, 16, 1]), "field `span.trace_id` is cut off by the end of its message");
    check_refused(&named(&[0x35, 0, 0, 0, 0]), "field `span.kind` has the wrong wire type");
    check_refused(
        &named(b"\x30\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"),
        "field `span.kind` has a varint of more than 64 bits",
    );
    check_refused(&named(&field(3, b"\xff")), "field `span.trace_state` is not valid UTF-8");
    check_refused(&named(&field(15, &field(2, b"\xff"))), "field `status.message` is not valid UTF-8");
    check_refused(&named(&field(11, &field(2, b"\xff"))), "field `events.name` is not valid UTF-8");
    check_refused(&named(&field(13, &[0x08, 1])), "field `links.trace_id` has the wrong wire type");
    check_refused(&named(&[0]), "field `span` has an invalid tag");
    check_refused(&named(&[0x0e]), "field `span.trace_id` has an invalid tag");
    check_refused(&named(&[0x0c]), "field `span.trace_id` has an unbalanced group");
    check_refused(&named(&[0xa3, 1, 0x0c]), "field `span` has an unbalanced group");
}

#[test]
fn a_broken_attribute_is_named() {
    check_refused(
        &named(&attribute("llm.input", &field(1, b"\xff"))),
        "attribute `llm.input` is not valid UTF-8",
    );
    check_refused(&named(&attribute("n", &[0x18])), "attribute `n` is cut off by the end of its message");
    check_refused(&named(&attribute("n", &[0x1d, 0, 0, 0, 0])), "attribute `n` has the wrong wire type");
    let inner = attribute("inner", &field(1, b"\xff"));
    check_refused(
        &named(&field(11, &[&[0x1a], &inner[1..]].concat())),
        "attribute `inner` is not valid UTF-8",
    );
}

#[test]
fn times_beyond_i64_are_refused() {
    let late = u64::MAX.to_le_bytes();
    for (tag, name) in [(0x39, "start_time_unix_nano"), (0x41, "end_time_unix_nano")] {
        let expected = format!(
            "field `{name}` is 18446744073709551615; expected nanoseconds since 1970, at most 9223372036854775807"
        );
        check_refused(&named(&[&[tag], &late[..]].concat()), &expected);
    }
    let raw = named(&[&[0x39], &i64::MAX.to_le_bytes()[..]].concat());
    let span = SpanView::parse(&raw).unwrap();
    assert_eq!((span.start_ns(), span.end_ns()), (i64::MAX, None));
}

/// Wraps a value into so many lists.
fn nested(levels: usize) -> Vec<u8> {
    (0..levels).fold(vec![0x18, 1], |value, _| field(5, &field(1, &value)))
}

#[test]
fn values_nest_up_to_the_limit() {
    assert!(SpanView::parse(&attribute("deep", &nested(128))).is_ok());
    for levels in [129, 5_000] {
        let error = SpanView::parse(&attribute("deep", &nested(levels))).unwrap_err().to_string();
        assert_eq!(error, "span `` (): attribute `deep` is nested deeper than 128 levels");
        let error = LogRecordView::parse(&field(5, &nested(levels))).unwrap_err().to_string();
        assert_eq!(error, "log record ``: field `log_record.body` is nested deeper than 128 levels");
    }
}

#[track_caller]
fn check_ids(trace_id: &[u8], span_id: &[u8], parent: &[u8], expected: Result<Option<SpanId>, &str>) {
    let raw = [field(1, trace_id), field(2, span_id), field(4, parent), field(5, b"chat")].concat();
    let ids = SpanView::parse(&raw).unwrap().ids();
    match (ids, expected) {
        (Ok((trace, span, parent)), Ok(expected)) => {
            assert_eq!((&trace[..], &span.0[..], parent), (trace_id, span_id, expected));
        }
        (ids, expected) => assert_eq!(ids.unwrap_err().problem.to_string(), expected.unwrap_err()),
    }
}

#[test]
fn ids_have_their_length_and_are_not_all_zero() {
    let (trace, span) = ([1; 16], [2; 8]);
    check_ids(&trace, &span, &[], Ok(None));
    check_ids(&trace, &span, &[0; 8], Ok(None));
    check_ids(&trace, &span, &[3; 8], Ok(Some(SpanId([3; 8]))));
    check_ids(&[], &span, &[], Err("field `trace_id` is `` (0 bytes); expected 16 bytes, not all zero"));
    check_ids(
        &[0xab; 3],
        &span,
        &[],
        Err("field `trace_id` is `ababab` (3 bytes); expected 16 bytes, not all zero"),
    );
    check_ids(
        &[0; 16],
        &span,
        &[],
        Err(
            "field `trace_id` is `00000000000000000000000000000000` (16 bytes); expected 16 bytes, not all zero",
        ),
    );
    check_ids(
        &trace,
        &[0; 8],
        &[],
        Err("field `span_id` is `0000000000000000` (8 bytes); expected 8 bytes, not all zero"),
    );
    check_ids(
        &trace,
        &span,
        &[1],
        Err("field `parent_span_id` is `01` (1 bytes); expected 8 bytes, not all zero"),
    );
}

#[test]
fn a_log_record_may_belong_to_no_span() {
    let raw = LogRecord { trace_id: vec![1; 16], ..LogRecord::default() }.encode_to_vec();
    assert_eq!(LogRecordView::parse(&raw).unwrap().ids(), Ok(None));
    let raw =
        LogRecord { trace_id: vec![1; 16], span_id: vec![2; 8], ..LogRecord::default() }.encode_to_vec();
    assert_eq!(LogRecordView::parse(&raw).unwrap().ids(), Ok(Some(([1; 16], SpanId([2; 8])))));
    let raw =
        LogRecord { span_id: vec![2; 3], event_name: "e".into(), ..LogRecord::default() }.encode_to_vec();
    let error = LogRecordView::parse(&raw).unwrap().ids().unwrap_err().to_string();
    assert_eq!(
        error,
        "log record `e`: field `span_id` is `020202` (3 bytes); expected 8 bytes, not all zero"
    );
}

#[track_caller]
fn check_undecodable(body: &[u8], expected: &str) {
    assert_eq!(scan_traces(body).unwrap_err().to_string(), format!("invalid protobuf at byte {expected}"));
}

#[test]
fn a_broken_request_says_where() {
    check_undecodable(
        b"\x0a\x05",
        "0: field `ExportTraceServiceRequest.resource_spans` is cut off by the end of its message",
    );
    check_undecodable(
        b"{\"resourceSpans\":[]}",
        "0: field `ExportTraceServiceRequest` is cut off by the end of its message",
    );
    check_undecodable(
        &field(1, &field(3, b"\xff")),
        "2: field `resource_spans.schema_url` is not valid UTF-8",
    );
    let scope_spans = [field(1, b""), vec![0x10, 1]].concat();
    check_undecodable(
        &field(1, &field(2, &scope_spans)),
        "6: field `scope_spans.spans` has the wrong wire type",
    );
}

#[test]
fn a_broken_span_does_not_break_the_request() {
    let scope_spans = [field(2, b"\xff"), field(2, &named(b""))].concat();
    let body = field(1, &field(2, &scope_spans));
    let groups = scan_traces(&body).unwrap();
    let parsed: Vec<bool> =
        groups[0].scopes[0].spans.iter().map(|raw| SpanView::parse(raw).is_ok()).collect();
    assert_eq!(parsed, [false, true]);
}
