//! Completion: what may stand at a place of a filter, also in the middle of a broken one. Names and values that are
//! in a store are not known here; the caller adds them.

use crate::catalog::{FieldKind, field_info};
use crate::error::FILTER_BYTES_MAX;
use crate::field;
use crate::filter::TextSpan;
use crate::lex::{Token, TokenKind, tokenize};

/// What may stand at the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompletionContext {
    /// What an accepted proposal replaces.
    pub span: TextSpan,
    /// What fits there, the likeliest first.
    pub expected: Vec<Expected>,
}

/// One kind of thing that may stand at the cursor. `prefix` is what of it stands before the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// A field.
    Field {
        /// The beginning of its name, without quotes.
        prefix: String,
        /// Which fields.
        scope: FieldScope,
    },
    /// An operator of this field.
    Operator {
        /// The field, by its whole name (`span.name` for the `name` in `span(name = …)`).
        field: String,
        /// The beginning of the operator.
        prefix: String,
    },
    /// A value of this field.
    Value {
        /// The field, by its whole name.
        field: String,
        /// What it holds; text for an unknown field. A key of a map may also be compared with a number.
        kind: FieldKind,
        /// The beginning of the value, without quotes.
        prefix: String,
    },
    /// One of these words.
    Connective {
        /// The words.
        words: &'static [&'static str],
        /// The beginning of one.
        prefix: String,
    },
}

/// Which fields fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldScope {
    /// Any.
    Any,
    /// Inside `span(…)`: those of a span, which may be named without `span.`.
    Span,
    /// After `has:`: any, and `error`, `feedback` and `expectation`.
    Presence,
}

/// Words that may begin a clause.
const OPENERS: &[&str] = &["NOT", "has:", "span("];
/// Words that may begin a clause in `span(…)`.
const SPAN_OPENERS: &[&str] = &["NOT", "has:"];
/// Words that may follow a clause.
const JOINTS: &[&str] = &["AND", "OR"];

/// Says what may stand at byte `cursor` of `text`.
pub fn complete(text: &str, cursor: usize) -> CompletionContext {
    let cursor = floor_boundary(text, cursor);
    if text.len() > FILTER_BYTES_MAX {
        return CompletionContext { span: cursor..cursor, expected: Vec::new() };
    }
    let tokens = tokenize(text);
    let mut place = Place::default();
    for (index, token) in tokens.iter().enumerate() {
        if token.start >= cursor {
            break;
        }
        if is_open_quote(token) {
            return place.with_open_quote(text, tokens[..index].last(), token, cursor);
        }
        let end = token.span().end;
        if end > cursor || (end == cursor && is_extensible(token.kind)) {
            return place.at_token(text, token, cursor);
        }
        place.pass(token, tokens.get(index + 1));
    }
    let begun = match place.state {
        State::InOperator => text[place.operator_start..cursor].to_owned(),
        _ => String::new(),
    };
    place.between(cursor..cursor, begun)
}

