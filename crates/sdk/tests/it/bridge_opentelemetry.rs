//! Spans of OpenTelemetry and of ours in one tree, and sent together.

use crate::recorded::{Recorded, attribute, event_attribute, failure, inputs, parent_of};
use opentelemetry::baggage::BaggageExt;
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::{
    FutureExt as _, Link, Span as _, SpanContext, SpanId, SpanKind, Status, TraceContextExt, TraceFlags,
    TraceId, TraceState, Tracer, TracerProvider,
};
use opentelemetry::{Array, Context, InstrumentationScope, KeyValue, Value as OtelValue};
use opentelemetry_sdk::error::OTelSdkError;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{BatchSpanProcessor, Sampler, SdkTracer, SdkTracerProvider, SpanProcessor};
use serde_json::json;
use spanwise::opentelemetry::{Exporter, Processor, share_context};
use spanwise::{
    Accepted, Config, ExportError, FutureExt as _, Parent, Request, SpanBuilder, SpanRef, StartOptions,
    TraceUpdate, propagation, trace,
};
use std::cell::RefCell;
use std::collections::HashMap;
use std::thread;
use std::time::{Duration, SystemTime};
use tracing_subscriber::prelude::*;

/// A tracer of OpenTelemetry whose spans go where ours do.
fn start() -> (Recorded, SdkTracerProvider, SdkTracer) {
    let recorded = Recorded::start();
    let provider = SdkTracerProvider::builder().with_span_processor(Processor::new()).build();
    let tracer = provider.tracer("test");
    (recorded, provider, tracer)
}

#[test]
fn spans_of_both_libraries_are_one_tree_in_every_nesting() {
    let (recorded, _provider, tracer) = start();
    tracer.in_span("theirs", |_| {
        let _ours = spanwise::span!("ours");
        tracer.in_span("theirs below", |_| {
            drop(spanwise::span!("leaf"));
            drop(tracer.start("sibling of leaf"));
        });
        drop(spanwise::span!("second"));
    });
    drop(spanwise::span!("elsewhere"));
    let spans = recorded.spans();
    let above = |name| parent_of(&spans, name).unwrap_or_default();
    let all = ["theirs", "ours", "theirs below", "leaf", "sibling of leaf", "second", "elsewhere"].map(above);
    assert_eq!(all, ["", "theirs", "ours", "theirs below", "theirs below", "ours", ""]);
    // None of the parents is in another process.
    assert!(spans.iter().all(|span| span.flags & 0x300 == 0x100), "{spans:?}");
}

