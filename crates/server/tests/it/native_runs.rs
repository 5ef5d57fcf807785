//! Runs, and the results of evaluations alone and side by side.

use crate::mlflow::Mlflow;
use http::Method;
use serde_json::{Value, json};

/// A server with one experiment of runs.
struct Runs(Mlflow);

impl Runs {
    async fn start() -> Runs {
        Runs(Mlflow::start().await)
    }

    /// Creates a run and returns its id.
    async fn create(&self, name: &str, start_ms: i64) -> String {
        let body = json!({
            "experiment_id": "0", "run_name": name, "start_time": start_ms, "user_id": "ann",
            "tags": [{"key": "mlflow.runType", "value": "genai_evaluate"}, {"key": "team", "value": "a"}],
        });
        let created = self.0.ok("POST 2.0/mlflow/runs/create", body).await;
        created["run"]["info"]["run_id"].as_str().unwrap().to_owned()
    }

    /// Makes a trace of a run that was asked `input`, with these scores.
    async fn trace(&self, run: &str, id: u8, input: &str, scores: &[(&str, Value)]) {
        let trace = format!("tr-{id:032x}");
        let info =
            json!({"request_preview": input, "response_preview": "an answer", "execution_duration": "0.5s"});
        self.0.start_trace(&trace, info).await;
        let link = json!({"run_id": run, "trace_ids": [trace]});
        self.0.ok("POST 2.0/mlflow/traces/link-to-run", link).await;
        for (name, feedback) in scores {
            self.assess(
                &trace,
                json!({
                    "assessment_name": name, "feedback": feedback, "rationale": "because",
                    "source": {"source_type": "CODE", "source_id": name},
                    "metadata": {"mlflow.assessment.sourceRunId": run},
                }),
            )
            .await;
        }
    }

    async fn assess(&self, trace: &str, assessment: Value) {
        let route = format!("POST 3.0/mlflow/traces/{trace}/assessments");
        self.0.ok(&route, json!({"assessment": assessment})).await;
    }

    async fn get(&self, path: &str) -> Value {
        self.0.server.get(&format!("/api/v1{path}")).await.expect_ok().json()
    }

    async fn problem(&self, path: &str) -> (u16, String) {
        let reply = self.0.server.get(&format!("/api/v1{path}")).await;
        (reply.status.as_u16(), reply.json()["detail"].as_str().unwrap().to_owned())
    }
}

fn column<'a>(results: &'a Value, name: &str) -> &'a Value {
    results["columns"].as_array().unwrap().iter().find(|column| column["name"] == name).unwrap()
}

#[tokio::test]
async fn runs_are_listed_by_page_and_found_by_metric() {
    let runs = Runs::start().await;
    let old = runs.create("old", 1_000).await;
    let new = runs.create("new", 2_000).await;
    let metric = json!({"run_id": new, "key": "quality/mean", "value": 0.5, "timestamp": 5});
    runs.0.ok("POST 2.0/mlflow/runs/log-metric", metric).await;
    runs.0
        .ok("POST 2.0/mlflow/runs/update", json!({"run_id": new, "status": "FINISHED", "end_time": 4_000}))
        .await;

    let first = runs.get("/runs?limit=1").await;
    let expected = json!({
        "run_id": new, "experiment_id": "0", "name": "new", "status": "FINISHED", "is_evaluation": true,
        "user": "ann", "start_ns": "2000000000", "duration_ns": 2_000_000_000_i64,
        "metrics": {"quality/mean": 0.5}, "params": {}, "tags": {"team": "a"}, "datasets": [], "models": [],
    });
    assert_eq!(first["runs"], json!([expected]));
    let token = first["next_page_token"].as_str().unwrap();
    let second = runs.get(&format!("/runs?limit=1&page_token={token}")).await;
    assert_eq!((&second["runs"][0]["run_id"], &second["next_page_token"]), (&json!(old), &Value::Null));
    let good = runs.get("/runs?experiment=Default&filter=metrics.%60quality%2Fmean%60%20%3E%200.4").await;
    assert_eq!((good["runs"].as_array().unwrap().len(), &good["runs"][0]["run_id"]), (1, &json!(new)));
    assert_eq!(runs.get(&format!("/runs/{new}")).await, expected);

    assert_eq!(runs.problem("/runs/nope").await, (404, "Run with id=nope not found".to_owned()));
    let (status, detail) = runs.problem("/runs?filter=colour%20%3D%20'red'").await;
    assert!(status == 400 && detail.contains("colour"), "{status} {detail}");
    let (status, detail) = runs.problem("/runs?page_token=e30=").await;
    assert_eq!(status, 400, "{detail}");
}

