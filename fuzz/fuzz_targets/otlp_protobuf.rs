//! Any bytes are a request or a refusal; a span that is accepted can be read in every way we have.

#![no_main]

use libfuzzer_sys::fuzz_target;
use spanwise_otlp::{
    AnyValueView, Attributes, LogRecordView, ResourceView, ScopeView, SpanView, json_out, pyjson, scan_logs,
    scan_traces, write_log_search_text, write_search_text,
};

fuzz_target!(|body: &[u8]| {
    let mut text = String::new();
    for group in scan_traces(body).unwrap_or_default() {
        let _ = group.resource.map(ResourceView::parse);
        for scope in group.scopes {
            let _ = scope.scope.map(ScopeView::parse);
            scope.spans.iter().for_each(|raw| read_span(raw, &mut text));
        }
    }
    for group in scan_logs(body).unwrap_or_default() {
        group.scopes.iter().flat_map(|scope| &scope.records).for_each(|raw| read_record(raw, &mut text));
    }
    // Also what the structure above would rarely let through.
    read_span(body, &mut text);
    read_record(body, &mut text);
});

fn read_span(raw: &[u8], text: &mut String) {
    let Ok(span) = SpanView::parse(raw) else { return };
    if let Err(error) = span.ids() {
        assert!(!error.to_string().is_empty());
    }
    assert!(span.start_ns() >= 0 && span.end_ns().is_none_or(|end_ns| end_ns > 0));
    read_attributes(span.attributes(), text);
    span.events().for_each(|event| read_attributes(event.attributes(), text));
    span.links().for_each(|link| read_attributes(link.attributes(), text));
    write_search_text(&span, text);
    check_json(text, |out| json_out::write_span(&span, out));
}

fn read_record(raw: &[u8], text: &mut String) {
    let Ok(record) = LogRecordView::parse(raw) else { return };
    let _ = record.ids();
    write_log_search_text(&record, text);
    check_json(text, |out| json_out::write_log_record(&record, out));
}

fn read_attributes(attributes: Attributes<'_>, text: &mut String) {
    for (_, value) in attributes {
        check_json(text, |out| pyjson::write_json(value, out));
        if let AnyValueView::String(_) = value {
            pyjson::write_attribute(value, text);
        }
    }
}

/// What we write as JSON must be JSON.
fn check_json(text: &mut String, write: impl FnOnce(&mut String)) {
    text.clear();
    write(text);
    assert!(pyjson::rewrite_json(text, &mut String::new()).is_ok(), "{text}");
}
