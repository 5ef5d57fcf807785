//! Datasets: their records, edits that come too late, versions, files, and records out of traces.

use crate::native::{Native, texts};
use axum::body::Body;
use http::Request;
use serde_json::{Value, json};
use spanwise_testkit::otlp::{child_of, span, trace_id, with_attribute};

const NONE: Value = Value::Null;

/// A server with an empty dataset, whose id is given.
async fn dataset() -> (Native, String) {
    let native = Native::start().await;
    let id = create(&native, "golden").await;
    (native, id)
}

async fn create(native: &Native, name: &str) -> String {
    let body = json!({"name": name, "experiments": ["Default"], "tags": {"team": "a"}, "user": "ann"});
    let made = native.send("POST /datasets", &body).await;
    assert_eq!(made.status, 201);
    made.json()["dataset"]["dataset_id"].as_str().unwrap().to_owned()
}

async fn add(native: &Native, id: &str, records: Value) -> Value {
    let body = json!({"records": records, "user": "ann"});
    native.send(&format!("POST /datasets/{id}/records"), &body).await.expect_ok().json()
}

async fn record_ids(native: &Native, id: &str) -> Vec<String> {
    let list = native.get(&format!("/datasets/{id}/records")).await;
    texts(&list["records"], "record_id").into_iter().map(str::to_owned).collect()
}

async fn import(native: &Native, id: &str, parameters: &str, file: Vec<u8>) -> Value {
    let path = format!("/api/v1/datasets/{id}/import?{parameters}");
    native.server.send(Request::post(path).body(Body::from(file)).unwrap()).await.expect_ok().json()
}

/// Returns what is in each record, without ids and times.
async fn contents(native: &Native, id: &str) -> Vec<Value> {
    let lines = native.reply(&format!("/datasets/{id}/export")).await.expect_ok();
    let parse = |line: &str| {
        let mut record: Value = serde_json::from_str(line).unwrap();
        let object = record.as_object_mut().unwrap();
        object
            .retain(|key, _| ["inputs", "outputs", "expectations", "tags", "source"].contains(&key.as_str()));
        record
    };
    lines.text().lines().map(parse).collect()
}

#[tokio::test]
async fn datasets_are_made_listed_changed_and_deleted() {
    let (native, id) = dataset().await;
    create(&native, "other").await;
    assert_eq!(texts(&native.get("/datasets").await["datasets"], "name"), ["other", "golden"]);
    assert_eq!(texts(&native.get("/datasets?name=OLD&experiment=0").await["datasets"], "name"), ["golden"]);
    let path = format!("/datasets/{id}");
    let body = json!({"name": "silver", "remove_experiments": ["0"], "set_tags": {"k": "v"}, "remove_tags": ["team"]});
    let changed = native.send(&format!("PATCH {path}"), &body).await.expect_ok().json();
    let dataset = &changed["dataset"];
    assert_eq!((&dataset["name"], &dataset["experiment_ids"]), (&json!("silver"), &json!([])));
    assert_eq!((&dataset["tags"], &dataset["version"]), (&json!({"k": "v"}), &json!(0)));
    assert_eq!(texts(&native.get("/datasets").await["datasets"], "name"), ["other", "silver"]);
    native.fails(&format!("PATCH {path}"), &json!({"name": " "}), 400, "`name` is empty").await;
    native
        .fails(&format!("PATCH {path}"), &json!({"add_experiments": ["no"]}), 404, "no experiment is named")
        .await;
    native.fails("POST /datasets", &json!({"nam": "x"}), 422, "unknown field `nam`").await;
    assert_eq!(native.send(&format!("DELETE {path}"), &NONE).await.status, 204);
    for route in ["GET", "DELETE"] {
        native.fails(&format!("{route} {path}"), &NONE, 404, "not found").await;
    }
}

