//! `spanwise datasets import`: sends a file as it is read.

use super::{Dataset, PATH, find};
use crate::Outcome;
use crate::args::{DatasetImportArgs, RecordFormat};
use crate::client::Client;
use crate::select::Query;
use crate::terminal::{err_line, out_line};
use crate::text::{count_text, counted, one_line};
use anyhow::{Context, Result, bail};
use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use http::Method;
use serde_json::{Value, json};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use tokio::sync::mpsc::channel;

/// Bytes that are read at a time.
const PART_BYTES: usize = 256 << 10;
/// Parts between the disk and the connection.
const PARTS_WAITING: usize = 8;
/// Columns of a message about a row.
const MESSAGE_WIDTH_MAX: usize = 200;

/// Adds the records of a file to a dataset. Rows that could not be taken are bad news.
pub(super) async fn import(client: &Client, args: &DatasetImportArgs) -> Result<Outcome> {
    let format = args.format.or_else(|| RecordFormat::of(&args.file)).with_context(|| {
        format!(
            "the name {} does not tell its form; give --format jsonl, csv or parquet",
            args.file.display()
        )
    })?;
    let source = open(&args.file)?;
    let dataset = target(client, args).await?;
    let mut query = Query::default();
    query.add("format", format.name());
    query.add_all("column", &args.column);
    query.add_some("dry_run", args.dry_run.then_some("true"));
    let answer: Value = client
        .send_body(
            Method::POST,
            &query.on(&dataset.path("/import")),
            "application/octet-stream",
            body_of(source),
        )
        .await?;
    let outcome = Outcome::bad_news_if(answer["problem_count"] != 0);
    if args.json {
        out_line(&serde_json::to_string_pretty(&answer)?)?;
        return Ok(outcome);
    }
    report(&answer, &dataset, args.dry_run)?;
    Ok(outcome)
}

fn open(path: &Path) -> Result<Box<dyn Read + Send>> {
    if path == Path::new("-") {
        return Ok(Box::new(io::stdin()));
    }
    Ok(Box::new(File::open(path).with_context(|| format!("cannot read {}", path.display()))?))
}

async fn target(client: &Client, args: &DatasetImportArgs) -> Result<Dataset> {
    if let Some(found) = find(client, &args.dataset).await? {
        return Ok(found);
    }
    if !args.create {
        bail!("no dataset has the name or id `{}`; give --create to make it", args.dataset);
    }
    if args.dry_run {
        bail!("there is no dataset `{}` to try with; leave out --dry-run", args.dataset);
    }
    let new = json!({"name": args.dataset, "experiments": args.experiment});
    let mut made: Value = client.post_json(PATH, &new).await?;
    serde_json::from_value(made["dataset"].take()).context("the answer is no dataset")
}

/// Makes a body of what a source gives; the source is read on a thread of its own.
fn body_of(mut source: Box<dyn Read + Send>) -> Body {
    let (parts, mut waiting) = channel::<io::Result<Bytes>>(PARTS_WAITING);
    std::thread::spawn(move || {
        loop {
            let mut part = vec![0; PART_BYTES];
            let read = source.read(&mut part).map(|count| {
                part.truncate(count);
                Bytes::from(part)
            });
            let is_last = read.as_ref().map_or(true, Bytes::is_empty);
            // Whoever sends them may have given up.
            if parts.blocking_send(read).is_err() || is_last {
                break;
            }
        }
    });
    Body::from_stream(stream::poll_fn(move |context| waiting.poll_recv(context)))
}

fn report(answer: &Value, dataset: &Dataset, is_dry: bool) -> Result<()> {
    let result = &answer["result"];
    let count = |value: &Value| value.as_u64().unwrap_or_default();
    let version = if is_dry { String::new() } else { format!(", version {}", result["version"]) };
    out_line(&format!(
        "{}{}: {} added, {} changed, {} the same{version}",
        if is_dry { "would import into " } else { "imported into " },
        one_line(&dataset.name, MESSAGE_WIDTH_MAX),
        count_text(count(&result["added"])),
        count_text(count(&result["changed"])),
        count_text(count(&result["unchanged"])),
    ))?;
    let columns = answer["columns"].as_array().into_iter().flatten();
    let left_out: Vec<&str> = columns
        .filter(|column| column["target"].is_null())
        .filter_map(|column| column["name"].as_str())
        .collect();
    if !left_out.is_empty() {
        err_line(&format!(
            "left out: {} (--column NAME=TARGET takes them)",
            one_line(&left_out.join(", "), MESSAGE_WIDTH_MAX)
        ));
    }
    for problem in answer["problems"].as_array().into_iter().flatten() {
        let message = one_line(problem["message"].as_str().unwrap_or_default(), MESSAGE_WIDTH_MAX);
        err_line(&format!("row {}: {message}", problem["origin"].as_str().unwrap_or_default()));
    }
    let bad = count(&answer["problem_count"]);
    if bad > 0 {
        err_line(&format!(
            "{} of {} could not be taken",
            counted(bad, "row"),
            count_text(count(&answer["rows"]))
        ));
    }
    Ok(())
}
