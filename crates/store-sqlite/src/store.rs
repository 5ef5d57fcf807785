//! The engine as a [`Store`]: opens the data directory and sends each call to the thread that does it.

use crate::artifact_removal::ArtifactRemoval;
use crate::attachments::Attachments;
use crate::background::{Background, Parts};
use crate::backup::{self, Pins};
use crate::compaction::{Compactor, SharedCompactor};
use crate::error::io_error;
use crate::error_spans::{self, ErrorSpanBuild};
use crate::explore::ChangeFeed;
use crate::postings::{Indexer, KeeperContext, Postings};
use crate::price::PriceKeeper;
use crate::reader::ReaderPool;
use crate::renormalize;
use crate::retention::{Retention, SharedStatus};
use crate::rollup;
use crate::scan::Verdicts;
use crate::schema;
use crate::search::SearchContext;
use crate::segment::{SegmentReader, SegmentWriter};
use crate::spans::SpanReader;
use crate::table::{TableLoader, TraceTable};
use crate::trace_state::TraceStates;
use crate::writer::{WriteContext, Writer};
use rusqlite::Connection;
use spanwise_model::ErrorKind;
use spanwise_store::{RetentionRules, RetentionStatus, StoreError, StoreResult};
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{SystemTime, UNIX_EPOCH};

/// Where a store is and how it runs.
#[derive(Debug, Clone)]
pub struct OpenOptions {
    /// The folder that one process owns; it is made if it is not there.
    pub data_dir: PathBuf,
    /// Threads that read, at least 1.
    pub reader_threads: usize,
    /// Whether the columns of all traces are held in memory, which takes about 100 bytes a trace; without them searches
    /// read the index.
    pub trace_columns: bool,
    /// How long traces stay.
    pub retention: RetentionRules,
    /// Whether the words and attribute values of spans are indexed. Without, what is asked of spans is scanned; opening a
    /// store without removes the index, and opening it with builds it again.
    pub span_index: bool,
}

impl OpenOptions {
    /// Returns the defaults for a data directory: 4 reading threads, columns in memory, an index of spans, and
    /// traces stay for ever.
    pub fn new(data_dir: impl Into<PathBuf>) -> OpenOptions {
        let retention = RetentionRules::default();
        OpenOptions {
            data_dir: data_dir.into(),
            reader_threads: 4,
            trace_columns: true,
            retention,
            span_index: true,
        }
    }
}

/// The embedded store.
pub struct SqliteStore {
    pub(crate) data_dir: PathBuf,
    pub(crate) readers: Arc<ReaderPool>,
    pub(crate) spans: Arc<SpanReader>,
    pub(crate) postings: Postings,
    pub(crate) changes: Arc<ChangeFeed>,
    pub(crate) table: Arc<TraceTable>,
    verdicts: Arc<Verdicts>,
    table_loader: Mutex<Option<TableLoader>>,
    writer: Mutex<Option<Arc<Writer>>>,
    background: Mutex<Option<Background>>,
    indexer: Mutex<Option<Arc<Indexer>>>,
    rollup_build: Mutex<Option<rollup::Build>>,
    error_span_build: Mutex<Option<ErrorSpanBuild>>,
    compactor: Mutex<Option<SharedCompactor>>,
    pub(crate) retention: SharedStatus,
    pub(crate) pins: Arc<Pins>,
    pub(crate) artifact_removal: Arc<ArtifactRemoval>,
    pub(crate) prices: Arc<PriceKeeper>,
    /// Threads to wait for when closing.
    threads: Mutex<Vec<JoinHandle<()>>>,
    /// Held as long as the store is open: one process owns a data directory.
    _lock: File,
}

