//! `spanwise export`: streams traces into a file, which gets its name when it is complete.

use super::count::TraceCounter;
use super::progress::Progress;
use crate::args::ExportArgs;
use crate::backend::Backend;
use crate::client::Client;
use crate::explain::explain;
use crate::select::Query;
use crate::terminal::out_line;
use crate::text::{bytes_text, counted};
use anyhow::{Context, Result, bail};
use axum::body::Body;
use bytes::Bytes;
use http::HeaderMap;
use http_body_util::BodyExt;
use std::fs::{self, File};
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use tokio::sync::mpsc;

/// The header that says how many traces are coming.
const TOTAL_HEADER: &str = "x-spanwise-total";
/// Pieces between the connection and the disk.
const QUEUED_PIECES: usize = 16;
/// Zstandard's level: its default.
const COMPRESSION_LEVEL: i32 = 3;
/// Bytes that are written at a time.
const WRITE_BYTES: usize = 256 << 10;

/// Where an export goes.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Target {
    Stdout,
    File { path: PathBuf, partial: PathBuf },
}

/// Writes traces to a file or to standard output.
pub(crate) async fn export(args: &ExportArgs) -> Result<()> {
    let is_compressed = args.compress || args.output.extension().is_some_and(|ending| ending == "zst");
    let target = choose_target(args, is_compressed)?;
    let config = args.flags.load()?.config;
    let backend = Backend::connect_to_read(&config).await?;
    let exported = write(&backend.client, args, &target, is_compressed).await;
    backend.close().await?;
    let (traces, bytes) = exported?;
    if let Target::File { path, .. } = &target {
        out_line(&format!(
            "exported {} to {} ({})",
            counted(traces, "trace"),
            path.display(),
            bytes_text(bytes)
        ))?;
    }
    Ok(())
}

fn choose_target(args: &ExportArgs, is_compressed: bool) -> Result<Target> {
    let path = args.output.clone();
    if path == Path::new("-") {
        if is_compressed && io::stdout().is_terminal() {
            bail!("--compress is binary; send it to a file (--output FILE.zst) or a pipe");
        }
        return Ok(Target::Stdout);
    }
    if path.is_dir() || path.file_name().is_none() {
        bail!("{} (--output) is a directory; expected the name of a file", path.display());
    }
    if path.exists() && !args.force {
        bail!("{} (--output) exists; give --force to replace it", path.display());
    }
    let mut partial = path.clone().into_os_string();
    partial.push(".partial");
    Ok(Target::File { path, partial: partial.into() })
}

/// Returns how many traces were written, and in how many bytes.
async fn write(
    client: &Client,
    args: &ExportArgs,
    target: &Target,
    is_compressed: bool,
) -> Result<(u64, u64)> {
    let mut query = Query::of(&args.selection);
    query.add("format", args.format.name());
    let answer = client.open(&query.on("/api/v1/export"), "application/x-ndjson", HeaderMap::new()).await;
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => return Err(explain(error, client, args.selection.filter(), None).await),
    };
    let total = answer.headers().get(TOTAL_HEADER).and_then(|value| value.to_str().ok()?.parse().ok());
    let progress = total.map(Progress::traces);
    let (sender, receiver) = mpsc::channel(QUEUED_PIECES);
    // The disk is waited for on a thread of its own; compression has it to itself too.
    let sink = target.clone();
    let writer = tokio::task::spawn_blocking(move || write_pieces(&sink, is_compressed, receiver));
    let received = receive(answer.into_body(), &sender, progress.as_ref()).await;
    drop(sender);
    let written = writer.await.context("the writing thread panicked")?;
    let bytes = written.with_context(|| format!("cannot write {}", target.name()))?;
    let traces = received.with_context(|| match target {
        Target::Stdout => "the export is not complete".to_owned(),
        Target::File { partial, .. } => {
            format!("the export is not complete; what came is in {}", partial.display())
        }
    })?;
    finish(target)?;
    Ok((traces, bytes))
}

/// Passes pieces on until the answer or the writer ends; returns how many traces went by.
async fn receive(mut body: Body, sender: &mpsc::Sender<Bytes>, progress: Option<&Progress>) -> Result<u64> {
    let mut counter = TraceCounter::default();
    while let Some(frame) = body.frame().await {
        let Ok(piece) = frame.context("the answer broke off")?.into_data() else { continue };
        counter.push(&piece);
        if let Some(progress) = progress {
            progress.set(counter.traces());
        }
        // A writer that is gone says why itself.
        if sender.send(piece).await.is_err() {
            break;
        }
    }
    Ok(counter.traces())
}

/// Writes pieces until no more come; returns how many bytes that made.
fn write_pieces(target: &Target, is_compressed: bool, pieces: mpsc::Receiver<Bytes>) -> io::Result<u64> {
    match target {
        Target::Stdout => {
            let mut out = Counted { inner: io::stdout(), bytes: 0 };
            write_to(&mut out, is_compressed, pieces)?;
            Ok(out.bytes)
        }
        Target::File { partial, .. } => {
            let mut out = Counted { inner: File::create(partial)?, bytes: 0 };
            write_to(&mut out, is_compressed, pieces)?;
            out.inner.sync_all()?;
            Ok(out.bytes)
        }
    }
}

fn write_to(out: &mut dyn Write, is_compressed: bool, mut pieces: mpsc::Receiver<Bytes>) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(WRITE_BYTES, out);
    if is_compressed {
        let mut encoder = zstd::stream::write::Encoder::new(&mut out, COMPRESSION_LEVEL)?;
        while let Some(piece) = pieces.blocking_recv() {
            encoder.write_all(&piece)?;
        }
        encoder.finish()?;
    } else {
        while let Some(piece) = pieces.blocking_recv() {
            out.write_all(&piece)?;
        }
    }
    out.flush()
}

/// Gives a complete file its name, so that whoever finds the name finds all of it, also after a power cut.
fn finish(target: &Target) -> Result<()> {
    let Target::File { path, partial } = target else { return Ok(()) };
    fs::rename(partial, path)
        .with_context(|| format!("cannot rename {} to {}", partial.display(), path.display()))?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Only Unix can sync a directory.
    if cfg!(unix) {
        File::open(folder)
            .and_then(|folder| folder.sync_all())
            .with_context(|| format!("cannot sync {}", folder.display()))?;
    }
    Ok(())
}

impl Target {
    fn name(&self) -> String {
        match self {
            Target::Stdout => "to standard output".to_owned(),
            Target::File { partial, .. } => partial.display().to_string(),
        }
    }
}

/// Counts what goes through it.
struct Counted<W> {
    inner: W,
    bytes: u64,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(data)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
