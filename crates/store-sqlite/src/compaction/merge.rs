//! Merging the blocks of one trace: the last word of each span, in the order in which they are read.

use super::bucket::Bucket;
use super::select::Candidate;
use crate::append::BLOCK_RAW_BYTES_MAX;
use crate::block::{Block, BlockHead, BlockHeader, BlockKind, Payload, Run};
use crate::columns::{self, Columns, SpanEntry};
use crate::error::{damaged, sql_error};
use crate::segment::{Location, SegmentReader};
use crate::spans::{self, last_words};
use rusqlite::Connection;
use spanwise_model::{SpanId, TraceId};
use spanwise_store::StoreResult;
use std::collections::HashSet;

/// A trace whose merged blocks are in the bucket's buffer.
pub(crate) struct MergedTrace {
    pub(crate) trace_key: i64,
    /// The blocks that were merged, ascending.
    pub(crate) replaced_ids: Vec<i64>,
    /// What replaces them: at most as many.
    pub(crate) blocks: Vec<MergedBlock>,
}

/// The row of a merged block.
pub(crate) struct MergedBlock {
    pub(crate) location: Location,
    pub(crate) kind: BlockKind,
    pub(crate) arrival_ns: i64,
    /// Its columns, if they are not those that its row has already.
    pub(crate) columns: Option<Vec<u8>>,
}

/// A block of the trace as it is now.
struct Source {
    block: Block,
    columns: Columns,
}

/// Entries that will be one block: block number and index of each.
type Part = Vec<(u32, u32)>;

/// Merges a trace into the bucket; `None` if it changed since it was chosen.
pub(crate) fn merge(
    conn: &Connection,
    segments: &SegmentReader,
    candidate: &Candidate,
    bucket: &mut Bucket,
) -> StoreResult<Option<MergedTrace>> {
    let replaced_ids = block_ids(conn, candidate.trace_key)?;
    if let [block_id] = replaced_ids[..]
        && block_id == candidate.last_block_id
        && let Some(block) = take_whole(conn, segments, candidate, bucket)?
    {
        let blocks = vec![block];
        return Ok(Some(MergedTrace { trace_key: candidate.trace_key, replaced_ids, blocks }));
    }
    let sources = load(conn, segments, candidate.trace_key)?;
    if replaced_ids.last() != Some(&candidate.last_block_id) {
        return Ok(None);
    }
    let Some(first) = sources.first() else { return Ok(None) };
    let trace_id = first.block.trace_id.clone();
    let mut blocks = Vec::new();
    for (kind, part) in parts(&sources) {
        let target = Target { kind, trace_id: &trace_id, experiment_id: candidate.experiment_id };
        blocks.push(write_part(conn, &sources, &part, &target, bucket)?);
    }
    Ok(Some(MergedTrace { trace_key: candidate.trace_key, replaced_ids, blocks }))
}

fn block_ids(conn: &Connection, trace_key: i64) -> StoreResult<Vec<i64>> {
    conn.prepare_cached("SELECT block_id FROM block WHERE trace_key = ?1 ORDER BY block_id")
        .and_then(|mut statement| statement.query_map([trace_key], |row| row.get(0))?.collect())
        .map_err(sql_error)
}

/// Takes over the only block of a trace as it is: most traces arrive in one request, and unpacking and packing them again
/// would cost as much as taking them in. `None` if something of it has to change.
fn take_whole(
    conn: &Connection,
    segments: &SegmentReader,
    candidate: &Candidate,
    bucket: &mut Bucket,
) -> StoreResult<Option<MergedBlock>> {
    let mut found = None;
    spans::for_each_block(conn, candidate.trace_key, |location, kind, _| {
        found = Some((location, kind));
        Ok(())
    })?;
    let Some((location, kind)) = found else { return Ok(None) };
    let bytes = segments.read_bytes(location)?;
    let (head, _) = BlockHead::verify(&bytes).map_err(|error| segments.describe(location, &error))?;
    let mut seen = HashSet::new();
    let is_once_each = kind == BlockKind::Logs || head.span_ids.iter().all(|id| seen.insert(*id));
    if head.experiment_id != candidate.experiment_id || !is_once_each {
        return Ok(None);
    }
    for run in &head.runs {
        bucket.append_interned(conn, run.resource_id)?;
        bucket.append_interned(conn, run.scope_id)?;
    }
    let location = bucket.append_bytes(&bytes);
    Ok(Some(MergedBlock { location, kind, arrival_ns: head.arrival_ns, columns: None }))
}

fn load(conn: &Connection, segments: &SegmentReader, trace_key: i64) -> StoreResult<Vec<Source>> {
    let mut sources = Vec::new();
    spans::for_each_block(conn, trace_key, |location, kind, packed| {
        let columns = match kind {
            BlockKind::Spans => columns::unpack_spans(packed)?,
            _ => columns::unpack_logs(packed)?,
        };
        sources.push(Source { block: segments.read(location)?, columns });
        Ok(())
    })?;
    Ok(sources)
}

