//! Finding and reading segments.

use crate::crc::crc32;
use crate::{MAGIC, REQUEST_BYTES_MAX, suffix};
use std::fmt;
use std::fs::{self, File, TryLockError};
use std::io::{self, BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};

/// A segment that nobody writes any more.
#[derive(Debug)]
pub struct Segment {
    path: PathBuf,
    /// Holds the lock of a segment whose writer died.
    file: File,
    /// Its writer did not complete it.
    pub is_abandoned: bool,
}

/// Why what is left of a segment can't be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Damage {
    /// It does not begin as a segment does.
    NoSegment,
    /// It ends inside a frame that starts at this byte.
    Torn(u64),
    /// The frame that starts at this byte has another checksum than it says, or a length that none has.
    Corrupt(u64),
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Damage::NoSegment => write!(f, "does not begin with {:?}", String::from_utf8_lossy(MAGIC)),
            Damage::Torn(at) => write!(f, "ends inside the request at byte {at}"),
            Damage::Corrupt(at) => write!(f, "has a damaged request at byte {at}"),
        }
    }
}

/// Returns the segments in `folder` that nobody writes any more, in the order in which they were begun. A folder that is
/// not there has none.
///
/// # Errors
/// What the system says about the folder; segments that vanish meanwhile are left out.
pub fn find_segments(folder: &Path) -> io::Result<Vec<Segment>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut paths = Vec::new();
    for entry in entries {
        paths.push(entry?.path());
    }
    paths.sort_unstable();
    let mut segments = Vec::new();
    for path in paths {
        let is_abandoned = match path.extension().and_then(|extension| extension.to_str()) {
            Some(suffix::COMPLETE) => false,
            Some(suffix::PART) => true,
            _ => continue,
        };
        if let Some(segment) = open(path, is_abandoned)? {
            segments.push(segment);
        }
    }
    Ok(segments)
}

/// Opens a segment; `None` if somebody writes it, or it is gone.
fn open(path: PathBuf, is_abandoned: bool) -> io::Result<Option<Segment>> {
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    if is_abandoned {
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        // Its writer may have completed it since it was listed, and be gone: it is then found under that name.
        if !path.exists() {
            return Ok(None);
        }
    }
    Ok(Some(Segment { path, file, is_abandoned }))
}

impl Segment {
    /// Returns where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns its requests, from the first one.
    ///
    /// # Errors
    /// What the system says.
    pub fn frames(&self) -> io::Result<Frames> {
        let file = File::open(&self.path)?;
        let len = file.metadata()?.len();
        Ok(Frames { reader: BufReader::new(file), len, at: 0, is_done: false })
    }

    /// Removes it.
    ///
    /// # Errors
    /// What the system says.
    pub fn remove(self) -> io::Result<()> {
        fs::remove_file(&self.path)
    }

    /// Gives it a name under which it is not found again, and returns that.
    ///
    /// # Errors
    /// What the system says.
    pub fn set_aside(self) -> io::Result<PathBuf> {
        let aside = self.path.with_extension(suffix::REFUSED);
        fs::rename(&self.path, &aside)?;
        drop(self.file);
        Ok(aside)
    }
}

/// The requests of a segment: each is an `ExportTraceServiceRequest`. The first damage is the last item.
#[derive(Debug)]
pub struct Frames {
    reader: BufReader<File>,
    len: u64,
    at: u64,
    is_done: bool,
}

impl Frames {
    /// Reads the next request; `None` at the end.
    ///
    /// # Errors
    /// What the system says, or the damage.
    fn read(&mut self) -> Result<Option<Vec<u8>>, FrameError> {
        if self.at == 0 {
            let mut magic = [0; MAGIC.len()];
            if self.len < magic.len() as u64 || !read_all(&mut self.reader, &mut magic)? || &magic != MAGIC {
                return Err(Damage::NoSegment.into());
            }
            self.at = magic.len() as u64;
        }
        if self.at == self.len {
            return Ok(None);
        }
        let mut head = [0; 8];
        if !read_all(&mut self.reader, &mut head)? {
            return Err(Damage::Torn(self.at).into());
        }
        let [a, b, c, d, checksum @ ..] = head;
        let length = u32::from_le_bytes([a, b, c, d]) as usize;
        if length > REQUEST_BYTES_MAX {
            return Err(Damage::Corrupt(self.at).into());
        }
        // Before room for it is made: the length may be damaged.
        let end = self.at + (head.len() + length) as u64;
        if end > self.len {
            return Err(Damage::Torn(self.at).into());
        }
        let mut request = vec![0; length];
        if !read_all(&mut self.reader, &mut request)? {
            return Err(Damage::Torn(self.at).into());
        }
        if crc32([&request[..]]) != u32::from_le_bytes(checksum) {
            return Err(Damage::Corrupt(self.at).into());
        }
        self.at = end;
        Ok(Some(request))
    }
}

