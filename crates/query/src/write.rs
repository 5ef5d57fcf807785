//! Values and keys as a filter writes them: the grammar has three kinds of quote and no escape, so the one has to be
//! picked that does not end inside the value.

use std::fmt::{Display, Formatter, Result};

/// Returns `value` as a literal, in the quotes that work for it.
///
/// A value that no quotes fit (it has all three in it) can't be written as a literal; its backticks are then left
/// out. [`clause`] knows a way around.
pub fn quote_value(value: &str) -> String {
    match quote_of(value) {
        Some(quote) => format!("{quote}{value}{quote}"),
        None => format!("`{}`", value.replace('`', "")),
    }
}

/// Returns the clause that `field`, which may be a key of a map (`tags.my key`), has this value: `model = 'gpt-4o'`.
///
/// Where no quotes fit the value, the clause is a LIKE that has a `_` for each quote.
pub fn clause(field: &str, value: &str) -> String {
    let field = field_text(field);
    match quote_of(value) {
        Some(quote) => format!("{field} = {quote}{value}{quote}"),
        None => format!("{field} LIKE '{}'", value.replace(['\'', '"', '`'], "_")),
    }
}

/// Returns a field with those segments of its key in quotes that need them.
pub fn field_text(field: &str) -> String {
    Key(field).to_string()
}

fn quote_of(value: &str) -> Option<char> {
    let fits = |quote: &char| !ends_inside(value, *quote);
    ['\'', '"'].into_iter().find(fits).or_else(|| (!value.contains('`')).then_some('`'))
}

/// A string in quotes; see [`quote_value`]. Parsing never gives one that no quotes fit.
pub(crate) struct Quoted<'a>(pub(crate) &'a str);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(&quote_value(self.0))
    }
}

/// Returns whether a string in this quote would end before its end: a doubled quote doesn't end it.
fn ends_inside(text: &str, quote: char) -> bool {
    text.split(|c| c != quote).any(|run| !run.len().is_multiple_of(2))
}

/// A key with the segments quoted that need it.
pub(crate) struct Key<'a>(pub(crate) &'a str);

impl Display for Key<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        for (index, segment) in self.0.split('.').enumerate() {
            f.write_str(if index == 0 { "" } else { "." })?;
            let bare = segment.chars().all(|c| c.is_alphanumeric() || "_-/:@$".contains(c));
            match ['`', '"', '\''].into_iter().find(|quote| !segment.contains(*quote)) {
                Some(quote) if !bare => write!(f, "{quote}{segment}{quote}")?,
                _ => f.write_str(segment)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Expr, Predicate, TextField, TextTest, parse_filter};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_clause_finds_its_value(key in "[a.`é \"x-]{1,6}", value in "[ab'\"`% é]{0,8}") {
            prop_assume!(!key.starts_with('.') && !key.ends_with('.'));
            let text = clause(&format!("tags.{key}"), &value);
            match parse_filter(&text) {
                Ok(Expr::Is(Predicate::Text { field: TextField::Tag(_), test })) => {
                    prop_assert!(test.matches(Some(&value)), "{}", text);
                    prop_assert!(matches!(test, TextTest::Eq(_) | TextTest::Like(_)));
                }
                other => prop_assert!(false, "{}: {:?}", text, other),
            }
        }
    }

    #[test]
    fn quotes_are_those_that_work() {
        for (value, expected) in [
            ("gpt-4o", "model = 'gpt-4o'"),
            ("it's", "model = \"it's\""),
            ("it's 5\"", "model = `it's 5\"`"),
            ("'\"`", "model LIKE '___'"),
        ] {
            assert_eq!(clause("model", value), expected);
        }
        assert_eq!(clause("tags.my key", "x"), "tags.`my key` = 'x'");
        assert_eq!(quote_value("'\"`x"), "`'\"x`");
    }
}
