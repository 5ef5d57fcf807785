//! The first step: text to a tree of clauses, each with its place in the text. Fields, operators and literals
//! are still words here; `check` gives them their meaning.
//!
//! The grammar is MLflow's (clauses joined by AND, where a missing, leading, trailing or doubled AND is let
//! pass), and beyond it OR, NOT, parentheses and `span(…)`. AND binds tighter than OR, NOT tighter than AND.

use crate::error::{
    FILTER_BYTES_MAX, FILTER_CLAUSES_MAX, FILTER_DEPTH_MAX, FILTER_RLIKE_MAX, FilterError, Problem,
};
use crate::expr::Expr;
use crate::filter::TextSpan;
use crate::house;
use crate::lex::{HAS, Token, TokenKind, tokenize};

/// A parsed filter.
pub(crate) type Syntax<'a> = Expr<Item<'a>>;

/// A leaf of the tree.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Item<'a> {
    /// One clause.
    Clause(Clause<'a>),
    /// `span(…)`: clauses that one span must satisfy.
    SpanGroup(Expr<Clause<'a>>),
}

/// `identifier operator literal`, or `identifier IS [NOT] NULL`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Clause<'a> {
    pub(crate) identifier: Token<'a>,
    /// In upper case: `=`, `NOT IN`, `IS NULL`, …
    pub(crate) comparator: String,
    pub(crate) comparator_span: TextSpan,
    pub(crate) literal: Literal<'a>,
    pub(crate) literal_span: TextSpan,
}

/// The right side of a clause.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Literal<'a> {
    /// None: `IS NULL` and `IS NOT NULL`.
    Absent,
    /// A string, quotes included.
    Quoted(&'a str),
    /// A number as written.
    Number(&'a str),
    /// A word: one that should have been quoted, a quantity (`5s`, `-1h`), or a text in backticks.
    Word(&'a str),
    /// A parenthesised list: its text, and the tokens in it, commas included.
    List(&'a str, Vec<Token<'a>>),
}

impl<'a> Literal<'a> {
    /// Returns the literal as it stands in the filter.
    pub(crate) fn text(&self) -> &'a str {
        match self {
            Literal::Absent => "",
            Literal::Quoted(text) | Literal::Number(text) | Literal::Word(text) | Literal::List(text, _) => {
                text
            }
        }
    }
}

/// Words that join clauses, and so are never values.
const CONNECTIVES: [&str; 3] = ["AND", "OR", "NOT"];

/// The comparator of `has:field`.
pub(crate) const HAS_COMPARATOR: &str = "HAS";

/// What a text was parsed into. What fits nowhere is left out of the tree.
pub(crate) struct Parsed<'a> {
    pub(crate) tree: Syntax<'a>,
    pub(crate) tokens: Vec<Token<'a>>,
    pub(crate) rejected: Vec<Rejected<'a>>,
    /// `span(…)` inside `span(…)`.
    pub(crate) nested: Vec<TextSpan>,
}

/// What fits nowhere.
#[derive(Debug, Clone)]
pub(crate) struct Rejected<'a> {
    pub(crate) text: &'a str,
    pub(crate) span: TextSpan,
    pub(crate) reason: Reason,
    /// Whether MLflow's message names it.
    in_mlflow: bool,
}

/// Why something fits nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// The token of this number begins or continues nothing.
    Token(usize),
    /// The word or parenthesis has nothing to work on.
    MissingOperand,
    /// MLflow takes bare `timestamp` with a whole number only.
    BareTimestamp,
}

/// Parses `text` as MLflow does: what fits nowhere is an error that names all of it. The empty text gives
/// [`Expr::all`].
pub(crate) fn parse_mlflow(text: &str, now_ns: Option<i64>) -> Result<Syntax<'_>, FilterError> {
    check_length(text)?;
    let tokens = tokenize(text);
    if tokens.is_empty() && !text.is_empty() {
        return Err(FilterError::new(Problem::Blank(text.to_owned()), 0..text.len()));
    }
    if let Some(at) = tokens.iter().position(|token| token.kind == TokenKind::Semicolon)
        && at + 1 < tokens.len()
    {
        return Err(FilterError::new(Problem::MultipleStatements(text.to_owned()), tokens[at].span()));
    }
    let parsed = parse_tokens(text, tokens, now_ns)?;
    if let Some(span) = parsed.nested.first() {
        return Err(FilterError::new(Problem::NestedSpanGroup, span.clone()));
    }
    let named: Vec<&Rejected<'_>> = parsed.rejected.iter().filter(|rejected| rejected.in_mlflow).collect();
    let start = named.iter().map(|rejected| rejected.span.start).min();
    let end = named.iter().map(|rejected| rejected.span.end).max();
    let (Some(start), Some(end)) = (start, end) else { return Ok(parsed.tree) };
    let words = named.iter().map(|rejected| rejected.text.to_owned()).collect();
    Err(FilterError::new(Problem::InvalidClauses(words), start..end))
}

