//! Attachments: what is cut out of a message comes back byte for byte, and nothing else is taken for one.

use crate::generate;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue, KeyValueList};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::trace::v1::Span;
use proptest::collection::vec;
use proptest::prelude::*;
use prost::Message;
use spanwise_model::AttachmentHash;
use spanwise_otlp::attachment::{
    self, Cut, Kind, Piece, ResolveError, hash_of, pieces, references, resolve, with_gaps, with_references,
};
use spanwise_otlp::{AnyValueView, SpanView};
use std::collections::HashMap;
use std::sync::Arc;

/// Bytes as a picture has them.
fn picture(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let step = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..length).map(step).collect()
}

fn text(value: impl Into<String>) -> AnyValue {
    AnyValue { value: Some(Value::StringValue(value.into())) }
}

fn bytes(value: Vec<u8>) -> AnyValue {
    AnyValue { value: Some(Value::BytesValue(value)) }
}

fn attribute(key: impl Into<String>, value: AnyValue) -> KeyValue {
    KeyValue { key: key.into(), value: Some(value), ..KeyValue::default() }
}

fn span(attributes: Vec<KeyValue>) -> Vec<u8> {
    let span = Span {
        trace_id: vec![1; 16],
        span_id: vec![2; 8],
        name: "chat".into(),
        attributes,
        ..Span::default()
    };
    span.encode_to_vec()
}

/// Cuts, and puts together again.
fn round_trip(raw: &[u8], kind: Kind) -> Option<Cut> {
    let cut = attachment::cut(raw, kind);
    let (message, attachments) = match &cut {
        Some(cut) => (cut.message.as_slice(), cut.attachments.as_slice()),
        None => (raw, &[][..]),
    };
    let of_hash: HashMap<AttachmentHash, Arc<[u8]>> =
        attachments.iter().map(|one| (one.hash, Arc::clone(&one.bytes))).collect();
    assert!(attachments.iter().all(|one| one.hash == hash_of(&one.bytes)));
    assert!(references(message, kind).iter().all(|reference| of_hash.contains_key(&reference.hash)));
    let again = resolve(message, kind, &mut |hash| of_hash.get(hash).cloned()).unwrap();
    assert!(*again == *raw, "it comes back as it came");
    cut
}

fn first_text(message: &[u8]) -> String {
    let view = SpanView::parse(message).unwrap();
    match view.attributes().next() {
        Some((_, AnyValueView::String(text))) => text.to_owned(),
        other => panic!("no text: {other:?}"),
    }
}

#[test]
fn a_picture_is_cut_however_it_is_written() {
    let picture = picture(1, 5_000);
    for encoded in [
        STANDARD.encode(&picture),
        STANDARD_NO_PAD.encode(&picture),
        URL_SAFE.encode(&picture),
        URL_SAFE_NO_PAD.encode(&picture),
    ] {
        for around in ["{}", "data:image/png;base64,{}", r#"{"data":"{}","é":"\n"}"#, "\u{e0ff}{}\u{e0ff}"] {
            let raw = span(vec![attribute("input", text(around.replacen("{}", &encoded, 1)))]);
            let cut = round_trip(&raw, Kind::Span).expect("it is cut");
            assert_eq!(*cut.attachments[0].bytes, picture[..], "{around}");
            assert!(cut.message.len() < 300, "{} bytes are left", cut.message.len());
        }
    }
}

#[test]
fn the_same_picture_is_one_attachment() {
    let picture = picture(2, 4_096);
    let raw = span(vec![
        attribute("one", text(STANDARD.encode(&picture))),
        attribute("two", text(URL_SAFE_NO_PAD.encode(&picture))),
        attribute("three", bytes(picture)),
    ]);
    let cut = round_trip(&raw, Kind::Span).unwrap();
    assert_eq!(cut.attachments.len(), 1);
    assert_eq!(references(&cut.message, Kind::Span).len(), 3);
}

#[test]
fn what_is_short_or_no_base64_stays() {
    let words = "the quick brown fox jumps over the lazy dog. ".repeat(1_000);
    let mut not_canonical = STANDARD.encode(picture(3, 5_000));
    not_canonical.replace_range(not_canonical.len() - 2.., "B=");
    for value in [
        text(words),
        text(STANDARD.encode(picture(4, 2_000))),
        text(not_canonical),
        text(
            STANDARD
                .encode(picture(5, 50_000))
                .as_bytes()
                .chunks(76)
                .map(|line| format!("{}\r\n", String::from_utf8_lossy(line)))
                .collect::<String>(),
        ),
        bytes(picture(6, 2_047)),
    ] {
        assert!(round_trip(&span(vec![attribute("input", value)]), Kind::Span).is_none());
    }
}

