//! A filter as text, in one canonical form: parsing it gives the same filter again.

use crate::expr::Expr;
use crate::filter::{
    AssessmentField, NumberField, Predicate, RUN_METADATA_KEY, SpanField, SpanTest, TextField,
};
use crate::operator::{Number, NumberOperator, NumberTest, TextTest, ValueTest};
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
            Predicate::Number { field, test } => write!(f, "{} {test}", number_field(*field)),
            Predicate::Text { field, test } => write!(f, "{} {test}", TextFieldName(field)),
            Predicate::Run(run) => write!(f, "run_id = {}", Quoted(run)),
            Predicate::Prompt { name, version } => {
                write!(f, "prompt = {}", Quoted(&format!("{name}/{version}")))
            }
            Predicate::Assessment { kind, name, test } => {
                let entity = match kind {
                    AssessmentField::Feedback => "feedback",
                    AssessmentField::Expectation => "expectation",
                };
                write!(f, "{entity}.{} {test}", Key(name))
            }
            Predicate::Issue(id) => write!(f, "issue.id = {}", Quoted(id)),
            Predicate::Span(filter) => write!(f, "span({filter})"),
        }
    }
}

impl Display for SpanTest {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match &self.field {
            SpanField::Name => f.write_str("span.name")?,
            SpanField::Type => f.write_str("span.type")?,
            SpanField::Status => f.write_str("span.status")?,
            SpanField::Content => f.write_str("span.content")?,
            SpanField::Attribute(key) => write!(f, "span.attributes.{}", Key(key))?,
        }
        write!(f, " {}", self.test)
    }
}

fn number_field(field: NumberField) -> &'static str {
    match field {
        NumberField::StartMs => "timestamp_ms",
        NumberField::DurationMs => "execution_time_ms",
        NumberField::EndMs => "end_time_ms",
    }
}

struct TextFieldName<'a>(&'a TextField);

impl Display for TextFieldName<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self.0 {
            TextField::State => f.write_str("status"),
            TextField::TraceId => f.write_str("request_id"),
            TextField::ClientRequestId => f.write_str("client_request_id"),
            TextField::Name => f.write_str("name"),
            TextField::Session => f.write_str("metadata.mlflow.trace.session"),
            TextField::UsageText => f.write_str("metadata.mlflow.trace.tokenUsage"),
            TextField::CostText => f.write_str("metadata.mlflow.trace.cost"),
            TextField::Metadata(key) if key == RUN_METADATA_KEY => f.write_str("run_id"),
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
            TextTest::IsNull => f.write_str("IS NULL"),
            TextTest::IsNotNull => f.write_str("IS NOT NULL"),
        }
    }
}

impl Display for NumberTest {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let operator = match self.operator {
            NumberOperator::Eq => "=",
            NumberOperator::Ne => "!=",
            NumberOperator::Lt => "<",
            NumberOperator::Le => "<=",
            NumberOperator::Gt => ">",
            NumberOperator::Ge => ">=",
        };
        match self.value {
            Number::Int(int) => write!(f, "{operator} {int}"),
            Number::Float(float) => write!(f, "{operator} {float:?}"),
        }
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
