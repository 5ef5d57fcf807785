//! One span with its body, previews of many, and the structure of a trace.

use crate::native::{Native, encoded};
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, KeyValue, KeyValueList, any_value::Value as Any,
};
use opentelemetry_proto::tonic::trace::v1::{Status, span::Event, span::Link};
use serde_json::{Value, json};
use spanwise_testkit::otlp::{START_NS, Span, child_of, log_request, span, trace_id, with_attribute};
use std::collections::BTreeMap;

const NONE: Value = Value::Null;
const SPAN: &str = "0101010101010101";

fn path(rest: &str) -> String {
    format!("/traces/{}{rest}", trace_id(7))
}

fn any(value: Any) -> AnyValue {
    AnyValue { value: Some(value) }
}

fn pair(key: &str, value: Option<AnyValue>) -> KeyValue {
    KeyValue { key: key.to_owned(), value, ..KeyValue::default() }
}

fn int(key: &str, value: i64) -> KeyValue {
    pair(key, Some(any(Any::IntValue(value))))
}

fn event(name: &str, attributes: &[(&str, &str)]) -> Event {
    Event {
        time_unix_nano: START_NS,
        name: name.to_owned(),
        attributes: attributes
            .iter()
            .map(|(key, value)| pair(key, Some(any(Any::StringValue((*value).to_owned())))))
            .collect(),
        ..Event::default()
    }
}

#[tokio::test]
async fn the_call_of_a_model_is_read() {
    let native = Native::start().await;
    let input = json!([
        {"role": "system", "parts": [{"type": "text", "content": "be brief"}]},
        {"role": "user", "parts": [{"type": "text", "content": "weather?"}]},
        {"role": "assistant", "parts": [{"type": "tool_call", "id": "c1", "name": "weather", "arguments": {"city": "Paris"}}]},
        {"role": "tool", "parts": [{"type": "tool_call_response", "id": "c1", "response": "sunny"}]},
    ]);
    let output = json!([{"role": "assistant", "parts": [{"type": "text", "content": "sunny"}], "finish_reason": "stop"}]);
    let tools = json!([{"type": "function", "name": "weather", "description": "tells", "parameters": {"type": "object"}}]);
    let mut call = span(7, 1, "chat gpt-4o");
    call.kind = 3;
    for (key, value) in [
        ("gen_ai.operation.name", "chat".to_owned()),
        ("gen_ai.provider.name", "openai".to_owned()),
        ("gen_ai.request.model", "gpt-4o".to_owned()),
        ("gen_ai.input.messages", input.to_string()),
        ("gen_ai.output.messages", output.to_string()),
        ("gen_ai.tool.definitions", tools.to_string()),
    ] {
        call = with_attribute(call, key, &value);
    }
    call.attributes.push(pair("gen_ai.request.temperature", Some(any(Any::DoubleValue(0.5)))));
    call.attributes.extend([int("gen_ai.usage.input_tokens", 10), int("gen_ai.usage.output_tokens", 2)]);
    call.attributes.push(pair("gen_ai.response.time_to_first_chunk", Some(any(Any::DoubleValue(0.25)))));
    call.attributes.push(int("gen_ai.usage.reasoning.output_tokens", 1));
    for (key, value) in [("gen_ai.agent.name", "helper"), ("gen_ai.prompt.name", "brief")] {
        call = with_attribute(call, key, value);
    }
    native.spans(vec![call]).await;
    let detail = native.get(&path(&format!("/spans/{SPAN}"))).await;
    let expected = json!({
        "trace_id": trace_id(7), "span_id": SPAN, "parent_id": null, "name": "chat gpt-4o", "kind": "CLIENT",
        "start_ns": (START_NS + 1_000_000).to_string(), "duration_ns": 1_000_000, "status": "OK",
        "status_message": "", "model": "gpt-4o", "provider": "openai", "session": null, "user": null,
        "usage": {"input": 10, "output": 2, "total": 12, "cache_read": null, "cache_write": null},
        "agent": "helper", "prompt": {"name": "brief", "version": null}, "asked_model": "gpt-4o", "error": null,
        "finish_reasons": [], "time_to_first_token_ns": 250_000_000, "reasoning_tokens": 1,
        "audio_input_tokens": null, "audio_output_tokens": null, "embedding_dimensions": null,
    });
    for (field, value) in expected.as_object().unwrap() {
        assert_eq!(&detail[field], value, "{field}");
    }
    assert!(["LLM", "CHAT_MODEL"].contains(&detail["type"].as_str().unwrap()), "{}", detail["type"]);
    assert_eq!(detail["parameters"]["temperature"], 0.5);
    let messages = &detail["input_messages"];
    let roles: Vec<_> = messages.as_array().unwrap().iter().map(|one| &one["role"]).collect();
    assert_eq!(roles, ["system", "user", "assistant", "tool"]);
    assert_eq!(messages[1]["parts"], json!([{"type": "text", "text": "weather?"}]));
    let tool_call =
        json!({"type": "tool_call", "id": "c1", "name": "weather", "arguments": {"city": "Paris"}});
    assert_eq!(messages[2]["parts"][0], tool_call);
    let result = &messages[3]["parts"][0];
    assert_eq!(
        (&result["type"], &result["id"], &result["result"]),
        (&json!("tool_result"), &json!("c1"), &json!("sunny"))
    );
    assert_eq!(detail["output_messages"][0]["finish_reason"], "stop");
    let tool = json!({"name": "weather", "description": "tells", "parameters": {"type": "object"}});
    assert_eq!(detail["tools"], json!([tool]));
    // What the tree says is what the span says.
    let tree = native.get(&path("/tree")).await;
    assert_eq!(
        (&tree["types"]["values"][0], &tree["models"]["values"][0]),
        (&detail["type"], &detail["model"])
    );
    assert_eq!((&tree["usage"]["input"], &tree["usage"]["total"]), (&json!([10]), &json!([12])));
    assert_eq!(tree["cost"]["total"][0], detail["cost"]["total"]);
}

