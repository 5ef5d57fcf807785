//! Clauses as MLflow reads them. Fields are resolved, comparators and literals checked against them, in MLflow's
//! order, so that the error is the one that MLflow reports.

use crate::check::Leaf;
use crate::error::{FilterError, Problem};
use crate::expr::Expr;
use crate::field::{self, Entity};
use crate::filter::{
    AssessmentField, NumberField, Predicate, RUN_METADATA_KEY, SESSION_METADATA_KEY, SpanField, SpanTest,
    TextField,
};
use crate::literal::{self, TextLiteral};
use crate::operator::{NumberOperator, NumberTest, TextTest, ValueTest};
use crate::syntax::{Clause, Literal};
use spanwise_model::TraceId;

const TEXT_COMPARATORS: &[&str] = &["=", "!=", "IN", "NOT IN", "LIKE", "ILIKE", "RLIKE"];
const TAG_COMPARATORS: &[&str] = &["=", "!=", "LIKE", "ILIKE", "RLIKE", "IS NULL", "IS NOT NULL"];
const NAME_COMPARATORS: &[&str] =
    &["=", "!=", "IN", "NOT IN", "LIKE", "ILIKE", "RLIKE", "IS NULL", "IS NOT NULL"];
const CONTENT_COMPARATORS: &[&str] = &["LIKE", "ILIKE"];
const ISSUE_COMPARATORS: &[&str] = &["="];
const RESERVED_COMPARATORS: &[&str] = &["=", "!=", "IS NULL", "IS NOT NULL"];
const ASSESSMENT_COMPARATORS: &[&str] =
    &["=", "!=", ">", ">=", "<", "<=", "LIKE", "ILIKE", "RLIKE", "IS NULL", "IS NOT NULL"];

/// Attributes that compare with a list; the word list is MLflow's.
const LIST_ATTRIBUTES: &[&str] = &["name", "status", "request_id", "run_id", "client_request_id"];

/// Reads a clause that stands in `span(…)`.
pub(crate) fn span_leaf(clause: &Clause<'_>) -> Result<Leaf, FilterError> {
    let identifier = field::split(clause.identifier)?;
    let key = match identifier.entity {
        Some("span") => identifier.key,
        _ => field::unquote(clause.identifier.text),
    };
    let known = matches!(key.as_str(), "name" | "type" | "status" | "content");
    if !known && !key.starts_with("attributes.") {
        let problem = Problem::NotASpanField(clause.identifier.text.to_owned());
        return Err(FilterError::new(problem, clause.identifier.span()));
    }
    span_test(clause, &key)
}

/// Reads a clause as MLflow does, or says what MLflow says against it.
pub(crate) fn leaf(clause: &Clause<'_>) -> Result<Leaf, FilterError> {
    let (entity, key) = field::resolve(clause.identifier)?;
    let predicate = match entity {
        Entity::Attribute if key == "text" => {
            attribute_literal(clause, &key)?;
            return content_test(clause);
        }
        Entity::Span => return span_test(clause, &key),
        Entity::Attribute => attribute(clause, &key)?,
        Entity::Tag => tag(clause, key)?,
        Entity::Metadata => metadata(clause, key)?,
        Entity::Feedback => assessment(clause, AssessmentField::Feedback, key)?,
        Entity::Expectation => assessment(clause, AssessmentField::Expectation, key)?,
        Entity::Issue => issue(clause, &key)?,
    };
    Ok(Leaf::Trace(Expr::Is(predicate)))
}

fn attribute(clause: &Clause<'_>, key: &str) -> Result<Predicate, FilterError> {
    let value = attribute_literal(clause, key)?;
    if let Some(field) = number_field(key) {
        return Ok(Predicate::Number { field, test: number_test(clause, key)? });
    }
    let (field, comparators) = match key {
        "status" => (TextField::State, TEXT_COMPARATORS),
        "request_id" => (TextField::TraceId, TEXT_COMPARATORS),
        "client_request_id" => (TextField::ClientRequestId, TEXT_COMPARATORS),
        "name" => return name(clause, value),
        "run_id" => return metadata_value(clause, RUN_METADATA_KEY.to_owned(), value),
        "prompt" => return prompt(clause, &value),
        other => unreachable!("`{other}` is a known attribute"),
    };
    require(clause, comparators, |comparator, valid| Problem::Comparator { comparator, valid })?;
    let mut test = literal::text_test(clause, value)?;
    if field == TextField::TraceId {
        canonical_trace_ids(&mut test);
    }
    Ok(Predicate::Text { field, test })
}

