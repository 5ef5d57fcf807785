//! Printing: standard output for results, standard error for everything else, colours only on a terminal.

use std::fmt::{self, Write as _};
use std::io::{self, IsTerminal, Write};

/// Prints a line on standard output; fails if nobody reads it any more.
pub(crate) fn out_line(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(line.as_bytes())?;
    out.write_all(b"\n")
}

/// Prints a line on standard error; there is nowhere to report that this failed.
pub(crate) fn err_line(line: &str) {
    drop(writeln!(io::stderr(), "{line}"));
}

/// Says whether an error is that the reader of our output went away.
pub(crate) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let is_pipe = |error: &io::Error| error.kind() == io::ErrorKind::BrokenPipe;
    error.chain().any(|cause| cause.downcast_ref::<io::Error>().is_some_and(is_pipe))
}

/// How text looks on a terminal.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Style {
    Bold,
    Dim,
    Red,
    Green,
    Yellow,
    Cyan,
}

/// Writes styles, or leaves them out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Painter {
    is_on: bool,
}

impl Painter {
    /// Paints if standard output is a terminal and `NO_COLOR` is not set (<https://no-color.org>).
    pub(crate) fn for_stdout() -> Self {
        let forbidden = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Painter { is_on: io::stdout().is_terminal() && !forbidden }
    }

    /// Returns the text in a style.
    pub(crate) fn paint(self, style: Style, text: impl fmt::Display) -> String {
        let mut painted = String::new();
        let code = match style {
            Style::Bold => 1,
            Style::Dim => 2,
            Style::Red => 31,
            Style::Green => 32,
            Style::Yellow => 33,
            Style::Cyan => 36,
        };
        let written = match self.is_on {
            true => write!(painted, "\x1b[{code}m{text}\x1b[0m"),
            false => write!(painted, "{text}"),
        };
        written.expect("writing to a string can't fail");
        painted
    }
}

/// Makes text safe and short for one line of a terminal: control characters become spaces, and what is beyond
/// `max_chars` an ellipsis. Traces hold text of strangers, which must not move the cursor or change colours.
pub(crate) fn one_line(text: &str, max_chars: usize) -> String {
    let mut line = String::new();
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    for (index, word) in words.enumerate() {
        if index > 0 {
            line.push(' ');
        }
        line.push_str(word);
        // Enough to see that it is too long; the rest may be a megabyte.
        if line.chars().count() > max_chars {
            break;
        }
    }
    match line.char_indices().nth(max_chars) {
        Some(_) => line.chars().take(max_chars.saturating_sub(1)).chain(['…']).collect(),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(one_line(text, 10), expected);
    }

    #[test]
    fn a_line_is_short_and_has_no_control_characters() {
        check("hello", "hello");
        check("a\n\tb\x1b[31mc", "a b [31mc");
        check("exactly 10", "exactly 10");
        check("more than ten", "more than…");
        check(&"é".repeat(11), "ééééééééé…");
    }
}
