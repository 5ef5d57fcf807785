//! A block of a segment file: the messages of one trace as they came, behind a header that describes itself.
//!
//! ```text
//! magic "SWB1" | header_len u32 | payload_len u32 | crc32c u32 | version u16 | kind u8 | codec u8 | raw_len u32
//! | count u32 | arrival_ns i64 | experiment_id i64 | trace_id_kind u8 | trace_id_len u8 | trace_id
//! | runs: n, n × (resource id, scope id, count) | count × span id | count × message length | payload
//! ```
//!
//! Integers are little-endian, or LEB128 where no width is given. The checksum covers the header (its own field as
//! zero) and the payload. Everything that the index knows of spans can be derived again from these blocks.

use crate::append::BLOCK_RAW_BYTES_MAX;
use crate::error::damaged;
use spanwise_model::{SpanId, TraceId};
use spanwise_store::{StoreError, StoreResult};
use std::sync::{Mutex, PoisonError};

const MAGIC: &[u8; 4] = b"SWB1";
const VERSION: u16 = 1;
const FIXED_BYTES: usize = 46;
const CODEC_ZSTD: u8 = 1;
/// zstd level 1: measured at 26 % of the raw size of real traces, at a third of the CPU of level 3.
const ZSTD_LEVEL: i32 = 1;
/// The most that one block's payload may unpack to: one span may be as large as a request.
const RAW_BYTES_MAX: usize = 256 << 20;

/// What a block holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BlockKind {
    /// OTLP `Span` messages.
    Spans = 0,
    /// OTLP `LogRecord` messages.
    Logs = 1,
    /// A resource or scope message: payload `bytes`, then its tags as JSON text.
    Interned = 2,
    /// The mark that a trace was deleted; no payload.
    Deleted = 3,
}

impl BlockKind {
    /// Reads the number that `as u8` wrote.
    pub(crate) fn from_number(number: i64) -> Option<BlockKind> {
        [BlockKind::Spans, BlockKind::Logs, BlockKind::Interned, BlockKind::Deleted]
            .into_iter()
            .find(|kind| *kind as i64 == number)
    }
}

/// Messages that follow each other under the same resource and scope, by their ids in table `interned`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Run {
    /// The resource.
    pub(crate) resource_id: u64,
    /// The scope.
    pub(crate) scope_id: u64,
    /// How many messages.
    pub(crate) count: u32,
}

/// Messages, compressed: all of a block that can be made before its trace is looked at.
#[derive(Debug)]
pub(crate) struct Payload {
    compressed: Vec<u8>,
    raw_len: u32,
    lengths: Vec<u32>,
}

impl Payload {
    /// Compresses messages.
    pub(crate) fn compress<'a>(messages: impl Iterator<Item = &'a [u8]> + Clone) -> StoreResult<Payload> {
        let lengths: Vec<u32> = messages.clone().map(|message| message.len() as u32).collect();
        let raw_len: usize = lengths.iter().map(|length| *length as usize).sum();
        let compressed = with_compressor(|compressor| compressor.compress(messages, raw_len))
            .map_err(|error| crate::error::io_error("cannot compress a block", error))?;
        Ok(Payload { compressed, raw_len: raw_len as u32, lengths })
    }

    /// Returns the bytes that it takes in the segment, about.
    pub(crate) fn stored_bytes(&self) -> usize {
        self.compressed.len() + FIXED_BYTES + 16 + self.lengths.len() * 10
    }
}

/// Compresses with one context and the same buffers again: fresh ones of this size cost more than the compression.
struct BlockCompressor {
    zstd: zstd::bulk::Compressor<'static>,
    raw: Vec<u8>,
    compressed: Vec<u8>,
}

/// A buffer that one large span made larger than this is not kept.
const KEPT_BUFFER_BYTES_MAX: usize = 4 * BLOCK_RAW_BYTES_MAX;

impl BlockCompressor {
    fn compress<'a>(
        &mut self,
        messages: impl Iterator<Item = &'a [u8]>,
        raw_len: usize,
    ) -> std::io::Result<Vec<u8>> {
        self.raw.clear();
        messages.for_each(|message| self.raw.extend_from_slice(message));
        self.compressed.clear();
        self.compressed.reserve(zstd::zstd_safe::compress_bound(raw_len));
        self.zstd.compress_to_buffer(&self.raw, &mut self.compressed)?;
        // What waits to be written is as small as can be.
        let compressed = self.compressed.as_slice().to_vec();
        if raw_len > KEPT_BUFFER_BYTES_MAX {
            (self.raw, self.compressed) = Default::default();
        }
        Ok(compressed)
    }
}

