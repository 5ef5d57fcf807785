//! What is wrong with a clause, in upstream's words, which differ a little from noun to noun.

use super::{Attribute, Entity, Uses};
use crate::error::Problem;
use crate::literal::NUMBER_COMPARATORS;

/// Whose words a noun's refusals have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wording {
    /// Experiments and registered models: attributes and tags.
    Tagged,
    Run,
    LoggedModel,
    Dataset,
    Issue,
}

/// Comparators of a text attribute.
const TEXT_COMPARATORS: &[&str] = &["!=", "=", "LIKE", "ILIKE", "IN", "NOT IN"];
/// Comparators of a key of a map of texts.
const KEY_COMPARATORS: &[&str] = &["!=", "=", "LIKE", "ILIKE", "IN", "NOT IN", "IS NULL", "IS NOT NULL"];

pub(super) fn comparator(comparator: &str, of_key: bool, is_number: bool) -> Problem {
    let valid = match (is_number, of_key) {
        (true, _) => NUMBER_COMPARATORS,
        (false, true) => KEY_COMPARATORS,
        (false, false) => TEXT_COMPARATORS,
    };
    Problem::Comparator { comparator: comparator.to_owned(), valid }
}

pub(super) fn invalid_clauses(words: &[String], wording: Wording) -> Problem {
    match wording {
        Wording::Run | Wording::LoggedModel => Problem::InvalidClauses(words.to_vec()),
        Wording::Tagged | Wording::Dataset | Wording::Issue => {
            Problem::Entity(format!("Invalid clause(s) in filter string: {}", words.join(", ")))
        }
    }
}

pub(super) fn unknown_entity(name: &str, wording: Wording) -> Problem {
    Problem::Entity(match wording {
        Wording::Tagged => {
            format!("Invalid entity type '{name}'. Valid entity types are ('attribute', 'tag', 'tags')")
        }
        Wording::Run => format!(
            "Invalid entity type '{name}'. Valid values are ['metric', 'parameter', 'tag', 'attribute', 'dataset']"
        ),
        Wording::LoggedModel => format!(
            "Invalid entity type: '{name}'. Expected one of ['attributes', 'metrics', 'params', 'tags']."
        ),
        Wording::Dataset => format!("Invalid identifier token '{name}' specified"),
        Wording::Issue => {
            format!("Invalid filter field '{name}'. Supported fields: {{'status', 'source_run_id'}}")
        }
    })
}

pub(super) fn unknown_attribute(key: &str, entity: &Entity, allowed: fn(Uses) -> bool) -> Problem {
    let names = |attribute: &Attribute| attribute.names.iter().map(|name| format!("'{name}'"));
    let valid = entity.attributes.iter().filter(|attribute| allowed(attribute.uses));
    let valid = format!("{{{}}}", valid.flat_map(names).collect::<Vec<_>>().join(", "));
    Problem::Entity(match entity.wording {
        Wording::Dataset => format!("Invalid attribute key '{key}' specified. Valid keys are: {valid}"),
        Wording::Issue => format!("Invalid filter field '{key}'. Supported fields: {valid}"),
        _ => format!("Invalid attribute key '{key}' specified. Valid keys are '{valid}'"),
    })
}

pub(super) fn unknown_key(key: &str, map: &str, valid: &[&str]) -> Problem {
    let valid = valid.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", ");
    Problem::Entity(format!("Invalid {map} key '{key}' specified. Valid keys are '{{{valid}}}'"))
}

pub(super) fn not_nullable(key: &str, wording: Wording) -> Problem {
    let (which, what) = match wording {
        Wording::Run | Wording::LoggedModel => ("tags and params", "'attribute'"),
        Wording::Tagged | Wording::Dataset | Wording::Issue => ("tags", "attribute"),
    };
    Problem::Entity(format!("IS NULL / IS NOT NULL is only supported for {which}, not for {what} '{key}'"))
}

pub(super) fn not_a_text(value: &str) -> Problem {
    Problem::Entity(format!("Expected a quoted string value for attributes. Got value {value}"))
}

pub(super) fn not_a_number(map: Option<&str>, key: &str, value: &str) -> Problem {
    match map {
        Some(_) => Problem::Entity(format!("Expected numeric value type for metric. Found {value}")),
        None => Problem::NumberExpected { key: key.to_owned(), value: value.to_owned() },
    }
}

pub(super) fn fraction(key: &str, value: &str) -> Problem {
    Problem::Entity(format!("Invalid value for numeric attribute '{key}': '{value}'"))
}

pub(super) fn not_ordered(map: &str) -> Problem {
    Problem::Entity(format!("Invalid order_by entity: {map}"))
}
