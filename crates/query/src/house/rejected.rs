//! What fits nowhere in a filter: what it was likely meant to be.

use super::field::{is_field, resolve};
use super::message::{Diagnostic, closest_field, quote, unknown_operator};
use crate::analyze::FilterDiagnostic;
use crate::catalog;
use crate::error::FILTER_PROBLEMS_MAX;
use crate::lex::{Token, TokenKind};
use crate::suggest::closest;
use crate::syntax::{Parsed, Reason};
use crate::write::quote_value;

/// Returns a problem for each group of tokens that fit nowhere, the first [`FILTER_PROBLEMS_MAX`] of them.
pub(crate) fn rejections(parsed: &Parsed<'_>) -> Vec<FilterDiagnostic> {
    let mut problems: Vec<FilterDiagnostic> = parsed
        .nested
        .iter()
        .take(FILTER_PROBLEMS_MAX)
        .map(|span| Diagnostic::new("`span(…)` can't stand in `span(…)`", span.clone()).build())
        .collect();
    let mut numbers = Vec::new();
    for rejected in &parsed.rejected {
        match rejected.reason {
            Reason::Token(number) => numbers.push(number),
            Reason::MissingOperand => problems.push(missing_operand(rejected.text, rejected.span.clone())),
            // The clause itself is checked.
            Reason::BareTimestamp => {}
        }
    }
    numbers.sort_unstable();
    for run in numbers.chunk_by(|left, right| left + 1 == *right) {
        let (first, last) = (run[0], run[run.len() - 1]);
        let run = Run {
            tokens: &parsed.tokens[first..=last],
            before: first.checked_sub(1).map(|at| parsed.tokens[at]),
        };
        run.explain(&mut problems);
    }
    problems
}

fn missing_operand(text: &str, span: crate::filter::TextSpan) -> FilterDiagnostic {
    let message = match text.to_ascii_uppercase().as_str() {
        "(" | "SPAN" => format!("`{}` has no clause in it", if text == "(" { "()" } else { "span()" }),
        "OR" => "`OR` needs a clause on both sides".to_owned(),
        _ => format!("{} needs a clause behind it", quote(text)),
    };
    Diagnostic::new(message, span).expect(&["a clause"]).build()
}

/// Neighbouring tokens that fit nowhere.
struct Run<'r, 'a> {
    tokens: &'r [Token<'a>],
    /// The token before them.
    before: Option<Token<'a>>,
}

