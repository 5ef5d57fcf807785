//! The list of traces, one trace's record, its tags, and its end.

use crate::native::{Native, ids, query, texts};
use serde_json::{Value, json};
use spanwise_query::{FIELDS, FieldKind};
use spanwise_testkit::otlp::{START_NS, Span, child_of, request, span, trace_id, with_attribute};
use std::time::{SystemTime, UNIX_EPOCH};

const NONE: Value = Value::Null;

/// Query parameters: names and values.
type Parameters<'a> = &'a [(&'a str, &'a str)];

fn chat() -> Vec<Span> {
    let root = with_attribute(span(7, 1, "chat"), "session.id", "s");
    let root = with_attribute(with_attribute(root, "input.value", "what?"), "output.value", "that");
    let root = with_attribute(root, "user.id", "u");
    vec![root, child_of(1, span(7, 2, "step"))]
}

#[tokio::test]
async fn a_list_has_summaries() {
    let native = Native::start().await;
    native.spans(chat()).await;
    let id = trace_id(7);
    native.send(&format!("PUT /traces/{id}/tags/env"), &json!({"value": "dev"})).await;
    native.send(&format!("PUT /traces/{id}/tags/mlflow.hidden"), &json!({"value": "x"})).await;
    native
        .send(
            &format!("POST /traces/{id}/assessments"),
            &json!({"name": "good", "kind": "feedback", "value": true}),
        )
        .await;
    let list = native.get("/traces").await;
    let assessment = json!({"name": "good", "kind": "feedback", "value": true, "source": "HUMAN"});
    let summary = json!({
        "trace_id": id, "experiment_id": list["traces"][0]["experiment_id"], "name": "chat", "state": "OK",
        "start_ns": (START_NS + 1_000_000).to_string(), "duration_ns": 2_000_000,
        "input": "what?", "output": "that", "session": "s", "user": "u", "usage": null, "cost": null,
        "span_count": 2, "error_span_count": 0, "tags": {"env": "dev", "service.name": "svc"}, "assessments": [assessment],
    });
    assert_eq!(list, json!({"traces": [summary], "next_page_token": null}));
}

#[tokio::test]
async fn a_record_has_everything() {
    let native = Native::start().await;
    native.spans(chat()).await;
    let id = trace_id(7);
    native.send(&format!("PUT /traces/{id}/tags/service.name"), &json!({"value": "own"})).await;
    let record = native.get(&format!("/traces/{id}")).await;
    assert_eq!(native.get(&format!("/traces/{}", "07".repeat(16))).await, record);
    let expected = json!({
        "trace_id": id, "experiment_id": record["experiment_id"], "experiment_name": record["experiment_name"],
        "name": "chat", "state": "OK", "start_ns": (START_NS + 1_000_000).to_string(), "duration_ns": 2_000_000,
        "end_ns": (START_NS + 3_000_000).to_string(), "input": "what?", "output": "that",
        "request_preview": record["request_preview"], "response_preview": record["response_preview"],
        "session": "s", "user": "u", "usage": null, "cost": null, "span_count": 2, "client_request_id": null,
        "tags": {"service.name": "own"}, "own_tags": {"service.name": "own"},
        "resource_tags": {"service.name": "svc"}, "metadata": {"mlflow.trace.user": "u"}, "assessments": [],
    });
    assert_eq!(record, expected);
}

#[tokio::test]
async fn unknown_traces_are_not_found() {
    let native = Native::start().await;
    let missing = trace_id(9);
    let value = json!({"value": "v"});
    let assessment = json!({"name": "n", "kind": "feedback", "value": 1});
    let cases = [
        (format!("GET /traces/{missing}"), NONE),
        (format!("GET /traces/{missing}/tree"), NONE),
        (format!("GET /traces/{missing}/otlp"), NONE),
        (format!("GET /traces/{missing}/previews?span=0101010101010101"), NONE),
        (format!("GET /traces/{missing}/spans/0101010101010101"), NONE),
        (format!("GET /traces/{missing}/spans/0101010101010101/attributes/k"), NONE),
        (format!("DELETE /traces/{missing}"), NONE),
        (format!("PUT /traces/{missing}/tags/k"), value),
        (format!("DELETE /traces/{missing}/tags/k"), NONE),
        (format!("POST /traces/{missing}/assessments"), assessment),
        (format!("PATCH /traces/{missing}/assessments/a"), json!({"name": "n"})),
        (format!("DELETE /traces/{missing}/assessments/a"), NONE),
    ];
    for (route, body) in cases {
        native.fails(&route, &body, 404, &missing).await;
    }
}

