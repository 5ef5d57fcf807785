//! `spanwise search`: a table of traces.

use super::{cost_text, duration_text, url_encoded};
use crate::args::SearchArgs;
use crate::backend::Backend;
use crate::client::Client;
use crate::terminal::{Painter, Style, one_line, out_line};
use anyhow::{Context, Result};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// Traces of one page (MLflow's limit).
const PAGE_SIZE: u32 = 500;
/// Experiments of one page (MLflow's limit).
const EXPERIMENTS_PAGE_SIZE: u32 = 1_000;
/// Characters of the columns that hold free text.
const NAME_CHARS: usize = 28;
const INPUT_CHARS: usize = 60;

/// Prints the traces that match.
pub(crate) async fn search(args: &SearchArgs) -> Result<()> {
    let config = args.flags.load()?.config;
    let backend = Backend::connect_to_read(&config).await?;
    let traces = find(&backend.client, args).await;
    backend.close().await?;
    let traces = traces?;
    if args.json {
        out_line(&serde_json::to_string_pretty(&traces)?)?;
    } else {
        print_table(&traces)?;
    }
    Ok(())
}

async fn find(client: &Client, args: &SearchArgs) -> Result<Vec<Value>> {
    let experiments = match args.experiment.is_empty() {
        true => all_experiments(client).await?,
        false => named_experiments(client, &args.experiment).await?,
    };
    let location =
        |id: &String| json!({"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": id}});
    let mut request = json!({
        "locations": experiments.iter().map(location).collect::<Vec<_>>(),
        "filter": args.filter.as_deref().unwrap_or_default(),
        "order_by": args.order_by,
    });
    let mut traces = Vec::new();
    loop {
        let missing = args.limit - u32::try_from(traces.len()).unwrap_or(args.limit);
        request["max_results"] = missing.min(PAGE_SIZE).into();
        let mut page = client.post_json("/api/3.0/mlflow/traces/search", &request).await?;
        if let Value::Array(found) = page["traces"].take() {
            traces.extend(found);
        }
        let token = page["next_page_token"].take();
        if traces.len() >= args.limit as usize || token.as_str().is_none_or(str::is_empty) {
            return Ok(traces);
        }
        request["page_token"] = token;
    }
}

async fn all_experiments(client: &Client) -> Result<Vec<String>> {
    let mut request = json!({"max_results": EXPERIMENTS_PAGE_SIZE, "view_type": "ALL"});
    let mut ids = Vec::new();
    loop {
        let mut page = client.post_json("/api/2.0/mlflow/experiments/search", &request).await?;
        let experiments = page["experiments"].as_array().map(Vec::as_slice).unwrap_or_default();
        ids.extend(experiments.iter().filter_map(|one| one["experiment_id"].as_str()).map(str::to_owned));
        let token = page["next_page_token"].take();
        if token.as_str().is_none_or(str::is_empty) {
            return Ok(ids);
        }
        request["page_token"] = token;
    }
}

/// A name wins over an id, since an experiment may be named `7`.
async fn named_experiments(client: &Client, wanted: &[String]) -> Result<Vec<String>> {
    let mut ids = Vec::new();
    for text in wanted {
        let path = |what: &str| format!("/api/2.0/mlflow/experiments/{what}={}", url_encoded(text));
        let by_name = client.get_json(&path("get-by-name?experiment_name")).await;
        let found = match by_name {
            Err(_) if text.parse::<i64>().is_ok() => client.get_json(&path("get?experiment_id")).await?,
            other => other?,
        };
        let id = found["experiment"]["experiment_id"].as_str().context("the answer has no experiment id")?;
        ids.push(id.to_owned());
    }
    Ok(ids)
}

