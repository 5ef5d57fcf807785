//! Reading a store for a backup.

use super::hash_text;
use super::pin::{Pin, Pins};
use crate::attachments;
use crate::error::{io_error, sql_error};
use crate::postings;
use crate::schema;
use crate::segment::segment_path;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use rusqlite::Connection;
use spanwise_store::{BackupItem, BackupStream, KnownFiles, StoreError, StoreResult};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use tokio::sync::mpsc::{Sender, channel};
use xxhash_rust::xxh3::Xxh3;

/// Where the copy of the index is while it is sent or checked; in the data directory.
pub(crate) const FOLDER: &str = "backup";
/// Bytes that are read and sent at a time.
const CHUNK_BYTES: usize = 256 << 10;
/// Steps of SQLite between two looks whether somebody still wants the copy: a few milliseconds.
const STEPS_BETWEEN_LOOKS: i32 = 100_000;
/// Chunks that wait for who takes them.
const CHUNKS_WAITING: usize = 8;

/// Removes what an interrupted backup left in a data directory.
pub(crate) fn remove_leftovers(data_dir: &Path) -> StoreResult<()> {
    let folder = data_dir.join(FOLDER);
    match fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(io_error(format!("cannot remove {}", folder.display()), error))
        }
        _ => Ok(()),
    }
}

/// Starts to read a store; see [`spanwise_store::Store::backup`].
pub(crate) fn start(data_dir: &Path, pins: &Arc<Pins>, known: KnownFiles) -> StoreResult<BackupStream> {
    let pin = pins.pin()?;
    let (items, mut waiting) = channel(CHUNKS_WAITING);
    let source = Source { data_dir: data_dir.to_owned(), known, items: items.clone(), pin, total: 0 };
    thread::Builder::new()
        .name("backup".into())
        .spawn(move || {
            let result = source.run();
            if let Err(Stop::Failed(error)) = result {
                // If nobody waits any more, nobody wants to know.
                let _ = items.blocking_send(Err(error));
            }
        })
        .map_err(|error| io_error("cannot start the backup thread", error))?;
    Ok(stream::poll_fn(move |context| waiting.poll_recv(context)).boxed())
}

/// Why it ended early.
enum Stop {
    /// Nobody takes the items any more.
    Gone,
    Failed(StoreError),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Stop {
        Stop::Failed(error)
    }
}

struct Source {
    data_dir: PathBuf,
    known: KnownFiles,
    items: Sender<StoreResult<BackupItem>>,
    /// Keeps the files from being removed until the last of them was read.
    pin: Pin,
    total: u64,
}

/// A file to send.
struct Wanted {
    /// Its path in the data directory, and in the backup.
    path: String,
    /// Where it is, if it is not there.
    place: PathBuf,
    /// How much of it counts.
    bytes: u64,
    /// Whether a store does without it: parts of the word index are made again, and artifacts may be deleted.
    is_optional: bool,
}

impl Source {
    fn run(mut self) -> Result<(), Stop> {
        let folder = self.data_dir.join(FOLDER);
        let result = self.send_all(&folder);
        if let Err(error) = remove_leftovers(&self.data_dir) {
            tracing::warn!(error = %error, "the copy of the index is removed when the store is opened again");
        }
        result
    }

    fn send_all(&mut self, folder: &Path) -> Result<(), Stop> {
        let items = self.items.clone();
        let snapshot = copy_index(&self.data_dir, folder, move || items.is_closed())?;
        self.pin.release_log();
        let wanted = wanted(&self.data_dir, snapshot)?;
        self.total = wanted.iter().map(|file| file.bytes).sum();
        self.send(BackupItem::Start { files: wanted.len() as u64, bytes: self.total })?;
        for file in &wanted {
            self.send_file(file)?;
        }
        self.send(BackupItem::Done)
    }

    fn send(&self, item: BackupItem) -> Result<(), Stop> {
        self.items.blocking_send(Ok(item)).map_err(|_| Stop::Gone)
    }

    fn send_file(&self, wanted: &Wanted) -> Result<(), Stop> {
        let Wanted { path, bytes, .. } = wanted;
        let file = match File::open(&wanted.place) {
            Ok(file) => file,
            Err(error) if wanted.is_optional && error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(unreadable(wanted, error).into()),
        };
        if let Some(known) = self.known.get(path).filter(|known| known.bytes == *bytes) {
            let hash = self.read(&file, wanted, |_| Ok(()))?;
            if hash == known.xxh3 {
                return self.send(BackupItem::Unchanged { path: path.clone() });
            }
        }
        self.send(BackupItem::File { path: path.clone(), bytes: *bytes })?;
        let file = File::open(&wanted.place).map_err(|error| unreadable(wanted, error))?;
        let xxh3 = self.read(&file, wanted, |chunk| self.send(BackupItem::Data(chunk)))?;
        self.send(BackupItem::End { xxh3 })
    }