#[tokio::test]
async fn a_path_that_is_no_text_is_a_problem() {
    let native = Native::start().await;
    for route in
        ["GET /traces/%FF", "GET /traces/%FF/tree", "DELETE /traces/x/tags/%FF", "GET /traces/x/spans/%C3"]
    {
        native.fails(route, &NONE, 400, "UTF-8").await;
    }
    for odd in ["a%20b", "a%2Fb", "%00", "tr-", "%C3%A9", &"x".repeat(1_000)] {
        let reply = native.reply(&format!("/traces/{odd}")).await;
        assert!([400, 404].contains(&reply.status.as_u16()), "{odd}: {}", reply.status);
        assert_eq!(reply.header("content-type"), "application/problem+json", "{odd}");
    }
}

#[tokio::test]
async fn tags_are_set_and_removed() {
    let native = Native::start().await;
    native.spans(chat()).await;
    let tag = format!("/traces/{}/tags/a%20b", trace_id(7));
    assert_eq!(native.send(&format!("PUT {tag}"), &json!({"value": "v"})).await.status, 204);
    let record = format!("/traces/{}", trace_id(7));
    assert_eq!(native.get(&record).await["own_tags"], json!({"a b": "v"}));
    assert_eq!(native.send(&format!("DELETE {tag}"), &NONE).await.status, 204);
    assert_eq!(native.get(&record).await["own_tags"], json!({}));
    native.fails(&format!("DELETE {tag}"), &NONE, 404, "a b").await;
    let long = "x".repeat(300);
    native
        .fails(&format!("PUT /traces/{}/tags/{long}", trace_id(7)), &json!({"value": "v"}), 400, "300")
        .await;
    native.fails(&format!("PUT {tag}"), &json!({"value": "a\0"}), 400, "NUL").await;
    native.fails(&format!("PUT {tag}"), &json!({"valu": "a"}), 422, "valu").await;
}

#[tokio::test]
async fn a_deleted_trace_is_gone() {
    let native = Native::start().await;
    native.spans(chat()).await;
    let route = format!("DELETE /traces/{}", trace_id(7));
    assert_eq!(native.send(&route, &NONE).await.status, 204);
    assert!(native.ids(&[]).await.is_empty());
    native.fails(&route, &NONE, 404, &trace_id(7)).await;
}

/// Seven traces that differ in all that traces are ordered by; two are equal in it.
async fn seven(native: &Native) {
    for number in 1..=7_u8 {
        let kind = number.min(6);
        let mut root = span(number, 1, &format!("n{}", kind % 4));
        root.start_time_unix_nano = START_NS + u64::from(kind / 2) * 1_000_000_000;
        root.end_time_unix_nano = root.start_time_unix_nano + u64::from(kind % 3) * 1_000_000;
        root = with_attribute(root, "session.id", &format!("s{}", kind % 2));
        let mut call = child_of(1, span(number, 2, "call"));
        call.start_time_unix_nano = root.start_time_unix_nano;
        call.end_time_unix_nano = root.end_time_unix_nano;
        call.attributes.push(int("gen_ai.usage.input_tokens", i64::from(kind % 5)));
        call.attributes.push(int("gen_ai.usage.output_tokens", 1));
        let spans = if number % 2 == 0 { vec![root, call] } else { vec![root] };
        native.export(&request(&format!("svc{}", kind % 3), spans)).await;
    }
}

fn int(key: &str, value: i64) -> opentelemetry_proto::tonic::common::v1::KeyValue {
    use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value};
    let value = Some(AnyValue { value: Some(Value::IntValue(value)) });
    KeyValue { key: key.to_owned(), value, ..KeyValue::default() }
}

async fn pages(native: &Native, order: &str, limit: usize) -> Vec<String> {
    let (mut found, mut token) = (Vec::new(), String::new());
    loop {
        let limit = limit.to_string();
        let parameters = [("order_by", order), ("limit", &limit), ("page_token", &token)];
        let page = native.get(&format!("/traces?{}", query(&parameters))).await;
        found.extend(ids(&page));
        match page["next_page_token"].as_str() {
            Some(next) => next.clone_into(&mut token),
            None => return found,
        }
    }
}

#[tokio::test]
async fn every_order_is_paged() {
    let native = Native::start().await;
    seven(&native).await;
    let ordered = FIELDS.iter().filter(|info| info.orders && info.kind != FieldKind::Map);
    let mut orders: Vec<String> = ordered.map(|info| info.name.to_owned()).collect();
    assert!(orders.len() > 10, "{orders:?}");
    orders.extend(["", "tags.service.name", "tokens DESC, name"].map(str::to_owned));
    for order in orders {
        for order in [order.clone(), format!("{order} DESC"), format!("{order} ASC")] {
            if order.starts_with(' ') || order.contains("name DESC DESC") || order.contains("name ASC ASC") {
                continue;
            }
            let whole = pages(&native, &order, 1_000).await;
            assert_eq!(whole.len(), 7, "{order}");
            for limit in [1, 2, 3, 7] {
                assert_eq!(pages(&native, &order, limit).await, whole, "{order} by {limit}");
            }
        }
    }
    let newest = pages(&native, "", 1_000).await;
    assert_eq!(newest[6], trace_id(1));
    let by_tokens = native.ids(&[("order_by", "tokens DESC"), ("limit", "1")]).await;
    assert_eq!(by_tokens, [trace_id(4)]);
}

