//! Any request can be redacted; afterwards it is as readable as before, and there is nothing more to find in it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use spanwise_otlp::{Place, Rewriter, SpanView, rewrite_logs, rewrite_traces, scan_traces};
use spanwise_redact::{Redactor, Rules, Tally};
use std::sync::LazyLock;

static REDACTOR: LazyLock<Redactor> = LazyLock::new(|| {
    let detectors = ["email", "card", "ip", "jwt", "private-key", "openai-key"].map(String::from).into();
    let paths = vec!["$..a".to_owned(), "$[0]".to_owned()];
    Redactor::new(&Rules { detectors, paths, ..Rules::default() }).expect("the rules are right")
});

#[derive(Default)]
struct All(Tally);

impl Rewriter for All {
    fn begin_resource(&mut self, _: usize) {}
    fn value(&mut self, _: &Place<'_>) -> Option<String> {
        None
    }
    fn text(&mut self, place: &Place<'_>, text: &str) -> Option<String> {
        let redacted = REDACTOR.redact(place.key(), &[], text, &mut self.0)?;
        let is_json = |text: &str| serde_json::from_str::<serde_json::Value>(text).is_ok_and(|value| !value.is_number());
        assert!(!is_json(text) || is_json(&redacted), "{text} {redacted}");
        Some(redacted)
    }
    fn number(&mut self, place: &Place<'_>, digits: &str) -> Option<String> {
        REDACTOR.redact_number(place.key(), digits, &mut self.0)
    }
    fn bytes(&mut self, place: &Place<'_>, bytes: &[u8]) -> Option<Vec<u8>> {
        REDACTOR.redact_bytes(place.key(), bytes, &mut self.0)
    }
    fn leaves_out(&mut self, field: &[u8]) -> bool {
        REDACTOR.redact_bytes(None, field, &mut self.0).is_some()
    }
}

fn good_spans(body: &[u8]) -> Option<usize> {
    let groups = scan_traces(body).ok()?;
    let spans = groups.iter().flat_map(|group| &group.scopes).flat_map(|scope| &scope.spans);
    Some(spans.filter(|raw| SpanView::parse(raw).is_ok()).count())
}

fuzz_target!(|body: &[u8]| {
    rewrite_logs(body, &mut All::default());
    if let Some(rewritten) = rewrite_traces(body, &mut All::default()) {
        assert_eq!(good_spans(body), good_spans(&rewritten));
    }
});
