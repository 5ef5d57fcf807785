//! `Content-Encoding` of OTLP requests, undone chunk by chunk, so that a bomb is stopped at the limit.

use flate2::{Decompress, FlushDecompress, Status};
use zstd::stream::raw::{Decoder as ZstdDecoder, InBuffer, Operation, OutBuffer};
use zstd::zstd_safe::DParameter;

/// Bytes that a decoder writes before the sink is asked whether more may come.
const STEP_BYTES: usize = 32 << 10;
/// Window of a zstd frame: RFC 9659 allows 8 MiB in a content encoding.
const ZSTD_WINDOW_LOG_MAX: u32 = 23;
/// Window of gzip, zlib and deflate: the largest there is.
const DEFLATE_WINDOW_BITS: u8 = 15;

/// The encodings that are understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Identity,
    Gzip,
    /// Zlib (what the RFC calls deflate) or raw deflate (what many senders call so).
    Deflate,
    Zstd,
}

impl Encoding {
    /// Reads the value of a `Content-Encoding` header.
    pub(crate) fn from_header(value: &str) -> Option<Encoding> {
        match value.trim().to_ascii_lowercase().as_str() {
            "" | "identity" => Some(Encoding::Identity),
            "gzip" | "x-gzip" => Some(Encoding::Gzip),
            "deflate" => Some(Encoding::Deflate),
            "zstd" => Some(Encoding::Zstd),
            _ => None,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Encoding::Identity => "identity",
            Encoding::Gzip => "gzip",
            Encoding::Deflate => "deflate",
            Encoding::Zstd => "zstd",
        }
    }
}

/// Why a chunk was not taken.
#[derive(Debug)]
pub(crate) enum PushError<E> {
    /// The bytes are not of that encoding, or end too early.
    Corrupt,
    /// The sink refused.
    Sink(E),
}

/// A decoder that is fed chunks and hands what it makes to a sink.
pub(crate) enum Decompressor {
    Identity,
    Flate {
        state: Box<Decompress>,
        /// The two bytes that tell zlib from raw deflate, until both are there.
        head: Option<Vec<u8>>,
        /// Gzip may have several members one after the other.
        members: bool,
        ended: bool,
    },
    Zstd {
        state: Box<ZstdDecoder<'static>>,
        ended: bool,
    },
}

impl Decompressor {
    pub(crate) fn new(encoding: Encoding) -> Self {
        match encoding {
            Encoding::Identity => Decompressor::Identity,
            Encoding::Gzip => {
                let state = Box::new(Decompress::new_gzip(DEFLATE_WINDOW_BITS));
                Decompressor::Flate { state, head: None, members: true, ended: false }
            }
            Encoding::Deflate => {
                let state = Box::new(Decompress::new(true));
                Decompressor::Flate { state, head: Some(Vec::new()), members: false, ended: false }
            }
            Encoding::Zstd => {
                let mut state = ZstdDecoder::new().expect("a zstd context needs only memory");
                state
                    .set_parameter(DParameter::WindowLogMax(ZSTD_WINDOW_LOG_MAX))
                    .expect("the window is within what zstd supports");
                Decompressor::Zstd { state: Box::new(state), ended: false }
            }
        }
    }

    /// Takes a chunk of the body.
    pub(crate) fn push<E>(
        &mut self,
        chunk: &[u8],
        sink: &mut impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), PushError<E>> {
        match self {
            Decompressor::Identity => sink(chunk).map_err(PushError::Sink),
            Decompressor::Flate { state, head: head @ Some(_), ended, .. } => {
                let mut bytes = head.take().unwrap_or_default();
                bytes.extend_from_slice(chunk);
                match bytes.first_chunk() {
                    Some(first) => **state = Decompress::new(is_zlib_header(*first)),
                    None => {
                        *head = Some(bytes);
                        return Ok(());
                    }
                }
                inflate(state, false, ended, &bytes, sink)
            }
            Decompressor::Flate { state, members, ended, .. } => inflate(state, *members, ended, chunk, sink),
            Decompressor::Zstd { state, ended } => unzstd(state, ended, chunk, sink),
        }
    }

    /// Says whether the body ended where its encoding says it does.
    pub(crate) fn is_complete(&self) -> bool {
        match self {
            Decompressor::Identity => true,
            Decompressor::Flate { ended, .. } | Decompressor::Zstd { ended, .. } => *ended,
        }
    }
}

/// Tells zlib from raw deflate by zlib's header check (RFC 1950, 2.2): a raw stream passes it only if it begins with
/// a stored block whose padding bits are not zero, which no encoder writes.
fn is_zlib_header([method, flags]: [u8; 2]) -> bool {
    method & 0x0f == 8 && method >> 4 <= 7 && u16::from_be_bytes([method, flags]).is_multiple_of(31)
}

