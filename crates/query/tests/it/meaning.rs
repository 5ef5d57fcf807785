//! What filters mean, seen in their canonical form, which says the field, how clauses group and what binds a span.

use spanwise_query::{
    IntRange, NumberField, OrderBy, OrderKey, Predicate, TextField, TextTest, parse_filter, parse_order_by,
};

#[track_caller]
fn check(filter: &str, canonical: &str) {
    assert_eq!(parse_filter(filter).expect(filter).to_string(), canonical, "{filter}");
}

#[test]
fn aliases_are_one_field() {
    for filter in
        ["timestamp > 5", "attribute.timestamp > 5", "trace.timestamp_ms > 5", "attributes.timestamp>5"]
    {
        check(filter, "timestamp_ms > 5");
    }
    check("execution_time <= 1.5", "execution_time_ms <= 1.5");
    check("end_time != -5", "end_time_ms != -5");
    check("execution_time = '7'", "execution_time_ms = 7");
    for filter in
        ["tags.mlflow.traceName = 'x'", "tag.`mlflow.traceName` = 'x'", "tags.\"mlflow.traceName\"='x'"]
    {
        check(filter, "name = 'x'");
    }
    check("request_metadata.a = \"x\"", "metadata.a = 'x'");
    check("`tags`.`a b` = 'x'", "tags.`a b` = 'x'");
    check("`tags`.`a\"b` = 'x'", "tags.`a\"b` = 'x'");
    check("\"name\" = 'x'", "name = 'x'");
    check("tags.my-key = 'x'", "tags.my-key = 'x'");
    check("text LIKE 'x'", "span(span.content LIKE 'x')");
    check("trace.text LIKE 'x'", "span(span.content LIKE 'x')");
    check("span.attributes.`a b`.c = 'x'", "span(span.attributes.`a b`.c = 'x')");
    check("tags.mlflow.linkedPrompts = 'p/1'", "prompt = 'p/1'");
}

#[test]
fn keywords_are_in_any_case_and_blanks_are_free() {
    check(
        "name like 'x' and name Not In('a','b') AND name is not null",
        "name LIKE 'x' AND name NOT IN ('a', 'b') AND name IS NOT NULL",
    );
    check("name\n=\t'x'", "name = 'x'");
    check("name IN ('a',)", "name IN ('a')");
}

#[test]
fn a_missing_or_extra_and_is_let_pass() {
    let canonical = "name = 'a' AND status = 'OK'";
    for filter in ["name='a' status='OK'", "AND name='a' AND AND status='OK' AND", canonical] {
        check(filter, canonical);
    }
    check("AND", "");
    check("", "");
}

#[test]
fn not_binds_tighter_than_and_and_and_tighter_than_or() {
    check(
        "name = 'a' OR NOT name = 'b' AND status = 'OK'",
        "name = 'a' OR (NOT name = 'b' AND status = 'OK')",
    );
    check("NOT (name = 'a' OR name = 'b')", "NOT (name = 'a' OR name = 'b')");
    check("((name = 'a') AND (name = 'b' AND name = 'c'))", "name = 'a' AND name = 'b' AND name = 'c'");
    check("not not name = 'a'", "NOT NOT name = 'a'");
}

#[test]
fn span_clauses_of_one_and_bind_one_span() {
    check(
        "span.name = 'a' AND status = 'OK' AND span.type = 'LLM' AND text LIKE '%x%'",
        "span(span.name = 'a' AND span.type = 'LLM' AND span.content LIKE '%x%') AND status = 'OK'",
    );
    check("span.name = 'a' OR span.type = 'b'", "span(span.name = 'a') OR span(span.type = 'b')");
    check(
        "span.name = 'a' AND (span.type = 'b' OR span.type = 'c')",
        "span(span.name = 'a') AND (span(span.type = 'b') OR span(span.type = 'c'))",
    );
    check("span.name = 'a' AND NOT span.type = 'b'", "span(span.name = 'a') AND NOT span(span.type = 'b')");
    check("NOT (span.name = 'a' AND span.type = 'b')", "NOT span(span.name = 'a' AND span.type = 'b')");
}

