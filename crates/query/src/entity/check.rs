//! Clauses to conditions.

use super::{Entity, EntityField, EntityFilter, EntityPredicate, EntityTest, Kind, Uses, message};
use crate::error::{FilterError, Problem};
use crate::expr::Expr;
use crate::field;
use crate::filter::TextSpan;
use crate::lex::Token;
use crate::literal::{self, TextLiteral};
use crate::operator::{Number, NumberTest, TextTest};
use crate::syntax::{self, Clause, Item, Literal, Syntax};
use spanwise_model::ExperimentId;

/// Parses and checks a filter of a noun's things; the empty text matches every one.
///
/// # Errors
/// What upstream refuses of fields and values, in its words.
pub fn parse_entity_filter(entity: &Entity, text: &str) -> Result<EntityFilter, FilterError> {
    let tree = syntax::parse_mlflow(text, None).map_err(|mut error| {
        if let Problem::InvalidClauses(words) = &error.problem {
            error.problem = message::invalid_clauses(words, entity.wording);
        }
        error
    })?;
    check(entity, &tree)
}

/// A field with what its values are.
pub(super) struct Resolved {
    pub(super) field: EntityField,
    pub(super) kind: Kind,
    pub(super) uses: Uses,
}

/// Finds the field of that name among those that `allowed` lets stand here.
pub(super) fn resolve(
    entity: &Entity,
    token: Token<'_>,
    allowed: fn(Uses) -> bool,
) -> Result<Resolved, FilterError> {
    let identifier = field::split(token)?;
    let refuse = |problem| Err(FilterError::new(problem, token.span()));
    let key = identifier.key;
    match identifier.entity {
        None | Some("attribute" | "attributes" | "attr" | "run") => {
            let found = entity.attributes.iter().find(|one| one.names.contains(&key.as_str()));
            match found.filter(|attribute| allowed(attribute.uses)) {
                Some(attribute) => Ok(Resolved {
                    field: EntityField::Attribute(attribute.names[0]),
                    kind: attribute.kind,
                    uses: attribute.uses,
                }),
                None => refuse(message::unknown_attribute(&key, entity, allowed)),
            }
        }
        Some(name) => match entity.maps.iter().find(|map| map.names.contains(&name)) {
            Some(map) if !map.keys.is_empty() && !map.keys.contains(&key.as_str()) => {
                refuse(message::unknown_key(&key, map.names[0], map.keys))
            }
            Some(map) => Ok(Resolved {
                field: EntityField::Key { map: map.names[0], key },
                kind: map.kind,
                uses: map.uses,
            }),
            None => refuse(message::unknown_entity(name, entity.wording)),
        },
    }
}

