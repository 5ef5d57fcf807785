//! A definition that was checked, ready to score.

use crate::definition::{
    Answer, CATEGORIES_MAX, Definition, GUIDELINES_MAX, TEXT_BYTES_MAX, TEXTS_MAX, TOOLS_MAX, Unit,
};
use crate::error::ScoreError;
use crate::judge::template;
use crate::outcome::{Outcome, Skip, Verdict};
use crate::rule::tool::ToolRules;
use crate::rule::{figure, text, tool};
use crate::schema::Schema;
use crate::schema::schema_regex;
use crate::trace::TraceView;
use regex::Regex;
use serde_json::Value;
use spanwise_redact::{Redactor, Rules};
use std::collections::BTreeMap;

/// How much of a trace a scorer has to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Needs {
    /// Its record: duration, usage, cost, expectations.
    Record,
    /// Also what was asked and answered, whole.
    Texts,
    /// Also all of its spans.
    Spans,
}

/// A scorer.
#[derive(Debug)]
pub struct Scorer {
    definition: Definition,
    rule: Rule,
}

/// What of the definition was compiled.
#[derive(Debug)]
enum Rule {
    Plain,
    Regex(Regex),
    Schema(Schema),
    Pii(Box<Redactor>),
    Tools(Box<ToolRules>),
}

impl Scorer {
    /// Reads a definition as JSON.
    ///
    /// # Errors
    /// What can't be used is named with its field.
    pub fn from_json(json: &Value) -> Result<Scorer, ScoreError> {
        let definition: Definition = serde_json::from_value(json.clone())
            .map_err(|error| ScoreError::Unreadable(error.to_string()))?;
        Scorer::new(definition)
    }

    /// Checks a definition.
    ///
    /// # Errors
    /// What can't be used is named with its field.
    pub fn new(definition: Definition) -> Result<Scorer, ScoreError> {
        let rule = compile(&definition)?;
        Ok(Scorer { definition, rule })
    }

    /// Returns what it looks for.
    pub fn definition(&self) -> &Definition {
        &self.definition
    }

    /// Returns how much of a trace it has to see.
    pub fn needs(&self) -> Needs {
        match &self.definition {
            Definition::Latency { .. }
            | Definition::Cost { .. }
            | Definition::Tokens { .. }
            | Definition::Length { unit: Unit::Tokens, .. }
            | Definition::ErrorFree { trace_only: true } => Needs::Record,
            Definition::ToolCalls { .. } | Definition::ErrorFree { .. } => Needs::Spans,
            Definition::Judge { instructions, .. } if template::uses(instructions, "trace") => Needs::Spans,
            _ => Needs::Texts,
        }
    }

    /// Scores a trace; `None` if a model has to be asked, see [`crate::judge`].
    pub fn score(&self, trace: &TraceView) -> Option<Verdict> {
        Some(match self.outcome(trace)? {
            Ok(outcome) => Verdict::Scored(outcome),
            Err(skip) => Verdict::Skipped(skip),
        })
    }

    fn outcome(&self, trace: &TraceView) -> Option<Result<Outcome, Skip>> {
        Some(match (&self.definition, &self.rule) {
            (Definition::Regex { on, must_not, .. }, Rule::Regex(regex)) => {
                text::regex(trace, regex, *on, *must_not)
            }
            (Definition::Length { on, unit, min, max }, _) => text::length(trace, *on, *unit, *min, *max),
            (Definition::Contains { texts, expectation, need, on, ignore_case }, _) => {
                match expected_texts(trace, texts, expectation.as_deref()) {
                    Ok(texts) => text::contains(trace, &texts, *need, *on, *ignore_case),
                    Err(skip) => Err(skip),
                }
            }
            (Definition::Equals { text: wanted, expectation, ignore_case }, _) => {
                match expected(trace, wanted.as_deref(), expectation.as_deref()) {
                    Ok(wanted) => text::equals(trace, &wanted, *ignore_case),
                    Err(skip) => Err(skip),
                }
            }
            (Definition::JsonSchema { .. }, Rule::Schema(schema)) => text::json_schema(trace, schema),
            (Definition::Pii { on, .. }, Rule::Pii(redactor)) => text::pii(trace, redactor, *on),
            (Definition::Latency { max_ms }, _) => figure::latency(trace, *max_ms),
            (Definition::Cost { max_usd }, _) => figure::cost(trace, *max_usd),
            (Definition::Tokens { of, min, max }, _) => figure::tokens(trace, *of, *min, *max),
            (Definition::ToolCalls { .. }, Rule::Tools(rules)) => Ok(tool::tool_calls(trace, rules)),
            (Definition::ErrorFree { trace_only }, _) => Ok(figure::error_free(trace, *trace_only)),
            _ => return None,
        })
    }
}

