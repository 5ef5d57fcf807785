//! Answers equal those of a reader who looks at everything.

use super::fixture::{TestBlock, all_traces, any_blocks, ask, build, list, message, set_of, span, text};
use crate::postings::merge::merge;
use crate::postings::part::Part;
use crate::postings::{Candidates, Field, PartSet, SpanQuery, TermQuery};
use proptest::prelude::*;
use prost::Message;
use spanwise_model::limit::INDEXED_VALUE_BYTES_MAX;
use spanwise_otlp::{AnyValueView, SpanView, pyjson, write_search_text};
use spanwise_query::token::LONG_TOKEN;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

type Traces = BTreeSet<i64>;

/// All words and values, with the traces that have them.
#[derive(Default)]
struct Reference {
    words: BTreeMap<String, Traces>,
    values: BTreeMap<(String, String), Traces>,
    names: BTreeMap<String, Traces>,
}

impl Reference {
    fn of(blocks: &[TestBlock]) -> Reference {
        let mut reference = Reference::default();
        for (block, raw) in
            blocks.iter().flat_map(|block| block.spans.iter().map(move |span| (block, span.encode_to_vec())))
        {
            reference.add_span(block.trace_key, &SpanView::parse(&raw).unwrap());
        }
        reference
    }

    fn add_span(&mut self, trace: i64, span: &SpanView<'_>) {
        let mut search_text = String::new();
        write_search_text(span, &mut search_text);
        for word in spanwise_query::tokens(&search_text) {
            self.words.entry(word).or_default().insert(trace);
        }
        self.names.entry(span.name.to_owned()).or_default().insert(trace);
        for (index, (key, value)) in span.attributes().enumerate() {
            // Of an attribute that comes twice, filters see the first.
            let is_first = span.attributes().take(index).all(|(other, _)| other != key);
            if is_first {
                self.values.entry((key.to_owned(), value_text(value))).or_default().insert(trace);
            }
        }
    }

    fn containing(&self, part: &str) -> Traces {
        let words = self.words.iter().filter(|(word, _)| word.contains(part) || *word == LONG_TOKEN);
        words.flat_map(|(_, traces)| traces).copied().collect()
    }
}

fn value_text(value: AnyValueView<'_>) -> String {
    let mut json = String::new();
    match value {
        AnyValueView::String(text) => return text.to_owned(),
        other => pyjson::write_json(other, &mut json),
    }
    json
}

/// Splits the blocks into parts of these many.
fn parts(folder: &Path, blocks: &[TestBlock], counts: &[usize]) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut start = 0;
    for count in counts.iter().copied().chain([blocks.len()]) {
        let end = (start + count).min(blocks.len());
        if end > start {
            let path = folder.join(format!("{start}.idx"));
            parts.push(build(&path, start as i64 + 1, &blocks[start..end]));
        }
        start = end;
    }
    parts
}