/// Fills `bytes`; false if there are fewer.
fn read_all(reader: &mut impl Read, bytes: &mut [u8]) -> io::Result<bool> {
    match reader.read_exact(bytes) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

enum FrameError {
    Io(io::Error),
    Damage(Damage),
}

impl From<io::Error> for FrameError {
    fn from(error: io::Error) -> Self {
        FrameError::Io(error)
    }
}

impl From<Damage> for FrameError {
    fn from(damage: Damage) -> Self {
        FrameError::Damage(damage)
    }
}

impl Iterator for Frames {
    type Item = io::Result<Result<Vec<u8>, Damage>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_done {
            return None;
        }
        let read = self.read();
        self.is_done = !matches!(read, Ok(Some(_)));
        match read {
            Ok(request) => request.map(|request| Ok(Ok(request))),
            Err(FrameError::Io(error)) => Some(Err(error)),
            Err(FrameError::Damage(damage)) => Some(Ok(Err(damage))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SegmentWriter;

    fn read(segment: &Segment) -> Vec<Result<Vec<u8>, Damage>> {
        segment.frames().unwrap().map(|frame| frame.unwrap()).collect()
    }

    #[test]
    fn what_is_written_is_read_back_in_order() {
        let folder = tempfile::tempdir().unwrap();
        assert!(find_segments(&folder.path().join("none")).unwrap().is_empty());
        for text in ["one", "two"] {
            let mut writer = SegmentWriter::create(folder.path()).unwrap();
            writer.append(&[text.as_bytes(), b"!"]).unwrap();
            writer.append(&[]).unwrap();
            writer.finish().unwrap();
        }
        let segments = find_segments(folder.path()).unwrap();
        assert_eq!(segments.len(), 2);
        assert_eq!(read(&segments[0]), [Ok(b"one!".to_vec()), Ok(Vec::new())]);
        assert_eq!(read(&segments[1]), [Ok(b"two!".to_vec()), Ok(Vec::new())]);
        assert!(!segments[0].is_abandoned);
        segments.into_iter().for_each(|segment| segment.remove().unwrap());
        assert!(find_segments(folder.path()).unwrap().is_empty());
    }

    #[test]
    fn a_segment_is_found_when_its_writer_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = SegmentWriter::create(folder.path()).unwrap();
        writer.append(&[b"one"]).unwrap();
        assert!(find_segments(folder.path()).unwrap().is_empty());
        drop(writer);
        let mut segments = find_segments(folder.path()).unwrap();
        assert!(segments[0].is_abandoned);
        assert_eq!(read(&segments[0]), [Ok(b"one".to_vec())]);
        let aside = segments.remove(0).set_aside().unwrap();
        assert!(aside.exists() && find_segments(folder.path()).unwrap().is_empty());
    }

    #[test]
    fn damage_ends_a_segment_after_what_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = SegmentWriter::create(folder.path()).unwrap();
        writer.append(&[b"one"]).unwrap();
        writer.append(&[b"two"]).unwrap();
        let path = writer.finish().unwrap();
        let whole = fs::read(&path).unwrap();
        let damaged = |bytes: &[u8]| {
            fs::write(&path, bytes).unwrap();
            read(&find_segments(folder.path()).unwrap()[0])
        };
        let one = Ok(b"one".to_vec());
        for length in 20..whole.len() {
            assert_eq!(damaged(&whole[..length]), [one.clone(), Err(Damage::Torn(19))], "{length}");
        }
        assert_eq!(damaged(&whole[..19]), std::slice::from_ref(&one));
        for length in 0..8 {
            assert_eq!(damaged(&whole[..length]), [Err(Damage::NoSegment)], "{length}");
        }
        let mut flipped = whole.clone();
        *flipped.last_mut().unwrap() ^= 1;
        assert_eq!(damaged(&flipped), [one.clone(), Err(Damage::Corrupt(19))]);
        flipped[22] = 0xff;
        assert_eq!(damaged(&flipped), [one, Err(Damage::Corrupt(19))]);
    }
}
