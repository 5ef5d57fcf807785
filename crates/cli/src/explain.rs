//! Filters that can't be understood: the text with a caret line under each of its problems. Pure, but for asking the
//! server which of two texts the problems are of.

use crate::api::FilterProblem;
use crate::client::{Client, Refusal};
use crate::terminal::{Painter, Style};
use crate::text::{one_line, url_encoded, width};
use anyhow::{Error, anyhow};
use serde::Deserialize;

/// Columns of a message that stands beside its carets; a longer one gets a line of its own.
const BESIDE_WIDTH_MAX: usize = 100;
/// Columns of a message.
const MESSAGE_WIDTH_MAX: usize = 500;
/// The margin of the filter and of its carets.
const MARGIN: &str = "  ";

/// The route that checks a filter.
#[derive(Deserialize)]
struct FilterCheck {
    errors: Vec<FilterProblem>,
}

/// Makes an error of a request with a filter and an order readable, if it is about them.
pub(crate) async fn explain(
    error: Error,
    client: &Client,
    filter: Option<&str>,
    order_by: Option<&str>,
) -> Error {
    let Some(refusal) = error.downcast_ref::<Refusal>().filter(|refusal| !refusal.problems.is_empty()) else {
        return error;
    };
    let painter = Painter::for_stderr();
    let Some(order_by) = order_by else {
        return anyhow!(explained("filter", filter.unwrap_or_default(), &refusal.problems, painter));
    };
    // Problems name their place, but not the text that it is in; so each text is asked for alone.
    let mut parts = Vec::new();
    for (noun, text, parameter) in
        [("filter", filter.unwrap_or_default(), "text"), ("order", order_by, "order_by")]
    {
        let path = format!("/api/v1/filter?{parameter}={}", url_encoded(text));
        match client.get_json::<FilterCheck>(&path).await {
            Ok(check) if !check.errors.is_empty() => {
                parts.push(explained(noun, text, &check.errors, painter))
            }
            Ok(_) => {}
            Err(_) => return error,
        }
    }
    if parts.is_empty() { error } else { anyhow!(parts.join("\n")) }
}

/// Returns what is wrong with a text, each problem under its place.
fn explained(noun: &str, text: &str, problems: &[FilterProblem], painter: Painter) -> String {
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
            push_carets(&mut lines, line, start, problem, painter);
        }
        start = end + 1;
    }
    if let Some(corrected) = corrected(text, &sorted) {
        lines.extend([String::new(), format!("did you mean: {}", visible(&corrected))]);
    }
    lines.join("\n")
}

fn push_carets(
    lines: &mut Vec<String>,
    line: &str,
    line_start: usize,
    problem: &FilterProblem,
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
    match carets_width + width(&message) < BESIDE_WIDTH_MAX {
        true => lines.push(format!("{margin}{carets} {message}")),
        false => lines.extend([format!("{margin}{carets}"), format!("{MARGIN}{message}")]),
    }
}

fn message(problem: &FilterProblem) -> String {
    let message = one_line(&problem.message, MESSAGE_WIDTH_MAX);
    if problem.expected.is_empty() || message.contains("expected") || message.contains("did you mean") {
        return message;
    }
    format!("{message}; expected {}", one_line(&problem.expected.join(", "), MESSAGE_WIDTH_MAX))
}

/// Returns the text with every suggestion in its place; nothing if a problem has none.
fn corrected(text: &str, sorted: &[&FilterProblem]) -> Option<String> {
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
        let explained = explained("filter", text, problems, Painter::off());
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
    fn a_correction_is_offered_whole() {
        check(
            "nmae = 'a' AND statsu = 'OK'",
            &[problem("unknown field", 0, 4, Some("name")), problem("unknown field", 15, 21, Some("status"))],
            "  nmae = 'a' AND statsu = 'OK'\n  ^^^^ unknown field\n                 ^^^^^^ unknown field\n\n\
             did you mean: name = 'a' AND status = 'OK'",
        );
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
        check("é", &[problem("odd", 80, 90, Some("x"))], "  é\n   ^ odd");
    }
}
