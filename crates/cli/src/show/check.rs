//! `spanwise check`.

use crate::args::CheckArgs;
use crate::backend::open_store;
use crate::terminal::{Painter, Style, out_line};
use anyhow::{Result, bail};
use spanwise_store::Store;

/// Verifies a whole data directory; false if something is wrong with it.
pub(crate) async fn check(args: &CheckArgs) -> Result<bool> {
    let config = args.flags.load()?.config;
    if !config.data_dir.exists() {
        bail!("there is no data directory {} (--data-dir)", config.data_dir.display());
    }
    let store = open_store(&config)?;
    let report = store.check().await?;
    store.close().await?;
    let painter = Painter::for_stdout();
    out_line(&format!(
        "{}: {} traces, {} spans in {} blocks",
        config.data_dir.display(),
        report.traces,
        report.spans,
        report.blocks
    ))?;
    for problem in &report.problems {
        out_line(&format!("{} {problem}", painter.paint(Style::Red, "problem:")))?;
    }
    match report.problems.len() {
        0 => out_line(&painter.paint(Style::Green, "everything is in order"))?,
        count => out_line(&painter.paint(Style::Red, format!("{count} problems")))?,
    }
    Ok(report.problems.is_empty())
}
