//! `spanwise backup` and `spanwise restore`.

use super::frame::{Frame, Frames, Item};
use crate::args::{BackupArgs, RestoreBackupArgs};
use crate::backend::Backend;
use crate::client::Client;
use crate::terminal::out_line;
use crate::text::{Clock, bytes_text, counted};
use crate::transfer;
use anyhow::{Context, Result, bail};
use serde_json::json;
use spanwise_store_sqlite::{BackupFolder, BackupSummary};
use std::sync::Mutex;

/// Writes a backup of what a server or a data directory holds.
pub(crate) async fn backup(args: &BackupArgs) -> Result<()> {
    let config = args.flags.load()?.config;
    let backend = Backend::connect_to_read(&config).await?;
    let folder = BackupFolder::open(&args.folder)?;
    let written = receive(&backend.client, folder).await;
    backend.close().await?;
    let BackupSummary { files, bytes, copied_bytes } = written?;
    let (files, bytes, copied) = (counted(files, "file"), bytes_text(bytes), bytes_text(copied_bytes));
    out_line(&format!("{}: {files}, {bytes}, of which {copied} were copied", args.folder.display()))?;
    Ok(())
}

async fn receive(client: &Client, mut folder: BackupFolder) -> Result<BackupSummary> {
    let known: Vec<_> = folder
        .known()
        .into_iter()
        .map(|(path, file)| json!({"path": path, "bytes": file.bytes, "xxh3": file.xxh3}))
        .collect();
    let body = client.post_for_body("/api/v1/backup", &json!({"known": known})).await?;
    let mut frames = Frames::new(body);
    let mut bar = transfer::Progress::stage("copying the index", 1);
    let mut done = 0;
    while let Some(frame) = frames.next().await? {
        match frame {
            Frame::Data(bytes) => {
                folder.write(&bytes)?;
                done += bytes.len() as u64;
            }
            Frame::Item(Item::Start { bytes }) => bar = transfer::Progress::bytes(Some(bytes)),
            Frame::Item(Item::Unchanged { path }) => done += folder.keep(&path)?,
            Frame::Item(Item::File { path, bytes }) => folder.begin(&path, bytes)?,
            Frame::Item(Item::End { xxh3 }) => folder.end(&xxh3)?,
            Frame::Item(Item::Done) => return Ok(folder.finish()?),
            Frame::Item(Item::Error { error }) => bail!("{error}"),
        }
        bar.set(done);
    }
    bail!(
        "the server stopped before the backup was whole; run this again, and what is unchanged is not copied again"
    )
}

/// Makes a data directory of a backup.
pub(crate) fn restore(args: &RestoreBackupArgs) -> Result<()> {
    let config = args.flags.load()?.config;
    let bar: Mutex<Option<transfer::Progress>> = Mutex::new(None);
    let progress = spanwise_store::Progress::new(move |step| {
        let mut bar = bar.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        bar.get_or_insert_with(|| transfer::Progress::bytes(Some(step.total))).set(step.done);
        true
    });
    let restored = spanwise_store_sqlite::restore(&args.folder, &config.data_dir, &progress);
    drop(progress);
    let report = restored.with_context(|| format!("cannot restore {}", args.folder.display()))?;
    let (files, bytes) = (counted(report.files, "file"), bytes_text(report.bytes));
    let made = Clock::new(false).text(report.created_ns, "%F %T %:z");
    out_line(&format!("{}: {files}, {bytes}, as of {made}", config.data_dir.display()))?;
    Ok(())
}
