//! Out of one server and into another.

use crate::native::{Native, query};
use axum::body::Body;
use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use http::Request;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue, any_value::Value as Any};
use prost::Message;
use serde_json::{Value, json};
use spanwise_testkit::Reply;
use spanwise_testkit::otlp::{Span, child_of, log_request, request, span, trace_id, with_attribute};
use std::io::Write;

const NONE: Value = Value::Null;

async fn export(native: &Native, parameters: &[(&str, &str)]) -> String {
    let reply = native.reply(&format!("/export?{}", query(parameters))).await.expect_ok();
    assert_eq!(reply.header("content-type"), "application/x-ndjson");
    reply.text().to_owned()
}

async fn post(native: &Native, parameters: &str, encoding: &str, body: Vec<u8>) -> Reply {
    let mut post =
        Request::post(format!("/api/v1/import{parameters}")).header("content-type", "application/x-ndjson");
    if !encoding.is_empty() {
        post = post.header("content-encoding", encoding);
    }
    native.server.send(post.body(Body::from(body)).unwrap()).await
}

/// Imports lines, all of which must be taken.
async fn import(native: &Native, lines: &str) -> Value {
    let result = post(native, "", "", lines.as_bytes().to_vec()).await.expect_ok().json();
    assert_eq!((&result["errors"], &result["error_count"]), (&json!([]), &json!(0)), "{result}");
    result
}

/// Checks that a second server says the same as the first after an import, and after the same one again.
async fn check_round_trip(native: &Native, format: &str) -> Native {
    let lines = export(native, &[("format", format)]).await;
    let other = Native::start().await;
    let result = import(&other, &lines).await;
    assert_eq!(result["lines"], lines.lines().count());
    assert_same(&export(&other, &[("format", format)]).await, &lines);
    assert_eq!(import(&other, &lines).await, result);
    assert_same(&export(&other, &[("format", format)]).await, &lines);
    other
}

/// Like `assert_eq!`, but of long texts it shows the place where they differ.
fn assert_same(found: &str, expected: &str) {
    if found == expected {
        return;
    }
    let (found, expected): (Vec<_>, Vec<_>) = (found.lines().collect(), expected.lines().collect());
    assert_eq!(found.len(), expected.len(), "number of lines");
    let (found, expected) = found.iter().zip(&expected).find(|(a, b)| a != b).expect("lines that differ");
    let at = found.bytes().zip(expected.bytes()).position(|(a, b)| a != b).unwrap_or(0).saturating_sub(200);
    let show = |text: &str| {
        String::from_utf8_lossy(&text.as_bytes()[at.min(text.len())..(at + 600).min(text.len())]).into_owned()
    };
    panic!("found    …{}…\nexpected …{}…", show(found), show(expected));
}

/// Returns the trace that a line is of. Its attributes may be nested deeper than a JSON reader goes.
fn trace_of(line: &str) -> &str {
    let (_, rest) = line.split_once("\"trace_id\":\"").expect("the id of a trace");
    rest.split_once('"').expect("its end").0
}

fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![number << 3 | 2];
    prost::encoding::encode_varint(bytes.len() as u64, &mut out);
    [&out, bytes].concat()
}

/// Sends spans as they are written here.
async fn send_raw(native: &Native, raw: &[u8]) {
    let body = field(1, &field(2, &field(2, raw)));
    let post = Request::post("/v1/traces").header("content-type", "application/x-protobuf");
    native.server.send(post.body(Body::from(body)).unwrap()).await.expect_ok();
}

fn pair(key: &str, value: Any) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}

