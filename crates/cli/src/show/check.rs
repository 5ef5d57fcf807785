//! `spanwise check`.

use crate::Outcome;
use crate::args::CheckArgs;
use crate::backend::open_store;
use crate::terminal::{Painter, Style, out_line};
use crate::text::counted;
use crate::transfer;
use anyhow::{Result, bail};
use spanwise_store::{Progress, RetentionRules, Store};
use std::sync::{Mutex, PoisonError};

/// Verifies a whole data directory; something that is wrong with it is bad news.
pub(crate) async fn check(args: &CheckArgs) -> Result<Outcome> {
    let config = args.flags.load()?.config;
    if !config.data_dir.exists() {
        bail!("there is no data directory {} (--data-dir)", config.data_dir.display());
    }
    let store = open_store(&config, RetentionRules::default())?;
    let report = store.check_alone(bar()).await;
    store.close().await?;
    let report = report?;
    let painter = Painter::for_stdout();
    out_line(&format!(
        "{}: {}, {} in {}, {}",
        config.data_dir.display(),
        counted(report.traces, "trace"),
        counted(report.spans, "span"),
        counted(report.blocks, "block"),
        counted(report.artifacts, "artifact")
    ))?;
    for problem in &report.problems {
        out_line(&format!("{} {problem}", painter.paint(Style::Red, "problem:")))?;
    }
    match report.problems.len() {
        0 => out_line(&painter.paint(Style::Green, "everything is in order"))?,
        count => out_line(&painter.paint(Style::Red, counted(count as u64, "problem")))?,
    }
    Ok(Outcome::bad_news_if(!report.problems.is_empty()))
}

/// Shows how far the check is, on a terminal.
fn bar() -> Progress {
    let bar: Mutex<Option<transfer::Progress>> = Mutex::new(None);
    Progress::new(move |step| {
        let mut bar = bar.lock().unwrap_or_else(PoisonError::into_inner);
        let bar = bar.get_or_insert_with(|| transfer::Progress::bytes(Some(step.total)));
        bar.set(step.done);
        bar.say(step.stage);
        true
    })
}
