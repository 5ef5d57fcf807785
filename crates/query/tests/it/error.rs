//! What is refused, with MLflow's words where it has some, and where in the text.

use crate::recorded::sort_sets;
use spanwise_query::{FilterError, parse_filter, parse_order_by};

const ATTRIBUTES: &str = "{'end_time_ms', 'request_id', 'execution_time_ms', 'timestamp_ms', 'prompt', \
    'execution_time', 'status', 'name', 'client_request_id', 'end_time', 'run_id', 'text', 'timestamp'}";
const ENTITIES: &str = "{'issue', 'attribute', 'request_metadata', 'trace', 'tag', 'tags', 'attributes', \
    'expectation', 'feedback', 'metadata', 'span'}";
const TEXT: &str = "{'LIKE', 'IN', 'NOT IN', '=', 'ILIKE', '!=', 'RLIKE'}";
const TAG: &str = "{'LIKE', 'ILIKE', '=', '!=', 'IS NOT NULL', 'RLIKE', 'IS NULL'}";

fn refusal(filter: &str) -> FilterError {
    parse_filter(filter).expect_err(filter)
}

#[track_caller]
fn check(filter: &str, message: &str) {
    assert_eq!(sort_sets(&refusal(filter).to_string()), sort_sets(message), "{filter}");
}

#[test]
fn unknown_fields() {
    for key in ["foo", "STATUS", "experiment_id", "feedback", "status.x"] {
        let filter = if key.contains('.') { format!("trace.{key} = 'x'") } else { format!("{key} = 'x'") };
        check(&filter, &format!("Invalid attribute key '{key}' specified. Valid keys are '{ATTRIBUTES}'"));
    }
    for entity in ["params", "assessment", "metrics", "TAGS"] {
        check(
            &format!("{entity}.a = 'x'"),
            &format!("Invalid entity type '{entity}'. Valid values are {ENTITIES}"),
        );
    }
    let supported = "Supported attributes: name, status, type, attributes.<attribute_name>.";
    check("span.foo = 'x'", &format!("Invalid span attribute 'foo'. {supported}"));
    check("span.attributes. = 'x'", "Span attribute name cannot be empty after 'attributes.'");
    check("feedback. = 'x'", "Assessment field name cannot be empty");
    check("issue.foo = 'x'", "Invalid issue attribute 'foo'. Supported attributes: id");
}

#[test]
fn what_is_no_clause() {
    let check =
        |filter: &str, words: &str| check(filter, &format!("Invalid clause(s) in filter string: {words}"));
    check("status", "'status'");
    check("status =", "'status', '='");
    check("status = 'OK';", "';'");
    check("= 'OK'", "'=', ''OK''");
    check("name BETWEEN 'a' AND 'b'", "'name', 'BETWEEN', ''a'', ''b''");
    check("status IN ('OK'", "'status', 'IN', '(', ''OK''");
    check("name = 'a", "'name', '=', ''', 'a'");
    check("name = 'a' 'b'", "''b''");
    check("status = AND name = 'x'", "'status', '='");
    check("timestamp = 'abc'", "'timestamp', '=', ''abc'', 'timestamp'");
    check("timestamp > 1.5", "'timestamp', '>', '1.5', 'timestamp'");
    check("timestamp IN (1,2)", "'timestamp', 'IN', '(1,2)', 'timestamp'");
    check("timestamp IS NULL", "'timestamp', 'IS', 'NULL', 'timestamp'");
    check("status = 'OK' OR", "'OR'");
    check("OR status = 'OK'", "'OR'");
    check("NOT", "'NOT'");
    check("status = 'OK' AND ()", "'('");
    check("(status = 'OK'", "'('");
    check("status = 'OK')", "')'");
    check("span()", "'span'");
}

#[test]
fn what_is_no_filter() {
    check("   ", "Invalid filter '   '. Could not be parsed.");
    check(
        "name = 'a'; name = 'b'",
        "Search filter contained multiple expression \"name = 'a'; name = 'b'\". Provide AND-ed expression list.",
    );
    check(
        "name = 'a'; name = \"b\"",
        "Search filter contained multiple expression 'name = \\'a\\'; name = \"b\"'. Provide AND-ed expression list.",
    );
    check("'OK' = status", "Invalid comparison clause. Expected 'Identifier' found ''OK''");
    check("1 = 1", "Invalid comparison clause. Expected 'Identifier' found '1'");
}

