//! Random filters in normal form, over few keys and values so that they meet in random traces.

use proptest::prelude::*;
use spanwise_query::{
    AssessmentField, CostPart, Expr, Filter, LikePattern, Number, NumberField, NumberOperator, NumberTest,
    Predicate, RLikePattern, SpanField, SpanNumber, SpanTest, Substring, TextField, TextTest, TokenPart,
    ValueTest, Words,
};

/// Texts with quotes, keywords and wildcards in them, none with all three kinds of quote.
pub(crate) fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        "[abAB]{0,2}",
        Just("it's".to_owned()),
        Just("it''s \"so\"".to_owned()),
        Just("say \"x\" AND (y".to_owned()),
        Just("é; `-- \\".to_owned()),
        Just("it's 5\" wide".to_owned()),
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

const ALL: &[NumberOperator] = &[
    NumberOperator::Eq,
    NumberOperator::Ne,
    NumberOperator::Lt,
    NumberOperator::Le,
    NumberOperator::Gt,
    NumberOperator::Ge,
];

fn token_part() -> impl Strategy<Value = TokenPart> + Clone {
    use TokenPart::{CacheRead, CacheWrite, Input, Output, Total};
    prop::sample::select(vec![Total, Input, Output, CacheRead, CacheWrite])
}

fn cost_part() -> impl Strategy<Value = CostPart> + Clone {
    prop::sample::select(vec![CostPart::Total, CostPart::Input, CostPart::Output])
}

/// A comparison with a duration or a time: whole nanoseconds.
fn whole_test() -> impl Strategy<Value = NumberTest> {
    let value = prop_oneof![any::<i64>(), (-9i64..9).prop_map(|ms| ms * 500_000)].prop_map(Number::Int);
    (prop::sample::select(ALL), value).prop_map(|(operator, value)| NumberTest { operator, value })
}

fn substring() -> impl Strategy<Value = TextTest> {
    (value(), any::<bool>()).prop_map(|(text, lacks)| match lacks {
        true => TextTest::Lacks(Substring::new(&text)),
        false => TextTest::Contains(Substring::new(&text)),
    })
}

fn words() -> impl Strategy<Value = TextTest> {
    "[abAB]{1,2}( [ab]{1,2})?".prop_map(|text| TextTest::Words(Words::new(&text).expect("it has a word")))
}

fn numeric() -> impl Strategy<Value = TextTest> {
    number_test(ALL).prop_map(TextTest::Number)
}

/// Numbers of the trace that are ours.
fn number_predicate() -> impl Strategy<Value = Predicate> {
    let plain = prop_oneof![
        token_part().prop_map(NumberField::Tokens),
        cost_part().prop_map(NumberField::Cost),
        Just(NumberField::SpanCount),
    ];
    let whole = prop::sample::select(vec![NumberField::Start, NumberField::Duration, NumberField::End]);
    prop_oneof![
        (plain.clone(), number_test(ALL)).prop_map(|(field, test)| Predicate::Number { field, test }),
        (whole.clone(), whole_test()).prop_map(|(field, test)| Predicate::Number { field, test }),
        prop_oneof![plain, whole].prop_map(Predicate::Present),
    ]
}

fn text_predicate() -> impl Strategy<Value = Predicate> {
    let listed = prop::sample::select(vec![TextField::State, TextField::ClientRequestId]);
    let keyed = prop_oneof![
        key().prop_map(TextField::Tag),
        key().prop_map(TextField::Metadata),
        Just(TextField::Session),
        Just(TextField::Metadata("mlflow.trace.user".to_owned())),
        Just(TextField::Metadata("mlflow.sourceRun".to_owned())),
    ];
    let numbered = prop_oneof![key().prop_map(TextField::Tag), key().prop_map(TextField::Metadata)];
    let reserved = prop::sample::select(vec![TextField::UsageText, TextField::CostText]);
    prop_oneof![
        (listed, prop_oneof![comparison(), list(), substring()])
            .prop_map(|(field, test)| Predicate::Text { field, test }),
        (keyed, prop_oneof![comparison(), null(), list(), substring()])
            .prop_map(|(field, test)| Predicate::Text { field, test })
            .prop_filter("that is Predicate::Run", |predicate| !is_run(predicate)),
        (numbered, numeric()).prop_map(|(field, test)| Predicate::Text { field, test }),
        prop_oneof![comparison(), list(), null(), substring()]
            .prop_map(|test| Predicate::Text { field: TextField::Name, test }),
        (reserved, null()).prop_map(|(field, test)| Predicate::Text { field, test }),
    ]
}

/// `run_id = 'x'` finds linked runs too and is a predicate of its own.
fn is_run(predicate: &Predicate) -> bool {
    matches!(
        predicate,
        Predicate::Text { field: TextField::Metadata(key), test: TextTest::Eq(_) } if key == "mlflow.sourceRun"
    )
}

fn assessment() -> impl Strategy<Value = Predicate> {
    let kind = prop::sample::select(vec![AssessmentField::Feedback, AssessmentField::Expectation]);
    let name = key().prop_filter("an assessment has a name", |name| !name.is_empty());
    let test = prop_oneof![
        prop_oneof![comparison(), null()].prop_map(ValueTest::Text),
        number_test(ALL).prop_map(ValueTest::Number),
    ];
    (kind, name, test).prop_map(|(kind, name, test)| Predicate::Assessment { kind, name, test })
}

fn span_test() -> impl Strategy<Value = SpanTest> {
    let attribute =
        key().prop_filter("an attribute has a name", |key| !key.is_empty()).prop_map(SpanField::Attribute);
    let always = prop::sample::select(vec![SpanField::Name, SpanField::Type, SpanField::Status]);
    let maybe = prop::sample::select(vec![SpanField::Model, SpanField::Provider]);
    let text = |(field, test)| SpanTest::Text { field, test };
    let number =
        prop_oneof![token_part().prop_map(SpanNumber::Tokens), cost_part().prop_map(SpanNumber::Cost)];
    prop_oneof![
        (maybe, prop_oneof![comparison(), list(), substring(), null()]).prop_map(text),
        (always, prop_oneof![comparison(), list(), substring()]).prop_map(text),
        (attribute, prop_oneof![comparison(), list(), substring(), null(), numeric()]).prop_map(text),
        (Just(SpanField::Content), prop_oneof![like(), words()]).prop_map(text),
        (number.clone(), number_test(ALL)).prop_map(|(field, test)| SpanTest::Number { field, test }),
        whole_test().prop_map(|test| SpanTest::Number { field: SpanNumber::Duration, test }),
        prop_oneof![number, Just(SpanNumber::Duration)].prop_map(SpanTest::Present),
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
    let numbers =
        prop::sample::select(vec![NumberField::StartMs, NumberField::DurationMs, NumberField::EndMs]);
    let leaf = prop_oneof![
        3 => text_predicate(),
        1 => (numbers, number_test(ALL)).prop_map(|(field, test)| Predicate::Number { field, test }),
        2 => number_predicate(),
        1 => assessment(),
        1 => prop::sample::select(vec![AssessmentField::Feedback, AssessmentField::Expectation])
            .prop_map(Predicate::HasAssessment),
        1 => value().prop_map(Predicate::Run),
        1 => value().prop_map(Predicate::Issue),
        1 => ("[ab]", "[12]").prop_map(|(name, version)| Predicate::Prompt { name, version }),
        2 => nested(span_test().boxed()).prop_map(Predicate::Span),
    ];
    nested(leaf.boxed())
}
