//! A filter as text, in one canonical form: parsing it gives the same filter again.

use crate::expr::Expr;
use crate::filter::{
    AssessmentField, CostPart, NumberField, Predicate, RUN_METADATA_KEY, SpanField, SpanNumber, SpanTest,
    TextField, TokenPart, USER_METADATA_KEY,
};
use crate::operator::{Number, NumberOperator, NumberTest, TextTest, ValueTest};
use crate::quantity::DurationText;
use crate::time;
use crate::write::{Key, Quoted};
use std::fmt::{Display, Formatter, Result};

impl<P: Display> Display for Expr<P> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Expr::And(parts) => join(f, parts, " AND "),
            Expr::Or(parts) => join(f, parts, " OR "),
            Expr::Not(inner) => {
                f.write_str("NOT ")?;
                operand(f, inner)
            }
            Expr::Is(predicate) => predicate.fmt(f),
        }
    }
}

fn join<P: Display>(f: &mut Formatter<'_>, parts: &[Expr<P>], word: &str) -> Result {
    for (index, part) in parts.iter().enumerate() {
        f.write_str(if index == 0 { "" } else { word })?;
        operand(f, part)?;
    }
    Ok(())
}

fn operand<P: Display>(f: &mut Formatter<'_>, part: &Expr<P>) -> Result {
    match part {
        Expr::And(_) | Expr::Or(_) => write!(f, "({part})"),
        Expr::Not(_) | Expr::Is(_) => part.fmt(f),
    }
}

impl Display for Predicate {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Predicate::Number { field, test } => {
                write!(f, "{} {}", number_field(*field), Comparison { test, unit: unit(*field) })
            }
            Predicate::Present(field) => write!(f, "has:{}", number_field(*field)),
            Predicate::Text { field, test } => write!(f, "{} {test}", TextFieldName(field)),
            Predicate::Run(run) => write!(f, "run_id = {}", Quoted(run)),
            Predicate::Prompt { name, version } => {
                write!(f, "prompt = {}", Quoted(&format!("{name}/{version}")))
            }
            Predicate::Assessment { kind, name, test } => {
                write!(f, "{}.{} {test}", assessment_entity(*kind), Key(name))
            }
            Predicate::HasAssessment(kind) => write!(f, "has:{}", assessment_entity(*kind)),
            Predicate::Issue(id) => write!(f, "issue.id = {}", Quoted(id)),
            Predicate::Span(filter) => write!(f, "span({filter})"),
        }
    }
}

fn assessment_entity(kind: AssessmentField) -> &'static str {
    match kind {
        AssessmentField::Feedback => "feedback",
        AssessmentField::Expectation => "expectation",
    }
}

impl Display for SpanTest {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            SpanTest::Text { field, test } => write!(f, "{} {test}", SpanFieldName(field)),
            SpanTest::Number { field, test } => {
                let unit = match field {
                    SpanNumber::Duration => Unit::Duration,
                    SpanNumber::Tokens(_) | SpanNumber::Cost(_) => Unit::None,
                };
                write!(f, "{} {}", span_number(*field), Comparison { test, unit })
            }
            SpanTest::Present(field) => write!(f, "has:{}", span_number(*field)),
        }
    }
}

struct SpanFieldName<'a>(&'a SpanField);

impl Display for SpanFieldName<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self.0 {
            SpanField::Name => f.write_str("span.name"),
            SpanField::Type => f.write_str("span.type"),
            SpanField::Status => f.write_str("span.status"),
            SpanField::Model => f.write_str("span.model"),
            SpanField::Provider => f.write_str("span.provider"),
            SpanField::Content => f.write_str("span.content"),
            SpanField::Attribute(key) => write!(f, "span.attributes.{}", Key(key)),
        }
    }
}

fn span_number(field: SpanNumber) -> String {
    match field {
        SpanNumber::Duration => "span.latency".to_owned(),
        SpanNumber::Tokens(part) => format!("span.{}", token_field(part)),
        SpanNumber::Cost(part) => format!("span.{}", cost_field(part)),
    }
}

fn number_field(field: NumberField) -> &'static str {
    match field {
        NumberField::StartMs => "timestamp_ms",
        NumberField::DurationMs => "execution_time_ms",
        NumberField::EndMs => "end_time_ms",
        NumberField::Start => "start",
        NumberField::Duration => "latency",
        NumberField::End => "end",
        NumberField::Tokens(part) => token_field(part),
        NumberField::Cost(part) => cost_field(part),
        NumberField::SpanCount => "spans",
    }
}