#[tokio::test]
async fn records_are_listed_found_and_read_as_of_a_version() {
    let (native, id) = dataset().await;
    let two = json!([
        {"inputs": {"q": "Where is my order?"}, "expectations": {"a": "there", "n": 1}, "outputs": {"x": "y"}},
        {"inputs": {"q": "Who are you?", "n": 2}, "tags": {"t": "v", "mlflow.user": "u"}},
    ]);
    let result = add(&native, &id, two).await;
    assert_eq!(result, json!({"version": 1, "added": 2, "changed": 0, "unchanged": 0, "removed": 0}));
    let again = json!([{"inputs": {"q": "Where is my order?"}, "expectations": {"n": 2}}]);
    assert_eq!(add(&native, &id, again.clone()).await["changed"], 1);
    assert_eq!(
        add(&native, &id, again).await,
        json!({"version": 2, "added": 0, "changed": 0, "unchanged": 1, "removed": 0})
    );

    let list = native.get(&format!("/datasets/{id}/records?limit=1")).await;
    let first = &list["records"][0];
    assert_eq!(first["inputs"], "Where is my order?");
    assert_eq!(first["expectations"], "a: there · n: 2");
    assert_eq!((&first["outputs"], &first["version"], &first["tags"]), (&json!("y"), &json!(2), &NONE));
    let token = list["next_page_token"].as_str().unwrap();
    let next = native.get(&format!("/datasets/{id}/records?page_token={token}")).await;
    assert_eq!(texts(&next["records"], "inputs"), ["q: Who are you? · n: 2"]);
    assert_eq!((&next["records"][0]["tags"], &next["next_page_token"]), (&json!("v"), &NONE));
    let found = native.get(&format!("/datasets/{id}/records?text=WHO+are")).await;
    assert_eq!(found["records"].as_array().unwrap().len(), 1);

    let record = first["record_id"].as_str().unwrap();
    let old = native.get(&format!("/datasets/{id}/records/{record}?version=1")).await;
    assert_eq!((&old["expectations"], &old["version"]), (&json!({"a": "there", "n": 1}), &json!(1)));
    let detail = native.get(&format!("/datasets/{id}")).await;
    assert_eq!(detail["input_fields"], json!({"q": "string", "n": "integer"}));
    native.fails(&format!("GET /datasets/{id}/records?version=3"), &NONE, 400, "the versions 0 to 2").await;
    native.fails(&format!("GET /datasets/{id}/records/dr-x"), &NONE, 404, "no record `dr-x`").await;
    let bad = json!({"records": [{"inputs": {}}]});
    native.fails(&format!("POST /datasets/{id}/records"), &bad, 400, "`inputs` of record 1 is empty").await;
}

#[tokio::test]
async fn an_edit_that_comes_too_late_is_refused_with_what_there_is() {
    let (native, id) = dataset().await;
    add(&native, &id, json!([{"inputs": {"q": "a"}}, {"inputs": {"q": "b"}}])).await;
    let record = record_ids(&native, &id).await.remove(0);
    let route = format!("PUT /datasets/{id}/records/{record}");
    let edit = |version: i64, answer: &str| json!({"version": version, "inputs": {"q": "a"}, "expectations": {"e": answer}, "user": "bob"});
    let edited = native.send(&route, &edit(1, "x")).await.expect_ok().json();
    assert_eq!((&edited["version"], &edited["last_updated_by"]), (&json!(2), &json!("bob")));
    let stale = native.fails(&route, &edit(1, "y"), 409, "was changed in version 2, after version 1").await;
    assert_eq!(stale["changed"], json!(["expectations"]));
    assert_eq!(stale["current"], edited);
    let twin = json!({"version": 2, "inputs": {"q": "b"}});
    native.fails(&route, &twin, 409, "has the same inputs").await;
    native.fails(&route, &json!({"version": 2, "inputs": {}}), 400, "is empty").await;
    native.fails(&route, &json!({"inputs": {"q": "a"}}), 422, "missing field `version`").await;
}

#[tokio::test]
async fn versions_tell_what_changed_and_any_two_are_compared() {
    let (native, id) = dataset().await;
    add(&native, &id, json!([{"inputs": {"q": "a"}, "expectations": {"e": "one"}}, {"inputs": {"q": "b"}}]))
        .await;
    add(&native, &id, json!([{"inputs": {"q": "a"}, "expectations": {"e": "two"}}, {"inputs": {"q": "c"}}]))
        .await;
    let second = record_ids(&native, &id).await.remove(1);
    let removal = json!({"record_ids": [second, "dr-none"], "user": "bob"});
    let removed =
        native.send(&format!("POST /datasets/{id}/records/delete"), &removal).await.expect_ok().json();
    assert_eq!((&removed["version"], &removed["removed"]), (&json!(3), &json!(1)));

    let list = native.get(&format!("/datasets/{id}/versions?limit=2")).await;
    let counts = |version: &Value| {
        ["version", "added", "changed", "removed"].map(|name| version[name].as_u64().unwrap())
    };
    let versions: Vec<_> = list["versions"].as_array().unwrap().iter().map(counts).collect();
    assert_eq!(versions, [[3, 0, 0, 1], [2, 1, 1, 0]]);
    assert_eq!(texts(&list["versions"], "user"), ["bob", "ann"]);
    assert_eq!(list["has_more"], true);
    let older = native.get(&format!("/datasets/{id}/versions?before=2")).await;
    assert_eq!((counts(&older["versions"][0]), &older["has_more"]), ([1, 2, 0, 0], &json!(false)));

    let diff = native.get(&format!("/datasets/{id}/diff?from=1")).await;
    assert_eq!(
        ["from", "to", "added", "changed", "removed"].map(|name| diff[name].as_i64().unwrap()),
        [1, 3, 1, 1, 1]
    );
    let inputs = |side: &str| -> Vec<Value> {
        diff["records"].as_array().unwrap().iter().map(|pair| pair[side]["inputs"]["q"].clone()).collect()
    };
    assert_eq!(inputs("before"), [json!("a"), json!("b"), NONE]);
    assert_eq!(inputs("after"), [json!("a"), NONE, json!("c")]);
    native.fails(&format!("GET /datasets/{id}/diff"), &NONE, 400, "`from` is missing").await;
}