fn check_answers(set: &PartSet, blocks: &[TestBlock]) {
    let reference = Reference::of(blocks);
    for (word, traces) in &reference.words {
        assert_eq!(&ask(set, &TermQuery::Word(word)), traces, "word {word:?}");
        let (certain, _) = set.bounds(&TermQuery::Word(word), &|| Ok(())).unwrap();
        assert_eq!(&certain.iter().collect::<Traces>(), traces, "word {word:?} is certain");
        let part = &word[..word.floor_char_boundary(2)];
        assert_eq!(ask(set, &TermQuery::WordContaining(part)), reference.containing(part), "part {part:?}");
    }
    for (name, traces) in &reference.names {
        let found = ask(set, &TermQuery::Span(SpanQuery::Is(Field::Name, name)));
        assert!(traces.is_subset(&found), "name {name:?}");
        assert!(name.len() > INDEXED_VALUE_BYTES_MAX || &found == traces, "name {name:?} finds too much");
    }
    for ((key, value), traces) in &reference.values {
        let field = Field::Attribute(key.as_bytes());
        let found = ask(set, &TermQuery::Span(SpanQuery::Is(field, value)));
        assert!(traces.is_subset(&found), "{key:?} = {value:?}");
        let exact = value.len() <= INDEXED_VALUE_BYTES_MAX && !value.starts_with(['{', '[']);
        assert!(!exact || &found == traces, "{key:?} = {value:?} finds too much");
        let matches = SpanQuery::Matches(field, Box::new(|text| text.ends_with(value)));
        assert!(traces.is_subset(&ask(set, &TermQuery::Span(matches))), "{key:?} like {value:?}");
        let query = TermQuery::Span(SpanQuery::Is(field, value));
        let (certain, possible) = set.bounds(&query, &|| Ok(())).unwrap();
        assert!(certain.iter().all(|trace| traces.contains(&trace)), "{key:?} = {value:?} is not certain");
        assert!(!exact || certain.len() == traces.len(), "{key:?} = {value:?} is certain");
        assert_eq!(Candidates::Traces(found.into_iter().collect()), possible, "{key:?} = {value:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn everything_is_found_in_any_split_and_after_a_merge(
        blocks in any_blocks(),
        counts in proptest::collection::vec(1..6_usize, 0..4),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let parts: Vec<Arc<Part>> = parts(folder.path(), &blocks, &counts).into_iter().map(Arc::new).collect();
        let merged = folder.path().join("merged.idx");
        merge(&parts, &all_traces(&blocks), &merged, &|| false).unwrap().unwrap();
        let merged = Part::open(&merged).unwrap();
        merged.verify().unwrap();
        let postings = crate::postings::Postings::default();
        postings.replace(parts);
        check_answers(&postings.snapshot(), &blocks);
        prop_assert_eq!(postings.snapshot().indexed_through(), blocks.len() as i64);
        check_answers(&set_of(vec![merged]), &blocks);
    }
}

#[test]
fn conditions_on_one_span_meet_in_one_block() {
    let folder = tempfile::tempdir().unwrap();
    let both = |a: &str, b: &str| span("s", vec![("a", text(a)), ("b", text(b))]);
    let blocks = [
        TestBlock::new(1, vec![both("1", "1")]),
        TestBlock::new(2, vec![both("1", "2")]),
        TestBlock::new(2, vec![both("2", "1")]),
    ];
    let set = set_of(vec![build(&folder.path().join("1.idx"), 1, &blocks)]);
    let is_one = |key: &'static str| SpanQuery::Is(Field::Attribute(key.as_bytes()), "1");
    let traces = |query| ask(&set, &query);
    assert_eq!(traces(TermQuery::Span(SpanQuery::And(vec![is_one("a"), is_one("b")]))), Traces::from([1]));
    assert_eq!(traces(TermQuery::Span(SpanQuery::Or(vec![is_one("a"), is_one("b")]))), Traces::from([1, 2]));
    let apart = TermQuery::And(vec![TermQuery::Span(is_one("a")), TermQuery::Span(is_one("b"))]);
    assert_eq!(traces(apart), Traces::from([1, 2]));
    let or = TermQuery::Or(vec![TermQuery::Word("nowhere"), TermQuery::Span(is_one("a"))]);
    assert_eq!(traces(or), Traces::from([1, 2]));
    assert_eq!(traces(TermQuery::And(vec![TermQuery::All, TermQuery::Word("nowhere")])), Traces::new());
}

#[test]
fn type_status_and_model_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let blocks =
        [TestBlock::new(1, vec![span("chat", vec![])]), TestBlock::new(2, vec![span("tool", vec![])])];
    let set = set_of(vec![build(&folder.path().join("1.idx"), 1, &blocks)]);
    let is = |field, value| ask(&set, &TermQuery::Span(SpanQuery::Is(field, value)));
    assert_eq!(is(Field::Type, "CHAT"), Traces::from([1]));
    assert_eq!(is(Field::Status, "UNSET"), Traces::from([1, 2]));
    assert_eq!(is(Field::Model, "model of tool"), Traces::from([2]));
    assert_eq!(is(Field::Provider, "none"), Traces::new());
}

#[test]
fn an_error_of_the_check_ends_the_evaluation() {
    let folder = tempfile::tempdir().unwrap();
    let set =
        set_of(vec![build(&folder.path().join("1.idx"), 1, &[TestBlock::new(1, vec![span("a", vec![])])])]);
    let late = || Err(spanwise_store::StoreError::invalid("too late"));
    assert_eq!(set.evaluate(&TermQuery::Word("a"), &late).unwrap_err().message(), "too late");
}

#[test]
fn a_history_that_is_sent_again_costs_next_to_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let turn = |number: usize| {
        message(
            "user",
            &(0..60).map(|word| format!("w{:x} ", (number * 60 + word) * 7919)).collect::<String>(),
        )
    };
    let block = |turns: std::ops::Range<usize>| {
        TestBlock::new(1, vec![span("chat", vec![("input", list(turns.map(turn).collect()))])])
    };
    let new: Vec<TestBlock> = (0..30).map(|number| block(number..number + 1)).collect();
    let grown: Vec<TestBlock> = (0..30).map(|number| block(0..number + 1)).collect();
    let bytes = |name: &str, blocks| build(&folder.path().join(name), 1, blocks).meta().bytes;
    let raw: usize = grown.iter().map(TestBlock::raw_bytes).sum();
    assert!(bytes("grown.idx", &grown) < bytes("new.idx", &new) + 1024);
    assert!(bytes("grown.idx", &grown) < raw as u64 / 8);
}
