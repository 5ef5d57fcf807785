//! Whatever a message is, what is cut out of it and put back gives the same bytes.

#![no_main]

use libfuzzer_sys::fuzz_target;
use spanwise_otlp::attachment::{Kind, cut, references, resolve, with_gaps, with_references};
use std::sync::Arc;

fuzz_target!(|raw: &[u8]| {
    // What a fuzzer would take long to find: a text that is long enough.
    let (head, tail) = raw.split_at(raw.len() / 2);
    let long = [head, "QUJD".repeat(700).as_bytes(), tail].concat();
    // As a whole message, and as the value of an attribute of a span.
    let value = field(1, &long);
    let span = field(9, &[field(1, b"key"), field(2, &value)].concat());
    for message in [raw, &long[..], &span[..]] {
        for kind in [Kind::Span, Kind::LogRecord] {
            let Some(done) = cut(message, kind) else {
                assert_eq!(*resolve(message, kind, &mut |_| None).expect("it has no attachment"), *message);
                continue;
            };
            let again = resolve(&done.message, kind, &mut |hash| {
                done.attachments.iter().find(|one| one.hash == *hash).map(|one| Arc::clone(&one.bytes))
            });
            assert_eq!(*again.expect("all are there"), *message);
            assert!(references(&done.message, kind).len() >= done.attachments.len());
            with_gaps(&done.message, kind);
            with_references(&done.message, kind);
        }
        // Something that was not made here.
        let _ = resolve(message, Kind::Span, &mut |_| None);
    }
});

fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![number << 3 | 2];
    let mut length = bytes.len();
    while length >= 0x80 {
        out.push(length as u8 | 0x80);
        length >>= 7;
    }
    out.push(length as u8);
    out.extend_from_slice(bytes);
    out
}
