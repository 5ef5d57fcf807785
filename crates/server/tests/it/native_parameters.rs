//! Code and OpenAPI agree on the query parameters of every route.

use crate::native::Native;
use serde_json::Value;
use spanwise_testkit::otlp::{span, trace_id};

/// Returns the routes of the document: method, path and names of the query parameters.
fn documented() -> Vec<(String, String, Vec<String>)> {
    let document = spanwise_server::openapi();
    let mut routes = Vec::new();
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
            let names = parameters.iter().filter(|one| one["in"] == "query");
            let names = names.map(|one| one["name"].as_str().expect("a name").to_owned()).collect();
            routes.push((method.to_uppercase(), path.clone(), names));
        }
    }
    routes
}

/// Puts what exists in place of a path's parameters.
fn concrete(path: &str) -> String {
    let values = [("trace_id", trace_id(7)), ("span_id", "01".repeat(8)), ("experiment_id", "0".to_owned())];
    let mut path = path.strip_prefix("/api/v1").expect("a native route").to_owned();
    for (name, value) in values {
        path = path.replace(&format!("{{{name}}}"), &value);
    }
    path.replace("{key}", "k").replace("{assessment_id}", "a")
}

#[tokio::test]
async fn an_unknown_parameter_lists_the_documented_ones() {
    let native = Native::start().await;
    native.spans(vec![span(7, 1, "root")]).await;
    let routes = documented();
    assert!(routes.len() > 20, "{}", routes.len());
    for (method, path, names) in routes {
        let route = format!("{method} {}?unknwon=1", concrete(&path));
        let problem = native.fails(&route, &Value::Null, 400, "unknown parameter `unknwon`").await;
        let detail = problem["detail"].as_str().unwrap();
        let told = detail.split_once("; ").unwrap().1;
        let mut told: Vec<&str> = told.split('`').skip(1).step_by(2).collect();
        let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
        told.sort_unstable();
        names.sort_unstable();
        assert_eq!(told, names, "{route}");
    }
    // None of them did anything.
    assert_eq!(native.ids(&[]).await, [trace_id(7)]);
}

#[tokio::test]
async fn the_document_is_served() {
    let native = Native::start().await;
    assert_eq!(native.get("/openapi.json").await, spanwise_server::openapi());
    native.fails("GET /openapi.json?x=1", &Value::Null, 400, "this route takes none").await;
    native.fails("GET /info?x=1", &Value::Null, 400, "this route takes none").await;
}
