//! `spanwise tail`: follows the stream of traces, and takes it up again when it breaks.

mod sse;

use crate::api::TraceSummary;
use crate::args::TailArgs;
use crate::backend::Backend;
use crate::client::{Client, Refusal};
use crate::explain::explain;
use crate::select::Query;
use crate::summary::cells;
use crate::terminal::{Painter, Style, err_line, out_line, stdout_width};
use crate::text::{Clock, one_line, pad};
use anyhow::{Context, Result, bail};
use axum::body::Body;
use http::{HeaderMap, HeaderValue};
use http_body_util::BodyExt;
use sse::{Event, Parser};
use std::collections::HashMap;
use std::time::Duration;

/// How long a stream may be silent; the server sends a comment every 15 seconds.
const SILENCE_MAX: Duration = Duration::from_secs(45);
/// How long to wait before the first attempt to connect again, and before later ones.
const RECONNECT_WAIT_MIN: Duration = Duration::from_millis(250);
const RECONNECT_WAIT_MAX: Duration = Duration::from_secs(5);
/// Traces whose last line is remembered, so that it is not printed again; beyond it all are forgotten.
const REMEMBERED_MAX: usize = 10_000;
/// Columns of time, name, status, latency, tokens and cost; the id has its own.
const WIDTHS: [usize; 6] = [8, 24, 6, 7, 8, 9];
const ID_WIDTH: usize = 35;
/// Columns of the input where no terminal limits it.
const INPUT_WIDTH_MAX: usize = 100;
/// Columns below which an input is not worth showing.
const INPUT_WIDTH_MIN: usize = 12;
/// What precedes a header's value that asks for what came after an event.
const LAST_EVENT_ID: &str = "last-event-id";

/// Follows traces until Ctrl-C.
pub(crate) async fn tail(args: &TailArgs) -> Result<()> {
    let config = args.flags.load()?.config;
    let backend = Backend::connect_to_server(&config, "`spanwise tail` follows").await?;
    tokio::select! {
        followed = follow(&backend.client, args) => followed,
        // Who watches has seen enough; nothing is left undone.
        stopped = tokio::signal::ctrl_c() => stopped.context("cannot listen for Ctrl-C"),
    }
}

async fn follow(client: &Client, args: &TailArgs) -> Result<()> {
    let mut printer = Printer::new(args, client);
    let mut parser = Parser::default();
    let mut body = match open(client, args, None).await {
        Ok(body) => body,
        Err(error) => return Err(explain(error, client, args.filter.as_deref(), None).await),
    };
    loop {
        let reason = read(body, &mut parser, &mut printer).await?;
        err_line(&format!("{reason}; connecting again"));
        body = reconnect(client, args, &mut parser).await?;
        err_line("connected again");
    }
}

async fn open(client: &Client, args: &TailArgs, last_id: Option<&str>) -> Result<Body> {
    let mut query = Query::default();
    query.add_all("experiment", &args.experiment);
    query.add_some("filter", args.filter.as_deref());
    let mut headers = HeaderMap::new();
    if let Some(id) = last_id.and_then(|id| HeaderValue::from_str(id).ok()) {
        headers.insert(LAST_EVENT_ID, id);
    }
    let response = client.open(&query.on("/api/v1/traces/stream"), "text/event-stream", headers).await?;
    Ok(response.into_body())
}

/// Tries until a server answers. One that refuses will do so again.
async fn reconnect(client: &Client, args: &TailArgs, parser: &mut Parser) -> Result<Body> {
    let mut wait = RECONNECT_WAIT_MIN;
    parser.restart();
    loop {
        tokio::time::sleep(wait).await;
        match open(client, args, parser.last_id()).await {
            Ok(body) => return Ok(body),
            Err(error) if is_final(&error) => return Err(error),
            Err(_) => wait = (wait * 2).min(RECONNECT_WAIT_MAX),
        }
    }
}

fn is_final(error: &anyhow::Error) -> bool {
    error.downcast_ref::<Refusal>().is_some_and(|refusal| refusal.status.is_client_error())
}

/// Prints what comes; returns why nothing more does.
async fn read(mut body: Body, parser: &mut Parser, printer: &mut Printer) -> Result<String> {
    loop {
        let frame = match tokio::time::timeout(SILENCE_MAX, body.frame()).await {
            Err(_) => return Ok(format!("the server has been silent for {} s", SILENCE_MAX.as_secs())),
            Ok(None) => return Ok("the server has ended the stream".to_owned()),
            Ok(Some(Err(_))) => return Ok("the connection is lost".to_owned()),
            Ok(Some(Ok(frame))) => frame,
        };
        let Some(bytes) = frame.data_ref() else { continue };
        for event in parser.push(bytes)? {
            printer.print(&event)?;
        }
    }
}

/// Prints events.
struct Printer {
    is_json: bool,
    clock: Clock,
    painter: Painter,
    columns: Option<usize>,
    last_lines: HashMap<String, String>,
    /// What to say when the first stream has begun; nothing that comes in from then on is missed.
    greeting: Option<String>,
}