#[tokio::test]
async fn every_file_that_is_exported_gives_the_same_records_again() {
    let (native, id) = dataset().await;
    let records = json!([
        {"inputs": {"q": "1", "n": 1, "f": 0.1, "deep": {"a": [1, null, "é"]}, "a.b": true},
         "expectations": {"e": "", "list": ["x"]}, "outputs": "{\"not\": \"an object\"}", "tags": {"t": "v"}},
        {"inputs": {"q": "line\r\nbreak, \"quoted\"", "null": null}, "outputs": {"a": 1}},
        {"inputs": {"other": "007"}, "outputs": [1, 2]},
    ]);
    add(&native, &id, records).await;
    native.spans(vec![with_attribute(span(7, 1, "root"), "input.value", "{\"q\": \"from a trace\"}")]).await;
    let body = json!({"traces": {"trace_ids": [trace_id(7)]}});
    native.send(&format!("POST /datasets/{id}/traces"), &body).await.expect_ok();
    let expected = contents(&native, &id).await;
    assert_eq!(expected.len(), 4);
    assert_eq!(expected[3]["source"]["source_data"]["trace_id"], trace_id(7));
    for format in ["jsonl", "csv", "parquet"] {
        let file = native.reply(&format!("/datasets/{id}/export?format={format}")).await.expect_ok();
        assert_eq!(
            file.header("content-disposition"),
            format!("attachment; filename=\"golden-v2.{format}\"")
        );
        let copy = create(&native, format).await;
        let result = import(&native, &copy, &format!("format={format}&user=ann"), file.body.to_vec()).await;
        assert_eq!(
            (&result["rows"], &result["result"]["added"]),
            (&json!(4), &json!(4)),
            "{format}: {result}"
        );
        assert_eq!((&result["problems"], &result["result"]["version"]), (&json!([]), &json!(1)), "{format}");
        assert_eq!(contents(&native, &copy).await, expected, "{format}");
        let again = import(&native, &copy, &format!("format={format}"), file.body.to_vec()).await;
        assert_eq!(
            (&again["result"]["unchanged"], &again["result"]["version"]),
            (&json!(4), &json!(1)),
            "{format}"
        );
    }
    let old = native.reply(&format!("/datasets/{id}/export?version=1")).await.expect_ok();
    assert_eq!(old.text().lines().count(), 3);
    native
        .fails(&format!("GET /datasets/{id}/export?format=xml"), &NONE, 400, "expected `jsonl`, `csv`")
        .await;
}

#[tokio::test]
async fn bad_rows_of_a_file_are_named_and_the_rest_is_kept() {
    let (native, id) = dataset().await;
    let file = "question,gold,id\nWho?,ann,1\n,nobody,2\nWhere?,there\nWho?,ann,4\n";
    let columns = "format=csv&column=question%3Dinputs.question&column=gold%3Dexpectations.expected_response";
    let dry = import(&native, &id, &format!("{columns}&dry_run=true"), file.into()).await;
    assert_eq!(
        (&dry["rows"], &dry["problem_count"], &dry["result"]["added"]),
        (&json!(4), &json!(2), &json!(1))
    );
    assert_eq!(texts(&dry["candidates"], "effect"), ["added", "refused", "refused", "repeated"]);
    assert_eq!(dry["columns"][2], json!({"name": "id", "target": null}));
    let result = import(&native, &id, columns, file.into()).await;
    assert_eq!(texts(&result["problems"], "origin"), ["2", "3"]);
    assert!(result["problems"][0]["message"].as_str().unwrap().contains("none of id goes into `inputs`"));
    assert_eq!((&result["result"]["added"], &result["result"]["unchanged"]), (&json!(1), &json!(1)));
    assert_eq!(contents(&native, &id).await[0]["expectations"], json!({"expected_response": "ann"}));
    let path = format!("/api/v1/datasets/{id}/import?format=parquet");
    let refused = native.server.send(Request::post(path).body(Body::from(file)).unwrap()).await;
    assert_eq!((refused.status.as_u16(), refused.text().contains("no Parquet file")), (400, true));
    native.fails(&format!("POST /datasets/{id}/import?column=x"), &NONE, 400, "NAME=TARGET").await;
}