fn inflate<E>(
    state: &mut Decompress,
    members: bool,
    ended: &mut bool,
    mut chunk: &[u8],
    sink: &mut impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<(), PushError<E>> {
    let mut out = [0; STEP_BYTES];
    loop {
        if *ended {
            if chunk.is_empty() {
                return Ok(());
            }
            if !members {
                return Err(PushError::Corrupt);
            }
            *state = Decompress::new_gzip(DEFLATE_WINDOW_BITS);
            *ended = false;
        }
        let (read, written) = (state.total_in(), state.total_out());
        let status =
            state.decompress(chunk, &mut out, FlushDecompress::None).map_err(|_| PushError::Corrupt)?;
        let (read, written) = ((state.total_in() - read) as usize, (state.total_out() - written) as usize);
        chunk = &chunk[read..];
        *ended = status == Status::StreamEnd;
        sink(&out[..written]).map_err(PushError::Sink)?;
        // A full output buffer may have left more inside the decoder, also when all input is taken.
        if !*ended && written < out.len() {
            if chunk.is_empty() {
                return Ok(());
            }
            if read == 0 && written == 0 {
                return Err(PushError::Corrupt);
            }
        }
    }
}

fn unzstd<E>(
    state: &mut ZstdDecoder<'_>,
    ended: &mut bool,
    chunk: &[u8],
    sink: &mut impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<(), PushError<E>> {
    if chunk.is_empty() {
        return Ok(());
    }
    let mut out = [0; STEP_BYTES];
    let mut input = InBuffer::around(chunk);
    loop {
        let mut output = OutBuffer::around(&mut out[..]);
        let hint = state.run(&mut input, &mut output).map_err(|_| PushError::Corrupt)?;
        let written = output.pos();
        // Zero says that a frame is complete and flushed; another one may follow.
        *ended = hint == 0;
        sink(&out[..written]).map_err(PushError::Sink)?;
        if input.pos() == chunk.len() && written < STEP_BYTES {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use std::io::Write;

    fn payload() -> Vec<u8> {
        (0..200_000u32).flat_map(|i| (i / 7).to_le_bytes()).collect()
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zlib(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn raw_deflate(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        zstd::encode_all(bytes, 1).unwrap()
    }

    /// Decompresses in chunks of `step`; `None` if corrupt or cut short.
    fn decompress(encoding: Encoding, bytes: &[u8], step: usize) -> Option<Vec<u8>> {
        let (mut decompressor, mut out) = (Decompressor::new(encoding), Vec::new());
        let mut sink = |part: &[u8]| {
            out.extend_from_slice(part);
            Ok::<(), ()>(())
        };
        for chunk in bytes.chunks(step) {
            decompressor.push(chunk, &mut sink).ok()?;
        }
        decompressor.is_complete().then_some(out)
    }

    fn check(encoding: Encoding, compress: fn(&[u8]) -> Vec<u8>) {
        for plain in [payload(), b"{}".to_vec(), Vec::new()] {
            let compressed = compress(&plain);
            for step in [1, 7, 4_096, usize::MAX] {
                assert!(
                    decompress(encoding, &compressed, step).as_ref() == Some(&plain),
                    "{step} {encoding:?}"
                );
            }
            let short = &compressed[..compressed.len() - 1];
            assert_eq!(decompress(encoding, short, usize::MAX), None, "cut short {encoding:?}");
        }
        assert_eq!(decompress(encoding, b"this is no compressed body", 5), None);
    }

    #[test]
    fn gzip_comes_back() {
        check(Encoding::Gzip, gzip);
    }

    #[test]
    fn both_kinds_of_deflate_come_back() {
        check(Encoding::Deflate, zlib);
        check(Encoding::Deflate, raw_deflate);
    }

    #[test]
    fn zstd_comes_back() {
        check(Encoding::Zstd, zstd);
    }

    #[test]
    fn gzip_members_and_zstd_frames_follow_each_other() {
        for (encoding, compress) in [(Encoding::Gzip, gzip as fn(&[u8]) -> Vec<u8>), (Encoding::Zstd, zstd)] {
            let two = [compress(b"one"), compress(b"two")].concat();
            assert_eq!(decompress(encoding, &two, 3).as_deref(), Some(&b"onetwo"[..]));
        }
    }

    #[test]
    fn bytes_after_the_end_of_deflate_are_corrupt() {
        let trailing = [zlib(b"one"), b"x".to_vec()].concat();
        assert_eq!(decompress(Encoding::Deflate, &trailing, usize::MAX), None);
    }

    #[test]
    fn a_bomb_stops_where_the_sink_does() {
        let bomb = gzip(&vec![0; 50 << 20]);
        let mut seen = 0;
        let mut sink = |part: &[u8]| {
            seen += part.len();
            if seen > 1 << 20 { Err("too much") } else { Ok(()) }
        };
        let pushed = Decompressor::new(Encoding::Gzip).push(&bomb, &mut sink);
        assert!(matches!(pushed, Err(PushError::Sink("too much"))));
        assert!(seen <= (1 << 20) + STEP_BYTES);
    }
}
