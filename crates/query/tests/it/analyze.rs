//! What the house says of a filter and an order: all problems, each with its place and what would be right.

use spanwise_query::{FilterDiagnostic, analyze, analyze_order, parse_filter};

/// 2026-11-25T00:00:00Z.
const NOW_NS: i64 = 1_795_564_800_000_000_000;

/// Checks the problems of a filter: what of the text each is about, and its message.
#[track_caller]
fn check(filter: &str, expected: &[(&str, &str)]) {
    let analysis = analyze(filter, NOW_NS);
    assert_eq!(analysis.filter.is_none(), !expected.is_empty(), "{filter}");
    compare(filter, &analysis.errors, expected);
}

#[track_caller]
fn check_order(order: &str, expected: &[(&str, &str)]) {
    let analysis = analyze_order(order);
    assert_eq!(analysis.order.is_none(), !expected.is_empty(), "{order}");
    compare(order, &analysis.errors, expected);
}

#[track_caller]
fn compare(text: &str, errors: &[FilterDiagnostic], expected: &[(&str, &str)]) {
    let found: Vec<(&str, &str)> =
        errors.iter().map(|error| (&text[error.span.clone()], error.message.as_str())).collect();
    assert_eq!(found, expected, "{text}");
}

/// Checks that putting the only problem's suggestion in its place gives this text, which is right.
#[track_caller]
fn check_fix(filter: &str, fixed: &str) {
    let errors = analyze(filter, NOW_NS).errors;
    let [error] = errors.as_slice() else { panic!("{filter}: {errors:?}") };
    let suggestion = error.suggestion.as_deref().unwrap_or_else(|| panic!("{filter}: {error:?}"));
    let mut text = filter.to_owned();
    text.replace_range(error.span.clone(), suggestion);
    assert_eq!(text, fixed);
    assert_eq!(analyze(fixed, NOW_NS).errors, [], "{fixed}");
}

#[test]
fn all_problems_are_said_at_once() {
    check(
        "trace.nam = 'x' AND status > 'OK' OR latency > 5 refund",
        &[
            ("trace.nam", "unknown field `trace.nam`; did you mean `trace.name`?"),
            (
                ">",
                "`status` has no operator `>`; it has `=`, `!=`, `~`, `!~`, `IN`, `NOT IN`, `LIKE`, `ILIKE` or `RLIKE`",
            ),
            ("5", "`5` has no unit; write `5s` or `5ms`"),
            ("refund", "`refund` is no clause; to search for words, write `text ~ 'refund'`"),
        ],
    );
    check("", &[]);
    check("  ", &[]);
}

#[test]
fn misspelt_names_come_with_the_right_one() {
    check_fix("nmae = 'x'", "name = 'x'");
    check_fix("STATUS = 'OK'", "status = 'OK'");
    check_fix("token > 5", "tokens > 5");
    check_fix("tokens.inptu > 5", "tokens.input > 5");
    check_fix("span.modle = 'x'", "span.model = 'x'");
    check_fix("tgas.`my key` = 'x'", "tags.`my key` = 'x'");
    check_fix("feedbck.quality > 3", "feedback.quality > 3");
    check_fix("span(nam = 'x')", "span(name = 'x')");
    check_fix("has:eror", "has:error");
    check_fix("has:sesion", "has:session");
    check_fix("lat > 5s", "latency > 5s");
    check(
        "tags.a = 'x' AND tags. = 'y' AND metadata > 5 AND span.attributes. = 'x'",
        &[
            ("metadata", "`metadata` needs a key, as in `metadata.my_key`"),
            ("span.attributes.", "`span.attributes` needs a key, as in `span.attributes.my_key`"),
        ],
    );
    check("'OK' = status", &[("'OK'", "`'OK'` is a value; the field comes first, as in `name = 'x'`")]);
    check(
        "span(tags.a = 'x')",
        &[("tags.a", "`tags.a` is not a field of a span, so it can't stand in `span(…)`")],
    );
}