/// Compressors that wait for their next block, about 1.5 MB each. There are hundreds of threads that may want one while a
/// disk stalls, and few that can run at one time.
const IDLE_COMPRESSORS_MAX: usize = 8;

fn with_compressor<T>(work: impl FnOnce(&mut BlockCompressor) -> std::io::Result<T>) -> std::io::Result<T> {
    static IDLE: Mutex<Vec<BlockCompressor>> = Mutex::new(Vec::new());
    let idle = || IDLE.lock().unwrap_or_else(PoisonError::into_inner);
    let waiting = idle().pop();
    let mut compressor = match waiting {
        Some(compressor) => compressor,
        None => {
            let zstd = zstd::bulk::Compressor::new(ZSTD_LEVEL)?;
            BlockCompressor { zstd, raw: Vec::new(), compressed: Vec::new() }
        }
    };
    let result = work(&mut compressor)?;
    let mut idle = idle();
    if idle.len() < IDLE_COMPRESSORS_MAX {
        idle.push(compressor);
    }
    Ok(result)
}

/// The parts of a block's header that are known only when it is written.
pub(crate) struct BlockHeader<'a> {
    pub(crate) kind: BlockKind,
    pub(crate) trace_id: &'a TraceId,
    pub(crate) experiment_id: i64,
    pub(crate) arrival_ns: i64,
    pub(crate) runs: &'a [Run],
    pub(crate) span_ids: &'a [SpanId],
}

/// Appends a whole block to `out`.
pub(crate) fn encode_block(header: &BlockHeader<'_>, payload: &Payload, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&(payload.compressed.len() as u32).to_le_bytes());
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&VERSION.to_le_bytes());
    out.push(header.kind as u8);
    out.push(CODEC_ZSTD);
    out.extend_from_slice(&payload.raw_len.to_le_bytes());
    out.extend_from_slice(&(payload.lengths.len() as u32).to_le_bytes());
    out.extend_from_slice(&header.arrival_ns.to_le_bytes());
    out.extend_from_slice(&header.experiment_id.to_le_bytes());
    let (trace_kind, trace_bytes): (u8, &[u8]) = match header.trace_id {
        TraceId::Otel(bytes) => (0, bytes),
        TraceId::Text(text) => (1, text.as_bytes()),
    };
    out.push(trace_kind);
    out.push(trace_bytes.len() as u8);
    out.extend_from_slice(trace_bytes);
    write_runs(out, header.runs);
    header.span_ids.iter().for_each(|id| out.extend_from_slice(&id.0));
    payload.lengths.iter().for_each(|length| write_varint(out, u64::from(*length)));
    let header_len = (out.len() - start) as u32;
    out[start + 4..start + 8].copy_from_slice(&header_len.to_le_bytes());
    out.extend_from_slice(&payload.compressed);
    // Joining two checksums costs ten times as much as one over both parts.
    let crc = crc32c::crc32c(&out[start..]);
    out[start + 12..start + 16].copy_from_slice(&crc.to_le_bytes());
}

/// What the header of a block says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BlockHead {
    pub(crate) kind: BlockKind,
    pub(crate) trace_id: TraceId,
    pub(crate) experiment_id: i64,
    pub(crate) arrival_ns: i64,
    pub(crate) runs: Vec<Run>,
    pub(crate) span_ids: Vec<SpanId>,
    /// Where each message ends in what is unpacked.
    ends: Vec<u32>,
    raw_len: usize,
}

