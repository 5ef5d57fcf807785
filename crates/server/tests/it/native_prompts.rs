//! Prompts.

use crate::native::{Native, texts};
use http::Method;
use serde_json::{Value, json};

const NONE: Value = Value::Null;

async fn mlflow(native: &Native, path: &str, body: Value) {
    native.server.send_json(Method::POST, &format!("/api/2.0/mlflow/{path}"), &body).await.expect_ok();
}

/// A prompt `greeting` with two versions and an alias, one `other`, and a model.
async fn prompts() -> Native {
    let native = Native::start().await;
    let is_prompt = json!({"key": "mlflow.prompt.is_prompt", "value": "true"});
    for name in ["other", "greeting"] {
        let tags = json!([is_prompt, {"key": "team", "value": "a"}]);
        mlflow(&native, "registered-models/create", json!({"name": name, "tags": tags})).await;
    }
    mlflow(&native, "registered-models/create", json!({"name": "a model"})).await;
    for (kind, text) in [("text", "Hello {{who}}"), ("chat", "[]")] {
        let tags = json!([
            is_prompt, {"key": "_mlflow_prompt_type", "value": kind}, {"key": "mlflow.prompt.text", "value": text},
            {"key": "k", "value": "v"}, {"key": "_mlflow_prompt_model_config", "value": "{}"},
        ]);
        let body = json!({"name": "greeting", "source": "dummy-source", "tags": tags, "description": kind});
        mlflow(&native, "model-versions/create", body).await;
    }
    let alias = json!({"name": "greeting", "alias": "prod", "version": "1"});
    mlflow(&native, "registered-models/alias", alias).await;
    native
}

#[tokio::test]
async fn prompts_are_listed_by_name() {
    let native = prompts().await;
    let list = native.get("/prompts").await;
    assert_eq!(texts(&list["prompts"], "name"), ["greeting", "other"]);
    assert_eq!(list["complete"], true);
    let greeting = &list["prompts"][0];
    assert_eq!(greeting["latest_version"], 2);
    assert_eq!(greeting["aliases"], json!({"prod": 1}));
    assert_eq!(greeting["tags"], json!({"team": "a"}));
    assert_eq!(list["prompts"][1]["latest_version"], NONE);
    assert_eq!(texts(&native.get("/prompts?name=THE").await["prompts"], "name"), ["other"]);
    native.fails("GET /prompts?nope=1", &NONE, 400, "nope").await;
}

#[tokio::test]
async fn a_prompt_has_versions() {
    let native = prompts().await;
    let detail = native.get("/prompts/greeting").await;
    assert_eq!(detail["prompt"]["name"], "greeting");
    let versions: Vec<_> = detail["versions"].as_array().unwrap().iter().map(|one| &one["version"]).collect();
    assert_eq!(versions, [2, 1]);
    assert_eq!(
        (&detail["versions"][0]["kind"], &detail["versions"][1]["kind"]),
        (&json!("chat"), &json!("text"))
    );
    assert_eq!(detail["versions"][1]["aliases"], json!(["prod"]));
    assert_eq!(detail["versions"][1]["commit_message"], "text");
    native.fails("GET /prompts/nope", &NONE, 404, "nope").await;
    native.fails("GET /prompts/a%20model", &NONE, 404, "a model").await;
}

#[tokio::test]
async fn a_version_has_its_text() {
    let native = prompts().await;
    let version = native.get("/prompts/greeting/versions/1").await;
    assert_eq!(version["template"], "Hello {{who}}");
    assert_eq!((&version["model_config"], &version["response_format"]), (&json!("{}"), &NONE));
    assert_eq!(version["summary"]["tags"], json!({"k": "v"}));
    assert_eq!(version["trace_filter"], "prompt = 'greeting/1'");
    assert_eq!(native.get("/prompts/greeting/versions/prod").await, version);
    assert_eq!(native.get("/prompts/greeting/versions/latest").await["summary"]["version"], 2);
    native.fails("GET /prompts/greeting/versions/9", &NONE, 404, "version=9").await;
    native.fails("GET /prompts/greeting/versions/nope", &NONE, 404, "alias nope").await;
}