#[tokio::test]
async fn a_page_token_is_of_its_query() {
    let native = Native::start().await;
    seven(&native).await;
    let page = native.get("/traces?limit=2").await;
    let token = page["next_page_token"].as_str().unwrap();
    for other in [("order_by", "name"), ("filter", "name = 'n1'")] {
        let path = format!("GET /traces?{}", query(&[other, ("page_token", token)]));
        native.fails(&path, &NONE, 400, "page token").await;
    }
    native.fails("GET /traces?page_token=%25%25", &NONE, 400, "page token").await;
    // Of sessions, which have tokens of their own.
    let sessions = native.get("/sessions?limit=1").await;
    let token = sessions["next_page_token"].as_str().unwrap();
    native.fails(&format!("GET /traces?{}", query(&[("page_token", token)])), &NONE, 400, "page token").await;
}

#[tokio::test]
async fn limits_are_checked() {
    let native = Native::start().await;
    for limit in ["0", "1001", "-1", "x", "1.5", "99999999999999999999999"] {
        let expected = format!("parameter `limit` is `{limit}`; expected a whole number from 1 to 1000");
        native.fails(&format!("GET /traces?limit={limit}"), &NONE, 400, &expected).await;
    }
    native.get("/traces?limit=1000").await;
    native.fails("GET /traces?limit=5&limit=6", &NONE, 400, "is given 2 times").await;
}

#[tokio::test]
async fn a_bad_filter_names_all_its_problems() {
    let native = Native::start().await;
    let filter = "trace.nam = 'x' AND latency > 'soon'";
    for route in ["/traces", "/traces/histogram", "/traces/facets", "/sessions", "/export", "/traces/stream"]
    {
        let path = format!("GET {route}?{}", query(&[("filter", filter)]));
        let problem = native.fails(&path, &NONE, 400, "filter").await;
        let errors = problem["errors"].as_array().unwrap();
        assert_eq!(errors.len(), 2, "{problem}");
        for (error, place) in errors.iter().zip([(0, 9), (30, 36)]) {
            assert_eq!((&error["start"], &error["end"]), (&json!(place.0), &json!(place.1)), "{error}");
            assert!(error["message"].is_string() && error["expected"].is_array(), "{error}");
        }
    }
    let problem = native.fails("GET /traces?order_by=nam", &NONE, 400, "order").await;
    assert_eq!(problem["errors"].as_array().unwrap().len(), 1);
}

fn now_ns() -> u64 {
    u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos()).unwrap()
}

