//! Which traces are recorded, and what is done to spans before they are queued.

use crate::collected::{Collected, DEADLINE, names, start, text, to};
use spanwise_sdk_core::{
    Accepted, Config, ExportError, Exporter, FinishedSpan, Handed, Kind, Parent, Request, SpanBuilder,
    SpanContext, SpanData, SpanId, SpanRef, StartOptions, TraceId, Value, key,
};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const CURRENT: StartOptions<'static> = StartOptions { parent: Parent::Current, sampling: None };

#[test]
fn a_share_of_traces_is_recorded_whole() {
    let (sdk, collected) = start(|config| config.sampling(0.25));
    for _ in 0..4_000 {
        let _root = sdk.span("root", CURRENT).start().enter();
        let _child = sdk.span("child", StartOptions { sampling: Some(1.0), ..CURRENT }).start().enter();
        sdk.span("leaf", CURRENT).start().end();
    }
    sdk.flush(DEADLINE).unwrap();
    let mut traces: HashMap<Vec<u8>, usize> = HashMap::new();
    collected.spans().into_iter().for_each(|span| *traces.entry(span.trace_id).or_default() += 1);
    // Six standard deviations around 1,000.
    assert!((836..=1164).contains(&traces.len()), "{}", traces.len());
    assert!(traces.values().all(|spans| *spans == 3));
}

#[test]
fn a_function_may_begin_a_smaller_share() {
    let (sdk, collected) = start(|config| config);
    let never = StartOptions { sampling: Some(0.0), ..CURRENT };
    sdk.span("never", never).start().end();
    let root = sdk.span("root", CURRENT).start().enter();
    sdk.span("inside", never).start().end();
    drop(root);
    sdk.flush(DEADLINE).unwrap();
    assert_eq!(names(&collected.spans()), ["inside", "root"]);
}

#[test]
fn processors_change_spans_before_they_are_queued() {
    let redact = |span: &mut SpanData| {
        let is_text = span.attribute("plain") == Some(&Value::Text("my secret".to_owned()));
        span.attributes.push(("seen".to_owned(), Value::Bool(is_text)));
        span.for_each_text(|_, text| *text = text.replace("secret", "***"));
        span.name != "health"
    };
    let (sdk, collected) = start(|config| config.processor(redact));
    sdk.span("health", CURRENT).start().end();
    let span = sdk.span("secret", CURRENT).attribute("plain", "my secret").start();
    let nested = Value::List(vec![Value::Map(vec![("secret".to_owned(), Value::from("secret"))])]);
    span.set_attribute("nested", nested);
    span.add_event("secret", &[("k", &"secret")]);
    let linked = SpanRef::remote(SpanContext {
        trace_id: TraceId([7; 16]),
        span_id: SpanId([8; 8]),
        is_sampled: true,
        trace_state: None,
    });
    span.add_link(&linked, &[("why", &"a secret")]);
    span.set_error("secret");
    span.end();
    sdk.flush(DEADLINE).unwrap();
    let sent = format!("{:?}", collected.requests());
    assert!(!sent.contains("secret"), "{sent}");
    let span = collected.span("***");
    assert_eq!(text(&span, "seen").as_deref(), Some("true"));
    assert_eq!(span.status.unwrap().message, "***");
    let link = &span.links[0];
    assert_eq!((&link.trace_id[..], &link.span_id[..]), (&[7; 16][..], &[8; 8][..]));
    assert_eq!(link.attributes[0].key, "why");
    assert_eq!((sdk.stats().filtered, sdk.stats().recorded), (1, 1));
}

#[test]
fn a_processor_that_panics_lets_nothing_out() {
    let panics = |_: &mut SpanData| -> bool { std::panic::resume_unwind(Box::new("quietly")) };
    let (sdk, collected) = start(|config| config.processor(panics));
    sdk.span("a", CURRENT).start().end();
    sdk.flush(DEADLINE).unwrap();
    assert!(collected.spans().is_empty());
    assert_eq!(sdk.stats().filtered, 1);
}

#[test]
fn processors_leave_what_a_link_leads_to() {
    let sees = |span: &mut SpanData| {
        let link = &mut span.links[0];
        assert_eq!((link.trace_id(), link.span_id()), (Some(TraceId([7; 16])), Some(SpanId([8; 8]))));
        link.attributes.push(("more".to_owned(), Value::Bool(true)));
        true
    };
    let collected = Collected::default();
    let sdk = to(&collected, Config::new()).processor(sees).install().unwrap();
    let context = |id, state: Option<&str>| SpanContext {
        trace_id: TraceId([id; 16]),
        span_id: SpanId([id + 1; 8]),
        is_sampled: true,
        trace_state: state.map(Arc::from),
    };
    let mut span =
        FinishedSpan::new(&context(1, None), 1, None).describe("theirs", Kind::Internal, 1, Some(2));
    span.link(&context(7, Some("vendor=x")), &[("n", Value::Int(1))], 3);
    assert_eq!(span.hand_over(), Handed::Recorded);
    sdk.flush(DEADLINE).unwrap();
    let span = collected.span("theirs");
    let link = &span.links[0];
    assert_eq!((link.trace_id[0], link.span_id[0], link.trace_state.as_str()), (7, 8, "vendor=x"));
    assert_eq!((link.attributes.len(), link.dropped_attributes_count), (2, 3));
}

