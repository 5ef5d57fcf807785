//! Review queues: questions, traces put in, and the work of two reviewers.

use crate::mlflow::start_body;
use crate::native::{Native, texts};
use http::Method;
use serde_json::{Value, json};

const NONE: Value = Value::Null;

/// A queue of three traces with a question of each kind.
struct Reviews {
    native: Native,
    queue: String,
    questions: Vec<String>,
}

/// Asks MLflow's API.
async fn mlflow(native: &Native, route: &str, body: Value) -> Value {
    let (method, path) = route.split_once(' ').expect("a method and a path");
    let (method, path): (Method, _) = (method.parse().expect("a method"), format!("/api/{path}"));
    if method == Method::GET {
        return native.server.get(&path).await.expect_ok().json();
    }
    native.server.send_json(method, &path, &body).await.expect_ok().json()
}

fn trace(number: u8) -> String {
    format!("tr-{number:032x}")
}

impl Reviews {
    async fn start() -> Reviews {
        let native = Native::start().await;
        for number in 1..=3 {
            let body = start_body(&trace(number), json!({"request_preview": format!("question {number}")}));
            mlflow(&native, "POST 3.0/mlflow/traces", body).await;
        }
        let mut questions = Vec::new();
        for (name, kind, input) in [
            (
                "correct",
                "feedback",
                json!({"type": "pass_fail", "positive_label": "Yes", "negative_label": "No"}),
            ),
            ("tone", "feedback", json!({"type": "categorical", "options": ["warm", "cold"]})),
            ("stars", "feedback", json!({"type": "numeric", "min_value": 1, "max_value": 5})),
            ("answer", "expectation", json!({"type": "text"})),
        ] {
            let new = json!({"experiment": "0", "name": name, "kind": kind, "input": input, "enable_comment": true});
            let created = native.send("POST /label-schemas", &new).await;
            assert_eq!(created.status.as_u16(), 201, "{}", created.text());
            questions.push(created.json()["schema_id"].as_str().unwrap().to_owned());
        }
        let new =
            json!({"experiment": "0", "name": "First", "users": ["Ann", "bob"], "schema_ids": questions});
        let created = native.send("POST /review-queues", &new).await;
        assert_eq!(created.status.as_u16(), 201, "{}", created.text());
        let queue = created.json()["queue"]["queue_id"].as_str().unwrap().to_owned();
        let reviews = Reviews { native, queue, questions };
        reviews.ok("items", json!({"trace_ids": [trace(1), trace(2), trace(3)]})).await;
        reviews
    }

    async fn ok(&self, path: &str, body: Value) -> Value {
        let route = format!("POST /review-queues/{}/{path}", self.queue);
        self.native.send(&route, &body).await.expect_ok().json()
    }

    async fn refused(&self, path: &str, body: Value, status: u16, detail: &str) {
        let route = format!("POST /review-queues/{}/{path}", self.queue);
        self.native.fails(&route, &body, status, detail).await;
    }

    async fn claim(&self, reviewer: &str, count: u8) -> Vec<String> {
        let claimed = self.ok("claim", json!({"reviewer": reviewer, "count": count})).await;
        texts(&claimed["items"], "trace_id").into_iter().map(str::to_owned).collect()
    }

    async fn work(&self, number: u8, what: &str, body: Value) -> Value {
        self.ok(&format!("items/{}/{what}", trace(number)), body).await
    }

    /// What people said about a trace: name, value, who.
    async fn said(&self, number: u8) -> Vec<(String, Value, String)> {
        let record = self.native.get(&format!("/traces/{}", trace(number))).await;
        let valid = record["assessments"].as_array().unwrap().iter().filter(|one| one["valid"] == true);
        let said = valid.map(|one| {
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            (text(&one["name"]), one["value"].clone(), text(&one["source"]["id"]))
        });
        said.collect()
    }
}

#[tokio::test]
async fn questions_are_made_listed_changed_and_deleted() {
    let reviews = Reviews::start().await;
    let native = &reviews.native;
    let list = native.get("/label-schemas?experiment=Default").await;
    let mut names = texts(&list["schemas"], "name");
    names.sort_unstable();
    assert_eq!(names, ["Feedback", "answer", "correct", "stars", "tone"]);
    native.fails("GET /label-schemas", &NONE, 400, "`experiment` is missing").await;
    let route = format!("PATCH /label-schemas/{}", reviews.questions[1]);
    let input = json!({"type": "categorical", "options": ["warm", "cold", "neither"]});
    let changed =
        native.send(&route, &json!({"instruction": "How?", "input": input})).await.expect_ok().json();
    assert_eq!(
        (&changed["instruction"], &changed["input"]["options"][2]),
        (&json!("How?"), &json!("neither"))
    );
    native.fails(&route, &json!({"input": {"type": "text"}}), 400, "InputText").await;
    native.fails(&route, &json!({"name": "stars"}), 409, "stars").await;
    let delete = format!("DELETE /label-schemas/{}", reviews.questions[1]);
    assert_eq!(native.send(&delete, &NONE).await.status.as_u16(), 204);
    native.fails(&delete, &NONE, 404, &reviews.questions[1]).await;
    let detail = native.get(&format!("/review-queues/{}", reviews.queue)).await;
    assert_eq!(texts(&detail["questions"], "name"), ["correct", "stars", "answer"]);
}