fn floor_boundary(text: &str, cursor: usize) -> usize {
    let mut at = cursor.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn is_open_quote(token: &Token<'_>) -> bool {
    token.kind == TokenKind::Other && matches!(token.text, "'" | "\"" | "`")
}

/// Returns whether more letters at its end would belong to the token.
fn is_extensible(kind: TokenKind) -> bool {
    matches!(kind, TokenKind::Word | TokenKind::Number | TokenKind::Has)
}

/// What the tokens so far amount to.
#[derive(Debug, Default)]
struct Place {
    state: State,
    /// For each open parenthesis whether it is that of `span(…)`.
    groups: Vec<bool>,
    /// The field of the clause that is being written.
    field: String,
    /// Where the operator's first word began.
    operator_start: usize,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    #[default]
    Start,
    AfterSpan,
    AfterField,
    InOperator,
    AfterOperator,
    InList,
    AfterClause,
}

impl Place {
    fn in_span(&self) -> bool {
        self.groups.contains(&true)
    }

    /// Takes in a token that ends before the cursor.
    fn pass(&mut self, token: &Token<'_>, next: Option<&Token<'_>>) {
        self.state = match self.state {
            State::InList => match token.kind {
                TokenKind::Close => State::AfterClause,
                _ => State::InList,
            },
            State::AfterOperator => match token.kind {
                TokenKind::Open => State::InList,
                _ => State::AfterClause,
            },
            State::AfterField | State::InOperator => self.operator(token),
            State::AfterSpan if token.kind == TokenKind::Open => {
                self.groups.push(true);
                State::Start
            }
            State::Start | State::AfterClause | State::AfterSpan => self.start(token, next),
        };
    }

    fn start(&mut self, token: &Token<'_>, next: Option<&Token<'_>>) -> State {
        let is_joint = ["AND", "OR", "NOT"].iter().any(|word| token.is_keyword(word));
        match token.kind {
            TokenKind::Word if is_joint => State::Start,
            TokenKind::Word
                if token.is_keyword("span") && next.is_some_and(|next| next.kind == TokenKind::Open) =>
            {
                State::AfterSpan
            }
            TokenKind::Word => {
                self.field = self.field_name(token.text);
                State::AfterField
            }
            TokenKind::Open => {
                self.groups.push(false);
                State::Start
            }
            TokenKind::Close => {
                self.groups.pop();
                State::AfterClause
            }
            TokenKind::Has | TokenKind::Quoted | TokenKind::Number => State::AfterClause,
            _ => State::Start,
        }
    }

    fn operator(&mut self, token: &Token<'_>) -> State {
        if self.state == State::AfterField {
            self.operator_start = token.start;
        }
        if token.kind == TokenKind::Comparison {
            return State::AfterOperator;
        }
        let is = |words: &[&str]| words.iter().any(|word| token.is_keyword(word));
        if is(&["LIKE", "ILIKE", "RLIKE", "IN"]) {
            State::AfterOperator
        } else if is(&["NULL"]) {
            State::AfterClause
        } else if token.kind == TokenKind::Word {
            State::InOperator
        } else {
            State::AfterClause
        }
    }

    fn field_name(&self, text: &str) -> String {
        let name = field::unquote(text);
        if !self.in_span() || name.starts_with("span.") { name } else { format!("span.{name}") }
    }

    /// The cursor is in or at the end of a token.
    fn at_token(&self, text: &str, token: &Token<'_>, cursor: usize) -> CompletionContext {
        let typed = &text[token.start..cursor];
        match (token.kind, self.state) {
            (TokenKind::Has, State::Start | State::AfterClause | State::AfterSpan) => {
                let from = (token.start + crate::lex::HAS.len()).min(cursor);
                let prefix = field::unquote(&text[from..cursor]);
                let scope = FieldScope::Presence;
                CompletionContext {
                    span: from..token.span().end,
                    expected: vec![Expected::Field { prefix, scope }],
                }
            }
            (_, State::InOperator) => self
                .between(self.operator_start..token.span().end, text[self.operator_start..cursor].to_owned()),
            (TokenKind::Quoted, _) => self.between(token.span(), typed[1..].to_owned()),
            (TokenKind::Word | TokenKind::Number, _) => self.between(token.span(), field::unquote(typed)),
            (TokenKind::Comparison, State::AfterField) => self.between(token.span(), typed.to_owned()),
            _ => self.between(cursor..cursor, String::new()),
        }
    }

    /// The cursor is behind a quote that nothing closes.
    fn with_open_quote(
        &self,
        text: &str,
        before: Option<&Token<'_>>,
        quote: &Token<'_>,
        cursor: usize,
    ) -> CompletionContext {
        let typed = &text[quote.start + 1..cursor];
        // ``tags.`my ke``: the word before is the beginning of the same name.
        if let Some(word) = before
            && self.state == State::AfterField
            && word.span().end == quote.start
            && word.text.ends_with('.')
        {
            let prefix = format!("{}{typed}", field::unquote(word.text));
            let place = Place { state: State::Start, groups: self.groups.clone(), ..Place::default() };
            return place.between(word.start..cursor, prefix);
        }
        self.between(quote.start..cursor, typed.to_owned())
    }

    /// What fits at `span`, of which `prefix` stands before the cursor.
    fn between(&self, span: TextSpan, prefix: String) -> CompletionContext {
        let expected = match self.state {
            State::Start | State::AfterSpan => self.clause_start(prefix),
            State::AfterField => vec![Expected::Operator { field: self.field.clone(), prefix }],
            State::InOperator => {
                let words = prefix.split_whitespace().collect::<Vec<_>>();
                vec![Expected::Operator { field: self.field.clone(), prefix: words.join(" ") }]
            }
            State::AfterOperator | State::InList => {
                let kind = field_info(&self.field).map_or(FieldKind::Text, |info| info.kind);
                vec![Expected::Value { field: self.field.clone(), kind, prefix }]
            }
            State::AfterClause => {
                let mut expected = vec![Expected::Connective { words: JOINTS, prefix: prefix.clone() }];
                // AND may be left out, so what is being written may also be the next field.
                if !prefix.is_empty() {
                    expected.extend(self.clause_start(prefix));
                }
                expected
            }
        };
        let span = match self.state {
            // The words so far are replaced together with the one that is missing.
            State::InOperator => self.operator_start..span.end,
            _ => span,
        };
        CompletionContext { span, expected }
    }

    fn clause_start(&self, prefix: String) -> Vec<Expected> {
        let (scope, words) = match self.in_span() {
            true => (FieldScope::Span, SPAN_OPENERS),
            false => (FieldScope::Any, OPENERS),
        };
        vec![Expected::Field { prefix: prefix.clone(), scope }, Expected::Connective { words, prefix }]
    }
}
