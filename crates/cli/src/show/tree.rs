//! A trace as a tree on the terminal.

use super::search::{nanoseconds, readable};
use super::{cost_text, duration_text};
use crate::terminal::{Painter, Style, one_line, out_line};
use anyhow::Result;
use serde_json::Value;
use spanwise_genai::derive;
use spanwise_model::{Cost, SpanId, TokenUsage};
use spanwise_otlp::{SpanView, scan_traces};
use std::collections::{HashMap, HashSet};

/// Characters of free text in a line.
const TEXT_CHARS: usize = 100;

/// Levels that are drawn; deeper spans stay in the last column, for a trace may nest a hundred thousand deep.
const DRAWN_LEVELS_MAX: usize = 40;

/// What a line of the tree shows.
struct Row {
    span_id: SpanId,
    parent_id: Option<SpanId>,
    name: String,
    span_type: String,
    start_ns: i64,
    end_ns: Option<i64>,
    /// The status message of a failed span.
    error: Option<String>,
    model: Option<String>,
    usage: Option<TokenUsage>,
    cost: Option<Cost>,
}

/// Prints the trace's record and its spans, children below their parent.
pub(super) fn print_tree(info: &Value, spans: &[u8]) -> Result<()> {
    let painter = Painter::for_stdout();
    print_head(info, painter)?;
    let rows = read_rows(spans)?;
    for (depth_marks, row) in in_tree_order(&rows) {
        out_line(&line(&depth_marks, &rows[row], painter))?;
    }
    Ok(())
}

fn print_head(info: &Value, painter: Painter) -> Result<()> {
    let text = |value: &Value| one_line(value.as_str().unwrap_or_default(), TEXT_CHARS);
    let id = painter.paint(Style::Bold, text(&info["trace_id"]));
    let state = match info["state"].as_str().unwrap_or_default() {
        state @ "OK" => painter.paint(Style::Green, state),
        state @ "ERROR" => painter.paint(Style::Red, state),
        state => painter.paint(Style::Yellow, state),
    };
    let duration = nanoseconds(&info["execution_duration"]).map(duration_text).unwrap_or_default();
    out_line(&format!("{id}  {state}  {duration}  {}", text(&info["request_time"])))?;
    for (label, value) in [
        ("session", &info["trace_metadata"]["mlflow.trace.session"]),
        ("user", &info["trace_metadata"]["mlflow.trace.user"]),
        ("input", &info["request_preview"]),
        ("output", &info["response_preview"]),
    ] {
        if let Some(value) = value.as_str() {
            let value = one_line(&readable(value), TEXT_CHARS);
            out_line(&format!("{}  {value}", painter.paint(Style::Dim, format!("{label:7}"))))?;
        }
    }
    for assessment in info["assessments"].as_array().into_iter().flatten() {
        let value = assessment.get("feedback").or_else(|| assessment.get("expectation"));
        let value = value.map(|value| value["value"].to_string()).unwrap_or_default();
        let line = format!("{} = {}", text(&assessment["assessment_name"]), one_line(&value, TEXT_CHARS));
        out_line(&format!("{}  {line}", painter.paint(Style::Dim, "judged ")))?;
    }
    out_line("")?;
    Ok(())
}

fn read_rows(spans: &[u8]) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for scope in scan_traces(spans)?.iter().flat_map(|resource| &resource.scopes) {
        for raw in &scope.spans {
            rows.push(read_row(raw)?);
        }
    }
    Ok(rows)
}

fn read_row(raw: &[u8]) -> Result<Row> {
    let span = SpanView::parse(raw)?;
    let (_, span_id, parent_id) = span.ids()?;
    let derived = derive(&span, &[]);
    let failed = span.status_code == 2;
    Ok(Row {
        span_id,
        parent_id,
        name: one_line(span.name, TEXT_CHARS),
        span_type: derived.span_type().to_owned(),
        start_ns: span.start_ns(),
        end_ns: span.end_ns(),
        error: failed.then(|| one_line(span.status_message, TEXT_CHARS)),
        model: derived.model.as_deref().map(|model| one_line(model, TEXT_CHARS)),
        usage: derived.usage,
        cost: derived.cost,
    })
}

