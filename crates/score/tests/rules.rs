//! Each kind of scorer that needs no model: what passes, what fails, and what it says.

use serde_json::{Value, json};
use spanwise_model::TokenUsage;
use spanwise_score::{Ending, FailedSpan, Said, Scorer, Skip, ToolCall, TraceView, Verdict};

fn said(text: &str) -> Said {
    Said { text: Some(text.to_owned()), value: None }
}

fn answer(text: &str) -> TraceView {
    TraceView { input: said("What is it?"), output: said(text), ..TraceView::default() }
}

#[track_caller]
fn check(definition: Value, trace: &TraceView, value: Value, rationale: &str) {
    match Scorer::from_json(&definition).expect("the definition is right").score(trace) {
        Some(Verdict::Scored(outcome)) => {
            assert_eq!((outcome.value, outcome.rationale.as_str()), (value, rationale));
        }
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn skipped(definition: Value, trace: &TraceView, expected: Skip) {
    let verdict = Scorer::from_json(&definition).expect("the definition is right").score(trace);
    assert_eq!(verdict, Some(Verdict::Skipped(expected)));
}

#[track_caller]
fn refused(definition: Value, expected: &str) {
    let error = Scorer::from_json(&definition).expect_err("it is refused").to_string();
    assert!(error.contains(expected), "{error}");
}

#[test]
fn regular_expressions() {
    let order = json!({"kind": "regex", "pattern": "order [0-9]+"});
    check(
        order.clone(),
        &answer("Your order 12 is on its way"),
        json!(true),
        "`order [0-9]+` matches “order 12” in the output",
    );
    check(
        order.clone(),
        &answer("Hello"),
        json!(false),
        "`order [0-9]+` is not found in the output: “Hello”",
    );
    let never = json!({"kind": "regex", "pattern": "SORRY", "must_not": true, "ignore_case": true});
    check(never, &answer("I'm sorry"), json!(false), "`SORRY` matches “sorry” in the output");
    let asked = json!({"kind": "regex", "pattern": "^What", "on": "input"});
    check(asked, &answer(""), json!(true), "`^What` matches “What” in the input");
    skipped(order, &answer(" "), Skip::NoOutput);
    refused(json!({"kind": "regex", "pattern": "("}), "`pattern` is no regular expression: unclosed group");
    refused(json!({"kind": "regex", "patern": "x"}), "unknown field `patern`");
    refused(
        json!({"kind": "regexp", "pattern": "x"}),
        "unknown variant `regexp`, expected one of `regex`, `length`",
    );
}

#[test]
fn lengths() {
    let chars = json!({"kind": "length", "max": 5});
    check(chars.clone(), &answer("äöüÄÖ"), json!(true), "the output has 5 characters");
    check(chars, &answer("äöüÄÖÜ"), json!(false), "the output has 6 characters; at most 5 are allowed");
    let words = json!({"kind": "length", "unit": "words", "min": 3});
    check(words, &answer("two words"), json!(false), "the output has 2 words; at least 3 are asked for");
    check(
        json!({"kind": "length", "unit": "words", "on": "input"}),
        &answer("x"),
        json!(3),
        "the input has 3 words",
    );
    let tokens = json!({"kind": "length", "unit": "tokens", "max": 9});
    skipped(tokens.clone(), &answer("x"), Skip::NoUsage);
    let usage = Some(TokenUsage { input: 5, output: 10, total: 15, ..TokenUsage::default() });
    check(
        tokens,
        &TraceView { usage, ..answer("x") },
        json!(false),
        "the output has 10 tokens; at most 9 are allowed",
    );
    refused(json!({"kind": "length", "min": 3, "max": 2}), "`min` is 3, which is above `max`, 2");
}

#[test]
fn contained_texts() {
    let all = json!({"kind": "contains", "texts": ["Paris", "France"]});
    check(all.clone(), &answer("Paris, France"), json!(true), "the output contains “Paris”, “France”");
    check(all, &answer("paris, France"), json!(false), "the output does not contain “Paris”");
    let any = json!({"kind": "contains", "texts": ["a!", "b!"], "need": "any", "ignore_case": true});
    check(any, &answer("B!"), json!(true), "the output contains “b!”");
    let none = json!({"kind": "contains", "texts": ["as an AI"], "need": "none"});
    check(none, &answer("Well, as an AI"), json!(false), "the output contains “as an AI”");
    let expected = json!({"kind": "contains", "expectation": "facts"});
    skipped(expected.clone(), &answer("x"), Skip::NoExpectation);
    let mut trace = answer("The sky is blue");
    trace.expectations.insert("facts".to_owned(), json!(["sky", "green"]));
    check(expected, &trace, json!(false), "the output does not contain “green”");
    refused(json!({"kind": "contains"}), "`texts` is missing; give it or `expectation`");
}

#[test]
fn equal_texts() {
    let same = json!({"kind": "equals", "text": "Yes.", "ignore_case": true});
    check(same.clone(), &answer(" yes. "), json!(true), "the output is “Yes.”");
    check(same, &answer("no"), json!(false), "the output is “no”; expected was “Yes.”");
    let mut trace = answer("{\"a\": 1}");
    trace.expectations.insert("expected_response".to_owned(), json!({"a": 1}));
    let expected = json!({"kind": "equals", "expectation": "expected_response"});
    check(expected, &trace, json!(true), "the output is “{\"a\":1}”");
    refused(
        json!({"kind": "equals", "text": "x", "expectation": "y"}),
        "`text` and `expectation` are both given",
    );
}

#[test]
fn json_by_a_schema() {
    let schema = json!({"kind": "json_schema", "schema": {"type": "object", "required": ["city"]}});
    check(
        schema.clone(),
        &answer("```json\n{\"city\": \"Rome\"}\n```"),
        json!(true),
        "the output is JSON that the schema allows",
    );
    check(schema.clone(), &answer("{}"), json!(false), "$ lacks `city`");
    check(schema.clone(), &answer("Rome"), json!(false), "the output is no JSON: “Rome”");
    let value = Said { text: None, value: Some(json!({"city": 1})) };
    check(
        schema,
        &TraceView { output: value, ..TraceView::default() },
        json!(true),
        "the output is JSON that the schema allows",
    );
    refused(
        json!({"kind": "json_schema", "schema": {"patternProperties": {}}}),
        "keyword `patternProperties`",
    );
}

#[test]
fn personal_data_is_counted_and_not_shown() {
    let pii = json!({"kind": "pii"});
    check(pii.clone(), &answer("Write to ada@example.com"), json!(false), "the output holds email ×1");
    check(pii, &answer("Write to us"), json!(true), "nothing of what is looked for was found");
    let both = json!({"kind": "pii", "detectors": ["ip"], "on": "both"});
    let trace = TraceView { input: said("from 192.168.1.7"), ..answer("ok") };
    check(both, &trace, json!(false), "the input holds ip ×1");
    refused(json!({"kind": "pii", "detectors": ["mail"]}), "`detectors` can't be used");
}

#[test]
fn times_and_costs() {
    let trace = TraceView { duration_ms: Some(1_500.25), cost: Some(0.0125), ..answer("x") };
    check(
        json!({"kind": "latency", "max_ms": 1500}),
        &trace,
        json!(false),
        "the trace took 1500.25 ms; at most 1500 ms is allowed",
    );
    check(json!({"kind": "latency"}), &trace, json!(1500.25), "the trace took 1500.25 ms");
    check(json!({"kind": "cost", "max_usd": 0.02}), &trace, json!(true), "the trace cost $0.0125");
    // An unknown cost is never 0.
    skipped(json!({"kind": "cost", "max_usd": 1}), &answer("x"), Skip::NoCost);
    skipped(json!({"kind": "latency"}), &answer("x"), Skip::NoDuration);
    refused(json!({"kind": "cost", "max_usd": -1}), "`max_usd` is -1; expected a number from 0");
}

#[test]
fn token_counts() {
    let usage = Some(TokenUsage { input: 90, output: 10, total: 100, ..TokenUsage::default() });
    let trace = TraceView { usage, ..answer("x") };
    check(
        json!({"kind": "tokens", "max": 99}),
        &trace,
        json!(false),
        "the trace used 100 tokens; at most 99 are allowed",
    );
    check(json!({"kind": "tokens", "of": "output"}), &trace, json!(10), "the trace used 10 output tokens");
}

#[test]
fn failures() {
    let failed = |message: &str| FailedSpan { name: "search".to_owned(), message: message.to_owned() };
    let trace = TraceView { failed_spans: vec![failed("timeout"), failed("")], ..answer("x") };
    check(
        json!({"kind": "error_free"}),
        &trace,
        json!(false),
        "`search` failed with “timeout”; `search` failed",
    );
    check(json!({"kind": "error_free", "trace_only": true}), &trace, json!(true), "nothing failed");
    let ended = TraceView { ending: Ending::Error, ..trace };
    check(
        json!({"kind": "error_free", "trace_only": true}),
        &ended,
        json!(false),
        "the trace ended with an error: `search` failed with “timeout”",
    );
}

#[test]
fn calls_of_tools() {
    let call = |name: &str, arguments: Value, failure: Option<&str>| ToolCall {
        name: name.to_owned(),
        arguments,
        failure: failure.map(str::to_owned),
    };
    let calls = vec![
        call("search", json!({"q": "x"}), None),
        call("search", json!({}), Some("timeout")),
        call("book", json!({"id": 1}), None),
    ];
    let trace = TraceView { tool_calls: calls, ..answer("x") };
    let tools = |rules: Value| {
        let mut definition = json!({"kind": "tool_calls"});
        definition.as_object_mut().unwrap().extend(rules.as_object().unwrap().clone());
        definition
    };
    let all = "called were `search`, `search`, `book`";
    check(tools(json!({"must_call": ["book"], "order": ["search", "book"]})), &trace, json!(true), all);
    check(
        tools(json!({"must_call": ["pay"]})),
        &trace,
        json!(false),
        &format!("`pay` was not called; {all}"),
    );
    check(
        tools(json!({"must_not_call": ["book"]})),
        &trace,
        json!(false),
        "`book` was called once, and must not be",
    );
    check(
        tools(json!({"at_most": {"search": 1}})),
        &trace,
        json!(false),
        "`search` was called 2 times; at most 1 are allowed",
    );
    check(
        tools(json!({"max_calls": 2})),
        &trace,
        json!(false),
        "tools were called 3 times; at most 2 are allowed",
    );
    check(
        tools(json!({"order": ["book", "search"]})),
        &trace,
        json!(false),
        &format!("`search` was not called after `book`; {all}"),
    );
    check(tools(json!({"no_failures": true})), &trace, json!(false), "`search` failed with “timeout”");
    check(
        tools(json!({"arguments": {"search": {"required": ["q"]}}})),
        &trace,
        json!(false),
        "the arguments of `search` do not fit: $ lacks `q`",
    );
    check(tools(json!({"must_not_call": ["x"]})), &answer("x"), json!(true), "no tool was called");
    refused(tools(json!({})), "`must_call` and all other rules are missing");
    refused(
        tools(json!({"must_call": ["a"], "must_not_call": ["a"]})),
        "names `a`, which must be called too",
    );
}

#[test]
fn definitions_of_judges_are_checked() {
    refused(json!({"kind": "guidelines", "guidelines": []}), "`guidelines` is empty");
    refused(json!({"kind": "judge", "instructions": "Good?"}), "`instructions` names nothing that is judged");
    refused(
        json!({"kind": "judge", "instructions": "{{ output }}"}),
        "names `{{ output }}`, which is not known",
    );
    refused(
        json!({"kind": "judge", "instructions": "{{ outputs }}", "answer": "category"}),
        "fewer than two",
    );
    refused(
        json!({"kind": "guidelines", "guidelines": ["x"], "model": "gpt"}),
        "`model` is `gpt`; expected `provider:/name`",
    );
    let long = "x".repeat(40_000);
    refused(
        json!({"kind": "guidelines", "guidelines": [long]}),
        "`guidelines[0]` has 40000 bytes; the limit is 32768",
    );
}