impl BlockHead {
    /// Verifies a whole block by its checksum, without unpacking it; returns its payload too.
    pub(crate) fn verify(bytes: &[u8]) -> StoreResult<(BlockHead, &[u8])> {
        let mut input = Input(bytes);
        if input.take(4)? != MAGIC {
            return Err(damaged("no block starts here"));
        }
        let header_len = input.u32()? as usize;
        let payload_len = input.u32()? as usize;
        let crc = input.u32()?;
        if header_len < FIXED_BYTES || header_len.checked_add(payload_len) != Some(bytes.len()) {
            return Err(damaged("the block's length is not what its header says"));
        }
        let expected =
            crc32c::crc32c_append(crc32c::crc32c_append(crc32c::crc32c(&bytes[..12]), &[0; 4]), &bytes[16..]);
        // A fuzzer would never get past the checksum.
        if crc != expected && !cfg!(fuzzing) {
            return Err(damaged("the block's checksum is wrong"));
        }
        let version = u16::from_le_bytes(input.array()?);
        let kind = BlockKind::from_number(i64::from(input.u8()?));
        let codec = input.u8()?;
        let (Some(kind), VERSION, CODEC_ZSTD) = (kind, version, codec) else {
            return Err(damaged(format!("the block's version {version} or codec {codec} is not known")));
        };
        let raw_len = input.u32()? as usize;
        let count = input.u32()? as usize;
        let arrival_ns = i64::from_le_bytes(input.array()?);
        let experiment_id = i64::from_le_bytes(input.array()?);
        let trace_id = input.trace_id()?;
        let runs = input.runs()?;
        if raw_len > RAW_BYTES_MAX || count > input.0.len() / 8 {
            return Err(damaged("the block's header holds impossible counts"));
        }
        let span_ids = (0..count).map(|_| input.array().map(SpanId)).collect::<StoreResult<Vec<_>>>()?;
        let ends = input.ends(count, raw_len)?;
        if input.0.len() != payload_len {
            return Err(damaged("the block's header is longer than it says"));
        }
        let head = BlockHead { kind, trace_id, experiment_id, arrival_ns, runs, span_ids, ends, raw_len };
        Ok((head, input.0))
    }
}

/// A block read back: verified and unpacked.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Block {
    pub(crate) kind: BlockKind,
    pub(crate) trace_id: TraceId,
    pub(crate) experiment_id: i64,
    pub(crate) arrival_ns: i64,
    pub(crate) runs: Vec<Run>,
    pub(crate) span_ids: Vec<SpanId>,
    raw: Vec<u8>,
    /// Where each message ends in `raw`.
    ends: Vec<u32>,
}

impl Block {
    /// Verifies and unpacks one whole block.
    pub(crate) fn decode(bytes: &[u8]) -> StoreResult<Block> {
        let (head, payload) = BlockHead::verify(bytes)?;
        let raw_len = head.raw_len;
        let raw =
            with_decompressor(|decompressor| decompressor.decompress(payload, raw_len)).map_err(|error| {
                StoreError::with_source(spanwise_model::ErrorKind::Internal, "cannot unpack a block", error)
            })?;
        if raw.len() != raw_len {
            return Err(damaged("the block unpacks to another length than its header says"));
        }
        let BlockHead { kind, trace_id, experiment_id, arrival_ns, runs, span_ids, ends, .. } = head;
        Ok(Block { kind, trace_id, experiment_id, arrival_ns, runs, span_ids, raw, ends })
    }

    /// Returns how many messages it holds.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Returns one message.
    pub(crate) fn message(&self, index: usize) -> &[u8] {
        let start = if index == 0 { 0 } else { self.ends[index - 1] as usize };
        &self.raw[start..self.ends[index] as usize]
    }

    /// Returns about how much memory it takes.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.raw.len() + self.ends.len() * 12 + 128
    }

    /// Returns the run that a message belongs to.
    pub(crate) fn run_of(&self, index: usize) -> Option<&Run> {
        let mut before = 0;
        self.runs.iter().find(|run| {
            before += run.count as usize;
            index < before
        })
    }
}

fn with_decompressor<T>(
    work: impl FnOnce(&mut zstd::bulk::Decompressor<'static>) -> std::io::Result<T>,
) -> std::io::Result<T> {
    thread_local! {
        static DECOMPRESSOR: std::cell::RefCell<Option<zstd::bulk::Decompressor<'static>>> = const { std::cell::RefCell::new(None) };
    }
    DECOMPRESSOR.with_borrow_mut(|slot| {
        if slot.is_none() {
            *slot = Some(zstd::bulk::Decompressor::new()?);
        }
        work(slot.as_mut().expect("it was just made"))
    })
}

/// The bytes of a block that tell its length.
pub(crate) const BLOCK_LENGTH_BYTES: u64 = 12;

/// Returns the length of the block that starts with these [`BLOCK_LENGTH_BYTES`], unverified.
pub(crate) fn block_length(bytes: &[u8]) -> Option<usize> {
    let mut input = Input(bytes);
    if input.take(4).ok()? != MAGIC {
        return None;
    }
    (input.u32().ok()? as usize).checked_add(input.u32().ok()? as usize)
}

/// Writes a LEB128 integer.
pub(crate) fn write_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Bytes that are being read; every read is checked.
pub(crate) struct Input<'a>(pub(crate) &'a [u8]);