#[trace]
async fn ours(task: u8) {
    tokio::task::yield_now().await;
    spanwise::update_trace(TraceUpdate::new().tag("task", task.to_string()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn tasks_keep_their_spans() {
    let (recorded, _provider, tracer) = start();
    let tasks = (0..8).map(|task| {
        let root = SpanBuilder::new("root").start();
        // What is handed on by OpenTelemetry's means alone brings ours along.
        let context = root.scope(|| Context::current_with_span(tracer.start("theirs")));
        let below = root.scope(|| ours(task).with_current_context());
        let work = async move {
            tokio::spawn(ours(task).with_context(context)).await.unwrap();
            tokio::spawn(below).await.unwrap();
        };
        tokio::spawn(work.in_span(root))
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    let spans = recorded.spans();
    assert_eq!(spans.len(), 32);
    for root in spans.iter().filter(|span| span.name == "root") {
        assert!(!attribute(root, "mlflow.traceTag.task").is_null());
        let trace: Vec<_> = spans.iter().filter(|span| span.trace_id == root.trace_id).cloned().collect();
        assert_eq!(parent_of(&trace, "theirs").as_deref(), Some("root"));
        let [theirs] = trace.iter().filter(|span| span.name == "theirs").collect::<Vec<_>>()[..] else {
            panic!("{trace:?}")
        };
        let mut parents: Vec<_> =
            trace.iter().filter(|span| span.name == "ours").map(|span| &span.parent_span_id).collect();
        parents.sort_unstable();
        let mut expected = [&root.span_id, &theirs.span_id];
        expected.sort_unstable();
        assert_eq!(parents, expected);
        assert!(trace.iter().filter(|span| span.name == "ours").all(|span| inputs(span).is_object()));
    }
}

#[test]
fn what_opentelemetry_is_told_of_its_current_span_is_in_ours() {
    let (recorded, _provider, tracer) = start();
    let other = tracer.start("other");
    {
        let _span = spanwise::span!("ours");
        let context = Context::current();
        let span = context.span();
        assert!(span.is_recording());
        span.set_attribute(KeyValue::new("rows", 3));
        span.add_event("found", vec![KeyValue::new("ok", true)]);
        span.add_link(other.span_context().clone(), vec![KeyValue::new("why", "caused")]);
        span.update_name("renamed");
        span.set_status(Status::error("broke"));
        span.end();
        span.set_attribute(KeyValue::new("after", "its end does not end ours"));
    }
    let span = recorded.span("renamed");
    assert_eq!((attribute(&span, "rows"), failure(&span)), (3.into(), Some("broke")));
    assert_eq!(attribute(&span, "after"), "its end does not end ours");
    assert_eq!(
        (span.events[0].name.as_str(), event_attribute(&span.events[0], "ok")),
        ("found", true.into())
    );
    assert_eq!(span.links[0].span_id, other.span_context().span_id().to_bytes());
}

#[test]
fn all_of_a_span_is_sent() {
    let (recorded, provider, _) = start();
    let scope = InstrumentationScope::builder("library").with_version("1.2").build();
    let tracer = provider.tracer_with_scope(scope);
    let state = TraceState::from_key_value([("vendor", "x")]).unwrap();
    let caller = SpanContext::new(TraceId::from(7), SpanId::from(8), TraceFlags::SAMPLED, true, state);
    let lists = [
        ("bools", Array::Bool(vec![true])),
        ("ints", Array::I64(vec![1, 2])),
        ("floats", Array::F64(vec![0.5])),
        ("texts", Array::String(vec!["a".into()])),
    ];
    let mut attributes = vec![
        KeyValue::new("text", "t"),
        KeyValue::new("int", -1),
        KeyValue::new("float", 0.5),
        KeyValue::new("bool", true),
        KeyValue::new("twice", 1),
        KeyValue::new("twice", 2),
    ];
    attributes.extend(lists.map(|(key, list)| KeyValue::new(key, OtelValue::Array(list))));
    let builder = tracer
        .span_builder("all")
        .with_kind(SpanKind::Consumer)
        .with_attributes(attributes)
        .with_links(vec![Link::new(caller.clone(), vec![KeyValue::new("n", 1)], 2)]);
    let mut span = builder.start_with_context(&tracer, &Context::new().with_remote_span_context(caller));
    span.add_event_with_timestamp(
        "then",
        SystemTime::UNIX_EPOCH + Duration::from_secs(5),
        vec![KeyValue::new("e", 1)],
    );
    for _ in 0..200 {
        span.add_event("many", vec![]);
    }
    span.set_status(Status::error("why"));
    drop(span);
    drop(tracer.start("plain"));

    let span = recorded.span("all");
    assert_eq!((span.kind, failure(&span)), (5, Some("why")));
    assert_eq!((span.trace_state.as_str(), span.flags), ("vendor=x", 0x301));
    assert_eq!((span.trace_id[15], span.parent_span_id[7]), (7, 8));
    for (key, expected) in
        [("text", json!("t")), ("int", json!(-1)), ("float", json!(0.5)), ("bool", json!(true))]
    {
        assert_eq!(attribute(&span, key), expected, "{key}");
    }
    let lists = ["bools", "ints", "floats", "texts"].map(|key| attribute(&span, key));
    assert_eq!(lists, [json!([true]), json!([1, 2]), json!([0.5]), json!(["a"])]);
    assert_eq!(attribute(&span, "twice"), 2);
    assert_eq!(span.attributes.iter().filter(|attribute| attribute.key == "twice").count(), 1);
    assert_eq!(
        (attribute(&span, "otel.scope.name"), attribute(&span, "otel.scope.version")),
        ("library".into(), 1.2.into())
    );
    let event = &span.events[0];
    assert_eq!((event.name.as_str(), event.time_unix_nano), ("then", 5_000_000_000));
    assert_eq!(event_attribute(event, "e"), 1);
    assert_eq!((span.events.len(), span.dropped_events_count), (128, 73));
    assert_eq!((span.links[0].trace_id[15], span.links[0].trace_state.as_str()), (7, "vendor=x"));
    assert!(span.start_time_unix_nano > 0 && span.start_time_unix_nano <= span.end_time_unix_nano);
    let plain = recorded.span("plain");
    assert_eq!(plain.status.unwrap_or_default().code, 0);
    assert_eq!(plain.kind, 1);
}

#[test]
fn whoever_begins_a_trace_decides_whether_it_is_recorded() {
    let (recorded, _provider, tracer) = start();
    let options = StartOptions { parent: Parent::Root, sampling: Some(0.0) };
    SpanBuilder::with("ours", options).start().scope(|| {
        assert!(!tracer.start("below").span_context().is_sampled());
    });
    let off = SdkTracerProvider::builder()
        .with_sampler(Sampler::ParentBased(Box::new(Sampler::AlwaysOff)))
        .with_span_processor(Processor::new())
        .build();
    let off = off.tracer("off");
    off.in_span("theirs", |_| {
        drop(spanwise::span!("below"));
        assert!(!spanwise::current().span_context().unwrap().is_sampled);
    });
    assert_eq!(recorded.spans(), []);
    // Ours begins this one.
    spanwise::span!("begun").scope(|| off.in_span("theirs", |_| ()));
    assert_eq!(recorded.spans().len(), 2);
}

#[test]
fn where_nothing_is_current_both_begin_traces() {
    let (recorded, _provider, tracer) = start();
    let _attached = Context::current_with_baggage([KeyValue::new("tenant", "a")]).attach();
    tracer.in_span("theirs", |context| {
        SpanRef::none().scope(|| {
            drop(tracer.start("their root"));
            drop(spanwise::span!("our root"));
            assert_eq!(Context::current().baggage().len(), 1);
            // Attached again, it is current again.
            let _again = context.clone().attach();
            drop(spanwise::span!("below theirs"));
        });
        spanwise::current().scope(|| {
            Context::current().span().set_attribute(KeyValue::new("still", "theirs"));
            drop(spanwise::span!("in scope"));
        });
        drop(spanwise::span!("after"));
    });
    let spans = recorded.spans();
    let above =
        ["their root", "our root", "below theirs", "in scope", "after"].map(|name| parent_of(&spans, name));
    let theirs = Some("theirs".to_owned());
    assert_eq!(above, [None, None, theirs.clone(), theirs.clone(), theirs]);
    assert_eq!(attribute(&recorded.span("theirs"), "still"), "theirs");
}

#[test]
fn other_processes_are_told_of_the_inner_span_by_either_library() {
    let (recorded, _provider, tracer) = start();
    let (mut by_ours, mut by_theirs) = (HashMap::new(), HashMap::new());
    tracer.in_span("theirs", |_| {
        propagation::inject(&spanwise::current(), |name, value| {
            drop(by_ours.insert(name.to_owned(), value.to_owned()))
        });
        let _ours = spanwise::span!("ours");
        TraceContextPropagator::new().inject_context(&Context::current(), &mut by_theirs);
    });
    let read = |name: &str| by_ours.get(name).map(String::as_str);
    propagation::extract(read).scope(|| drop(tracer.start("called by theirs")));
    let caller = TraceContextPropagator::new().extract_with_context(&Context::new(), &by_theirs);
    let attached = caller.attach();
    drop(spanwise::span!("called by ours"));
    drop(attached);
    let spans = recorded.spans();
    assert_eq!(parent_of(&spans, "called by theirs").as_deref(), Some("theirs"));
    assert_eq!(parent_of(&spans, "called by ours").as_deref(), Some("ours"));
    for name in ["called by theirs", "called by ours"] {
        assert_eq!(recorded.span(name).flags & 0x300, 0x300, "{name}: the parent is in another process");
    }
}

#[test]
fn guards_are_dropped_in_any_order() {
    let (recorded, _provider, tracer) = start();
    let first = spanwise::span!("first");
    let theirs = Context::current_with_span(tracer.start("theirs")).attach();
    let second = spanwise::span!("second");
    drop(first);
    drop(theirs);
    drop(tracer.start("in second"));
    drop(second);
    drop(tracer.start("in none"));
    drop(spanwise::span!("in none either"));
    let spans = recorded.spans();
    assert_eq!(parent_of(&spans, "second").as_deref(), Some("theirs"));
    assert_eq!(parent_of(&spans, "in second").as_deref(), Some("second"));
    assert_eq!(parent_of(&spans, "in none"), None);
    assert_eq!(parent_of(&spans, "in none either"), None);
}

#[test]
fn contexts_of_opentelemetry_keep_what_else_they_have() {
    #[derive(Debug, PartialEq)]
    struct Tenant(u8);
    let (_recorded, _provider, tracer) = start();
    let _attached = Context::current_with_value(Tenant(7)).attach();
    spanwise::span!("ours").scope(|| {
        assert_eq!(Context::current().get(), Some(&Tenant(7)));
        tracer.in_span("theirs", |context| assert_eq!(context.get(), Some(&Tenant(7))));
    });
}

#[test]
fn a_borrowed_or_ended_context_of_a_thread_hurts_nobody() {
    let (recorded, _provider, tracer) = start();
    std::panic::set_hook(Box::new(|_| ()));
    Context::map_current(|_| drop(spanwise::span!("while borrowed")));
    tracer.in_span("theirs", |_| drop(spanwise::span!("as before")));

    struct Late(SdkTracer);
    impl Drop for Late {
        fn drop(&mut self) {
            let _span = spanwise::span!("at the end of the thread");
            drop(spanwise::span!("and its child"));
        }
    }
    thread_local! {
        static LATE: RefCell<Option<Late>> = const { RefCell::new(None) };
    }
    // What ends first when a thread ends is what was used last.
    for (is_late_first, uses_ours) in [(true, true), (true, false), (false, true)] {
        let late = Late(tracer.clone());
        let run = move || {
            if is_late_first {
                LATE.with(|_| ());
            }
            late.0.in_span("theirs", |_| uses_ours.then(|| drop(spanwise::span!("ours"))));
            LATE.set(Some(late));
        };
        thread::spawn(run).join().unwrap();
    }
    drop(std::panic::take_hook());
    let spans = recorded.spans();
    assert_eq!(parent_of(&spans, "as before").as_deref(), Some("theirs"));
    // In the other threads, we have nothing any more either.
    let late = spans.iter().filter(|span| span.name == "at the end of the thread");
    assert_eq!(late.count(), 1);
}

#[test]
fn the_exporter_sends_batches() {
    let recorded = Recorded::start();
    let processor = BatchSpanProcessor::builder(Exporter::new()).build();
    let provider = SdkTracerProvider::builder().with_span_processor(processor).build();
    let tracer = provider.tracer("test");
    for _ in 0..100 {
        tracer.in_span("theirs", |_| drop(spanwise::span!("ours")));
    }
    provider.force_flush().unwrap();
    let spans = recorded.spans();
    assert_eq!(spans.len(), 200);
    assert!(spans.iter().filter(|span| span.name == "ours").all(|span| !span.parent_span_id.is_empty()));
    provider.shutdown().unwrap();
}

#[test]
fn a_processor_of_ours_sees_spans_of_opentelemetry() {
    let hide = |span: &mut spanwise::SpanData| {
        span.for_each_text(|_, text| *text = text.replace("secret", "***"));
        span.name != "left out"
    };
    let recorded = Recorded::start_with(Config::new().processor(hide));
    let provider = SdkTracerProvider::builder().with_span_processor(Processor::new()).build();
    let tracer = provider.tracer("test");
    let mut span = tracer.start("kept");
    span.set_attribute(KeyValue::new("key", "a secret"));
    drop(span);
    drop(tracer.start("left out"));
    let span = recorded.span("kept");
    assert_eq!(attribute(&span, "key"), "a ***");
    assert_eq!(span.status.unwrap_or_default().code, 0, "what has no status has none then");
    assert_eq!((recorded.spans().len(), spanwise::stats().filtered), (1, 1));
}

#[test]
fn what_there_is_no_room_for_is_counted() {
    let recorded =
        Recorded::start_with(Config::new().queue_bytes(64 << 10).batch_interval(Duration::from_secs(3600)));
    let provider = SdkTracerProvider::builder().with_span_processor(Processor::new()).build();
    let tracer = provider.tracer("test");
    let (threads, each) = (4, 500);
    let held = recorded.hold();
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                for _ in 0..each {
                    let mut span = tracer.start("theirs");
                    span.set_attribute(KeyValue::new("filler", "x".repeat(200)));
                }
            });
        }
    });
    drop(held);
    let sent = recorded.spans().len() as u64;
    let stats = spanwise::stats();
    let dropped = stats.dropped + stats.endpoints[0].dropped;
    assert_eq!((stats.recorded, dropped + sent), (threads * each, threads * each));
    assert!(dropped > 0 && sent > 0, "{stats:?}");
}

