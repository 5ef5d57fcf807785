//! `spanwise get --usage`: which spans a trace's tokens and cost come from.

use crate::api::{Cost, Usage};
use crate::table::{Cell, Column, layout};
use crate::terminal::{Painter, Style};
use crate::text::{cost_text, count_text, counted};
use serde::Deserialize;

const COLUMNS: [Column; 7] = [
    Column::new("SPAN ID"),
    Column::new("NAME").shrinks_to(10),
    Column::new("MODEL").shrinks_to(8).leaves(2),
    Column::new("INPUT").number().leaves(1),
    Column::new("TOTAL").number(),
    Column::new("COST").number(),
    Column::new("COUNTS").shrinks_to(20),
];

/// The answer of the API.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct UsageExplained {
    usage: Option<Usage>,
    cost: Option<Cost>,
    spans_without_cost: u64,
    client_gave_usage: bool,
    client_gave_cost: bool,
    spans: Vec<SpanUsage>,
    omitted: u64,
}

#[derive(Debug, Clone, Deserialize)]
struct SpanUsage {
    span_id: String,
    name: String,
    model: Option<String>,
    usage: Option<Usage>,
    cost: Option<Cost>,
    #[serde(default)]
    estimated_cost: Option<Cost>,
    counted: bool,
    reason: String,
    counted_span_id: Option<String>,
}

/// Returns the lines to print.
pub(super) fn lines(explained: &UsageExplained, width: Option<usize>, painter: Painter) -> Vec<String> {
    let rows: Vec<Vec<Cell>> = explained.spans.iter().map(row).collect();
    let mut lines = notes(explained);
    if !rows.is_empty() {
        lines.push(String::new());
        lines.extend(layout(&COLUMNS, &rows, width, painter));
    }
    lines
}

fn notes(explained: &UsageExplained) -> Vec<String> {
    let spans = counted(explained.spans.iter().filter(|span| span.counted).count() as u64, "span");
    let tokens = explained.usage.map_or("tokens unknown".to_owned(), |usage| counted(usage.total, "token"));
    let cost = explained.cost.map_or("cost unknown".to_owned(), |cost| cost_text(cost.total));
    let mut notes = vec![format!("{tokens}, {cost}, of {spans}")];
    if explained.cost.is_some() && explained.spans_without_cost > 0 {
        let spans = counted(explained.spans_without_cost, "span");
        notes.push(format!("the cost of {spans} that count is not known, and not in it"));
    }
    let given = [(explained.client_gave_usage, "tokens"), (explained.client_gave_cost, "cost")];
    let given: Vec<&str> =
        given.into_iter().filter(|(is_given, _)| *is_given).map(|(_, what)| what).collect();
    if !given.is_empty() {
        notes.push(format!("the trace shows the {} that its client gave instead", given.join(" and ")));
    }
    if explained.omitted > 0 {
        notes.push(format!("{} more spans report something", count_text(explained.omitted)));
    }
    notes
}

fn row(span: &SpanUsage) -> Vec<Cell> {
    let style = if span.counted { Style::Plain } else { Style::Dim };
    let tokens = |tokens: Option<u64>| tokens.map(count_text).unwrap_or_default();
    [
        span.span_id.clone(),
        span.name.clone(),
        span.model.clone().unwrap_or_default(),
        tokens(span.usage.map(|usage| usage.input)),
        tokens(span.usage.map(|usage| usage.total)),
        cost_of(span),
        why(span),
    ]
    .into_iter()
    .map(|text| (style, text))
    .collect()
}

/// Returns the cost, behind `~` if it is worked out from spans below.
fn cost_of(span: &SpanUsage) -> String {
    let estimated = || span.estimated_cost.map(|cost| format!("~{}", cost_text(cost.total)));
    span.cost.map(|cost| cost_text(cost.total)).or_else(estimated).unwrap_or_default()
}

/// Says whether a span counts, and why.
fn why(span: &SpanUsage) -> String {
    let above = span.counted_span_id.as_deref().unwrap_or("above");
    match span.reason.as_str() {
        "counted" if span.estimated_cost.is_some() => "yes, at the prices of the spans below".to_owned(),
        "counted" => "yes".to_owned(),
        "below_reporting_ancestor" => format!("no: {above} reports it too"),
        "duplicate" => format!("no: {above} reports the same call"),
        "replaced_by_descendants" => "no: the spans below report more".to_owned(),
        "repeats_descendants" => "no: the spans below report it, with its cost".to_owned(),
        // Of a newer server.
        other => format!("no: {}", other.replace('_', " ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn it_says_who_counts_and_why() {
        let usage = |input: u64| json!({"input": input, "output": 0, "total": input, "cache_read": null, "cache_write": null});
        let span = |id: &str, input: u64, reason: &str, above: Option<&str>| {
            json!({
                "span_id": id, "name": "call", "model": "gpt-4o", "usage": usage(input), "cost": null,
                "counted": reason == "counted", "reason": reason, "counted_span_id": above,
            })
        };
        let explained: UsageExplained = serde_json::from_value(json!({
            "usage": usage(1_500), "cost": null, "spans_without_cost": 1, "client_gave_usage": true,
            "client_gave_cost": false, "omitted": 0,
            "spans": [span("0a", 1_500, "counted", None), span("0b", 1_500, "duplicate", Some("0a"))],
        }))
        .unwrap();
        let lines = lines(&explained, None, Painter::off());
        assert_eq!(lines[0], "1,500 tokens, cost unknown, of 1 span");
        assert_eq!(lines[1], "the trace shows the tokens that its client gave instead");
        assert!(lines[4].ends_with("yes"), "{lines:?}");
        assert!(lines[5].ends_with("no: 0a reports the same call"), "{lines:?}");
    }
}
