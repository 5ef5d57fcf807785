//! Spans of `tracing` as spans of ours.

use crate::recorded::{Recorded, attribute, event_attribute, failure, parent_of};
use opentelemetry_proto::tonic::common::v1::any_value;
use opentelemetry_proto::tonic::trace::v1::Span;
use serde_json::{Value, json};
use spanwise::tracing::{Layer, gen_ai_only, layer};
use spanwise::{FutureExt, Parent, SpanBuilder, StartOptions, propagation, trace};
use std::error::Error;
use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use tracing::field::Empty;
use tracing::instrument::WithSubscriber;
use tracing::level_filters::LevelFilter;
use tracing::subscriber::DefaultGuard;
use tracing::{Instrument, debug_span, error, info, info_span, instrument, warn_span};
use tracing_subscriber::prelude::*;

/// Records what this thread says to `tracing`, and what is said to ours.
fn start() -> (Recorded, DefaultGuard) {
    let recorded = Recorded::start();
    let subscriber = tracing_subscriber::registry().with(layer());
    (recorded, tracing::subscriber::set_default(subscriber))
}

#[trace]
fn ours() -> Option<String> {
    info_span!("inner").in_scope(|| {
        spanwise::current().set_attribute("from", "our handle");
        spanwise::current().span_id().map(|id| id.to_string())
    })
}

#[test]
fn spans_of_both_kinds_are_one_tree_in_every_nesting() {
    let (recorded, _default) = start();
    let inner_id = info_span!("outer").in_scope(|| {
        let _part = spanwise::span!("part");
        ours()
    });
    let above = ["outer", "part", "ours", "inner"].map(|name| parent_of(&recorded.spans(), name));
    assert_eq!(above, [None, Some("outer".into()), Some("part".into()), Some("ours".into())]);
    let inner = recorded.span("inner");
    assert_eq!(attribute(&inner, "from"), "our handle");
    let hex: String = inner.span_id.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(inner_id, Some(hex));
    assert!(spanwise::current().span_context().is_none());
}