/// Checks the literal of an attribute, before its comparator is looked at.
fn attribute_literal(clause: &Clause<'_>, key: &str) -> Result<TextLiteral, FilterError> {
    let problem = match &clause.literal {
        Literal::List(..) if LIST_ATTRIBUTES.contains(&key) => {
            return literal::list(clause).map(TextLiteral::Many);
        }
        Literal::List(..) => Problem::NoList(LIST_ATTRIBUTES),
        Literal::Number(_) if number_field(key).is_some() => return Ok(TextLiteral::None),
        Literal::Number(_) => Problem::NotNumeric(field::NUMBER_ATTRIBUTES),
        _ => return literal::quoted(clause, "attribute"),
    };
    Err(FilterError::new(problem, clause.literal_span.clone()))
}

fn number_field(key: &str) -> Option<NumberField> {
    match key {
        "timestamp" | "timestamp_ms" => Some(NumberField::StartMs),
        "execution_time" | "execution_time_ms" => Some(NumberField::DurationMs),
        "end_time" | "end_time_ms" => Some(NumberField::EndMs),
        _ => None,
    }
}

fn number_test(clause: &Clause<'_>, key: &str) -> Result<NumberTest, FilterError> {
    let comparators = literal::NUMBER_COMPARATORS;
    require(clause, comparators, |comparator, valid| Problem::TagComparator { comparator, valid })?;
    let operator = literal::number_operator(&clause.comparator).expect("the comparator was just checked");
    // MLflow also takes a quoted number.
    let text = clause.literal.text().trim_matches(['\'', '"']);
    let value = literal::number(text).ok_or_else(|| {
        let problem =
            Problem::NumberExpected { key: key.to_owned(), value: clause.literal.text().to_owned() };
        FilterError::new(problem, clause.literal_span.clone())
    })?;
    Ok(NumberTest { operator, value })
}

pub(crate) fn canonical_trace_ids(test: &mut TextTest) {
    let canonical = |value: &mut String| {
        if let Ok(id) = value.parse::<TraceId>() {
            *value = id.to_string();
        }
    };
    match test {
        TextTest::Eq(value) | TextTest::Ne(value) => canonical(value),
        TextTest::In(values) | TextTest::NotIn(values) => values.iter_mut().for_each(canonical),
        _ => {}
    }
}

fn name(clause: &Clause<'_>, value: TextLiteral) -> Result<Predicate, FilterError> {
    require(clause, NAME_COMPARATORS, |comparator, valid| Problem::TagComparator { comparator, valid })?;
    Ok(Predicate::Text { field: TextField::Name, test: literal::text_test(clause, value)? })
}

fn tag(clause: &Clause<'_>, key: String) -> Result<Predicate, FilterError> {
    let value = match &clause.literal {
        Literal::List(..) => TextLiteral::Many(literal::list(clause)?),
        _ => literal::quoted(clause, "tag")?,
    };
    match key.as_str() {
        "mlflow.traceName" => return name(clause, value),
        "mlflow.linkedPrompts" => return prompt(clause, &value),
        _ => {}
    }
    require(clause, TAG_COMPARATORS, |comparator, valid| Problem::TagComparator { comparator, valid })?;
    Ok(Predicate::Text { field: TextField::Tag(key), test: literal::text_test(clause, value)? })
}

fn metadata(clause: &Clause<'_>, key: String) -> Result<Predicate, FilterError> {
    let value = literal::quoted(clause, "request_metadata")?;
    metadata_value(clause, key, value)
}

fn metadata_value(clause: &Clause<'_>, key: String, value: TextLiteral) -> Result<Predicate, FilterError> {
    require(clause, TAG_COMPARATORS, |comparator, valid| Problem::Comparator { comparator, valid })?;
    let field = match key.as_str() {
        SESSION_METADATA_KEY => TextField::Session,
        field::USAGE_METADATA_KEY | field::COST_METADATA_KEY => {
            require(clause, RESERVED_COMPARATORS, |comparator, _| Problem::ReservedComparator {
                comparator,
                key: key.clone(),
            })?;
            if key == field::USAGE_METADATA_KEY { TextField::UsageText } else { TextField::CostText }
        }
        _ => TextField::Metadata(key),
    };
    match literal::text_test(clause, value)? {
        TextTest::Eq(run) if field == TextField::Metadata(RUN_METADATA_KEY.to_owned()) => {
            Ok(Predicate::Run(run))
        }
        test => Ok(Predicate::Text { field, test }),
    }
}

fn prompt(clause: &Clause<'_>, value: &TextLiteral) -> Result<Predicate, FilterError> {
    require(clause, ISSUE_COMPARATORS, |comparator, _| Problem::PromptComparator(comparator))?;
    let TextLiteral::One(text) = value else {
        let value = clause.literal.text().to_owned();
        return Err(FilterError::new(Problem::PromptValue(value), clause.literal_span.clone()));
    };
    match text.split_once('/') {
        Some((name, version)) if !version.contains('/') => {
            Ok(Predicate::Prompt { name: name.to_owned(), version: version.to_owned() })
        }
        _ => Err(FilterError::new(Problem::PromptValue(text.clone()), clause.literal_span.clone())),
    }
}

