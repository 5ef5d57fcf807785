//! `spanwise get`: one trace, or one of its spans, for people or for programs.

use super::fold::{Content, Extent, Line, lines};
use super::outline::Outline;
use super::tree::{Canvas, render};
use super::usage::{self, UsageExplained};
use super::{head, span};
use crate::api::{SpanDetail, SpanPreview, TraceRecord, TreeColumns};
use crate::args::{GetArgs, GetFormat};
use crate::backend::Backend;
use crate::client::Client;
use crate::terminal::{Painter, buffered_stdout, err_line, is_utf8, stdout_width};
use crate::text::{Clock, count_text, url_encoded};
use anyhow::{Context, Result, bail};
use axum::body::Body;
use futures_util::stream::{self, StreamExt};
use http_body_util::BodyExt;
use serde::Deserialize;
use serde_json::Value;
use std::collections::HashMap;
use std::io::{self, IsTerminal, Write};

/// Spans of one request for previews (the API's limit).
const PREVIEWS_MAX: usize = 200;
/// Failed spans whose messages are shown.
const ERRORS_SHOWN_MAX: usize = 1_000;
/// Spans that are asked for at the same time.
const SPANS_AT_ONCE: usize = 8;
/// Digits of a span id.
const SPAN_ID_DIGITS: usize = 16;

#[derive(Deserialize)]
struct Previews {
    previews: Vec<SpanPreview>,
}

/// Prints a trace.
pub(crate) async fn get(args: &GetArgs) -> Result<()> {
    if args.format == GetFormat::Otlp && io::stdout().is_terminal() {
        bail!("--format otlp is binary; send it to a file or a pipe, or use --format otlp-json");
    }
    check_span_id(args)?;
    if args.usage && matches!(args.format, GetFormat::Otlp | GetFormat::OtlpJson) {
        bail!("--usage is no OTLP; use --format tree or json with it");
    }
    let config = args.flags.load()?.config;
    let backend = Backend::connect_to_read(&config).await?;
    let shown = show(&backend.client, args).await;
    backend.close().await?;
    shown
}

fn check_span_id(args: &GetArgs) -> Result<()> {
    let Some(id) = &args.span else { return Ok(()) };
    if id.len() != SPAN_ID_DIGITS || !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        bail!("`{id}` is no span id (--span); expected {SPAN_ID_DIGITS} hexadecimal digits");
    }
    if matches!(args.format, GetFormat::Otlp | GetFormat::OtlpJson) {
        bail!("--format otlp and otlp-json are for a whole trace; with --span use --format tree or json");
    }
    Ok(())
}

async fn show(client: &Client, args: &GetArgs) -> Result<()> {
    let trace = format!("/api/v1/traces/{}", url_encoded(&args.trace_id));
    let otlp = format!("{trace}/otlp");
    if args.usage {
        return print_usage(client, args, &trace).await;
    }
    match (&args.span, args.format) {
        (Some(id), GetFormat::Json) => {
            let detail: Value = client.get_json(&format!("{trace}/spans/{id}")).await?;
            print_lines(&[serde_json::to_string_pretty(&detail)?])
        }
        (Some(id), _) => {
            let detail: SpanDetail = client.get_json(&format!("{trace}/spans/{id}")).await?;
            let clock = Clock::new(args.utc);
            print_lines(&span::lines(&detail, &clock, stdout_width(), Painter::for_stdout()))
        }
        (None, GetFormat::Tree) => print_tree(client, args, &trace).await,
        (None, GetFormat::Json) => print_json(client, &trace).await,
        (None, GetFormat::Otlp) => copy(client.get_body(&otlp, "application/x-protobuf").await?, "").await,
        (None, GetFormat::OtlpJson) => copy(client.get_body(&otlp, "application/json").await?, "\n").await,
    }
}