#[trace]
async fn step(name: &'static str) {
    for _ in 0..3 {
        tokio::task::yield_now().await;
    }
    let span = info_span!("below step", of = name);
    async {
        tokio::task::yield_now().await;
        spanwise::current().set_attribute("is_current", true);
    }
    .instrument(span)
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn tasks_that_move_between_threads_keep_their_spans() {
    let recorded = Recorded::start();
    let subscriber = tracing_subscriber::registry().with(layer());
    let work = async {
        let tasks = (0..8).map(|task| {
            let with_tracing = step("tracing").instrument(info_span!("task", task));
            let ours = SpanBuilder::new("our task").start();
            // Both ways to go along: in a span of its own, and in the one that is current.
            let with_ours = tokio::spawn(step("ours").in_scope(ours.to_ref()).with_current_subscriber());
            let with_ours = async { with_ours.await.unwrap() }.in_span(ours);
            [
                tokio::spawn(with_tracing.with_current_subscriber()),
                tokio::spawn(with_ours.with_current_subscriber()),
            ]
        });
        for task in tasks.collect::<Vec<_>>().into_iter().flatten() {
            task.await.unwrap();
        }
    };
    work.instrument(tracing::Span::none()).with_subscriber(subscriber).await;
    let spans = recorded.spans();
    assert_eq!(spans.len(), 48);
    let children = |parent: &Span| -> Vec<&Span> {
        let of = |span: &&Span| span.parent_span_id == parent.span_id && span.trace_id == parent.trace_id;
        spans.iter().filter(of).collect()
    };
    let mut roots = 0;
    for root in spans.iter().filter(|span| span.parent_span_id.is_empty()) {
        roots += 1;
        let [step] = children(root)[..] else { panic!("{root:?}") };
        let [below] = children(step)[..] else { panic!("{step:?}") };
        assert_eq!((step.name.as_str(), attribute(below, "is_current")), ("step", true.into()));
        let expected = if root.name == "task" { "tracing" } else { "ours" };
        assert_eq!(attribute(below, "of"), expected);
    }
    assert_eq!(roots, 16);
}

#[test]
fn fields_keep_their_types() {
    let (recorded, _default) = start();
    let text = "text".to_owned();
    let nothing: Option<u8> = None;
    info_span!(
        "fields",
        signed = -1_i64,
        unsigned = u64::MAX,
        float = 0.5,
        yes = true,
        text,
        shown = ?Some(1),
        displayed = %1.5,
        wide = 1_u128 << 100,
        nothing,
        later = Empty,
        "not a word" = 1
    );
    let span = recorded.span("fields");
    let expected = json!({
        "signed": -1,
        "unsigned": i64::MAX,
        "float": 0.5,
        "yes": true,
        "text": "text",
        "shown": "Some(1)",
        "displayed": 1.5,
        "nothing": null,
        "later": null,
        "not a word": 1,
    });
    for (key, expected) in expected.as_object().unwrap() {
        assert_eq!(attribute(&span, key), *expected, "{key}");
    }
    // OTLP has no number as wide as this, so it is a text.
    let wide = span.attributes.iter().find(|attribute| attribute.key == "wide").unwrap();
    let text = any_value::Value::StringValue((1_u128 << 100).to_string());
    assert_eq!(wide.value.as_ref().unwrap().value, Some(text));
}

#[test]
fn what_is_recorded_later_is_in_the_span() {
    let (recorded, _default) = start();
    let span =
        info_span!("later", tokens = Empty, otel.name = Empty, twice = 1, gen_ai.output.messages = Empty);
    span.record("tokens", 7);
    span.record("twice", 2);
    span.in_scope(|| span.record("otel.name", "renamed"));
    span.record("gen_ai.output.messages", r#"[{"role":"assistant"}]"#);
    drop(span);
    let span = recorded.span("renamed");
    assert_eq!((attribute(&span, "tokens"), attribute(&span, "twice")), (7.into(), 2.into()));
    assert_eq!(attribute(&span, "gen_ai.output.messages"), json!([{"role": "assistant"}]));
    assert_eq!(span.attributes.iter().filter(|attribute| attribute.key == "twice").count(), 1);
}

#[test]
fn fields_of_opentelemetry_say_what_the_span_is() {
    let (recorded, _default) = start();
    info_span!("a", otel.name = "GET /a", otel.kind = "Server", otel.status_code = "OK");
    let client = info_span!("b", otel.kind = "client", otel.status_code = Empty, otel.status_message = Empty);
    client.record("otel.status_message", "refused");
    client.record("otel.status_code", "ERROR");
    drop(client);
    info_span!("c", otel.status_description = "alone");
    let (server, client) = (recorded.span("GET /a"), recorded.span("b"));
    assert_eq!((server.kind, client.kind), (2, 3));
    assert_eq!((failure(&server), failure(&client)), (None, Some("refused")));
    assert_eq!(failure(&recorded.span("c")), Some("alone"));
    assert!(server.attributes.iter().all(|attribute| !attribute.key.starts_with("otel.")));
}

#[derive(Debug)]
struct Failed(Option<Box<Failed>>);

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "outer" } else { "inner" })
    }
}

impl Error for Failed {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.as_deref().map(|source| source as _)
    }
}

#[instrument(err)]
fn instrumented() -> Result<(), Failed> {
    Err(Failed(None))
}

/// An error of a client, which names the whole URL.
#[instrument(err)]
fn refused() -> Result<(), String> {
    Err("no way to (http://user:secret@weather/cities?key=secret)".to_owned())
}

#[test]
fn keys_in_the_urls_of_errors_are_not_recorded() {
    let (recorded, _default) = start();
    let failed = std::io::Error::other(refused().unwrap_err());
    info_span!("field", error = &failed as &dyn Error);
    info_span!("event").in_scope(|| error!(error = &failed as &dyn Error, cause = &failed as &dyn Error));
    for name in ["refused", "field", "event"] {
        let span = recorded.span(name);
        assert_eq!(failure(&span), Some("no way to (http://weather/cities)"), "{name}");
        assert!(!format!("{span:?}").contains("secret"), "{span:?}");
    }
}