#[tokio::test]
async fn results_are_the_traces_of_a_run_with_its_own_scores() {
    let runs = Runs::start().await;
    let (run, other) = (runs.create("run", 1_000).await, runs.create("other", 1_000).await);
    runs.trace(&run, 1, "a", &[("correct", json!({"value": "yes"})), ("length", json!({"value": 7}))]).await;
    let error = json!({"error": {"error_code": "ValueError", "error_message": "no luck"}});
    runs.trace(&run, 2, "b", &[("correct", error), ("length", json!({"value": 9}))]).await;
    let trace = format!("tr-{:032x}", 1);
    let of_other = json!({
        "assessment_name": "correct", "feedback": {"value": "no"}, "source": {"source_type": "CODE"},
        "metadata": {"mlflow.assessment.sourceRunId": other},
    });
    runs.assess(&trace, of_other).await;
    let expectation = json!({
        "assessment_name": "answer", "expectation": {"value": "42"}, "source": {"source_type": "HUMAN"},
    });
    runs.assess(&trace, expectation).await;
    let judge = format!("tr-{:032x}", 3);
    runs.trace(&run, 3, "is it right?", &[]).await;
    let tag = json!({"key": "mlflow.trace.sourceScorer", "value": "correct"});
    runs.0
        .server
        .send_json(Method::PATCH, &format!("/api/2.0/mlflow/traces/{judge}/tags"), &tag)
        .await
        .expect_ok();

    let results = runs.get(&format!("/runs/{run}/results")).await;
    let rows = results["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 2, "{results}");
    let first = rows.iter().find(|row| row["run"]["trace_id"] == json!(trace)).unwrap();
    assert_eq!(first["baseline"], Value::Null);
    assert_eq!(first["run"]["expectations"], json!({"answer": "42"}));
    assert_eq!(
        first["run"]["scores"],
        json!([
            {"name": "correct", "value": "yes", "number": 1.0, "rationale": "because", "error": null, "source": "CODE"},
            {"name": "length", "value": 7, "number": 7.0, "rationale": "because", "error": null, "source": "CODE"},
        ])
    );
    let second = rows.iter().find(|row| row["run"]["input"] == "b").unwrap();
    assert_eq!(
        (&second["run"]["scores"][0]["error"], &second["run"]["scores"][0]["value"]),
        (&json!("no luck"), &Value::Null)
    );
    assert_eq!(column(&results, "correct")["run"], json!({"count": 1, "errors": 1, "mean": 1.0}));
    assert_eq!(column(&results, "length")["run"], json!({"count": 2, "errors": 0, "mean": 8.0}));
    assert_eq!(column(&results, "latency")["run"], json!({"count": 2, "errors": 0, "mean": 500.0}));
    assert_eq!((&results["baseline"], &results["is_cut"]), (&Value::Null, &json!(false)));
}

#[tokio::test]
async fn results_beside_a_baseline_are_paired_by_what_was_asked() {
    let runs = Runs::start().await;
    let (base, run) = (runs.create("base", 1_000).await, runs.create("run", 2_000).await);
    for (index, input) in ["a", "b", "c", "d"].into_iter().enumerate() {
        let index = index as u8;
        runs.trace(&base, 1 + index, input, &[("correct", json!({"value": false}))]).await;
    }
    for (index, (input, is_correct)) in
        [("e", true), ("d", true), ("a", true), ("b", true), ("c", false)].into_iter().enumerate()
    {
        let index = index as u8;
        runs.trace(&run, 11 + index, input, &[("correct", json!({"value": is_correct}))]).await;
    }
    let results = runs.get(&format!("/runs/{run}/results?baseline={base}")).await;
    let pairs: Vec<_> = results["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|pair| (pair["run"]["input"].clone(), pair["baseline"]["input"].clone()))
        .collect();
    assert_eq!(pairs.len(), 5);
    for (row, baseline) in pairs {
        assert!(row == baseline || (row == "e" && baseline.is_null()), "{row} {baseline}");
    }
    let correct = column(&results, "correct");
    assert_eq!(correct["run"]["mean"], 0.8);
    assert_eq!(correct["baseline"]["mean"], 0.0);
    // Three of four pairs got better: 2 of 2³ ways to turn them are as far.
    assert_eq!(
        correct["difference"],
        json!({"pairs": 4, "higher": 3, "lower": 0, "mean": 0.75, "p_value": 0.25})
    );
    assert_eq!(results["baseline"]["run_id"], json!(base));
    assert_eq!(runs.problem(&format!("/runs/{run}/results?baseline=nope")).await.0, 404);
}
