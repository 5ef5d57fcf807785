//! Filters that can't be understood: the text with a caret line under each of its problems. Pure, but for asking the
//! server which of two texts the problems are of.

use crate::api::FilterProblem;
use crate::client::{Client, Refusal};
use crate::terminal::{Painter, Style, stderr_width};
use crate::text::{one_line, url_encoded, width};
use anyhow::{Error, Result, anyhow};
use serde::Deserialize;

/// Columns of a line where no terminal limits it. A message that has no room beside its carets gets a line of its own.
const WIDTH_DEFAULT: usize = 160;
/// Columns of a message.
const MESSAGE_WIDTH_MAX: usize = 500;
/// The margin of the filter and of its carets.
const MARGIN: &str = "  ";

/// What checks a filter and an order.
#[derive(Deserialize)]
struct FilterCheck {
    valid: bool,
    errors: Vec<FilterProblem>,
}

/// Makes an error of a request with a filter and an order readable, if it is about them.
pub(crate) async fn explain(
    error: Error,
    client: &Client,
    filter: Option<&str>,
    order_by: Option<&str>,
) -> Error {
    if !error.downcast_ref::<Refusal>().is_some_and(|refusal| refusal.is_about_a_query) {
        return error;
    }
    // Problems name their place, but not the text that it is in; so each text is asked for alone.
    let mut parts = Vec::new();
    for (noun, parameter, text) in [("filter", "text", filter), ("order", "order_by", order_by)] {
        match explain_one(client, noun, parameter, text.unwrap_or_default()).await {
            Ok(part) => parts.extend(part),
            Err(_) => return error,
        }
    }
    if parts.is_empty() { error } else { anyhow!(parts.join("\n\n")) }
}

/// Returns what is wrong with a text; nothing if it is understood.
async fn explain_one(client: &Client, noun: &str, parameter: &str, text: &str) -> Result<Option<String>> {
    let path = |text: &str| format!("/api/v1/filter?{parameter}={}", url_encoded(text));
    let check: FilterCheck = client.get_json(&path(text)).await?;
    if check.valid {
        return Ok(None);
    }
    let columns = stderr_width().unwrap_or(WIDTH_DEFAULT);
    let mut part = explained(noun, text, &check.errors, columns, Painter::for_stderr());
    if let Some(corrected) = corrected(text, &check.errors) {
        // Suggestions that are right one by one need not be so together.
        let is_valid = client.get_json::<FilterCheck>(&path(&corrected)).await?.valid;
        if is_valid {
            part.push_str(&format!("\n\ndid you mean: {}", visible(&corrected)));
        }
    }
    Ok(Some(part))
}

/// Returns what is wrong with a text, each problem under its place.
fn explained(noun: &str, text: &str, problems: &[FilterProblem], columns: usize, painter: Painter) -> String {
    let mut lines = vec![format!("cannot understand the {noun}"), String::new()];
    let mut sorted: Vec<&FilterProblem> = problems.iter().collect();
    sorted.sort_by_key(|problem| problem.start);
    let mut start = 0;
    for line in text.split('\n') {
        let end = start + line.len();
        // A problem at the very end of the text is after its last character.
        let here = |problem: &&FilterProblem| (start..=end).contains(&problem.start.min(text.len()));
        let here: Vec<&FilterProblem> = sorted.iter().copied().filter(here).collect();
        if !here.is_empty() || text.len() < MESSAGE_WIDTH_MAX {
            lines.push(format!("{MARGIN}{}", visible(line)));
        }
        for problem in here {
            push_carets(&mut lines, (line, start), problem, columns, painter);
        }
        start = end + 1;
    }
    lines.join("\n")
}

fn push_carets(
    lines: &mut Vec<String>,
    (line, line_start): (&str, usize),
    problem: &FilterProblem,
    columns: usize,
    painter: Painter,
) {
    let within = |offset: usize| {
        let offset = offset.saturating_sub(line_start).min(line.len());
        (0..=offset).rev().find(|&offset| line.is_char_boundary(offset)).unwrap_or(0)
    };
    let (start, end) = (within(problem.start), within(problem.end));
    let before = width(&visible(&line[..start]));
    let carets = "^".repeat(width(&visible(&line[start..end.max(start)])).max(1));
    let margin = format!("{MARGIN}{}", " ".repeat(before));
    let carets_width = width(&margin) + carets.len();
    let carets = painter.paint(Style::Red, carets);
    let message = message(problem);
    match carets_width + width(&message) < columns {
        true => lines.push(format!("{margin}{carets} {message}")),
        false => lines.extend([format!("{margin}{carets}"), format!("{MARGIN}{message}")]),
    }
}

