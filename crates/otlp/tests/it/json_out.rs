//! Writing OTLP/JSON, and reading it back.

use crate::{fixture, generate};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use proptest::prelude::*;
use prost::Message;
use spanwise_otlp::{LogRecordView, SpanView, json, json_out};

/// Writes a request as JSON, reads that, and compares; by text, as NaN differs from itself.
fn check_round_trip(body: &[u8]) {
    let mut text = String::new();
    json_out::write_traces(body, &mut text).unwrap();
    let transcoded = json::transcode_traces(text.as_bytes()).unwrap();
    assert_eq!(transcoded.rejected, []);
    let again = ExportTraceServiceRequest::decode(&*transcoded.body).unwrap();
    let reference = ExportTraceServiceRequest::decode(body).unwrap();
    assert_eq!(format!("{again:#?}"), format!("{reference:#?}"));
}

proptest! {
    #[test]
    fn random_traces_survive_the_way_through_json(request in generate::traces()) {
        check_round_trip(&request.encode_to_vec());
    }

    #[test]
    fn random_logs_survive_the_way_through_json(request in generate::logs()) {
        let mut text = String::new();
        json_out::write_logs(&request.encode_to_vec(), &mut text).unwrap();
        let transcoded = json::transcode_logs(text.as_bytes()).unwrap();
        let again = ExportLogsServiceRequest::decode(&*transcoded.body).unwrap();
        prop_assert_eq!(format!("{again:#?}"), format!("{request:#?}"));
    }

    #[test]
    fn what_is_written_is_json(request in generate::traces()) {
        let mut text = String::new();
        json_out::write_traces(&request.encode_to_vec(), &mut text).unwrap();
        prop_assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok());
    }
}

#[test]
fn samples_survive_the_way_through_json() {
    fixture::all().iter().for_each(|fixture| check_round_trip(&fixture.protobuf));
}

#[test]
fn a_span_is_written_canonically() {
    let json = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"0102030405060708090A0B0C0D0E0F10",
        "spanId":"0102030405060708","name":"a \"b\"","kind":"SPAN_KIND_CLIENT","startTimeUnixNano":5,
        "attributes":[{"key":"i","value":{"intValue":1}},{"key":"d","value":{"doubleValue":NaN}},
        {"key":"f","value":{"doubleValue":1e-7}},{"key":"b","value":{"bytesValue":"AAE"}},{"key":"e"}],
        "droppedEventsCount":2,"status":{"code":"STATUS_CODE_OK"}}]}]}]}"#;
    let body = json::transcode_traces(json.as_bytes()).unwrap().body;
    let groups = spanwise_otlp::scan_traces(&body).unwrap();
    let mut text = String::new();
    json_out::write_span(&SpanView::parse(groups[0].scopes[0].spans[0]).unwrap(), &mut text);
    assert_eq!(
        text,
        concat!(
            r#"{"traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"0102030405060708","name":"a \"b\"","kind":3,"#,
            r#""startTimeUnixNano":"5","attributes":[{"key":"i","value":{"intValue":"1"}},"#,
            r#"{"key":"d","value":{"doubleValue":"NaN"}},{"key":"f","value":{"doubleValue":1e-07}},"#,
            r#"{"key":"b","value":{"bytesValue":"AAE="}},{"key":"e"}],"droppedEventsCount":2,"status":{"code":1}}"#,
        )
    );
}

#[test]
fn a_log_record_is_written_canonically() {
    let json = r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":7,"severityNumber":9,
        "body":{"stringValue":"hi"},"traceId":"0102030405060708090a0b0c0d0e0f10","eventName":"e"}]}]}]}"#;
    let body = json::transcode_logs(json.as_bytes()).unwrap().body;
    let groups = spanwise_otlp::scan_logs(&body).unwrap();
    let mut text = String::new();
    json_out::write_log_record(&LogRecordView::parse(groups[0].scopes[0].records[0]).unwrap(), &mut text);
    assert_eq!(
        text,
        concat!(
            r#"{"timeUnixNano":"7","severityNumber":9,"body":{"stringValue":"hi"},"#,
            r#""traceId":"0102030405060708090a0b0c0d0e0f10","eventName":"e"}"#,
        )
    );
}
