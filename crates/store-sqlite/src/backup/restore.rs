//! Making a data directory of a backup.

use super::hash_text;
use super::manifest::{Entry, MANIFEST, Manifest, check_hash, content_path};
use crate::error::{damaged, io_error};
use spanwise_model::ErrorKind;
use spanwise_store::{Progress, StoreError, StoreResult};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::Xxh3;

/// Marks a data directory that is being restored: no store is opened on it before it is whole.
const RESTORING: &str = "restoring";
/// What a restore makes.
const RESTORED: [&str; 5] = ["index.db", "segments", "postings", "attachments", "artifacts"];
/// Bytes that are copied at a time.
const CHUNK_BYTES: usize = 256 << 10;

/// What was restored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RestoreReport {
    /// When the backup was made.
    pub created_ns: i64,
    /// Its files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// Makes a data directory of a backup, verifying each file. An interrupted restore leaves a directory that no store is
/// opened on, and that may be restored to again.
///
/// # Errors
/// `NotFound` if there is no whole backup; `InvalidArgument` if the directory is not empty; `Internal` if the backup
/// is damaged, which names the file.
pub fn restore(backup: &Path, data_dir: &Path, progress: &Progress) -> StoreResult<RestoreReport> {
    let manifest = find(backup)?;
    let _lock = prepare(data_dir)?;
    let total = manifest.bytes();
    let mut done = 0;
    let mut folders = BTreeSet::from([data_dir.to_owned()]);
    for (path, entry) in &manifest.files {
        progress.report("restoring", done, total)?;
        let target = path.split('/').fold(data_dir.to_owned(), |place, part| place.join(part));
        make_parents(data_dir, &target, &mut folders)?;
        copy(backup, path, entry, &target, &mut |bytes| progress.report("restoring", done + bytes, total))?;
        done += entry.bytes;
    }
    for folder in &folders {
        sync_folder(folder)?;
    }
    let marker = data_dir.join(RESTORING);
    fs::remove_file(&marker).map_err(|error| failed(&marker, error))?;
    sync_folder(data_dir)?;
    Ok(RestoreReport { created_ns: manifest.created_ns, files: manifest.files.len() as u64, bytes: total })
}

/// Refuses to open a data directory that is not restored yet.
pub(crate) fn refuse_interrupted(data_dir: &Path) -> StoreResult<()> {
    if !data_dir.join(RESTORING).exists() {
        return Ok(());
    }
    Err(StoreError::new(
        ErrorKind::Unavailable,
        format!(
            "{} holds a part of a backup, because a restore was interrupted; run `spanwise restore` again",
            data_dir.display()
        ),
    ))
}

/// Reads the manifest, and sees that all contents are there.
fn find(backup: &Path) -> StoreResult<Manifest> {
    let manifest = Manifest::read(backup)?.ok_or_else(|| {
        StoreError::not_found(format!(
            "{} holds no whole backup: there is no {MANIFEST}, which a backup that was interrupted has not; run \
             `spanwise backup` again",
            backup.display()
        ))
    })?;
    for (path, entry) in &manifest.files {
        check_hash(&entry.xxh3)?;
        let place = content_path(backup, &entry.xxh3);
        let bytes = fs::metadata(&place)
            .map_err(|error| {
                io_error(format!("the backup lacks `{path}`: cannot read {}", place.display()), error)
            })?
            .len();
        if bytes != entry.bytes {
            let place = place.display();
            return Err(damaged(format!("{place} has {bytes} bytes, but `{path}` had {}", entry.bytes)));
        }
    }
    Ok(manifest)
}

/// Makes an empty data directory that is marked as being restored, and locks it.
fn prepare(data_dir: &Path) -> StoreResult<File> {
    fs::create_dir_all(data_dir).map_err(|error| failed(data_dir, error))?;
    let marker = data_dir.join(RESTORING);
    let leftovers = leftovers(data_dir, marker.exists())?;
    let lock = crate::store::lock(data_dir)?;
    for path in leftovers {
        let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        removed.map_err(|error| failed(&path, error))?;
    }
    File::create(&marker).and_then(|file| file.sync_all()).map_err(|error| failed(&marker, error))?;
    sync_folder(data_dir)?;
    Ok(lock)
}

/// Returns what an interrupted restore left in the directory; anything else is refused by name.
fn leftovers(data_dir: &Path, is_second_try: bool) -> StoreResult<Vec<PathBuf>> {
    let mut leftovers = Vec::new();
    for entry in fs::read_dir(data_dir).map_err(|error| failed(data_dir, error))? {
        let path = entry.map_err(|error| failed(data_dir, error))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if is_second_try && RESTORED.contains(&name.as_str()) {
            leftovers.push(path);
        } else if !matches!(name.as_str(), "lock" | RESTORING) {
            return Err(StoreError::invalid(format!(
                "{} is not empty: it holds `{name}`; name an empty or a new data directory",
                data_dir.display()
            )));
        }
    }
    Ok(leftovers)
}

fn make_parents(data_dir: &Path, target: &Path, folders: &mut BTreeSet<PathBuf>) -> StoreResult<()> {
    let Some(parent) = target.parent() else { return Ok(()) };
    if folders.contains(parent) {
        return Ok(());
    }
    fs::create_dir_all(parent).map_err(|error| failed(parent, error))?;
    let above = parent.ancestors().take_while(|folder| folder.starts_with(data_dir));
    folders.extend(above.map(Path::to_owned));
    Ok(())
}

fn copy(
    backup: &Path,
    path: &str,
    entry: &Entry,
    target: &Path,
    each: &mut dyn FnMut(u64) -> StoreResult<()>,
) -> StoreResult<()> {
    let place = content_path(backup, &entry.xxh3);
    let mut from = File::open(&place).map_err(|error| failed(&place, error))?;
    let mut to = File::create(target).map_err(|error| failed(target, error))?;
    let mut chunk = vec![0; CHUNK_BYTES];
    let (mut hash, mut copied) = (Xxh3::new(), 0);
    loop {
        let count = from.read(&mut chunk).map_err(|error| failed(&place, error))?;
        if count == 0 {
            break;
        }
        hash.update(&chunk[..count]);
        to.write_all(&chunk[..count]).map_err(|error| failed(target, error))?;
        copied += count as u64;
        each(copied)?;
    }
    if hash_text(&hash) != entry.xxh3 || copied != entry.bytes {
        return Err(damaged(format!(
            "the backup is damaged: {} is not what `{path}` was (its checksum is wrong)",
            place.display()
        )));
    }
    to.sync_all().map_err(|error| failed(target, error))
}

fn sync_folder(folder: &Path) -> StoreResult<()> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| failed(folder, error))
}

fn failed(place: &Path, error: io::Error) -> StoreError {
    io_error(format!("cannot restore {}", place.display()), error)
}