/// Spans of every kind, in two services.
async fn traces_of_spans(native: &Native) {
    let mut odd = with_attribute(span(1, 1, "root \u{1} é🦀"), "input.value", "what?");
    odd.trace_state = "vendor=1".into();
    odd.flags = 0x101;
    odd.attributes.extend([
        pair("nan", Any::DoubleValue(f64::NAN)),
        pair("minus zero", Any::DoubleValue(-0.0)),
        pair("tiny", Any::DoubleValue(5e-324)),
        pair("infinite", Any::DoubleValue(f64::NEG_INFINITY)),
        pair("min", Any::IntValue(i64::MIN)),
        pair("bytes", Any::BytesValue(vec![0xff, 0, 0x80])),
        KeyValue { key: "none".into(), ..KeyValue::default() },
    ]);
    let mut deep = Any::IntValue(1);
    for _ in 0..100 {
        deep = Any::ArrayValue(ArrayValue { values: vec![AnyValue { value: Some(deep) }] });
    }
    odd.attributes.push(pair("deep", deep));
    let mut sent = request("a", vec![odd, child_of(1, span(1, 2, "child"))]);
    sent.resource_spans[0].schema_url = "https://opentelemetry.io/schemas/1.36.0".into();
    sent.resource_spans[0].scope_spans[0].schema_url = "https://opentelemetry.io/schemas/1.37.0".into();
    native.export(&sent).await;
    native
        .export(&request("b", vec![child_of(1, span(1, 3, "of another service")), span(2, 1, "other")]))
        .await;
    native.server.post_otlp("/v1/logs", &log_request("a", Some((1, 2)), "an.event")).await.expect_ok();
    // One that has not ended, and one whose root is not there.
    native.export(&request("b", vec![Span { end_time_unix_nano: 0, ..span(3, 1, "open") }])).await;
    native.export(&request("a", vec![child_of(9, span(4, 2, "orphan"))])).await;
}

/// Spans whose bytes JSON can't give back.
async fn traces_of_odd_bytes(native: &Native) {
    // Field 99 of `Span` does not exist yet.
    send_raw(
        native,
        &[span(5, 1, "a new field").encode_to_vec(), vec![0x9a, 0x06, 3, b'n', b'e', b'w']].concat(),
    )
    .await;
    // The name before the ids.
    let plain = Span { name: String::new(), ..span(6, 1, "") };
    send_raw(native, &[field(5, b"first"), plain.encode_to_vec()].concat()).await;
    // A status twice, which is merged.
    let twice = span(8, 1, "twice").encode_to_vec();
    send_raw(native, &[twice, field(15, &[0x18, 2])].concat()).await;
}

/// Records that clients gave, with assessments, tags and links.
async fn traces_of_records(native: &Native) {
    let send = async |path: &str, body: Value| {
        native.server.send_json(http::Method::POST, path, &body).await.expect_ok();
    };
    let usage = r#"{"input_tokens": 10, "output_tokens": 5, "total_tokens": 15}"#;
    for number in [2_u8, 7] {
        let rest = json!({
            "client_request_id": "req-1", "execution_duration": "0.079s", "state": "ERROR",
            "trace_metadata": {"custom": "v", "mlflow.trace.session": "s", "mlflow.trace.user": "u", "mlflow.trace.tokenUsage": usage},
            "tags": {"mlflow.traceName": "given", "env": "dev"}, "request_preview": "q", "response_preview": "a",
        });
        send("/api/3.0/mlflow/traces", crate::mlflow::start_body(&trace_id(number), rest)).await;
    }
    let assessments = format!("POST /traces/{}/assessments", trace_id(2));
    for (name, kind, value) in [
        ("good", "feedback", json!({"a": [1.5, null]})),
        ("answer", "expectation", json!(["x"])),
        ("big", "feedback", json!(u64::MAX)),
    ] {
        let new = json!({"name": name, "kind": kind, "value": value, "rationale": "why", "span_id": "01".repeat(8)});
        assert_eq!(native.send(&assessments, &new).await.status, 201);
    }
    let first =
        native.get(&format!("/traces/{}", trace_id(2))).await["assessments"][0]["assessment_id"].clone();
    let better = json!({"assessment": {
        "assessment_name": "good", "feedback": {"value": null, "error": {"error_code": "E", "error_message": "m"}}, "overrides": first,
        "source": {"source_type": "CODE", "source_id": "x"}, "create_time": "2025-01-01T00:00:00Z", "last_update_time": "2025-01-01T00:00:00Z",
    }});
    send(&format!("/api/3.0/mlflow/traces/{}/assessments", trace_id(2)), better).await;
    send("/api/2.0/mlflow/traces/link-to-run", json!({"trace_ids": [trace_id(2)], "run_id": "run1"})).await;
    native.send(&format!("PUT /traces/{}/tags/k", trace_id(1)), &json!({"value": "v"})).await;
}

