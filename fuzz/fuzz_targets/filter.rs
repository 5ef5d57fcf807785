//! Any text is a filter or a refusal that points into the text; a filter prints as text that means the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use spanwise_query::{
    FilterError, parse_experiment_filter, parse_experiment_order, parse_filter, parse_order_by, required_tokens,
    tokens,
};

fuzz_target!(|text: &str| {
    match parse_filter(text) {
        Ok(filter) => assert_eq!(parse_filter(&filter.to_string()), Ok(filter)),
        Err(error) => check_error(text, &error),
    }
    if let Err(error) = parse_experiment_filter(text) {
        check_error(text, &error);
    }
    for error in [parse_order_by(&[text]).err(), parse_experiment_order(&[text]).err()].into_iter().flatten() {
        check_error(text, &error);
    }
    check_narrowing(text);
});

fn check_error(text: &str, error: &FilterError) {
    assert!(text.get(error.span.clone()).is_some(), "{error}: {:?}", error.span);
    assert!(!error.to_string().is_empty());
}

/// Takes the text for a pattern and what follows its first line for a text to match.
fn check_narrowing(text: &str) {
    let (pattern, rest) = text.split_once('\n').unwrap_or((text, text));
    for ignore_case in [false, true] {
        let like = spanwise_query::LikePattern::new(pattern, ignore_case);
        if like.matches(rest) {
            assert!(required_tokens(&spanwise_query::TextTest::Like(like)).admits(&tokens(rest)));
        }
    }
}
