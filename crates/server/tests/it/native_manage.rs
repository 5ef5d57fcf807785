//! Experiments, assessments, and changes of many traces at once.

use crate::native::{Native, query, texts};
use serde_json::{Value, json};
use spanwise_testkit::otlp::{START_NS, Span, request, span, trace_id};

const NONE: Value = Value::Null;

async fn create(native: &Native, name: &str) -> Value {
    let reply = native.send("POST /experiments", &json!({"name": name})).await;
    assert_eq!(reply.status, 201, "{}", reply.text());
    reply.json()
}

#[tokio::test]
async fn experiments_are_created_renamed_deleted_and_restored() {
    let native = Native::start().await;
    let shop = create(&native, "shop").await;
    let id = shop["experiment_id"].as_str().unwrap();
    let expected = json!({
        "experiment_id": id, "name": "shop", "deleted": false, "created_ns": shop["created_ns"], "trace_count": 0,
        "last_trace_ns": null, "tags": {},
    });
    assert_eq!(shop, expected);
    assert!(shop["created_ns"].as_str().unwrap().parse::<i64>().unwrap() > 0);
    native.fails("POST /experiments", &json!({"name": "shop"}), 409, "shop").await;
    let path = format!("/experiments/{id}");
    let renamed = native.send(&format!("PATCH {path}"), &json!({"name": "store"})).await.expect_ok().json();
    assert_eq!(renamed["name"], "store");
    native.fails(&format!("PATCH {path}"), &json!({"name": "Default"}), 409, "Default").await;
    assert_eq!(native.send(&format!("DELETE {path}"), &NONE).await.status, 204);
    native.fails(&format!("DELETE {path}"), &NONE, 400, id).await;
    assert_eq!(texts(&native.get("/experiments").await["experiments"], "name"), ["Default"]);
    let deleted = native.get("/experiments?deleted=true").await;
    assert_eq!(
        (texts(&deleted["experiments"], "name"), &deleted["experiments"][0]["deleted"]),
        (vec!["store"], &json!(true))
    );
    let restored = native.send(&format!("POST {path}/restore"), &NONE).await.expect_ok().json();
    assert_eq!((&restored["name"], &restored["deleted"]), (&json!("store"), &json!(false)));
}

#[tokio::test]
async fn experiments_are_listed_by_activity() {
    let native = Native::start().await;
    create(&native, "b").await;
    create(&native, "a").await;
    native.export(&request("older", vec![span(1, 1, "x"), span(3, 1, "x")])).await;
    native
        .export(&request(
            "newer",
            vec![Span { start_time_unix_nano: START_NS + 9_000_000_000, ..span(2, 1, "x") }],
        ))
        .await;
    let list = native.get("/experiments").await;
    let active: Vec<_> =
        list["experiments"].as_array().unwrap().iter().filter(|one| one["trace_count"] != 0).collect();
    let starts: Vec<_> = active.iter().map(|one| one["last_trace_ns"].as_str().unwrap()).collect();
    assert!(
        starts.is_sorted_by(|a, b| a >= b) && starts[0] == (START_NS + 9_000_000_000).to_string(),
        "{starts:?}"
    );
    let traces: u64 = active.iter().map(|one| one["trace_count"].as_u64().unwrap()).sum();
    assert_eq!(traces, 3);
    let names = texts(&list["experiments"], "name");
    assert!(names.ends_with(&["a", "b"]) || names.ends_with(&["Default", "a", "b"]), "{names:?}");
}

#[tokio::test]
async fn bad_experiments_are_refused() {
    let native = Native::start().await;
    native.fails("POST /experiments", &json!({"name": " "}), 400, "empty").await;
    native.fails("POST /experiments", &json!({"name": "a\0"}), 400, "NUL").await;
    native.fails("POST /experiments", &json!({"name": "x".repeat(1_000)}), 400, "1000 characters").await;
    native.fails("POST /experiments", &json!({"nam": "x"}), 422, "nam").await;
    native.fails("GET /experiments?deleted=yes", &NONE, 400, "expected `true` or `false`").await;
    for (route, body) in [
        ("PATCH /experiments/99", json!({"name": "x"})),
        ("DELETE /experiments/99", NONE),
        ("POST /experiments/99/restore", NONE),
    ] {
        native.fails(route, &body, 404, "99").await;
    }
    native.fails("DELETE /experiments/x", &NONE, 400, "x").await;
}

