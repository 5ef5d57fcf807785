//! What a span says when it arrives.

use crate::collected::{DEADLINE, start, text};
use opentelemetry_proto::tonic::common::v1::any_value;
use spanwise_sdk_core::{Kind, Level, SpanRef, StartOptions, TraceUpdate, Value, key};
use std::error::Error;
use std::fmt;

const ROOT: StartOptions<'static> = StartOptions { parent: spanwise_sdk_core::Parent::Root, sampling: None };

#[test]
fn a_span_arrives_with_all_that_was_set() {
    let (sdk, collected) =
        start(|config| config.service_name("shop").experiment("e").attribute("version", 7_i64));
    let other = sdk.span("other", ROOT).start();
    let span =
        sdk.span("ask", ROOT).kind(Kind::Client).span_type("LLM").level(Level::Warning).inputs("hello");
    let span = span.attribute("count", 3_u8).attribute("list", ["a", "b"]).link(&other).start();
    span.set_attribute("nested", Value::Map(vec![("k".to_owned(), Value::Bool(true))]));
    span.set_text("long", |out| out.extend_from_slice("é".repeat(10_000).as_bytes()));
    span.set_outputs("world");
    span.add_event("token", &[("n", &1_i64)]);
    let (trace_id, span_id) = (span.trace_id().unwrap(), span.span_id().unwrap());
    span.end();
    sdk.flush(DEADLINE).unwrap();
    let sent = collected.span("ask");
    assert_eq!((&sent.trace_id[..], &sent.span_id[..]), (&trace_id.0[..], &span_id.0[..]));
    assert!(sent.parent_span_id.is_empty());
    assert_eq!(sent.kind, 3);
    assert_eq!(sent.flags, 0x101);
    assert!(sent.end_time_unix_nano >= sent.start_time_unix_nano);
    assert_eq!(sent.status.as_ref().unwrap().code, 1);
    for (key, value) in [
        (key::TYPE, "LLM"),
        (key::LEVEL, "30"),
        (key::INPUTS, "hello"),
        (key::OUTPUTS, "world"),
        ("count", "3"),
        ("long", &"é".repeat(10_000)),
    ] {
        assert_eq!(text(&sent, key).as_deref(), Some(value), "{key}");
    }
    assert_eq!(sent.links[0].span_id, other.span_id().unwrap().0);
    assert_eq!(sent.events[0].name, "token");
    let nested = sent.attributes.iter().find(|attribute| attribute.key == "nested").unwrap();
    let value = nested.value.as_ref().unwrap().value.as_ref().unwrap();
    assert!(matches!(value, any_value::Value::KvlistValue(map) if map.values[0].key == "k"));
    let resource = collected.requests()[0].resource_spans[0].resource.clone().unwrap();
    let keys: Vec<_> = resource.attributes.iter().map(|attribute| attribute.key.as_str()).collect();
    assert_eq!(keys[..3], ["version", "service.name", "spanwise.experiment"]);
}

#[test]
fn the_last_value_of_a_key_is_kept() {
    let (sdk, collected) = start(|config| config);
    let span =
        sdk.span("a", ROOT).attribute("k", 1_i64).attribute("k", "two").attribute("other", 5_i64).start();
    for index in 0..200_i64 {
        span.set_attribute(&format!("key.{}", index % 100), index);
    }
    span.set_attribute("k", "three");
    span.set_name("b");
    span.end();
    sdk.flush(DEADLINE).unwrap();
    let sent = collected.span("b");
    assert_eq!(text(&sent, "k").as_deref(), Some("three"));
    assert_eq!(text(&sent, "other").as_deref(), Some("5"));
    assert_eq!(text(&sent, "key.7").as_deref(), Some("107"));
    assert_eq!(sent.attributes.len(), 102);
}

#[derive(Debug)]
struct Chained(&'static str, Option<Box<Chained>>);

impl fmt::Display for Chained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Error for Chained {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.1.as_deref().map(|source| source as _)
    }
}

#[test]
fn an_error_is_recorded_with_its_sources() {
    let (sdk, collected) = start(|config| config);
    let span = sdk.span("a", ROOT).start();
    span.record_error(&Chained("cannot ask", Some(Box::new(Chained("no route", None)))));
    span.end();
    sdk.flush(DEADLINE).unwrap();
    let sent = collected.span("a");
    let status = sent.status.as_ref().unwrap();
    assert_eq!((status.code, status.message.as_str()), (2, "cannot ask: no route"));
    let event = &sent.events[0];
    assert_eq!(event.name, "exception");
    let values: Vec<_> = event.attributes.iter().map(|attribute| format!("{:?}", attribute.value)).collect();
    assert!(values[2].contains("cannot ask\\ncaused by: no route"), "{}", values[2]);
}