fn check(entity: &Entity, tree: &Syntax<'_>) -> Result<EntityFilter, FilterError> {
    let all =
        |parts: &[Syntax<'_>]| parts.iter().map(|part| check(entity, part)).collect::<Result<Vec<_>, _>>();
    Ok(match tree {
        Expr::And(parts) => Expr::and(all(parts)?),
        Expr::Or(parts) => Expr::or(all(parts)?),
        Expr::Not(inner) => Expr::negate(check(entity, inner)?),
        Expr::Is(Item::Clause(clause)) => Expr::Is(predicate(entity, clause)?),
        Expr::Is(Item::SpanGroup(group)) => {
            let problem = message::unknown_entity("span", entity.wording);
            return Err(FilterError::new(problem, first_identifier(group)));
        }
    })
}

fn first_identifier(group: &Expr<Clause<'_>>) -> TextSpan {
    match group {
        Expr::And(parts) | Expr::Or(parts) => parts.first().map_or(0..0, first_identifier),
        Expr::Not(inner) => first_identifier(inner),
        Expr::Is(clause) => clause.identifier.span(),
    }
}

fn predicate(entity: &Entity, clause: &Clause<'_>) -> Result<EntityPredicate, FilterError> {
    let resolved = resolve(entity, clause.identifier, Uses::in_filter)?;
    let test = match resolved.kind {
        _ if clause.literal == Literal::Absent => absence(entity, clause, &resolved)?,
        Kind::Text => EntityTest::Text(text(clause, &resolved.field)?),
        Kind::ExperimentId => EntityTest::Text(experiment_id(clause, &resolved.field)?),
        Kind::Time | Kind::Number => EntityTest::Number(number(clause, &resolved)?),
    };
    Ok(EntityPredicate { field: resolved.field, test })
}

fn absence(entity: &Entity, clause: &Clause<'_>, resolved: &Resolved) -> Result<EntityTest, FilterError> {
    match (&resolved.field, clause.comparator.as_str()) {
        (EntityField::Key { .. }, "IS NULL") => Ok(EntityTest::Text(TextTest::IsNull)),
        (EntityField::Key { .. }, "IS NOT NULL") => Ok(EntityTest::Text(TextTest::IsNotNull)),
        (EntityField::Attribute(name), "IS NULL" | "IS NOT NULL") => {
            refuse_comparator(clause, message::not_nullable(name, entity.wording))
        }
        _ => refuse_comparator(clause, message::comparator(&clause.comparator, false, false)),
    }
}

fn text(clause: &Clause<'_>, field: &EntityField) -> Result<TextTest, FilterError> {
    let value = match (&clause.literal, field) {
        (Literal::List(..), _) => TextLiteral::Many(literal::list(clause)?),
        (Literal::Number(text), EntityField::Attribute(_)) => {
            return refuse_literal(clause, message::not_a_text(text));
        }
        // The word stands in upstream's message.
        (_, EntityField::Key { map: "parameter" | "params", .. }) => literal::quoted(clause, "parameter")?,
        (_, EntityField::Key { .. }) => literal::quoted(clause, "tag")?,
        (_, EntityField::Attribute(_)) => literal::quoted(clause, "attribute")?,
    };
    let is_list = matches!(value, TextLiteral::Many(_));
    match clause.comparator.as_str() {
        "IN" | "NOT IN" if is_list => literal::text_test(clause, value),
        "=" | "!=" | "LIKE" | "ILIKE" if !is_list => literal::text_test(clause, value),
        "=" | "!=" | "LIKE" | "ILIKE" => refuse_literal(clause, message::not_a_text(clause.literal.text())),
        other => {
            let of_key = matches!(field, EntityField::Key { .. });
            refuse_comparator(clause, message::comparator(other, of_key, false))
        }
    }
}

/// Ids compare as numbers: `'03'` is `'3'`.
fn experiment_id(clause: &Clause<'_>, field: &EntityField) -> Result<TextTest, FilterError> {
    let canonical = |text: String| match text.parse::<ExperimentId>() {
        Ok(id) => Ok(id.to_string()),
        Err(error) => Err(FilterError::new(error.into(), clause.literal_span.clone())),
    };
    Ok(match text(clause, field)? {
        TextTest::Eq(id) => TextTest::Eq(canonical(id)?),
        TextTest::Ne(id) => TextTest::Ne(canonical(id)?),
        TextTest::In(ids) => TextTest::In(ids.into_iter().map(canonical).collect::<Result<_, _>>()?),
        TextTest::NotIn(ids) => TextTest::NotIn(ids.into_iter().map(canonical).collect::<Result<_, _>>()?),
        _ => {
            let problem =
                Problem::Entity(format!("Invalid comparator for experiment_id: {}", clause.comparator));
            return refuse_comparator(clause, problem);
        }
    })
}

fn number(clause: &Clause<'_>, resolved: &Resolved) -> Result<NumberTest, FilterError> {
    let written = clause.literal.text().to_owned();
    let (map, key) = match &resolved.field {
        EntityField::Attribute(name) => (None, *name),
        EntityField::Key { map, key } => (Some(*map), key.as_str()),
    };
    let Literal::Number(text) = clause.literal else {
        return refuse_literal(clause, message::not_a_number(map, key, &written));
    };
    let Some(operator) = literal::number_operator(&clause.comparator) else {
        return refuse_comparator(clause, message::comparator(&clause.comparator, map.is_some(), true));
    };
    match literal::number(text) {
        Some(Number::Float(_)) | None if map.is_none() => {
            refuse_literal(clause, message::fraction(key, &written))
        }
        Some(value) => Ok(NumberTest { operator, value }),
        None => refuse_literal(clause, message::not_a_number(map, key, &written)),
    }
}

fn refuse_comparator<T>(clause: &Clause<'_>, problem: Problem) -> Result<T, FilterError> {
    Err(FilterError::new(problem, clause.comparator_span.clone()))
}

fn refuse_literal<T>(clause: &Clause<'_>, problem: Problem) -> Result<T, FilterError> {
    Err(FilterError::new(problem, clause.literal_span.clone()))
}
