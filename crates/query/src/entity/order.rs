//! Orders of a noun's things.

use super::check::resolve;
use super::{Entity, EntityField, EntityOrderBy, Uses, message};
use crate::error::FilterError;
use crate::order::{check_count, split_clause};

/// Parses an order, each clause `field [ASC|DESC]`. What decides between equals is appended, so that no two are equal.
///
/// # Errors
/// A clause that is none, or a field that the noun can't be ordered by.
pub fn parse_entity_order<S: AsRef<str>>(
    entity: &Entity,
    clauses: &[S],
) -> Result<Vec<EntityOrderBy>, FilterError> {
    check_count(clauses.len())?;
    let mut order: Vec<EntityOrderBy> = Vec::with_capacity(clauses.len() + entity.default_order.len());
    let mut push = |field, descending| {
        // A repeated field can't change the order any more.
        if order.iter().all(|by| by.field != field) {
            order.push(EntityOrderBy { field, descending });
        }
    };
    for clause in clauses {
        let (token, descending) = split_clause(clause.as_ref())?;
        let resolved = resolve(entity, token, Uses::in_order)?;
        match resolved.field {
            EntityField::Key { map, .. } if !resolved.uses.in_order() => {
                return Err(FilterError::new(message::not_ordered(map), token.span()));
            }
            field => push(field, descending),
        }
    }
    for by in entity.default_order() {
        push(by.field, by.descending);
    }
    Ok(order)
}