/// Parses `text`, and leaves what fits nowhere for the caller to judge. Only limits are errors.
pub(crate) fn parse_all(text: &str, now_ns: Option<i64>) -> Result<Parsed<'_>, FilterError> {
    check_length(text)?;
    parse_tokens(text, tokenize(text), now_ns)
}

fn check_length(text: &str) -> Result<(), FilterError> {
    if text.len() > FILTER_BYTES_MAX {
        return Err(FilterError::new(Problem::TooLong { bytes: text.len() }, 0..text.len()));
    }
    Ok(())
}

fn parse_tokens<'a>(
    text: &'a str,
    tokens: Vec<Token<'a>>,
    now_ns: Option<i64>,
) -> Result<Parsed<'a>, FilterError> {
    let closing = match_parentheses(&tokens);
    let mut parser = Parser {
        text,
        tokens,
        closing,
        now_ns,
        at: 0,
        depth: 0,
        clauses: 0,
        regexes: 0,
        rejected: Vec::new(),
        nested: Vec::new(),
    };
    let tree = parser.disjunction(usize::MAX)?;
    Ok(Parsed { tree, tokens: parser.tokens, rejected: parser.rejected, nested: parser.nested })
}

/// Returns for each token that opens a parenthesis the index of the one that closes it.
fn match_parentheses(tokens: &[Token<'_>]) -> Vec<Option<usize>> {
    let mut closing = vec![None; tokens.len()];
    let mut open = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        match token.kind {
            TokenKind::Open => open.push(index),
            TokenKind::Close => {
                if let Some(start) = open.pop() {
                    closing[start] = Some(index);
                }
            }
            _ => {}
        }
    }
    closing
}

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Token<'a>>,
    closing: Vec<Option<usize>>,
    now_ns: Option<i64>,
    at: usize,
    depth: usize,
    clauses: usize,
    regexes: usize,
    /// What fits nowhere. It is collected, because MLflow names it all in one message.
    rejected: Vec<Rejected<'a>>,
    nested: Vec<TextSpan>,
}

