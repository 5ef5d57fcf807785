//! The packed columns of a block: what the index knows of each entry without unpacking the block.
//!
//! ```text
//! version u8 | crc32c u32 of all that follows | count | runs | strings: n, n × (length, bytes)
//! | count × span id | count × content hash | count × flags u8 | per parent: parent id
//! | base start | count × (start − base) zigzag | per closed span: duration zigzag
//! | count × name, type, model, provider, session, user (number of the string + 1; 0 = none)
//! | per usage: input, output, total, cache read + 1, cache creation + 1, above 1 h + 1 | per cost: 3 × f64
//! ```
//!
//! Strings are numbered per block, so that names of any variety cost no global dictionary. Log records have the
//! first five parts only.

use crate::block::{Input, Run, write_runs, write_varint};
use crate::error::damaged;
use foldhash::fast::RandomState;
use spanwise_genai::SpanColumns;
use spanwise_model::{Cost, NewSpan, RootFacts, SpanId, SpanStatus, TokenUsage};
use spanwise_store::StoreResult;
use std::collections::HashMap;

const VERSION: u8 = 2;
/// Had no checksum.
const VERSION_UNCHECKED: u8 = 1;
const CRC_BYTES: usize = 4;

const HAS_PARENT: u8 = 1;
const OPEN: u8 = 1 << 1;
const STATUS_SHIFT: u8 = 2;
const STATUS_MASK: u8 = 0b11 << STATUS_SHIFT;
const HAS_USAGE: u8 = 1 << 4;
const HAS_COST: u8 = 1 << 5;
/// The span says that its parent is in another process. (Versions before this bit pass it over.)
const REMOTE_PARENT: u8 = 1 << 6;

/// The columns of a block, read back.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Columns {
    /// Resource and scope of the entries.
    pub(crate) runs: Vec<Run>,
    /// The strings that rows refer to.
    strings: Vec<Box<str>>,
    /// One row an entry, in the block's order.
    pub(crate) rows: Vec<Row>,
}

/// One span (or log record, of which only `span_id` and `content_hash` are kept).
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    pub(crate) span_id: SpanId,
    pub(crate) parent_id: Option<SpanId>,
    pub(crate) content_hash: u64,
    pub(crate) status: SpanStatus,
    pub(crate) start_ns: i64,
    /// `None` while the span is open.
    pub(crate) end_ns: Option<i64>,
    pub(crate) usage: Option<TokenUsage>,
    pub(crate) cost: Option<Cost>,
    /// Whether its parent is in another process, so that it may speak for its trace.
    pub(crate) has_remote_parent: bool,
    name: u32,
    span_type: u32,
    model: u32,
    provider: u32,
    session: u32,
    user: u32,
}

impl Columns {
    /// Returns the span's name.
    pub(crate) fn name(&self, row: &Row) -> &str {
        self.string(row.name).unwrap_or_default()
    }

    /// Returns the span's type.
    pub(crate) fn span_type(&self, row: &Row) -> &str {
        self.string(row.span_type).unwrap_or_default()
    }

    /// Returns the model that answered.
    pub(crate) fn model(&self, row: &Row) -> Option<&str> {
        self.string(row.model)
    }

    /// Returns the provider.
    pub(crate) fn provider(&self, row: &Row) -> Option<&str> {
        self.string(row.provider)
    }

    fn string(&self, number: u32) -> Option<&str> {
        self.strings.get((number as usize).checked_sub(1)?).map(AsRef::as_ref)
    }
}

/// Strings on their way into a block, each once.
#[derive(Default)]
struct StringTable<'a> {
    numbers: HashMap<&'a str, u32, RandomState>,
    bytes: Vec<u8>,
}

impl<'a> StringTable<'a> {
    fn number(&mut self, text: Option<&'a str>) -> u32 {
        let Some(text) = text else { return 0 };
        let next = self.numbers.len() as u32 + 1;
        *self.numbers.entry(text).or_insert_with(|| {
            write_varint(&mut self.bytes, text.len() as u64);
            self.bytes.extend_from_slice(text.as_bytes());
            next
        })
    }
}

/// What is packed of a span, wherever it comes from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct SpanEntry<'a> {
    span_id: SpanId,
    parent_id: Option<SpanId>,
    content_hash: u64,
    status: SpanStatus,
    start_ns: i64,
    end_ns: Option<i64>,
    usage: Option<TokenUsage>,
    cost: Option<Cost>,
    has_remote_parent: bool,
    /// Name, type, model, provider, session, user.
    texts: [Option<&'a str>; 6],
}

