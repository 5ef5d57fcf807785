//! A copy of the index as of one moment, page by page, so that a store can be checked while it is written to.
//!
//! The check itself takes minutes, and a reader of that length would keep the log from being emptied; copying pages
//! takes about as long as reading the file.

use crate::backup;
use crate::error::{io_error, sql_error};
use crate::schema;
use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};
use spanwise_model::ErrorKind;
use spanwise_store::{Progress, StoreError, StoreResult};
use std::fs;
use std::path::{Path, PathBuf};

/// Pages that are copied between two reports of progress.
const STEP_PAGES: i32 = 1024;

/// The copy; it is removed when this is dropped.
pub(super) struct IndexCopy {
    data_dir: PathBuf,
    path: PathBuf,
}

impl Drop for IndexCopy {
    fn drop(&mut self) {
        if let Err(error) = backup::remove_leftovers(&self.data_dir) {
            tracing::warn!(error = %error, "the copy of the index is removed when the store is opened again");
        }
    }
}

impl IndexCopy {
    /// Copies the index as it is now.
    pub(super) fn make(data_dir: &Path, progress: &Progress) -> StoreResult<IndexCopy> {
        progress.report("copying the index", 0, 1)?;
        backup::remove_leftovers(data_dir)?;
        let folder = data_dir.join(backup::FOLDER);
        fs::create_dir_all(&folder)
            .map_err(|error| io_error(format!("cannot create {}", folder.display()), error))?;
        let copy = IndexCopy { data_dir: data_dir.to_owned(), path: folder.join("index.db") };
        let source = schema::open_maintenance(&data_dir.join("index.db"))?;
        // All steps read what this transaction sees; otherwise each write in between would start the copy anew.
        let snapshot = source.unchecked_transaction().map_err(sql_error)?;
        snapshot.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(())).map_err(sql_error)?;
        let mut target = Connection::open(&copy.path).map_err(sql_error)?;
        // A copy that a crash leaves is thrown away.
        target.pragma_update(None, "synchronous", "OFF").map_err(sql_error)?;
        let backup = Backup::new(&source, &mut target).map_err(sql_error)?;
        loop {
            match backup.step(STEP_PAGES).map_err(sql_error)? {
                StepResult::Done => break,
                StepResult::More => {}
                _ => return Err(StoreError::new(ErrorKind::Unavailable, "the index is locked")),
            }
            let pages = backup.progress();
            let done = pages.pagecount.saturating_sub(pages.remaining);
            progress.report("copying the index", count(done), count(pages.pagecount))?;
        }
        drop(backup);
        Ok(copy)
    }

    /// Opens the copy to read.
    pub(super) fn open(&self) -> StoreResult<Connection> {
        schema::open_reader(&self.path)
    }
}

fn count(pages: i32) -> u64 {
    u64::try_from(pages).unwrap_or(0)
}
