//! Traces to index, and what a reader who looks at everything finds in them.

use crate::block::{Block, BlockHeader, BlockKind, Payload, encode_block};
use crate::columns::{self, Columns, SpanEntry};
use crate::postings::builder::PostingsBuilder;
use crate::postings::part::Part;
use crate::postings::part_writer::Doc;
use crate::postings::{Candidates, PartSet, Postings, TermQuery, TraceSet};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue, KeyValueList};
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::Event;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use prost::Message;
use spanwise_model::{NewSpan, SpanId, SpanStatus};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

/// Spans that arrived together, of one trace.
#[derive(Debug, Clone)]
pub(crate) struct TestBlock {
    pub(crate) trace_key: i64,
    pub(crate) spans: Vec<Span>,
}

impl TestBlock {
    pub(crate) fn new(trace_key: i64, spans: Vec<Span>) -> TestBlock {
        TestBlock { trace_key, spans }
    }

    /// Returns the block as the segment would give it back.
    pub(crate) fn block(&self) -> Block {
        Block::decode(&self.stored()).unwrap()
    }

    /// Returns the block as it is stored.
    pub(crate) fn stored(&self) -> Vec<u8> {
        let raw: Vec<Vec<u8>> = self.spans.iter().map(Message::encode_to_vec).collect();
        let payload = Payload::compress(raw.iter().map(Vec::as_slice)).unwrap();
        let header = BlockHeader {
            kind: BlockKind::Spans,
            trace_id: &format!("trace-{}", self.trace_key).parse().unwrap(),
            experiment_id: 0,
            arrival_ns: 0,
            runs: &[],
            span_ids: &vec![SpanId([1; 8]); self.spans.len()],
        };
        let mut bytes = Vec::new();
        encode_block(&header, &payload, &mut bytes);
        bytes
    }

    pub(crate) fn packed_columns(&self) -> Vec<u8> {
        let rows: Vec<NewSpan> = self.spans.iter().map(row).collect();
        let entries: Vec<SpanEntry<'_>> = rows.iter().map(SpanEntry::from).collect();
        columns::with_head(rows.len(), &[], &columns::pack_spans(&entries))
    }

    pub(crate) fn columns(&self) -> Columns {
        columns::unpack_spans(&self.packed_columns()).unwrap()
    }

    pub(crate) fn raw_bytes(&self) -> usize {
        self.spans.iter().map(Message::encoded_len).sum()
    }
}

/// The type of each span is its name in upper case, and an error has a message.
fn row(span: &Span) -> NewSpan {
    NewSpan {
        raw: bytes::Bytes::new(),
        content_hash: 0,
        span_id: SpanId([1; 8]),
        parent_id: None,
        name: span.name.as_str().into(),
        span_type: span.name.to_uppercase().into(),
        status: SpanStatus::Unset,
        start_ns: 0,
        end_ns: None,
        usage: None,
        cost: None,
        model: Some(format!("model of {}", span.name).into()),
        provider: None,
        session: None,
        user: None,
        root: None,
        lent: None,
    }
}

pub(crate) fn span(name: &str, attributes: Vec<(&str, AnyValue)>) -> Span {
    let attributes = attributes.into_iter().map(|(key, value)| KeyValue {
        key: key.into(),
        value: Some(value),
        ..KeyValue::default()
    });
    Span { name: name.into(), attributes: attributes.collect(), ..Span::default() }
}

pub(crate) fn text(text: &str) -> AnyValue {
    AnyValue { value: Some(Value::StringValue(text.into())) }
}

pub(crate) fn list(values: Vec<AnyValue>) -> AnyValue {
    AnyValue { value: Some(Value::ArrayValue(ArrayValue { values })) }
}

/// A chat message as a map.
pub(crate) fn message(role: &str, content: &str) -> AnyValue {
    let entries = [("role", role), ("content", content)];
    map(entries.into_iter().map(|(key, value)| (key.to_owned(), text(value))).collect())
}

fn map(entries: Vec<(String, AnyValue)>) -> AnyValue {
    let values = entries
        .into_iter()
        .map(|(key, value)| KeyValue { key, value: Some(value), ..KeyValue::default() })
        .collect();
    AnyValue { value: Some(Value::KvlistValue(KeyValueList { values })) }
}

