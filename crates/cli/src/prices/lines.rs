//! Prices for people: tables and lines.

use super::{ListInfo, Match, NAME_WIDTH_MAX, Override, Row, State};
use crate::table::{Cell, Column, layout};
use crate::terminal::{Painter, Style, out_line, stdout_width};
use crate::text::{counted, one_line};
use serde_json::{Map, Value};
use std::io;

const OVERRIDES: [Column; 4] = [
    Column::new("MODEL").shrinks_to(24),
    Column::new("PROVIDER"),
    Column::new("EXPERIMENT"),
    Column::new("USD A MILLION").shrinks_to(30),
];
const ROWS: [Column; 6] = [
    Column::new("PROVIDER"),
    Column::new("MODEL").shrinks_to(24),
    Column::new("INPUT").number(),
    Column::new("OUTPUT").number(),
    Column::new("CACHE READ").number().leaves(1),
    Column::new("MORE").shrinks_to(10).leaves(2),
];
/// Prices that have a column of their own.
const SHOWN: [&str; 3] = ["input", "output", "cache_read"];

/// Prints which lists are in force, and what was set.
pub(super) fn state(state: &State) -> io::Result<()> {
    let list = |what: &str, info: &ListInfo| {
        let source = one_line(&info.source, NAME_WIDTH_MAX);
        out_line(&format!("{what}: {} of {}, {source}", counted(info.rows as u64, "model"), info.date))
    };
    if let Some(updated) = &state.updated {
        list("updated list", updated)?;
    }
    list("built-in list", &state.built_in)?;
    if state.overrides.is_empty() {
        return out_line("nothing is set; `spanwise prices set` does");
    }
    out_line("")?;
    let rows: Vec<Vec<Cell>> = state.overrides.iter().map(override_row).collect();
    print_table(&OVERRIDES, &rows)
}

fn override_row(entry: &Override) -> Vec<Cell> {
    vec![
        (Style::Bold, one_line(&entry.model, usize::MAX)),
        (Style::Plain, entry.provider.clone().unwrap_or_else(|| "any".to_owned())),
        (Style::Plain, entry.experiment_id.clone().unwrap_or_else(|| "all".to_owned())),
        (Style::Plain, prices_text(&entry.prices)),
    ]
}

/// Prints rows of a list.
pub(super) fn rows(rows: &[Row]) -> io::Result<()> {
    if rows.is_empty() {
        return out_line("no model of the list has that in its name");
    }
    let cells: Vec<Vec<Cell>> = rows.iter().map(row_cells).collect();
    print_table(&ROWS, &cells)
}

fn row_cells(row: &Row) -> Vec<Cell> {
    let price = |key: &str| row.prices.get(key).map_or_else(|| "-".to_owned(), Value::to_string);
    let more = row.prices.keys().filter(|key| !SHOWN.contains(&key.as_str()));
    vec![
        (Style::Plain, row.provider.clone().unwrap_or_default()),
        (Style::Bold, one_line(&row.model, usize::MAX)),
        (Style::Plain, price("input")),
        (Style::Plain, price("output")),
        (Style::Plain, price("cache_read")),
        (Style::Dim, more.map(String::as_str).collect::<Vec<_>>().join(" ")),
    ]
}

fn print_table(columns: &[Column], rows: &[Vec<Cell>]) -> io::Result<()> {
    let lines = layout(columns, rows, stdout_width(), Painter::for_stdout());
    lines.iter().try_for_each(|line| out_line(line))
}

/// Prints how a model was found, and its prices.
pub(super) fn found(found: &Match) -> io::Result<()> {
    let painter = Painter::for_stdout();
    for step in &found.steps {
        let (style, mark) = if step.found { (Style::Green, "found") } else { (Style::Dim, "not listed") };
        let provider = step.provider.as_deref().unwrap_or("no provider known");
        let name = one_line(&step.name, NAME_WIDTH_MAX);
        let mark = painter.paint(style, mark);
        out_line(&format!("{name}  ({provider})  {}: {mark}", step.text))?;
    }
    let Some(row) = &found.row else {
        let why = found.unknown.as_ref().map_or("it is not known", |unknown| unknown.text.as_str());
        return out_line(&painter.paint(Style::Yellow, format!("no price: {why}")));
    };
    out_line("")?;
    let provider = row.provider.as_deref().unwrap_or("any provider");
    let of = row.alias_of.as_ref().map_or_else(String::new, |of| format!(", another name of {of}"));
    let heading = format!("{} ({provider}){of}", one_line(&row.model, NAME_WIDTH_MAX));
    out_line(&format!("{}, {}", painter.paint(Style::Bold, heading), origin_text(row)))?;
    price_lines(&row.prices, "").iter().try_for_each(|line| out_line(line))
}

fn origin_text(row: &Row) -> String {
    let date = row.list_date.as_deref().unwrap_or_default();
    match row.origin.as_str() {
        "built_in" => format!("built-in list of {date}"),
        "updated" => format!("updated list of {date}"),
        "override" => "set for all experiments".to_owned(),
        "experiment_override" => "set for this experiment".to_owned(),
        _ => "a variant that costs nothing".to_owned(),
    }
}

/// Returns a line for each price, large requests and other services indented below.
fn price_lines(prices: &Map<String, Value>, margin: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for (key, value) in prices {
        match (key.as_str(), value.as_object()) {
            ("above", Some(sizes)) => {
                for (tokens, rates) in sizes {
                    lines.push(format!("{margin}above {tokens} input tokens"));
                    lines.extend(
                        rates
                            .as_object()
                            .map(|rates| price_lines(rates, &format!("{margin}  ")))
                            .into_iter()
                            .flatten(),
                    );
                }
            }
            ("services", Some(services)) => {
                for (name, rates) in services {
                    lines.push(format!("{margin}{name}"));
                    lines.extend(
                        rates
                            .as_object()
                            .map(|rates| price_lines(rates, &format!("{margin}  ")))
                            .into_iter()
                            .flatten(),
                    );
                }
            }
            _ => lines.push(format!("{margin}{key:<16} ${value} a million tokens")),
        }
    }
    lines
}

/// Returns prices in one line.
pub(super) fn prices_text(prices: &Map<String, Value>) -> String {
    let part = |(key, value): (&String, &Value)| match value {
        Value::Object(map) => format!("{key} ({})", map.keys().cloned().collect::<Vec<_>>().join(", ")),
        value => format!("{key} {value}"),
    };
    prices.iter().map(part).collect::<Vec<_>>().join(", ")
}

/// Names what an override is for.
pub(super) fn named(entry: &Override) -> String {
    let provider = entry.provider.as_deref().map_or_else(String::new, |name| format!(" at {name}"));
    let experiment = entry.experiment_id.as_deref();
    let experiment = experiment.map_or_else(|| "all experiments".to_owned(), |id| format!("experiment {id}"));
    format!("{}{provider} for {experiment}", one_line(&entry.model, NAME_WIDTH_MAX))
}