impl<'a> Run<'_, 'a> {
    fn explain(mut self, problems: &mut Vec<FilterDiagnostic>) {
        while !self.tokens.is_empty() && problems.len() < FILTER_PROBLEMS_MAX {
            let (problem, count) = self.first();
            problems.push(problem);
            self.before = Some(self.tokens[count - 1]);
            self.tokens = &self.tokens[count..];
        }
    }

    /// Explains the first tokens of the run, and says how many.
    fn first(&self) -> (FilterDiagnostic, usize) {
        let token = self.tokens[0];
        if let Some(found) =
            self.open_quote().or_else(|| self.split_literal()).or_else(|| self.foreign_joint())
        {
            return found;
        }
        match token.kind {
            TokenKind::Word => self.word(token),
            TokenKind::Quoted => (words(token, token.text.trim_matches(['\'', '"'])), 1),
            TokenKind::Has => {
                let message = "`has:` needs a field right behind it, as in `has:error`";
                (Diagnostic::new(message, token.span()).expect(&["a field"]).build(), 1)
            }
            TokenKind::Open => {
                (Diagnostic::new("`(` is never closed", token.span()).expect(&[")"]).build(), 1)
            }
            TokenKind::Close => (Diagnostic::new("`)` closes nothing", token.span()).suggest("").build(), 1),
            TokenKind::Comparison => {
                let count = if self.tokens.get(1).is_some_and(is_literal) { 2 } else { 1 };
                let message = format!("{} needs a field before it", quote(token.text));
                (Diagnostic::new(message, self.span(count)).expect(&["a field"]).build(), count)
            }
            _ => (nowhere(token), 1),
        }
    }

    fn span(&self, count: usize) -> crate::filter::TextSpan {
        self.tokens[0].start..self.tokens[count - 1].span().end
    }

    /// A quote that nothing closes takes the rest of the run with it.
    fn open_quote(&self) -> Option<(FilterDiagnostic, usize)> {
        let at = self
            .tokens
            .iter()
            .position(|token| token.kind == TokenKind::Other && matches!(token.text, "'" | "\"" | "`"))?;
        let quote = self.tokens[at];
        // What stands before it is a clause on its way to that text, or a problem of its own.
        let belongs = at == 0
            || (at <= 3 && resolve(self.tokens[0], false).is_some())
            || self.tokens[at - 1].span().end == quote.start;
        if !belongs {
            return None;
        }
        let span = quote.start..self.tokens[self.tokens.len() - 1].span().end;
        let message = format!("{} opens a text that nothing closes", super::message::quote(quote.text));
        Some((Diagnostic::new(message, span).expect(&[quote.text]).build(), self.tokens.len()))
    }

    /// A value without quotes falls into several tokens: `gpt-4o`, `2026-11-25`.
    fn split_literal(&self) -> Option<(FilterDiagnostic, usize)> {
        let before = self.before.filter(|before| {
            let is_joint = ["AND", "OR", "NOT"].iter().any(|word| before.is_keyword(word));
            matches!(before.kind, TokenKind::Number | TokenKind::Word) && !is_joint
        })?;
        let mut end = before.span().end;
        let joined = self.tokens.iter().take_while(|token| {
            let is_joined = token.start == end && is_part_of_value(token);
            end = token.span().end;
            is_joined
        });
        let parts: Vec<&str> = joined.map(|token| token.text).collect();
        let last = self.tokens[parts.len().checked_sub(1)?];
        let text = format!("{}{}", before.text, parts.concat());
        Some((super::text::not_quoted(&text, before.start..last.span().end), parts.len()))
    }

    /// `&&`, `||` and the like.
    fn foreign_joint(&self) -> Option<(FilterDiagnostic, usize)> {
        let (sign, joint) = match self.tokens[0].text {
            "&" => ("&", "AND"),
            "|" => ("|", "OR"),
            "!" if self.before.is_none_or(|before| before.kind != TokenKind::Word) => ("!", "NOT"),
            ";" | "," => (self.tokens[0].text, "AND"),
            _ => return None,
        };
        let count = self.tokens.iter().take_while(|token| token.text == sign).count();
        let span = self.span(count);
        let written = super::message::quote(&sign.repeat(count));
        let is_last = count == self.tokens.len() && sign == ";";
        let message = format!("{written} joins nothing here; did you mean `{joint}`?");
        let suggestion = if is_last { "" } else { joint };
        Some((
            Diagnostic::new(message, span).expect(&["AND", "OR", "NOT"]).suggest(suggestion).build(),
            count,
        ))
    }

    fn word(&self, token: Token<'a>) -> (FilterDiagnostic, usize) {
        let rest = &self.tokens[1..];
        let field = resolve(token, false);
        let operators = field.as_ref().map_or(catalog::TEXT, super::Field::operators);
        match rest.first() {
            Some(next) if next.kind == TokenKind::Comparison => self.no_value(token, 2),
            Some(next) if next.is_keyword("IN") => self.no_list(token),
            Some(next) if ["LIKE", "ILIKE", "RLIKE"].iter().any(|word| next.is_keyword(word)) => {
                self.no_value(token, 2)
            }
            // A known field, and a word where the operator should be.
            Some(next) if next.kind == TokenKind::Word && field.is_some() && !is_field(next.text) => {
                let count = if rest.get(1).is_some_and(is_literal) { 3 } else { 2 };
                (unknown_operator(&next.text.to_ascii_uppercase(), next.span(), operators), count)
            }
            Some(next) if field.is_some() && is_literal(next) => {
                let message =
                    format!("an operator is missing between {} and {}", quote(token.text), quote(next.text));
                (Diagnostic::new(message, self.span(2)).expect(operators).build(), 2)
            }
            _ if field.is_some() => {
                let message = format!("{} needs an operator and a value behind it", quote(token.text));
                (Diagnostic::new(message, token.span()).expect(operators).build(), 1)
            }
            _ => self.bare_words(token),
        }
    }

    fn no_value(&self, token: Token<'a>, count: usize) -> (FilterDiagnostic, usize) {
        let span = self.span(count);
        let operator = self.tokens[count - 1];
        let message =
            format!("{} needs a value behind it", quote(&format!("{} {}", token.text, operator.text)));
        (Diagnostic::new(message, span).expect(&["a value"]).build(), count)
    }

    fn no_list(&self, token: Token<'a>) -> (FilterDiagnostic, usize) {
        match self.tokens.get(2) {
            Some(value) if is_literal(value) => {
                let list = match value.kind {
                    TokenKind::Quoted => format!("({})", value.text),
                    _ => format!("({})", quote_value(value.text)),
                };
                let message = format!("`IN` takes a list; write `IN {list}`");
                (Diagnostic::new(message, value.span()).expect(&["a list"]).suggest(list).build(), 3)
            }
            _ => {
                let message = format!(
                    "{} needs a list behind it, as in `IN ('a', 'b')`",
                    quote(&format!("{} IN", token.text))
                );
                (Diagnostic::new(message, self.span(2)).expect(&["a list"]).build(), 2)
            }
        }
    }

    /// Returns what a single word was likely meant to be.
    fn misspelt(&self, token: Token<'a>) -> Option<(&'static str, String)> {
        let joint = self.before.and_then(|_| closest(token.text, ["AND", "OR", "NOT"]));
        match joint {
            Some(joint) => Some(("word", joint.to_owned())),
            None => closest_field(token.text, false).map(|name| ("field", name)),
        }
    }

    /// Words that are no field: a misspelt joint or field, or words to search for.
    fn bare_words(&self, token: Token<'a>) -> (FilterDiagnostic, usize) {
        if self.tokens.len() == 1
            && let Some((what, meant)) = self.misspelt(token)
        {
            let message = format!("unknown {what} {}; did you mean `{meant}`?", quote(token.text));
            return (Diagnostic::new(message, token.span()).expect(&[&meant]).suggest(meant).build(), 1);
        }
        let is_plain = |token: &&Token<'_>| {
            matches!(token.kind, TokenKind::Word | TokenKind::Number) && !is_field(token.text)
        };
        let count = self.tokens.iter().take_while(is_plain).count().max(1);
        let texts: Vec<&str> = self.tokens[..count].iter().map(|token| token.text).collect();
        (search_for(&texts.join(" "), self.span(count)), count)
    }
}

fn is_part_of_value(token: &Token<'_>) -> bool {
    match token.kind {
        TokenKind::Word | TokenKind::Number => true,
        TokenKind::Other => !matches!(token.text, "'" | "\"" | "`" | "&" | "|"),
        _ => false,
    }
}

fn is_literal(token: &Token<'_>) -> bool {
    matches!(token.kind, TokenKind::Quoted | TokenKind::Number | TokenKind::Word)
}

fn words(token: Token<'_>, text: &str) -> FilterDiagnostic {
    search_for(text, token.span())
}

fn search_for(text: &str, span: crate::filter::TextSpan) -> FilterDiagnostic {
    let suggestion = format!("text ~ {}", quote_value(text));
    let message = format!("{} is no clause; to search for words, write `{suggestion}`", quote(text));
    Diagnostic::new(message, span).expect(&["a clause"]).suggest(suggestion).build()
}

fn nowhere(token: Token<'_>) -> FilterDiagnostic {
    let message = format!("{} fits nowhere here; expected a clause, `AND` or `OR`", quote(token.text));
    Diagnostic::new(message, token.span()).expect(&["a clause", "AND", "OR"]).build()
}