#[tokio::test]
async fn everything_comes_back_byte_for_byte() {
    let native = Native::start().await;
    traces_of_spans(&native).await;
    traces_of_odd_bytes(&native).await;
    traces_of_records(&native).await;
    let reply = native.reply("/export").await.expect_ok();
    assert_eq!((reply.header("x-spanwise-total"), reply.text().lines().count()), ("8", 8));
    let other = check_round_trip(&native, "jsonl").await;
    for number in 1..=8_u8 {
        let path = format!("/traces/{}", trace_id(number));
        let (mut here, mut there) = (native.get(&path).await, other.get(&path).await);
        // Experiments have numbers of their own there.
        (here["experiment_id"], there["experiment_id"]) = (NONE, NONE);
        assert_eq!(there, here, "{number}");
        if number != 7 {
            let raw = format!("{path}/otlp");
            assert_eq!(
                other.reply(&raw).await.expect_ok().body,
                native.reply(&raw).await.expect_ok().body,
                "{number}"
            );
        }
    }
    let span_of_log = format!("/traces/{}/spans/{}", trace_id(1), "02".repeat(8));
    assert_eq!(other.get(&span_of_log).await["logs"], native.get(&span_of_log).await["logs"]);
    assert_eq!(other.ids(&[("filter", "run_id = 'run1'")]).await, [trace_id(2)]);
}

#[tokio::test]
async fn otlp_comes_back() {
    let native = Native::start().await;
    traces_of_spans(&native).await;
    traces_of_odd_bytes(&native).await;
    let lines = export(&native, &[("format", "otlp-json")]).await;
    assert!(lines.lines().all(|line| line.starts_with("{\"resourceSpans\":[")), "{lines}");
    check_round_trip(&native, "otlp-json").await;
}

#[tokio::test]
async fn only_what_json_cannot_give_back_comes_as_bytes() {
    let native = Native::start().await;
    traces_of_spans(&native).await;
    traces_of_odd_bytes(&native).await;
    let lines = export(&native, &[]).await;
    let raw: Vec<&str> = lines.lines().filter(|line| line.contains("\"otlp\":\"")).map(trace_of).collect();
    for number in [5, 6, 8] {
        assert!(raw.contains(&&*trace_id(number)), "{number} is not raw: {raw:?}");
    }
    for number in [2, 3, 4] {
        assert!(!raw.contains(&&*trace_id(number)), "{number} is raw: {raw:?}");
    }
}

#[tokio::test]
async fn a_large_trace_takes_several_lines() {
    let native = Native::start().await;
    for part in 0..4_u8 {
        let spans = (0..4_u8).map(|number| {
            let number = part * 4 + number + 1;
            let one = if number == 1 { span(7, 1, "root") } else { child_of(1, span(7, number, "child")) };
            with_attribute(one, "payload", &format!("{number}").repeat(200_000))
        });
        native.spans(spans.collect()).await;
    }
    native.send(&format!("PUT /traces/{}/tags/k", trace_id(7)), &json!({"value": "v"})).await;
    let lines = export(&native, &[]).await;
    let count = lines.lines().count();
    assert!((2..=6).contains(&count), "{count} lines");
    let with_record = lines.lines().filter(|line| line.contains("\"trace\":")).count();
    assert_eq!(with_record, 1);
    let other = check_round_trip(&native, "jsonl").await;
    assert_eq!(other.get(&format!("/traces/{}", trace_id(7))).await["span_count"], 16);
    check_round_trip(&native, "otlp-json").await;
}

#[tokio::test]
async fn lines_of_a_large_trace_may_come_in_any_order() {
    let native = Native::start().await;
    let shop = native.send("POST /experiments", &json!({"name": "shop"})).await.json();
    let spans = (1..=8).map(|number| {
        let one = if number == 1 { span(7, 1, "root") } else { child_of(1, span(7, number, "child")) };
        with_attribute(one, "payload", &"x".repeat(300_000))
    });
    let body = request("a service", spans.collect()).encode_to_vec();
    let post = Request::post("/v1/traces")
        .header("content-type", "application/x-protobuf")
        .header("x-mlflow-experiment-id", shop["experiment_id"].as_str().unwrap());
    native.server.send(post.body(Body::from(body)).unwrap()).await.expect_ok();
    let lines = export(&native, &[]).await;
    let other = Native::start().await;
    for line in lines.lines().rev() {
        import(&other, line).await;
    }
    assert_same(&export(&other, &[]).await, &lines);
    // No line has made an experiment of the service's name on its way.
    let made = other.get("/experiments").await;
    let mut names = crate::native::texts(&made["experiments"], "name");
    names.sort_unstable();
    assert_eq!(names, ["Default", "shop"]);
}