impl SqliteStore {
    /// Opens a data directory, making it if needed.
    ///
    /// # Errors
    /// `Unavailable` if another process has it open, or the disk fails; `Unsupported` if a newer build wrote it.
    pub fn open(options: &OpenOptions) -> StoreResult<SqliteStore> {
        let data_dir = options.data_dir.clone();
        fs::create_dir_all(&data_dir).map_err(|error| {
            io_error(format!("cannot create the data directory {}", data_dir.display()), error)
        })?;
        let lock = lock(&data_dir)?;
        backup::refuse_interrupted(&data_dir)?;
        backup::remove_leftovers(&data_dir)?;
        let database = data_dir.join("index.db");
        let segments = data_dir.join("segments");
        let (conn, trace_ids) = schema::open_writer(&database)?;
        let prices = Arc::new(PriceKeeper::open(&conn)?);
        let segment_writer = SegmentWriter::open(&segments, &conn)?;
        renormalize::tell_if_older(&conn)?;
        let are_rollups_built = rollup::are_built(&conn)?;
        let are_error_spans_counted = error_spans::are_counted(&conn)?;
        let readers = ReaderPool::open(&database, options.reader_threads.max(1), &trace_ids)?;
        // No two openings are at the same nanosecond: the lock lets only one process in.
        let changes = Arc::new(ChangeFeed::new(now_ns().cast_unsigned()));
        let table = Arc::new(TraceTable::new(options.trace_columns));
        let (writer, writer_thread) = Writer::start(
            conn,
            segment_writer,
            TraceStates::new(),
            Arc::clone(&changes),
            Arc::clone(&table),
            Arc::clone(&trace_ids),
        )?;
        let writer = Arc::new(writer);
        let attachments = Attachments::open(&data_dir)?;
        let spans = Arc::new(SpanReader::new(SegmentReader::new(&segments), Arc::clone(&attachments)));
        let postings = Postings::default();
        let pins = Arc::new(Pins::default());
        let indexer = start_indexer(options, &spans, &writer, &postings, &pins)?;
        let compactor = Compactor::open(
            &database,
            &segments,
            Arc::clone(&spans),
            Arc::clone(&writer),
            Arc::clone(&pins),
            Arc::clone(&prices),
        )?;
        let compactor = if options.span_index { compactor } else { compactor.without_index() };
        let compactor = Arc::new(Mutex::new(compactor));
        let artifact_removal = ArtifactRemoval::new(&data_dir);
        let rules = options.retention.clone();
        let retention = Arc::new(Mutex::new(RetentionStatus { rules, ..RetentionStatus::default() }));
        let parts = Parts {
            compactor: Arc::clone(&compactor),
            postings: postings.clone(),
            retention: Retention::open(
                &database,
                Arc::clone(&writer),
                Arc::clone(&retention),
                Arc::clone(&artifact_removal),
            )?,
            writer: Arc::clone(&writer),
            pins: Arc::clone(&pins),
            artifact_removal: Arc::clone(&artifact_removal),
            attachments,
            trace_ids,
        };
        let (background, background_thread) = Background::start(&database, parts)?;
        let mut threads = vec![background_thread, writer_thread];
        let mut table_loader = None;
        if options.trace_columns {
            let (loader, thread) = TableLoader::start(&database, Arc::clone(&table))?;
            table_loader = Some(loader);
            threads.push(thread);
        }
        let mut rollup_build = None;
        if !are_rollups_built {
            let (build, thread) = rollup::Build::start(&writer)?;
            rollup_build = Some(build);
            threads.push(thread);
        }
        let mut error_span_build = None;
        if !are_error_spans_counted {
            let (build, thread) = ErrorSpanBuild::start(&writer)?;
            error_span_build = Some(build);
            threads.push(thread);
        }
        Ok(SqliteStore {
            data_dir,
            readers: Arc::new(readers),
            spans,
            postings,
            changes,
            table,
            verdicts: Arc::default(),
            table_loader: Mutex::new(table_loader),
            writer: Mutex::new(Some(writer)),
            background: Mutex::new(Some(background)),
            indexer: Mutex::new(Some(indexer)),
            compactor: Mutex::new(Some(compactor)),
            retention,
            pins,
            artifact_removal,
            prices,
            rollup_build: Mutex::new(rollup_build),
            error_span_build: Mutex::new(error_span_build),
            threads: Mutex::new(threads),
            _lock: lock,
        })
    }

