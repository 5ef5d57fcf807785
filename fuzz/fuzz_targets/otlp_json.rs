//! Any bytes are OTLP/JSON or a refusal; what was read once is written and read again without a change.

#![no_main]

use libfuzzer_sys::fuzz_target;
use spanwise_otlp::{SpanView, json, json_out, pyjson, scan_traces};

fuzz_target!(|body: &[u8]| {
    if let Ok(text) = std::str::from_utf8(body) {
        check_rewriting(text);
    }
    let Ok(transcoded) = json::transcode_traces(body) else { return };
    for group in scan_traces(&transcoded.body).expect("we wrote it") {
        for raw in group.scopes.iter().flat_map(|scope| &scope.spans) {
            // Times may be too late, all else was checked.
            let _ = SpanView::parse(raw);
        }
    }
    let text = to_json(&transcoded.body);
    let again = json::transcode_traces(text.as_bytes()).expect("we wrote it");
    assert!(again.rejected.is_empty(), "{:?}", again.rejected);
    assert_eq!(to_json(&again.body), text);
});

fn to_json(body: &[u8]) -> String {
    let mut text = String::new();
    json_out::write_traces(body, &mut text).expect("we wrote it");
    text
}

/// JSON that was rewritten stays as it is when it is rewritten again.
fn check_rewriting(text: &str) {
    let (mut once, mut twice) = (String::new(), String::new());
    if pyjson::rewrite_json(text, &mut once).is_ok() {
        pyjson::rewrite_json(&once, &mut twice).expect("we wrote it");
        assert_eq!(once, twice);
    }
}
