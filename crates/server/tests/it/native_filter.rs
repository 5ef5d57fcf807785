//! Filters as they are being written.

use crate::native::{Native, query, texts};
use serde_json::{Value, json};
use spanwise_testkit::otlp::{request, span, trace_id, with_attribute};

const NONE: Value = Value::Null;

#[tokio::test]
async fn a_filter_is_checked() {
    let native = Native::start().await;
    let check = async |text: &str, order: &str| {
        native.get(&format!("/filter?{}", query(&[("text", text), ("order_by", order)]))).await
    };
    let fine = check("status='OK' and latency>1s", "tokens desc").await;
    assert_eq!((&fine["valid"], &fine["errors"]), (&json!(true), &json!([])));
    let canonical = fine["canonical"].as_str().unwrap();
    assert_eq!(check(canonical, "").await["canonical"], canonical);
    let wrong = check("trace.nam = 'x'", "nam").await;
    assert_eq!((&wrong["valid"], &wrong["canonical"]), (&json!(false), &NONE));
    assert_eq!(wrong["errors"].as_array().unwrap().len(), 2, "{wrong}");
    let order = check("", "nam").await;
    assert_eq!(order["valid"], false, "{order}");
    let empty = json!({"valid": true, "canonical": "", "errors": []});
    assert_eq!(native.get("/filter").await, empty);
    let long = "a".repeat(60_000);
    assert_eq!(check(&long, "").await["valid"], false);
}

/// Returns what is proposed at the end of a text.
async fn complete(native: &Native, text: &str) -> Value {
    native.get(&format!("/filter/complete?{}", query(&[("text", text)]))).await
}

async fn check(native: &Native, text: &str, expected: &[(&str, &str)]) {
    let answer = complete(native, text).await;
    let items: Vec<_> =
        texts(&answer["items"], "text").into_iter().zip(texts(&answer["items"], "kind")).collect();
    for item in expected {
        assert!(items.contains(item), "{text:?} lacks {item:?}: {items:?}");
    }
    assert!(items.len() <= 50);
    let (start, end) = (answer["start"].as_u64().unwrap(), answer["end"].as_u64().unwrap());
    assert!(start <= end && end <= text.len() as u64, "{text:?}: {start}..{end}");
}

#[tokio::test]
async fn a_filter_is_completed_at_every_place() {
    let native = Native::start().await;
    let root = with_attribute(with_attribute(span(7, 1, "it's a chat"), "my key", "v"), "session.id", "s");
    native.export(&request("svc", vec![root])).await;
    let id = trace_id(7);
    native.send(&format!("PUT /traces/{id}/tags/env"), &json!({"value": "prod"})).await;
    for (name, value) in [("good", json!(true)), ("score", json!(4.5)), ("mood", json!("fine"))] {
        native
            .send(
                &format!("POST /traces/{id}/assessments"),
                &json!({"name": name, "kind": "feedback", "value": value}),
            )
            .await;
    }
    let cases: [(&str, &[(&str, &str)]); 18] = [
        ("", &[("status", "field"), ("tags.", "field"), ("NOT", "keyword"), ("has:", "keyword")]),
        ("sta", &[("status", "field")]),
        ("STA", &[("status", "field")]),
        ("tags.", &[("tags.env", "field"), ("tags.service.name", "field")]),
        ("tags.e", &[("tags.env", "field")]),
        ("feedback.", &[("feedback.good", "field"), ("feedback.score", "field")]),
        ("span.attributes.my", &[("span.attributes.`my key`", "field")]),
        ("status ", &[("=", "operator"), ("IN", "operator")]),
        ("latency ", &[(">", "operator"), ("<=", "operator")]),
        ("status = ", &[("'OK'", "value"), ("'ERROR'", "value")]),
        ("status = 'E", &[("'ERROR'", "value")]),
        ("name = ", &[("\"it's a chat\"", "value")]),
        ("tags.env = ", &[("'prod'", "value")]),
        ("feedback.good = ", &[("true", "value")]),
        ("feedback.mood = ", &[("'fine'", "value")]),
        ("latency > ", &[("5s", "value")]),
        ("name = 'x' ", &[("AND", "keyword"), ("OR", "keyword")]),
        ("span(", &[("span.name", "field")]),
    ];
    for (text, expected) in cases {
        check(&native, text, expected).await;
    }
    let value = &complete(&native, "tags.env = ").await["items"][0];
    assert_eq!(value, &json!({"text": "'prod'", "kind": "value", "detail": null, "count": 1}));
}

#[tokio::test]
async fn an_accepted_value_is_a_filter_that_finds() {
    let native = Native::start().await;
    for (number, name) in (1_u8..).zip(["it's", "a \"b\"", "both ' and \"", "é", "2", "OK"]) {
        native.export(&request("svc", vec![span(number, 1, name)])).await;
    }
    let answer = complete(&native, "name = ").await;
    let values = texts(&answer["items"], "text");
    assert_eq!(values.len(), 6, "{answer}");
    for value in values {
        let filter = format!("name = {value}");
        assert_eq!(native.ids(&[("filter", &filter)]).await.len(), 1, "{filter}");
    }
}

#[tokio::test]
async fn a_cursor_may_be_anywhere() {
    let native = Native::start().await;
    let text = "name = 'é🦀' AND span(model ~ 'x') OR \"";
    for cursor in 0..=text.len() + 2 {
        let cursor = cursor.to_string();
        let answer =
            native.get(&format!("/filter/complete?{}", query(&[("text", text), ("cursor", &cursor)]))).await;
        let (start, end) = (answer["start"].as_u64().unwrap(), answer["end"].as_u64().unwrap());
        let place = usize::try_from(start).unwrap()..usize::try_from(end).unwrap();
        assert!(text.get(place).is_some(), "{cursor}: {start}..{end} is no place of the text");
    }
    let first =
        native.get(&format!("/filter/complete?{}", query(&[("text", "stat = 'x'"), ("cursor", "4")]))).await;
    assert_eq!((&first["start"], &first["end"]), (&json!(0), &json!(4)));
    native.fails("GET /filter/complete?cursor=x", &NONE, 400, "parameter `cursor` is `x`").await;
    native.fails("GET /filter/complete?experiment=nope", &NONE, 404, "`nope`").await;
    native.fails("GET /filter/complete?from=x", &NONE, 400, "`from`").await;
}

#[tokio::test]
async fn values_come_from_the_selected_traces() {
    let native = Native::start().await;
    native.export(&request("svc", vec![span(7, 1, "old")])).await;
    let some = async |rest: &[(&str, &str)]| {
        let parameters = [&[("text", "name = ")], rest].concat();
        native.get(&format!("/filter/complete?{}", query(&parameters))).await["items"]
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!(some(&[]).await, 1);
    assert_eq!(some(&[("from", "-1h")]).await, 0);
    assert_eq!(some(&[("to", "now")]).await, 1);
    assert_eq!(
        some(&[("experiment", "Default")]).await,
        usize::from(native.ids(&[("experiment", "0")]).await.len() == 1)
    );
}

#[tokio::test]
async fn values_that_begin_with_the_text_come_first() {
    let native = Native::start().await;
    for (number, name) in [(1, "plan-a"), (2, "plan-a"), (3, "a-list")] {
        native.export(&request("svc", vec![span(number, 1, name)])).await;
    }
    let answer = complete(&native, "name = 'a").await;
    assert_eq!(texts(&answer["items"], "text"), ["'a-list'", "'plan-a'"]);
}