#[tokio::test]
async fn assessments_are_created_changed_and_deleted() {
    let native = Native::start().await;
    native.spans(vec![span(7, 1, "root")]).await;
    let path = format!("/traces/{}/assessments", trace_id(7));
    let new = json!({"name": "good", "kind": "feedback", "value": {"a": [1, null]}, "rationale": "why", "span_id": "01".repeat(8), "metadata": {"k": "v"}});
    let reply = native.send(&format!("POST {path}"), &new).await;
    assert_eq!(reply.status, 201, "{}", reply.text());
    let created = reply.json();
    let id = created["assessment_id"].as_str().unwrap();
    let expected = json!({
        "assessment_id": id, "trace_id": trace_id(7), "name": "good", "kind": "feedback", "value": {"a": [1, null]},
        "error": null, "source": {"type": "HUMAN", "id": "user"}, "span_id": "01".repeat(8), "rationale": "why",
        "metadata": {"k": "v"}, "created_ns": created["created_ns"], "last_updated_ns": created["created_ns"],
        "valid": true, "overrides": null,
    });
    assert_eq!(created, expected);
    let record = format!("/traces/{}", trace_id(7));
    assert_eq!(native.get(&record).await["assessments"], json!([created]));
    let one = format!("{path}/{id}");
    let change = json!({"value": false, "rationale": "", "name": "better", "metadata": {"j": "w"}});
    let changed = native.send(&format!("PATCH {one}"), &change).await.expect_ok().json();
    let fields = ["value", "rationale", "name", "metadata"].map(|field| changed[field].clone());
    assert_eq!(json!(fields), json!([false, null, "better", {"j": "w", "k": "v"}]));
    assert_eq!(changed["created_ns"], created["created_ns"]);
    assert_eq!(native.send(&format!("DELETE {one}"), &NONE).await.status, 204);
    assert_eq!(native.get(&record).await["assessments"], json!([]));
    native.fails(&format!("DELETE {one}"), &NONE, 404, id).await;
    native.fails(&format!("PATCH {one}"), &json!({"value": 1}), 404, id).await;
}

#[tokio::test]
async fn expectations_and_sources_are_told_apart() {
    let native = Native::start().await;
    native.spans(vec![span(7, 1, "root")]).await;
    let path = format!("/traces/{}/assessments", trace_id(7));
    let new = json!({"name": "answer", "kind": "expectation", "value": ["x"], "source": {"type": "LLM_JUDGE", "id": "j"}});
    let created = native.send(&format!("POST {path}"), &new).await.json();
    assert_eq!(
        (&created["kind"], &created["value"], &created["source"]),
        (&json!("expectation"), &json!(["x"]), &json!({"type": "LLM_JUDGE", "id": "j"}))
    );
    let one = format!("PATCH {path}/{}", created["assessment_id"].as_str().unwrap());
    let changed = native.send(&one, &json!({"value": "plain"})).await.expect_ok().json();
    assert_eq!((&changed["kind"], &changed["value"]), (&json!("expectation"), &json!("plain")));
}

#[tokio::test]
async fn bad_assessments_are_refused() {
    let native = Native::start().await;
    native.spans(vec![span(7, 1, "root")]).await;
    let route = format!("POST /traces/{}/assessments", trace_id(7));
    let fine = json!({"name": "n", "kind": "feedback", "value": 1});
    let with = |field: &str, value: Value| {
        let mut body = fine.clone();
        body[field] = value;
        body
    };
    native.fails(&route, &with("span_id", json!("nope")), 400, "nope").await;
    native.fails(&route, &with("kind", json!("issue")), 400, "issue").await;
    native.fails(&route, &with("name", json!("")), 400, "name").await;
    native.fails(&route, &with("more", json!(1)), 422, "more").await;
    native.fails(&route, &json!({"name": "n", "kind": "expectation", "value": null}), 400, "value").await;
    assert_eq!(native.get(&format!("/traces/{}", trace_id(7))).await["assessments"], json!([]));
}

/// Five traces, two of them named `odd`.
async fn five(native: &Native) {
    let spans = (1..=5).map(|number| span(number, 1, if number % 2 == 0 { "even" } else { "odd" })).collect();
    native.spans(spans).await;
}

async fn bulk(native: &Native, route: &str, body: Value) -> (u64, u64) {
    let result = native.send(&format!("POST /traces/{route}"), &body).await.expect_ok().json();
    (result["matched"].as_u64().unwrap(), result["changed"].as_u64().unwrap())
}