#[test]
fn comparators_that_a_field_does_not_have() {
    for comparator in [">", "==", "IS NULL", "NOT LIKE"] {
        let value = if comparator == "IS NULL" { "" } else { " 'OK'" };
        check(
            &format!("status {comparator}{value}"),
            &format!("Invalid comparator '{comparator}' not one of '{TEXT}'"),
        );
    }
    check("tags.a > 'b'", &format!("Invalid comparator '>' not one of '{TAG}"));
    check("metadata.a > 'b'", &format!("Invalid comparator '>' not one of '{TAG}'"));
    check("run_id > 'b'", &format!("Invalid comparator '>' not one of '{TAG}'"));
    check(
        "execution_time LIKE '1'",
        "Invalid comparator 'LIKE' not one of '{'=', '!=', '<', '<=', '>', '>='}",
    );
    check("span.name > 'x'", &format!("span.name comparator '>' not one of '{TEXT}'"));
    check("span.attributes.a > 'x'", &format!("span.attributes.a comparator '>' not one of '{TEXT}'"));
    check("span.content = 'x'", "span.content comparator '=' not one of '{'LIKE', 'ILIKE'}'");
    check("trace.text = 'x'", "span.content comparator '=' not one of '{'LIKE', 'ILIKE'}'");
    check("issue.id LIKE 'x'", "issue.id comparator 'LIKE' not one of '{'='}'");
    let prompt = "Only '=' is supported with format: prompt = \"name/version\"";
    check("prompt LIKE 'p1/%'", &format!("Invalid comparator 'LIKE' for prompts filter. {prompt}"));
    check("prompt IS NULL", &format!("Invalid comparator 'IS NULL' for prompts filter. {prompt}"));
    for key in ["mlflow.trace.tokenUsage", "mlflow.trace.cost"] {
        check(
            &format!("metadata.`{key}` LIKE '%x%'"),
            &format!(
                "Comparator 'LIKE' is not supported for reserved metadata '{key}'. \
                 Only '=', '!=', 'IS NULL', and 'IS NOT NULL' are supported."
            ),
        );
    }
}

#[test]
fn literals_that_a_field_does_not_take() {
    check(
        "status = OK",
        "Parameter value is either not quoted or unidentified quote types used for string value OK. \
         Use either single or double quotes.",
    );
    check("tags.a LIKE 1", "Expected a quoted string value for tag (e.g. 'my-value'). Got value 1");
    check(
        "metadata.a LIKE 1",
        "Expected a quoted string value for request_metadata (e.g. 'my-value'). Got value 1",
    );
    check(
        "metadata.a IN (x)",
        "Expected a quoted string value for request_metadata (e.g. 'my-value'). Got value (x)",
    );
    check("span.name = 1", "Expected a quoted string value for span (e.g. 'my-value'). Got value 1");
    check("issue.id = 1", "Expected a quoted string value for issue (e.g. 'my-value'). Got value 1");
    check("feedback.a LIKE 1", "Expected a quoted string value for feedback (e.g. 'my-value'). Got value 1");
    check(
        "feedback.a IN ('x')",
        "Expected a quoted string value for feedback (e.g. 'my-value'). Got value ('x')",
    );
    check(
        "feedback.a > 'x'",
        "Expected a numeric value for feedback when using comparator '>'. Got value 'x'",
    );
    check(
        "expectation.a < x",
        "Expected a numeric value for expectation when using comparator '<'. Got value x",
    );
    check(
        "status = 1",
        "Only the '{'execution_time', 'end_time', 'timestamp_ms', 'timestamp', 'end_time_ms', 'execution_time_ms'}' \
         attributes support comparison with numeric values.",
    );
    check(
        "execution_time = 'soon'",
        "Expected numeric value type for numeric attribute: execution_time. Found 'soon'",
    );
    check("prompt = 'p1'", "Invalid prompts filter value 'p1'. Expected format: prompt = \"name/version\"");
    check(
        "prompt = 'a/b/c'",
        "Invalid prompts filter value 'a/b/c'. Expected format: prompt = \"name/version\"",
    );
    let list = "While parsing a list in the query, expected";
    let item = "string value, punctuation, or whitespace, but got different type in list:";
    check("status IN (1)", &format!("{list} {item} (1,)"));
    check("status IN ('a', 1)", &format!("{list} {item} ('a', 1)"));
    check("status IN ()", &format!("{list} a non-empty list of string values, but got empty list"));
    check(
        "execution_time IN (1)",
        "Only attributes in {'client_request_id', 'request_id', 'run_id', 'status', 'name'} \
         supports comparison with a list of quoted string values.",
    );
}

