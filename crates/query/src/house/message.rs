//! What is wrong with a clause, in the house's words: lower-case fragments that name the thing and the value, and say
//! what would be right.

use super::field::{self, Field};
use crate::analyze::FilterDiagnostic;
use crate::catalog;
use crate::error::FilterError;
use crate::filter::TextSpan;
use crate::lex::{Token, TokenKind};
use crate::suggest::closest;
use crate::syntax::Clause;

/// Most names that a message lists; `expected` has all of them.
const LISTED_MAX: usize = 16;
/// Longest quotation of what the user wrote, in characters.
const QUOTED_CHARS_MAX: usize = 60;
/// Operators of other languages, and ours.
const FOREIGN_OPERATORS: &[(&str, &str)] = &[
    ("==", "="),
    ("===", "="),
    ("<>", "!="),
    ("!==", "!="),
    ("=!", "!="),
    ("=>", ">="),
    ("=<", "<="),
    ("=~", "~"),
    ("~=", "~"),
    ("~~", "~"),
    ("!", "!="),
];
/// All operators that are words or signs: keys of maps have every one.
const OPERATORS: &[&str] = crate::catalog::MAP;

/// Builds a [`FilterDiagnostic`].
pub(crate) struct Diagnostic(FilterDiagnostic);

impl Diagnostic {
    pub(crate) fn new(message: impl Into<String>, span: TextSpan) -> Self {
        Diagnostic(FilterDiagnostic { message: message.into(), span, expected: Vec::new(), suggestion: None })
    }

    pub(crate) fn expect<S: AsRef<str>>(mut self, expected: &[S]) -> Self {
        self.0.expected = expected.iter().map(|one| one.as_ref().to_owned()).collect();
        self
    }

    pub(crate) fn suggest(mut self, suggestion: impl Into<String>) -> Self {
        self.0.suggestion = Some(suggestion.into());
        self
    }

    pub(crate) fn build(self) -> FilterDiagnostic {
        self.0
    }
}

/// Returns what the user wrote, cut if it is long.
pub(crate) fn quote(text: &str) -> String {
    match text.char_indices().nth(QUOTED_CHARS_MAX) {
        Some((end, _)) => format!("`{}…`", &text[..end]),
        None => format!("`{text}`"),
    }
}

