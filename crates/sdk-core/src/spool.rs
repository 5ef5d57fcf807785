//! Requests that wait on disk while an endpoint is away: one segment each, sent in the order in which they came.
//!
//! A folder has slots, one for each process that uses it at a time; whoever gets a slot also sends what earlier processes
//! left there, and in all slots that nobody uses.

use crate::export::Request;
use spanwise_inbox::{Segment, SegmentWriter, find_segments};
use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// The file of a slot that is locked while it is used.
const LOCK: &str = "lock";
/// Processes that may use a folder at one time.
const SLOTS_MAX: usize = 64;

pub(crate) struct Spool {
    folder: PathBuf,
    bytes_max: u64,
    bytes: u64,
    waiting: VecDeque<Waiting>,
    /// Held as long as the slot is used.
    _lock: File,
}

struct Waiting {
    path: PathBuf,
    bytes: u64,
    spans: u64,
}

/// What was on disk and can't be read any more.
#[derive(Debug)]
pub(crate) struct Lost {
    pub(crate) spans: u64,
    pub(crate) reason: String,
}

impl Spool {
    /// Takes a free slot of `folder`, and what was left in other free ones.
    pub(crate) fn open(folder: &Path, bytes_max: u64) -> io::Result<Spool> {
        let slots = (0..SLOTS_MAX).map(|slot| folder.join(format!("slot-{slot}")));
        for slot in slots.clone() {
            fs::create_dir_all(&slot)?;
            let lock = File::create(slot.join(LOCK))?;
            if lock.try_lock().is_ok() {
                for other in slots.filter(|other| *other != slot) {
                    // What can't be moved stays for whoever gets that slot.
                    let _left = move_segments(&other, &slot);
                }
                let mut spool =
                    Spool { folder: slot, bytes_max, bytes: 0, waiting: VecDeque::new(), _lock: lock };
                spool.adopt()?;
                return Ok(spool);
            }
        }
        let message = format!("all {SLOTS_MAX} slots of `{}` are in use", folder.display());
        Err(io::Error::new(io::ErrorKind::ResourceBusy, message))
    }