async fn print_tree(client: &Client, args: &GetArgs, trace: &str) -> Result<()> {
    let record: TraceRecord = client.get_json(trace).await?;
    let columns: TreeColumns = client.get_json(&format!("{trace}/tree")).await?;
    let mut outline = Outline::read(columns)?;
    if args.errors {
        outline.keep_errors();
    }
    let canvas = Canvas {
        columns: stdout_width(),
        is_ascii: !is_utf8(),
        has_ids: args.ids,
        painter: Painter::for_stdout(),
    };
    let extent = Extent {
        depth: args.depth.map_or(usize::MAX, |depth| depth as usize),
        is_unfolded: args.all,
        drawn_levels: canvas.drawn_levels(),
        is_ascii: canvas.is_ascii,
    };
    let tree = lines(&outline, &extent);
    let errors = error_messages(client, trace, &outline, &tree).await?;
    print_lines(&head::lines(&record, &Clock::new(args.utc), canvas.columns, canvas.painter))?;
    if tree.is_empty() {
        let what = if args.errors && record.span_count > 0 { "no span failed" } else { "no spans yet" };
        err_line(what);
        return Ok(());
    }
    print_lines(&[String::new()])?;
    print_lines(&render(&outline, &tree, &errors, &canvas))
}

async fn print_usage(client: &Client, args: &GetArgs, trace: &str) -> Result<()> {
    let path = format!("{trace}/usage-explained");
    if args.format == GetFormat::Json {
        let explained: Value = client.get_json(&path).await?;
        return print_lines(&[serde_json::to_string_pretty(&explained)?]);
    }
    let explained: UsageExplained = client.get_json(&path).await?;
    print_lines(&usage::lines(&explained, stdout_width(), Painter::for_stdout()))
}

/// Returns the messages of the failed spans that are shown, by row.
async fn error_messages(
    client: &Client,
    trace: &str,
    outline: &Outline,
    tree: &[Line],
) -> Result<HashMap<usize, String>> {
    let failed = |line: &Line| match line.content {
        Content::Span { row, .. } if outline.spans[row].is_failed => Some(row),
        _ => None,
    };
    let rows: Vec<usize> = tree.iter().filter_map(failed).collect();
    let mut errors = HashMap::new();
    for rows in rows.get(..ERRORS_SHOWN_MAX).unwrap_or(&rows).chunks(PREVIEWS_MAX) {
        let query: Vec<String> = rows.iter().map(|&row| format!("span={}", outline.spans[row].id)).collect();
        let answer: Previews = client.get_json(&format!("{trace}/previews?{}", query.join("&"))).await?;
        let by_id: HashMap<String, String> =
            answer.previews.into_iter().filter_map(|one| Some((one.span_id, one.error?))).collect();
        errors.extend(rows.iter().filter_map(|&row| Some((row, by_id.get(&outline.spans[row].id)?.clone()))));
    }
    if rows.len() > ERRORS_SHOWN_MAX {
        err_line(&format!(
            "{} spans failed; the messages of the first {} are shown",
            count_text(rows.len() as u64),
            count_text(ERRORS_SHOWN_MAX as u64)
        ));
    }
    Ok(errors)
}

/// Prints the record and every span, a span a line, so that a huge trace needs no memory.
async fn print_json(client: &Client, trace: &str) -> Result<()> {
    let record: Value = client.get_json(trace).await?;
    let columns: TreeColumns = client.get_json(&format!("{trace}/tree")).await?;
    let outline = Outline::read(columns)?;
    let mut out = buffered_stdout();
    write!(out, "{{\"trace\":{record},\n\"spans\":[")?;
    let details = outline.in_order().into_iter().map(|row| {
        let path = format!("{trace}/spans/{}", outline.spans[row].id);
        async move { client.get_json::<Value>(&path).await }
    });
    let mut details = stream::iter(details).buffered(SPANS_AT_ONCE);
    let mut before = "\n";
    while let Some(detail) = details.next().await {
        write!(out, "{before}{}", detail?)?;
        before = ",\n";
    }
    writeln!(out, "]}}")?;
    out.flush()?;
    Ok(())
}

fn print_lines(lines: &[String]) -> Result<()> {
    let mut out = buffered_stdout();
    for line in lines {
        writeln!(out, "{line}")?;
    }
    out.flush()?;
    Ok(())
}

/// Copies a body to standard output piece by piece, so that a huge trace needs no memory.
async fn copy(mut body: Body, end: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    while let Some(frame) = body.frame().await {
        let frame = frame.context("the answer broke off; what was printed is not complete")?;
        if let Some(chunk) = frame.data_ref() {
            out.write_all(chunk)?;
        }
    }
    out.write_all(end.as_bytes())?;
    out.flush()?;
    Ok(())
}
