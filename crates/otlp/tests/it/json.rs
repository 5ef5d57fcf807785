//! Reading OTLP/JSON: what senders write, and what it becomes.

use crate::fixture;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use spanwise_otlp::{AnyValueView, LogRecordView, SpanView, json, pyjson, scan_logs, scan_traces};

const IDS: &str = r#""traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"0102030405060708","name":"chat""#;

/// Wraps the text of a span, less its braces, into a request.
fn request(span: &str) -> String {
    format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{{span}}}]}}]}}]}}"#)
}

/// Reads a request of one good span.
fn with_span<T>(json: &str, read: impl FnOnce(SpanView<'_>) -> T) -> T {
    let transcoded = json::transcode_traces(json.as_bytes()).unwrap();
    assert_eq!(transcoded.rejected, []);
    let groups = scan_traces(&transcoded.body).unwrap();
    read(SpanView::parse(groups[0].scopes[0].spans[0]).unwrap())
}

#[track_caller]
fn check_value(json: &str, expected: &str) {
    let json = request(&format!(r#"{IDS},"attributes":[{{"key":"k","value":{json}}}]"#));
    let actual = with_span(&json, |span| {
        let (key, value) = span.attributes().next().unwrap();
        assert_eq!(key, "k");
        let mut text = String::new();
        pyjson::write_json(value, &mut text);
        text
    });
    assert_eq!(actual, expected);
}

#[test]
fn values_of_every_type() {
    check_value(r#"{"stringValue":"héllo\n\"😀\" \u00e9\ud83d\ude00\/"}"#, r#""héllo\n\"😀\" é😀/""#);
    check_value(r#"{"boolValue":true}"#, "true");
    check_value(r#"{"boolValue":false}"#, "false");
    check_value(r#"{"doubleValue":0.1}"#, "0.1");
    check_value(r#"{"doubleValue":"2.5"}"#, "2.5");
    check_value(r#"{"doubleValue":3}"#, "3.0");
    check_value(r#"{"bytesValue":"AAECAw=="}"#, r#""AAECAw==""#);
    check_value(r#"{"arrayValue":{"values":[{"intValue":1},{"stringValue":""},{}]}}"#, r#"[1, "", null]"#);
    check_value(r#"{"kvlistValue":{"values":[{"key":"a","value":{"boolValue":true}}]}}"#, r#"{"a": true}"#);
    check_value(r#"{"arrayValue":{}}"#, "[]");
    check_value(r#"{"kvlistValue":{}}"#, "{}");
    check_value("{}", "null");
    check_value("null", "null");
    check_value(r#"{"stringValue":null}"#, "null");
    check_value(r#"{"arrayValue":{"values":[null]}}"#, "[null]");
}

#[test]
fn default_values_are_values() {
    check_value(r#"{"stringValue":""}"#, r#""""#);
    check_value(r#"{"intValue":0}"#, "0");
    check_value(r#"{"doubleValue":0}"#, "0.0");
    check_value(r#"{"bytesValue":""}"#, r#""""#);
}

#[test]
fn integers_come_in_many_forms() {
    for five in ["5", "\"5\"", "5.0", "\"5.00\"", "5e0", "0.5e1", "50E-1"] {
        check_value(&format!(r#"{{"intValue":{five}}}"#), "5");
    }
    check_value(r#"{"intValue":"-9223372036854775808"}"#, "-9223372036854775808");
    check_value(r#"{"intValue":9223372036854775807.0}"#, "9223372036854775807");
}

#[test]
fn integers_that_are_too_wide_keep_their_digits_as_text() {
    check_value(r#"{"intValue":9223372036854775808}"#, r#""9223372036854775808""#);
    check_value(
        r#"{"intValue":"-39886725281245862576852750029524733766"}"#,
        r#""-39886725281245862576852750029524733766""#,
    );
    let digits = "9".repeat(60);
    check_value(&format!(r#"{{"intValue":{digits}}}"#), &format!("\"{digits}\""));
}

#[test]
fn numbers_that_are_none_have_names() {
    for (name, expected) in [("NaN", "NaN"), ("Infinity", "Infinity"), ("-Infinity", "-Infinity")] {
        check_value(&format!(r#"{{"doubleValue":"{name}"}}"#), expected);
        check_value(&format!(r#"{{"doubleValue":{name}}}"#), expected);
    }
}

#[test]
fn bytes_come_in_either_alphabet() {
    for bytes in ["+/8=", "+/8", "-_8=", "-_8"] {
        check_value(&format!(r#"{{"bytesValue":"{bytes}"}}"#), r#""+/8=""#);
    }
}

#[test]
fn half_of_a_surrogate_pair_is_replaced() {
    check_value(r#"{"stringValue":"cut \ud83d"}"#, "\"cut \u{fffd}\"");
    check_value(r#"{"stringValue":"\ude00\ud83dx\ud83d\u0041"}"#, "\"\u{fffd}\u{fffd}x\u{fffd}A\"");
}

#[test]
fn names_in_snake_case_and_null_and_unknown_fields() {
    let json = request(
        r#""trace_id":"0102030405060708090A0B0C0D0E0F10","span_id":"0102030405060708","parent_span_id":null,
        "name":"chat","start_time_unix_nano":"1","endTimeUnixNano":2,"future":{"a":[1,{"b":"]"}],"c":"\""},
        "trace_state":"a=b","flags":257,"dropped_attributes_count":"3","attributes":null,
        "status":{"code":2,"message":"no"},"kind":3"#,
    );
    with_span(&json, |span| {
        let ids = span.ids().unwrap();
        assert_eq!((ids.0[15], ids.1.0[7], ids.2), (16, 8, None));
        assert_eq!((span.start_ns(), span.end_ns()), (1, Some(2)));
        assert_eq!((span.trace_state, span.flags, span.dropped_attributes_count), ("a=b", 257, 3));
        assert_eq!((span.status_code, span.status_message, span.kind), (2, "no", 3));
    });
}

#[track_caller]
fn check_kind(json: &str, expected: i32) {
    with_span(&request(&format!(r#"{IDS},"kind":{json}"#)), |span| assert_eq!(span.kind, expected));
}

#[test]
fn enums_are_numbers_or_names() {
    check_kind("3", 3);
    check_kind("\"3\"", 3);
    check_kind("\"SPAN_KIND_SERVER\"", 2);
    check_kind("-7", -7);
    check_kind("\"SPAN_KIND_OF_THE_FUTURE\"", 0);
    let status = request(&format!(r#"{IDS},"status":{{"code":"STATUS_CODE_ERROR"}}"#));
    with_span(&status, |span| assert_eq!(span.status_code, 2));
}

#[test]
fn ids_of_links_are_hex_or_base64() {
    let hex = r#"{"traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"0102030405060708"}"#;
    let base64 = r#"{"traceId":"AQIDBAUGBwgJCgsMDQ4PEA==","spanId":"AQIDBAUGBwg="}"#;
    with_span(&request(&format!(r#"{IDS},"links":[{hex},{base64}]"#)), |span| {
        for link in span.links() {
            assert_eq!((link.trace_id, link.span_id), (span.trace_id, span.span_id));
        }
        assert_eq!(span.links().count(), 2);
    });
}

#[test]
fn fields_may_come_in_any_order() {
    let json = r#"{"resourceSpans":[{"schemaUrl":"r","scopeSpans":[{"spans":[],"schemaUrl":"s","scope":{"version":"1",
        "name":"lib"}}],"resource":{"attributes":[{"value":{"stringValue":"v"},"key":"k"}]}}]}"#;
    let transcoded = json::transcode_traces(json.as_bytes()).unwrap();
    let request = ExportTraceServiceRequest::decode(&*transcoded.body).unwrap();
    let group = &request.resource_spans[0];
    assert_eq!((&*group.schema_url, &*group.scope_spans[0].schema_url), ("r", "s"));
    assert_eq!(group.scope_spans[0].scope.as_ref().unwrap().name, "lib");
    assert_eq!(group.resource.as_ref().unwrap().attributes[0].key, "k");
}

/// Refuses the span and keeps the one after it.
#[track_caller]
fn check_rejected(fields: &str, expected: &str) {
    let json = format!(
        r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{{fields},"name":"bad","spanId":"00000000000000aa"}},{{{IDS}}}]}}]}}]}}"#
    );
    let transcoded = json::transcode_traces(json.as_bytes()).unwrap();
    let reasons: Vec<_> = transcoded.rejected.iter().map(|rejected| &*rejected.reason).collect();
    assert_eq!(reasons, [format!("span `bad` (00000000000000aa): {expected}")]);
    let groups = scan_traces(&transcoded.body).unwrap();
    let spans = &groups[0].scopes[0].spans;
    assert_eq!(spans.len(), 1);
    assert_eq!(SpanView::parse(spans[0]).unwrap().name, "chat");
}

#[test]
fn a_wrong_value_costs_its_span_only() {
    check_rejected(r#""traceId":"0102""#, r#"field `traceId` is "0102"; expected 32 hex digits"#);
    check_rejected(r#""traceId":"zz""#, r#"field `traceId` is "zz"; expected 32 hex digits"#);
    check_rejected(r#""parentSpanId":7"#, "field `parentSpanId` is 7; expected 16 hex digits");
    check_rejected(r#""kind":true"#, "field `kind` is true; expected a number or a name of the enum");
    check_rejected(
        r#""flags":4294967296"#,
        "field `flags` is 4294967296; expected an integer from 0 to 4294967295",
    );
    check_rejected(
        r#""startTimeUnixNano":-1"#,
        "field `startTimeUnixNano` is -1; expected an integer from 0 to 18446744073709551615",
    );
    check_rejected(
        r#""endTimeUnixNano":"soon""#,
        r#"field `endTimeUnixNano` is "soon"; expected an integer from 0 to 18446744073709551615"#,
    );
    check_rejected(r#""name":5"#, "field `name` is 5; expected a string");
    check_rejected(r#""attributes":{}"#, "field `attributes` is {}; expected an array");
    check_rejected(r#""attributes":[5]"#, "field `attributes` is 5; expected an object");
    check_rejected(r#""status":"OK""#, r#"field `status` is "OK"; expected an object"#);
    check_rejected(r#""events":[{"name":[]}]"#, "field `name` is []; expected a string");
}

#[test]
fn many_wrong_spans_are_counted() {
    let json = format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{}5]}}]}}]}}"#, "5,".repeat(1_000));
    let transcoded = json::transcode_traces(json.as_bytes()).unwrap();
    assert_eq!((transcoded.rejected.len(), transcoded.further_rejected), (json::REJECTED_MAX, 901));
    assert_eq!(transcoded.rejected[0].reason, "span `` (): field `span` is 5; expected an object");
}

#[test]
fn a_wrong_attribute_is_named() {
    let attribute = |value: &str| format!(r#""attributes":[{{"value":{value},"key":"k"}}]"#);
    check_rejected(
        &attribute(r#"{"intValue":5.5}"#),
        "attribute `k`: field `intValue` is 5.5; expected an integer",
    );
    check_rejected(
        &attribute(r#"{"doubleValue":"inf"}"#),
        r#"attribute `k`: field `doubleValue` is "inf"; expected a number"#,
    );
    check_rejected(
        &attribute(r#"{"boolValue":"true"}"#),
        r#"attribute `k`: field `boolValue` is "true"; expected true or false"#,
    );
    check_rejected(
        &attribute(r#"{"bytesValue":"%"}"#),
        r#"attribute `k`: field `bytesValue` is "%"; expected base64"#,
    );
    check_rejected(&attribute(r#""bare""#), r#"attribute `k`: field `value` is "bare"; expected an object"#);
    check_rejected(
        &attribute(r#"{"kvlistValue":{"values":[{"key":"inner","value":{"intValue":"x"}}]}}"#),
        r#"attribute `k`: field `intValue` is "x"; expected an integer"#,
    );
    let long = format!(r#"{{"intValue":"{}"}}"#, "é".repeat(100));
    check_rejected(
        &attribute(&long),
        &format!("attribute `k`: field `intValue` is \"{}…; expected an integer", "é".repeat(59)),
    );
}

#[test]
fn a_deep_value_costs_its_span_only() {
    let nested = |levels: usize| {
        format!("{}{{}}{}", r#"{"arrayValue":{"values":["#.repeat(levels), "]}}".repeat(levels))
    };
    check_value(&nested(128), &format!("{}null{}", "[".repeat(128), "]".repeat(128)));
    for levels in [129, 50_000] {
        check_rejected(
            &format!(r#""attributes":[{{"key":"k","value":{}}}]"#, nested(levels)),
            "attribute `k`: nested deeper than 128 levels",
        );
    }
}

#[track_caller]
fn check_error(json: &str, expected: &str) {
    let error = json::transcode_traces(json.as_bytes()).unwrap_err().to_string();
    assert_eq!(error, format!("invalid JSON at line {expected}"));
}

#[test]
fn broken_json_says_where_and_what_was_expected() {
    check_error("", "1, column 1: expected a value, found the end");
    check_error("[]", "1, column 1: field `ExportTraceServiceRequest` is []; expected an object");
    check_error("{} x", "1, column 4: expected the end, found `x`");
    check_error("{\"resourceSpans\":[\n{\"é\" 1}]}", "2, column 6: expected `:`, found `1`");
    check_error("{\"a\":1 \"b\":2}", "1, column 8: expected `,` or `}`, found `\"`");
    check_error("{\"a\":[1 2]}", "1, column 9: expected `,` or `]`, found `2`");
    check_error("{\"a\":1,}", "1, column 8: expected a string, found `}`");
    check_error("{\"a\":[1,]}", "1, column 9: expected a value, found `]`");
    check_error("{\"a\":\"b", "1, column 8: expected `\"`, found the end");
    check_error("{\"a\":\"\\x\"}", "1, column 8: expected one of `\"\\/bfnrtu`, found `x`");
    check_error("{\"a\":\"\\u12g4\"}", "1, column 9: expected four hex digits, found `1`");
    check_error("{\"a\":\"\n\"}", "1, column 7: expected control characters as escapes, found `\\n`");
    check_error("{\"a\":01}", "1, column 7: expected `,` or `}`, found `1`");
    check_error("{\"a\":1.}", "1, column 8: expected a digit, found `}`");
    check_error("{\"a\":1e}", "1, column 8: expected a digit, found `}`");
    check_error("{\"a\":-}", "1, column 7: expected a digit, found `}`");
    check_error("{\"a\":-NaN}", "1, column 7: expected a digit, found `N`");
    check_error("{\"a\":tru}", "1, column 6: expected true, found `t`");
    let in_span = request(&format!(r#"{IDS},"kind":}}"#));
    assert!(json::transcode_traces(in_span.as_bytes()).is_err());
}

#[test]
fn a_wrong_value_outside_of_the_spans_fails_the_request() {
    check_error(
        r#"{"resourceSpans":[{"resource":{"attributes":[{"key":"k","value":{"intValue":"x"}}]}}]}"#,
        "1, column 77: attribute `k`: field `intValue` is \"x\"; expected an integer",
    );
    let error = json::transcode_traces(b"{\"a\":\"\xff\"}").unwrap_err().to_string();
    assert_eq!(error, "invalid JSON at line 1, column 7: is not valid UTF-8");
}

#[test]
fn an_empty_request_is_empty() {
    assert_eq!(json::transcode_traces(b" {} ").unwrap().body, b"");
    assert_eq!(json::transcode_traces(br#"{"resourceSpans":[]}"#).unwrap().body, b"");
}

#[test]
fn log_records_are_read_the_same_way() {
    let json = r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[
        {"timeUnixNano":"1","observedTimeUnixNano":"2","severityNumber":"SEVERITY_NUMBER_INFO","severityText":"Info",
         "body":{"kvlistValue":{"values":[{"key":"content","value":{"stringValue":"hi"}}]}},"eventName":"gen_ai.choice",
         "attributes":[{"key":"a","value":{"intValue":"1"}}],"flags":1,
         "traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"0102030405060708"},
        {"eventName":"bad","flags":"x"}]}]}]}"#;
    let transcoded = json::transcode_logs(json.as_bytes()).unwrap();
    let reason = "log record `bad`: field `flags` is \"x\"; expected an integer from 0 to 4294967295";
    assert_eq!(transcoded.rejected[0].reason, reason);
    let groups = scan_logs(&transcoded.body).unwrap();
    let record = LogRecordView::parse(groups[0].scopes[0].records[0]).unwrap();
    assert_eq!((record.time_unix_nano, record.observed_time_unix_nano, record.flags), (1, 2, 1));
    assert_eq!(
        (record.severity_number, record.severity_text, record.event_name),
        (9, "Info", "gen_ai.choice")
    );
    assert!(matches!(record.body, AnyValueView::KvList(_)));
    assert_eq!(record.attributes().count(), 1);
    assert!(record.ids().unwrap().is_some());
}

#[test]
fn samples_mean_the_same_in_both_encodings() {
    for fixture in fixture::all() {
        let transcoded = json::transcode_traces(&fixture.json).unwrap();
        assert_eq!(transcoded.rejected, [], "{}", fixture.name);
        let ours = ExportTraceServiceRequest::decode(&*transcoded.body).unwrap();
        let reference = ExportTraceServiceRequest::decode(&*fixture.protobuf).unwrap();
        assert_eq!(ours, reference, "{}", fixture.name);
    }
}
