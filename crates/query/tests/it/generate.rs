//! Random filters in normal form, over few keys and values so that they meet in random traces.

use proptest::prelude::*;
use spanwise_query::{
    AssessmentField, Expr, Filter, LikePattern, Number, NumberField, NumberOperator, NumberTest, Predicate,
    RLikePattern, SpanField, SpanTest, TextField, TextTest, ValueTest,
};

/// Texts with quotes, keywords and wildcards in them, none with both kinds of quote.
pub(crate) fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        "[abAB]{0,2}",
        Just("it's".to_owned()),
        Just("it''s \"so\"".to_owned()),
        Just("say \"x\" AND (y".to_owned()),
        Just("é; `-- \\".to_owned()),
    ]
}

pub(crate) fn key() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a", "b", "a.b", "a b", "my-key", "", "x'y", "q\"`q.c", "1"])
        .prop_map(str::to_owned)
}

fn pattern() -> impl Strategy<Value = String> {
    "[abAB%_]{0,4}"
}

fn like() -> impl Strategy<Value = TextTest> {
    (pattern(), any::<bool>()).prop_map(|(pattern, fold)| TextTest::Like(LikePattern::new(&pattern, fold)))
}

fn comparison() -> impl Strategy<Value = TextTest> {
    prop_oneof![
        value().prop_map(TextTest::Eq),
        value().prop_map(TextTest::Ne),
        like(),
        "[ab.*\\[]{0,3}".prop_map(|pattern| TextTest::RLike(RLikePattern::new(&pattern))),
    ]
}

fn list() -> impl Strategy<Value = TextTest> {
    let values = || prop::collection::vec(value(), 1..3);
    prop_oneof![values().prop_map(TextTest::In), values().prop_map(TextTest::NotIn)]
}

fn null() -> impl Strategy<Value = TextTest> {
    prop_oneof![Just(TextTest::IsNull), Just(TextTest::IsNotNull)]
}

fn number_test(operators: &'static [NumberOperator]) -> impl Strategy<Value = NumberTest> {
    let value = prop_oneof![
        (-3i64..9).prop_map(Number::Int),
        (-3i32..9).prop_map(|n| Number::Float(f64::from(n) / 2.0))
    ];
    (prop::sample::select(operators), value).prop_map(|(operator, value)| NumberTest { operator, value })
}

fn text_predicate() -> impl Strategy<Value = Predicate> {
    let listed = prop::sample::select(vec![TextField::State, TextField::ClientRequestId]);
    let keyed = prop_oneof![
        key().prop_map(TextField::Tag),
        key().prop_map(TextField::Metadata),
        Just(TextField::Session)
    ];
    let reserved = prop::sample::select(vec![TextField::UsageText, TextField::CostText]);
    prop_oneof![
        (listed, prop_oneof![comparison(), list()]).prop_map(|(field, test)| Predicate::Text { field, test }),
        (keyed, prop_oneof![comparison(), null()]).prop_map(|(field, test)| Predicate::Text { field, test }),
        prop_oneof![comparison(), list(), null()]
            .prop_map(|test| Predicate::Text { field: TextField::Name, test }),
        (reserved, null()).prop_map(|(field, test)| Predicate::Text { field, test }),
    ]
}

fn assessment() -> impl Strategy<Value = Predicate> {
    use NumberOperator::{Ge, Gt, Le, Lt};
    let kind = prop::sample::select(vec![AssessmentField::Feedback, AssessmentField::Expectation]);
    let name = key().prop_filter("an assessment has a name", |name| !name.is_empty());
    let test = prop_oneof![
        prop_oneof![comparison(), null()].prop_map(ValueTest::Text),
        number_test(&[Lt, Le, Gt, Ge]).prop_map(ValueTest::Number),
    ];
    (kind, name, test).prop_map(|(kind, name, test)| Predicate::Assessment { kind, name, test })
}

fn span_test() -> impl Strategy<Value = SpanTest> {
    let attribute =
        key().prop_filter("an attribute has a name", |key| !key.is_empty()).prop_map(SpanField::Attribute);
    let field = prop_oneof![Just(SpanField::Name), Just(SpanField::Type), Just(SpanField::Status), attribute];
    prop_oneof![
        (field, prop_oneof![comparison(), list()]).prop_map(|(field, test)| SpanTest { field, test }),
        like().prop_map(|test| SpanTest { field: SpanField::Content, test }),
    ]
}

fn nested<P: Clone + std::fmt::Debug + 'static>(leaf: BoxedStrategy<P>) -> BoxedStrategy<Expr<P>> {
    leaf.prop_map(Expr::Is)
        .prop_recursive(4, 12, 3, |inner| {
            let parts = || prop::collection::vec(inner.clone(), 1..4);
            prop_oneof![
                parts().prop_map(Expr::and),
                parts().prop_map(Expr::or),
                inner.clone().prop_map(Expr::negate)
            ]
        })
        .boxed()
}

/// A random filter.
pub(crate) fn filter() -> impl Strategy<Value = Filter> {
    use NumberOperator::{Eq, Ge, Gt, Le, Lt, Ne};
    let numbers =
        prop::sample::select(vec![NumberField::StartMs, NumberField::DurationMs, NumberField::EndMs]);
    let leaf = prop_oneof![
        3 => text_predicate(),
        1 => (numbers, number_test(&[Eq, Ne, Lt, Le, Gt, Ge])).prop_map(|(field, test)| Predicate::Number { field, test }),
        1 => assessment(),
        1 => value().prop_map(Predicate::Run),
        1 => value().prop_map(Predicate::Issue),
        1 => ("[ab]", "[12]").prop_map(|(name, version)| Predicate::Prompt { name, version }),
        2 => nested(span_test().boxed()).prop_map(Predicate::Span),
    ];
    nested(leaf.boxed())
}