/// Builds a part of blocks whose ids start at `first_block_id`.
pub(crate) fn build(path: &Path, first_block_id: i64, blocks: &[TestBlock]) -> Part {
    let mut builder = PostingsBuilder::new();
    for (index, block) in blocks.iter().enumerate() {
        let doc = Doc { block_id: first_block_id + index as i64, trace_key: block.trace_key };
        builder.add_spans(doc, &block.block(), &block.columns());
    }
    builder.finish(path, first_block_id, first_block_id + blocks.len() as i64 - 1).unwrap();
    Part::open(path).unwrap()
}

pub(crate) fn set_of(parts: Vec<Part>) -> Arc<PartSet> {
    let postings = Postings::default();
    postings.replace(parts.into_iter().map(Arc::new).collect());
    postings.snapshot()
}

/// Returns the traces that a question leaves.
pub(crate) fn ask(set: &PartSet, query: &TermQuery<'_>) -> BTreeSet<i64> {
    match set.evaluate(query, &|| Ok(())).unwrap() {
        Candidates::All => panic!("the index should narrow this"),
        Candidates::Traces(traces) => traces.iter().collect(),
    }
}

pub(crate) fn all_traces(blocks: &[TestBlock]) -> TraceSet {
    blocks.iter().map(|block| block.trace_key).collect()
}

/// Few words, so that they meet often, and what parts them; some are long, or not ASCII.
const PIECES: [&str; 16] =
    ["a", "ab", "b", "Ba", "cc", "äß", "東京", " ", " ", " ", "\n", "}", "{", "\": \"", "x1", "long-word"];

fn any_text() -> impl Strategy<Value = String> {
    let pieces = |count| vec(select(&PIECES[..]), count).prop_map(|pieces| pieces.concat());
    prop_oneof![
        6 => pieces(0..8),
        1 => pieces(100..200),
        1 => (pieces(1..6), 20..60_usize).prop_map(|(text, count)| text.repeat(count)),
        1 => (60..70_usize).prop_map(|count| "x".repeat(count)),
    ]
}

fn any_value() -> impl Strategy<Value = AnyValue> {
    let leaf = prop_oneof![
        6 => any_text().prop_map(|content| text(&content)),
        1 => any::<bool>().prop_map(|value| AnyValue { value: Some(Value::BoolValue(value)) }),
        1 => (-20..20_i64).prop_map(|value| AnyValue { value: Some(Value::IntValue(value)) }),
        1 => prop_oneof![Just(0.5), Just(f64::NAN), Just(1e-7)]
            .prop_map(|value| AnyValue { value: Some(Value::DoubleValue(value)) }),
        1 => vec(any::<u8>(), 0..80)
            .prop_map(|bytes| AnyValue { value: Some(Value::BytesValue(bytes)) }),
        1 => Just(AnyValue { value: None }),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(list),
            // Keys may come twice.
            vec((select(&["a", "b", "c"][..]).prop_map(str::to_owned), inner), 0..4).prop_map(map),
        ]
    })
}

fn any_span() -> impl Strategy<Value = Span> {
    let key = prop_oneof![4 => select(&["k", "l", "m"][..]).prop_map(str::to_owned), 1 => (125..135_usize).prop_map(|count| "k".repeat(count))];
    let name = prop_oneof![4 => select(&["a", "b", "chat"][..]).prop_map(str::to_owned), 1 => (126..131_usize).prop_map(|count| "n".repeat(count))];
    (name, vec((key, any_value()), 0..4), proptest::option::of(any_text())).prop_map(
        |(name, attributes, event)| {
            let attributes = attributes.iter().map(|(key, value)| (key.as_str(), value.clone())).collect();
            let events = event.map(|name| Event { name, ..Event::default() }).into_iter().collect();
            Span { events, ..span(&name, attributes) }
        },
    )
}

/// Some blocks of a few traces.
pub(crate) fn any_blocks() -> impl Strategy<Value = Vec<TestBlock>> {
    let block =
        (0..6_i64, vec(any_span(), 1..4)).prop_map(|(trace, spans)| TestBlock::new(trace * 70_000, spans));
    vec(block, 1..12)
}