#[tokio::test]
async fn documents_of_a_retriever_are_read() {
    let native = Native::start().await;
    let mut retriever = with_attribute(span(7, 1, "find"), "openinference.span.kind", "RETRIEVER");
    retriever = with_attribute(retriever, "retrieval.documents.0.document.id", "d1");
    retriever = with_attribute(retriever, "retrieval.documents.0.document.content", "text");
    let score = pair("retrieval.documents.0.document.score", Some(any(Any::DoubleValue(0.5))));
    retriever.attributes.push(score);
    native.spans(vec![retriever]).await;
    let detail = native.get(&path(&format!("/spans/{SPAN}"))).await;
    let document = json!({"id": "d1", "content": "text", "score": 0.5, "metadata": {}});
    assert_eq!((&detail["type"], &detail["documents"]), (&json!("RETRIEVER"), &json!([document])));
}

#[tokio::test]
async fn events_links_logs_resource_and_scope_are_there() {
    let native = Native::start().await;
    let first = event("exception", &[("exception.type", "E1"), ("exception.message", "first")]);
    let last = event(
        "exception",
        &[("exception.type", "E2"), ("exception.message", "last"), ("exception.stacktrace", "at x")],
    );
    let link = Link { trace_id: vec![0xab; 16], span_id: vec![0xcd; 8], ..Link::default() };
    let failed = Span {
        status: Some(Status { code: 2, message: "it broke".into() }),
        events: vec![first, last, event("note", &[("k", "v")])],
        links: vec![link],
        ..span(7, 1, "root")
    };
    native.spans(vec![failed]).await;
    native.server.post_otlp("/v1/logs", &log_request("svc", Some((7, 1)), "an.event")).await.expect_ok();
    let detail = native.get(&path(&format!("/spans/{SPAN}"))).await;
    assert_eq!((&detail["status"], &detail["status_message"]), (&json!("ERROR"), &json!("it broke")));
    assert_eq!(detail["exception"], json!({"type": "E2", "message": "last", "stacktrace": "at x"}));
    assert_eq!(detail["events"].as_array().unwrap().len(), 3);
    let text = |key: &str, value: &str| json!({"key": key, "type": "string", "value": value, "bytes": value.len(), "cut": false});
    assert_eq!(
        detail["events"][2],
        json!({"time_ns": START_NS.to_string(), "name": "note", "attributes": [text("k", "v")]})
    );
    let link = json!({"trace_id": trace_id(0xab), "span_id": "cd".repeat(8), "attributes": []});
    assert_eq!(detail["links"], json!([link]));
    let log = json!({"time_ns": START_NS.to_string(), "event_name": "an.event", "severity": "", "body": "a body", "attributes": []});
    assert_eq!(detail["logs"], json!([log]));
    assert_eq!(detail["resource"], json!([text("service.name", "svc")]));
    assert_eq!(detail["scope"], json!({"name": "testkit", "version": "", "attributes": []}));
    let preview = native.get(&path(&format!("/previews?span={SPAN}"))).await;
    assert_eq!(preview["previews"][0]["error"], "it broke");
}