fn print_table(traces: &[Value]) -> Result<()> {
    let painter = Painter::for_stdout();
    let header = ["TIME (UTC)", "TRACE ID", "NAME", "STATE", "DURATION", "TOKENS", "COST", "INPUT"];
    let rows: Vec<[String; 8]> = traces.iter().map(row).collect();
    let mut widths = header.map(str::len);
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |cells: [String; 8], style: &dyn Fn(usize, String) -> String| {
        let padded = cells.into_iter().enumerate().map(|(column, cell)| {
            let width = widths[column];
            // Numbers line up at their end; the last column needs no padding.
            let cell = match column {
                4..=6 => format!("{cell:>width$}"),
                7 => cell,
                _ => format!("{cell:width$}"),
            };
            style(column, cell)
        });
        padded.collect::<Vec<_>>().join("  ")
    };
    out_line(&line(header.map(str::to_owned), &|_, cell| painter.paint(Style::Bold, cell)))?;
    for row in rows {
        out_line(&line(row, &|column, cell| match (column, cell.trim_end()) {
            (3, "OK") => painter.paint(Style::Green, cell),
            (3, "ERROR") => painter.paint(Style::Red, cell),
            (3, _) => painter.paint(Style::Yellow, cell),
            (0 | 1, _) => painter.paint(Style::Dim, cell),
            _ => cell,
        }))?;
    }
    Ok(())
}

fn row(trace: &Value) -> [String; 8] {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let metadata = |key: &str| -> Value {
        let text = trace["trace_metadata"][key].as_str().unwrap_or_default();
        serde_json::from_str(text).unwrap_or_default()
    };
    let tokens = metadata("mlflow.trace.tokenUsage")["total_tokens"].as_u64();
    let cost = metadata("mlflow.trace.cost")["total_cost"].as_f64();
    [
        time_text(&trace["request_time"]),
        text(&trace["trace_id"]),
        one_line(&text(&trace["tags"]["mlflow.traceName"]), NAME_CHARS),
        text(&trace["state"]),
        nanoseconds(&trace["execution_duration"]).map(milliseconds_text).unwrap_or_default(),
        tokens.map(|count| count.to_string()).unwrap_or_default(),
        cost.map(cost_text).unwrap_or_default(),
        one_line(&readable(&text(&trace["request_preview"])), INPUT_CHARS),
    ]
}

/// MLflow's records have whole milliseconds.
fn milliseconds_text(nanoseconds: i64) -> String {
    if nanoseconds == 0 { "<1ms".to_owned() } else { duration_text(nanoseconds) }
}

/// Returns what a person wants to read of a preview, which may be the JSON of a text or of a list of messages.
pub(super) fn readable(preview: &str) -> String {
    let Ok(value) = serde_json::from_str::<Value>(preview) else { return preview.to_owned() };
    last_text(&value).unwrap_or_else(|| preview.to_owned())
}

/// Finds the last text under `content`, as all forms of messages have it, or the only value of an object of inputs.
fn last_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(items) => items.iter().rev().find_map(last_text),
        Value::Object(fields) => {
            let known = ["content", "parts", "text"].into_iter().find_map(|key| fields.get(key));
            let only = || fields.values().next().filter(|_| fields.len() == 1);
            known.or_else(only).and_then(last_text)
        }
        _ => None,
    }
}

fn time_text(value: &Value) -> String {
    let time: Option<Timestamp> = value.as_str().and_then(|text| text.parse().ok());
    time.map(|time| time.strftime("%Y-%m-%d %H:%M:%S").to_string()).unwrap_or_default()
}

/// Reads protobuf's JSON form of a duration, e.g. `1.250s`.
pub(super) fn nanoseconds(value: &Value) -> Option<i64> {
    let seconds: f64 = value.as_str()?.strip_suffix('s')?.parse().ok()?;
    i64::try_from(SignedDuration::try_from_secs_f64(seconds).ok()?.as_nanos()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(preview: &str, expected: &str) {
        assert_eq!(readable(preview), expected);
    }

    #[test]
    fn a_preview_is_read_as_a_person_would() {
        check("plain", "plain");
        check(r#""quoted""#, "quoted");
        check(r#"{"question": "why?"}"#, "why?");
        check(
            r#"[{"role":"user","content":"a"},{"role":"user","content":[{"type":"text","text":"b"}]}]"#,
            "b",
        );
        check(r#"[{"role":"user","parts":[{"type":"text","content":"c"}]}]"#, "c");
        check(r#"{"a": 1, "b": 2}"#, r#"{"a": 1, "b": 2}"#);
        check(r#"[{"role":"user","content":"cut of..."#, r#"[{"role":"user","content":"cut of..."#);
    }
}