impl Printer {
    fn new(args: &TailArgs, client: &Client) -> Printer {
        let base = match client {
            Client::Http { base, .. } => base,
            Client::InProcess(_) => "this process",
        };
        Printer {
            greeting: Some(format!("following {base}; Ctrl-C ends it")),
            is_json: args.json,
            clock: Clock::new(args.utc),
            painter: Painter::for_stdout(),
            columns: stdout_width(),
            last_lines: HashMap::new(),
        }
    }

    fn print(&mut self, event: &Event) -> Result<()> {
        match event.name.as_str() {
            "trace" if self.is_json => out_line(&event.data)?,
            "trace" => {
                let trace: TraceSummary = serde_json::from_str(&event.data)
                    .context("the server sent something that is no trace")?;
                self.print_trace(&trace)?;
            }
            "reset" => err_line("the server no longer knows what came last; traces in between are not shown"),
            "ready" => self.greeting.take().into_iter().for_each(|greeting| err_line(&greeting)),
            other => {
                bail!("the server sent an event `{}` that this version does not know", one_line(other, 40))
            }
        }
        Ok(())
    }

    /// A change that does not change the line, such as one of a tag, is not worth a second one.
    fn print_trace(&mut self, trace: &TraceSummary) -> Result<()> {
        let line = line(trace, &self.clock, self.columns, self.painter);
        if self.last_lines.get(&trace.trace_id) == Some(&line) {
            return Ok(());
        }
        out_line(&line)?;
        if self.last_lines.len() >= REMEMBERED_MAX {
            self.last_lines.clear();
        }
        self.last_lines.insert(trace.trace_id.clone(), line);
        Ok(())
    }
}

/// Lines come one by one, so their columns have fixed widths, and the last ones give way on a narrow terminal.
fn line(trace: &TraceSummary, clock: &Clock, columns: Option<usize>, painter: Painter) -> String {
    let cells = cells(trace, clock, "%H:%M:%S", INPUT_WIDTH_MAX);
    let [time, id, name, status, latency, tokens, cost, input] = &cells[..] else { return String::new() };
    let shown = [time, id, status, latency, name, tokens, cost];
    let widths = [WIDTHS[0], ID_WIDTH, WIDTHS[2], WIDTHS[3], WIDTHS[1], WIDTHS[4], WIDTHS[5]];
    let mut line = String::new();
    let mut left = columns.unwrap_or(usize::MAX);
    for (index, ((style, text), width)) in shown.into_iter().zip(widths).enumerate() {
        let gap = if index == 0 { 0 } else { 2 };
        let width = width.min(left.saturating_sub(gap));
        // Numbers are never cut, since half a number is a wrong one.
        let is_number = matches!(index, 3 | 5 | 6);
        if width == 0 || is_number && width < widths[index] {
            left = 0;
            break;
        }
        // An id that the client chose may be longer than ours, and is to be copied.
        let text = if index == 1 { text.clone() } else { one_line(text, width) };
        let padded = pad(&text, width, is_number);
        left = left.saturating_sub(gap + crate::text::width(&padded));
        line.push_str(&" ".repeat(gap));
        line.push_str(&painter.paint(*style, padded));
    }
    let left = left.saturating_sub(2).min(INPUT_WIDTH_MAX);
    if left >= INPUT_WIDTH_MIN && !input.1.is_empty() {
        line.push_str(&format!("  {}", painter.paint(Style::Dim, one_line(&input.1, left))));
    }
    line.truncate(line.trim_end().len());
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::width;
    use serde_json::json;

    fn sample() -> TraceSummary {
        let trace = json!({
            "trace_id": "tr-0123456789abcdef0123456789abcdef", "name": "docs-assistant", "state": "OK",
            "start_ns": "1764000000000000000", "duration_ns": 1_500_000_000, "input": "why is it late? ".repeat(20),
            "usage": {"input": 1, "output": 2, "total": 1234, "cache_read": null, "cache_write": null},
            "cost": {"input": 0.0, "output": 0.0, "total": 0.25}
        });
        serde_json::from_value(trace).unwrap()
    }

    fn check(columns: Option<usize>, expected: &str) {
        let line = line(&sample(), &Clock::new(true), columns, Painter::off());
        assert_eq!(line, expected);
    }

    #[test]
    fn a_line_fits_the_terminal() {
        check(Some(80), "16:00:00  tr-0123456789abcdef0123456789abcdef  OK        1.50s  docs-assistant");
        let (clock, painter) = (Clock::new(true), Painter::off());
        assert!((57..200).all(|columns| width(&line(&sample(), &clock, Some(columns), painter)) <= columns));
    }

    #[test]
    fn a_wide_line_has_everything() {
        check(
            Some(130),
            "16:00:00  tr-0123456789abcdef0123456789abcdef  OK        1.50s  docs-assistant               1,234    \
             $0.2500  why is it late? wh…",
        );
    }
}