    /// Reads as much of a file as counts, and returns its hash.
    fn read(
        &self,
        file: &File,
        wanted: &Wanted,
        mut each: impl FnMut(Bytes) -> Result<(), Stop>,
    ) -> Result<String, Stop> {
        let mut hash = Xxh3::new();
        let mut left = wanted.bytes;
        while left > 0 {
            if self.items.is_closed() {
                return Err(Stop::Gone);
            }
            let mut chunk = vec![0; left.min(CHUNK_BYTES as u64) as usize];
            (&*file).read_exact(&mut chunk).map_err(|error| unreadable(wanted, error))?;
            hash.update(&chunk);
            left -= chunk.len() as u64;
            each(chunk.into())?;
        }
        Ok(hash_text(&hash))
    }
}

fn unreadable(wanted: &Wanted, error: io::Error) -> StoreError {
    io_error(format!("cannot read {}", wanted.place.display()), error)
}

/// Copies the index as of now; ends with an error when nobody wants it any more.
fn copy_index(
    data_dir: &Path,
    folder: &Path,
    is_unwanted: impl FnMut() -> bool + Send + 'static,
) -> StoreResult<PathBuf> {
    remove_leftovers(data_dir)?;
    fs::create_dir_all(folder)
        .map_err(|error| io_error(format!("cannot create {}", folder.display()), error))?;
    let snapshot = folder.join("index.db");
    let mut conn = schema::open_maintenance(&data_dir.join("index.db"))?;
    // The copy can give free pages back, also that of an index that was made before this was known.
    conn.pragma_update(None, "auto_vacuum", "INCREMENTAL").map_err(sql_error)?;
    let target = snapshot.to_str().ok_or_else(|| {
        StoreError::invalid(format!("the data directory {} is not UTF-8", data_dir.display()))
    })?;
    conn.progress_handler(STEPS_BETWEEN_LOOKS, Some(is_unwanted)).map_err(sql_error)?;
    conn.execute("VACUUM INTO ?1", [target]).map_err(sql_error)?;
    Ok(snapshot)
}

/// Returns the files that the copied index refers to, itself first.
fn wanted(data_dir: &Path, snapshot: PathBuf) -> StoreResult<Vec<Wanted>> {
    let conn = Connection::open(&snapshot).map_err(sql_error)?;
    let rows = |sql: &str| -> StoreResult<Vec<(i64, u64)>> {
        conn.prepare(sql)
            .and_then(|mut statement| {
                statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
            })
            .map_err(sql_error)
    };
    let segments = rows("SELECT segment_id, committed_bytes FROM segment ORDER BY segment_id")?;
    let parts = rows("SELECT part_id, bytes FROM posting_part ORDER BY part_id")?;
    let mut files = Vec::new();
    attachments::for_each(&conn, |hash, bytes| {
        let place = attachments::attachment_path(data_dir, &hash);
        files.push(Wanted { path: relative(data_dir, &place), place, bytes, is_optional: false });
        Ok(())
    })?;
    drop(conn);
    let bytes = fs::metadata(&snapshot)
        .map_err(|error| io_error(format!("cannot read {}", snapshot.display()), error))?
        .len();
    let mut wanted = vec![Wanted { path: "index.db".into(), place: snapshot, bytes, is_optional: false }];
    for (segment_id, bytes) in segments {
        let place = segment_path(&data_dir.join("segments"), segment_id);
        wanted.push(Wanted { path: relative(data_dir, &place), place, bytes, is_optional: false });
    }
    for (part_id, bytes) in parts {
        let place = postings::part_path(&data_dir.join("postings"), part_id);
        wanted.push(Wanted { path: relative(data_dir, &place), place, bytes, is_optional: true });
    }
    wanted.extend(files);
    let artifacts = data_dir.join("artifacts");
    add_artifacts(data_dir, &artifacts, &mut wanted)
        .map_err(|error| io_error(format!("cannot read {}", artifacts.display()), error))?;
    Ok(wanted)
}

/// Adds all files below a folder; unfinished uploads are none of them, nor is what lies behind a link.
fn add_artifacts(data_dir: &Path, folder: &Path, wanted: &mut Vec<Wanted>) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let place = entry.path();
        let metadata = match entry.metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            metadata => metadata?,
        };
        let is_upload = place == crate::artifacts::incoming(data_dir);
        if metadata.is_dir() && !is_upload {
            add_artifacts(data_dir, &place, wanted)?;
        } else if metadata.is_file() {
            let path = relative(data_dir, &place);
            wanted.push(Wanted { path, place, bytes: metadata.len(), is_optional: true });
        }
    }
    Ok(())
}

fn relative(data_dir: &Path, place: &Path) -> String {
    let path = place.strip_prefix(data_dir).unwrap_or(place);
    let parts: Vec<_> = path.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    parts.join("/")
}
