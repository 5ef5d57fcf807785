//! Values as the text that MLflow stores: what Python's `json.dumps(value, ensure_ascii=False)` writes.
//!
//! Separators are `", "` and `": "`, floats are Python's `repr`, and integers keep all of their digits, so JSON text
//! is rewritten token by token: `serde_json` would read an integer of more than 64 bits as a float.

use crate::error::DecodeError;
use crate::json::parser::{Parser, SyntaxError, Token};
use crate::json::scalar::parse_double;
use crate::text::{push_base64, push_display, push_double, push_string};
use crate::value::{AnyValueView, KvListView};
use serde_json::Value;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// Appends a value; `Empty` is `null`, and bytes are a base64 string.
pub fn write_json(value: AnyValueView<'_>, out: &mut String) {
    match value {
        AnyValueView::Empty => out.push_str("null"),
        AnyValueView::String(text) => push_string(text, out),
        AnyValueView::Bool(value) => push_bool(value, out),
        AnyValueView::Int(value) => push_display(value, out),
        AnyValueView::Double(value) => push_double(value, out),
        AnyValueView::Bytes(bytes) => {
            out.push('"');
            push_base64(bytes, out);
            out.push('"');
        }
        AnyValueView::Array(array) => {
            write_list(array.iter(), out, ('[', ']'), |element, out| write_json(element, out));
        }
        AnyValueView::KvList(list) => {
            write_list(dict_entries(list).into_iter(), out, ('{', '}'), |(key, value), out| {
                push_string(key, out);
                out.push_str(": ");
                write_json(value, out);
            });
        }
    }
}

/// Appends an attribute as MLflow stores it: a text that is itself a JSON object, array or string stays as it is, and
/// anything else goes through [`write_json`].
pub fn write_attribute(value: AnyValueView<'_>, out: &mut String) {
    match value {
        AnyValueView::String(text) if is_json_container_or_string(text) => out.push_str(text),
        value => write_json(value, out),
    }
}

/// Appends a value of `serde_json`.
pub fn write_value(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(value) => push_bool(*value, out),
        Value::Number(number) => match number.as_f64().filter(|_| number.is_f64()) {
            Some(value) => push_double(value, out),
            None => push_display(number, out),
        },
        Value::String(text) => push_string(text, out),
        Value::Array(elements) => write_list(elements.iter(), out, ('[', ']'), write_value),
        Value::Object(entries) => write_list(entries.iter(), out, ('{', '}'), |(key, value), out| {
            push_string(key, out);
            out.push_str(": ");
            write_value(value, out);
        }),
    }
}

fn push_bool(value: bool, out: &mut String) {
    out.push_str(if value { "true" } else { "false" });
}

fn write_list<T>(
    items: impl Iterator<Item = T>,
    out: &mut String,
    (open, close): (char, char),
    write: impl Fn(T, &mut String),
) {
    out.push(open);
    for (index, item) in items.enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        write(item, out);
    }
    out.push(close);
}

/// Returns the entries of a map as a Python `dict` keeps them: a key that comes again changes the value in its place.
fn dict_entries<'a>(list: KvListView<'a>) -> Vec<(&'a str, AnyValueView<'a>)> {
    let (mut entries, mut places) = (Vec::new(), HashMap::new());
    for (key, value) in list.iter() {
        match places.entry(key) {
            Entry::Occupied(place) => entries[*place.get()] = (key, value),
            Entry::Vacant(place) => {
                place.insert(entries.len());
                entries.push((key, value));
            }
        }
    }
    entries
}

/// Appends what Python writes after reading `json`; of a key that comes twice in an object it keeps both.
pub fn rewrite_json(json: &str, out: &mut String) -> Result<(), DecodeError> {
    rewrite(json, out).map_err(|error| error.into_decode_error(json))
}

fn rewrite(json: &str, out: &mut String) -> Result<(), SyntaxError> {
    let (mut parser, mut scratch) = (Parser::new(json), String::new());
    // What closes the arrays and objects that are open; a stack, so that no depth is too much.
    let mut open = Vec::new();
    loop {
        let depth = open.len();
        rewrite_token(&mut parser, &mut scratch, &mut open, out)?;
        let mut first = open.len() > depth;
        if !close_values(&mut parser, &mut scratch, &mut open, &mut first, out)? {
            return parser.end();
        }
    }
}

fn rewrite_token(
    parser: &mut Parser<'_>,
    scratch: &mut String,
    open: &mut Vec<char>,
    out: &mut String,
) -> Result<(), SyntaxError> {
    match parser.peek()? {
        Token::Object => {
            parser.begin_object()?;
            out.push('{');
            open.push('}');
        }
        Token::Array => {
            parser.begin_array()?;
            out.push('[');
            open.push(']');
        }
        Token::String => push_string(parser.string(scratch)?, out),
        Token::Number => push_number(parser.number()?, out),
        Token::True => parser.literal("true").map(|()| out.push_str("true"))?,
        Token::False => parser.literal("false").map(|()| out.push_str("false"))?,
        Token::Null => parser.literal("null").map(|()| out.push_str("null"))?,
    }
    Ok(())
}

/// Closes what ends here, and goes to the next value; false if none is open any more.
fn close_values(
    parser: &mut Parser<'_>,
    scratch: &mut String,
    open: &mut Vec<char>,
    first: &mut bool,
    out: &mut String,
) -> Result<bool, SyntaxError> {
    while let Some(&close) = open.last() {
        let separator = if *first { "" } else { ", " };
        if close == ']' {
            if parser.next_element(first)? {
                out.push_str(separator);
                return Ok(true);
            }
        } else if let Some(key) = parser.next_key(first, scratch)? {
            out.push_str(separator);
            push_string(key, out);
            out.push_str(": ");
            return Ok(true);
        }
        out.push(close);
        open.pop();
        *first = false;
    }
    Ok(false)
}

fn push_number(text: &str, out: &mut String) {
    let is_integer = text.bytes().all(|byte| byte == b'-' || byte.is_ascii_digit());
    match text {
        "-0" => out.push('0'),
        text if is_integer => out.push_str(text),
        text => push_double(parse_double(text).unwrap_or(f64::NAN), out),
    }
}

/// Says whether a text is a whole JSON object, array or string, which MLflow takes for a serialized value.
pub fn is_json_container_or_string(text: &str) -> bool {
    let (mut parser, mut scratch) = (Parser::new(text), String::new());
    matches!(parser.peek(), Ok(Token::Object | Token::Array | Token::String))
        && parser.skip_value(&mut scratch).is_ok()
        && parser.end().is_ok()
}