fn span_test(clause: &Clause<'_>, key: &str) -> Result<Leaf, FilterError> {
    let value = match &clause.literal {
        Literal::List(..) => TextLiteral::Many(literal::list(clause)?),
        _ => literal::quoted(clause, "span")?,
    };
    let field = match (key, key.strip_prefix("attributes.")) {
        (_, Some("")) => return Err(FilterError::new(Problem::EmptySpanAttribute, clause.identifier.span())),
        (_, Some(attribute)) => SpanField::Attribute(attribute.to_owned()),
        ("name", _) => SpanField::Name,
        ("type", _) => SpanField::Type,
        ("status", _) => SpanField::Status,
        ("content", _) => return content_test(clause),
        _ => {
            let problem = Problem::UnknownSpanField(key.to_owned());
            return Err(FilterError::new(problem, clause.identifier.span()));
        }
    };
    require_of(clause, TEXT_COMPARATORS, || format!("span.{key}"))?;
    Ok(text_leaf(field, literal::text_test(clause, value)?))
}

fn content_test(clause: &Clause<'_>) -> Result<Leaf, FilterError> {
    require_of(clause, CONTENT_COMPARATORS, || "span.content".to_owned())?;
    let value = literal::quoted(clause, "span")?;
    Ok(text_leaf(SpanField::Content, literal::text_test(clause, value)?))
}

fn text_leaf(field: SpanField, test: TextTest) -> Leaf {
    Leaf::Span(Expr::Is(SpanTest::Text { field, test }))
}

fn assessment(clause: &Clause<'_>, kind: AssessmentField, name: String) -> Result<Predicate, FilterError> {
    let entity = match kind {
        AssessmentField::Feedback => "feedback",
        AssessmentField::Expectation => "expectation",
    };
    let operator = match literal::number_operator(&clause.comparator) {
        Some(NumberOperator::Eq | NumberOperator::Ne) | None => None,
        ordering => ordering,
    };
    let value = assessment_literal(clause, entity, operator)?;
    if name.is_empty() {
        return Err(FilterError::new(Problem::EmptyAssessmentName, clause.identifier.span()));
    }
    require_of(clause, ASSESSMENT_COMPARATORS, || format!("assessment.{name}"))?;
    let test = match (operator, literal::number(clause.literal.text())) {
        (Some(operator), Some(value)) => ValueTest::Number(NumberTest { operator, value }),
        _ => ValueTest::Text(literal::text_test(clause, value)?),
    };
    Ok(Predicate::Assessment { kind, name, test })
}

/// Checks that `<` and the like have a number, and everything else a quoted string.
fn assessment_literal(
    clause: &Clause<'_>,
    entity: &'static str,
    operator: Option<NumberOperator>,
) -> Result<TextLiteral, FilterError> {
    let value = clause.literal.text().to_owned();
    let problem = match (&clause.literal, operator) {
        (Literal::Number(_), Some(_)) => return Ok(TextLiteral::None),
        (_, Some(_)) => Problem::AssessmentNumber { entity, comparator: clause.comparator.clone(), value },
        (_, None) => return literal::quoted(clause, entity),
    };
    Err(FilterError::new(problem, clause.literal_span.clone()))
}

fn issue(clause: &Clause<'_>, key: &str) -> Result<Predicate, FilterError> {
    let value = literal::quoted(clause, "issue")?;
    if key != "id" {
        let problem = Problem::UnknownIssueField(key.to_owned());
        return Err(FilterError::new(problem, clause.identifier.span()));
    }
    require_of(clause, ISSUE_COMPARATORS, || "issue.id".to_owned())?;
    match value {
        TextLiteral::One(id) => Ok(Predicate::Issue(id)),
        _ => unreachable!("`=` has a quoted literal"),
    }
}

fn require(
    clause: &Clause<'_>,
    valid: &'static [&'static str],
    problem: impl FnOnce(String, &'static [&'static str]) -> Problem,
) -> Result<(), FilterError> {
    if valid.contains(&clause.comparator.as_str()) {
        return Ok(());
    }
    Err(FilterError::new(problem(clause.comparator.clone(), valid), clause.comparator_span.clone()))
}

fn require_of(
    clause: &Clause<'_>,
    valid: &'static [&'static str],
    field: impl FnOnce() -> String,
) -> Result<(), FilterError> {
    require(clause, valid, |comparator, valid| Problem::FieldComparator { field: field(), comparator, valid })
}