#[tokio::test]
async fn an_import_of_many_records_is_one_version() {
    let (native, id) = dataset().await;
    let lines: String = (0..1_700).map(|n| format!("{{\"inputs\": {{\"n\": {n}}}}}\n")).collect();
    let result = import(&native, &id, "", lines.into()).await;
    assert_eq!(
        result["result"],
        json!({"version": 1, "added": 1_700, "changed": 0, "unchanged": 0, "removed": 0})
    );
    assert_eq!(native.get(&format!("/datasets/{id}")).await["dataset"]["record_count"], 1_700);
    let list = native.get(&format!("/datasets/{id}/versions")).await;
    assert_eq!(
        (&list["versions"][0]["added"], list["versions"].as_array().unwrap().len()),
        (&json!(1_700), 1)
    );
}

#[tokio::test]
async fn records_are_made_of_traces_and_spans_by_a_mapping() {
    let (native, id) = dataset().await;
    let root = |trace: u8, question: &str| {
        let root = with_attribute(
            span(trace, 1, "agent"),
            "input.value",
            &json!({"question": question, "k": 3}).to_string(),
        );
        with_attribute(with_attribute(root, "output.value", "an answer"), "tenant", "acme")
    };
    let tool = child_of(1, with_attribute(span(7, 2, "search"), "input.value", "{\"term\": \"refund\"}"));
    native.spans(vec![root(7, "one"), tool]).await;
    native.spans(vec![root(8, "two")]).await;
    native.spans(vec![root(9, "two")]).await;
    native.spans(vec![span(10, 1, "silent")]).await;
    let expectation = json!({"name": "gold", "value": "the answer", "kind": "expectation", "source": {"type": "HUMAN", "id": "ann"}});
    native.send(&format!("POST /traces/{}/assessments", trace_id(7)), &expectation).await;

    let route = format!("POST /datasets/{id}/traces");
    let usual =
        native.send(&route, &json!({"traces": {"all": true}, "dry_run": true})).await.expect_ok().json();
    assert_eq!((&usual["matched"], &usual["problem_count"]), (&json!(4), &json!(1)));
    let mut effects = texts(&usual["candidates"], "effect");
    effects.sort_unstable();
    assert_eq!(effects, ["added", "added", "refused", "repeated"]);
    let names = texts(&usual["fields"], "name");
    for name in ["inputs", "inputs.question", "outputs", "expectations.gold", "attributes.tenant", "trace_id"]
    {
        assert!(names.contains(&name), "{name} in {names:?}");
    }
    let mapping = json!([
        {"from": "inputs.question", "to": "inputs.q"},
        {"from": "outputs", "to": "expectations"},
        {"from": "expectations", "to": "expectations"},
        {"from": "attributes.tenant", "to": "tags.tenant"},
    ]);
    let body = json!({"traces": {"filter": "name = 'agent'"}, "mapping": mapping, "user": "eve"});
    let result = native.send(&route, &body).await.expect_ok().json();
    let counts = json!({"version": 1, "added": 2, "changed": 0, "unchanged": 1, "removed": 0});
    assert_eq!((&result["result"], &result["mapping"]), (&counts, &mapping));
    let record =
        &contents(&native, &id).await.into_iter().find(|record| record["inputs"]["q"] == "one").unwrap();
    assert_eq!(record["expectations"], json!({"expected_response": "an answer", "gold": "the answer"}));
    assert_eq!(record["tags"], json!({"tenant": "acme"}));
    assert_eq!(record["source"], json!({"source_type": "TRACE", "source_data": {"trace_id": trace_id(7)}}));
    assert_eq!(native.get(&format!("/datasets/{id}")).await["mapping"], mapping);

    // A span of its own, and the mapping of the last time where none is given.
    let span_of = json!([{"trace_id": trace_id(7), "span_id": "0202020202020202"}]);
    let refused = native.send(&route, &json!({"spans": span_of, "dry_run": true})).await.expect_ok().json();
    assert_eq!(refused["candidates"][0]["effect"], "refused");
    let whole = json!([{"from": "inputs", "to": "inputs"}]);
    native.send(&route, &json!({"spans": span_of, "mapping": whole})).await.expect_ok();
    let last = contents(&native, &id).await.pop().unwrap();
    assert_eq!(last["inputs"], json!({"term": "refund"}));
    assert_eq!(last["source"]["source_data"]["span_id"], "0202020202020202");
    for (body, detail) in [
        (json!({}), "neither `traces` nor `spans`"),
        (json!({"traces": {}}), "selects nothing in particular"),
        (
            json!({"traces": {"all": true}, "mapping": [{"from": "x", "to": "inputs"}]}),
            "`x` is no field of a trace",
        ),
        (
            json!({"traces": {"all": true}, "mapping": [{"from": "inputs", "to": "tags.x"}]}),
            "fills no inputs",
        ),
    ] {
        native.fails(&route, &body, 400, detail).await;
    }
}