#[test]
fn nothing_is_recorded_of_what_a_processor_does() {
    let calls = Arc::new(AtomicUsize::new(0));
    let called = Arc::clone(&calls);
    let records = move |span: &mut SpanData| {
        if called.fetch_add(1, Ordering::Relaxed) >= 2 {
            // Here it would go on without end.
            return true;
        }
        let inside = SpanBuilder::new("inside").start().enter();
        assert!(inside.span_context().is_none());
        let (trace_id, span_id) = (TraceId([1; 16]), SpanId([1; 8]));
        let context = SpanContext { trace_id, span_id, is_sampled: true, trace_state: None };
        assert_eq!(FinishedSpan::new(&context, 1, None).hand_over(), Handed::Off);
        span.name.push('!');
        true
    };
    let collected = Collected::default();
    let sdk = to(&collected, Config::new()).processor(records).install().unwrap();
    // The second one shows that the thread records again.
    for name in ["a", "b"] {
        SpanBuilder::new(name).start().end();
    }
    sdk.flush(DEADLINE).unwrap();
    assert_eq!(names(&collected.spans()), ["a!", "b!"]);
    assert_eq!(calls.load(Ordering::Relaxed), 2);
}

#[test]
fn nothing_is_recorded_of_what_an_exporter_does() {
    struct Records(Arc<AtomicUsize>);
    impl Exporter for Records {
        fn export(&mut self, _: &Request<'_>) -> Result<Accepted, ExportError> {
            let recorded = SpanBuilder::new("export").is_recording();
            self.0.fetch_add(if recorded { 100 } else { 1 }, Ordering::Relaxed);
            Ok(Accepted::default())
        }
    }
    let exports = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&exports);
    let config = Config::new().exporter("records", move || Box::new(Records(Arc::clone(&seen))));
    let sdk = config.install().unwrap();
    SpanBuilder::new("a").start().end();
    sdk.flush(DEADLINE).unwrap();
    assert_eq!(exports.load(Ordering::Relaxed), 1);
}

#[test]
fn open_spans_are_announced_and_processed() {
    let upper = |span: &mut SpanData| {
        span.name = span.name.to_uppercase();
        true
    };
    let (sdk, collected) = start(|config| config.announce_open_spans(true).processor(upper));
    let span = sdk.span("a", CURRENT).inputs("in").start();
    sdk.flush(DEADLINE).unwrap();
    let open = collected.span("A");
    assert_eq!((open.end_time_unix_nano, text(&open, key::INPUTS).as_deref()), (0, Some("in")));
    span.end();
    sdk.flush(DEADLINE).unwrap();
    let closed = &collected.spans()[1];
    assert_eq!(closed.span_id, open.span_id);
    assert!(closed.end_time_unix_nano > 0);
}

#[test]
fn recording_is_turned_off_and_on() {
    let collected = Collected::default();
    let sdk = to(&collected, Config::new()).enabled(false).install().unwrap();
    let record = |name: &str| SpanBuilder::new(name).start().end();
    record("off from the start");
    spanwise_sdk_core::enable();
    record("on");
    let open = SpanBuilder::new("open").start();
    spanwise_sdk_core::disable();
    record("off");
    open.end();
    spanwise_sdk_core::enable();
    sdk.flush(DEADLINE).unwrap();
    assert_eq!(names(&collected.spans()), ["on", "open"]);
    sdk.shut_down(DEADLINE).unwrap();
    record("after the end");
    assert!(!spanwise_sdk_core::is_enabled());
}

#[test]
fn threads_follow_the_sdk_that_is_installed() {
    let (one, other) = (Collected::default(), Collected::default());
    let first = to(&one, Config::new()).install().unwrap();
    SpanBuilder::new("first").start().end();
    let second = to(&other, Config::new()).install().unwrap();
    SpanBuilder::new("second").start().end();
    // The first one is not in force any more, so that its end turns nothing off.
    drop(first);
    SpanBuilder::new("third").start().end();
    second.flush(DEADLINE).unwrap();
    assert_eq!(names(&one.spans()), ["first"]);
    assert_eq!(names(&other.spans()), ["second", "third"]);
    drop(Arc::new(second));
}