impl<'a> Parser<'a> {
    /// Parses conjunctions joined by OR, up to the token at `end`.
    fn disjunction(&mut self, end: usize) -> Result<Syntax<'a>, FilterError> {
        let mut rejected_before = self.rejected.len();
        let mut branches = vec![self.conjunction(end)?];
        while let Some(token) = self.peek(end) {
            // A conjunction only stops before an OR.
            self.at += 1;
            let right = self.conjunction(end)?;
            if branches.last().is_none_or(Expr::is_all) || right.is_all() {
                self.miss_operand(token, rejected_before);
            }
            rejected_before = self.rejected.len();
            branches.push(right);
        }
        Ok(Expr::or(branches))
    }

    /// Parses clauses joined by AND, up to an OR or the token at `end`.
    fn conjunction(&mut self, end: usize) -> Result<Syntax<'a>, FilterError> {
        let mut parts = Vec::new();
        while let Some(token) = self.peek(end) {
            if token.is_keyword("OR") {
                break;
            }
            if token.is_keyword("AND") {
                self.at += 1;
            } else if let Some(part) = self.unary(token, end)? {
                parts.push(part);
            }
        }
        Ok(Expr::and(parts))
    }

    /// Parses one part of a conjunction, or takes one invalid token.
    fn unary(&mut self, token: Token<'a>, end: usize) -> Result<Option<Syntax<'a>>, FilterError> {
        if token.is_keyword("NOT") {
            return self.negation(token, end);
        }
        if token.kind == TokenKind::Has {
            return self.presence(token).map(|clause| clause.map(|clause| Expr::Is(Item::Clause(clause))));
        }
        if token.kind == TokenKind::Open
            && let Some(close) = self.closing[self.at]
        {
            return self.group(token, close);
        }
        if token.is_keyword("span")
            && let Some(next) = self.peek_at(1, end)
            && next.kind == TokenKind::Open
            && let Some(close) = self.closing[self.at + 1]
        {
            return self.span_group(token, close);
        }
        if let Some(clause) = self.clause(token, end)? {
            return Ok(Some(Expr::Is(Item::Clause(clause))));
        }
        self.reject(token);
        Ok(None)
    }

    fn negation(&mut self, token: Token<'a>, end: usize) -> Result<Option<Syntax<'a>>, FilterError> {
        self.at += 1;
        let Some(next) = self.peek(end).filter(|next| !next.is_keyword("AND") && !next.is_keyword("OR"))
        else {
            self.miss_operand(token, self.rejected.len());
            return Ok(None);
        };
        self.descend(token)?;
        let inner = self.unary(next, end)?;
        self.depth -= 1;
        Ok(inner.map(Expr::negate))
    }

    fn group(&mut self, open: Token<'a>, close: usize) -> Result<Option<Syntax<'a>>, FilterError> {
        self.descend(open)?;
        self.at += 1;
        let rejected_before = self.rejected.len();
        let inner = self.disjunction(close)?;
        self.at = close + 1;
        self.depth -= 1;
        if inner.is_all() {
            self.miss_operand(open, rejected_before);
            return Ok(None);
        }
        Ok(Some(inner))
    }

    fn span_group(&mut self, word: Token<'a>, close: usize) -> Result<Option<Syntax<'a>>, FilterError> {
        self.at += 1;
        let Some(inner) = self.group(word, close)? else { return Ok(None) };
        let Some(clauses) = only_clauses(inner) else {
            self.nested.push(word.start..self.tokens[close].span().end);
            return Ok(None);
        };
        Ok(Some(Expr::Is(Item::SpanGroup(clauses))))
    }

    /// Takes `has:field`.
    fn presence(&mut self, token: Token<'a>) -> Result<Option<Clause<'a>>, FilterError> {
        let name = &token.text[HAS.len()..];
        if name.is_empty() {
            self.reject(token);
            return Ok(None);
        }
        self.count(HAS_COMPARATOR, token)?;
        self.at += 1;
        let start = token.start + HAS.len();
        let end = token.span().end;
        Ok(Some(Clause {
            identifier: Token { kind: TokenKind::Word, text: name, start },
            comparator: HAS_COMPARATOR.to_owned(),
            comparator_span: token.start..start,
            literal: Literal::Absent,
            literal_span: end..end,
        }))
    }

    /// Parses a clause, or takes nothing if the tokens here are none.
    fn clause(&mut self, first: Token<'a>, end: usize) -> Result<Option<Clause<'a>>, FilterError> {
        if !matches!(first.kind, TokenKind::Word | TokenKind::Quoted | TokenKind::Number) {
            return Ok(None);
        }
        let Some((comparator, words)) = self.comparator(end) else { return Ok(None) };
        let comparator_span = self.span_of(1, words);
        let (literal, literal_tokens) = if comparator.ends_with("NULL") {
            (Literal::Absent, 0)
        } else {
            match self.literal(1 + words, end) {
                Some(literal) => literal,
                None => return Ok(None),
            }
        };
        if comparator.ends_with("IN") && !matches!(literal, Literal::List(..)) {
            return Ok(None);
        }
        self.count(&comparator, first)?;
        let literal_span = self.span_of(1 + words, literal_tokens);
        let clause = Clause { identifier: first, comparator, comparator_span, literal, literal_span };
        if rejects_bare_timestamp(&clause) && !house::is_time_clause(&clause, self.now_ns) {
            let mut words: Vec<(&str, TextSpan)> = self.tokens[self.at..=self.at + words]
                .iter()
                .map(|token| (token.text, token.span()))
                .collect();
            if literal_tokens > 0 {
                words.push((clause.literal.text(), clause.literal_span.clone()));
            }
            words.push((first.text, first.span()));
            let reason = Reason::BareTimestamp;
            let rejected =
                words.into_iter().map(|(text, span)| Rejected { text, span, reason, in_mlflow: true });
            self.rejected.extend(rejected);
        }
        self.at += 1 + words + literal_tokens;
        Ok(Some(clause))
    }

    /// Returns the comparator after the current token in upper case, and how many tokens it has.
    fn comparator(&self, end: usize) -> Option<(String, usize)> {
        let first = self.peek_at(1, end)?;
        if first.kind == TokenKind::Comparison {
            return Some((first.text.to_owned(), 1));
        }
        let is =
            |offset: usize, word: &str| self.peek_at(offset, end).is_some_and(|token| token.is_keyword(word));
        for word in ["LIKE", "ILIKE", "RLIKE", "IN"] {
            if is(1, word) {
                return Some((word.to_owned(), 1));
            }
            if is(1, "NOT") && is(2, word) {
                return Some((format!("NOT {word}"), 2));
            }
        }
        match (is(1, "IS"), is(2, "NULL"), is(2, "NOT") && is(3, "NULL")) {
            (true, true, _) => Some(("IS NULL".to_owned(), 2)),
            (true, _, true) => Some(("IS NOT NULL".to_owned(), 3)),
            _ => None,
        }
    }

    /// Returns the literal that begins `offset` tokens ahead, and how many tokens it has.
    fn literal(&self, offset: usize, end: usize) -> Option<(Literal<'a>, usize)> {
        let token = self.peek_at(offset, end)?;
        match token.kind {
            TokenKind::Quoted => Some((Literal::Quoted(token.text), 1)),
            TokenKind::Number => Some((Literal::Number(token.text), 1)),
            TokenKind::Word if CONNECTIVES.iter().any(|word| token.is_keyword(word)) => None,
            TokenKind::Word => Some((Literal::Word(token.text), 1)),
            TokenKind::Open => {
                let open = self.at + offset;
                let close = self.closing[open]?;
                let text = &self.text[token.start..self.tokens[close].span().end];
                Some((Literal::List(text, self.tokens[open + 1..close].to_vec()), close - open + 1))
            }
            _ => None,
        }
    }

    fn count(&mut self, comparator: &str, first: Token<'a>) -> Result<(), FilterError> {
        self.clauses += 1;
        self.regexes += usize::from(comparator == "RLIKE");
        if self.clauses > FILTER_CLAUSES_MAX {
            return Err(FilterError::new(Problem::TooManyClauses, first.span()));
        }
        if self.regexes > FILTER_RLIKE_MAX {
            return Err(FilterError::new(Problem::TooManyRegexes, first.span()));
        }
        Ok(())
    }

    fn reject(&mut self, token: Token<'a>) {
        let reason = Reason::Token(self.at);
        self.rejected.push(Rejected { text: token.text, span: token.span(), reason, in_mlflow: true });
        self.at += 1;
    }

    /// Rejects a connective without an operand. If something was rejected since its operands began, that is what is
    /// missing; MLflow's message leaves the connective out if anything was rejected before.
    fn miss_operand(&mut self, connective: Token<'a>, rejected_before: usize) {
        let in_mlflow = self.rejected.is_empty();
        if self.rejected.len() == rejected_before {
            let reason = Reason::MissingOperand;
            self.rejected.push(Rejected {
                text: connective.text,
                span: connective.span(),
                reason,
                in_mlflow,
            });
        }
    }

    fn descend(&mut self, token: Token<'a>) -> Result<(), FilterError> {
        self.depth += 1;
        if self.depth > FILTER_DEPTH_MAX {
            return Err(FilterError::new(Problem::TooDeep, token.span()));
        }
        Ok(())
    }

    fn peek(&self, end: usize) -> Option<Token<'a>> {
        self.peek_at(0, end)
    }

    fn peek_at(&self, offset: usize, end: usize) -> Option<Token<'a>> {
        let index = self.at + offset;
        if index < end { self.tokens.get(index).copied() } else { None }
    }

    /// Returns the place of `count` tokens that begin `offset` tokens ahead.
    fn span_of(&self, offset: usize, count: usize) -> TextSpan {
        let from = self.at + offset;
        match count {
            0 => self.tokens[from - 1].span(),
            _ => self.tokens[from].start..self.tokens[from + count - 1].span().end,
        }
    }
}

/// MLflow knows bare `timestamp` only with a whole number, and otherwise calls the clause invalid, naming the
/// field once more at its end. `trace.timestamp` has no such rule.
fn rejects_bare_timestamp(clause: &Clause<'_>) -> bool {
    let whole = matches!(clause.literal, Literal::Number(number) if !number.contains(['.', 'e', 'E']));
    let known = matches!(clause.comparator.as_str(), "=" | "!=" | "<" | "<=" | ">" | ">=");
    clause.identifier.text == "timestamp" && !(whole && known)
}

/// Takes the clauses out of their items, or `None` if there is a span group among them.
fn only_clauses<'a>(tree: Syntax<'a>) -> Option<Expr<Clause<'a>>> {
    let all = |parts: Vec<Syntax<'a>>| parts.into_iter().map(only_clauses).collect::<Option<Vec<_>>>();
    Some(match tree {
        Expr::And(parts) => Expr::And(all(parts)?),
        Expr::Or(parts) => Expr::Or(all(parts)?),
        Expr::Not(inner) => Expr::negate(only_clauses(*inner)?),
        Expr::Is(Item::Clause(clause)) => Expr::Is(clause),
        Expr::Is(Item::SpanGroup(_)) => return None,
    })
}