#[test]
fn operators_of_other_languages_come_with_ours() {
    check_fix("status == 'OK'", "status = 'OK'");
    check_fix("status <> 'OK'", "status != 'OK'");
    check_fix("latency => 5s", "latency >= 5s");
    check_fix("name =~ 'x'", "name ~ 'x'");
    check_fix("name LIK 'x'", "name LIKE 'x'");
    check_fix("text = 'x'", "text ~ 'x'");
    check_fix("name = 'x' && tokens > 5", "name = 'x' AND tokens > 5");
    check_fix("name = 'x' || tokens > 5", "name = 'x' OR tokens > 5");
    check_fix("name = 'x' ADN tokens > 5", "name = 'x' AND tokens > 5");
    check_fix("name = 'x';", "name = 'x'");
    check("name NOT LIKE 'x'", &[("NOT LIKE", "there is no operator `NOT LIKE`; write `NOT name LIKE …`")]);
    check(
        "issue.id LIKE 'x' AND name BETWEEN 'a'",
        &[
            ("LIKE", "`issue.id` has no operator `LIKE`; it has `=`"),
            (
                "BETWEEN",
                "unknown operator `BETWEEN`; expected `=`, `!=`, `~`, `!~`, `IN`, `NOT IN`, `LIKE`, `ILIKE`, \
                 `RLIKE`, `IS NULL` or `IS NOT NULL`",
            ),
        ],
    );
}

#[test]
fn values_come_with_how_they_are_written() {
    check_fix("status = OK", "status = 'OK'");
    check_fix("status = 'eror'", "status = 'ERROR'");
    check_fix("status = eror", "status = 'ERROR'");
    check_fix("status = OK", "status = 'OK'");
    check_fix("span.status IN ('OK', 'error')", "span.status IN ('OK', 'ERROR')");
    check_fix("status IN 'OK'", "status IN ('OK')");
    check_fix("status IN ('OK', ERROR)", "status IN ('OK', 'ERROR')");
    check_fix("name = ('x')", "name = 'x'");
    check_fix("name = 5", "name = '5'");
    check_fix("model = gpt-4o", "model = 'gpt-4o'");
    check_fix("tags.n > '5'", "tags.n > 5");
    check_fix("feedback.x LIKE true", "feedback.x LIKE 'true'");
    check_fix("tokens > '5'", "tokens > 5");
    check_fix("latency > 5", "latency > 5s");
    check_fix("latency > 2500", "latency > 2500ms");
    check_fix("latency > 5min", "latency > 5m");
    check_fix("latency > '5s'", "latency > 5s");
    check_fix("start > 1h", "start > -1h");
    check_fix("start > 2026-11-25", "start > '2026-11-25'");
    check(
        "start > 'yesterday' AND tokens > many AND cost > 5k AND tokens > 5x",
        &[
            (
                "'yesterday'",
                "`start` takes a time: `'2026-11-25T10:00:00Z'`, `-1h` or milliseconds since 1970, not `'yesterday'`",
            ),
            ("many", "`tokens` takes a number, such as `5`, `1.5` or `10k`, not `many`"),
            ("5k", "`cost` takes US dollars as a number, such as `0.05`, not `5k`"),
            ("5x", "unknown unit `x` in `5x`; counts have `k`, `M` or `G`"),
        ],
    );
    check("status IN ()", &[("()", "the list is empty; write at least one quoted text in it")]);
    check("text ~ '--'", &[("'--'", "`'--'` has no word in it; a word is made of letters and digits")]);
    check("prompt = 'x'", &[("'x'", "`'x'` names no version of a prompt; write `prompt = 'name/version'`")]);
    check("latency > 999999d", &[("999999d", "`999999d` is too long; at most `106751d`")]);
}