#[tokio::test]
async fn attributes_come_as_they_were_sent() {
    let native = Native::start().await;
    let list = any(Any::ArrayValue(ArrayValue {
        values: vec![any(Any::IntValue(1)), any(Any::StringValue("x".into()))],
    }));
    let map =
        any(Any::KvlistValue(KeyValueList { values: vec![pair("b", Some(list.clone())), pair("a", None)] }));
    let mut sent = span(7, 1, "root");
    sent.attributes = vec![
        int("z", 5),
        int("large", (1 << 53) + 1),
        int("small", i64::MIN),
        pair("yes", Some(any(Any::BoolValue(true)))),
        pair("half", Some(any(Any::DoubleValue(0.5)))),
        pair("nan", Some(any(Any::DoubleValue(f64::NAN)))),
        pair("bytes", Some(any(Any::BytesValue(vec![0xff, 0])))),
        pair("list", Some(list)),
        pair("map", Some(map)),
        pair("none", None),
    ];
    native.spans(vec![sent]).await;
    let detail = native.get(&path(&format!("/spans/{SPAN}"))).await;
    let found: Vec<_> = detail["attributes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| json!([one["key"], one["type"], one["value"], one["cut"]]))
        .collect();
    let expected = json!([
        ["z", "int", 5, false],
        ["large", "int", "9007199254740993", false],
        ["small", "int", "-9223372036854775808", false],
        ["yes", "bool", true, false],
        ["half", "double", 0.5, false],
        ["nan", "double", "NaN", false],
        ["bytes", "bytes", "/wA=", false],
        ["list", "array", [1, "x"], false],
        ["map", "map", {"a": null, "b": [1, "x"]}, false],
        ["none", "empty", null, false],
    ]);
    assert_eq!(json!(found), expected);
}

#[tokio::test]
async fn long_attributes_are_cut_and_have_a_route() {
    let native = Native::start().await;
    let long = "é".repeat(40_000);
    let key = "a/b c?";
    let mut sent = with_attribute(with_attribute(span(7, 1, "root"), key, &long), "short", "text");
    sent.attributes.push(int("n", 5));
    native.spans(vec![sent]).await;
    let attribute = async |parameters: &str, index: usize| {
        native.get(&path(&format!("/spans/{SPAN}{parameters}"))).await["attributes"][index].clone()
    };
    let cut = json!({"key": key, "type": "string", "value": null, "bytes": 80_000, "cut": true});
    assert_eq!(attribute("", 0).await, cut);
    let whole = json!({"key": key, "type": "string", "value": long, "bytes": 80_000, "cut": false});
    assert_eq!(attribute("?value_bytes=80000", 0).await, whole);
    assert_eq!(attribute("?value_bytes=0", 1).await["cut"], true);
    let route = |key: &str| path(&format!("/spans/{SPAN}/attributes/{}", encoded(key)));
    let reply = native.reply(&route(key)).await.expect_ok();
    assert_eq!((reply.header("content-type"), reply.text()), ("text/plain; charset=utf-8", long.as_str()));
    let reply = native.reply(&route("n")).await.expect_ok();
    assert_eq!((reply.header("content-type"), reply.text()), ("application/json", "5"));
    native.fails(&format!("GET {}", route("nope")), &NONE, 404, "has no attribute `nope`").await;
    let bad = format!("GET {}", path(&format!("/spans/{SPAN}?value_bytes=x")));
    native.fails(&bad, &NONE, 400, "parameter `value_bytes` is `x`").await;
}

#[tokio::test]
async fn a_large_input_comes_with_its_head() {
    let native = Native::start().await;
    let large = "é".repeat(3 << 20);
    native.spans(vec![with_attribute(span(7, 1, "root"), "input.value", &large)]).await;
    let inputs = native.get(&path(&format!("/spans/{SPAN}"))).await["inputs"].clone();
    assert_eq!((&inputs["cut"], &inputs["bytes"]), (&json!(true), &json!((6 << 20) + 2)));
    let head = inputs["value"].as_str().unwrap();
    assert!(head.starts_with("\"éé") && head.len() <= 256 << 10, "{} bytes", head.len());
}

#[tokio::test]
async fn unknown_spans_are_named() {
    let native = Native::start().await;
    native.spans(vec![span(7, 1, "root")]).await;
    let missing = format!("GET {}", path("/spans/ffffffffffffffff"));
    native.fails(&missing, &NONE, 404, "has no span `ffffffffffffffff`").await;
    native.fails(&format!("GET {}", path("/spans/nope")), &NONE, 400, "nope").await;
    native.fails(&format!("GET {}", path("/previews?span=nope")), &NONE, 400, "nope").await;
}

#[tokio::test]
async fn previews_come_in_the_order_asked() {
    let native = Native::start().await;
    let spans = (1..=9)
        .map(|number| with_attribute(span(7, number, "s"), "input.value", &format!("question {number}")));
    native.spans(spans.collect()).await;
    let ids = [3_u8, 99, 1, 9].map(|number| format!("span={}", format!("{number:02x}").repeat(8))).join("&");
    let previews = native.get(&path(&format!("/previews?{ids}"))).await;
    let preview = |number: u8| json!({"span_id": format!("{number:02x}").repeat(8), "input": format!("question {number}"), "output": null, "error": null});
    assert_eq!(previews, json!({"previews": [preview(3), preview(1), preview(9)]}));
    assert_eq!(native.get(&path("/previews")).await, json!({"previews": []}));
    let many = vec![format!("span={SPAN}"); 200].join("&");
    assert_eq!(
        native.get(&path(&format!("/previews?{many}"))).await["previews"].as_array().unwrap().len(),
        1
    );
    let too_many = format!("GET {}", path(&format!("/previews?{many}&span={SPAN}")));
    native.fails(&too_many, &NONE, 400, "given 201 times; the limit is 200").await;
}

#[tokio::test]
async fn previews_are_short() {
    let native = Native::start().await;
    let long = "é".repeat(2_000);
    let failed = Span {
        status: Some(Status { code: 2, message: long.clone() }),
        ..with_attribute(with_attribute(span(7, 1, "root"), "input.value", &long), "output.value", &long)
    };
    native.spans(vec![failed]).await;
    let preview = native.get(&path(&format!("/previews?span={SPAN}"))).await["previews"][0].clone();
    for field in ["input", "output", "error"] {
        let chars = preview[field].as_str().unwrap().chars().count();
        assert!((1..=300).contains(&chars), "{field} has {chars} characters");
    }
}

/// Returns the running sums of a list of deltas.
fn sums(deltas: &Value) -> Vec<i64> {
    let deltas = deltas.as_array().unwrap().iter().map(|delta| delta.as_i64().unwrap());
    deltas
        .scan(0, |sum, delta| {
            *sum += delta;
            Some(*sum)
        })
        .collect()
}

/// Reads a tree back, row by row: what each span's detail must say.
fn rows(tree: &Value) -> Vec<BTreeMap<&'static str, Value>> {
    let count = tree["count"].as_u64().unwrap() as usize;
    let ids = tree["ids"].as_str().unwrap();
    let id = |row: usize| ids[row * 16..row * 16 + 16].to_owned();
    let start: i64 = tree["start_ns"].as_str().unwrap().parse().unwrap();
    let starts = sums(&tree["starts"]);
    let text = |column: &str, row: usize| {
        let index = tree[column]["rows"][row].as_u64().unwrap() as usize;
        tree[column]["values"][index].clone()
    };
    let sparse = |rows: &Value, row: usize| sums(rows).iter().position(|at| *at == row as i64);
    let row = |row: usize| {
        let parent = tree["parents"][row].as_i64().unwrap();
        let duration = tree["durations"][row].as_i64().unwrap();
        let status =
            ["UNSET", "OK", "ERROR"][tree["statuses"].as_str().unwrap().as_bytes()[row] as usize - 48];
        let model = sparse(&tree["models"]["rows"], row).map(|at| {
            tree["models"]["values"][tree["models"]["indexes"][at].as_u64().unwrap() as usize].clone()
        });
        let used = sparse(&tree["usage"]["rows"], row).map(|at| tree["usage"]["total"][at].clone());
        let cost = sparse(&tree["cost"]["rows"], row).map(|at| tree["cost"]["total"][at].clone());
        BTreeMap::from([
            ("span_id", json!(id(row))),
            ("parent_id", if parent >= 0 { json!(id(parent as usize)) } else { json!(parent) }),
            ("start_ns", json!((start + starts[row]).to_string())),
            ("duration_ns", if duration < 0 { NONE } else { json!(duration) }),
            ("status", json!(status)),
            ("name", text("names", row)),
            ("type", text("types", row)),
            ("model", model.unwrap_or_default()),
            ("total", used.unwrap_or_default()),
            ("cost", cost.unwrap_or_default()),
        ])
    };
    (0..count).map(row).collect()
}

