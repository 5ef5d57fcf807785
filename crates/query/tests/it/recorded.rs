//! Filters and orders that were sent to a real MLflow server, and what it answered
//! (`tests/fixtures/*.jsonl`, one a line: `id`, `filter`, `order_by`, and `error` if it refused).

use serde_json::Value;
use spanwise_query::{
    FilterError, entity::EXPERIMENT, parse_entity_filter, parse_entity_order, parse_filter, parse_order_by,
};

/// Where we answer otherwise than the recorded server, each with its reason.
const DIFFERENCES: &[(u64, &str)] = &[
    (332, "IN on the name is accepted"),
    (333, "bare `text` is accepted"),
    (334, "bare `text` is accepted"),
    (335, "IN on a span attribute is accepted"),
    (346, "OR is accepted"),
    (347, "parentheses are accepted"),
    (348, "NOT is accepted"),
    (354, "a tag compares with a number"),
    (355, "IN on a tag is accepted"),
    (356, "metadata compares with a number"),
    (357, "IN on metadata is accepted"),
    (365, "bare `text` is accepted, so that its comparator is what is wrong"),
    (369, "feedback equals a number without quotes"),
    (395, "ordering by end_time works"),
    (402, "a bare string as order_by is refused where requests are read"),
    (403, "page tokens are not part of a filter"),
    (404, "experiment ids are not part of a trace filter"),
];

#[test]
fn recorded_trace_searches_are_answered_alike() {
    let mut differing = Vec::new();
    for line in include_str!("../fixtures/trace_search.jsonl").lines() {
        let exchange: Value = serde_json::from_str(line).unwrap();
        let filter = exchange["filter"].as_str().unwrap_or_default();
        let ours = parse_filter(filter).map(drop).and_then(|()| parse_order_by(&order(&exchange)).map(drop));
        if !same_answer(&exchange, ours) {
            differing.push(exchange["id"].as_u64().unwrap());
        }
    }
    let expected: Vec<u64> = DIFFERENCES.iter().map(|(id, _)| *id).collect();
    assert_eq!(differing, expected);
}

#[test]
fn recorded_experiment_searches_are_answered_alike() {
    for line in include_str!("../fixtures/experiment_search.jsonl").lines() {
        let exchange: Value = serde_json::from_str(line).unwrap();
        let filter = exchange["filter"].as_str().unwrap_or_default();
        let order = order(&exchange);
        let ours = parse_entity_filter(&EXPERIMENT, filter)
            .map(drop)
            .and_then(|()| parse_entity_order(&EXPERIMENT, &order).map(drop));
        assert!(same_answer(&exchange, ours), "{line}");
    }
}

fn order(exchange: &Value) -> Vec<&str> {
    exchange["order_by"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

fn same_answer(exchange: &Value, ours: Result<(), FilterError>) -> bool {
    match (exchange["error"].as_str(), ours) {
        (Some(theirs), Err(ours)) => sort_sets(theirs) == sort_sets(&ours.to_string()),
        (theirs, ours) => theirs.is_none() && ours.is_ok(),
    }
}

/// Sorts what stands in each `{…}`: the order of Python's sets is arbitrary.
pub(crate) fn sort_sets(message: &str) -> String {
    let mut sorted = String::new();
    let mut rest = message;
    while let Some((before, after)) = rest.split_once("{'")
        && let Some((set, after)) = after.split_once("'}")
    {
        let mut items: Vec<&str> = set.split("', '").collect();
        items.sort_unstable();
        sorted.push_str(before);
        sorted.push_str(&format!("{{'{}'}}", items.join("', '")));
        rest = after;
    }
    sorted + rest
}