#[test]
fn span_groups_hold_span_clauses_only() {
    check("span(span.name = 'a' AND span(type = 'b'))", "span(...) can't be nested in span(...)");
    assert!(
        refusal("span(tags.a = 'b')")
            .to_string()
            .starts_with("`tags.a` in span(...) is not a field of a span")
    );
}

#[test]
fn the_place_in_the_text_is_what_the_message_is_about() {
    let check = |filter: &str, at: &str| assert_eq!(&filter[refusal(filter).span], at);
    check("name = 'é' AND foo = 'x'", "foo");
    check("name = 'é' AND status > 'x'", ">");
    check("name = 'é' AND status NOT LIKE 'x'", "NOT LIKE");
    check("name = 'é' AND status = OK", "OK");
    check("name = 'é' AND status IN ('x', 5)", "('x', 5)");
    check("name = 'é' AND status AND name = 'b' AND ;", "status AND name = 'b' AND ;");
}

#[test]
fn limits_are_named() {
    check(&" ".repeat(65_537), "filter has 65537 bytes; the limit is 65536");
    let deep = |depth: usize| format!("{}name = 'a'{}", "(".repeat(depth), ")".repeat(depth));
    assert!(parse_filter(&deep(32)).is_ok());
    check(&deep(33), "filter is nested more than 32 deep");
    check(&format!("{}name = 'a'", "NOT ".repeat(33)), "filter is nested more than 32 deep");
    let long = |clauses: usize| vec!["name = 'a'"; clauses].join(" AND ");
    assert!(parse_filter(&long(256)).is_ok());
    check(&long(257), "filter has more than 256 clauses");
    let regexes = |count: usize| vec!["name RLIKE 'a'"; count].join(" AND ");
    assert!(parse_filter(&regexes(16)).is_ok());
    check(&regexes(17), "filter has more than 16 RLIKE clauses");
    let wild = |count: usize| format!("name LIKE '{}'", "%a".repeat(count));
    assert!(parse_filter(&wild(256)).is_ok());
    check(&wild(257), "pattern has 257 wildcards; the limit is 256");
    let long = |pattern: &str| format!("name LIKE '{}{pattern}'", "a".repeat(1023));
    assert!(parse_filter(&long("_")).is_ok() && parse_filter(&long("aaa%")).is_ok());
    check(&long("_a"), "pattern with `_` has 1025 bytes; the limit is 1024");
    let error = parse_order_by(&["name"; 17]).unwrap_err();
    assert_eq!(error.to_string(), "order_by has 17 fields; the limit is 16");
}

#[test]
fn orders() {
    let check = |clauses: &[&str], message: &str| {
        let error = parse_order_by(clauses).unwrap_err();
        assert_eq!(sort_sets(&error.to_string()), sort_sets(message), "{clauses:?}");
    };
    let keys = "{'end_time_ms', 'request_id', 'execution_time_ms', 'timestamp_ms', 'execution_time', 'status', \
        'name', 'end_time', 'run_id', 'experiment_id', 'timestamp'}";
    for key in ["foo", "client_request_id", "prompt"] {
        check(&[key], &format!("Invalid attribute key '{key}' specified. Valid keys are '{keys}'"));
    }
    for entity in ["span", "issue"] {
        check(&[&format!("{entity}.name")], &format!("Invalid identifier type '{entity}'"));
    }
    for clause in ["timestamp FOO", "", "  ", "DESC", "timestamp ASC DESC", "timestamp, name", "'timestamp'"]
    {
        check(&[clause], &format!("Invalid order_by clause '{clause}'. Could not be parsed."));
    }
    check(&["name FOO"], "Invalid ordering key in order_by clause 'name FOO'.");
    check(
        &["metadata.`mlflow.trace.cost`"],
        "Ordering by reserved metadata 'mlflow.trace.cost' is not supported because it is represented by multiple \
         columns.",
    );
    check(
        &["timestamp ASC", "timestamp_ms DESC"],
        "`order_by` contains duplicate fields: ['timestamp ASC', 'timestamp_ms DESC']",
    );
    check(&["params.a"], &format!("Invalid entity type 'params'. Valid values are {ENTITIES}"));
}