/// Returns rows in the order of the tree, each with the marks that draw its branch.
///
/// A span whose parent is not here is a root; spans whose parents form a cycle come last, since nothing leads to them.
fn in_tree_order(rows: &[Row]) -> Vec<(String, usize)> {
    let known: HashSet<SpanId> = rows.iter().map(|row| row.span_id).collect();
    let mut children: HashMap<Option<SpanId>, Vec<usize>> = HashMap::new();
    for (index, row) in rows.iter().enumerate() {
        children.entry(row.parent_id.filter(|parent| known.contains(parent))).or_default().push(index);
    }
    for siblings in children.values_mut() {
        siblings.sort_by_key(|&index| (rows[index].start_ns, rows[index].span_id));
    }
    let mut ordered = Vec::with_capacity(rows.len());
    let mut visited = vec![false; rows.len()];
    let roots = children.get(&None).cloned().unwrap_or_default();
    for start in roots.into_iter().chain(0..rows.len()) {
        // A stack instead of recursion, for the same reason.
        let mut open = vec![(start, String::new(), String::new(), 0)];
        while let Some((index, marks, margin, level)) = open.pop() {
            if std::mem::replace(&mut visited[index], true) {
                continue;
            }
            let below = children.get(&Some(rows[index].span_id)).map(Vec::as_slice).unwrap_or_default();
            for (position, &child) in below.iter().enumerate().rev() {
                let is_last = position + 1 == below.len();
                let (mark, space) = if is_last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
                let below =
                    if level < DRAWN_LEVELS_MAX { format!("{margin}{space}") } else { margin.clone() };
                open.push((child, format!("{margin}{mark}"), below, level + 1));
            }
            ordered.push((marks, index));
        }
    }
    ordered
}

fn line(marks: &str, row: &Row, painter: Painter) -> String {
    let mut line = painter.paint(Style::Dim, marks);
    line.push_str(&match row.error {
        Some(_) => painter.paint(Style::Red, &row.name),
        None => row.name.clone(),
    });
    let mut add = |style, text: String| line.push_str(&format!("  {}", painter.paint(style, text)));
    add(Style::Cyan, row.span_type.clone());
    add(
        Style::Bold,
        row.end_ns.map_or("open".to_owned(), |end| duration_text(end.saturating_sub(row.start_ns))),
    );
    if let Some(model) = &row.model {
        add(Style::Dim, model.clone());
    }
    if let Some(usage) = &row.usage {
        add(Style::Dim, format!("{} → {} tokens", usage.input, usage.output));
    }
    if let Some(cost) = &row.cost {
        add(Style::Dim, cost_text(cost.total));
    }
    if let Some(error) = &row.error {
        add(Style::Red, format!("ERROR {error}").trim_end().to_owned());
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Builds rows of (id, parent, start) and compares the drawn tree.
    fn check(spans: &[(u8, u8, i64)], expected: &[&str]) {
        let row = |&(id, parent, start_ns): &(u8, u8, i64)| Row {
            span_id: SpanId([id; 8]),
            parent_id: (parent > 0).then_some(SpanId([parent; 8])),
            name: id.to_string(),
            span_type: String::new(),
            start_ns,
            end_ns: None,
            error: None,
            model: None,
            usage: None,
            cost: None,
        };
        let rows: Vec<Row> = spans.iter().map(row).collect();
        let drawn: Vec<String> = in_tree_order(&rows)
            .into_iter()
            .map(|(marks, row)| format!("{marks}{}", rows[row].name))
            .collect();
        assert_eq!(drawn, expected);
    }

    #[test]
    fn children_follow_their_parent_by_start() {
        check(&[(4, 2, 9), (3, 1, 5), (2, 1, 2), (1, 0, 1)], &["1", "├─ 2", "│  └─ 4", "└─ 3"]);
    }

    #[test]
    fn a_span_without_its_parent_is_a_root() {
        check(&[(2, 9, 1), (3, 2, 2)], &["2", "└─ 3"]);
    }

    #[test]
    fn cycles_are_shown_once() {
        check(&[(1, 2, 1), (2, 1, 2), (3, 3, 3)], &["1", "└─ 2", "3"]);
    }
}