fn message(problem: &FilterProblem) -> String {
    let message = one_line(&problem.message, MESSAGE_WIDTH_MAX);
    // Most messages say so themselves.
    let is_said = |expected: &String| {
        let bare = expected.trim_start_matches("a ").trim_start_matches("an ");
        message.contains(bare)
    };
    let is_clear = message.contains("expected") || message.contains("did you mean");
    if problem.expected.is_empty() || is_clear || problem.expected.iter().any(is_said) {
        return message;
    }
    format!("{message}; expected {}", one_line(&problem.expected.join(", "), MESSAGE_WIDTH_MAX))
}

/// Returns the text with every suggestion in its place; nothing if a problem has none.
fn corrected(text: &str, problems: &[FilterProblem]) -> Option<String> {
    let mut sorted: Vec<&FilterProblem> = problems.iter().collect();
    sorted.sort_by_key(|problem| problem.start);
    let mut corrected = text.to_owned();
    let mut next = text.len();
    for problem in sorted.iter().rev() {
        let suggestion = problem.suggestion.as_ref()?;
        let place = problem.start..problem.end;
        if problem.end > next || text.get(place.clone()).is_none() {
            return None;
        }
        corrected.replace_range(place, suggestion);
        next = problem.start;
    }
    Some(corrected)
}

/// A control character would move the carets from their place.
fn visible(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(message: &str, start: usize, end: usize, suggestion: Option<&str>) -> FilterProblem {
        FilterProblem {
            message: message.to_owned(),
            start,
            end,
            expected: Vec::new(),
            suggestion: suggestion.map(str::to_owned),
        }
    }

    fn check(text: &str, problems: &[FilterProblem], expected: &str) {
        let explained = explained("filter", text, problems, 60, Painter::off());
        assert_eq!(explained, format!("cannot understand the filter\n\n{expected}"));
    }

    #[test]
    fn each_problem_has_its_carets() {
        check(
            "nmae = 'é' AND tokens > many",
            &[
                problem("expected a number", 25, 29, None),
                problem("unknown field `nmae`", 0, 4, Some("name")),
            ],
            "  nmae = 'é' AND tokens > many\n  \
             ^^^^ unknown field `nmae`\n                          \
             ^^^^ expected a number",
        );
    }

    #[test]
    fn a_message_without_room_has_a_line_of_its_own() {
        let long = "it is too long to stand beside its carets in sixty columns";
        check("name = 'a'", &[problem(long, 0, 4, None)], &format!("  name = 'a'\n  ^^^^\n  {long}"));
    }

    #[test]
    fn what_would_be_right_is_said_once() {
        let of = |message: &str, expected: &[&str]| {
            let expected = expected.iter().map(|text| (*text).to_owned()).collect();
            super::message(&FilterProblem { expected, ..problem(message, 0, 1, None) })
        };
        assert_eq!(of("`x` is odd", &["a number", "a text"]), "`x` is odd; expected a number, a text");
        assert_eq!(of("it takes a number", &["a number"]), "it takes a number");
        assert_eq!(of("expected a number", &["a text"]), "expected a number");
        assert_eq!(of("odd", &[]), "odd");
    }

    #[test]
    fn a_correction_has_every_suggestion() {
        let both = [problem("unknown", 15, 21, Some("status")), problem("unknown", 0, 4, Some("name"))];
        let corrected_text = corrected("nmae = 'a' AND statsu = 'OK'", &both);
        assert_eq!(corrected_text.as_deref(), Some("name = 'a' AND status = 'OK'"));
        assert_eq!(corrected("ab", &[problem("unknown", 0, 2, None)]), None);
        assert_eq!(corrected("ab", &[problem("x", 0, 2, Some("c")), problem("y", 1, 2, Some("d"))]), None);
        assert_eq!(corrected("é", &[problem("x", 1, 2, Some("c"))]), None);
    }

    #[test]
    fn an_end_that_came_too_early_is_shown_after_the_text() {
        check("name =", &[problem("expected a value", 6, 6, None)], "  name =\n        ^ expected a value");
    }

    #[test]
    fn each_line_has_its_own_problems() {
        check(
            "name = 'a'\nAND x = 1",
            &[problem("unknown field", 15, 16, None)],
            "  name = 'a'\n  AND x = 1\n      ^ unknown field",
        );
    }

    #[test]
    fn places_outside_of_the_text_are_its_end() {
        check("é", &[problem("odd", 1, 90, None)], "  é\n  ^ odd");
        check("é", &[problem("odd", 80, 90, None)], "  é\n   ^ odd");
    }
}
