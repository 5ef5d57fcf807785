//! The same as `otlp_json`, for log records.

#![no_main]

use libfuzzer_sys::fuzz_target;
use spanwise_otlp::{LogRecordView, json, json_out, scan_logs};

fuzz_target!(|body: &[u8]| {
    let Ok(transcoded) = json::transcode_logs(body) else { return };
    for group in scan_logs(&transcoded.body).expect("we wrote it") {
        for raw in group.scopes.iter().flat_map(|scope| &scope.records) {
            // Times may be too late, all else was checked.
            let _ = LogRecordView::parse(raw);
        }
    }
    let text = to_json(&transcoded.body);
    let again = json::transcode_logs(text.as_bytes()).expect("we wrote it");
    assert!(again.rejected.is_empty(), "{:?}", again.rejected);
    assert_eq!(to_json(&again.body), text);
});

fn to_json(body: &[u8]) -> String {
    let mut text = String::new();
    json_out::write_logs(body, &mut text).expect("we wrote it");
    text
}