#[test]
fn a_panic_fails_the_span() {
    let (sdk, collected) = start(|config| config);
    let unwound = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _span = sdk.span("a", ROOT).start().enter();
        std::panic::resume_unwind(Box::new("quietly"));
    }));
    assert!(unwound.is_err());
    assert!(SpanRef::current().span_context().is_none());
    sdk.flush(DEADLINE).unwrap();
    let status = collected.span("a").status.unwrap();
    assert_eq!((status.code, status.message.as_str()), (2, "panicked"));
}

#[test]
fn a_trace_is_updated_from_any_of_its_spans() {
    let (sdk, collected) = start(|config| config);
    let root = sdk.span("root", ROOT).start().enter();
    let child = sdk.span("child", StartOptions::default()).start();
    assert!(
        child.update_trace(TraceUpdate::new().name("first").session("s").tag("env", "dev").tag("n", "1"))
    );
    assert!(
        root.update_trace(
            TraceUpdate::new()
                .name("second")
                .metadata("mlflow.trace.user", "u")
                .tag("env", "prod")
                .metadata("m", "v")
                .request_preview("hi")
        )
    );
    root.end();
    assert!(!child.update_trace(TraceUpdate::new().name("late")));
    child.end();
    sdk.flush(DEADLINE).unwrap();
    let sent = collected.span("root");
    for (key, value) in [
        ("mlflow.traceTag.mlflow.traceName", "second"),
        ("session.id", "s"),
        ("user.id", "u"),
        ("mlflow.traceTag.env", "prod"),
        ("mlflow.traceTag.n", "1"),
        ("spanwise.trace.metadata.m", "v"),
        ("spanwise.trace.request_preview", "hi"),
    ] {
        assert_eq!(text(&sent, key).as_deref(), Some(value), "{key}");
    }
    assert!(text(&collected.span("child"), "session.id").is_none());
}

#[test]
fn texts_that_are_no_utf8_are_mended() {
    let (sdk, collected) = start(|config| config);
    let span = sdk.span("a", ROOT).text("before", |out| out.extend_from_slice(b"a\xff")).start();
    span.set_text("after", |out| out.extend_from_slice(b"b\xff"));
    span.end();
    sdk.flush(DEADLINE).unwrap();
    let sent = collected.span("a");
    assert_eq!(text(&sent, "before").as_deref(), Some("a\u{fffd}"));
    assert_eq!(text(&sent, "after").as_deref(), Some("b\u{fffd}"));
}

#[test]
fn of_events_and_links_without_end_the_first_are_kept() {
    let (sdk, collected) = start(|config| config);
    let other = sdk.span("other", ROOT).start();
    let span = sdk.span("many", ROOT).start();
    for _ in 0..1_005 {
        span.add_event("job", &[]);
        span.add_link(&other, &[("why", &"caused")]);
    }
    for _ in 0..20 {
        span.record_exception("error", &["broke".to_owned()]);
    }
    span.end();
    // The next span of the thread has the same buffer.
    let next = sdk.span("next", ROOT).start();
    next.add_event("job", &[]);
    next.end();
    sdk.flush(DEADLINE).unwrap();
    let sent = collected.span("many");
    assert_eq!((sent.events.len(), sent.dropped_events_count), (1_016, 9));
    assert_eq!((sent.links.len(), sent.dropped_links_count), (1_000, 5));
    assert!(sent.events[1_000..].iter().all(|event| event.name == "exception"));
    assert_eq!(sent.status.unwrap().message, "broke");
    let next = collected.span("next");
    assert_eq!((next.events.len(), next.dropped_events_count, next.dropped_links_count), (1, 0, 0));
}

#[test]
fn large_events_are_kept_up_to_a_number_of_bytes() {
    let (sdk, collected) = start(|config| config);
    let span = sdk.span("large", ROOT).start();
    let text = "x".repeat(100 << 10);
    for _ in 0..60 {
        span.add_event("page", &[("text", &text.as_str())]);
    }
    span.end();
    sdk.flush(DEADLINE).unwrap();
    let sent = collected.span("large");
    // Only the last of them goes beyond 5 MiB.
    assert_eq!((sent.events.len(), sent.dropped_events_count), (52, 8));
}
