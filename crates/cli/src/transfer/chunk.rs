//! Lines of a file, in chunks of bounded size. Does no I/O but through the reader that it is given.

use bytes::Bytes;
use std::io::{self, BufRead, Read};

/// Bytes after which a chunk is full. A line is never split, so the last one may exceed it.
pub(super) const CHUNK_BYTES_MAX: usize = 4 << 20;
/// Lines after which a chunk is full.
pub(super) const CHUNK_LINES_MAX: u64 = 1_000;
/// Bytes of one line, which is held in memory (the API's limit). An export spreads a large trace over several lines.
pub(super) const LINE_BYTES_MAX: usize = 64 << 20;

/// Some lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chunk {
    pub(super) bytes: Bytes,
    /// The number of the first line in the file, from 1.
    pub(super) first_line: u64,
    pub(super) lines: u64,
    /// Where the next chunk begins.
    pub(super) end_offset: u64,
    /// The last line was too long and is left out.
    pub(super) is_cut: bool,
    /// Bytes of the file that were read so far; with compression, fewer than `end_offset`.
    pub(super) position: u64,
}

/// Limits of chunks; tests have smaller ones.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) chunk_bytes: usize,
    pub(super) chunk_lines: u64,
    pub(super) line_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { chunk_bytes: CHUNK_BYTES_MAX, chunk_lines: CHUNK_LINES_MAX, line_bytes: LINE_BYTES_MAX }
    }
}

/// Where a reader is in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) offset: u64,
    /// Lines before it.
    pub(super) lines: u64,
}

/// Reads the next chunk; nothing at the end of the file. Moves `place` behind it.
pub(super) fn read(input: &mut dyn BufRead, place: &mut Place, limits: Limits) -> io::Result<Option<Chunk>> {
    let first_line = place.lines + 1;
    let mut bytes = Vec::new();
    let mut is_cut = false;
    while bytes.len() < limits.chunk_bytes && place.lines + 1 - first_line < limits.chunk_lines && !is_cut {
        let start = bytes.len();
        let limit = limits.line_bytes as u64 + 1;
        let mut taken = Read::take(&mut *input, limit).read_until(b'\n', &mut bytes)? as u64;
        if taken == 0 {
            break;
        }
        if taken == limit && bytes.last() != Some(&b'\n') {
            is_cut = true;
            bytes.truncate(start);
            taken += skip_line(input)?;
        }
        place.offset += taken;
        place.lines += 1;
    }
    let lines = place.lines + 1 - first_line;
    let chunk =
        Chunk { bytes: bytes.into(), first_line, lines, end_offset: place.offset, is_cut, position: 0 };
    Ok((lines > 0).then_some(chunk))
}

/// Skips to the end of a line without keeping it; returns how many bytes that were.
fn skip_line(input: &mut dyn BufRead) -> io::Result<u64> {
    let mut skipped = 0;
    loop {
        let buffer = input.fill_buf()?;
        let end = buffer.iter().position(|&byte| byte == b'\n');
        let taken = end.map_or(buffer.len(), |end| end + 1);
        input.consume(taken);
        skipped += taken as u64;
        if end.is_some() || taken == 0 {
            return Ok(skipped);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { chunk_bytes: 8, chunk_lines: 3, line_bytes: 10 };

    /// The chunks of a text: their text, first line and end, and whether a line is left out.
    fn check(text: &str, expected: &[(&str, u64, u64, bool)]) {
        // A tiny buffer, so that lines do not come whole.
        let mut input = io::BufReader::with_capacity(3, text.as_bytes());
        let mut place = Place { offset: 0, lines: 0 };
        let mut chunks = Vec::new();
        while let Some(chunk) = read(&mut input, &mut place, LIMITS).unwrap() {
            let text = String::from_utf8(chunk.bytes.to_vec()).unwrap();
            chunks.push((text, chunk.first_line, chunk.end_offset, chunk.is_cut));
        }
        let expected: Vec<_> = expected.iter().map(|&(t, l, e, c)| (t.to_owned(), l, e, c)).collect();
        assert_eq!(chunks, expected);
        assert_eq!(place.offset, text.len() as u64);
    }

    #[test]
    fn lines_are_never_split() {
        check("", &[]);
        check("a\nb\n", &[("a\nb\n", 1, 4, false)]);
        check("a\nb\nc\nd\n", &[("a\nb\nc\n", 1, 6, false), ("d\n", 4, 8, false)]);
        check("12345\n12345\nlast", &[("12345\n12345\n", 1, 12, false), ("last", 3, 16, false)]);
        check("\n\n", &[("\n\n", 1, 2, false)]);
    }

    #[test]
    fn a_line_that_is_too_long_is_left_out_and_known() {
        let long = "x".repeat(25);
        let text = format!("a\n{long}\nb\n");
        check(&text, &[("a\n", 1, 28, true), ("b\n", 3, 30, false)]);
        check(&long, &[("", 1, 25, true)]);
        check("1234567890\n", &[("1234567890\n", 1, 11, false)]);
    }
}