#[tokio::test]
async fn times_may_be_absolute_or_relative() {
    let native = Native::start().await;
    let at = |number: u8, start: u64| Span {
        start_time_unix_nano: start,
        end_time_unix_nano: start,
        ..span(number, 1, "root")
    };
    let now = now_ns();
    native.spans(vec![at(1, START_NS), at(2, now - 1_800_000_000_000), at(3, now - 60_000_000_000)]).await;
    let (first, second, third) = (trace_id(1), trace_id(2), trace_id(3));
    let all: &[&str] = &[&third, &second, &first];
    let cases: [(Parameters<'_>, &[&str]); 13] = [
        (&[("from", "-1h")], &all[..2]),
        (&[("from", "-15m")], &all[..1]),
        (&[("to", "-15m")], &all[1..]),
        (&[("from", "-1d"), ("to", "-900s")], &all[1..2]),
        (&[("to", "now")], all),
        (&[("from", "now")], &[]),
        (&[("from", "1700000000000"), ("to", "1700000000001")], &all[2..]),
        (&[("from", "1700000000001")], &all[..2]),
        (&[("to", "1700000000000")], &[]),
        (&[("from", "2023-11-14T22:13:20Z"), ("to", "2023-11-15")], &all[2..]),
        (&[("from", "2023-11-14T23:13:20+01:00"), ("to", "2023-11-14T23:13:20.001+01:00")], &all[2..]),
        (&[("from", "-9223372036854775808"), ("to", "9223372036854775807")], all),
        (&[("from", "9223372036854775807")], &[]),
    ];
    for (parameters, expected) in cases {
        assert_eq!(native.ids(parameters).await, expected, "{parameters:?}");
    }
    for bad in ["soon", "-1y", "2023-13-01", "1e3", "-99999999999999999999h"] {
        let path = format!("GET /traces?{}", query(&[("from", bad)]));
        native.fails(&path, &NONE, 400, &format!("parameter `from` is `{bad}`")).await;
    }
}

#[tokio::test]
async fn experiments_are_named_or_numbered() {
    let native = Native::start().await;
    let create = async |name: &str| {
        let made = native.send("POST /experiments", &json!({"name": name})).await.json();
        made["experiment_id"].as_str().unwrap().to_owned()
    };
    let (shop, five, gone) = (create("shop").await, create("5").await, create("gone").await);
    for (number, experiment) in [(1_u8, &shop), (2, &five), (3, &gone)] {
        let body = prost::Message::encode_to_vec(&request("svc", vec![span(number, 1, "root")]));
        let post = http::Request::post("/v1/traces")
            .header("content-type", "application/x-protobuf")
            .header("x-mlflow-experiment-id", experiment)
            .body(axum::body::Body::from(body))
            .unwrap();
        native.server.send(post).await.expect_ok();
    }
    native.send(&format!("DELETE /experiments/{gone}"), &NONE).await;
    let both = [trace_id(2), trace_id(1)].map(String::from);
    let cases: [(Parameters<'_>, &[String]); 6] = [
        (&[], &both),
        (&[("experiment", "shop")], &both[1..]),
        (&[("experiment", &shop)], &both[1..]),
        // A name wins over an id.
        (&[("experiment", "5")], &both[..1]),
        (&[("experiment", "shop"), ("experiment", &five), ("experiment", &shop)], &both),
        (&[("experiment", "gone")], &[trace_id(3)]),
    ];
    for (parameters, expected) in cases {
        let mut found = native.ids(parameters).await;
        found.sort();
        let mut expected = expected.to_vec();
        expected.sort();
        assert_eq!(found, expected, "{parameters:?}");
    }
    for missing in ["nope", "999", "-1"] {
        let path = format!("GET /traces?experiment={missing}");
        native.fails(&path, &NONE, 404, &format!("no experiment is named `{missing}`")).await;
    }
}

#[tokio::test]
async fn a_list_is_filtered() {
    let native = Native::start().await;
    seven(&native).await;
    assert_eq!(native.ids(&[("filter", "name = 'n3'")]).await, [trace_id(3)]);
    let by_id = format!("trace_id = '{}'", trace_id(2));
    assert_eq!(native.ids(&[("filter", &by_id)]).await, [trace_id(2)]);
    let list =
        native.get(&format!("/traces?{}", query(&[("filter", "spans = 2"), ("order_by", "start")]))).await;
    assert_eq!(texts(&list["traces"], "name"), ["n2", "n0", "n2"]);
}

#[tokio::test]
async fn usage_is_explained() {
    let native = Native::start().await;
    let call = |id: u8, parent: u8, tokens: u8| {
        let usage = format!(r#"{{"input_tokens": {tokens}, "output_tokens": 0, "total_tokens": {tokens}}}"#);
        let call = with_attribute(child_of(parent, span(7, id, "call")), "mlflow.chat.tokenUsage", &usage);
        with_attribute(call, "mlflow.spanType", "\"LLM\"")
    };
    // A wrapper that has only told its last call; a call that is told twice; a wrapper that tells it all.
    let spans = vec![
        span(7, 1, "root"),
        call(2, 1, 5),
        call(3, 2, 20),
        call(4, 3, 20),
        call(5, 1, 30),
        call(6, 5, 9),
    ];
    native.spans(spans).await;
    let explained = native.get(&format!("/traces/{}/usage-explained", trace_id(7))).await;
    assert_eq!((&explained["usage"]["total"], &explained["cost"]), (&json!(50), &NONE));
    assert_eq!(
        (&explained["spans_without_cost"], &explained["client_gave_usage"]),
        (&json!(2), &json!(false))
    );
    let id = |id: u8| format!("{id:02x}").repeat(8);
    let mut found: Vec<Value> = explained["spans"]
        .as_array()
        .unwrap()
        .iter()
        .map(|span| json!([span["span_id"], span["counted"], span["reason"], span["counted_span_id"]]))
        .collect();
    found.sort_by_key(Value::to_string);
    let expected = [
        json!([id(2), false, "replaced_by_descendants", null]),
        json!([id(3), true, "counted", null]),
        json!([id(4), false, "duplicate", id(3)]),
        json!([id(5), true, "counted", null]),
        json!([id(6), false, "below_reporting_ancestor", id(5)]),
    ];
    assert_eq!(found, expected);
    let record = native.get(&format!("/traces/{}", trace_id(7))).await;
    assert_eq!(record["usage"], explained["usage"]);
}
