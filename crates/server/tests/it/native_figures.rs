//! Figures over many traces: histogram, facets, sessions, and what the server says of itself.

use crate::native::{Native, query, texts};
use opentelemetry_proto::tonic::trace::v1::Status;
use serde_json::{Value, json};
use spanwise_testkit::otlp::{START_NS, Span, child_of, request, span, trace_id, with_attribute};

const NONE: Value = Value::Null;
const SECOND: u64 = 1_000_000_000;

/// Three traces: two of one session, the second failed.
async fn three(native: &Native) {
    let at = |number: u8, second: u64| Span {
        start_time_unix_nano: START_NS + second * SECOND,
        end_time_unix_nano: START_NS + second * SECOND + 500_000_000,
        ..with_attribute(span(number, 1, "chat"), "session.id", "s")
    };
    let first = with_attribute(with_attribute(at(1, 0), "input.value", "q1"), "output.value", "a1");
    let mut call = child_of(1, span(1, 2, "it's \"call\""));
    call = with_attribute(call, "gen_ai.request.model", "gpt-4o");
    call = with_attribute(call, "gen_ai.provider.name", "openai");
    call = with_attribute(call, "gen_ai.operation.name", "chat");
    let failed = Some(Status { code: 2, message: "no".into() });
    let second = Span { status: failed, ..with_attribute(at(2, 1), "user.id", "u") };
    let third = Span { attributes: vec![], name: "other".into(), ..at(3, 3) };
    native.export(&request("a", vec![first, call])).await;
    native.export(&request("b", vec![second, third])).await;
}

#[tokio::test]
async fn a_histogram_is_answered() {
    let native = Native::start().await;
    three(&native).await;
    let all = native.get("/traces/histogram?buckets=4").await;
    let bucket = |ok: u64, error: u64, ns: &Value| json!({"ok": ok, "error": error, "in_progress": 0, "unspecified": 0, "p50_ns": ns, "p95_ns": ns, "tokens": 0, "cost": 0.0});
    let half = &all["duration_ns"]["p50"];
    let found = half.as_i64().unwrap();
    assert!((found - 500_000_000).abs() <= 5_000_000, "{found}");
    let buckets = [bucket(1, 0, half), bucket(0, 1, half), bucket(0, 0, &NONE), bucket(1, 0, half)];
    let expected = json!({
        "total": 3, "open": 0, "start_ns": START_NS.to_string(), "bucket_ns": SECOND, "buckets": buckets,
        "duration_ns": {"p50": half, "p95": half, "p99": half}, "tokens": 0, "cost": 0.0, "errors": 1,
    });
    assert_eq!(all, expected);
    let some = native.get(&format!("/traces/histogram?{}", query(&[("filter", "status = 'ERROR'")]))).await;
    assert_eq!((&some["total"], &some["buckets"][0]["error"]), (&json!(1), &json!(1)));
    let none = native.get("/traces/histogram?from=-1h&to=now&buckets=6").await;
    assert_eq!((&none["total"], &none["duration_ns"]["p50"]), (&json!(0), &NONE));
    let buckets = none["buckets"].as_array().unwrap().len();
    assert!((1..=6).contains(&buckets), "{buckets}");
    let words = query(&[("filter", "text ~ 'chat one'"), ("budget_ms", "1")]);
    assert_eq!(native.get(&format!("/traces/histogram?{words}")).await["open"], 0);
    assert_eq!(native.get(&format!("/traces/facets?{words}")).await["unfinished"], false);
    for path in ["/traces/histogram?budget_ms=0", "/traces/facets?budget_ms=10001"] {
        native.fails(&format!("GET {path}"), &NONE, 400, "from 1 to 10000").await;
    }
    for bad in ["0", "501", "x"] {
        native.fails(&format!("GET /traces/histogram?buckets={bad}"), &NONE, 400, "from 1 to 500").await;
    }
}

#[tokio::test]
async fn facets_are_answered() {
    let native = Native::start().await;
    three(&native).await;
    let facets = native.get("/traces/facets?field=name&field=tags&field=status&limit=1").await;
    let facet = |field: &str, label: &str, values: Value, distinct: u64| json!({"field": field, "label": label, "values": values, "distinct": distinct, "counted_traces": 3, "complete": true});
    let expected = [
        facet("name", "Name", json!([{"value": "chat", "count": 2, "clause": "name = 'chat'"}]), 2),
        facet(
            "tags.service.name",
            "service.name",
            json!([{"value": "b", "count": 2, "clause": "tags.service.name = 'b'"}]),
            2,
        ),
        facet("status", "Status", json!([{"value": "OK", "count": 2, "clause": "status = 'OK'"}]), 2),
    ];
    assert_eq!(
        facets,
        json!({"facets": expected, "counted_traces": 3, "complete": true, "unfinished": false})
    );
    let some = native.get("/traces/facets?field=name&containing=OTH").await;
    assert_eq!(texts(&some["facets"][0]["values"], "value"), ["other"]);
    native.fails("GET /traces/facets?field=nope", &NONE, 400, "field `nope` can't be counted").await;
    native.fails("GET /traces/facets?field=tags.", &NONE, 400, "field `tags.` can't be counted").await;
    native.fails("GET /traces/facets?limit=101", &NONE, 400, "from 1 to 100").await;
}