#[test]
fn errors_fail_their_span() {
    let (recorded, _default) = start();
    let failed = Failed(Some(Box::new(Failed(None))));
    info_span!("field", error = &failed as &dyn Error);
    info_span!("text", error = %"broke");
    info_span!("flag", error = true);
    assert!(instrumented().is_err());
    info_span!("event").in_scope(|| error!(error = &failed as &dyn Error, "gave up"));
    info_span!("message").in_scope(|| error!("no more"));
    info_span!("warned").in_scope(|| tracing::warn!(error = "once", "tried again"));
    for (name, expected, event) in [
        ("field", Some("outer: inner"), Some("exception")),
        ("text", Some("broke"), Some("exception")),
        ("flag", Some(""), None),
        ("instrumented", Some("inner"), Some("exception")),
        ("event", Some("outer: inner"), Some("gave up")),
        ("message", Some("no more"), Some("no more")),
        ("warned", None, Some("tried again")),
    ] {
        let span = recorded.span(name);
        assert_eq!(failure(&span), expected, "{name}");
        assert_eq!(span.events.first().map(|event| event.name.as_str()), event, "{name}");
    }
    let exception = &recorded.span("event").events[0];
    assert_eq!(event_attribute(exception, "exception.message"), "outer");
    assert_eq!(event_attribute(exception, "exception.stacktrace"), "outer\ncaused by: inner");
}

#[test]
fn a_panic_fails_the_spans_that_it_leaves() {
    let (recorded, _default) = start();
    let left = info_span!("left");
    let panics =
        || left.in_scope(|| info_span!("inner").in_scope(|| std::panic::resume_unwind(Box::new("why"))));
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(panics)).is_err());
    drop(left);
    assert_eq!(failure(&recorded.span("inner")), Some("panicked"));
    assert_eq!(failure(&recorded.span("left")), None, "whoever holds it goes on");
}

#[test]
fn events_need_not_fail_a_span() {
    let recorded = Recorded::start();
    let subscriber = tracing_subscriber::registry().with(Layer::new().without_failing().with_locations());
    tracing::subscriber::with_default(subscriber, || info_span!("tolerant").in_scope(|| error!("no matter")));
    let span = recorded.span("tolerant");
    assert_eq!((failure(&span), span.events.len()), (None, 1));
    assert!(attribute(&span, "code.file.path").as_str().unwrap().ends_with("bridge_tracing.rs"));
    assert!(attribute(&span, "code.line.number").is_number());
    assert_eq!(attribute(&span, "code.namespace"), module_path!());
}

#[test]
fn events_are_events_of_the_innermost_span() {
    let (recorded, _default) = start();
    info!("of nobody");
    let other = info_span!("other");
    info_span!("theirs").in_scope(|| {
        info!(target: "a::b", rows = 3, ok = true, "{} found", "three");
        info!(parent: &other, "elsewhere");
        info!(parent: None, "nowhere");
        let _ours = spanwise::span!("ours");
        info!(name: "nameless", rows = 4);
        tracing::event!(target: "log", tracing::Level::INFO, log.target = "lib", log.line = 3, "logged");
        tracing::debug!("filtered");
    });
    drop(other);
    let (theirs, ours) = (recorded.span("theirs"), recorded.span("ours"));
    let names = |span: &Span| span.events.iter().map(|event| event.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&theirs), ["three found"]);
    assert_eq!(names(&ours), ["nameless", "logged"]);
    assert_eq!(names(&recorded.span("other")), ["elsewhere"]);
    let event = &theirs.events[0];
    let of = |key| event_attribute(event, key);
    assert_eq!((of("rows"), of("ok")), (3.into(), true.into()));
    assert_eq!((of("level"), of("target")), ("INFO".into(), "a::b".into()));
    assert!(
        theirs.start_time_unix_nano <= event.time_unix_nano
            && event.time_unix_nano <= theirs.end_time_unix_nano
    );
    assert_eq!(event_attribute(&ours.events[1], "target"), "lib");
    assert_eq!(event_attribute(&ours.events[1], "log.line"), Value::Null);
}

#[test]
fn a_span_that_follows_from_another_one_has_a_link() {
    let (recorded, _default) = start();
    let (cause, effect) = (info_span!("cause"), info_span!("effect"));
    effect.follows_from(&cause);
    effect.follows_from(tracing::Span::none());
    drop((cause, effect));
    let (cause, effect) = (recorded.span("cause"), recorded.span("effect"));
    let [link] = &effect.links[..] else { panic!("{effect:?}") };
    assert_eq!((&link.trace_id, &link.span_id), (&cause.trace_id, &cause.span_id));
}