#[test]
fn what_comes_while_recording_is_off_is_said_to_be_left_out() {
    use opentelemetry_sdk::trace::SpanExporter as _;
    let (recorded, _provider, tracer) = start();
    let span = tracer.start("span").exported_data().unwrap();
    let exporter = Exporter::new();
    spanwise::disable();
    drop(tracer.start("off"));
    let batch = vec![span.clone(), span.clone()];
    let exported = poll_once(exporter.export(batch));
    assert!(exported.unwrap_err().to_string().contains("2 spans are left out"));
    spanwise::enable();
    let before = recorded.spans().len();
    poll_once(exporter.export(vec![span])).unwrap();
    assert_eq!(recorded.spans().len(), before + 1);
}

#[trace]
async fn is_theirs_seen() -> bool {
    Context::current().span().span_context().is_valid()
}

#[test]
fn recording_that_is_off_hides_no_span_of_theirs() {
    let _recorded = Recorded::start();
    share_context();
    spanwise::disable();
    let theirs = SdkTracerProvider::builder().build().tracer("theirs");
    theirs.in_span("root", |_| {
        let in_span = async { Context::current().span().span_context().is_valid() };
        assert!(poll_once(is_theirs_seen()));
        assert!(poll_once(in_span.in_span(SpanBuilder::new("off").start())));
    });
    spanwise::enable();
}

