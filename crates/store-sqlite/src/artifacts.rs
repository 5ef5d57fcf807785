//! Files that belong to traces and runs, below `<data-dir>/artifacts`.
//!
//! An upload is written to `artifacts/.incoming` and renamed into its place when it is whole and on the disk; what a
//! crash leaves there is removed on opening. Symbolic links are never followed. File calls run on blocking threads.

mod folder;
mod path;
#[cfg(test)]
mod tests;

use async_trait::async_trait;
use folder::{Folder, OpenFile, Upload, read_chunk};
use futures_util::{StreamExt, stream};
use path::ArtifactPath;
use spanwise_model::ErrorKind;
use spanwise_store::{ArtifactEntry, ArtifactReader, ArtifactStore, ArtifactWriter, StoreError, StoreResult};
use std::path::Path;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Returns where unfinished uploads are.
pub(crate) fn incoming(data_dir: &Path) -> std::path::PathBuf {
    data_dir.join("artifacts").join(folder::INCOMING)
}

/// Removes the artifacts of a trace, `<experiment>/traces/<trace>` below the root, also when there are none.
///
/// A trace id may be any text; one that is no plain path has no artifacts.
pub(crate) fn remove_trace_folder(root: &Path, folder: &str) -> StoreResult<()> {
    let Ok(path) = ArtifactPath::parse(&format!("{folder}/artifacts")) else { return Ok(()) };
    let artifacts = Folder::at(root.to_owned());
    artifacts.delete(&path)?;
    // Another id may begin with this one and a slash: its artifacts stay.
    artifacts.remove_if_empty(&ArtifactPath::parse(folder)?);
    Ok(())
}

/// Chunks of an upload that may wait for the disk.
const CHUNKS_WAITING_MAX: usize = 4;

/// The artifacts of a data directory.
#[derive(Debug, Clone)]
pub struct FsArtifacts(Arc<Folder>);

impl FsArtifacts {
    /// Opens the artifacts below `data_dir`, making their folder, and removes unfinished uploads.
    ///
    /// Only one process may have them open: the one that has the store open.
    pub fn open(data_dir: &Path) -> StoreResult<FsArtifacts> {
        Folder::open(data_dir.join("artifacts")).map(|folder| FsArtifacts(Arc::new(folder)))
    }

    /// Runs `work` on a blocking thread.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Folder) -> StoreResult<T> + Send + 'static,
    ) -> StoreResult<T> {
        let folder = Arc::clone(&self.0);
        blocking(move || work(&folder)).await
    }
}

#[async_trait]
impl ArtifactStore for FsArtifacts {
    async fn put(&self, path: &str, chunks: ArtifactWriter) -> StoreResult<()> {
        let path = ArtifactPath::parse(path)?;
        let (sender, receiver) = mpsc::channel(CHUNKS_WAITING_MAX);
        let folder = Arc::clone(&self.0);
        let writing = tokio::task::spawn_blocking(move || folder.put(&path, receiver));
        let sent = send_all(chunks, sender).await;
        let written = writing.await.map_err(broken)?;
        sent.and(written)
    }

    async fn get_from(&self, path: &str, offset: u64) -> StoreResult<ArtifactReader> {
        let path = ArtifactPath::parse(path)?;
        let OpenFile { file, size_bytes, modified_ns } =
            self.run(move |folder| folder.open_file(&path, offset)).await?;
        let chunks = stream::try_unfold(file, |file| async move {
            let (chunk, file) = blocking(move || read_chunk(file)).await?;
            Ok((!chunk.is_empty()).then_some((chunk, file)))
        });
        Ok(ArtifactReader { size_bytes, modified_ns, chunks: chunks.boxed() })
    }

    async fn list(&self, path: &str) -> StoreResult<Vec<ArtifactEntry>> {
        let path = ArtifactPath::parse_folder(path)?;
        self.run(move |folder| folder.list(&path)).await
    }

    async fn delete(&self, path: &str) -> StoreResult<()> {
        let path = ArtifactPath::parse(path)?;
        self.run(move |folder| folder.delete(&path)).await
    }
}

/// Hands an upload to the thread that writes it; if a chunk is an error, that thread is left without the last word.
async fn send_all(mut chunks: ArtifactWriter, sender: mpsc::Sender<Upload>) -> StoreResult<()> {
    while let Some(chunk) = chunks.next().await {
        if sender.send(Upload::Chunk(chunk?)).await.is_err() {
            // It failed, and answers why.
            return Ok(());
        }
    }
    // As above.
    let _ = sender.send(Upload::Complete).await;
    Ok(())
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> StoreResult<T> + Send + 'static,
) -> StoreResult<T> {
    tokio::task::spawn_blocking(work).await.map_err(broken)?
}

fn broken(error: tokio::task::JoinError) -> StoreError {
    StoreError::with_source(ErrorKind::Internal, "cannot finish a file operation", error)
}