fn expected(trace: &TraceView, text: Option<&str>, expectation: Option<&str>) -> Result<Value, Skip> {
    match (text, expectation) {
        (Some(text), _) => Ok(text.into()),
        (None, Some(name)) => trace.expectations.get(name).cloned().ok_or(Skip::NoExpectation),
        (None, None) => Err(Skip::NoExpectation),
    }
}

fn expected_texts(
    trace: &TraceView,
    texts: &[String],
    expectation: Option<&str>,
) -> Result<Vec<String>, Skip> {
    let Some(name) = expectation else { return Ok(texts.to_vec()) };
    let found = match trace.expectations.get(name) {
        Some(Value::String(text)) => vec![text.clone()],
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    };
    if found.is_empty() { Err(Skip::NoExpectation) } else { Ok(found) }
}

fn compile(definition: &Definition) -> Result<Rule, ScoreError> {
    Ok(match definition {
        Definition::Regex { pattern, ignore_case, .. } => {
            Rule::Regex(schema_regex("pattern", pattern, *ignore_case)?)
        }
        Definition::Length { min, max, .. } | Definition::Tokens { min, max, .. } => {
            check_bounds(*min, *max)?;
            Rule::Plain
        }
        Definition::Contains { texts, expectation, .. } => {
            check_either("texts", !texts.is_empty(), "expectation", expectation.is_some())?;
            check_list("texts", texts, TEXTS_MAX)?;
            Rule::Plain
        }
        Definition::Equals { text, expectation, .. } => {
            check_either("text", text.is_some(), "expectation", expectation.is_some())?;
            if let Some(text) = text {
                check_text("text", text)?;
            }
            Rule::Plain
        }
        Definition::JsonSchema { schema } => Rule::Schema(Schema::new("schema", schema)?),
        Definition::Pii { detectors, .. } => Rule::Pii(Box::new(redactor(detectors)?)),
        Definition::Latency { max_ms } => {
            check_amount("max_ms", *max_ms)?;
            Rule::Plain
        }
        Definition::Cost { max_usd } => {
            check_amount("max_usd", *max_usd)?;
            Rule::Plain
        }
        Definition::ToolCalls { .. } => Rule::Tools(Box::new(tool_rules(definition)?)),
        Definition::ErrorFree { .. } => Rule::Plain,
        Definition::Guidelines { guidelines, model } => {
            if guidelines.is_empty() {
                return Err(ScoreError::field("guidelines", "is empty; at least one is needed"));
            }
            check_list("guidelines", guidelines, GUIDELINES_MAX)?;
            check_model(model.as_deref())?;
            Rule::Plain
        }
        Definition::ExpectedGuidelines { model } => {
            check_model(model.as_deref())?;
            Rule::Plain
        }
        Definition::Judge { instructions, answer, categories, model } => {
            template::check(instructions)?;
            check_categories(*answer, categories)?;
            check_model(model.as_deref())?;
            Rule::Plain
        }
    })
}

fn redactor(detectors: &[String]) -> Result<Redactor, ScoreError> {
    if detectors.is_empty() {
        return Err(ScoreError::field(
            "detectors",
            "is empty; `personal` looks for personal data, `secrets` for keys",
        ));
    }
    let rules = Rules { detectors: detectors.to_vec(), ..Rules::default() };
    Redactor::new(&rules).map_err(|error| ScoreError::field("detectors", format!("can't be used: {error}")))
}