impl<'a> From<&'a NewSpan> for SpanEntry<'a> {
    fn from(span: &'a NewSpan) -> SpanEntry<'a> {
        let texts = [
            Some(&span.name),
            Some(&span.span_type),
            span.model.as_ref(),
            span.provider.as_ref(),
            span.session.as_ref(),
            span.user.as_ref(),
        ];
        SpanEntry {
            span_id: span.span_id,
            parent_id: span.parent_id,
            content_hash: span.content_hash,
            status: span.status,
            start_ns: span.start_ns,
            end_ns: span.end_ns,
            usage: span.usage,
            cost: span.cost,
            has_remote_parent: span.root.is_some() && span.parent_id.is_some(),
            texts: texts.map(|text| text.map(AsRef::as_ref)),
        }
    }
}

impl<'a> SpanEntry<'a> {
    /// Returns it with what was derived again; identity, times and status stay.
    pub(crate) fn with_derived(self, derived: &'a SpanColumns) -> SpanEntry<'a> {
        let [name, ..] = self.texts;
        let texts = [
            name,
            Some(&*derived.span_type),
            derived.model.as_deref(),
            derived.provider.as_deref(),
            derived.session.as_deref(),
            derived.user.as_deref(),
        ];
        let has_remote_parent = derived.root.is_some() && self.parent_id.is_some();
        SpanEntry { usage: derived.usage, cost: derived.cost, has_remote_parent, texts, ..self }
    }

    /// Returns whether the word index has the same of both.
    pub(crate) fn is_indexed_as(&self, other: &SpanEntry<'_>) -> bool {
        // Name, type, model, provider; and the status.
        self.texts[..4] == other.texts[..4] && self.status == other.status
    }

    /// Makes a span of it that has no bytes.
    pub(crate) fn to_span(self, root: Option<Box<RootFacts>>) -> NewSpan {
        let [name, span_type, model, provider, session, user] = self.texts.map(|text| text.map(Into::into));
        NewSpan {
            raw: bytes::Bytes::new(),
            content_hash: self.content_hash,
            span_id: self.span_id,
            parent_id: self.parent_id,
            name: name.unwrap_or_default(),
            span_type: span_type.unwrap_or_default(),
            status: self.status,
            start_ns: self.start_ns,
            end_ns: self.end_ns,
            usage: self.usage,
            cost: self.cost,
            model,
            provider,
            session,
            user,
            root,
            lent: None,
        }
    }
}

impl Columns {
    /// Returns a row as it can be packed again.
    pub(crate) fn entry(&self, index: usize) -> SpanEntry<'_> {
        let row = &self.rows[index];
        let numbers = [row.name, row.span_type, row.model, row.provider, row.session, row.user];
        SpanEntry {
            span_id: row.span_id,
            parent_id: row.parent_id,
            content_hash: row.content_hash,
            status: row.status,
            start_ns: row.start_ns,
            end_ns: row.end_ns,
            usage: row.usage,
            cost: row.cost,
            has_remote_parent: row.has_remote_parent,
            texts: numbers.map(|number| self.string(number)),
        }
    }
}

