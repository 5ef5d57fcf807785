//! The files of an import: opened where they are to be read from, and read on a thread of their own.

use super::chunk::{self, Chunk, Limits, Place};
use super::state::Identity;
use anyhow::{Context, Result};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// What a Zstandard frame begins with.
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// Bytes that are read at a time.
const READ_BYTES: usize = 256 << 10;
/// Chunks that are read ahead.
const CHUNKS_AHEAD: usize = 1;

/// Chunks as they are read.
pub(super) struct Source {
    pub(super) chunks: mpsc::Receiver<io::Result<Chunk>>,
    reader: JoinHandle<()>,
}

impl Source {
    /// Starts to read a file from a place.
    pub(super) fn file(path: &Path, place: Place) -> Result<Source> {
        let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
        Ok(Source::start(move || open_at(file, place), place))
    }

    /// Starts to read standard input.
    pub(super) fn stdin() -> Source {
        let open = || {
            let raw = Raw { inner: io::stdin(), position: Arc::default() };
            let position = raw.position.clone();
            Ok((decompressed(raw)?, position))
        };
        Source::start(open, Place { offset: 0, lines: 0 })
    }

    fn start(open: impl FnOnce() -> io::Result<Opened> + Send + 'static, mut place: Place) -> Source {
        let (sender, chunks) = mpsc::channel(CHUNKS_AHEAD);
        let reader = tokio::task::spawn_blocking(move || {
            let read_all = || -> io::Result<()> {
                let (mut input, position) = open()?;
                while let Some(mut chunk) = chunk::read(&mut *input, &mut place, Limits::default())? {
                    chunk.position = position.load(Ordering::Relaxed);
                    if sender.blocking_send(Ok(chunk)).is_err() {
                        break;
                    }
                }
                Ok(())
            };
            if let Err(error) = read_all() {
                // Whoever does not listen any more does not need it.
                drop(sender.blocking_send(Err(error)));
            }
        });
        Source { chunks, reader }
    }

    /// Waits for the reading thread, after all chunks were taken.
    pub(super) async fn end(self) -> Result<()> {
        drop(self.chunks);
        self.reader.await.context("the reading thread panicked")
    }
}

/// A reader of lines, and how many bytes of the file it has read.
type Opened = (Box<dyn BufRead>, Arc<AtomicU64>);

fn open_at(mut file: File, place: Place) -> io::Result<Opened> {
    let position = Arc::<AtomicU64>::default();
    let mut magic = Vec::new();
    Read::take(&mut file, ZSTD_MAGIC.len() as u64).read_to_end(&mut magic)?;
    let is_compressed = magic == ZSTD_MAGIC;
    let start = if is_compressed { 0 } else { place.offset };
    file.seek(SeekFrom::Start(start))?;
    position.store(start, Ordering::Relaxed);
    let raw = Raw { inner: file, position: position.clone() };
    if !is_compressed {
        return Ok((Box::new(BufReader::with_capacity(READ_BYTES, raw)), position));
    }
    let mut input = decompressed(raw)?;
    // Nothing says where in a compressed file a line is, but reading what came before it.
    io::copy(&mut Read::take(&mut input, place.offset), &mut io::sink())?;
    Ok((input, position))
}

/// Returns a reader of what a stream holds, compressed or not.
fn decompressed(raw: impl Read + 'static) -> io::Result<Box<dyn BufRead>> {
    let mut raw = BufReader::with_capacity(READ_BYTES, raw);
    // One reading may give less than four bytes, but no stream that begins so is one of ours.
    let is_compressed = raw.fill_buf()?.starts_with(&ZSTD_MAGIC);
    if !is_compressed {
        return Ok(Box::new(raw));
    }
    let decoder = zstd::stream::read::Decoder::with_buffer(raw)?;
    Ok(Box::new(BufReader::with_capacity(READ_BYTES, decoder)))
}

/// Counts what is read of a file.
struct Raw<R> {
    inner: R,
    position: Arc<AtomicU64>,
}

impl<R: Read> Read for Raw<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.position.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// Returns what tells a file from another one of the same name.
pub(super) fn identify(path: &Path) -> Result<Identity> {
    Identity::of(path).with_context(|| format!("cannot open {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    /// All lines of a file from a place, read through a source.
    async fn lines(path: &Path, place: Place) -> String {
        let mut source = Source::file(path, place).unwrap();
        let mut text = Vec::new();
        while let Some(chunk) = source.chunks.recv().await {
            text.extend_from_slice(&chunk.unwrap().bytes);
        }
        source.end().await.unwrap();
        String::from_utf8(text).unwrap()
    }

    #[tokio::test]
    async fn plain_and_compressed_files_are_read_from_any_place() {
        let folder = tempfile::tempdir().unwrap();
        let (plain, packed) = (folder.path().join("a.jsonl"), folder.path().join("b.jsonl"));
        let text: String = (0..50_000).map(|number| format!("line {number}\n")).collect();
        std::fs::write(&plain, &text).unwrap();
        std::fs::write(&packed, zstd::encode_all(text.as_bytes(), 1).unwrap()).unwrap();
        for offset in [0, 7, text.len() - 11] {
            let place = Place { offset: offset as u64, lines: 0 };
            assert_eq!(lines(&plain, place).await, text[offset..]);
            assert_eq!(lines(&packed, place).await, text[offset..]);
        }
    }

    #[tokio::test]
    async fn a_broken_file_is_an_error_after_its_sound_part() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.zst");
        let packed = zstd::encode_all(&b"a line\n".repeat(200_000)[..], 1).unwrap();
        File::create(&path).unwrap().write_all(&packed[..packed.len() - 3]).unwrap();
        let mut source = Source::file(&path, Place { offset: 0, lines: 0 }).unwrap();
        let mut is_broken = false;
        while let Some(chunk) = source.chunks.recv().await {
            is_broken = chunk.is_err();
        }
        assert!(is_broken);
    }
}
