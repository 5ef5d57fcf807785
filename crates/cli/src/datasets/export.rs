//! `spanwise datasets export`: a file that gets its name when it is complete.

use super::expect;
use crate::args::{DatasetExportArgs, RecordFormat};
use crate::client::Client;
use crate::select::Query;
use crate::terminal::out_line;
use crate::text::bytes_text;
use anyhow::{Context, Result, bail};
use axum::body::Body;
use http_body_util::BodyExt;
use std::fs::{self, File};
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

/// Writes the records of a dataset.
pub(super) async fn export(client: &Client, args: &DatasetExportArgs) -> Result<()> {
    let format = args.format.or_else(|| RecordFormat::of(&args.output)).unwrap_or(RecordFormat::Jsonl);
    let is_stdout = args.output == Path::new("-");
    if is_stdout && format == RecordFormat::Parquet && io::stdout().is_terminal() {
        bail!("Parquet is binary; send it to a file (--output FILE.parquet) or a pipe");
    }
    if !is_stdout && args.output.exists() && !args.force {
        bail!("{} (--output) exists; give --force to replace it", args.output.display());
    }
    let dataset = expect(client, &args.dataset).await?;
    let mut query = Query::default();
    query.add("format", format.name());
    query.add_some("version", args.version.map(|version| version.to_string()).as_deref());
    let body = client.get_body(&query.on(&dataset.path("/export")), "*/*").await?;
    if is_stdout {
        write(body, &mut io::stdout()).await?;
        return Ok(());
    }
    let mut partial = args.output.clone().into_os_string();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    let cannot = || format!("cannot write {}", partial.display());
    let mut file = BufWriter::new(File::create(&partial).with_context(cannot)?);
    let bytes = write(body, &mut file).await.with_context(cannot)?;
    file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all().with_context(cannot)?;
    fs::rename(&partial, &args.output)
        .with_context(|| format!("cannot rename {} to {}", partial.display(), args.output.display()))?;
    let version = args.version.unwrap_or(dataset.version);
    out_line(&format!(
        "exported version {version} of `{}` to {} ({})",
        dataset.name,
        args.output.display(),
        bytes_text(bytes)
    ))?;
    Ok(())
}

/// Writes an answer as it comes; returns how many bytes it had.
async fn write(mut body: Body, to: &mut dyn Write) -> Result<u64> {
    let mut bytes = 0;
    while let Some(frame) = body.frame().await {
        let Ok(part) = frame.context("the answer broke off")?.into_data() else { continue };
        to.write_all(&part)?;
        bytes += part.len() as u64;
    }
    to.flush()?;
    Ok(bytes)
}
