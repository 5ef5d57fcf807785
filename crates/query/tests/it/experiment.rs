//! Filter and order of experiments.

use crate::recorded::sort_sets;
use spanwise_model::ExperimentId;
use spanwise_query::{
    ExperimentOrderBy, ExperimentOrderKey, ExperimentPredicate, Expr, Number, NumberOperator, NumberTest,
    TextTest, parse_experiment_filter, parse_experiment_order,
};

#[test]
fn each_field_has_its_own_test() {
    let only = |filter: &str| match parse_experiment_filter(filter).unwrap() {
        Expr::Is(predicate) => predicate,
        other => panic!("{other:?}"),
    };
    let number = |operator, int| NumberTest { operator, value: Number::Int(int) };
    let ids = |ids: &[i64]| ids.iter().copied().map(ExperimentId).collect::<Vec<_>>();
    assert_eq!(only("name = 'a'"), ExperimentPredicate::Name(TextTest::Eq("a".into())));
    assert_eq!(only("attribute.name = 'a'"), ExperimentPredicate::Name(TextTest::Eq("a".into())));
    assert_eq!(only("experiment_id = '3'"), ExperimentPredicate::IdIn(ids(&[3])));
    assert_eq!(only("experiment_id NOT IN ('3', '4')"), ExperimentPredicate::IdNotIn(ids(&[3, 4])));
    assert_eq!(only("creation_time > 5"), ExperimentPredicate::CreatedMs(number(NumberOperator::Gt, 5)));
    assert_eq!(
        only("last_update_time <= -5"),
        ExperimentPredicate::LastUpdatedMs(number(NumberOperator::Le, -5))
    );
    let tag = ExperimentPredicate::Tag { key: "a b".into(), test: TextTest::IsNull };
    assert_eq!(only("tags.`a b` IS NULL"), tag);
    assert!(parse_experiment_filter("").unwrap().is_all());
    assert!(matches!(parse_experiment_filter("name = 'a' OR NOT tags.b = 'c'").unwrap(), Expr::Or(_)));
}

#[test]
fn refusals_are_mlflows() {
    let check = |filter: &str, message: &str| {
        let error = parse_experiment_filter(filter).expect_err(filter);
        assert_eq!(sort_sets(&error.to_string()), sort_sets(message), "{filter}");
    };
    let keys = "{'creation_time', 'last_update_time', 'name', 'experiment_id'}";
    check("foo = 'a'", &format!("Invalid attribute key 'foo' specified. Valid keys are '{keys}'"));
    let entities = "Valid entity types are ('attribute', 'tag', 'tags')";
    check("metadata.a = 'x'", &format!("Invalid entity type 'metadata'. {entities}"));
    check("span(name = 'x')", &format!("Invalid entity type 'span'. {entities}"));
    check("name", "Invalid clause(s) in filter string: name");
    check(
        "name RLIKE 'x'",
        "Invalid comparator 'RLIKE' not one of '{'=', '!=', 'IN', 'NOT IN', 'LIKE', 'ILIKE'}'",
    );
    check("name IS NULL", "IS NULL / IS NOT NULL is only supported for tags, not for attribute 'name'");
    check("name = 5", "Expected a quoted string value for attributes. Got value 5");
    check(
        "name IN ('a')",
        "Only ['experiment_id'] attributes support comparison with a list of quoted string values.",
    );
    check("experiment_id = 'x'", "Invalid experiment ID 'x'. Experiment ID must be a valid integer.");
    check("experiment_id LIKE 'x'", "Invalid comparator for experiment_id: LIKE");
    check("creation_time > 5.5", "Invalid value for numeric attribute 'creation_time': '5.5'");
    check(
        "creation_time > '5'",
        "Expected numeric value type for numeric attribute: creation_time. Found '5'",
    );
    check("tags.a RLIKE 'x'", "Invalid comparator for tag: RLIKE");
    check("tags.a IN ('x')", "Expected a quoted string value for tag (e.g. 'my-value'). Got value ('x')");
}

#[test]
fn orders_end_with_newest_first_and_then_the_id() {
    use ExperimentOrderKey::{Created, Id, LastUpdated, Name};
    let order = |clauses: &[&str]| {
        let order = parse_experiment_order(clauses).unwrap();
        order.into_iter().map(|ExperimentOrderBy { key, descending }| (key, descending)).collect::<Vec<_>>()
    };
    assert_eq!(order(&[]), [(Created, true), (Id, false)]);
    assert_eq!(
        order(&["name DESC", "last_update_time", "name ASC", "experiment_id DESC"]),
        [(Name, true), (LastUpdated, false), (Id, true), (Created, true)]
    );
    let refuse = |clause: &str| parse_experiment_order(&[clause]).unwrap_err().to_string();
    assert_eq!(refuse("tags.a"), "Invalid order_by entity: tag");
    assert_eq!(refuse("name FOO"), "Invalid ordering key in order_by clause 'name FOO'.");
    assert!(refuse("end_time").starts_with("Invalid attribute key 'end_time' specified."));
}