#[test]
fn levels_are_log_levels() {
    let recorded = Recorded::start();
    let subscriber = tracing_subscriber::registry().with(Layer::new());
    tracing::subscriber::with_default(subscriber, || {
        tracing::error_span!("error");
        warn_span!("warn");
        info_span!("info");
        debug_span!("debug");
        tracing::trace_span!("trace");
    });
    let level = |name| attribute(&recorded.span(name), spanwise::key::LEVEL);
    assert_eq!(["error", "warn", "info", "debug", "trace"].map(level), [40, 30, 20, 10, 10].map(Value::from));
}

#[test]
fn explicit_parents_are_parents() {
    let (recorded, _default) = start();
    let parent = info_span!("parent");
    let filtered = debug_span!(parent: &parent, "filtered");
    info_span!("current").in_scope(|| {
        info_span!(parent: &parent, "child");
        // `filtered` is no span for `tracing` either.
        info_span!(parent: &filtered, "below nothing");
        info_span!(parent: None, "root");
    });
    drop((parent, filtered));
    {
        let _ours = spanwise::span!("ours");
        info_span!(parent: tracing::Span::current(), "below ours");
    }
    let spans = recorded.spans();
    let above = |name| parent_of(&spans, name);
    assert_eq!(above("child").as_deref(), Some("parent"));
    assert_eq!(above("root"), None);
    assert_ne!(recorded.span("root").trace_id, recorded.span("current").trace_id);
    assert_eq!(above("below ours").as_deref(), Some("ours"));
}

#[test]
fn a_filtered_span_is_not_in_the_tree() {
    let recorded = Recorded::start();
    // Another layer sees all of it.
    let all = tracing_subscriber::registry().with(NoLayer.with_filter(LevelFilter::TRACE)).with(layer());
    let _default = tracing::subscriber::set_default(all);
    info_span!("outer").in_scope(|| {
        let filtered = debug_span!("filtered");
        filtered.in_scope(|| drop(info_span!("inner")));
        info_span!(parent: &filtered, "explicit");
    });
    let spans = recorded.spans();
    assert_eq!(spans.len(), 3);
    assert_eq!(parent_of(&spans, "inner").as_deref(), Some("outer"));
    assert_eq!(parent_of(&spans, "explicit").as_deref(), Some("outer"));
}

struct NoLayer;

impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for NoLayer {}

#[test]
fn only_gen_ai_and_what_is_below() {
    let recorded = Recorded::start();
    let filter = gen_ai_only(LevelFilter::INFO);
    let all = tracing_subscriber::registry().with(NoLayer).with(Layer::new().with_filter(filter));
    let _default = tracing::subscriber::set_default(all);
    info_span!("request").in_scope(|| {
        let _ours = spanwise::span!("ours");
        info!("of the program");
        info_span!("chat", gen_ai.request.model = Empty).in_scope(|| {
            info_span!("http").in_scope(|| info!("of the call"));
            debug_span!("detail");
        });
    });
    let spans = recorded.spans();
    let mut names: Vec<_> = spans.iter().map(|span| span.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["chat", "http", "ours"]);
    assert_eq!(parent_of(&spans, "chat").as_deref(), Some("ours"));
    assert_eq!(parent_of(&spans, "http").as_deref(), Some("chat"));
    assert_eq!((recorded.span("ours").events.len(), recorded.span("http").events.len()), (0, 1));
}

#[test]
fn a_span_that_is_held_for_longer_ends_when_it_was_left() {
    let (recorded, _default) = start();
    let (left, written, never_entered) =
        (info_span!("left"), info_span!("written", late = Empty), info_span!("never"));
    left.in_scope(|| {});
    written.in_scope(|| {});
    drop(SpanBuilder::new("between").start());
    written.record("late", 1);
    drop((left, written, never_entered));
    let between = recorded.span("between");
    let end = |name| recorded.span(name).end_time_unix_nano;
    assert!(end("left") <= between.start_time_unix_nano);
    assert!(end("written") >= between.end_time_unix_nano);
    assert!(end("never") >= between.end_time_unix_nano);
}

