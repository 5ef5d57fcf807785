//! What is not a trace, out of another store.

use crate::native::Native;
use axum::body::Body;
use http::Request;
use serde_json::{Value, json};

async fn import(native: &Native, lines: &[Value]) -> Value {
    let body: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let post = Request::post("/api/v1/import/catalog").header("content-type", "application/x-ndjson");
    native.server.send(post.body(Body::from(body)).unwrap()).await.expect_ok().json()
}

fn experiment(id: i64, name: &str) -> Value {
    json!({"experiment": {"experiment_id": id, "name": name, "created_ns": 5, "last_updated_ns": 6, "tags": {"k": "v"}}})
}

fn run(id: &str, experiment_id: i64, status: &str) -> Value {
    json!({"run": {
        "run_id": id, "experiment_id": experiment_id, "name": "n", "status": status, "start_ns": 1_000_000,
        "end_ns": null, "artifact_uri": "s3://b/x",
    }})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_fits_is_taken_and_what_does_not_is_named() {
    let native = Native::start().await;
    let metrics =
        json!({"metrics": {"run_id": "r-1", "points": [["loss", 0.5, 7, 1], ["loss", "NaN", 7, 2]]}});
    let lines = [
        experiment(9, "shop"),
        run("r-1", 9, "FINISHED"),
        run("r-2", 9, "ODD"),
        run("r-3", 77, "FINISHED"),
        metrics,
        json!({"metrics": {"run_id": "r-1", "points": [["loss", "much", 7, 1]]}}),
        json!({"unknown": {}}),
    ];
    for _ in 0..2 {
        let result = import(&native, &lines).await;
        assert_eq!(result["experiments"], json!([{"source_id": 9, "experiment_id": "9", "name": "shop"}]));
        let errors = result["errors"].as_array().unwrap();
        let named: Vec<_> = errors.iter().map(|error| error["line"].as_u64().unwrap()).collect();
        assert_eq!(
            (&result["lines"], &result["error_count"], named),
            (&json!(7), &json!(4), vec![3, 4, 6, 7])
        );
        let message = |index: usize| errors[index]["message"].as_str().unwrap();
        assert!(message(0).contains("unknown status of a run `ODD`; expected `RUNNING`"), "{}", message(0));
        assert!(message(1).contains("77"), "{}", message(1));
        assert!(message(2).contains("much"), "{}", message(2));
        assert!(message(3).contains("not a line of an import"), "{}", message(3));
    }
    let run = native.server.get("/api/2.0/mlflow/runs/get?run_id=r-1").await.expect_ok().json();
    assert_eq!(run["run"]["info"]["status"], "FINISHED");
    assert_eq!(run["run"]["data"]["metrics"].as_array().unwrap().len(), 1);
}
