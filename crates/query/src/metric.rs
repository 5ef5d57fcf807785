//! Filters of trace metrics: one clause each, `trace.<field> = 'text'`, `span.<field> = …` or `assessment.<field> = …`.

use crate::check::parse_filter;
use crate::error::{FilterError, Problem};
use crate::expr::Expr;
use crate::filter::{Filter, Predicate, RUN_METADATA_KEY, SpanField, TextField};
use crate::operator::TextTest;
use crate::syntax::{self, Clause, Item, Literal};
use crate::write::clause as written;

/// MLflow's reserved tag for the trace's name.
const NAME_TAG: &str = "mlflow.traceName";

/// One clause.
#[derive(Debug, Clone, PartialEq)]
pub enum MetricFilter {
    /// What the trace must be.
    Trace(Filter),
    /// A span's text: its name, status or type.
    Span(SpanField, String),
    /// An assessment's name.
    AssessmentName(String),
    /// An assessment's type: `feedback`, `expectation` or `issue`.
    AssessmentType(String),
}

impl MetricFilter {
    /// Returns the first word of the clause.
    pub fn subject(&self) -> &'static str {
        match self {
            MetricFilter::Trace(_) => "trace",
            MetricFilter::Span(..) => "span",
            MetricFilter::AssessmentName(_) | MetricFilter::AssessmentType(_) => "assessment",
        }
    }
}

/// Parses one filter of trace metrics.
///
/// # Errors
/// Anything but one clause with a known field, `=` and a quoted text, in MLflow's words.
pub fn parse_metric_filter(text: &str) -> Result<MetricFilter, FilterError> {
    let refuse = |message: String| FilterError::new(Problem::Entity(message), 0..text.len());
    let tree = syntax::parse_mlflow(text, None)?;
    let Expr::Is(Item::Clause(clause)) = &tree else {
        let message = format!("Invalid clause(s) in filter string: '{text}'. Expected one filter clause.");
        return Err(refuse(message));
    };
    let field = field(clause.identifier.text).map_err(refuse)?;
    if clause.comparator != "=" {
        let message = format!("Invalid comparator: '{}', only '=' operator is supported", clause.comparator);
        return Err(refuse(message));
    }
    let value = value(clause, field.entity).map_err(refuse)?;
    match (field.subject, field.entity) {
        ("trace", entity) => Ok(MetricFilter::Trace(of_trace(entity, field.key, value)?)),
        ("span", "name") => Ok(MetricFilter::Span(SpanField::Name, value)),
        ("span", "status") => Ok(MetricFilter::Span(SpanField::Status, value)),
        ("span", _) => Ok(MetricFilter::Span(SpanField::Type, value)),
        (_, "name") => Ok(MetricFilter::AssessmentName(value)),
        _ => Ok(MetricFilter::AssessmentType(value)),
    }
}

/// The parts of a field's name.
struct Field<'a> {
    subject: &'a str,
    entity: &'a str,
    key: &'a str,
}

/// Fields by subject, each with whether a key follows.
const FIELDS: &[(&str, &[(&str, bool)])] = &[
    ("trace", &[("status", false), ("tag", true), ("metadata", true)]),
    ("span", &[("name", false), ("status", false), ("type", false)]),
    ("assessment", &[("name", false), ("type", false)]),
];

fn field(name: &str) -> Result<Field<'_>, String> {
    let Some((subject, rest)) = name.split_once('.') else {
        return Err(format!(
            "Invalid identifier '{name}'. Columns should be specified as 'trace.<key>', 'span.<key>', \
             'assessment.<key>'."
        ));
    };
    let subject = subject.trim_matches('`');
    let names =
        |names: Vec<&str>| names.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", ");
    let Some((_, entities)) = FIELDS.iter().find(|(known, _)| *known == subject) else {
        let valid = names(FIELDS.iter().map(|(known, _)| *known).collect());
        return Err(format!("Invalid view type '{subject}'. Valid values are dict_keys([{valid}])"));
    };
    let (entity, key) = rest.split_once('.').map_or((rest, None), |(entity, key)| (entity, Some(key)));
    match (entities.iter().find(|(known, _)| *known == entity), key) {
        (None, _) => {
            let valid = names(entities.iter().map(|(known, _)| *known).collect());
            Err(format!(
                "Invalid entity '{entity}' specified for view type '{subject}'. Valid entities are [{valid}]"
            ))
        }
        (Some((_, true)), None) => {
            Err(format!("Filtering by {entity} requires a key, e.g. '{subject}.{entity}.<key> = <value>'"))
        }
        (Some((_, false)), Some(_)) => {
            Err(format!("Filtering by {entity} does not require a key, use '{subject}.{entity}' instead"))
        }
        (Some(_), key) => {
            let key = key.unwrap_or_default();
            let quote = ['`', '"', '\''].into_iter().find(|quote| key.len() > 1 && key.starts_with(*quote));
            let inner = quote.and_then(|quote| key.strip_prefix(quote)?.strip_suffix(quote));
            Ok(Field { subject, entity, key: inner.unwrap_or(key) })
        }
    }
}

