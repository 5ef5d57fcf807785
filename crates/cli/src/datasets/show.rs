//! `spanwise datasets show`.

use super::{expect, time_text};
use crate::args::DatasetShowArgs;
use crate::client::Client;
use crate::select::Query;
use crate::table::{Cell, Column, layout};
use crate::terminal::{Painter, Style, out_line, stdout_width};
use crate::text::{Clock, count_text, counted, one_line};
use anyhow::Result;
use serde_json::{Value, json};

/// Versions that are shown.
const VERSIONS: usize = 10;

const VERSION_COLUMNS: [Column; 6] = [
    Column::new("VERSION").number(),
    Column::new("WHEN"),
    Column::new("ADDED").number(),
    Column::new("CHANGED").number(),
    Column::new("REMOVED").number(),
    Column::new("BY").shrinks_to(8),
];
const RECORD_COLUMNS: [Column; 4] = [
    Column::new("RECORD").leaves(2),
    Column::new("INPUTS").shrinks_to(24),
    Column::new("EXPECTATIONS").shrinks_to(16),
    Column::new("SOURCE").shrinks_to(12).leaves(1),
];

/// Shows a dataset.
pub(super) async fn show(client: &Client, args: &DatasetShowArgs) -> Result<()> {
    let dataset = expect(client, &args.dataset).await?;
    let detail: Value = client.get_json(&dataset.path("")).await?;
    let versions: Value = client.get_json(&dataset.path(&format!("/versions?limit={VERSIONS}"))).await?;
    let mut query = Query::default();
    query.add("limit", &args.limit.to_string());
    query.add_some("version", args.version.map(|version| version.to_string()).as_deref());
    let records: Value = client.get_json(&query.on(&dataset.path("/records"))).await?;
    if args.json {
        let all = json!({
            "dataset": detail, "versions": versions["versions"], "records": records["records"],
        });
        return out_line(&serde_json::to_string_pretty(&all)?).map_err(Into::into);
    }
    let painter = Painter::for_stdout();
    let shown = args.version.unwrap_or(dataset.version);
    out_line(&format!(
        "{} {} · {} · version {shown}{}",
        painter.paint(Style::Bold, one_line(&dataset.name, usize::MAX)),
        painter.paint(Style::Dim, &dataset.dataset_id),
        counted(dataset.record_count, "record"),
        if shown == dataset.version { String::new() } else { format!(" of {}", dataset.version) },
    ))?;
    for (name, part) in [("inputs", "input_fields"), ("expectations", "expectation_fields")] {
        let fields = detail[part].as_object().into_iter().flatten();
        let fields: Vec<String> =
            fields.map(|(name, kind)| format!("{name} {}", kind.as_str().unwrap_or_default())).collect();
        if !fields.is_empty() {
            out_line(&format!("{}  {}", painter.paint(Style::Dim, name), one_line(&fields.join(", "), 400)))?;
        }
    }
    let clock = Clock::new(args.utc);
    print(&VERSION_COLUMNS, &versions["versions"], |version| version_row(version, &clock))?;
    print(&RECORD_COLUMNS, &records["records"], record_row)?;
    if !records["next_page_token"].is_null() {
        out_line(&format!("the first {} records; `spanwise datasets export` has all", args.limit))?;
    }
    Ok(())
}

fn print(columns: &[Column], items: &Value, row: impl Fn(&Value) -> Vec<Cell>) -> Result<()> {
    let rows: Vec<Vec<Cell>> = items.as_array().into_iter().flatten().map(row).collect();
    if rows.is_empty() {
        return Ok(());
    }
    out_line("")?;
    for line in layout(columns, &rows, stdout_width(), Painter::for_stdout()) {
        out_line(&line)?;
    }
    Ok(())
}

fn version_row(version: &Value, clock: &Clock) -> Vec<Cell> {
    let count = |name: &str| (Style::Plain, count_text(version[name].as_u64().unwrap_or_default()));
    let when = version["at_ns"].as_str().map_or_else(|| "-".to_owned(), |time| time_text(time, clock));
    vec![
        (Style::Bold, format!("v{}", version["version"])),
        (Style::Dim, when),
        count("added"),
        count("changed"),
        count("removed"),
        (Style::Plain, text(&version["user"])),
    ]
}

fn record_row(record: &Value) -> Vec<Cell> {
    let source = &record["source"];
    let source = if source["trace_id"].is_null() { &source["type"] } else { &source["trace_id"] };
    vec![
        (Style::Dim, text(&record["record_id"])),
        (Style::Plain, text(&record["inputs"])),
        (Style::Plain, text(&record["expectations"])),
        (Style::Dim, text(source)),
    ]
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| "-".to_owned(), |text| one_line(text, usize::MAX))
}
