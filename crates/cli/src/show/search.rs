//! `spanwise search`: a table of traces.

use crate::Outcome;
use crate::api::TraceSummary;
use crate::args::SearchArgs;
use crate::backend::Backend;
use crate::client::Client;
use crate::explain::explain;
use crate::select::Query;
use crate::summary::cells;
use crate::table::{Column, layout};
use crate::terminal::{Painter, buffered_stdout, err_line, stdout_width};
use crate::text::{Clock, count_text, counted};
use anyhow::Result;
use serde::Deserialize;
use serde_json::Value;
use std::io::{self, IsTerminal, Write};

/// Traces of one page (the API's limit).
const PAGE_SIZE: u32 = 1_000;
/// Terminals from this width on have room for the year.
const YEAR_WIDTH_MIN: usize = 160;
/// Terminals from this width on have room for seconds.
const SECONDS_WIDTH_MIN: usize = 100;
/// Columns of the input where no terminal limits it.
const INPUT_WIDTH_MAX: usize = 100;

const COLUMNS: [Column; 8] = [
    Column::new("TIME"),
    Column::new("TRACE ID"),
    Column::new("NAME").shrinks_to(10),
    Column::new("STATUS"),
    Column::new("LATENCY").number(),
    Column::new("TOKENS").number().leaves(1),
    Column::new("COST").number().leaves(2),
    Column::new("INPUT").shrinks_to(16).leaves(3),
];

/// A page of the list, its traces unread.
#[derive(Deserialize)]
struct Page {
    traces: Vec<Value>,
    next_page_token: Option<String>,
}

/// The part of the histogram that is wanted here.
#[derive(Deserialize)]
struct Histogram {
    total: u64,
}

/// How many traces were shown, and whether there are more.
struct Shown {
    count: u64,
    is_all: bool,
}

/// Prints the traces that match.
pub(crate) async fn search(args: &SearchArgs) -> Result<Outcome> {
    let config = args.flags.load()?.config;
    let backend = Backend::connect_to_read(&config).await?;
    let shown = show(&backend.client, args).await;
    backend.close().await?;
    let shown = shown?;
    Ok(Outcome::bad_news_if(args.exit_code && shown.count == 0))
}

async fn show(client: &Client, args: &SearchArgs) -> Result<Shown> {
    let order_by = (!args.order_by.is_empty()).then(|| args.order_by.join(", "));
    let mut pages =
        Pages { client, args, order_by: order_by.as_deref(), token: None, left: args.limit, is_first: true };
    let shown = match (args.json, args.jsonl) {
        (true, _) => print_array(&mut pages).await?,
        (_, true) => print_lines(&mut pages).await?,
        _ => print_table(&mut pages).await?,
    };
    // A script that wants the count asks for it; a person reads it.
    if !args.json && !args.jsonl && io::stdout().is_terminal() {
        err_line(&count_line(client, args, &shown).await?);
    }
    Ok(shown)
}

async fn count_line(client: &Client, args: &SearchArgs, shown: &Shown) -> Result<String> {
    if shown.count == 0 {
        return Ok("no traces match".to_owned());
    }
    if shown.is_all {
        return Ok(counted(shown.count, "trace"));
    }
    let mut query = Query::of(&args.selection);
    query.add("buckets", "1");
    let histogram: Histogram = client.get_json(&query.on("/api/v1/traces/histogram")).await?;
    Ok(format!("{} of {}", count_text(shown.count), counted(histogram.total, "trace")))
}

/// The pages of an answer, read one after the other.
struct Pages<'a> {
    client: &'a Client,
    args: &'a SearchArgs,
    order_by: Option<&'a str>,
    token: Option<String>,
    left: u32,
    is_first: bool,
}