#[tokio::test]
async fn large_log_records_take_several_lines() {
    let native = Native::start().await;
    native.spans((1..=8).map(|number| span(7, number, "x")).collect()).await;
    for number in 1..=8 {
        let mut logs = log_request("svc", Some((7, number)), "an.event");
        let record = &mut logs.resource_logs[0].scope_logs[0].log_records[0];
        record.body = Some(AnyValue { value: Some(Any::StringValue("x".repeat(400_000))) });
        native.server.post_otlp("/v1/logs", &logs).await.expect_ok();
    }
    let count = export(&native, &[]).await.lines().count();
    assert!((2..=4).contains(&count), "{count} lines");
    check_round_trip(&native, "jsonl").await;
}

#[tokio::test]
async fn a_selection_is_exported() {
    let native = Native::start().await;
    traces_of_spans(&native).await;
    let ids = async |parameters: &[(&str, &str)]| -> Vec<String> {
        let lines = export(&native, parameters).await;
        lines.lines().map(|line| trace_of(line).to_owned()).collect()
    };
    // By the name of the experiment, then oldest first.
    assert_eq!(ids(&[]).await, [1, 4, 2, 3].map(trace_id));
    assert_eq!(ids(&[("filter", "name = 'other'")]).await, [trace_id(2)]);
    assert!(ids(&[("from", "-1h")]).await.is_empty());
    native.fails("GET /export?format=csv", &NONE, 400, "expected `jsonl` or `otlp-json`").await;
}

#[tokio::test]
async fn bad_lines_are_named_and_the_rest_is_kept() {
    let native = Native::start().await;
    traces_of_spans(&native).await;
    let lines = export(&native, &[]).await;
    let lines: Vec<&str> = lines.lines().collect();
    let mut wrong_state: Value = serde_json::from_str(lines[1]).unwrap();
    wrong_state["trace"]["state"] = json!("GOOD");
    let body = [
        lines[0],
        "nonsense",
        "",
        r#"{"spanwise":99,"resourceSpans":[]}"#,
        r#"{"spanwise":1,"otlp":"%%"}"#,
        r#"{"resourceSpans":5}"#,
        &wrong_state.to_string(),
        r#"{"spanwise":1,"resourceSpans":[],"logs":["%%"]}"#,
        r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"00","spanId":"01","name":"x"}]}]}]}"#,
        lines[3],
    ];
    let other = Native::start().await;
    let result = post(&other, "", "", body.join("\n").into_bytes()).await.expect_ok().json();
    let named: Vec<u64> =
        result["errors"].as_array().unwrap().iter().map(|one| one["line"].as_u64().unwrap()).collect();
    assert_eq!(named, [2, 4, 5, 6, 7, 8, 9], "{result}");
    assert_eq!(
        (&result["lines"], &result["error_count"], &result["traces"]),
        (&json!(10), &json!(7), &json!(2))
    );
    let said = result["errors"].to_string();
    for part in
        ["version 99", "`otlp` is not base64", "unknown state `GOOD`", "`logs` is not base64", "refused"]
    {
        assert!(said.contains(part), "{part} is not in {said}");
    }
    let mut kept = other.ids(&[]).await;
    kept.sort();
    assert!(kept.contains(&trace_id(1)) && kept.contains(&trace_id(4)), "{kept:?}");
}

#[tokio::test]
async fn only_the_first_errors_are_told_one_by_one() {
    let native = Native::start().await;
    let result = post(&native, "", "", "x\n".repeat(250).into_bytes()).await.expect_ok().json();
    assert_eq!((&result["lines"], &result["error_count"]), (&json!(250), &json!(250)));
    assert_eq!(result["errors"].as_array().unwrap().len(), 100);
    let empty = post(&native, "", "", Vec::new()).await.expect_ok().json();
    assert_eq!(empty, json!({"lines": 0, "traces": 0, "spans": 0, "errors": [], "error_count": 0}));
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn bodies_may_be_compressed() {
    let native = Native::start().await;
    traces_of_spans(&native).await;
    let lines = export(&native, &[]).await;
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::fast());
    zlib.write_all(lines.as_bytes()).unwrap();
    let bodies = [
        ("gzip", gzip(lines.as_bytes())),
        ("deflate", zlib.finish().unwrap()),
        ("zstd", zstd::encode_all(lines.as_bytes(), 3).unwrap()),
        ("identity", lines.clone().into_bytes()),
    ];
    for (encoding, body) in bodies {
        let other = Native::start().await;
        let result = post(&other, "", encoding, body).await.expect_ok().json();
        assert_eq!((&result["traces"], &result["errors"]), (&json!(4), &json!([])), "{encoding}");
        assert_same(&export(&other, &[]).await, &lines);
    }
}

