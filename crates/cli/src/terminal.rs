//! Printing: standard output for results, standard error for everything else, colours only where they are seen.

use std::fmt::{self, Write as _};
use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};
use std::sync::OnceLock;

/// Columns of a terminal that does not say how wide it is.
const WIDTH_DEFAULT: usize = 80;
/// Columns below which nothing sensible can be laid out; such a terminal gets wrapped lines.
const WIDTH_MIN: usize = 40;

/// What `--color` says, for the whole process.
static COLOR: OnceLock<ColorChoice> = OnceLock::new();

/// When colours are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(crate) enum ColorChoice {
    /// On a terminal.
    #[default]
    Auto,
    Always,
    Never,
}

/// Sets what `--color` says; the first call counts.
pub(crate) fn set_color(choice: ColorChoice) {
    COLOR.get_or_init(|| choice);
}

/// Prints a line on standard output; fails if nobody reads it any more.
pub(crate) fn out_line(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(line.as_bytes())?;
    out.write_all(b"\n")
}

/// Returns standard output for many lines; whoever writes must flush, to learn of errors.
pub(crate) fn buffered_stdout() -> BufWriter<StdoutLock<'static>> {
    BufWriter::new(io::stdout().lock())
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

/// Returns the columns of the terminal that standard output is, or nothing if it is none.
pub(crate) fn stdout_width() -> Option<usize> {
    io::stdout().is_terminal().then(|| columns(terminal_size::terminal_size_of(io::stdout())))
}

/// Returns the columns of the terminal that standard error is, or nothing if it is none.
pub(crate) fn stderr_width() -> Option<usize> {
    io::stderr().is_terminal().then(|| columns(terminal_size::terminal_size_of(io::stderr())))
}

fn columns(size: Option<(terminal_size::Width, terminal_size::Height)>) -> usize {
    size.map_or(WIDTH_DEFAULT, |(width, _)| usize::from(width.0)).max(WIDTH_MIN)
}

/// Says whether the locale has box-drawing characters. Where none is set, as in most containers, the terminal is
/// nearly always one of UTF-8.
pub(crate) fn is_utf8() -> bool {
    let variable = |name: &&str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(variable);
    locale.is_none_or(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}

/// How text looks on a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    Plain,
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
    /// Paints on standard output, if colours are seen there.
    pub(crate) fn for_stdout() -> Self {
        Painter { is_on: colors_for(io::stdout().is_terminal()) }
    }

    /// Paints on standard error, if colours are seen there.
    pub(crate) fn for_stderr() -> Self {
        Painter { is_on: colors_for(io::stderr().is_terminal()) }
    }

    /// Paints nothing.
    #[cfg(test)]
    pub(crate) fn off() -> Self {
        Painter { is_on: false }
    }

    /// Returns the text in a style.
    pub(crate) fn paint(self, style: Style, text: impl fmt::Display) -> String {
        let mut painted = String::new();
        let code = match style {
            Style::Plain => 0,
            Style::Bold => 1,
            Style::Dim => 2,
            Style::Red => 31,
            Style::Green => 32,
            Style::Yellow => 33,
            Style::Cyan => 36,
        };
        let written = match self.is_on && style != Style::Plain {
            true => write!(painted, "\x1b[{code}m{text}\x1b[0m"),
            false => write!(painted, "{text}"),
        };
        written.expect("writing to a string can't fail");
        painted
    }
}

fn colors_for(is_terminal: bool) -> bool {
    let variable = |name: &str| std::env::var(name).ok();
    choose_color(COLOR.get().copied().unwrap_or_default(), variable, is_terminal)
}

/// The flag wins, then <https://no-color.org>, then CLICOLOR_FORCE, then whether it is a terminal with colours.
fn choose_color(choice: ColorChoice, variable: impl Fn(&str) -> Option<String>, is_terminal: bool) -> bool {
    let is_set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
    match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto if is_set("NO_COLOR") => false,
        ColorChoice::Auto if variable("CLICOLOR_FORCE").is_some_and(|v| !v.is_empty() && v != "0") => true,
        ColorChoice::Auto => is_terminal && variable("TERM").as_deref() != Some("dumb"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(choice: ColorChoice, set: &[(&str, &str)], is_terminal: bool, expected: bool) {
        let variable =
            |name: &str| set.iter().find(|(known, _)| *known == name).map(|(_, value)| value.to_string());
        assert_eq!(choose_color(choice, variable, is_terminal), expected, "{choice:?} {set:?}");
    }

    #[test]
    fn the_flag_wins_over_variables_and_these_over_the_terminal() {
        check(ColorChoice::Auto, &[], true, true);
        check(ColorChoice::Auto, &[], false, false);
        check(ColorChoice::Auto, &[("NO_COLOR", "1")], true, false);
        check(ColorChoice::Auto, &[("NO_COLOR", "")], true, true);
        check(ColorChoice::Auto, &[("TERM", "dumb")], true, false);
        check(ColorChoice::Auto, &[("CLICOLOR_FORCE", "1")], false, true);
        check(ColorChoice::Auto, &[("CLICOLOR_FORCE", "0")], false, false);
        check(ColorChoice::Auto, &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], true, false);
        check(ColorChoice::Always, &[("NO_COLOR", "1")], false, true);
        check(ColorChoice::Never, &[("CLICOLOR_FORCE", "1")], true, false);
    }
}