impl<'a> Input<'a> {
    pub(crate) fn take(&mut self, count: usize) -> StoreResult<&'a [u8]> {
        let (taken, rest) =
            self.0.split_at_checked(count).ok_or_else(|| damaged("stored bytes end too early"))?;
        self.0 = rest;
        Ok(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> StoreResult<[u8; N]> {
        Ok(self.take(N)?.try_into().expect("take returns as many as asked"))
    }

    pub(crate) fn u8(&mut self) -> StoreResult<u8> {
        Ok(self.array::<1>()?[0])
    }

    fn u32(&mut self) -> StoreResult<u32> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub(crate) fn varint(&mut self) -> StoreResult<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.u8()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(damaged("a stored integer is too long"))
    }

    fn trace_id(&mut self) -> StoreResult<TraceId> {
        let kind = self.u8()?;
        let length = self.u8()? as usize;
        let bytes = self.take(length)?;
        match kind {
            0 => {
                bytes.try_into().map(TraceId::Otel).map_err(|_| damaged("a stored trace id has not 16 bytes"))
            }
            _ => std::str::from_utf8(bytes)
                .map(|text| TraceId::Text(text.into()))
                .map_err(|_| damaged("a stored trace id is not UTF-8")),
        }
    }

    /// Reads runs as [`write_runs`] wrote them.
    pub(crate) fn runs(&mut self) -> StoreResult<Vec<Run>> {
        let count = self.varint()? as usize;
        if count > self.0.len() {
            return Err(damaged("stored runs are more than their bytes"));
        }
        (0..count)
            .map(|_| {
                Ok(Run {
                    resource_id: self.varint()?,
                    scope_id: self.varint()?,
                    count: u32::try_from(self.varint()?).map_err(|_| damaged("a stored run is too long"))?,
                })
            })
            .collect()
    }

    fn ends(&mut self, count: usize, raw_len: usize) -> StoreResult<Vec<u32>> {
        let mut end = 0_u64;
        let ends = (0..count)
            .map(|_| {
                end = end.saturating_add(self.varint()?);
                u32::try_from(end).map_err(|_| damaged("stored messages are longer than their block"))
            })
            .collect::<StoreResult<Vec<u32>>>()?;
        if end != raw_len as u64 {
            return Err(damaged("stored messages do not fill their block"));
        }
        Ok(ends)
    }
}

/// Writes runs.
pub(crate) fn write_runs(out: &mut Vec<u8>, runs: &[Run]) {
    write_varint(out, runs.len() as u64);
    for run in runs {
        write_varint(out, run.resource_id);
        write_varint(out, run.scope_id);
        write_varint(out, u64::from(run.count));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Vec<u8> {
        let messages: [&[u8]; 3] = [b"first", b"", b"third message"];
        let payload = Payload::compress(messages.into_iter()).unwrap();
        let header = BlockHeader {
            kind: BlockKind::Spans,
            trace_id: &"tr-own".parse().unwrap(),
            experiment_id: 7,
            arrival_ns: -5,
            runs: &[
                Run { resource_id: 300, scope_id: 2, count: 2 },
                Run { resource_id: 1, scope_id: 2, count: 1 },
            ],
            span_ids: &[SpanId([1; 8]), SpanId([2; 8]), SpanId([3; 8])],
        };
        let mut out = Vec::new();
        encode_block(&header, &payload, &mut out);
        out
    }

    #[test]
    fn a_block_comes_back_whole() {
        let bytes = sample();
        assert_eq!(block_length(&bytes), Some(bytes.len()));
        let block = Block::decode(&bytes).unwrap();
        assert_eq!((block.len(), block.message(0), block.message(1)), (3, &b"first"[..], &b""[..]));
        assert_eq!(block.message(2), b"third message");
        assert_eq!(block.run_of(1).unwrap().resource_id, 300);
        assert_eq!(block.run_of(2).unwrap().resource_id, 1);
        assert_eq!((block.experiment_id, block.arrival_ns), (7, -5));
    }

    #[test]
    fn any_flipped_bit_or_cut_is_found() {
        let bytes = sample();
        for index in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[index] ^= 1;
            assert!(Block::decode(&flipped).is_err(), "byte {index}");
            assert!(Block::decode(&bytes[..index]).is_err(), "cut at {index}");
        }
    }
}
