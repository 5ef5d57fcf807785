//! `#[trace]` on what returns a stream.

use crate::recorded::{Recorded, attribute, failure, inputs, outputs};
use futures_util::{FutureExt as _, Stream, StreamExt, stream};
use serde_json::{Value, json};
use spanwise::trace;
use std::pin::Pin;
use std::task::Poll;

#[trace]
fn tokens(question: &str) -> impl Stream<Item = String> + use<> {
    let _ = question;
    stream::iter(["he", "l\"l", "o"]).map(str::to_owned)
}

#[trace]
fn numbers() -> Pin<Box<dyn Stream<Item = u8> + Send>> {
    Box::pin(stream::iter([1, 2]))
}

#[trace]
async fn fallible() -> impl Stream<Item = Result<u8, std::io::Error>> {
    stream::iter([Ok(1), Err(std::io::Error::other("broke off"))])
}

#[trace(stream_limit = 10)]
fn limited() -> impl Stream<Item = &'static str> {
    stream::iter(["1234", "5678", "9", "0"])
}

#[trace(skip_output)]
fn skipped() -> impl Stream<Item = u8> {
    stream::iter([1, 2])
}

#[tokio::test]
async fn what_is_streamed_is_gathered() {
    let recorded = Recorded::start();
    assert_eq!(tokens("why?").count().await, 3);
    assert_eq!(numbers().count().await, 2);
    assert_eq!(limited().count().await, 4);
    assert_eq!(skipped().count().await, 2);
    let texts = recorded.span("tokens");
    assert_eq!((inputs(&texts), outputs(&texts)), (json!({"question": "why?"}), "hel\"lo".into()));
    assert_eq!(attribute(&texts, "spanwise.stream.items"), 3);
    assert!(attribute(&texts, spanwise::key::FIRST_ITEM).as_f64().unwrap() >= 0.0);
    assert_eq!(outputs(&recorded.span("numbers")), json!([1, 2]));
    let limited = recorded.span("limited");
    assert_eq!(
        (outputs(&limited), attribute(&limited, "spanwise.stream.omitted_items")),
        ("1234".into(), 3.into())
    );
    assert_eq!(outputs(&recorded.span("skipped")), Value::Null);
}

#[tokio::test]
async fn a_stream_that_breaks_off_fails_its_span() {
    let recorded = Recorded::start();
    assert_eq!(fallible().await.count().await, 2);
    let span = recorded.span("fallible");
    assert_eq!((outputs(&span), failure(&span)), (json!([1]), Some("broke off")));
}

#[tokio::test]
async fn a_stream_that_is_dropped_has_what_was_taken() {
    let recorded = Recorded::start();
    let mut stream = numbers();
    assert_eq!(stream.next().await, Some(1));
    drop(stream);
    assert_eq!(outputs(&recorded.span("numbers")), json!([1]));
}

#[trace]
fn marks_in_stream() -> impl Stream<Item = ()> {
    spanwise::current().set_attribute("call", true);
    stream::once(async { spanwise::current().set_attribute("stream", true) })
}

#[trace]
async fn marks_in_future() -> impl Stream<Item = ()> {
    spanwise::current().set_attribute("future", true);
    stream::once(async { spanwise::current().set_attribute("stream of future", true) })
}

#[tokio::test]
async fn streams_hide_no_span_while_recording_is_off() {
    let recorded = Recorded::start();
    let root = spanwise::span!("root");
    spanwise::disable();
    assert_eq!(marks_in_stream().count().await, 1);
    assert_eq!(marks_in_future().await.count().await, 1);
    let plain = stream::once(async { spanwise::current().set_attribute("plain", true) });
    let plain = spanwise::StreamExt::in_span(plain, spanwise::SpanBuilder::new("off").start());
    assert_eq!(plain.count().await, 1);
    spanwise::enable();
    drop(root);
    let root = recorded.span("root");
    for key in ["call", "stream", "future", "stream of future", "plain"] {
        assert_eq!(attribute(&root, key), true, "{key}");
    }
}

#[tokio::test]
async fn a_stream_whose_panic_is_caught_outside_fails_its_span() {
    let recorded = Recorded::start();
    let panics = stream::poll_fn(|_| -> Poll<Option<u8>> { std::panic::resume_unwind(Box::new("quietly")) });
    let mut stream = spanwise::StreamExt::in_span(panics, spanwise::SpanBuilder::new("a").start());
    let caught = std::panic::AssertUnwindSafe(stream.next()).catch_unwind().await;
    assert!(caught.is_err());
    // It has ended with the panic, and not with the stream.
    assert_eq!(failure(&recorded.span("a")), Some("panicked: quietly"));
    drop(stream);
}
