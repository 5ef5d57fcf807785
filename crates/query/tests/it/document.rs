//! Every example in docs/filter-language.md is what it says, and every field is in it.

use spanwise_query::{FIELDS, FieldKind, analyze, analyze_order, parse_filter_at};

const DOCUMENT: &str = include_str!("../../../../docs/filter-language.md");
/// 2026-11-25T00:00:00Z.
const NOW_NS: i64 = 1_795_564_800_000_000_000;
/// Examples that there are at least, so that a fence that is misspelt is noticed.
const EXAMPLES_MIN: usize = 45;

/// Returns the lines of all fenced blocks of a kind.
fn lines(kind: &str) -> Vec<&'static str> {
    let fence = format!("\n```{kind}\n");
    let blocks = DOCUMENT.split(&fence).skip(1);
    let blocks = blocks.map(|rest| rest.split("\n```").next().expect("split gives at least one part"));
    blocks.flat_map(str::lines).filter(|line| !line.is_empty()).collect()
}

#[test]
fn every_filter_is_one_on_both_faces() {
    let filters = lines("filter");
    assert!(filters.len() >= EXAMPLES_MIN, "{}", filters.len());
    for filter in filters {
        let analysis = analyze(filter, NOW_NS);
        assert_eq!(analysis.errors, [], "{filter}");
        assert_eq!(analysis.filter, parse_filter_at(filter, NOW_NS).ok(), "{filter}");
    }
}

#[test]
fn every_order_is_one() {
    let orders = lines("order");
    assert!(!orders.is_empty());
    for order in orders {
        assert_eq!(analyze_order(order).errors, [], "{order}");
    }
}

#[test]
fn every_error_is_the_one_that_is_shown() {
    let lines = lines("filter-error");
    let mut examples: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in lines {
        match (line.strip_prefix("! "), examples.last_mut()) {
            (Some(message), Some((_, messages))) => messages.push(message),
            _ => examples.push((line, Vec::new())),
        }
    }
    assert!(examples.len() >= 5);
    for (filter, expected) in examples {
        let errors = analyze(filter, NOW_NS).errors;
        let found: Vec<&str> = errors.iter().map(|error| error.message.as_str()).collect();
        assert_eq!(found, expected, "{filter}");
    }
}

#[test]
fn every_field_is_explained() {
    for info in FIELDS {
        let name = match (info.kind, info.name) {
            (FieldKind::Map, "feedback" | "expectation") => format!("`{}.<name>`", info.name),
            (FieldKind::Map, name) => format!("`{name}.<key>`"),
            (_, name) => format!("`{name}`"),
        };
        assert!(DOCUMENT.contains(&name), "{name}");
    }
}
