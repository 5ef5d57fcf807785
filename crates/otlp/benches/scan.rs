//! Throughput of reading requests: ours in place, `prost` into structs, and JSON.

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use spanwise_otlp::attachment::{Kind, cut};
use spanwise_otlp::{SpanView, json, json_out, scan_traces, write_search_text};

fn main() {
    divan::main();
}

/// All samples as one request, which concatenation makes.
fn protobuf() -> Vec<u8> {
    samples("binpb").concat()
}

fn samples(extension: &str) -> Vec<Vec<u8>> {
    let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let paths =
        std::fs::read_dir(directory).expect("the fixtures are there").flatten().map(|entry| entry.path());
    let paths = paths.filter(|path| path.extension().is_some_and(|found| found == extension));
    paths.map(|path| std::fs::read(path).expect("a fixture is readable")).collect()
}

fn for_each_span(body: &[u8], mut visit: impl FnMut(&[u8])) {
    let groups = scan_traces(body).expect("the samples are valid");
    let scopes = groups.iter().flat_map(|group| &group.scopes);
    scopes.flat_map(|scope| &scope.spans).for_each(|raw| visit(raw));
}

fn bench(bencher: Bencher<'_, '_>, body: Vec<u8>, read: impl Fn(&[u8]) + Sync) {
    bencher.counter(BytesCount::of_slice(&body)).bench(|| read(black_box(&body)));
}

#[divan::bench]
fn scan(bencher: Bencher<'_, '_>) {
    bench(bencher, protobuf(), |body| {
        for_each_span(body, |raw| {
            black_box(raw);
        })
    });
}

#[divan::bench]
fn scan_and_parse(bencher: Bencher<'_, '_>) {
    bench(bencher, protobuf(), |body| for_each_span(body, |raw| drop(black_box(SpanView::parse(raw)))));
}

/// What spans without attachments cost more.
#[divan::bench]
fn scan_and_find_nothing_to_cut(bencher: Bencher<'_, '_>) {
    bench(bencher, protobuf(), |body| for_each_span(body, |raw| drop(black_box(cut(raw, Kind::Span)))));
}

#[divan::bench]
fn cut_a_picture_of_a_megabyte(bencher: Bencher<'_, '_>) {
    let picture: String =
        (0..1 << 20).map(|n: u32| char::from(b'A' + (n.wrapping_mul(0x9e37_79b9) >> 28) as u8)).collect();
    let value = AnyValue { value: Some(any_value::Value::StringValue(picture)) };
    let attributes = vec![KeyValue { key: "input.value".into(), value: Some(value), ..KeyValue::default() }];
    let span = Span { attributes, ..Span::default() }.encode_to_vec();
    bench(bencher, span, |raw| drop(black_box(cut(raw, Kind::Span))));
}

#[divan::bench]
fn scan_parse_and_read_attributes(bencher: Bencher<'_, '_>) {
    bench(bencher, protobuf(), |body| {
        for_each_span(body, |raw| {
            let span = SpanView::parse(raw).expect("the samples are valid");
            span.attributes().for_each(|attribute| {
                black_box(attribute);
            });
        });
    });
}

#[divan::bench]
fn prost_decode(bencher: Bencher<'_, '_>) {
    bench(bencher, protobuf(), |body| drop(black_box(ExportTraceServiceRequest::decode(body))));
}

#[divan::bench]
fn search_text(bencher: Bencher<'_, '_>) {
    bench(bencher, protobuf(), |body| {
        let mut text = String::new();
        for_each_span(body, |raw| {
            text.clear();
            write_search_text(&SpanView::parse(raw).expect("the samples are valid"), &mut text);
            black_box(&text);
        });
    });
}

#[divan::bench]
fn write_json(bencher: Bencher<'_, '_>) {
    bench(bencher, protobuf(), |body| {
        let mut text = String::new();
        json_out::write_traces(body, &mut text).expect("the samples are valid");
        black_box(text);
    });
}

/// Bytes are those of compact JSON, as exporters send it.
#[divan::bench]
fn read_json(bencher: Bencher<'_, '_>) {
    let mut text = String::new();
    json_out::write_traces(&protobuf(), &mut text).expect("the samples are valid");
    bench(bencher, text.into_bytes(), |body| drop(black_box(json::transcode_traces(body))));
}