#[test]
fn a_span_is_entered_many_times_in_any_order_and_on_any_thread() {
    let (recorded, _default) = start();
    let span = info_span!("shared");
    let dispatch = tracing::dispatcher::get_default(Clone::clone);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                tracing::dispatcher::with_default(&dispatch, || {
                    for _ in 0..10 {
                        span.in_scope(|| drop(spanwise::span!("child")));
                    }
                });
            });
        }
    });
    let (first, second) = (info_span!("first"), info_span!("second"));
    let (in_first, in_second) = (first.clone().entered(), second.clone().entered());
    drop(in_first);
    drop(spanwise::span!("in second"));
    drop(in_second);
    drop(spanwise::span!("in none"));
    let again = (first.clone().entered(), first.clone().entered());
    drop(again.0);
    drop(spanwise::span!("still in first"));
    drop(again.1);
    drop((span, first, second));
    let spans = recorded.spans();
    let shared = recorded.span("shared");
    let children = spans.iter().filter(|span| span.name == "child" && span.parent_span_id == shared.span_id);
    assert_eq!(children.count(), 40);
    assert_eq!(parent_of(&spans, "in second").as_deref(), Some("second"));
    assert_eq!(parent_of(&spans, "in none"), None);
    assert_eq!(parent_of(&spans, "still in first").as_deref(), Some("first"));
}

#[test]
fn a_trace_is_recorded_as_a_whole_or_not_at_all() {
    let (recorded, _default) = start();
    let options = StartOptions { parent: Parent::Root, sampling: Some(0.0) };
    let left_out = SpanBuilder::with("left out", options).start();
    left_out.scope(|| {
        info_span!("theirs").in_scope(|| {
            info!("event");
            assert!(!spanwise::current().span_context().unwrap().is_sampled);
            drop(spanwise::span!("ours"));
        });
    });
    assert_eq!(recorded.spans(), []);
}

#[test]
fn another_process_is_told_the_span_of_tracing() {
    let (recorded, _default) = start();
    let mut headers = Vec::new();
    info_span!("client", otel.kind = "client").in_scope(|| {
        propagation::inject(&spanwise::current(), |_, value| headers.push(value.to_owned()));
    });
    let caller =
        propagation::extract(|name| (name == propagation::TRACEPARENT).then_some(headers[0].as_str()));
    caller.scope(|| drop(info_span!("server")));
    assert_eq!(parent_of(&recorded.spans(), "server").as_deref(), Some("client"));
}

/// Counts how often it is shown.
struct Counted<'a>(&'a AtomicU32);

impl fmt::Debug for Counted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fetch_add(1, Ordering::Relaxed);
        f.write_str("counted")
    }
}

#[test]
fn nothing_is_recorded_or_shown_while_recording_is_off() {
    let (recorded, _default) = start();
    let shown = AtomicU32::new(0);
    let under_way = info_span!("under way", later = Empty);
    spanwise::disable();
    info_span!("off", value = ?Counted(&shown)).in_scope(|| info!(value = ?Counted(&shown), "off"));
    under_way.in_scope(|| {});
    under_way.record("later", 1);
    drop(under_way);
    spanwise::enable();
    let spans = recorded.spans();
    assert_eq!(shown.load(Ordering::Relaxed), 0);
    assert_eq!(spans.iter().map(|span| span.name.as_str()).collect::<Vec<_>>(), ["under way"]);
    assert_eq!(attribute(&spans[0], "later"), 1);
}

/// Uses `tracing`, and then panics.
struct Explosive;

impl fmt::Debug for Explosive {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        info_span!("within").in_scope(|| info!("shown"));
        std::panic::resume_unwind(Box::new("while shown"))
    }
}

#[test]
fn a_value_whose_code_uses_tracing_or_panics_hurts_nobody() {
    let recorded = Recorded::start();
    // The subscriber of a thread alone would be told nothing from within itself.
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer())).unwrap();
    let span = info_span!("explosive", first = ?Explosive, later = Empty);
    span.in_scope(|| {
        span.record("later", tracing::field::debug(Explosive));
        info!(value = ?Explosive, "event");
    });
    drop(span);
    let span = recorded.span("explosive");
    let expected = Value::from("<its code panicked>");
    assert_eq!((attribute(&span, "first"), attribute(&span, "later")), (expected.clone(), expected.clone()));
    assert_eq!(event_attribute(&span.events[0], "value"), expected);
    assert_eq!(recorded.spans().iter().filter(|span| span.name == "within").count(), 3);
}