#[tokio::test]
async fn queues_are_listed_with_how_far_they_are() {
    let reviews = Reviews::start().await;
    let native = &reviews.native;
    reviews.claim("ann", 2).await;
    reviews.work(1, "decline", json!({"reviewer": "ann"})).await;
    let list = native.get("/review-queues?experiment=0").await;
    let progress = &list["queues"][0]["progress"];
    let counts = ["total", "pending", "in_progress", "complete", "declined"].map(|name| &progress[name]);
    assert_eq!(counts, [3, 1, 1, 0, 1]);
    assert_eq!(list["queues"][0]["users"], json!(["ann", "bob"]));
    let route = format!("/review-queues/{}", reviews.queue);
    let patch = format!("PATCH {route}");
    let changed = native.send(&patch, &json!({"name": "Second", "users": []})).await.expect_ok().json();
    assert_eq!((&changed["queue"]["name"], &changed["queue"]["users"]), (&json!("Second"), &json!([])));
    native.fails(&patch, &json!({"schema_ids": []}), 400, "locked").await;
    native.fails("POST /review-queues", &json!({"experiment": "0", "name": "SECOND"}), 409, "SECOND").await;
    assert_eq!(native.send(&format!("DELETE {route}"), &NONE).await.status.as_u16(), 204);
    native.fails(&format!("GET {route}"), &NONE, 404, &reviews.queue).await;
}

#[tokio::test]
async fn traces_are_put_in_by_id_or_by_filter() {
    let reviews = Reviews::start().await;
    let again = reviews.ok("items", json!({"trace_ids": [trace(1), trace(9)]})).await;
    assert_eq!(again, json!({"added": 0, "present": 1, "missing": 1, "is_cut": false}));
    let new = json!({"experiment": "0", "name": "Other"});
    let other = reviews.native.send("POST /review-queues", &new).await.json();
    assert_eq!(texts(&other["questions"], "name"), ["Feedback"]);
    let route = format!("POST /review-queues/{}/items", other["queue"]["queue_id"].as_str().unwrap());
    let add = async |body: Value| reviews.native.send(&route, &body).await.expect_ok().json();
    assert_eq!(add(json!({"filter": format!("trace_id = '{}'", trace(2))})).await["added"], 1);
    let cut = add(json!({"all": true, "limit": 2})).await;
    assert_eq!(
        (cut["added"].as_u64().unwrap() + cut["present"].as_u64().unwrap(), &cut["is_cut"]),
        (2, &json!(true))
    );
    assert_eq!(add(json!({"all": true})).await["is_cut"], false);
    reviews.native.fails(&route, &json!({}), 400, "selects nothing in particular").await;
    reviews.native.fails(&route, &json!({"all": true, "limit": 0}), 400, "`limit` is 0").await;
    reviews.native.fails(&route, &json!({"filter": "colour ="}), 400, "").await;
}

#[tokio::test]
async fn two_reviewers_share_a_queue() {
    let reviews = Reviews::start().await;
    assert_eq!(reviews.claim("Ann", 2).await, [trace(1), trace(2)]);
    assert_eq!(reviews.claim("bob", 2).await, [trace(3)]);
    let held = format!("items/{}/complete", trace(1));
    reviews.refused(&held, json!({"reviewer": "bob"}), 409, "being reviewed by `ann`").await;
    reviews.refused("claim", json!({"reviewer": "bob", "trace_id": trace(1)}), 409, "`ann`").await;
    reviews.refused("claim", json!({"reviewer": " "}), 400, "`reviewer` is empty").await;
    reviews.work(1, "skip", json!({"reviewer": "ann"})).await;
    assert_eq!(reviews.claim("bob", 2).await, [trace(3), trace(1)]);
    let released = reviews.ok("release", json!({"reviewer": "bob"})).await;
    assert_eq!(released["released"], 2);
    let skipped = reviews.ok("claim", json!({"reviewer": "ann", "count": 9, "scope": "skipped"})).await;
    assert_eq!(texts(&skipped["items"], "trace_id"), [trace(2), trace(1)]);
    let path = format!("/review-queues/{}/items", reviews.queue);
    let items = reviews.native.get(&format!("{path}?state=in_progress&limit=1")).await;
    assert_eq!(
        (&items["items"][0]["trace_id"], &items["items"][0]["held_by"]),
        (&json!(trace(1)), &json!("ann"))
    );
    assert_eq!(items["items"][0]["trace"]["input"], "question 1");
    let next = items["next_page_token"].as_str().unwrap();
    let items = reviews.native.get(&format!("{path}?state=in_progress&page_token={next}")).await;
    assert_eq!((texts(&items["items"], "trace_id"), &items["next_page_token"]), (vec![&*trace(2)], &NONE));
    reviews.native.fails(&format!("GET {path}?page_token={next}"), &NONE, 400, "page token").await;
    reviews.native.fails(&format!("GET {path}?state=open"), &NONE, 400, "expected one of `pending`").await;
}