fn tool_rules(definition: &Definition) -> Result<ToolRules, ScoreError> {
    let Definition::ToolCalls { must_call, must_not_call, at_most, max_calls, order, no_failures, arguments } =
        definition
    else {
        return Ok(ToolRules::default());
    };
    let named = [("must_call", must_call), ("must_not_call", must_not_call), ("order", order)];
    for (field, names) in named {
        check_list(field, names, TOOLS_MAX)?;
    }
    check_count("at_most", at_most.len(), TOOLS_MAX)?;
    check_count("arguments", arguments.len(), TOOLS_MAX)?;
    if let Some(both) = must_call.iter().chain(order).find(|name| must_not_call.contains(name)) {
        return Err(ScoreError::field("must_not_call", format!("names `{both}`, which must be called too")));
    }
    let is_empty = named.iter().all(|(_, names)| names.is_empty())
        && at_most.is_empty()
        && max_calls.is_none()
        && !no_failures
        && arguments.is_empty();
    if is_empty {
        return Err(ScoreError::field(
            "must_call",
            "and all other rules are missing; at least one is needed",
        ));
    }
    let schemas: Result<Vec<(String, Schema)>, ScoreError> = arguments
        .iter()
        .map(|(name, schema)| Ok((name.clone(), Schema::new(&format!("arguments.{name}"), schema)?)))
        .collect();
    Ok(ToolRules {
        must_call: must_call.clone(),
        must_not_call: must_not_call.clone(),
        at_most: at_most.iter().map(|(name, count)| (name.clone(), *count)).collect::<BTreeMap<_, _>>(),
        max_calls: *max_calls,
        order: order.clone(),
        no_failures: *no_failures,
        arguments: schemas?,
    })
}

fn check_bounds(min: Option<u64>, max: Option<u64>) -> Result<(), ScoreError> {
    match (min, max) {
        (Some(min), Some(max)) if min > max => {
            Err(ScoreError::field("min", format!("is {min}, which is above `max`, {max}")))
        }
        _ => Ok(()),
    }
}

fn check_amount(field: &str, amount: Option<f64>) -> Result<(), ScoreError> {
    match amount {
        Some(amount) if !amount.is_finite() || amount < 0.0 => {
            Err(ScoreError::field(field, format!("is {amount}; expected a number from 0")))
        }
        _ => Ok(()),
    }
}

fn check_either(one: &str, has_one: bool, other: &str, has_other: bool) -> Result<(), ScoreError> {
    match (has_one, has_other) {
        (true, true) => {
            Err(ScoreError::field(one, format!("and `{other}` are both given; expected one of them")))
        }
        (false, false) => Err(ScoreError::field(one, format!("is missing; give it or `{other}`"))),
        _ => Ok(()),
    }
}

fn check_list(field: &str, texts: &[String], max: usize) -> Result<(), ScoreError> {
    check_count(field, texts.len(), max)?;
    texts.iter().enumerate().try_for_each(|(at, text)| check_text(&format!("{field}[{at}]"), text))
}

fn check_count(field: &str, count: usize, max: usize) -> Result<(), ScoreError> {
    if count > max {
        return Err(ScoreError::field(field, format!("has {count} entries; the limit is {max}")));
    }
    Ok(())
}

fn check_text(field: &str, text: &str) -> Result<(), ScoreError> {
    if text.trim().is_empty() {
        return Err(ScoreError::field(field, "is empty"));
    }
    if text.len() > TEXT_BYTES_MAX {
        let problem = format!("has {} bytes; the limit is {TEXT_BYTES_MAX}", text.len());
        return Err(ScoreError::field(field, problem));
    }
    Ok(())
}

fn check_categories(answer: Answer, categories: &[String]) -> Result<(), ScoreError> {
    check_list("categories", categories, CATEGORIES_MAX)?;
    match (answer, categories.len()) {
        (Answer::Category, 0 | 1) => Err(ScoreError::field(
            "categories",
            "has fewer than two entries; a judge chooses from at least two",
        )),
        (Answer::Category, _) | (_, 0) => Ok(()),
        _ => Err(ScoreError::field(
            "categories",
            "is given, and the answer is no category; set `answer` to `category`",
        )),
    }
}

/// A model is `provider:/name`, as MLflow writes it.
fn check_model(model: Option<&str>) -> Result<(), ScoreError> {
    let Some(model) = model else { return Ok(()) };
    match model.split_once(":/") {
        Some((provider, name)) if !provider.is_empty() && !name.trim_matches('/').is_empty() => Ok(()),
        _ => Err(ScoreError::field(
            "model",
            format!(
                "is `{model}`; expected `provider:/name`, as in `openai:/gpt-4o-mini` or `endpoints:/name`"
            ),
        )),
    }
}
