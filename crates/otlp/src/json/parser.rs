//! A pull parser over JSON text: the caller asks for what it expects next, nothing is built.
//!
//! It is strict, with two exceptions that senders of telemetry need: `NaN`, `Infinity` and `-Infinity` are numbers (as
//! Python writes them), and half of a surrogate pair is read as U+FFFD (JavaScript cuts texts there).

use crate::error::DecodeError;
use crate::text::find_special;

/// Where the text stops being JSON, and what should be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    pub(crate) at: usize,
    pub(crate) expected: &'static str,
}

impl SyntaxError {
    /// Says where in the text that is, and what is there.
    #[cold]
    pub(crate) fn into_decode_error(self, text: &str) -> DecodeError {
        // `at` is before a character, as every token is ASCII up to where it breaks.
        let found = text.get(self.at..).and_then(|rest| rest.chars().next());
        let found = match found {
            Some(found) if found.is_control() => format!("`{}`", found.escape_debug()),
            Some(found) => format!("`{found}`"),
            None => "the end".into(),
        };
        DecodeError::json(text.as_bytes(), self.at, format!("expected {}, found {found}", self.expected))
    }
}

/// What kind of value comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Token {
    Object,
    Array,
    String,
    Number,
    True,
    False,
    Null,
}

/// Reads JSON text from front to back.
#[derive(Debug, Clone)]
pub(crate) struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Parser<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Parser { text, at: 0 }
    }

    /// Returns where the next token starts.
    pub(crate) fn position(&mut self) -> usize {
        self.skip_space();
        self.at
    }

    /// Returns to a position that [`Parser::position`] gave.
    pub(crate) fn rewind(&mut self, position: usize) {
        self.at = position;
    }

    /// Returns the text from `start` to here.
    pub(crate) fn text_from(&self, start: usize) -> &'a str {
        &self.text[start..self.at]
    }

    /// Says what kind of value comes next.
    pub(crate) fn peek(&mut self) -> Result<Token, SyntaxError> {
        Ok(match self.peek_byte() {
            Some(b'{') => Token::Object,
            Some(b'[') => Token::Array,
            Some(b'"') => Token::String,
            Some(b'-' | b'0'..=b'9' | b'N' | b'I') => Token::Number,
            Some(b't') => Token::True,
            Some(b'f') => Token::False,
            Some(b'n') => Token::Null,
            _ => return Err(self.expected("a value")),
        })
    }

    /// Enters an object; [`Parser::next_key`] follows.
    pub(crate) fn begin_object(&mut self) -> Result<(), SyntaxError> {
        self.byte(b'{', "`{`")
    }

    /// Returns the next key of an object, whose value must be read then; `None` at its end.
    pub(crate) fn next_key<'s>(
        &mut self,
        first: &mut bool,
        scratch: &'s mut String,
    ) -> Result<Option<&'s str>, SyntaxError>
    where
        'a: 's,
    {
        if !self.more(first, b'}', "`,` or `}`")? {
            return Ok(None);
        }
        let key = self.string(scratch)?;
        self.byte(b':', "`:`")?;
        Ok(Some(key))
    }

    /// Enters an array; [`Parser::next_element`] follows.
    pub(crate) fn begin_array(&mut self) -> Result<(), SyntaxError> {
        self.byte(b'[', "`[`")
    }

    /// Says whether another element of an array follows, which must be read then.
    pub(crate) fn next_element(&mut self, first: &mut bool) -> Result<bool, SyntaxError> {
        self.more(first, b']', "`,` or `]`")
    }

    fn more(&mut self, first: &mut bool, close: u8, expected: &'static str) -> Result<bool, SyntaxError> {
        if self.peek_byte() == Some(close) {
            self.at += 1;
            return Ok(false);
        }
        if !std::mem::replace(first, false) {
            self.byte(b',', expected)?;
        }
        Ok(true)
    }

    /// Reads a string; `scratch` holds it if it has escapes.
    pub(crate) fn string<'s>(&mut self, scratch: &'s mut String) -> Result<&'s str, SyntaxError>
    where
        'a: 's,
    {
        self.byte(b'"', "a string")?;
        let plain = self.plain_text()?;
        if self.text.as_bytes()[self.at] == b'"' {
            self.at += 1;
            return Ok(plain);
        }
        scratch.clear();
        scratch.push_str(plain);
        loop {
            self.at += 1;
            if self.text.as_bytes()[self.at - 1] == b'"' {
                return Ok(scratch);
            }
            let escaped = self.escape()?;
            scratch.push(escaped);
            scratch.push_str(self.plain_text()?);
        }
    }

    /// Reads up to the next quote or backslash, and stays before it.
    fn plain_text(&mut self) -> Result<&'a str, SyntaxError> {
        let rest = &self.text[self.at..];
        let length = find_special(rest.as_bytes()).unwrap_or(rest.len());
        self.at += length;
        match rest.as_bytes().get(length) {
            Some(b'"' | b'\\') => Ok(&rest[..length]),
            Some(_) => Err(self.expected("control characters as escapes")),
            None => Err(self.expected("`\"`")),
        }
    }

    /// Reads what follows a backslash.
    fn escape(&mut self) -> Result<char, SyntaxError> {
        let escaped = match self.text.as_bytes().get(self.at) {
            Some(&quoted @ (b'"' | b'\\' | b'/')) => quoted.into(),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode_escape(),
            _ => return Err(self.expected("one of `\"\\/bfnrtu`")),
        };
        self.at += 1;
        Ok(escaped)
    }

    fn unicode_escape(&mut self) -> Result<char, SyntaxError> {
        let unit = self.hex_unit(self.at + 1)?;
        self.at += 5;
        if !(0xd800..0xdc00).contains(&unit) {
            return Ok(char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        if self.text.as_bytes()[self.at..].starts_with(b"\\u") {
            let low = self.hex_unit(self.at + 2)?;
            if (0xdc00..0xe000).contains(&low) {
                self.at += 6;
                let code = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
                return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
        }
        Ok(char::REPLACEMENT_CHARACTER)
    }

    fn hex_unit(&self, at: usize) -> Result<u32, SyntaxError> {
        let digits = self.text.as_bytes().get(at..at + 4).unwrap_or_default();
        let unit =
            digits.iter().try_fold(0, |unit, &digit| Some(unit << 4 | char::from(digit).to_digit(16)?));
        unit.filter(|_| digits.len() == 4).ok_or(SyntaxError { at, expected: "four hex digits" })
    }

    /// Reads a number and returns its text.
    pub(crate) fn number(&mut self) -> Result<&'a str, SyntaxError> {
        let start = self.position();
        self.at += usize::from(self.text.as_bytes().get(start) == Some(&b'-'));
        for name in ["NaN", "Infinity"] {
            // `-NaN` is no number even for Python.
            if self.text.as_bytes()[self.at..].starts_with(name.as_bytes())
                && (name != "NaN" || self.at == start)
            {
                self.at += name.len();
                return Ok(self.text_from(start));
            }
        }
        if self.text.as_bytes().get(self.at) == Some(&b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.take_if(|byte| byte == b'.') {
            self.digits()?;
        }
        if self.take_if(|byte| matches!(byte, b'e' | b'E')) {
            self.take_if(|byte| matches!(byte, b'+' | b'-'));
            self.digits()?;
        }
        Ok(self.text_from(start))
    }

    fn digits(&mut self) -> Result<(), SyntaxError> {
        if !self.take_if(|byte| byte.is_ascii_digit()) {
            return Err(self.expected("a digit"));
        }
        while self.take_if(|byte| byte.is_ascii_digit()) {}
        Ok(())
    }

    fn take_if(&mut self, accept: fn(u8) -> bool) -> bool {
        let taken = self.text.as_bytes().get(self.at).is_some_and(|&byte| accept(byte));
        self.at += usize::from(taken);
        taken
    }

    /// Reads `true`, `false` or `null`.
    pub(crate) fn literal(&mut self, name: &'static str) -> Result<(), SyntaxError> {
        let start = self.position();
        if !self.text.as_bytes()[start..].starts_with(name.as_bytes()) {
            return Err(self.expected(name));
        }
        self.at += name.len();
        Ok(())
    }

    /// Skips one value of any depth, without recursion, and returns its text.
    pub(crate) fn skip_value(&mut self, scratch: &mut String) -> Result<&'a str, SyntaxError> {
        let start = self.position();
        // What closes the arrays and objects that are open.
        let mut open = Vec::new();
        loop {
            let mut first = false;
            match self.peek()? {
                Token::Object => {
                    self.begin_object()?;
                    open.push(b'}');
                    first = true;
                }
                Token::Array => {
                    self.begin_array()?;
                    open.push(b']');
                    first = true;
                }
                Token::String => drop(self.string(scratch)?),
                Token::Number => drop(self.number()?),
                Token::True => self.literal("true")?,
                Token::False => self.literal("false")?,
                Token::Null => self.literal("null")?,
            }
            if !self.close_values(&mut open, &mut first, scratch)? {
                return Ok(self.text_from(start));
            }
        }
    }

    /// Closes what ends here, and goes to the next value; false if none is open any more.
    fn close_values(
        &mut self,
        open: &mut Vec<u8>,
        first: &mut bool,
        scratch: &mut String,
    ) -> Result<bool, SyntaxError> {
        while let Some(&close) = open.last() {
            let more = match close {
                b'}' => self.next_key(first, scratch)?.is_some(),
                _ => self.next_element(first)?,
            };
            if more {
                return Ok(true);
            }
            open.pop();
            *first = false;
        }
        Ok(false)
    }

    /// Accepts nothing but space up to the end of the text.
    pub(crate) fn end(&mut self) -> Result<(), SyntaxError> {
        if self.peek_byte().is_some() { Err(self.expected("the end")) } else { Ok(()) }
    }

    fn byte(&mut self, byte: u8, expected: &'static str) -> Result<(), SyntaxError> {
        if self.peek_byte() != Some(byte) {
            return Err(self.expected(expected));
        }
        self.at += 1;
        Ok(())
    }

    fn peek_byte(&mut self) -> Option<u8> {
        self.skip_space();
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while self.take_if(|byte| matches!(byte, b' ' | b'\n' | b'\r' | b'\t')) {}
    }

    #[cold]
    fn expected(&self, expected: &'static str) -> SyntaxError {
        SyntaxError { at: self.at, expected }
    }
}