/// Lists alternatives: `` `a`, `b` or `c` ``.
pub(crate) fn list<S: AsRef<str>>(items: &[S]) -> String {
    let quoted: Vec<String> = items.iter().map(|item| format!("`{}`", item.as_ref())).collect();
    match quoted.as_slice() {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

/// A limit or another problem that both grammars say in the same words.
pub(crate) fn shared(error: &FilterError) -> FilterDiagnostic {
    Diagnostic::new(error.to_string(), error.span.clone()).build()
}

/// The name is none of a field.
pub(crate) fn unknown_field(token: Token<'_>, in_group: bool) -> FilterDiagnostic {
    let span = token.span();
    if token.kind == TokenKind::Number || (token.kind == TokenKind::Quoted && token.text.starts_with('\'')) {
        let message = format!("{} is a value; the field comes first, as in `name = 'x'`", quote(token.text));
        return Diagnostic::new(message, span).expect(&["a field"]).build();
    }
    if in_group && !crate::house::field::candidates(true).contains(&token.text) && field::is_field(token.text)
    {
        let message =
            format!("{} is not a field of a span, so it can't stand in `span(…)`", quote(token.text));
        return Diagnostic::new(message, span).expect(&["a field of a span"]).build();
    }
    let name = crate::field::unquote(token.text);
    if let Some(map) = catalog::FIELDS
        .iter()
        .find(|info| info.kind == catalog::FieldKind::Map && name.trim_end_matches('.') == info.name)
    {
        let message = format!("`{0}` needs a key, as in `{0}.my_key`", map.name);
        return Diagnostic::new(message, span).expect(&["a key"]).build();
    }
    let message = format!("unknown field {}", quote(token.text));
    match closest_field(&name, in_group) {
        Some(suggestion) => {
            let message = format!("{message}; did you mean `{suggestion}`?");
            Diagnostic::new(message, span).expect(&[&suggestion]).suggest(suggestion).build()
        }
        None => {
            let names = field::candidates(in_group);
            let message = format!("{message}; fields are {}, …", list_some(&names));
            Diagnostic::new(message, span).expect(&names).build()
        }
    }
}

fn list_some(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().take(LISTED_MAX).map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

/// Returns the name that a misspelt one stands for, with its `trace.` and its key as they were.
pub(crate) fn closest_field(name: &str, in_group: bool) -> Option<String> {
    for entity in ["trace.", "attribute.", "attributes."] {
        if let Some(rest) = name.strip_prefix(entity) {
            let own = field::candidates(false).into_iter().filter(|name| !name.contains("span"));
            return closest(rest, own).map(|best| format!("{entity}{best}"));
        }
    }
    if let Some(best) = closest(name, field::candidates(in_group)) {
        return Some(best.to_owned());
    }
    // A key of a map whose own name is misspelt.
    let maps = ["tags", "metadata", "feedback", "expectation", "span", "trace"];
    let (map, key) = name.split_once('.')?;
    let best = closest(map, maps)?;
    let fixed = crate::write::field_text(&format!("{best}.{key}"));
    catalog::field_info(&format!("{best}.{key}")).map(|_| fixed)
}

/// Checks that the field has the clause's operator.
pub(crate) fn check_operator(clause: &Clause<'_>, field: &Field) -> Result<(), FilterDiagnostic> {
    let operators = field.operators();
    if operators.contains(&clause.comparator.as_str()) {
        return Ok(());
    }
    Err(no_operator(clause, operators))
}

/// The field does not have this operator, or nobody has.
pub(crate) fn no_operator(clause: &Clause<'_>, operators: &'static [&'static str]) -> FilterDiagnostic {
    let comparator = clause.comparator.as_str();
    let span = clause.comparator_span.clone();
    if OPERATORS.contains(&comparator) {
        let name = quote(clause.identifier.text);
        let message = format!("{name} has no operator `{comparator}`; it has {}", list(operators));
        let diagnostic = Diagnostic::new(message, span).expect(operators);
        return match (comparator, operators == catalog::CONTENT) {
            ("=", true) => diagnostic.suggest("~").build(),
            _ => diagnostic.build(),
        };
    }
    if let Some(positive) = comparator.strip_prefix("NOT ") {
        let message = format!(
            "there is no operator `{comparator}`; write `NOT {} {positive} …`",
            clause.identifier.text
        );
        return Diagnostic::new(message, span).expect(operators).build();
    }
    unknown_operator(comparator, span, operators)
}

/// The word or sign is no operator.
pub(crate) fn unknown_operator(
    word: &str,
    span: TextSpan,
    operators: &'static [&'static str],
) -> FilterDiagnostic {
    let foreign = FOREIGN_OPERATORS.iter().find(|(theirs, _)| *theirs == word).map(|(_, ours)| *ours);
    let best = foreign.or_else(|| closest(word, OPERATORS.iter().copied()));
    let message = format!("unknown operator {}", quote(word));
    match best.filter(|best| operators.contains(best)) {
        Some(best) => Diagnostic::new(format!("{message}; did you mean `{best}`?"), span)
            .expect(operators)
            .suggest(best)
            .build(),
        None => {
            let message = format!("{message}; expected {}", list(operators));
            Diagnostic::new(message, span).expect(operators).build()
        }
    }
}

/// Not a link to a prompt.
pub(crate) fn prompt(clause: &Clause<'_>) -> FilterDiagnostic {
    let message = format!(
        "{} names no version of a prompt; write `prompt = 'name/version'`",
        quote(clause.literal.text())
    );
    Diagnostic::new(message, clause.literal_span.clone()).expect(&["'name/version'"]).build()
}