/// Runs a future that waits for nothing.
fn poll_once<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    match future.as_mut().poll(&mut std::task::Context::from_waker(std::task::Waker::noop())) {
        std::task::Poll::Ready(value) => value,
        std::task::Poll::Pending => panic!("it waits for something"),
    }
}

struct Away;

impl spanwise::Exporter for Away {
    fn export(&mut self, _: &Request<'_>) -> Result<Accepted, ExportError> {
        Err(ExportError::passing("away"))
    }
}

#[test]
fn a_flush_that_takes_too_long_says_so() {
    let recorded =
        Recorded::start_with(Config::new().exporter("away", || Box::new(Away)).flush_timeout(Duration::ZERO));
    drop(spanwise::span!("never arrives"));
    let timeout = Duration::from_millis(50);
    let late = Processor::new().shutdown_with_timeout(timeout);
    assert!(matches!(late, Err(OTelSdkError::Timeout(within)) if within == timeout), "{late:?}");
    drop(recorded);
}

#[test]
fn open_spans_are_announced() {
    let recorded = Recorded::start_with(Config::new().announce_open_spans(true));
    let provider = SdkTracerProvider::builder().with_span_processor(Processor::new()).build();
    let span = provider.tracer("test").start("theirs");
    let open = recorded.span("theirs");
    assert_eq!(
        (open.end_time_unix_nano, &open.span_id[..]),
        (0, &span.span_context().span_id().to_bytes()[..])
    );
    drop(span);
    assert_eq!(recorded.spans().len(), 2);
}

