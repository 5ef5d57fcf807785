//! Writing segments.

use crate::crc::crc32;
use crate::{MAGIC, REQUEST_BYTES_MAX, suffix};
use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Tells segments of one process apart that were begun in one nanosecond.
static SEQUENCE: AtomicU64 = AtomicU64::new(0);

/// A segment under way.
#[derive(Debug)]
pub struct SegmentWriter {
    file: File,
    path: PathBuf,
    /// Bytes up to the end of the last whole frame.
    len: u64,
}

impl SegmentWriter {
    /// Begins a segment in `folder`, which is made if it is not there.
    ///
    /// # Errors
    /// What the system says; nothing is left then but perhaps an empty file.
    pub fn create(folder: &Path) -> io::Result<SegmentWriter> {
        fs::create_dir_all(folder)?;
        let now_ns = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        let number = SEQUENCE.fetch_add(1, Ordering::Relaxed);
        let stem = format!("{now_ns:020}-{}-{number:06}", std::process::id());
        // Under a name that nobody looks at until it is locked and has its beginning.
        let hidden = folder.join(format!("{stem}.new"));
        let mut file = File::create_new(&hidden)?;
        file.try_lock().map_err(io::Error::from)?;
        file.write_all(MAGIC)?;
        let path = folder.join(format!("{stem}.{}", suffix::PART));
        fs::rename(&hidden, &path)?;
        Ok(SegmentWriter { file, path, len: MAGIC.len() as u64 })
    }

    /// Returns how many bytes the segment has.
    pub fn bytes(&self) -> u64 {
        self.len
    }

    /// Appends a request whose bytes are `pieces`, one behind the other. It survives the end of this process, but not a
    /// power cut before [`SegmentWriter::finish`].
    ///
    /// # Errors
    /// What the system says. The segment then ends behind the frame before, and can go on.
    pub fn append(&mut self, pieces: &[&[u8]]) -> io::Result<()> {
        let length: usize = pieces.iter().map(|piece| piece.len()).sum();
        if length > REQUEST_BYTES_MAX {
            let message = format!("a request of {length} bytes; a segment takes {REQUEST_BYTES_MAX}");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        }
        let mut head = [0; 8];
        head[..4].copy_from_slice(&(length as u32).to_le_bytes());
        head[4..].copy_from_slice(&crc32(pieces.iter().copied()).to_le_bytes());
        let written = self.file.write_all(&head);
        let written =
            pieces.iter().fold(written, |so_far, piece| so_far.and_then(|()| self.file.write_all(piece)));
        if let Err(error) = written {
            self.file.set_len(self.len)?;
            self.file.seek(SeekFrom::Start(self.len))?;
            return Err(error);
        }
        self.len += (head.len() + length) as u64;
        Ok(())
    }

    /// Completes the segment and gives it its final name; from then on it survives a power cut.
    ///
    /// # Errors
    /// What the system says. The segment is then taken in as one whose writer died.
    pub fn finish(self) -> io::Result<PathBuf> {
        self.file.sync_all()?;
        let complete = self.path.with_extension(suffix::COMPLETE);
        fs::rename(&self.path, &complete)?;
        sync_folder(&complete)?;
        Ok(complete)
    }
}

/// Makes the names in a folder durable.
#[cfg(unix)]
fn sync_folder(file: &Path) -> io::Result<()> {
    match file.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

#[cfg(not(unix))]
fn sync_folder(_file: &Path) -> io::Result<()> {
    Ok(())
}