#[tokio::test]
async fn answers_become_assessments_and_can_be_taken_back() {
    let reviews = Reviews::start().await;
    let [correct, tone, stars, answer] = [0, 1, 2, 3].map(|index| reviews.questions[index].clone());
    let answers = json!([
        {"schema_id": correct, "value": true, "comment": "It is."},
        {"schema_id": tone, "value": "warm"},
        {"schema_id": stars, "value": null},
        {"schema_id": answer, "value": "42"},
    ]);
    let done = reviews.work(1, "complete", json!({"reviewer": "ann", "answers": answers})).await;
    assert_eq!((&done["item"]["state"], &done["item"]["completed_by"]), (&json!("complete"), &json!("ann")));
    assert_eq!(done["progress"]["complete"], 1);
    assert_eq!(texts(&done["assessments"], "kind"), ["feedback", "feedback", "expectation"]);
    let said = |name: &str, value: Value| (name.to_owned(), value, "ann".to_owned());
    let first = [said("correct", json!(true)), said("tone", json!("warm")), said("answer", json!("42"))];
    assert_eq!(reviews.said(1).await, first);
    // MLflow's API tells the same.
    let queue = format!("GET 3.0/mlflow/review-queues/items/list?queue_id={}&status=COMPLETE", reviews.queue);
    let items = mlflow(&reviews.native, &queue, NONE).await;
    assert_eq!(
        (&items["items"][0]["item_id"], &items["items"][0]["completed_by"]),
        (&json!(trace(1)), &json!("ann"))
    );

    let answers = json!([{"schema_id": correct, "value": false}]);
    reviews.work(1, "complete", json!({"reviewer": "ann", "answers": answers})).await;
    assert!(reviews.said(1).await.contains(&said("correct", json!(false))));
    let reopened = reviews.work(1, "reopen", json!({"reviewer": "ann"})).await;
    assert_eq!(
        (&reopened["item"]["state"], &reopened["item"]["held_by"]),
        (&json!("in_progress"), &json!("ann"))
    );
    // What was answered before is valid again.
    assert_eq!(reviews.said(1).await, first);
    let free = reviews.work(1, "reopen", json!({"reviewer": "ann", "hold": false})).await;
    assert_eq!(free["item"]["state"], "pending");
}

#[tokio::test]
async fn an_answer_that_its_question_does_not_allow_is_refused() {
    let reviews = Reviews::start().await;
    let path = format!("items/{}/complete", trace(1));
    for (index, value, detail) in [
        (0, json!("yes"), "`correct` is \"yes\"; expected true or false"),
        (1, json!("tepid"), "expected one of warm, cold"),
        (2, json!(9), "expected a number from 1 to 5"),
    ] {
        let answers = json!([{"schema_id": reviews.questions[index], "value": value}]);
        reviews.refused(&path, json!({"reviewer": "ann", "answers": answers}), 400, detail).await;
    }
    let twice = json!([{"schema_id": reviews.questions[0]}, {"schema_id": reviews.questions[0]}]);
    reviews.refused(&path, json!({"reviewer": "ann", "answers": twice}), 400, "answered twice").await;
    let unknown = json!([{"schema_id": "ls-9", "value": 1}]);
    reviews.refused(&path, json!({"reviewer": "ann", "answers": unknown}), 400, "no question `ls-9`").await;
    let missing = format!("items/{}/complete", trace(9));
    reviews.refused(&missing, json!({"reviewer": "ann"}), 404, &trace(9)).await;
    assert!(reviews.said(1).await.is_empty());
}

#[tokio::test]
async fn second_opinions_tell_whether_reviewers_agree() {
    let reviews = Reviews::start().await;
    for (number, ann, bob) in [(1, true, true), (2, true, false), (3, false, false)] {
        for (reviewer, value) in [("ann", ann), ("bob", bob)] {
            let answers = json!([{"schema_id": reviews.questions[0], "value": value}]);
            reviews.work(number, "complete", json!({"reviewer": reviewer, "answers": answers})).await;
        }
    }
    let cyd = json!({"reviewer": "cyd", "count": 9, "scope": "second_opinion"});
    assert_eq!(reviews.ok("claim", cyd).await["items"].as_array().unwrap().len(), 3);
    let agreement = reviews.native.get(&format!("/review-queues/{}/agreement", reviews.queue)).await;
    // Texts can't be compared.
    assert_eq!(texts(&agreement["questions"], "name"), ["correct", "tone", "stars"]);
    let correct = &agreement["questions"][0];
    assert_eq!(
        (&correct["answers"], &correct["traces"], &correct["unanimous"]),
        (&json!(6), &json!(3), &json!(2))
    );
    assert!((correct["share"].as_f64().unwrap() - 2.0 / 3.0).abs() < 1e-12);
    assert!((correct["kappa"].as_f64().unwrap() - 0.4).abs() < 1e-12);
    assert_eq!(correct["pairs"][0]["first"], "ann");
    assert_eq!(agreement["questions"][1]["share"], NONE);
}