#[test]
fn what_is_no_clause_comes_with_what_it_may_be() {
    check_fix("refund", "text ~ 'refund'");
    check_fix("refund policy 42", "text ~ 'refund policy 42'");
    check_fix("'refund policy'", "text ~ 'refund policy'");
    check_fix("\"it's\"", "text ~ \"it's\"");
    check_fix("name = 'x')", "name = 'x'");
    check("status", &[("status", "`status` needs an operator and a value behind it")]);
    check("status = ", &[("status =", "`status =` needs a value behind it")]);
    check("name = 'a", &[("'a", "`'` opens a text that nothing closes")]);
    check("(status = 'OK'", &[("(", "`(` is never closed")]);
    check("= 'OK'", &[("= 'OK'", "`=` needs a field before it")]);
    check("status = 'OK' OR", &[("OR", "`OR` needs a clause on both sides")]);
    check("NOT", &[("NOT", "`NOT` needs a clause behind it")]);
    check("name = 'a' AND ()", &[("(", "`()` has no clause in it")]);
    check("span()", &[("span", "`span()` has no clause in it")]);
    check("has:", &[("has:", "`has:` needs a field right behind it, as in `has:error`")]);
    check("has:text", &[("text", "`text` can't be asked for with `has:`")]);
    check("span(span(name = 'a'))", &[("span(span(name = 'a'))", "`span(…)` can't stand in `span(…)`")]);
    check("status 'OK'", &[("status 'OK'", "an operator is missing between `status` and `'OK'`")]);
}

#[test]
fn limits_are_problems_too() {
    check(&" ".repeat(65_537), &[(&" ".repeat(65_537), "filter has 65537 bytes; the limit is 65536")]);
    let deep = format!("{}name = 'a'{}", "(".repeat(33), ")".repeat(33));
    assert_eq!(analyze(&deep, NOW_NS).errors[0].message, "filter is nested more than 32 deep");
}

#[test]
fn a_text_full_of_problems_takes_no_longer_than_its_length() {
    for unit in [") ", "zz ", "' ", "a = ", "( ", ", ", "x-", "NOT ", "IN "] {
        let analysis = analyze(&unit.repeat(60_000 / unit.len()), NOW_NS);
        assert!((1..=64).contains(&analysis.errors.len()), "{unit}: {}", analysis.errors.len());
    }
}

#[test]
fn what_mlflow_takes_the_house_takes_but_for_values_that_never_are() {
    for filter in [
        "timestamp > 5 AND execution_time < 5 AND end_time >= 5",
        "execution_time = '7'",
        "metadata.`mlflow.trace.tokenUsage` IS NULL",
        "name = 'a' status = 'OK'",
        "timestamp > 1.5",
    ] {
        check(filter, &[]);
    }
    assert!(parse_filter("status = 'ok'").is_ok());
    check("status = 'ok'", &[("'ok'", "unknown state `ok`; did you mean `OK`?")]);
}

#[test]
fn orders() {
    check_order("", &[]);
    check_order("tokens DESC, start , tags.`a, b` asc", &[]);
    check_order(
        "tokns DESC, name upwards, model",
        &[
            ("tokns", "unknown field `tokns`; did you mean `tokens`?"),
            (
                "upwards",
                "`upwards` is no direction; write `ASC` or `DESC`, and a comma before the next field",
            ),
            ("model", "traces can't be ordered by `model`"),
        ],
    );
    check_order("name descending", &[("descending", "`descending` is no direction; did you mean `DESC`?")]);
    check_order("name,", &[("", "a field is missing beside the comma")]);
    check_order("DESC", &[("DESC", "`DESC` needs a field before it")]);
    check_order(
        "start, timestamp",
        &[("start, timestamp", "the order names a field twice; name each field once")],
    );
    let many = vec!["name"; 17].join(",");
    check_order(&many, &[("", "order_by has 17 fields; the limit is 16")]);
    let many = vec!["x"; 30_000].join(",");
    assert_eq!(analyze_order(&many).errors.len(), 16);
}
