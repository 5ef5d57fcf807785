//! Any text is a filter or a refusal that points into the text; a filter prints as text that means the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use spanwise_query::entity::{DATASET, EXPERIMENT, LOGGED_MODEL, MODEL_VERSION, REGISTERED_MODEL, RUN};
use spanwise_query::{
    FilterDiagnostic, FilterError, analyze, analyze_order, clause, complete, parse_entity_filter,
    parse_entity_order, parse_filter, parse_filter_at, parse_order_by, parse_order_text, quote_value,
    required_tokens, tokens,
};

/// What relative times count from.
const NOW_NS: i64 = 1_700_000_000_000_000_000;

fuzz_target!(|text: &str| {
    match parse_filter(text) {
        Ok(filter) => assert_eq!(parse_filter(&filter.to_string()), Ok(filter)),
        Err(error) => check_error(text, &error),
    }
    for entity in [&EXPERIMENT, &RUN, &LOGGED_MODEL, &DATASET, &REGISTERED_MODEL, &MODEL_VERSION] {
        if let Err(error) = parse_entity_filter(entity, text) {
            check_error(text, &error);
        }
        if let Err(error) = parse_entity_order(entity, &[text]) {
            check_error(text, &error);
        }
    }
    if let Err(error) = parse_order_by(&[text]) {
        check_error(text, &error);
    }
    check_house(text);
    check_narrowing(text);
});

/// The house's face takes no less than MLflow's but for values that never are, and every problem has a place.
fn check_house(text: &str) {
    let analysis = analyze(text, NOW_NS);
    assert_eq!(analysis.filter.is_some(), analysis.errors.is_empty());
    analysis.errors.iter().for_each(|problem| check_problem(text, problem));
    if let Some(filter) = analysis.filter {
        let printed = filter.to_string();
        assert_eq!(parse_filter_at(&printed, NOW_NS).as_ref(), Ok(&filter));
        assert_eq!(analyze(&printed, NOW_NS).filter, Some(filter));
    }
    let order = analyze_order(text);
    assert_eq!(order.order.is_some(), order.errors.is_empty());
    assert_eq!(order.order, parse_order_text(text).ok());
    order.errors.iter().for_each(|problem| check_problem(text, problem));
    for cursor in [0, text.len() / 2, text.len(), text.len() + 1] {
        let context = complete(text, cursor);
        assert!(text.get(context.span.clone()).is_some(), "{context:?}");
    }
    assert!(!quote_value(text).is_empty());
    if text.matches(['\'', '"', '`']).count() < 100 && text.len() < 1_000 {
        assert!(parse_filter(&clause("name", text)).is_ok(), "{}", clause("name", text));
    }
}

fn check_problem(text: &str, problem: &FilterDiagnostic) {
    assert!(text.get(problem.span.clone()).is_some(), "{problem:?}");
    assert!(!problem.message.is_empty());
}

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