#[test]
fn explicit_span_groups_stay_apart_and_hold_any_structure() {
    check(
        "span(name = 'a' AND NOT status = 'OK') AND span(attributes.k = 'v' OR span.content LIKE '%x%')",
        "span(span.name = 'a' AND NOT span.status = 'OK') AND \
         span(span.attributes.k = 'v' OR span.content LIKE '%x%')",
    );
    check("span(name = 'a') AND span.type = 'b'", "span(span.name = 'a') AND span(span.type = 'b')");
}

#[test]
fn run_id_equals_also_finds_linked_runs() {
    assert_eq!(
        parse_filter("run_id = 'r'").unwrap(),
        parse_filter("metadata.mlflow.sourceRun = 'r'").unwrap()
    );
    assert!(matches!(
        parse_filter("attribute.run_id = 'r'").unwrap(),
        spanwise_query::Expr::Is(Predicate::Run(_))
    ));
    check("run_id != 'r'", "run_id != 'r'");
    check("metadata.mlflow.sourceRun IS NULL", "run_id IS NULL");
}

#[test]
fn both_forms_of_a_trace_id_are_one() {
    let hex = "00112233445566778899aabbccddeeff";
    check(&format!("request_id IN ('{hex}', 'tr-own')"), &format!("trace_id IN ('tr-{hex}', 'tr-own')"));
    check(&format!("trace_id LIKE '{hex}'"), &format!("trace_id LIKE '{hex}'"));
}

#[test]
fn quotes_have_no_escape() {
    let value = |filter: &str| match parse_filter(filter).unwrap() {
        spanwise_query::Expr::Is(Predicate::Text { field: TextField::Name, test: TextTest::Eq(value) }) => {
            value
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(value("name = 'it''s'"), "it''s");
    assert_eq!(value(r#"name = "it's""#), "it's");
    assert_eq!(value(r"name = 'a\'"), r"a\");
    assert_eq!(value("name = ''"), "");
    assert_eq!(value("name = 'a AND b; (c'"), "a AND b; (c");
}

#[test]
fn numbers_beyond_64_bits_are_kept_as_floats() {
    let range = |filter: &str| match parse_filter(filter).unwrap() {
        spanwise_query::Expr::Is(Predicate::Number { field: NumberField::StartMs, test }) => test.int_range(),
        other => panic!("{other:?}"),
    };
    assert_eq!(range("timestamp > 99999999999999999999999"), IntRange::NONE);
    assert_eq!(range("timestamp_ms < 1e999"), IntRange::ALL);
    assert_eq!(range("timestamp_ms > 1.5"), IntRange::Within { min: 2, max: i64::MAX });
}

#[test]
fn orders_end_with_newest_first_and_then_the_id() {
    let by = |key: OrderKey, descending: bool| OrderBy { key, descending };
    let order = |clauses: &[&str]| parse_order_by(clauses).unwrap();
    let newest = || by(OrderKey::Start, true);
    let id = || by(OrderKey::TraceId, false);
    assert_eq!(order(&[]), [newest(), id()]);
    assert_eq!(order(&["timestamp"]), [by(OrderKey::Start, false), id()]);
    assert_eq!(order(&["request_id desc"]), [by(OrderKey::TraceId, true), newest()]);
    assert_eq!(
        order(&["tags.`a b` DESC", "metadata.mlflow.trace.session", "run_id ASC", "end_time"]),
        [
            by(OrderKey::Tag("a b".into()), true),
            by(OrderKey::Session, false),
            by(OrderKey::Metadata("mlflow.sourceRun".into()), false),
            by(OrderKey::End, false),
            newest(),
            id(),
        ]
    );
}