/// The columns of spans, all but the runs, whose ids are known only when they are written.
pub(crate) fn pack_spans(spans: &[SpanEntry<'_>]) -> Vec<u8> {
    let mut table = StringTable::default();
    let mut refs = Vec::with_capacity(spans.len() * 6);
    for text in spans.iter().flat_map(|span| span.texts) {
        write_varint(&mut refs, u64::from(table.number(text)));
    }
    let mut out = Vec::with_capacity(table.bytes.len() + refs.len() + spans.len() * 40);
    write_varint(&mut out, table.numbers.len() as u64);
    out.extend_from_slice(&table.bytes);
    pack_identity(spans.iter().map(|span| (span.span_id, span.content_hash)), &mut out);
    spans.iter().for_each(|span| out.push(flags(span)));
    spans.iter().filter_map(|span| span.parent_id).for_each(|parent| out.extend_from_slice(&parent.0));
    pack_times(spans, &mut out);
    out.extend_from_slice(&refs);
    for usage in spans.iter().filter_map(|span| span.usage.as_ref()) {
        [usage.input, usage.output, usage.total].into_iter().for_each(|count| write_varint(&mut out, count));
        for count in [usage.cache_read, usage.cache_creation, usage.cache_creation_above_1h] {
            write_varint(&mut out, count.map_or(0, |count| count.saturating_add(1)));
        }
    }
    for cost in spans.iter().filter_map(|span| span.cost.as_ref()) {
        [cost.input, cost.output, cost.total]
            .into_iter()
            .for_each(|part| out.extend_from_slice(&part.to_le_bytes()));
    }
    out
}

fn flags(span: &SpanEntry<'_>) -> u8 {
    let mut flags = (span.status as u8) << STATUS_SHIFT;
    for (bit, set) in [
        (HAS_PARENT, span.parent_id.is_some()),
        (OPEN, span.end_ns.is_none()),
        (HAS_USAGE, span.usage.is_some()),
        (HAS_COST, span.cost.is_some()),
        (REMOTE_PARENT, span.has_remote_parent),
    ] {
        flags |= if set { bit } else { 0 };
    }
    flags
}

fn pack_times(spans: &[SpanEntry<'_>], out: &mut Vec<u8>) {
    let base = spans.first().map_or(0, |span| span.start_ns);
    out.extend_from_slice(&base.to_le_bytes());
    spans.iter().for_each(|span| write_varint(out, zigzag(span.start_ns.wrapping_sub(base))));
    for span in spans {
        if let Some(end_ns) = span.end_ns {
            write_varint(out, zigzag(end_ns.wrapping_sub(span.start_ns)));
        }
    }
}

fn pack_identity(entries: impl Iterator<Item = (SpanId, u64)> + Clone, out: &mut Vec<u8>) {
    entries.clone().for_each(|(span_id, _)| out.extend_from_slice(&span_id.0));
    entries.for_each(|(_, content_hash)| out.extend_from_slice(&content_hash.to_le_bytes()));
}

/// The columns of log records, all but the runs: span and content hash of each.
pub(crate) fn pack_logs(records: impl Iterator<Item = (SpanId, u64)> + Clone) -> Vec<u8> {
    let mut out = Vec::new();
    pack_identity(records, &mut out);
    out
}

/// Puts the head before what `pack_spans` or `pack_logs` made of `count` entries.
pub(crate) fn with_head(count: usize, runs: &[Run], packed: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(packed.len() + 16 + CRC_BYTES);
    out.push(VERSION);
    out.extend_from_slice(&[0; CRC_BYTES]);
    write_varint(&mut out, count as u64);
    write_runs(&mut out, runs);
    out.extend_from_slice(packed);
    let crc = crc32c::crc32c(&out[1 + CRC_BYTES..]);
    out[1..=CRC_BYTES].copy_from_slice(&crc.to_le_bytes());
    out
}

/// Reads the columns of a block of spans.
pub(crate) fn unpack_spans(bytes: &[u8]) -> StoreResult<Columns> {
    let (mut input, count, runs) = read_head(bytes)?;
    let string_count = checked_count(input.varint()?, input.0.len())?;
    let mut strings = Vec::with_capacity(string_count);
    for _ in 0..string_count {
        let length = input.varint()? as usize;
        let text =
            std::str::from_utf8(input.take(length)?).map_err(|_| damaged("a packed string is not UTF-8"))?;
        strings.push(text.into());
    }
    let mut rows = read_identity(&mut input, count)?;
    let flags = input.take(count)?;
    for (row, flags) in rows.iter_mut().zip(flags) {
        row.status = match (flags & STATUS_MASK) >> STATUS_SHIFT {
            1 => SpanStatus::Ok,
            2 => SpanStatus::Error,
            _ => SpanStatus::Unset,
        };
        row.has_remote_parent = flags & REMOTE_PARENT != 0;
        if flags & HAS_PARENT != 0 {
            row.parent_id = Some(SpanId(input.array()?));
        }
    }
    let base = i64::from_le_bytes(input.array()?);
    for row in &mut rows {
        row.start_ns = base.wrapping_add(unzigzag(input.varint()?));
    }
    for (row, flags) in rows.iter_mut().zip(flags) {
        if flags & OPEN == 0 {
            row.end_ns = Some(row.start_ns.wrapping_add(unzigzag(input.varint()?)));
        }
    }
    for row in &mut rows {
        for slot in [
            &mut row.name,
            &mut row.span_type,
            &mut row.model,
            &mut row.provider,
            &mut row.session,
            &mut row.user,
        ] {
            *slot =
                u32::try_from(input.varint()?).map_err(|_| damaged("a packed string number is too large"))?;
        }
    }
    for (row, flags) in rows.iter_mut().zip(flags) {
        if flags & HAS_USAGE != 0 {
            row.usage = Some(read_usage(&mut input)?);
        }
    }
    for (row, flags) in rows.iter_mut().zip(flags) {
        if flags & HAS_COST != 0 {
            let mut part = || input.array().map(f64::from_le_bytes);
            row.cost = Some(Cost { input: part()?, output: part()?, total: part()? });
        }
    }
    Ok(Columns { runs, strings, rows })
}

/// Reads the columns of a block of log records.
pub(crate) fn unpack_logs(bytes: &[u8]) -> StoreResult<Columns> {
    let (mut input, count, runs) = read_head(bytes)?;
    let rows = read_identity(&mut input, count)?;
    Ok(Columns { runs, strings: Vec::new(), rows })
}

fn read_head(bytes: &[u8]) -> StoreResult<(Input<'_>, usize, Vec<Run>)> {
    let mut input = Input(bytes);
    match input.u8()? {
        VERSION_UNCHECKED => {}
        VERSION => {
            let crc = u32::from_le_bytes(input.array()?);
            // A fuzzer would never get past the checksum.
            if crc != crc32c::crc32c(input.0) && !cfg!(fuzzing) {
                return Err(damaged("the checksum of packed columns is wrong"));
            }
        }
        version => {
            return Err(damaged(format!("packed columns have version {version}, which is not known")));
        }
    }
    let count = checked_count(input.varint()?, input.0.len())?;
    let runs = input.runs()?;
    Ok((input, count, runs))
}

fn checked_count(count: u64, bytes_left: usize) -> StoreResult<usize> {
    usize::try_from(count)
        .ok()
        .filter(|count| *count <= bytes_left)
        .ok_or_else(|| damaged("packed columns are more than their bytes"))
}

fn read_identity(input: &mut Input<'_>, count: usize) -> StoreResult<Vec<Row>> {
    let ids = input.take(count.saturating_mul(8))?;
    let hashes = input.take(count.saturating_mul(8))?;
    let rows = ids.chunks_exact(8).zip(hashes.chunks_exact(8)).map(|(id, hash)| Row {
        span_id: SpanId(id.try_into().expect("chunks have 8 bytes")),
        parent_id: None,
        content_hash: u64::from_le_bytes(hash.try_into().expect("chunks have 8 bytes")),
        status: SpanStatus::Unset,
        start_ns: 0,
        end_ns: None,
        usage: None,
        cost: None,
        has_remote_parent: false,
        name: 0,
        span_type: 0,
        model: 0,
        provider: 0,
        session: 0,
        user: 0,
    });
    Ok(rows.collect())
}

fn read_usage(input: &mut Input<'_>) -> StoreResult<TokenUsage> {
    let (input_tokens, output, total) = (input.varint()?, input.varint()?, input.varint()?);
    let mut optional = || input.varint().map(|count| count.checked_sub(1));
    Ok(TokenUsage {
        input: input_tokens,
        output,
        total,
        cache_read: optional()?,
        cache_creation: optional()?,
        cache_creation_above_1h: optional()?,
    })
}

fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

fn unzigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(id: u8) -> NewSpan {
        NewSpan {
            raw: bytes::Bytes::new(),
            content_hash: u64::from(id) << 40,
            span_id: SpanId([id; 8]),
            parent_id: None,
            name: "chat".into(),
            span_type: "LLM".into(),
            status: SpanStatus::Ok,
            start_ns: 1_000,
            end_ns: None,
            usage: None,
            cost: None,
            model: None,
            provider: None,
            session: None,
            user: None,
            root: None,
            lent: None,
        }
    }

    #[test]
    fn spans_come_back_with_every_optional_part() {
        let usage =
            TokenUsage { input: 10, output: 300, total: 310, cache_read: Some(0), ..TokenUsage::default() };
        let full = NewSpan {
            parent_id: Some(SpanId([1; 8])),
            name: "answer".into(),
            status: SpanStatus::Error,
            start_ns: i64::MIN,
            end_ns: Some(i64::MAX),
            usage: Some(usage),
            cost: Some(Cost { input: 0.1, output: 0.2, total: 0.3 }),
            session: Some("s".into()),
            ..span(2)
        };
        let runs = [Run { resource_id: 1, scope_id: 900, count: 2 }];
        let columns =
            unpack_spans(&with_head(2, &runs, &pack_spans(&[(&span(1)).into(), (&full).into()]))).unwrap();
        assert_eq!(columns.runs, runs);
        let [first, second] = &columns.rows[..] else { panic!("two rows") };
        assert_eq!((columns.name(first), columns.span_type(first), first.end_ns), ("chat", "LLM", None));
        assert_eq!((columns.name(second), second.parent_id), ("answer", Some(SpanId([1; 8]))));
        assert_eq!((second.start_ns, second.end_ns), (i64::MIN, Some(i64::MAX)));
        assert_eq!((second.usage, second.status), (Some(usage), SpanStatus::Error));
        assert_eq!(second.cost, Some(Cost { input: 0.1, output: 0.2, total: 0.3 }));
    }

    #[test]
    fn cut_columns_are_an_error() {
        let bytes = with_head(2, &[], &pack_spans(&[(&span(1)).into(), (&span(2)).into()]));
        (0..bytes.len()).for_each(|end| assert!(unpack_spans(&bytes[..end]).is_err(), "cut at {end}"));
    }
}
