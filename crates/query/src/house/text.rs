//! Comparisons with texts, and of texts with numbers.

use super::message::{Diagnostic, quote, shared};
use crate::analyze::FilterDiagnostic;
use crate::lex::{Token, TokenKind};
use crate::literal::{self, TextLiteral, number_operator};
use crate::operator::{NumberTest, Substring, TextTest, Words};
use crate::quantity;
use crate::syntax::{Clause, Literal};
use crate::write::quote_value;

/// Reads the test of a clause whose operator the field has; `numbers`: the text may be compared with a number.
pub(crate) fn test(clause: &Clause<'_>, numbers: bool) -> Result<TextTest, FilterDiagnostic> {
    let comparator = clause.comparator.as_str();
    match comparator {
        "IN" | "NOT IN" => return list(clause),
        "IS NULL" => return Ok(TextTest::IsNull),
        "IS NOT NULL" => return Ok(TextTest::IsNotNull),
        _ => {}
    }
    if numbers && let Some(operator) = number_operator(comparator) {
        if let Some(value) = number(&clause.literal) {
            return Ok(TextTest::Number(NumberTest { operator, value }));
        }
        if !matches!(comparator, "=" | "!=") {
            return Err(not_a_number(clause));
        }
    }
    let value = string(clause, numbers && matches!(comparator, "=" | "!="))?;
    Ok(match comparator {
        "~" => TextTest::Contains(Substring::new(&value)),
        "!~" => TextTest::Lacks(Substring::new(&value)),
        _ => literal::text_test(clause, TextLiteral::One(value)).map_err(|error| shared(&error))?,
    })
}

fn number(literal: &Literal<'_>) -> Option<crate::operator::Number> {
    match literal {
        Literal::Number(text) | Literal::Word(text) => quantity::count(text).ok(),
        _ => None,
    }
}

/// Reads the words of `~`.
pub(crate) fn words(clause: &Clause<'_>) -> Result<Words, FilterDiagnostic> {
    let value = string(clause, false)?;
    Words::new(&value).ok_or_else(|| {
        let message = format!(
            "{} has no word in it; a word is made of letters and digits",
            quote(clause.literal.text())
        );
        Diagnostic::new(message, clause.literal_span.clone()).expect(&["words in quotes"]).build()
    })
}

/// Reads the text of a literal; `bools`: `true` and `false` need no quotes.
fn string(clause: &Clause<'_>, bools: bool) -> Result<String, FilterDiagnostic> {
    let text = clause.literal.text();
    match clause.literal {
        Literal::Quoted(quoted) => return Ok(inner(quoted)),
        Literal::Word(word) if is_backticked(word) => return Ok(inner(word)),
        Literal::Word(word) if bools && is_bool(word) => return Ok(word.to_ascii_lowercase()),
        _ => {}
    }
    let span = clause.literal_span.clone();
    if let Literal::List(_, tokens) = &clause.literal {
        let message = format!("`{}` takes one text, not a list; `IN` takes a list", clause.comparator);
        let diagnostic = Diagnostic::new(message, span).expect(&["a quoted text"]);
        return Err(match tokens.as_slice() {
            [only] => diagnostic.suggest(only.text).build(),
            _ => diagnostic.build(),
        });
    }
    Err(not_quoted(text, span))
}

/// A value that should stand in quotes.
pub(crate) fn not_quoted(text: &str, span: crate::filter::TextSpan) -> FilterDiagnostic {
    let quoted = quote_value(text);
    Diagnostic::new(format!("{} is not quoted; write {quoted}", quote(text)), span)
        .expect(&["a quoted text"])
        .suggest(quoted)
        .build()
}

fn not_a_number(clause: &Clause<'_>) -> FilterDiagnostic {
    let text = clause.literal.text();
    let span = clause.literal_span.clone();
    if let Literal::Quoted(quoted) = clause.literal
        && literal::number(&inner(quoted)).is_some()
    {
        let number = inner(quoted);
        let message = format!("`{}` compares numbers; write `{number}` without quotes", clause.comparator);
        return Diagnostic::new(message, span).expect(&["a number"]).suggest(number).build();
    }
    let message = format!("`{}` compares numbers, and {} is none", clause.comparator, quote(text));
    Diagnostic::new(message, span).expect(&["a number"]).build()
}

fn list(clause: &Clause<'_>) -> Result<TextTest, FilterDiagnostic> {
    let Literal::List(_, tokens) = &clause.literal else {
        return Err(not_quoted(clause.literal.text(), clause.literal_span.clone()));
    };
    let mut values = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        match item(token, index.is_multiple_of(2))? {
            Some(value) => values.push(value),
            None => continue,
        }
    }
    if values.is_empty() {
        let message = "the list is empty; write at least one quoted text in it";
        return Err(Diagnostic::new(message, clause.literal_span.clone()).expect(&["a quoted text"]).build());
    }
    Ok(match clause.comparator.as_str() {
        "IN" => TextTest::In(values),
        _ => TextTest::NotIn(values),
    })
}

/// Reads one token of a list; `None` for a comma in its place.
fn item(token: &Token<'_>, is_value: bool) -> Result<Option<String>, FilterDiagnostic> {
    match (token.kind, is_value) {
        (TokenKind::Quoted, true) => Ok(Some(inner(token.text))),
        (TokenKind::Word, true) if is_backticked(token.text) => Ok(Some(inner(token.text))),
        (TokenKind::Word | TokenKind::Number, true) => Err(not_quoted(token.text, token.span())),
        (TokenKind::Comma, false) => Ok(None),
        (_, true) => {
            let message =
                format!("{} is no value; a list has quoted texts between commas", quote(token.text));
            Err(Diagnostic::new(message, token.span()).expect(&["a quoted text"]).build())
        }
        (_, false) => {
            let message = format!("a comma is missing before {}", quote(token.text));
            Err(Diagnostic::new(message, token.span()).expect(&[","]).build())
        }
    }
}

fn inner(quoted: &str) -> String {
    quoted[1..quoted.len() - 1].to_owned()
}

fn is_bool(word: &str) -> bool {
    word.eq_ignore_ascii_case("true") || word.eq_ignore_ascii_case("false")
}

/// Returns whether a word is a text in backticks, all of it.
fn is_backticked(word: &str) -> bool {
    word.len() >= 2 && word.starts_with('`') && word[1..].find('`') == Some(word.len() - 2)
}