fn value(clause: &Clause<'_>, entity: &str) -> Result<String, String> {
    match &clause.literal {
        Literal::Quoted(text) => Ok(text[1..text.len() - 1].to_owned()),
        other => Err(format!(
            "Expected a quoted string value for {entity} value (e.g. 'my-value'). Got value {}",
            other.text()
        )),
    }
}

fn of_trace(entity: &str, key: &str, value: String) -> Result<Filter, FilterError> {
    let text = |field, value| Expr::Is(Predicate::Text { field, test: TextTest::Eq(value) });
    match entity {
        "status" => Ok(text(TextField::State, value)),
        "tag" if key == NAME_TAG => Ok(text(TextField::Name, value)),
        "tag" => Ok(text(TextField::Tag(key.to_owned()), value)),
        _ if key == RUN_METADATA_KEY => Ok(Expr::Is(Predicate::Run(value))),
        // Some keys have fields of their own.
        _ => parse_filter(&written(&format!("metadata.{key}"), &value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<MetricFilter, &str>) {
        let found = parse_metric_filter(text).map_err(|error| error.to_string());
        assert_eq!(found, expected.map_err(str::to_owned), "{text}");
    }

    fn trace(field: TextField, value: &str) -> Result<MetricFilter, &'static str> {
        let test = TextTest::Eq(value.to_owned());
        Ok(MetricFilter::Trace(Expr::Is(Predicate::Text { field, test })))
    }

    #[test]
    fn every_field_is_read() {
        check("trace.status = 'OK'", trace(TextField::State, "OK"));
        check("trace.tag.env = \"dev\"", trace(TextField::Tag("env".to_owned()), "dev"));
        check("trace.tag.`a.b` = 'x'", trace(TextField::Tag("a.b".to_owned()), "x"));
        check("trace.tag.mlflow.traceName = 'n'", trace(TextField::Name, "n"));
        check("trace.metadata.`mlflow.trace.session` = 's'", trace(TextField::Session, "s"));
        check("trace.metadata.k = 'it'", trace(TextField::Metadata("k".to_owned()), "it"));
        let run = MetricFilter::Trace(Expr::Is(Predicate::Run("r".to_owned())));
        check("trace.metadata.mlflow.sourceRun = 'r'", Ok(run));
        check("span.name = 'n'", Ok(MetricFilter::Span(SpanField::Name, "n".to_owned())));
        check("span.status = 'OK'", Ok(MetricFilter::Span(SpanField::Status, "OK".to_owned())));
        check("span.type = 'LLM'", Ok(MetricFilter::Span(SpanField::Type, "LLM".to_owned())));
        check("assessment.name = 'q'", Ok(MetricFilter::AssessmentName("q".to_owned())));
        check("assessment.type = 'issue'", Ok(MetricFilter::AssessmentType("issue".to_owned())));
    }

    #[test]
    fn anything_else_is_refused_in_mlflows_words() {
        check(
            "foo = 'x'",
            Err("Invalid identifier 'foo'. Columns should be specified as 'trace.<key>', 'span.<key>', \
                 'assessment.<key>'."),
        );
        check(
            "foo.x = 'x'",
            Err("Invalid view type 'foo'. Valid values are dict_keys(['trace', 'span', 'assessment'])"),
        );
        check(
            "span.id = 'x'",
            Err("Invalid entity 'id' specified for view type 'span'. Valid entities are ['name', 'status', \
                 'type']"),
        );
        check("trace.tag = 'x'", Err("Filtering by tag requires a key, e.g. 'trace.tag.<key> = <value>'"));
        check(
            "trace.status.x = 'x'",
            Err("Filtering by status does not require a key, use 'trace.status' instead"),
        );
        check("trace.status != 'OK'", Err("Invalid comparator: '!=', only '=' operator is supported"));
        check(
            "trace.status = 'OK' AND trace.status = 'OK'",
            Err(
                "Invalid clause(s) in filter string: 'trace.status = 'OK' AND trace.status = 'OK''. Expected one filter \
                 clause.",
            ),
        );
        check(
            "trace.status = 5",
            Err("Expected a quoted string value for status value (e.g. 'my-value'). Got value 5"),
        );
    }
}