#[test]
fn tracing_by_way_of_opentelemetry_is_in_the_same_tree() {
    let (recorded, _provider, tracer) = start();
    let through = tracing_opentelemetry::layer().with_tracer(tracer.clone());
    let _default = tracing::subscriber::set_default(tracing_subscriber::registry().with(through));
    spanwise::span!("ours").scope(|| {
        tracing::info_span!("by tracing", gen_ai.request.model = "m").in_scope(|| {
            let _part = spanwise::span!("our part");
            tracing::info_span!("below").in_scope(|| drop(spanwise::span!("leaf")));
            tracer.in_span("theirs", |_| drop(tracing::info_span!("below theirs").entered()));
        });
    });
    let spans = recorded.spans();
    let names = ["ours", "by tracing", "our part", "below", "leaf", "theirs", "below theirs"];
    let above = names.map(|name| parent_of(&spans, name).unwrap_or_default());
    assert_eq!(above, ["", "ours", "by tracing", "our part", "below", "our part", "theirs"]);
    assert_eq!(attribute(&recorded.span("by tracing"), "gen_ai.request.model"), "m");
}

#[test]
fn tracing_by_our_layer_and_opentelemetry_are_one_tree() {
    let (recorded, _provider, tracer) = start();
    let subscriber = tracing_subscriber::registry().with(spanwise::tracing::layer());
    let _default = tracing::subscriber::set_default(subscriber);
    tracing::info_span!("by tracing").in_scope(|| {
        tracer.in_span("theirs", |_| {
            tracing::info!("event");
            tracing::info_span!("below").in_scope(|| drop(tracer.start("leaf")));
        });
    });
    let spans = recorded.spans();
    let above =
        ["by tracing", "theirs", "below", "leaf"].map(|name| parent_of(&spans, name).unwrap_or_default());
    assert_eq!(above, ["", "by tracing", "theirs", "below"]);
}

#[test]
fn the_context_is_shared_once() {
    assert!(share_context());
    assert!(share_context());
    assert!(!spanwise_sdk_core::share_context(Nobody));
}

struct Nobody;

impl spanwise_sdk_core::SharedContext for Nobody {
    fn current(&self, _: &SpanRef) -> Option<SpanRef> {
        None
    }

    fn attached(&self, _: usize, _: &SpanRef) {}

    fn detached(&self, _: usize) {}
}
