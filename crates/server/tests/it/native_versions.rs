//! Versions of an application: what their traces add up to, and how they differ.

use crate::mlflow::start_body;
use crate::native::{Native, texts};
use http::Method;
use serde_json::{Value, json};

const NONE: Value = Value::Null;

/// Asks MLflow's API.
async fn mlflow(native: &Native, route: &str, body: Value) -> Value {
    let (method, path) = route.split_once(' ').expect("a method and a path");
    let (method, path): (Method, _) = (method.parse().expect("a method"), format!("/api/{path}"));
    if method == Method::GET {
        return native.server.get(&path).await.expect_ok().json();
    }
    native.server.send_json(method, &path, &body).await.expect_ok().json()
}

struct Versions {
    native: Native,
}

impl Versions {
    async fn start() -> Versions {
        Versions { native: Native::start().await }
    }

    async fn create(&self, name: &str) -> String {
        let body = json!({
            "experiment_id": "0", "name": name, "params": [{"key": "temperature", "value": "0.2"}],
            "tags": [{"key": "team", "value": "a"}, {"key": "mlflow.source.git.commit", "value": "abc123"},
                {"key": "mlflow.source.git.dirty", "value": "true"}],
        });
        let created = mlflow(&self.native, "POST 2.0/mlflow/logged-models", body).await;
        created["model"]["info"]["model_id"].as_str().unwrap().to_owned()
    }

    /// Makes traces of a version, so many of which are good.
    async fn traces(&self, model: &str, first: u8, count: u8, good: u8, seconds: &str) {
        for number in 0..count {
            let id = format!("tr-{:032x}", first + number);
            let info = json!({"execution_duration": seconds, "trace_metadata": {"mlflow.modelId": model}});
            mlflow(&self.native, "POST 3.0/mlflow/traces", start_body(&id, info)).await;
            let assessment = json!({
                "assessment_name": "good", "feedback": {"value": number < good},
                "source": {"source_type": "HUMAN", "source_id": "ann"},
            });
            let route = format!("POST 3.0/mlflow/traces/{id}/assessments");
            mlflow(&self.native, &route, json!({"assessment": assessment})).await;
        }
    }
}

#[tokio::test]
async fn versions_are_listed_with_what_their_traces_add_up_to() {
    let versions = Versions::start().await;
    let old = versions.create("agent-1").await;
    let new = versions.create("agent-2").await;
    versions.traces(&old, 1, 3, 2, "2s").await;
    let list = versions.native.get("/versions?experiment=0").await;
    assert_eq!(texts(&list["versions"], "model_id"), [&*new, &*old]);
    let first = &list["versions"][1];
    assert_eq!((&first["params"], &first["tags"]), (&json!({"temperature": "0.2"}), &json!({"team": "a"})));
    let git = json!({"commit": "abc123", "branch": null, "repository": null, "is_dirty": true});
    assert_eq!(first["git"], git);
    let figures = &first["figures"];
    assert_eq!((&figures["traces"], &figures["p50_ns"]), (&json!(3), &json!(2_000_000_000)));
    assert_eq!(figures["cost"], json!({"count": 0, "sum": null, "mean": null}));
    assert_eq!(figures["scores"][0]["name"], "good");
    assert!((figures["scores"][0]["pass_rate"].as_f64().unwrap() - 2.0 / 3.0).abs() < 1e-12);
    assert_eq!(list["versions"][0]["figures"]["error_rate"], NONE);
    let filter = first["trace_filter"].as_str().unwrap();
    assert_eq!(versions.native.ids(&[("filter", filter)]).await.len(), 3);
    let named = versions.native.get("/versions?name=T-2&limit=1").await;
    assert_eq!(texts(&named["versions"], "name"), ["agent-2"]);
    let page = versions.native.get("/versions?limit=1").await;
    let token = page["next_page_token"].as_str().unwrap();
    let page = versions.native.get(&format!("/versions?limit=1&page_token={token}")).await;
    assert_eq!((texts(&page["versions"], "model_id"), &page["next_page_token"]), (vec![&*old], &NONE));
}

#[tokio::test]
async fn one_version_is_read_by_itself() {
    let versions = Versions::start().await;
    let model = versions.create("agent").await;
    versions.traces(&model, 1, 2, 1, "1s").await;
    let detail = versions.native.get(&format!("/versions/{model}")).await;
    assert_eq!((&detail["version"]["name"], &detail["metrics"]), (&json!("agent"), &json!([])));
    assert_eq!(detail["version"]["figures"]["traces"], 2);
    let none = versions.native.get(&format!("/versions/{model}?filter=status%3D'ERROR'")).await;
    assert_eq!(none["version"]["figures"]["traces"], 0);
    versions.native.fails("GET /versions/m-9", &NONE, 404, "m-9").await;
    mlflow(&versions.native, &format!("DELETE 2.0/mlflow/logged-models/{model}"), NONE).await;
    versions.native.fails(&format!("GET /versions/{model}"), &NONE, 404, &model).await;
}

#[tokio::test]
async fn versions_are_compared_with_the_first() {
    let versions = Versions::start().await;
    let (old, new) = (versions.create("agent-1").await, versions.create("agent-2").await);
    versions.traces(&old, 1, 8, 1, "1s").await;
    versions.traces(&new, 101, 8, 7, "1s").await;
    let path = format!("/versions/compare?version={old}&version={new}");
    let comparison = versions.native.get(&path).await;
    assert_eq!(texts(&comparison["versions"], "name"), ["agent-1", "agent-2"]);
    assert_eq!(texts(&comparison["columns"], "name"), ["good", "errors", "latency", "tokens", "cost"]);
    let good = &comparison["columns"][0];
    assert_eq!((&good["kind"], &good["values"][1]["mean"]), (&json!("pass_rate"), &json!(0.875)));
    assert_eq!((&good["changes"][0], &good["changes"][1]["mean"]), (&NONE, &json!(0.75)));
    // Of 12,870 tables with these sums, 130 are as far apart.
    assert!((good["changes"][1]["p_value"].as_f64().unwrap() - 130.0 / 12_870.0).abs() < 1e-6);
    let latency = &comparison["columns"][2];
    assert_eq!(
        (&latency["values"][0]["mean"], &latency["changes"][1]["p_value"]),
        (&json!(1000.0), &json!(1.0))
    );
    assert_eq!(comparison["columns"][4]["changes"][1], NONE);
    let one = format!("GET /versions/compare?version={old}");
    versions.native.fails(&one, &NONE, 400, "expected 2 to 10 different ones").await;
    versions.native.fails(&format!("{one}&version={old}"), &NONE, 400, "1 of them different").await;
    versions.native.fails(&format!("{one}&version=m-9"), &NONE, 404, "m-9").await;
}