/// Returns what becomes one block each: as few as the size of blocks allows, but never more than there are, since
/// each takes the id of an old one.
fn parts(sources: &[Source]) -> Vec<(BlockKind, Part)> {
    let of_kind = |kind| move |part| (kind, part);
    let spans = cut(sources, last_words(candidates(sources))).into_iter().map(of_kind(BlockKind::Spans));
    let logs = cut(sources, log_entries(sources)).into_iter().map(of_kind(BlockKind::Logs));
    let merged: Vec<(BlockKind, Part)> = spans.chain(logs).collect();
    if merged.len() <= sources.len() {
        return merged;
    }
    let whole = |(number, source): (u32, &Source)| {
        let entries = (0..source.block.len() as u32).map(|index| (number, index)).collect();
        (source.block.kind, entries)
    };
    numbered(sources).map(whole).collect()
}

fn candidates(sources: &[Source]) -> Vec<spans::Candidate> {
    let mut all = Vec::new();
    for (number, source) in numbered(sources).filter(|(_, source)| source.block.kind == BlockKind::Spans) {
        let rows = source.columns.rows.iter().enumerate();
        all.extend(rows.map(|(index, row)| spans::Candidate::new(row, (number, index as u32))));
    }
    all
}

fn log_entries(sources: &[Source]) -> Part {
    numbered(sources)
        .filter(|(_, source)| source.block.kind == BlockKind::Logs)
        .flat_map(|(number, source)| (0..source.block.len() as u32).map(move |index| (number, index)))
        .collect()
}

fn numbered(sources: &[Source]) -> impl Iterator<Item = (u32, &Source)> {
    sources.iter().enumerate().map(|(number, source)| (number as u32, source))
}

/// Cuts entries into parts of about the size of a block.
fn cut(sources: &[Source], entries: Part) -> Vec<Part> {
    let mut parts = Vec::new();
    let (mut part, mut bytes) = (Vec::new(), 0);
    for (number, index) in entries {
        let length = sources[number as usize].block.message(index as usize).len();
        if !part.is_empty() && bytes + length > BLOCK_RAW_BYTES_MAX {
            parts.push(std::mem::take(&mut part));
            bytes = 0;
        }
        part.push((number, index));
        bytes += length;
    }
    if !part.is_empty() {
        parts.push(part);
    }
    parts
}

/// What a part becomes.
struct Target<'a> {
    kind: BlockKind,
    trace_id: &'a TraceId,
    experiment_id: i64,
}

fn write_part(
    conn: &Connection,
    sources: &[Source],
    part: &Part,
    target: &Target<'_>,
    bucket: &mut Bucket,
) -> StoreResult<MergedBlock> {
    let at = |(number, index): &(u32, u32)| (&sources[*number as usize], *index as usize);
    let payload = Payload::compress(part.iter().map(|entry| {
        let (source, index) = at(entry);
        source.block.message(index)
    }))?;
    let span_ids: Vec<SpanId> =
        part.iter().map(at).map(|(source, index)| source.block.span_ids[index]).collect();
    let arrival_ns = part.iter().map(at).map(|(source, _)| source.block.arrival_ns).max().unwrap_or(0);
    let (runs, packed) = match target.kind {
        BlockKind::Spans => {
            let entries: Vec<SpanEntry<'_>> =
                part.iter().map(at).map(|(source, index)| source.columns.entry(index)).collect();
            (runs_of(part.iter().map(at))?, columns::pack_spans(&entries))
        }
        _ => {
            let rows = part.iter().map(at).map(|(source, index)| &source.columns.rows[index]);
            (Vec::new(), columns::pack_logs(rows.map(|row| (row.span_id, row.content_hash))))
        }
    };
    for run in &runs {
        bucket.append_interned(conn, run.resource_id)?;
        bucket.append_interned(conn, run.scope_id)?;
    }
    let Target { kind, trace_id, experiment_id } = *target;
    let header = BlockHeader { kind, trace_id, experiment_id, arrival_ns, runs: &runs, span_ids: &span_ids };
    let location = bucket.append(&header, &payload);
    let columns = Some(columns::with_head(part.len(), &runs, &packed));
    Ok(MergedBlock { location, kind, arrival_ns, columns })
}

/// Returns the runs of entries that follow each other.
fn runs_of<'a>(entries: impl Iterator<Item = (&'a Source, usize)>) -> StoreResult<Vec<Run>> {
    let mut runs: Vec<Run> = Vec::new();
    for (source, index) in entries {
        let run =
            source.block.run_of(index).ok_or_else(|| damaged("a block's runs do not cover its entries"))?;
        match runs.last_mut() {
            Some(last) if (last.resource_id, last.scope_id) == (run.resource_id, run.scope_id) => {
                last.count += 1
            }
            _ => runs.push(Run { count: 1, ..*run }),
        }
    }
    Ok(runs)
}
