//! Writes requests into the inbox of a data directory, where a server takes them in whenever it runs.

use crate::export::{Accepted, ExportError, Exporter, Request};
use spanwise_inbox::{INBOX_DIR, SegmentWriter};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Bytes after which a segment is completed.
const SEGMENT_BYTES: u64 = 8 << 20;
/// How long one is written at most: until then, a server that runs does not see it.
const SEGMENT_AGE: Duration = Duration::from_secs(5);

pub(crate) struct InboxExporter {
    folder: PathBuf,
    segment: Option<(SegmentWriter, Instant)>,
}

impl InboxExporter {
    pub(crate) fn new(data_dir: &Path) -> InboxExporter {
        InboxExporter { folder: data_dir.join(INBOX_DIR), segment: None }
    }

    fn append(&mut self, request: &Request<'_>) -> io::Result<()> {
        if self.segment.as_ref().is_some_and(|(_, begun)| begun.elapsed() >= SEGMENT_AGE) {
            self.complete()?;
        }
        let (mut segment, begun) = match self.segment.take() {
            Some(open) => open,
            None => (SegmentWriter::create(&self.folder)?, Instant::now()),
        };
        segment.append(request.pieces)?;
        let is_full = segment.bytes() >= SEGMENT_BYTES;
        self.segment = Some((segment, begun));
        if is_full { self.complete() } else { Ok(()) }
    }

    fn complete(&mut self) -> io::Result<()> {
        self.segment.take().map_or(Ok(()), |(segment, _)| segment.finish().map(drop))
    }

    fn failed(&self, error: &io::Error) -> ExportError {
        ExportError::passing(format!("cannot write to `{}`: {error}", self.folder.display()))
    }
}

impl Exporter for InboxExporter {
    fn export(&mut self, request: &Request<'_>) -> Result<Accepted, ExportError> {
        self.append(request).map_err(|error| self.failed(&error))?;
        Ok(Accepted::default())
    }

    fn flush(&mut self) -> Result<(), ExportError> {
        self.complete().map_err(|error| self.failed(&error))
    }
}
