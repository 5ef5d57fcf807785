//! Cut and flipped bytes: any answer is right as long as there is one.

use crate::{fixture, generate};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use prost::Message;
use spanwise_otlp::{
    LogRecordView, SpanView, json, json_out, pyjson, scan_logs, scan_traces, write_search_text,
};

/// Reads all that can be read.
fn read_protobuf(body: &[u8]) {
    let mut text = String::new();
    for group in scan_traces(body).unwrap_or_default() {
        for raw in group.scopes.iter().flat_map(|scope| &scope.spans) {
            let Ok(span) = SpanView::parse(raw) else { continue };
            write_search_text(&span, &mut text);
            json_out::write_span(&span, &mut text);
            span.attributes().for_each(|(_, value)| pyjson::write_attribute(value, &mut text));
            let _ = span.ids();
        }
    }
    for group in scan_logs(body).unwrap_or_default() {
        let records = group.scopes.iter().flat_map(|scope| &scope.records);
        records.for_each(|raw| drop(LogRecordView::parse(raw).map(|record| record.ids().is_ok())));
    }
    let _ = json_out::write_traces(body, &mut text);
}

fn read_json(body: &[u8]) {
    for result in [json::transcode_traces(body), json::transcode_logs(body)] {
        result.iter().for_each(|transcoded| read_protobuf(&transcoded.body));
    }
}

/// Cuts a body, and flips bits of what is left.
#[derive(Debug, Clone)]
struct Damage {
    cut: Index,
    flips: Vec<(Index, u32)>,
}

fn damage() -> impl Strategy<Value = Damage> {
    (any::<Index>(), vec((any::<Index>(), 0..8u32), 0..4)).prop_map(|(cut, flips)| Damage { cut, flips })
}

impl Damage {
    fn apply(&self, mut body: Vec<u8>) -> Vec<u8> {
        body.truncate(self.cut.index(body.len() + 1));
        for (place, bit) in &self.flips {
            if !body.is_empty() {
                let place = place.index(body.len());
                body[place] ^= 1 << bit;
            }
        }
        body
    }
}

proptest! {
    #[test]
    fn cut_and_flipped_protobuf_is_survived(request in generate::traces(), damage in damage()) {
        read_protobuf(&damage.apply(request.encode_to_vec()));
    }

    #[test]
    fn random_bytes_are_survived(body: Vec<u8>) {
        read_protobuf(&body);
        read_json(&body);
    }

    #[test]
    fn cut_and_flipped_json_is_survived(request in generate::traces(), damage in damage()) {
        let mut text = String::new();
        json_out::write_traces(&request.encode_to_vec(), &mut text).unwrap();
        read_json(&damage.apply(text.into_bytes()));
    }
}

#[test]
fn every_cut_of_a_sample_is_survived() {
    let fixture = fixture::all().into_iter().min_by_key(|fixture| fixture.protobuf.len()).unwrap();
    (0..fixture.protobuf.len()).for_each(|length| read_protobuf(&fixture.protobuf[..length]));
    (0..fixture.json.len()).for_each(|length| read_json(&fixture.json[..length]));
}

#[test]
fn brackets_without_end_do_not_overflow_the_stack() {
    for open in ["[", "{\"a\":", "{\"resourceSpans\":[", "{\"x\":["] {
        read_json(open.repeat(200_000).as_bytes());
        assert!(pyjson::rewrite_json(&open.repeat(200_000), &mut String::new()).is_err());
    }
}

#[test]
fn values_without_end_do_not_overflow_the_stack() {
    let wrap = |number: u8, payload: Vec<u8>| {
        let mut out = vec![number << 3 | 2];
        prost::encode_length_delimiter(payload.len(), &mut out).unwrap();
        [out, payload].concat()
    };
    let value = (0..5_000).fold(Vec::new(), |value, _| wrap(5, wrap(1, value)));
    let span = wrap(9, wrap(2, value));
    read_protobuf(&wrap(1, wrap(2, wrap(2, span))));
}
