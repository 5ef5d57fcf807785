//! Prompts among registered models: a search shows either prompts or models.

use super::{EntityField, EntityFilter, EntityPredicate, EntityTest};
use crate::expr::Expr;
use crate::operator::TextTest;
use spanwise_model::registry::PROMPT_TAG;

/// Leaves prompts out of a search of registered models or their versions, unless the filter has a condition on the tag
/// that makes them prompts. Models have no such tag, so that `= 'false'` and `!= 'true'` mean whatever is no prompt.
pub fn without_prompts(filter: EntityFilter) -> EntityFilter {
    let mut mentions = false;
    let filter = rewrite(filter, &mut mentions);
    if mentions { filter } else { Expr::and(vec![filter, no_prompt()]) }
}

fn rewrite(filter: EntityFilter, mentions: &mut bool) -> EntityFilter {
    let mut all = |parts: Vec<EntityFilter>| parts.into_iter().map(|part| rewrite(part, mentions)).collect();
    match filter {
        Expr::And(parts) => Expr::And(all(parts)),
        Expr::Or(parts) => Expr::Or(all(parts)),
        Expr::Not(inner) => Expr::negate(rewrite(*inner, mentions)),
        Expr::Is(predicate) if is_prompt_tag(&predicate.field) => {
            *mentions = true;
            let value = |text: &String| text.to_lowercase().parse::<bool>().ok();
            let wanted = match &predicate.test {
                EntityTest::Text(TextTest::Eq(text)) => value(text),
                EntityTest::Text(TextTest::Ne(text)) => value(text).map(|value| !value),
                _ => None,
            };
            match wanted {
                Some(true) => prompt(),
                Some(false) => no_prompt(),
                None => Expr::Is(predicate),
            }
        }
        other => other,
    }
}

fn is_prompt_tag(field: &EntityField) -> bool {
    matches!(field, EntityField::Key { key, .. } if key == PROMPT_TAG)
}

fn prompt() -> EntityFilter {
    Expr::Is(EntityPredicate {
        field: EntityField::Key { map: "tag", key: PROMPT_TAG.to_owned() },
        test: EntityTest::Text(TextTest::Eq("true".to_owned())),
    })
}

fn no_prompt() -> EntityFilter {
    Expr::negate(prompt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::{REGISTERED_MODEL, parse_entity_filter};

    #[test]
    fn prompts_are_left_out_unless_the_filter_names_their_tag() {
        let parse = |text: &str| parse_entity_filter(&REGISTERED_MODEL, text).unwrap();
        let rewritten = |text: &str| without_prompts(parse(text));
        assert_eq!(rewritten(""), no_prompt());
        assert_eq!(rewritten("name = 'a'"), Expr::and(vec![parse("name = 'a'"), no_prompt()]));
        assert_eq!(rewritten("tags.`mlflow.prompt.is_prompt` = 'True'"), prompt());
        assert_eq!(rewritten("tag.mlflow.prompt.is_prompt != 'false'"), prompt());
        for filter in ["tags.mlflow.prompt.is_prompt = 'false'", "tags.mlflow.prompt.is_prompt != 'true'"] {
            assert_eq!(rewritten(filter), no_prompt());
        }
        let both = "tags.mlflow.prompt.is_prompt IS NOT NULL OR name = 'a'";
        assert_eq!(rewritten(both), parse(both));
    }
}
