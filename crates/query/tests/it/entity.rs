//! Filter and order of the nouns other than traces.

use crate::recorded::sort_sets;
use spanwise_query::entity::{DATASET, EXPERIMENT, LOGGED_MODEL, MODEL_VERSION, REGISTERED_MODEL, RUN};
use spanwise_query::{
    Entity, EntityField, EntityPredicate, EntityTest, Expr, LikePattern, Number, NumberOperator, NumberTest,
    TextTest, parse_entity_filter, parse_entity_order,
};

fn only(entity: &Entity, filter: &str) -> (EntityField, EntityTest) {
    match parse_entity_filter(entity, filter) {
        Ok(Expr::Is(EntityPredicate { field, test })) => (field, test),
        other => panic!("{filter}: {other:?}"),
    }
}

fn key(map: &'static str, key: &str) -> EntityField {
    EntityField::Key { map, key: key.into() }
}

#[test]
fn each_field_has_its_own_test() {
    #[track_caller]
    fn check(entity: &Entity, filter: &str, field: EntityField, test: TextTest) {
        assert_eq!(only(entity, filter), (field, EntityTest::Text(test)));
    }
    let name = || EntityField::Attribute("name");
    check(&EXPERIMENT, "name = 'a'", name(), TextTest::Eq("a".into()));
    check(&EXPERIMENT, "attribute.name IN ('a')", name(), TextTest::In(vec!["a".into()]));
    let id = || EntityField::Attribute("experiment_id");
    check(&EXPERIMENT, "experiment_id = '03'", id(), TextTest::Eq("3".into()));
    check(
        &EXPERIMENT,
        "experiment_id NOT IN ('3', '04')",
        id(),
        TextTest::NotIn(vec!["3".into(), "4".into()]),
    );
    check(&EXPERIMENT, "tags.`a b` IS NULL", key("tag", "a b"), TextTest::IsNull);
    check(&RUN, "attributes.`Run Name` != 'a'", EntityField::Attribute("run_name"), TextTest::Ne("a".into()));
    check(&RUN, "run.status = 'FINISHED'", EntityField::Attribute("status"), TextTest::Eq("FINISHED".into()));
    check(&RUN, "params.\"a.b\" IS NOT NULL", key("parameter", "a.b"), TextTest::IsNotNull);
    check(&RUN, "datasets.context IN ('eval')", key("dataset", "context"), TextTest::In(vec!["eval".into()]));
    check(&LOGGED_MODEL, "tags.a = 'b'", key("tags", "a"), TextTest::Eq("b".into()));
    check(&DATASET, "name LIKE 'ds%'", name(), TextTest::Like(LikePattern::new("ds%", false)));
    check(
        &REGISTERED_MODEL,
        "tags.`mlflow.prompt.is_prompt` = 'true'",
        key("tag", "mlflow.prompt.is_prompt"),
        TextTest::Eq("true".into()),
    );
}

#[test]
fn numbers_and_times_are_compared_as_such() {
    #[track_caller]
    fn check(entity: &Entity, filter: &str, field: EntityField, operator: NumberOperator, value: Number) {
        assert_eq!(only(entity, filter), (field, EntityTest::Number(NumberTest { operator, value })));
    }
    let created = EntityField::Attribute("creation_time");
    check(&EXPERIMENT, "creation_time > 5", created, NumberOperator::Gt, Number::Int(5));
    check(&RUN, "created <= -5", EntityField::Attribute("start_time"), NumberOperator::Le, Number::Int(-5));
    check(&RUN, "metrics.m > 0.5", key("metric", "m"), NumberOperator::Gt, Number::Float(0.5));
    check(&RUN, "metric.`a/b` = 1", key("metric", "a/b"), NumberOperator::Eq, Number::Int(1));
    let version = EntityField::Attribute("version_number");
    check(&MODEL_VERSION, "version_number >= 2", version, NumberOperator::Ge, Number::Int(2));
}

#[test]
fn clauses_join_as_in_filters_of_traces() {
    assert!(parse_entity_filter(&RUN, "").unwrap().is_all());
    let filter = "status = 'FAILED' OR NOT (metrics.m > 1 AND params.a = 'b')";
    assert!(matches!(parse_entity_filter(&RUN, filter).unwrap(), Expr::Or(parts) if parts.len() == 2));
}

