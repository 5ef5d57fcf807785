//! `experiments/*`.

use crate::mlflow::{Mlflow, start_body};
use serde_json::{Value, json};

const CREATE: &str = "POST 2.0/mlflow/experiments/create";
const SEARCH: &str = "POST 2.0/mlflow/experiments/search";
const INVALID: &str = "INVALID_PARAMETER_VALUE";
const MISSING: &str = "RESOURCE_DOES_NOT_EXIST";

async fn get(mlflow: &Mlflow, id: &str) -> Value {
    mlflow.ok(&format!("GET 2.0/mlflow/experiments/get?experiment_id={id}"), Value::Null).await["experiment"]
        .clone()
}

async fn names(mlflow: &Mlflow, query: Value) -> Vec<String> {
    let page = mlflow.ok(SEARCH, query).await;
    let experiments = page["experiments"].as_array().cloned().unwrap_or_default();
    experiments.iter().map(|experiment| experiment["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_default_one_is_there() {
    let mlflow = Mlflow::start().await;
    let default = get(&mlflow, "0").await;
    assert_eq!(default["name"], "Default");
    assert_eq!(default["artifact_location"], "mlflow-artifacts:/0");
    assert_eq!(default["lifecycle_stage"], "active");
    assert_eq!(default["workspace"], "default");
}

#[tokio::test]
async fn a_new_one_is_found_by_id_and_by_name() {
    let mlflow = Mlflow::start().await;
    let tags = json!([{"key": "a", "value": "b"}]);
    let created = mlflow.ok(CREATE, json!({"name": "my exp", "tags": tags})).await;
    assert_eq!(created, json!({"experiment_id": "1"}));
    let by_name =
        mlflow.ok("GET 2.0/mlflow/experiments/get-by-name?experiment_name=my+exp", Value::Null).await;
    assert_eq!(by_name["experiment"], get(&mlflow, "1").await);
    assert_eq!(by_name["experiment"]["tags"], tags);
    let custom = json!({"name": "custom", "artifact_location": "mlflow-artifacts:/custom"});
    mlflow.ok(CREATE, custom).await;
    assert_eq!(get(&mlflow, "2").await["artifact_location"], "mlflow-artifacts:/custom");
}

#[tokio::test]
async fn names_are_unique_even_among_deleted_ones() {
    let mlflow = Mlflow::start().await;
    let id = mlflow.experiment("a").await;
    let taken = (400, "RESOURCE_ALREADY_EXISTS", "Experiment(name=a) already exists.");
    mlflow.fails(CREATE, json!({"name": "a"}), taken).await;
    mlflow.ok("POST 2.0/mlflow/experiments/delete", json!({"experiment_id": id})).await;
    mlflow.fails(CREATE, json!({"name": "a"}), taken).await;
    let other = mlflow.experiment("b").await;
    let rename = json!({"experiment_id": other, "new_name": "a"});
    mlflow.fails("POST 2.0/mlflow/experiments/update", rename, taken).await;
}

#[tokio::test]
async fn a_deleted_one_stays_readable_and_refuses_writes() {
    let mlflow = Mlflow::start().await;
    let id = mlflow.experiment("a").await;
    let one = json!({"experiment_id": id});
    mlflow.ok("POST 2.0/mlflow/experiments/delete", one.clone()).await;
    assert_eq!(get(&mlflow, &id).await["lifecycle_stage"], "deleted");
    let refused = (400, INVALID, "The experiment 1 must be in the 'active' state. Current state is deleted.");
    let tag = json!({"experiment_id": id, "key": "k", "value": "v"});
    mlflow.fails("POST 2.0/mlflow/experiments/set-experiment-tag", tag, refused).await;
    let mut start = start_body("tr-1", json!({}));
    start["trace"]["trace_info"]["trace_location"]["mlflow_experiment"]["experiment_id"] = json!(id);
    mlflow.fails("POST 3.0/mlflow/traces", start, refused).await;
    let gone = (404, MISSING, "No Experiment with id=1 exists");
    mlflow.fails("POST 2.0/mlflow/experiments/delete", one.clone(), gone).await;
    mlflow.ok("POST 2.0/mlflow/experiments/restore", one.clone()).await;
    assert_eq!(get(&mlflow, &id).await["lifecycle_stage"], "active");
    mlflow.fails("POST 2.0/mlflow/experiments/restore", one, gone).await;
}

#[tokio::test]
async fn tags_are_set_and_deleted() {
    let mlflow = Mlflow::start().await;
    let tag = json!({"experiment_id": "0", "key": "k", "value": "v"});
    mlflow.ok("POST 2.0/mlflow/experiments/set-experiment-tag", tag).await;
    assert_eq!(get(&mlflow, "0").await["tags"], json!([{"key": "k", "value": "v"}]));
    let key = json!({"experiment_id": "0", "key": "k"});
    mlflow.ok("POST 2.0/mlflow/experiments/delete-experiment-tag", key.clone()).await;
    assert!(get(&mlflow, "0").await.get("tags").is_none());
    let no_tag = (404, MISSING, "No tag with name: k in experiment with id 0");
    mlflow.fails("POST 2.0/mlflow/experiments/delete-experiment-tag", key, no_tag).await;
}

#[tokio::test]
async fn a_search_pages_filters_and_orders() {
    let mlflow = Mlflow::start().await;
    for name in ["a", "b", "c"] {
        mlflow.experiment(name).await;
    }
    let page = mlflow.ok(SEARCH, json!({"max_results": 2, "order_by": ["name DESC"]})).await;
    assert_eq!(page["experiments"][0]["name"], "c");
    assert_eq!(page["next_page_token"], "eyJvZmZzZXQiOiAyfQ==");
    let next = json!({"max_results": 2, "order_by": ["name DESC"], "page_token": "eyJvZmZzZXQiOiAyfQ=="});
    assert_eq!(names(&mlflow, next).await, ["a", "Default"]);
    assert_eq!(names(&mlflow, json!({"max_results": 9, "filter": "name LIKE 'b%'"})).await, ["b"]);
    mlflow.ok("POST 2.0/mlflow/experiments/delete", json!({"experiment_id": "2"})).await;
    assert_eq!(names(&mlflow, json!({"max_results": 9, "view_type": "DELETED_ONLY"})).await, ["b"]);
    assert_eq!(names(&mlflow, json!({"max_results": 9, "view_type": "ALL"})).await.len(), 4);
    let by_get =
        mlflow.ok("GET 2.0/mlflow/experiments/search?max_results=9&order_by=name&order_by=name", Value::Null);
    assert_eq!(by_get.await["experiments"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn mistakes_have_upstreams_texts() {
    let mlflow = Mlflow::start().await;
    for (route, body, expected) in [
        (
            "GET 2.0/mlflow/experiments/get-by-name?experiment_name=nope",
            Value::Null,
            (404, MISSING, "Could not find experiment with name 'nope'"),
        ),
        (
            "GET 2.0/mlflow/experiments/get-by-name",
            Value::Null,
            (400, INVALID, "Missing value for required parameter 'experiment_name'."),
        ),
        (
            "GET 2.0/mlflow/experiments/get?experiment_id=9999",
            Value::Null,
            (404, MISSING, "No Experiment with id=9999 exists"),
        ),
        (
            "GET 2.0/mlflow/experiments/get?experiment_id=abc",
            Value::Null,
            (400, INVALID, "Invalid experiment ID 'abc'. Experiment ID must be a valid integer."),
        ),
        (
            CREATE,
            json!({"name": "x".repeat(501)}),
            (400, INVALID, "'name' exceeds the maximum length of 500 characters"),
        ),
        (
            SEARCH,
            json!({}),
            (400, INVALID, "Invalid value 0 for parameter 'max_results' supplied. It must be a positive"),
        ),
        (
            SEARCH,
            json!({"max_results": 5, "filter": "foo = 'a'"}),
            (400, INVALID, "Invalid attribute key 'foo' specified."),
        ),
        (
            SEARCH,
            json!({"max_results": 5, "page_token": "%"}),
            (400, INVALID, "Invalid page token, could not base64-decode"),
        ),
        (
            "POST 2.0/mlflow/experiments/set-experiment-tag",
            json!({"experiment_id": "999", "key": "k", "value": "v"}),
            (404, MISSING, "No Experiment with id=999 exists"),
        ),
        (
            "POST 2.0/mlflow/experiments/delete",
            json!({"experiment_id": "999"}),
            (404, MISSING, "No Experiment with id=999"),
        ),
    ] {
        mlflow.fails(route, body, expected).await;
    }
}