    fn adopt(&mut self) -> io::Result<()> {
        for segment in find_segments(&self.folder)? {
            let bytes = fs::metadata(segment.path())?.len();
            let spans = read(&segment)?.map_or(0, |request| count_spans(&request));
            self.bytes += bytes;
            self.waiting.push_back(Waiting { path: segment.path().to_owned(), bytes, spans });
        }
        Ok(())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(crate) fn spans(&self) -> u64 {
        self.waiting.iter().map(|waiting| waiting.spans).sum()
    }

    /// Puts a request on disk; false if there is no room for it.
    pub(crate) fn append(&mut self, request: &Request<'_>) -> io::Result<bool> {
        if self.bytes + request.bytes() as u64 > self.bytes_max {
            return Ok(false);
        }
        let mut writer = SegmentWriter::create(&self.folder)?;
        writer.append(request.pieces)?;
        let bytes = writer.bytes();
        self.waiting.push_back(Waiting { path: writer.finish()?, bytes, spans: request.spans });
        self.bytes += bytes;
        Ok(true)
    }

    /// Returns the request that came first. One that can't be read is set aside.
    pub(crate) fn oldest(&mut self) -> Result<(Vec<u8>, u64), Lost> {
        let Some(oldest) = self.waiting.front() else {
            return Err(Lost { spans: 0, reason: "nothing waits on disk".to_owned() });
        };
        let spans = oldest.spans;
        let segment = find_segments(&self.folder)
            .map(|segments| segments.into_iter().find(|segment| segment.path() == oldest.path));
        let reason = match segment {
            Ok(Some(segment)) => match read(&segment) {
                Ok(Some(request)) => return Ok((request, spans)),
                Ok(None) => match segment.set_aside() {
                    Ok(aside) => format!("damaged on disk; see {}", aside.display()),
                    Err(error) => format!("damaged on disk: {error}"),
                },
                Err(error) => error.to_string(),
            },
            Ok(None) => format!("{} is gone", oldest.path.display()),
            Err(error) => error.to_string(),
        };
        self.forget_oldest();
        Err(Lost { spans, reason })
    }

    fn forget_oldest(&mut self) -> Option<PathBuf> {
        let oldest = self.waiting.pop_front()?;
        self.bytes = self.bytes.saturating_sub(oldest.bytes);
        Some(oldest.path)
    }

    /// Removes the request that came first.
    pub(crate) fn remove_oldest(&mut self) -> io::Result<()> {
        self.forget_oldest().map_or(Ok(()), fs::remove_file)
    }
}

/// Moves what waits in the slot `from`, if nobody uses it. Names say when segments were begun, so that they are in order
/// among those that are there.
fn move_segments(from: &Path, to: &Path) -> io::Result<()> {
    let lock = match File::options().write(true).open(from.join(LOCK)) {
        Ok(lock) => lock,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if lock.try_lock().is_err() {
        return Ok(());
    }
    for segment in find_segments(from)? {
        fs::rename(segment.path(), free_name(segment.path(), to))?;
    }
    Ok(())
}

/// Returns where a segment has a place in `folder`: under its own name, or one beside that if it is taken.
fn free_name(segment: &Path, folder: &Path) -> PathBuf {
    let name = segment.file_name().unwrap_or_default();
    let mut path = folder.join(name);
    while path.exists() {
        let mut stem = path.file_stem().map(OsString::from).unwrap_or_default();
        stem.push("-");
        path.set_file_name(stem);
        path.set_extension(segment.extension().unwrap_or_default());
    }
    path
}

/// Returns the request of a segment; `None` if it is damaged.
fn read(segment: &Segment) -> io::Result<Option<Vec<u8>>> {
    match segment.frames()?.next() {
        Some(Ok(Ok(request))) => Ok(Some(request)),
        Some(Ok(Err(_))) | None => Ok(None),
        Some(Err(error)) => Err(error),
    }
}

/// Counts the spans of a request: the field 2 of the field 2 of the field 1.
fn count_spans(request: &[u8]) -> u64 {
    use crate::wire::Fields;
    let of = |bytes, number| {
        Fields::of(bytes).filter(move |field| field.number == number).map(|field| field.payload.bytes())
    };
    of(request, 1).flat_map(|resource| of(resource, 2)).map(|scope| of(scope, 2).count() as u64).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BYTES_MAX: u64 = 1 << 20;

    fn put(spool: &mut Spool, text: &[u8]) {
        assert!(spool.append(&Request { pieces: &[text], spans: 1 }).unwrap());
    }

    fn take_all(spool: &mut Spool) -> Vec<Vec<u8>> {
        let mut all = Vec::new();
        while !spool.is_empty() {
            all.push(spool.oldest().unwrap().0);
            spool.remove_oldest().unwrap();
        }
        all
    }

    #[test]
    fn who_starts_alone_takes_what_all_left_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let mut spools = [0, 1, 2].map(|_| Spool::open(folder.path(), BYTES_MAX).unwrap());
        for (index, text) in [(1, b"one"), (0, b"two"), (2, b"six"), (1, b"ten")] {
            put(&mut spools[index], text);
        }
        let [first, second, third] = spools;
        drop((first, second));
        let mut alone = Spool::open(folder.path(), BYTES_MAX).unwrap();
        assert_eq!(take_all(&mut alone), [b"one", b"two", b"ten"]);
        drop(alone);
        // The third still used its own then.
        drop(third);
        assert_eq!(take_all(&mut Spool::open(folder.path(), BYTES_MAX).unwrap()), [b"six"]);
    }

    #[test]
    fn segments_of_one_name_do_not_replace_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let mut spools = [0, 1, 2].map(|_| Spool::open(folder.path(), BYTES_MAX).unwrap());
        for (spool, text) in spools.iter_mut().zip([b"one", b"two", b"six"]) {
            put(spool, text);
            let path = &spool.waiting[0].path;
            fs::rename(path, path.with_file_name("1-1-1.otlp")).unwrap();
        }
        drop(spools);
        let mut all = take_all(&mut Spool::open(folder.path(), BYTES_MAX).unwrap());
        all.sort_unstable();
        assert_eq!(all, [b"one", b"six", b"two"]);
    }
}
