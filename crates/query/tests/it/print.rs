//! Filters to text and back.

use crate::generate::filter;
use proptest::prelude::*;
use spanwise_query::{
    analyze, analyze_order, complete, parse_entity_filter, parse_filter, parse_order_by, parse_order_text,
};

proptest! {
    #[test]
    fn a_printed_filter_parses_to_itself(filter in filter()) {
        let text = filter.to_string();
        prop_assert_eq!(parse_filter(&text), Ok(filter), "{}", text);
    }

    #[test]
    fn no_text_panics_and_what_parses_prints_and_parses_to_itself(
        words in prop::collection::vec(word(), 0..12), gap in "( ?){12}",
    ) {
        let text: String = words.iter().zip(gap.split_inclusive(' ').cycle()).flat_map(|(word, gap)| [*word, gap]).collect();
        match parse_filter(&text) {
            Ok(filter) => prop_assert_eq!(parse_filter(&filter.to_string()), Ok(filter)),
            Err(error) => prop_assert!(text.get(error.span.clone()).is_some(), "{:?}", error),
        }
        let analysis = analyze(&text, 0);
        prop_assert_eq!(analysis.filter.is_some(), analysis.errors.is_empty());
        for error in analysis.errors {
            prop_assert!(text.get(error.span.clone()).is_some(), "{:?}", error);
        }
        if let Some(filter) = analysis.filter {
            prop_assert_eq!(analyze(&filter.to_string(), 0).filter, Some(filter));
        }
        for cursor in 0..text.len() {
            prop_assert!(text.get(complete(&text, cursor).span).is_some());
        }
        prop_assert_eq!(analyze_order(&text).order, parse_order_text(&text).ok());
        let _ = parse_entity_filter(&spanwise_query::entity::RUN, &text);
        let _ = parse_order_by(&[text]);
    }
}

fn word() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "name",
        "status",
        "timestamp",
        "tags.a",
        "latency",
        "tokens.input",
        "model",
        "start",
        "has:error",
        "has:",
        "5s",
        "-1h",
        "10k",
        "'2026-11-25'",
        "~",
        "!~",
        "metadata.`mlflow.trace.cost`",
        "span.name",
        "span(",
        "span.attributes.",
        "feedback.q",
        "issue.id",
        "prompt",
        "text",
        "run_id",
        "(",
        ")",
        ",",
        ";",
        "=",
        "!=",
        ">",
        "==",
        "LIKE",
        "IN",
        "NOT",
        "AND",
        "OR",
        "IS",
        "NULL",
        "'a'",
        "'a/1'",
        "\"b\"",
        "5",
        "-1.5e3",
        "'",
        "`",
        ".",
        "é",
        "\u{0}",
    ])
}
