//! What becomes of the artifacts of deleted traces: their folders are noted in the transaction that deletes the traces,
//! and removed soon after by the maintenance thread; what a crash leaves is removed after the next start.

use crate::artifacts;
use crate::catalog;
use crate::error::sql_error;
use crate::writer::Writer;
use rusqlite::Connection;
use spanwise_model::{ErrorKind, TraceId};
use spanwise_store::StoreResult;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Folders that are removed before their notes are.
const STEP_FOLDERS: i64 = 256;

/// Shared by those who delete traces and the thread that removes folders.
#[derive(Debug)]
pub(crate) struct ArtifactRemoval {
    root: PathBuf,
    /// Set when there may be notes.
    is_due: AtomicBool,
}

impl ArtifactRemoval {
    /// Makes one for a data directory; notes of the last run may wait.
    pub(crate) fn new(data_dir: &Path) -> Arc<ArtifactRemoval> {
        let root = data_dir.join("artifacts");
        Arc::new(ArtifactRemoval { root, is_due: AtomicBool::new(true) })
    }

    /// Notes those of the folders (below the root) that are there, in the open transaction.
    pub(crate) fn note(&self, conn: &Connection, folders: &[String]) -> StoreResult<()> {
        for folder in folders.iter().filter(|folder| self.root.join(folder).exists()) {
            conn.prepare_cached("INSERT INTO artifact_removal (path) VALUES (?1)")
                .and_then(|mut statement| statement.execute([folder]))
                .map_err(sql_error)?;
        }
        Ok(())
    }

    /// Says that notes were committed: before that, nobody could see them.
    pub(crate) fn committed(&self) {
        self.is_due.store(true, Ordering::Release);
    }

    /// Removes all folders that are noted; returns how many.
    pub(crate) fn remove_noted(&self, conn: &Connection, writer: &Writer) -> StoreResult<usize> {
        if !self.is_due.swap(false, Ordering::AcqRel) {
            return Ok(0);
        }
        let removed = self.remove_all(conn, writer);
        if removed.is_err() {
            self.is_due.store(true, Ordering::Release);
        }
        removed
    }

    fn remove_all(&self, conn: &Connection, writer: &Writer) -> StoreResult<usize> {
        let mut removed = 0;
        loop {
            let noted: Vec<(i64, String)> = conn
                .prepare_cached("SELECT removal_id, path FROM artifact_removal ORDER BY removal_id LIMIT ?1")
                .and_then(|mut statement| {
                    statement.query_map([STEP_FOLDERS], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
                })
                .map_err(sql_error)?;
            if noted.is_empty() {
                return Ok(removed);
            }
            for (_, folder) in noted.iter().filter(|(_, folder)| is_unneeded(conn, folder)) {
                artifacts::remove_trace_folder(&self.root, folder)?;
                removed += 1;
            }
            writer.write_blocking(move |context| {
                let mut delete = context
                    .conn
                    .prepare_cached("DELETE FROM artifact_removal WHERE removal_id = ?1")
                    .map_err(sql_error)?;
                noted.iter().try_for_each(|(id, _)| delete.execute([id]).map(drop)).map_err(sql_error)
            })?;
        }
    }
}

/// Returns whether a folder's trace is not there (again).
fn is_unneeded(conn: &Connection, folder: &str) -> bool {
    let trace_id = folder.split_once("/traces/").and_then(|(_, id)| id.parse::<TraceId>().ok());
    trace_id.is_some_and(|id| {
        catalog::trace_key(conn, &id).is_err_and(|error| error.kind() == ErrorKind::NotFound)
    })
}

#[cfg(test)]
mod tests {
    use crate::store::{OpenOptions, SqliteStore};
    use spanwise_model::{ExperimentId, TraceId};
    use spanwise_store::conformance::build::{span, spans, trace_id};
    use spanwise_store::{DeleteTraces, Store};
    use std::fs;
    use std::path::{Path, PathBuf};
    use std::time::{Duration, Instant};

    /// Stores a trace with an artifact, and returns the folder of that.
    async fn add(store: &SqliteStore, id: &TraceId) -> PathBuf {
        store.append_spans(vec![spans(id, &[span(1)])]).await.unwrap();
        let folder = store.data_dir.join(format!("artifacts/0/traces/{id}/artifacts/attachments"));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("a.txt"), "text").unwrap();
        folder
    }

    async fn delete(store: &SqliteStore, id: &TraceId) {
        let which = DeleteTraces::Ids(vec![id.clone()]);
        assert_eq!(store.delete_traces(ExperimentId::DEFAULT, which).await.unwrap(), 1);
    }

    async fn wait_until_gone(path: &Path) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while path.exists() {
            assert!(Instant::now() < deadline, "{} is still there", path.display());
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn artifacts_go_with_their_trace_and_no_other() {
        let data = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&OpenOptions::new(data.path())).unwrap();
        let gone = add(&store, &trace_id(1)).await;
        let kept = add(&store, &trace_id(2)).await;
        delete(&store, &trace_id(1)).await;
        wait_until_gone(gone.ancestors().nth(2).unwrap()).await;
        assert!(kept.join("a.txt").exists());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn an_id_with_a_slash_has_its_own_folder() {
        let data = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&OpenOptions::new(data.path())).unwrap();
        let [short, long, up] = ["a", "a/b", "../.."].map(|id| TraceId::Text(id.into()));
        let gone = add(&store, &short).await;
        let kept = add(&store, &long).await;
        let outside = add(&store, &up).await;
        delete(&store, &up).await;
        delete(&store, &short).await;
        wait_until_gone(&gone).await;
        assert!(kept.join("a.txt").exists() && outside.join("a.txt").exists());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_a_crash_left_is_removed_after_the_next_start() {
        let data = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&OpenOptions::new(data.path())).unwrap();
        let gone = add(&store, &trace_id(1)).await;
        let there = add(&store, &trace_id(2)).await;
        let folders = [1, 2].map(|number| format!("0/traces/{}", trace_id(number)));
        delete(&store, &trace_id(1)).await;
        wait_until_gone(&gone).await;
        fs::create_dir_all(&gone).unwrap();
        let removal = std::sync::Arc::clone(&store.artifact_removal);
        store.write(move |context| removal.note(context.conn, &folders)).await.unwrap();
        // The thread does not hear of it, as if the process had ended here.
        store.close().await.unwrap();
        drop(store);
        let store = SqliteStore::open(&OpenOptions::new(data.path())).unwrap();
        wait_until_gone(&gone).await;
        assert!(there.exists(), "its trace is there");
        store.close().await.unwrap();
    }
}