#[tokio::test]
async fn a_tree_says_what_its_spans_say() {
    let native = Native::start().await;
    let mut spans = vec![Span { end_time_unix_nano: 0, ..span(7, 1, "root") }];
    for number in 2..=20_u8 {
        let mut one = child_of(number / 2, span(7, number, ["a", "b", "c"][usize::from(number % 3)]));
        one.start_time_unix_nano = START_NS + u64::from(number) * 37 % 11 * 1_000;
        one.end_time_unix_nano = one.start_time_unix_nano + u64::from(number % 4);
        one.status = Some(Status { code: i32::from(number % 3), message: String::new() });
        if number % 4 == 0 {
            one = with_attribute(
                one,
                "gen_ai.request.model",
                ["gpt-4o", "gpt-4o-mini"][usize::from(number % 8 / 4)],
            );
            one = with_attribute(one, "gen_ai.operation.name", "chat");
            one.attributes.extend([
                int("gen_ai.usage.input_tokens", 100),
                int("gen_ai.usage.output_tokens", i64::from(number)),
            ]);
        }
        spans.push(one);
    }
    spans.push(child_of(99, span(7, 30, "orphan")));
    native.spans(spans).await;
    let tree = native.get(&path("/tree")).await;
    let rows = rows(&tree);
    assert_eq!((rows.len(), &rows[0]["name"], &rows[0]["parent_id"]), (21, &json!("root"), &json!(-1)));
    assert!(rows.iter().any(|row| row["parent_id"] == -2 && row["name"] == "orphan"));
    for row in &rows {
        let detail = native.get(&path(&format!("/spans/{}", row["span_id"].as_str().unwrap()))).await;
        for field in ["start_ns", "duration_ns", "status", "name", "type", "model"] {
            assert_eq!(detail[field], row[field], "{field} of {}", row["span_id"]);
        }
        assert_eq!(detail["usage"]["total"], row["total"], "{}", row["span_id"]);
        assert_eq!(detail["cost"]["total"], row["cost"], "{}", row["span_id"]);
        if row["parent_id"].is_string() {
            assert_eq!(detail["parent_id"], row["parent_id"]);
        }
    }
    // The topmost of those that report usage are counted.
    let uncounted = sums(&tree["uncounted"]);
    assert!(!uncounted.is_empty());
    let counted = rows.iter().enumerate().filter(|(row, _)| !uncounted.contains(&(*row as i64)));
    let total: u64 = counted.filter_map(|(_, row)| row["total"].as_u64()).sum();
    assert_eq!(native.get(&path("")).await["usage"]["total"], total);
}