#[tokio::test]
async fn clauses_of_facets_select_what_they_count() {
    let native = Native::start().await;
    three(&native).await;
    let odd = ["it's", "a \"b\"", "both ' and \"", "`", "é\n", "a.b", "", "100%", "'", "2"];
    for (number, value) in (10_u8..).zip(odd) {
        native.spans(vec![with_attribute(span(number, 1, value), "an odd.key", value)]).await;
        let tag = format!("PUT /traces/{}/tags/my%20%60key", trace_id(number));
        assert_eq!(native.send(&tag, &json!({"value": value})).await.status, 204);
        let feedback = json!({"name": "odd one", "kind": "feedback", "value": value});
        native.send(&format!("POST /traces/{}/assessments", trace_id(number)), &feedback).await;
    }
    for (number, value) in [(1, json!(true)), (2, json!(4.5)), (3, json!(["x"]))] {
        let feedback = json!({"name": "good", "kind": "feedback", "value": value});
        native.send(&format!("POST /traces/{}/assessments", trace_id(number)), &feedback).await;
    }
    let fields = [
        "status",
        "name",
        "model",
        "provider",
        "span.type",
        "span.name",
        "span.status",
        "user",
        "session",
        "tags",
        "metadata",
        "feedback",
        "expectation",
        "span.attributes",
        "span.attributes.an odd.key",
    ];
    let fields: Vec<(&str, &str)> = fields.iter().map(|field| ("field", *field)).collect();
    let facets = native.get(&format!("/traces/facets?limit=100&{}", query(&fields))).await;
    let mut clauses = 0;
    for facet in facets["facets"].as_array().unwrap() {
        for value in facet["values"].as_array().unwrap() {
            let clause = value["clause"].as_str().unwrap();
            let path = format!("/traces/histogram?{}", query(&[("filter", clause)]));
            assert_eq!(native.get(&path).await["total"], value["count"], "{value} of {}", facet["field"]);
            clauses += 1;
        }
    }
    assert!(clauses > 60, "{clauses}");
}

#[tokio::test]
async fn facets_have_default_fields() {
    let native = Native::start().await;
    three(&native).await;
    let feedback = json!({"name": "good", "kind": "feedback", "value": true});
    native.send(&format!("POST /traces/{}/assessments", trace_id(1)), &feedback).await;
    let facets = native.get("/traces/facets").await;
    let fields = [
        "status",
        "name",
        "model",
        "provider",
        "span.type",
        "span.name",
        "user",
        "session",
        "tags.service.name",
        "feedback.good",
    ];
    assert_eq!(texts(&facets["facets"], "field"), fields);
}

#[tokio::test]
async fn sessions_are_answered_and_paged() {
    let native = Native::start().await;
    three(&native).await;
    let other =
        Span { start_time_unix_nano: START_NS, ..with_attribute(span(9, 1, "x"), "session.id", "older") };
    native.spans(vec![other]).await;
    let session = json!({
        "session": "s", "user": "u", "trace_count": 2, "error_count": 1, "first_start_ns": START_NS.to_string(),
        "last_start_ns": (START_NS + SECOND).to_string(), "duration_ns": 1_500_000_000, "tokens": 0, "cost": 0.0,
        "first_input": "q1", "last_output": "a1", "last_trace_id": trace_id(2),
    });
    let page = native.get("/sessions?limit=1").await;
    assert_eq!(page["sessions"], json!([session]));
    let token = page["next_page_token"].as_str().unwrap();
    let next = native.get(&format!("/sessions?{}", query(&[("limit", "1"), ("page_token", token)]))).await;
    assert_eq!((texts(&next["sessions"], "session"), &next["next_page_token"]), (vec!["older"], &NONE));
    let some = native.get(&format!("/sessions?{}", query(&[("filter", "status = 'ERROR'")]))).await;
    assert_eq!(
        (texts(&some["sessions"], "session"), &some["sessions"][0]["trace_count"]),
        (vec!["s"], &json!(1))
    );
    native.fails("GET /sessions?limit=501", &NONE, 400, "from 1 to 500").await;
    native.fails("GET /sessions?page_token=x", &NONE, 400, "page token").await;
    let list = native.get("/traces?limit=1").await;
    let foreign = query(&[("page_token", list["next_page_token"].as_str().unwrap())]);
    native.fails(&format!("GET /sessions?{foreign}"), &NONE, 400, "page token").await;
}

#[tokio::test]
async fn the_server_describes_itself() {
    let native = Native::start().await;
    let info = json!({"version": env!("CARGO_PKG_VERSION"), "otlp_http_port": null, "otlp_grpc_port": null, "traces": 0});
    assert_eq!(native.get("/info").await, info);
    three(&native).await;
    assert_eq!(native.get("/info").await["traces"], 3);
}
