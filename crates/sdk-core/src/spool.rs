//! Requests that wait on disk while an endpoint is away: one segment each, sent in the order in which they came.
//!
//! A folder has slots, one for each process that uses it at a time; whoever gets a slot also sends what an earlier process
//! left there.

use crate::export::Request;
use spanwise_inbox::{Segment, SegmentWriter, find_segments};
use std::collections::VecDeque;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

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
    /// Takes a free slot of `folder`.
    pub(crate) fn open(folder: &Path, bytes_max: u64) -> io::Result<Spool> {
        for slot in 0..SLOTS_MAX {
            let folder = folder.join(format!("slot-{slot}"));
            fs::create_dir_all(&folder)?;
            let lock = File::create(folder.join("lock"))?;
            if lock.try_lock().is_ok() {
                let mut spool = Spool { folder, bytes_max, bytes: 0, waiting: VecDeque::new(), _lock: lock };
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