fn token_field(part: TokenPart) -> &'static str {
    match part {
        TokenPart::Total => "tokens",
        TokenPart::Input => "tokens.input",
        TokenPart::Output => "tokens.output",
        TokenPart::CacheRead => "tokens.cache_read",
        TokenPart::CacheWrite => "tokens.cache_write",
    }
}

fn cost_field(part: CostPart) -> &'static str {
    match part {
        CostPart::Total => "cost",
        CostPart::Input => "cost.input",
        CostPart::Output => "cost.output",
    }
}

fn unit(field: NumberField) -> Unit {
    match field {
        NumberField::Start | NumberField::End => Unit::Time,
        NumberField::Duration => Unit::Duration,
        _ => Unit::None,
    }
}

/// How a number is written.
#[derive(Clone, Copy, PartialEq)]
enum Unit {
    None,
    Duration,
    Time,
}

/// A comparison with a number in its unit; durations and times are whole nanoseconds.
struct Comparison<'a> {
    test: &'a NumberTest,
    unit: Unit,
}

impl Display for Comparison<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let operator = operator_text(self.test.operator);
        match (self.unit, self.test.value) {
            (Unit::Duration, Number::Int(ns)) => write!(f, "{operator} {}", DurationText(ns)),
            (Unit::Time, Number::Int(ns)) => write!(f, "{operator} '{}'", time::format(ns)),
            _ => self.test.fmt(f),
        }
    }
}

struct TextFieldName<'a>(&'a TextField);

impl Display for TextFieldName<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self.0 {
            TextField::State => f.write_str("status"),
            TextField::TraceId => f.write_str("trace_id"),
            TextField::ClientRequestId => f.write_str("client_request_id"),
            TextField::Name => f.write_str("name"),
            TextField::Session => f.write_str("session"),
            TextField::UsageText => f.write_str("metadata.mlflow.trace.tokenUsage"),
            TextField::CostText => f.write_str("metadata.mlflow.trace.cost"),
            TextField::Metadata(key) if key == RUN_METADATA_KEY => f.write_str("run_id"),
            TextField::Metadata(key) if key == USER_METADATA_KEY => f.write_str("user"),
            TextField::Metadata(key) => write!(f, "metadata.{}", Key(key)),
            TextField::Tag(key) => write!(f, "tags.{}", Key(key)),
        }
    }
}

impl Display for TextTest {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            TextTest::Eq(value) => write!(f, "= {}", Quoted(value)),
            TextTest::Ne(value) => write!(f, "!= {}", Quoted(value)),
            TextTest::In(values) => write!(f, "IN {}", List(values)),
            TextTest::NotIn(values) => write!(f, "NOT IN {}", List(values)),
            TextTest::Like(pattern) => {
                let word = if pattern.ignores_case() { "ILIKE" } else { "LIKE" };
                write!(f, "{word} {}", Quoted(pattern.as_str()))
            }
            TextTest::RLike(pattern) => write!(f, "RLIKE {}", Quoted(pattern.as_str())),
            TextTest::Contains(part) => write!(f, "~ {}", Quoted(part.as_str())),
            TextTest::Lacks(part) => write!(f, "!~ {}", Quoted(part.as_str())),
            TextTest::Words(words) => write!(f, "~ {}", Quoted(words.as_str())),
            TextTest::Number(test) => test.fmt(f),
            TextTest::IsNull => f.write_str("IS NULL"),
            TextTest::IsNotNull => f.write_str("IS NOT NULL"),
        }
    }
}

impl Display for NumberTest {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let operator = operator_text(self.operator);
        match self.value {
            Number::Int(int) => write!(f, "{operator} {int}"),
            Number::Float(float) => write!(f, "{operator} {float:?}"),
        }
    }
}

fn operator_text(operator: NumberOperator) -> &'static str {
    match operator {
        NumberOperator::Eq => "=",
        NumberOperator::Ne => "!=",
        NumberOperator::Lt => "<",
        NumberOperator::Le => "<=",
        NumberOperator::Gt => ">",
        NumberOperator::Ge => ">=",
    }
}

impl Display for ValueTest {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            ValueTest::Text(test) => test.fmt(f),
            ValueTest::Number(test) => test.fmt(f),
        }
    }
}

struct List<'a>(&'a [String]);

impl Display for List<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        for (index, value) in self.0.iter().enumerate() {
            write!(f, "{}{}", if index == 0 { "(" } else { ", " }, Quoted(value))?;
        }
        f.write_str(")")
    }
}
