//! `spanwise check`.

use crate::Outcome;
use crate::args::CheckArgs;
use crate::backend::{Backend, Opened, named_by_uri, open_to_own};
use crate::client::Client;
use crate::config::Config;
use crate::housekeeping::follow;
use crate::terminal::{Painter, Style, out_line};
use crate::text::counted;
use crate::transfer;
use anyhow::{Result, bail};
use serde::Deserialize;
use spanwise_store::{CheckReport, Progress, Store};
use spanwise_store_sqlite::SqliteStore;
use std::sync::{Mutex, PoisonError};

/// What a check found, as a server says it.
#[derive(Debug, Deserialize)]
struct CheckResult {
    traces: u64,
    spans: u64,
    blocks: u64,
    /// Older servers do not tell.
    #[serde(default)]
    attachments: u64,
    artifacts: u64,
    problems: Vec<String>,
}

impl From<CheckReport> for CheckResult {
    fn from(report: CheckReport) -> CheckResult {
        let CheckReport { traces, blocks, spans, attachments, artifacts, problems } = report;
        CheckResult { traces, spans, blocks, attachments, artifacts, problems }
    }
}

/// Verifies a whole data directory, or what a running server holds; something that is wrong with it is bad news.
pub(crate) async fn check(args: &CheckArgs) -> Result<Outcome> {
    let config = args.flags.load()?.config;
    let (place, result) = run(&config).await?;
    let painter = Painter::for_stdout();
    out_line(&format!(
        "{place}: {}, {} in {}, {}, {}",
        counted(result.traces, "trace"),
        counted(result.spans, "span"),
        counted(result.blocks, "block"),
        counted(result.attachments, "attachment"),
        counted(result.artifacts, "artifact")
    ))?;
    for problem in &result.problems {
        out_line(&format!("{} {problem}", painter.paint(Style::Red, "problem:")))?;
    }
    match result.problems.len() {
        0 => out_line(&painter.paint(Style::Green, "everything is in order"))?,
        count => out_line(&painter.paint(Style::Red, counted(count as u64, "problem")))?,
    }
    Ok(Outcome::bad_news_if(!result.problems.is_empty()))
}

/// Checks the data directory, or, if a server has it open or is named, what that holds; says which place that was.
async fn run(config: &Config) -> Result<(String, CheckResult)> {
    if named_by_uri() {
        return through(Backend::connect(config).await?, config).await;
    }
    if !config.data_dir.exists() {
        bail!("there is no data directory {} (--data-dir)", config.data_dir.display());
    }
    match open_to_own(config).await? {
        Opened::Store(store) => Ok((config.data_dir.display().to_string(), on_its_own(&store).await?.into())),
        Opened::InUse(backend) => through(backend, config).await,
    }
}

async fn on_its_own(store: &SqliteStore) -> Result<CheckReport> {
    let report = store.check_alone(bar()).await;
    store.close().await?;
    Ok(report?)
}

async fn through(backend: Backend, config: &Config) -> Result<(String, CheckResult)> {
    let place = backend.place(config);
    Ok((place, ask(&backend.client).await?))
}

async fn ask(client: &Client) -> Result<CheckResult> {
    follow(client, "/api/v1/check", "the server stopped before the check was done").await
}

/// Shows how far the check is, on a terminal.
fn bar() -> Progress {
    let shown: Mutex<Option<(&'static str, transfer::Progress)>> = Mutex::new(None);
    Progress::new(move |step| {
        let mut shown = shown.lock().unwrap_or_else(PoisonError::into_inner);
        if shown.as_ref().is_none_or(|(stage, _)| *stage != step.stage) {
            *shown = Some((step.stage, transfer::Progress::stage(step.stage, step.total)));
        }
        shown.iter().for_each(|(_, bar)| bar.set(step.done));
        true
    })
}
