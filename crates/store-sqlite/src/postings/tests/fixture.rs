//! Traces to index, and what a reader who looks at everything finds in them.

use crate::block::{Block, BlockHeader, BlockKind, Payload, encode_block};
use crate::columns::{self, Columns, SpanEntry};
use crate::postings::part_writer::Doc;
use crate::postings::{Candidates, Part, PartSet, Postings, PostingsBuilder, TermQuery, TraceSet};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue, KeyValueList};
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::Event;
use proptest::prelude::*;
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
        Block::decode(&bytes).unwrap()
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

/// Words of few letters meet often; some texts are long, repeated, or not ASCII.
fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-cA-C]{1,3}( [a-c]{1,3}){0,5}",
        1 => "[äß東京a-c \\n\"}{:,-]{0,30}",
        1 => ("[a-c ]{1,20}", 20..60_usize).prop_map(|(text, count)| text.repeat(count)),
        1 => "[a-c}\\n ]{200,600}",
        1 => "x{60,70}",
    ]
}

fn any_value() -> impl Strategy<Value = AnyValue> {
    let leaf = prop_oneof![
        6 => any_text().prop_map(|content| text(&content)),
        1 => any::<bool>().prop_map(|value| AnyValue { value: Some(Value::BoolValue(value)) }),
        1 => (-20..20_i64).prop_map(|value| AnyValue { value: Some(Value::IntValue(value)) }),
        1 => prop_oneof![Just(0.5), Just(f64::NAN), Just(1e-7)]
            .prop_map(|value| AnyValue { value: Some(Value::DoubleValue(value)) }),
        1 => proptest::collection::vec(any::<u8>(), 0..80)
            .prop_map(|bytes| AnyValue { value: Some(Value::BytesValue(bytes)) }),
        1 => Just(AnyValue { value: None }),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(list),
            // Keys may come twice.
            proptest::collection::vec(("[a-b]{1,2}", inner), 0..4).prop_map(map),
        ]
    })
}

fn any_span() -> impl Strategy<Value = Span> {
    let attributes = proptest::collection::vec(("[k-m]{1,2}|k{120,140}", any_value()), 0..4);
    (prop_oneof!["[a-c]{1,3}", "[a-c]{127,130}"], attributes, proptest::option::of(any_text())).prop_map(
        |(name, attributes, event)| {
            let attributes = attributes.iter().map(|(key, value)| (key.as_str(), value.clone())).collect();
            let events = event.map(|name| Event { name, ..Event::default() }).into_iter().collect();
            Span { events, ..span(&name, attributes) }
        },
    )
}

/// Some blocks of a few traces.
pub(crate) fn any_blocks() -> impl Strategy<Value = Vec<TestBlock>> {
    let block = (0..6_i64, proptest::collection::vec(any_span(), 1..4))
        .prop_map(|(trace, spans)| TestBlock::new(trace * 70_000, spans));
    proptest::collection::vec(block, 1..12)
}