#[tokio::test]
async fn broken_bodies_are_refused() {
    let native = Native::start().await;
    traces_of_spans(&native).await;
    let lines = export(&native, &[]).await;
    let packed = gzip(lines.as_bytes());
    let other = Native::start().await;
    // Cut off by half, as by a copy that broke off: it must not pass for the whole.
    let cases = [
        ("gzip", packed[..packed.len() / 2].to_vec(), 400),
        ("gzip", packed[..packed.len() - 8].to_vec(), 400),
        ("zstd", b"nonsense".to_vec(), 400),
        ("br", packed, 415),
    ];
    for (encoding, body, status) in cases {
        let reply = post(&other, "", encoding, body).await;
        assert_eq!(reply.status, status, "{encoding}: {}", reply.text());
        assert_eq!(reply.header("content-type"), "application/problem+json");
    }
}

#[tokio::test]
async fn a_line_that_is_too_long_is_passed_over() {
    let native = Native::start().await;
    traces_of_spans(&native).await;
    let lines = export(&native, &[]).await;
    let mut long = vec![b'x'; (64 << 20) + 1];
    long.push(b'\n');
    long.extend_from_slice(lines.as_bytes());
    let other = Native::start().await;
    let body = zstd::encode_all(&*long, 1).unwrap();
    let result = post(&other, "", "zstd", body).await.expect_ok().json();
    let error = json!({"line": 1, "message": "longer than 67108864 bytes"});
    assert_eq!((&result["errors"], &result["traces"]), (&json!([error]), &json!(4)));
}

#[tokio::test]
async fn traces_go_into_the_experiment_named() {
    let native = Native::start().await;
    traces_of_spans(&native).await;
    let lines = export(&native, &[]).await;
    let other = Native::start().await;
    let result =
        post(&other, "?experiment=all%20of%20it", "", lines.clone().into_bytes()).await.expect_ok().json();
    assert_eq!(result["traces"], 4);
    assert_eq!(other.ids(&[("experiment", "all of it")]).await.len(), 4);
    // OTLP too, which names none.
    let third = Native::start().await;
    let otlp = export(&native, &[("format", "otlp-json")]).await;
    post(&third, "?experiment=x", "", otlp.into_bytes()).await.expect_ok();
    assert_eq!(third.ids(&[("experiment", "x")]).await.len(), 4);
    let long = format!("?experiment={}", "x".repeat(1_000));
    let result = post(&third, &long, "", lines.into_bytes()).await.expect_ok().json();
    assert_eq!(result["error_count"], 4, "{result}");
    assert!(result["errors"][0]["message"].as_str().unwrap().contains("1000 characters"), "{result}");
    native.fails("POST /import?experimnt=x", &NONE, 400, "expected one of `experiment`").await;
}

#[tokio::test]
async fn a_deleted_experiment_takes_nothing() {
    let native = Native::start().await;
    native.spans(vec![span(7, 1, "root")]).await;
    let lines = export(&native, &[]).await;
    let record = native.get(&format!("/traces/{}", trace_id(7))).await;
    let made = json!({"name": "gone"});
    let other = Native::start().await;
    let gone =
        other.send("POST /experiments", &made).await.json()["experiment_id"].as_str().unwrap().to_owned();
    other.send(&format!("DELETE /experiments/{gone}"), &NONE).await;
    let result = post(&other, "?experiment=gone", "", lines.clone().into_bytes()).await.expect_ok().json();
    assert!(result["errors"][0]["message"].as_str().unwrap().contains("`gone` is deleted"), "{result}");
    assert!(other.ids(&[("experiment", "gone")]).await.is_empty());
    // And one whose experiment has another number there.
    import(&other, &lines).await;
    let there = other.get(&format!("/traces/{}", trace_id(7))).await;
    assert_eq!(there["experiment_name"], record["experiment_name"]);
}