#[test]
fn a_text_that_looks_like_a_reference_is_none() {
    let long = STANDARD.encode(picture(7, 3_000));
    let looks = format!("\u{e0ff}s{}2048\u{e0ff}", hash_of(b"secret"));
    let attributes = |with: Option<&String>| {
        let mut all = vec![
            attribute("input", text(looks.clone())),
            attribute(looks.clone(), bytes(looks.replacen('s', "b", 1).into_bytes())),
            attribute("doubled", text("\u{e0ff}\u{e0ff}")),
        ];
        all.extend(with.map(|long| attribute("picture", text(long.as_str()))));
        span(all)
    };
    assert!(round_trip(&attributes(None), Kind::Span).is_none());
    let cut = round_trip(&attributes(Some(&long)), Kind::Span).unwrap();
    assert_eq!(references(&cut.message, Kind::Span).len(), 1);
    // In both forms a reader of references sees the text as it came.
    for message in [attributes(None), cut.message] {
        let seen = first_text(&with_references(&message, Kind::Span));
        let seen: String = pieces(&seen)
            .map(|piece| match piece {
                Piece::Text(text) => text,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(seen, looks);
    }
}

#[test]
fn a_message_that_was_cut_and_comes_again_is_a_message() {
    let raw = span(vec![attribute("input", text(STANDARD.encode(picture(8, 3_000))))]);
    let cut = round_trip(&raw, Kind::Span).unwrap().message;
    // Somebody sends what is kept: it is kept as that, and none of it is followed.
    let again = round_trip(&cut, Kind::Span).expect("it gets a mark");
    assert_eq!((again.attachments.len(), references(&again.message, Kind::Span).len()), (0, 0));
    let once_more = round_trip(&again.message, Kind::Span).expect("it gets a mark");
    assert_eq!(once_more.attachments.len(), 0);
    let mut with_picture = cut.clone();
    with_picture.splice(0..0, raw.iter().copied());
    assert_eq!(round_trip(&with_picture, Kind::Span).unwrap().attachments.len(), 1);
}

#[test]
fn lengths_that_are_wider_than_they_need_be_stay() {
    let value = text(STANDARD.encode(picture(9, 3_000))).encode_to_vec();
    // A length of 4 bytes where 2 would do.
    let wide = |tag: u8, bytes: &[u8]| {
        let length = bytes.len();
        let mut field = vec![tag, length as u8 | 0x80, (length >> 7) as u8 | 0x80, 0x80, 0];
        field.extend_from_slice(bytes);
        field
    };
    let mut raw = span(Vec::new());
    raw.extend(wide(9 << 3 | 2, &wide(2 << 3 | 2, &value)));
    assert!(SpanView::parse(&raw).is_ok());
    assert!(round_trip(&raw, Kind::Span).is_none());
}

#[test]
fn there_is_a_limit_of_attachments() {
    let texts: Vec<String> = (0..300).map(|seed| STANDARD.encode(picture(seed + 100, 2_049))).collect();
    let cut = round_trip(&span(vec![attribute("input", text(texts.join(" ")))]), Kind::Span).unwrap();
    assert_eq!(cut.attachments.len(), attachment::ATTACHMENTS_MAX);
}

#[test]
fn log_records_are_cut_too() {
    let picture = picture(10, 3_000);
    let body = KeyValueList { values: vec![attribute("content", text(STANDARD.encode(&picture)))] };
    let record =
        LogRecord { body: Some(AnyValue { value: Some(Value::KvlistValue(body)) }), ..LogRecord::default() };
    let cut = round_trip(&record.encode_to_vec(), Kind::LogRecord).unwrap();
    assert_eq!(*cut.attachments[0].bytes, picture[..]);
}

#[test]
fn a_search_sees_a_gap() {
    let raw =
        span(vec![attribute("input", text(format!("before {} after", STANDARD.encode(picture(11, 3_000)))))]);
    let cut = round_trip(&raw, Kind::Span).unwrap();
    assert_eq!(first_text(&with_gaps(&cut.message, Kind::Span)), "before \u{fffc} after");
    assert_eq!(*with_gaps(&raw, Kind::Span), raw[..]);
}

#[test]
fn an_attachment_that_is_missing_or_another_is_an_error() {
    let raw = span(vec![attribute("input", text(STANDARD.encode(picture(12, 3_000))))]);
    let cut = round_trip(&raw, Kind::Span).unwrap();
    let hash = cut.attachments[0].hash;
    let missing = resolve(&cut.message, Kind::Span, &mut |_| None);
    assert_eq!(missing, Err(ResolveError::Missing(hash)));
    let other = resolve(&cut.message, Kind::Span, &mut |_| Some(vec![0; 5].into()));
    assert_eq!(other, Err(ResolveError::Length { hash, expected: 3_000, found: 5 }));
}

/// Texts in which something may be cut.
fn long_text() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        "[ -~é\u{e0ff}\\\\\"=/+_-]{0,12}",
        Just("\u{e0ff}".to_owned()),
        Just("=".to_owned()),
        Just("\\n".to_owned()),
        (any::<u64>(), 2_030_usize..2_070, 0_u8..4).prop_map(|(seed, length, form)| {
            let picture = picture(seed, length);
            match form {
                0 => STANDARD.encode(picture),
                1 => STANDARD_NO_PAD.encode(picture),
                2 => URL_SAFE.encode(picture),
                _ => URL_SAFE_NO_PAD.encode(picture),
            }
        }),
        (2_700_usize..2_760, "[A-Za-z0-9+/=_-]").prop_map(|(count, letter)| letter.repeat(count)),
    ];
    vec(part, 0..6).prop_map(|parts| parts.concat())
}

fn long_value() -> impl Strategy<Value = AnyValue> {
    let leaf = prop_oneof![
        4 => long_text().prop_map(text),
        1 => long_text().prop_map(|text| bytes(text.into_bytes())),
        1 => generate::any_value(),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3)
                .prop_map(|values| AnyValue { value: Some(Value::ArrayValue(ArrayValue { values })) }),
            vec((long_text(), inner).prop_map(|(key, value)| attribute(key, value)), 0..3)
                .prop_map(|values| AnyValue { value: Some(Value::KvlistValue(KeyValueList { values })) }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_message_comes_back(
        name in long_text(),
        attributes in vec((long_text(), long_value()), 0..4),
        tail in vec(any::<u8>(), 0..12),
    ) {
        let attributes = attributes.into_iter().map(|(key, value)| attribute(key, value)).collect();
        let span = Span { name, attributes, ..Span::default() };
        let mut raw = span.encode_to_vec();
        round_trip(&raw, Kind::Span);
        // Also if it is broken, or the other kind of message.
        raw.extend(tail);
        round_trip(&raw, Kind::Span);
        round_trip(&raw, Kind::LogRecord);
    }
}