impl Pages<'_> {
    /// Returns the traces of the next page, or nothing after the last.
    async fn next(&mut self) -> Result<Option<Vec<Value>>> {
        if self.left == 0 || !self.is_first && self.token.is_none() {
            return Ok(None);
        }
        let mut query = Query::of(&self.args.selection);
        query.add_some("order_by", self.order_by);
        query.add("limit", &self.left.min(PAGE_SIZE).to_string());
        query.add_some("page_token", self.token.as_deref());
        let page = self.client.get_json::<Page>(&query.on("/api/v1/traces")).await;
        let page = match page {
            Ok(page) => page,
            Err(error) => {
                let filter = self.args.selection.filter();
                return Err(explain(error, self.client, filter, self.order_by).await);
            }
        };
        self.is_first = false;
        self.token = page.next_page_token;
        self.left = self.left.saturating_sub(u32::try_from(page.traces.len()).unwrap_or(u32::MAX));
        Ok(Some(page.traces))
    }

    fn shown(&self) -> Shown {
        Shown { count: u64::from(self.args.limit - self.left), is_all: self.token.is_none() }
    }
}

/// Prints an array page by page; it is opened only when the first page is there, for nothing is printed on an error.
async fn print_array(pages: &mut Pages<'_>) -> Result<Shown> {
    let mut out = buffered_stdout();
    let mut before = "[";
    while let Some(page) = pages.next().await? {
        for trace in page {
            write!(out, "{before}\n{trace}")?;
            before = ",";
        }
        out.flush()?;
    }
    writeln!(out, "{}", if before == "[" { "[]" } else { "\n]" })?;
    out.flush()?;
    Ok(pages.shown())
}

async fn print_lines(pages: &mut Pages<'_>) -> Result<Shown> {
    let mut out = buffered_stdout();
    while let Some(page) = pages.next().await? {
        for trace in page {
            writeln!(out, "{trace}")?;
        }
        out.flush()?;
    }
    Ok(pages.shown())
}

async fn print_table(pages: &mut Pages<'_>) -> Result<Shown> {
    let width = stdout_width();
    let clock = Clock::new(pages.args.utc);
    let pattern = match width.unwrap_or(YEAR_WIDTH_MIN) {
        ..SECONDS_WIDTH_MIN => "%m-%d %H:%M",
        SECONDS_WIDTH_MIN..YEAR_WIDTH_MIN => "%m-%d %H:%M:%S",
        _ => "%Y-%m-%d %H:%M:%S",
    };
    let mut rows = Vec::new();
    while let Some(page) = pages.next().await? {
        for trace in page {
            let trace: TraceSummary = serde_json::from_value(trace)?;
            rows.push(cells(&trace, &clock, pattern, width.unwrap_or(INPUT_WIDTH_MAX)));
        }
    }
    if !rows.is_empty() {
        let mut columns = COLUMNS;
        columns[0].header = if clock.is_utc { "TIME (UTC)" } else { "TIME" };
        let mut out = buffered_stdout();
        for line in layout(&columns, &rows, width, Painter::for_stdout()) {
            writeln!(out, "{line}")?;
        }
        out.flush()?;
    }
    Ok(pages.shown())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Cell;
    use crate::terminal::Style;
    use crate::text::width;

    /// The columns that a terminal of some width has room for.
    fn check(terminal: usize, expected: &str) {
        let row =
            ["11-25 10:00:00", "tr-0123456789abcdef0123456789abcdef", "docs-assistant", "ERROR", "10.65s"]
                .into_iter()
                .chain(["12,345", "$0.0123", "How do I rotate the signing key of a webhook?"]);
        let row: Vec<Cell> = row.map(|cell| (Style::Plain, cell.to_owned())).collect();
        let lines = layout(&COLUMNS, &[row], Some(terminal), Painter::off());
        assert_eq!(lines[0].split_whitespace().collect::<Vec<_>>().join(" "), expected);
        assert!(lines.iter().all(|line| width(line) <= terminal), "{lines:#?}");
        assert!(lines[1].contains("tr-0123456789abcdef0123456789abcdef"), "the id is to be copied");
    }

    #[test]
    fn the_table_fits_the_terminal() {
        check(80, "TIME TRACE ID NAME STATUS LATENCY");
        check(100, "TIME TRACE ID NAME STATUS LATENCY TOKENS COST");
        check(120, "TIME TRACE ID NAME STATUS LATENCY TOKENS COST INPUT");
        check(200, "TIME TRACE ID NAME STATUS LATENCY TOKENS COST INPUT");
    }
}