    /// Runs a query on a reading thread.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> StoreResult<T> + Send + 'static,
    ) -> StoreResult<T> {
        self.readers.read(|conn| query(conn)).await
    }

    /// Runs a write in the next group; it is durable when this answers.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        operation: impl FnOnce(&mut WriteContext<'_>) -> StoreResult<T> + Send + 'static,
    ) -> StoreResult<T> {
        let written = self.writer()?.write(operation).await;
        // Also where it failed: other writes of its group may have been committed.
        if let Some(background) = &*self.background.lock().unwrap_or_else(PoisonError::into_inner) {
            background.wake_for_log();
        }
        written
    }

    pub(crate) fn writer(&self) -> StoreResult<Arc<Writer>> {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        writer.clone().ok_or_else(closed)
    }

    /// What a search needs beside its connection.
    pub(crate) fn search_context(&self) -> SearchContext {
        SearchContext {
            database: self.data_dir.join("index.db"),
            spans: Arc::clone(&self.spans),
            postings: self.postings.clone(),
            table: Arc::clone(&self.table),
            verdicts: Arc::clone(&self.verdicts),
        }
    }

    /// Tells the background threads that about so many bytes were written.
    pub(crate) fn wake_background(&self, bytes: usize) {
        if let Some(background) = &*self.background.lock().unwrap_or_else(PoisonError::into_inner) {
            background.wake();
        }
        if bytes > 0 {
            self.postings.wake().blocks(bytes as u64);
        }
    }

    /// Indexes everything that is stored by now; for tests and tools that want to see the index complete.
    ///
    /// # Errors
    /// `Unavailable` if the store is closed.
    pub async fn index_now(&self) -> StoreResult<()> {
        let indexer = self.indexer()?;
        blocking(move || indexer.index_now()).await
    }

    /// Waits until the columns of all traces are in memory, and returns how many traces there are and about how many
    /// bytes their columns take; for tests and tools.
    ///
    /// # Errors
    /// `Unavailable` if they are not held, can't be loaded, or the store is closed before they are.
    pub async fn columns_loaded(&self) -> StoreResult<(usize, usize)> {
        let table = Arc::clone(&self.table);
        blocking(move || match table.wait_loaded() {
            true => Ok(table.size()),
            false => Err(StoreError::new(ErrorKind::Unavailable, "the columns of traces are not in memory")),
        })
        .await
    }

    pub(crate) fn indexer(&self) -> StoreResult<Arc<Indexer>> {
        self.indexer.lock().unwrap_or_else(PoisonError::into_inner).clone().ok_or_else(closed)
    }

    pub(crate) fn compactor(&self) -> StoreResult<SharedCompactor> {
        self.compactor.lock().unwrap_or_else(PoisonError::into_inner).clone().ok_or_else(closed)
    }

    /// Ends the background threads, lets the writing thread finish what is queued, and waits for all of them.
    pub(crate) async fn stop(&self) -> StoreResult<()> {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        let background = self.background.lock().unwrap_or_else(PoisonError::into_inner).take();
        let indexer = self.indexer.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(self.compactor.lock().unwrap_or_else(PoisonError::into_inner).take());
        drop(self.rollup_build.lock().unwrap_or_else(PoisonError::into_inner).take());
        drop(self.error_span_build.lock().unwrap_or_else(PoisonError::into_inner).take());
        let table_loader = self.table_loader.lock().unwrap_or_else(PoisonError::into_inner).take();
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        blocking(move || {
            drop(background);
            drop(table_loader);
            if let Some(indexer) = indexer {
                indexer.stop();
            }
            // Writes that are under way hold the writer too; its thread ends with the last of them.
            drop(writer);
            match threads.into_iter().map(JoinHandle::join).filter(Result::is_err).count() {
                0 => Ok(()),
                _ => Err(StoreError::new(ErrorKind::Internal, "a thread of the store panicked")),
            }
        })
        .await
    }
}

fn closed() -> StoreError {
    StoreError::new(ErrorKind::Unavailable, "the store is closed")
}

/// Runs what takes long on a thread for it.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> StoreResult<T> + Send + 'static,
) -> StoreResult<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| StoreError::with_source(ErrorKind::Internal, "a blocking task failed", error))?
}

fn start_indexer(
    options: &OpenOptions,
    spans: &Arc<SpanReader>,
    writer: &Arc<Writer>,
    postings: &Postings,
    pins: &Arc<Pins>,
) -> StoreResult<Arc<Indexer>> {
    let (spans, writer) = (Arc::clone(spans), Arc::clone(writer));
    let context = KeeperContext {
        database: options.data_dir.join("index.db"),
        folder: options.data_dir.join("postings"),
        load: Arc::new(move |location| spans.segments.read(location)),
        commit: Arc::new(move |change| writer.write_blocking(move |context| change.apply(context.conn))),
        pins: Arc::clone(pins),
        is_on: options.span_index,
    };
    Indexer::start(context, postings).map(Arc::new)
}

/// Returns the time on the wall clock.
pub(crate) fn now_ns() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_nanos() as i64)
}

/// Locks a data directory for this process.
pub(crate) fn lock(data_dir: &Path) -> StoreResult<File> {
    let path = data_dir.join("lock");
    let describe = || format!("cannot lock {}", path.display());
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(|error| io_error(describe(), error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::new(
            ErrorKind::Unavailable,
            format!("the data directory {} is in use by another process", data_dir.display()),
        )),
        Err(TryLockError::Error(error)) => Err(io_error(describe(), error)),
    }
}