#[test]
fn refusals_are_upstreams() {
    #[track_caller]
    fn check(entity: &Entity, filter: &str, message: &str) {
        let error = parse_entity_filter(entity, filter).expect_err(filter);
        assert_eq!(sort_sets(&error.to_string()), sort_sets(message), "{filter}");
        assert!(filter.get(error.span).is_some());
    }
    let keys = "{'creation_time', 'last_update_time', 'name', 'experiment_id'}";
    check(
        &EXPERIMENT,
        "foo = 'a'",
        &format!("Invalid attribute key 'foo' specified. Valid keys are '{keys}'"),
    );
    let entities = "Valid entity types are ('attribute', 'tag', 'tags')";
    check(&EXPERIMENT, "metadata.a = 'x'", &format!("Invalid entity type 'metadata'. {entities}"));
    check(&EXPERIMENT, "span(name = 'x')", &format!("Invalid entity type 'span'. {entities}"));
    check(&EXPERIMENT, "name", "Invalid clause(s) in filter string: name");
    check(&RUN, "name foo", "Invalid clause(s) in filter string: 'name', 'foo'");
    check(
        &EXPERIMENT,
        "name RLIKE 'x'",
        "Invalid comparator 'RLIKE' not one of '{'=', '!=', 'IN', 'NOT IN', 'LIKE', 'ILIKE'}'",
    );
    let null = "IS NULL / IS NOT NULL is only supported for";
    check(&EXPERIMENT, "name IS NULL", &format!("{null} tags, not for attribute 'name'"));
    check(&RUN, "status IS NULL", &format!("{null} tags and params, not for 'attribute' 'status'"));
    check(&EXPERIMENT, "name = 5", "Expected a quoted string value for attributes. Got value 5");
    check(&EXPERIMENT, "name = ('a')", "Expected a quoted string value for attributes. Got value ('a')");
    check(
        &EXPERIMENT,
        "experiment_id = 'x'",
        "Invalid experiment ID 'x'. Experiment ID must be a valid integer.",
    );
    check(&EXPERIMENT, "experiment_id LIKE '1'", "Invalid comparator for experiment_id: LIKE");
    check(&EXPERIMENT, "creation_time > 5.5", "Invalid value for numeric attribute 'creation_time': '5.5'");
    let number = "Expected numeric value type for";
    check(&RUN, "end_time > '5'", &format!("{number} numeric attribute: end_time. Found '5'"));
    check(&RUN, "metrics.m > '5'", &format!("{number} metric. Found '5'"));
    check(
        &RUN,
        "params.a = 5",
        "Expected a quoted string value for parameter (e.g. 'my-value'). Got value 5",
    );
    check(
        &RUN,
        "datasets.foo = 'x'",
        "Invalid dataset key 'foo' specified. Valid keys are '{'name', 'digest', 'context'}'",
    );
    check(
        &RUN,
        "foo.a = 'x'",
        "Invalid entity type 'foo'. Valid values are ['metric', 'parameter', 'tag', 'attribute', 'dataset']",
    );
    let keys = "{'name', 'created_time', 'last_update_time', 'created_by', 'last_updated_by'}";
    check(&DATASET, "foo = 'a'", &format!("Invalid attribute key 'foo' specified. Valid keys are: {keys}"));
}

#[test]
fn orders_end_with_what_decides_between_equals() {
    #[track_caller]
    fn check(entity: &Entity, clauses: &[&str], expected: &[(EntityField, bool)]) {
        let order = parse_entity_order(entity, clauses).unwrap();
        let order: Vec<_> = order.into_iter().map(|by| (by.field, by.descending)).collect();
        assert_eq!(order, expected);
    }
    let attribute = EntityField::Attribute;
    check(&EXPERIMENT, &[], &[(attribute("creation_time"), true), (attribute("experiment_id"), false)]);
    check(
        &EXPERIMENT,
        &["name DESC", "last_update_time", "name ASC", "experiment_id DESC"],
        &[
            (attribute("name"), true),
            (attribute("last_update_time"), false),
            (attribute("experiment_id"), true),
            (attribute("creation_time"), true),
        ],
    );
    check(
        &RUN,
        &["metrics.`a b` DESC", "params.p"],
        &[
            (key("metric", "a b"), true),
            (key("parameter", "p"), false),
            (attribute("start_time"), true),
            (attribute("run_id"), false),
        ],
    );
    let refuse = |entity, clause: &str| parse_entity_order(entity, &[clause]).unwrap_err().to_string();
    assert_eq!(refuse(&EXPERIMENT, "tags.a"), "Invalid order_by entity: tag");
    assert_eq!(refuse(&EXPERIMENT, "name FOO"), "Invalid ordering key in order_by clause 'name FOO'.");
    assert!(refuse(&EXPERIMENT, "end_time").starts_with("Invalid attribute key 'end_time' specified."));
    assert!(refuse(&DATASET, "created_by").starts_with("Invalid attribute key 'created_by' specified."));
}