#[tokio::test]
async fn selected_traces_are_deleted() {
    let native = Native::start().await;
    five(&native).await;
    let by_filter = json!({"filter": "name = 'even'"});
    let mut dry = by_filter.clone();
    dry["dry_run"] = json!(true);
    assert_eq!(bulk(&native, "delete", dry).await, (2, 0));
    assert_eq!(native.ids(&[]).await.len(), 5);
    assert_eq!(bulk(&native, "delete", by_filter).await, (2, 2));
    let ids = json!({"trace_ids": [trace_id(1), trace_id(2), trace_id(9), "03".repeat(16)], "filter": "name = 'odd'"});
    assert_eq!(bulk(&native, "delete", ids).await, (2, 2));
    assert_eq!(native.ids(&[]).await, [trace_id(5)]);
    assert_eq!(bulk(&native, "delete", json!({"trace_ids": []})).await, (0, 0));
    assert_eq!(bulk(&native, "delete", json!({"from": "-1h"})).await, (0, 0));
    assert_eq!(bulk(&native, "delete", json!({"all": true})).await, (1, 1));
    assert!(native.ids(&[]).await.is_empty());
}

#[tokio::test]
async fn more_traces_than_a_step_are_deleted_and_tagged() {
    let native = Native::start().await;
    for part in 0..21_u32 {
        let many = (0..100_u32).map(|number| Span {
            trace_id: (u128::from(part) << 64 | u128::from(number) << 8 | 1).to_be_bytes().to_vec(),
            ..span(1, 1, "x")
        });
        native.spans(many.collect()).await;
    }
    assert_eq!(bulk(&native, "tag", json!({"all": true, "set": {"k": "v"}})).await, (2_100, 2_100));
    let tagged = native.get(&format!("/traces/histogram?{}", query(&[("filter", "tags.k = 'v'")]))).await;
    assert_eq!(tagged["total"], 2_100);
    assert_eq!(bulk(&native, "delete", json!({"filter": "tags.k = 'v'"})).await, (2_100, 2_100));
}

#[tokio::test]
async fn selected_traces_are_tagged() {
    let native = Native::start().await;
    five(&native).await;
    let odd = json!({"filter": "name = 'odd'", "set": {"k": "v", "j": "w"}});
    let mut dry = odd.clone();
    dry["dry_run"] = json!(true);
    assert_eq!(bulk(&native, "tag", dry).await, (3, 0));
    assert_eq!(bulk(&native, "tag", odd).await, (3, 3));
    assert_eq!(native.ids(&[("filter", "tags.k = 'v' AND tags.j = 'w'")]).await.len(), 3);
    let one = json!({"trace_ids": [trace_id(1), trace_id(2)], "set": {"i": "x"}, "remove": ["k", "nope"]});
    assert_eq!(bulk(&native, "tag", one).await, (2, 2));
    assert_eq!(
        native.get(&format!("/traces/{}", trace_id(1))).await["own_tags"],
        json!({"i": "x", "j": "w"})
    );
    // A trace that has none of the tags to remove stays as it is.
    assert_eq!(bulk(&native, "tag", json!({"all": true, "remove": ["k"]})).await, (5, 2));
}

#[tokio::test]
async fn bad_bulk_requests_are_refused() {
    let native = Native::start().await;
    five(&native).await;
    for route in ["POST /traces/delete", "POST /traces/tag"] {
        let with = |mut body: Value| {
            if route.ends_with("tag") {
                body["set"] = json!({"k": "v"});
            }
            body
        };
        for open in
            [json!({}), json!({"filter": " "}), json!({"experiments": ["Default"]}), json!({"dry_run": true})]
        {
            native.fails(route, &with(open), 400, "selects nothing in particular").await;
        }
        let problem = native.fails(route, &with(json!({"filter": "nam = 1"})), 400, "filter").await;
        assert!(problem["errors"].is_array());
        native.fails(route, &with(json!({"from": "x"})), 400, "`from` is `x`").await;
        native.fails(route, &with(json!({"experiments": ["nope"], "all": true})), 404, "`nope`").await;
        native
            .fails(route, &with(json!({"trace_ids": vec![trace_id(1); 10_001]})), 400, "the limit is 10000")
            .await;
        native.fails(route, &with(json!({"al": true})), 422, "al").await;
        // A flag that went into the URL must not be passed over.
        native
            .fails(
                &format!("{route}?dry_run=true"),
                &with(json!({"all": true})),
                400,
                "unknown parameter `dry_run`",
            )
            .await;
    }
    native.fails("POST /traces/tag", &json!({"all": true}), 400, "neither `set` nor `remove`").await;
    native.fails("POST /traces/tag", &json!({"all": true, "set": {"": "v"}}), 400, "empty").await;
    assert_eq!(native.ids(&[]).await.len(), 5);
}
