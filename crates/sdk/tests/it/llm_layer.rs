//! The layer for clients made of tower's services: what it records, and that nothing else changes.

use crate::recorded::{Recorded, attribute, failure};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, StreamExt as _};
use http::{Request, Response};
use http_body::{Body, Frame};
use http_body_util::{BodyExt as _, Full, StreamBody};
use serde_json::{Value, json};
use spanwise::llm::{SentBody, TracedBody, Tracer};
use spanwise::{FutureExt as _, Parent, SpanBuilder, StartOptions, propagation};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use tower_layer::Layer as _;
use tower_service::Service;

const URL: &str = "https://api.openai.com/v1/chat/completions";
const MESSAGES: &str = "gen_ai.output.messages";
const CANCELLED: &str = "spanwise.response.cancelled";

/// What the provider was sent.
#[derive(Clone, Default)]
struct Sent(Arc<Mutex<Vec<(http::request::Parts, Bytes)>>>);

/// A provider that answers these pieces; a text that begins with `!` is an error.
#[derive(Clone)]
struct Provider {
    sent: Sent,
    status: u16,
    pieces: Vec<&'static str>,
}

type Pieces = StreamBody<futures_util::stream::BoxStream<'static, Result<Frame<Bytes>, String>>>;

fn body(pieces: Vec<&'static str>) -> Pieces {
    let frame = |piece: &'static str| match piece.strip_prefix('!') {
        Some(error) => Err(error.to_owned()),
        None => Ok(Frame::data(Bytes::from_static(piece.as_bytes()))),
    };
    StreamBody::new(futures_util::stream::iter(pieces.into_iter().map(frame)).boxed())
}

impl<B> Service<Request<B>> for Provider
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: std::fmt::Debug,
{
    type Response = Response<Pieces>;
    type Error = String;
    type Future = BoxFuture<'static, Result<Response<Pieces>, String>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), String>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let Provider { sent, status, pieces } = self.clone();
        async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await.unwrap().to_bytes();
            sent.0.lock().unwrap().push((head, body));
            drop(SpanBuilder::new("inside").start());
            match status {
                0 => Err("connection refused".to_owned()),
                _ => Ok(Response::builder().status(status).body(self::body(pieces)).unwrap()),
            }
        }
        .boxed()
    }
}

fn provider(status: u16, pieces: &[&'static str]) -> Provider {
    Provider { sent: Sent::default(), status, pieces: pieces.to_vec() }
}

fn chat(is_stream: bool) -> String {
    let messages = json!([{"role": "user", "content": "Hi"}]);
    json!({"model": "gpt-4o", "messages": messages, "stream": is_stream}).to_string()
}

fn request(url: &str, body: String) -> Request<Full<Bytes>> {
    Request::post(url).header("authorization", "Bearer secret").body(Full::from(body)).unwrap()
}

/// Sends a request through the layer.
async fn send(
    tracer: Tracer,
    provider: &Provider,
    request: Request<Full<Bytes>>,
) -> Result<Response<TracedBody<Pieces>>, String> {
    tracer.layer(provider.clone()).call(request).await
}

fn said(span: &opentelemetry_proto::tonic::trace::v1::Span) -> Value {
    attribute(span, MESSAGES)[0]["parts"][0]["content"].clone()
}

const EVENTS: [&str; 3] = [
    "data: {\"choices\": [{\"index\": 0, \"delta\": {\"content\": \"Hel\"}}]}\n\nda",
    "ta: {\"choices\": [{\"index\": 0, \"delta\": {\"content\": \"lo\"}}]}\n\n",
    "data: {\"choices\": [{\"index\": 0, \"delta\": {}, \"finish_reason\": \"stop\"}]}\n\ndata: [DONE]\n\n",
];

#[tokio::test]
async fn a_call_is_recorded_and_passes_as_it_is() {
    let recorded = Recorded::start();
    let provider = provider(200, &EVENTS);
    let response = send(Tracer::new(), &provider, request(URL, chat(true))).await.unwrap();
    let mut pieces = Vec::new();
    let mut body = response.into_body();
    while let Some(frame) = body.frame().await {
        pieces.push(String::from_utf8(frame.unwrap().into_data().unwrap().to_vec()).unwrap());
    }
    assert_eq!(pieces, EVENTS);
    let span = recorded.span("chat gpt-4o");
    assert_eq!(said(&span), "Hello");
    assert_eq!(span.kind, 3);
    assert!(attribute(&span, "gen_ai.response.time_to_first_chunk").is_number());
    assert_eq!(failure(&span), None);
    // What happens while it is sent is below it, and the provider is told.
    assert_eq!(recorded.span("inside").parent_span_id, span.span_id);
    let sent = provider.sent.0.lock().unwrap();
    let (head, body) = &sent[0];
    assert_eq!(body, chat(true).as_bytes());
    assert_eq!(head.headers["authorization"], "Bearer secret");
    let told = propagation::extract(|name| head.headers.get(name)?.to_str().ok());
    assert_eq!(told.span_id().unwrap().to_string(), hex(&span.span_id));
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn it_is_a_child_of_the_current_span() {
    let recorded = Recorded::start();
    let root = SpanBuilder::with("root", StartOptions { parent: Parent::Root, sampling: None }).start();
    let provider = provider(200, &["{\"choices\": []}"]);
    let sending = root.scope(|| Tracer::new().layer(provider.clone()).call(request(URL, chat(false))));
    sending.await.unwrap().into_body().collect().await.unwrap();
    drop(root);
    assert_eq!(recorded.span("chat gpt-4o").parent_span_id, recorded.span("root").span_id);
}

#[tokio::test]
async fn pieces_are_there_when_they_come_and_dropping_ends_the_span() {
    let recorded = Recorded::start();
    let first = Ok::<_, String>(Frame::data(Bytes::from_static(EVENTS[0].as_bytes())));
    // The second piece never comes.
    let never = futures_util::stream::iter([first]).chain(futures_util::stream::pending()).boxed();
    let never = Arc::new(Mutex::new(Some(StreamBody::new(never))));
    let service = ServiceFn(move |_: Request<SentBody<Full<Bytes>>>| {
        let body = never.lock().unwrap().take().unwrap();
        async move { Ok::<_, String>(Response::new(body)) }.boxed()
    });
    let mut body = Tracer::new().layer(service).call(request(URL, chat(true))).await.unwrap().into_body();
    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), EVENTS[0].as_bytes());
    assert!(recorded.spans().is_empty());
    drop(body);
    let span = recorded.span("chat gpt-4o");
    assert_eq!((said(&span), attribute(&span, CANCELLED)), (json!("Hel"), json!(true)));
    assert_eq!(failure(&span), None);
}

struct ServiceFn<F>(F);

impl<B, R, F> Service<Request<B>> for ServiceFn<F>
where
    F: FnMut(Request<B>) -> BoxFuture<'static, Result<R, String>>,
{
    type Response = R;
    type Error = String;
    type Future = BoxFuture<'static, Result<R, String>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), String>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        (self.0)(request)
    }
}

#[tokio::test]
async fn a_call_that_nobody_waits_for_is_cancelled() {
    let recorded = Recorded::start();
    let service = ServiceFn(|_: Request<SentBody<Full<Bytes>>>| {
        futures_util::future::pending::<Result<Response<Pieces>, String>>().boxed()
    });
    let mut sending = Tracer::new().layer(service).call(request(URL, chat(true)));
    assert!(futures_util::poll!(&mut sending).is_pending());
    drop(sending);
    assert_eq!(attribute(&recorded.span("chat gpt-4o"), CANCELLED), true);
}

#[tokio::test]
async fn what_goes_wrong_is_told() {
    let recorded = Recorded::start();
    let body = |text: &str| text.replace("gpt-4o", "m1");
    let refused = send(Tracer::new(), &provider(0, &[]), request(URL, body(&chat(false)))).await;
    assert_eq!(refused.err().as_deref(), Some("connection refused"));
    assert_eq!(failure(&recorded.span("chat m1")), Some("connection refused"));

    let limited = provider(429, &["{\"error\": {\"message\": \"slow down\", \"type\": \"rate_limit\"}}"]);
    let response =
        send(Tracer::new(), &limited, request(URL, chat(false).replace("gpt-4o", "m2"))).await.unwrap();
    assert_eq!(response.status(), 429);
    response.into_body().collect().await.unwrap();
    let span = recorded.span("chat m2");
    assert_eq!(failure(&span), Some("HTTP 429: slow down"));
    assert_eq!(attribute(&span, "error.type"), "rate_limit");

    let broken = provider(200, &[EVENTS[0], "!connection reset"]);
    let response =
        send(Tracer::new(), &broken, request(URL, chat(true).replace("gpt-4o", "m3"))).await.unwrap();
    assert_eq!(response.into_body().collect().await.unwrap_err(), "connection reset");
    let span = recorded.span("chat m3");
    assert_eq!((failure(&span), said(&span)), (Some("connection reset"), json!("Hel")));
}

#[tokio::test]
async fn other_requests_pass_untouched_or_become_plain_spans() {
    let recorded = Recorded::start();
    let provider = provider(404, &["no"]);
    let url = "https://user:secret@example.com/files?key=secret";
    for tracer in [Tracer::new(), Tracer::new().with_other_requests()] {
        let response = send(tracer, &provider, request(url, "x=1".to_owned())).await.unwrap();
        assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "no");
    }
    let sent = provider.sent.0.lock().unwrap();
    assert!(sent.iter().all(|(_, body)| body == "x=1"));
    assert!(!sent[0].0.headers.contains_key("traceparent") && sent[1].0.headers.contains_key("traceparent"));
    let spans = recorded.spans();
    assert_eq!(spans.iter().filter(|span| span.name != "inside").count(), 1);
    let span = recorded.span("POST");
    assert_eq!(failure(&span), Some("HTTP 404"));
    assert_eq!(attribute(&span, "url.full"), "https://example.com/files");
}

#[tokio::test]
async fn contents_and_headers_can_be_left_alone() {
    let recorded = Recorded::start();
    let provider = provider(200, &EVENTS);
    let tracer = Tracer::new().without_content().without_propagation();
    send(tracer, &provider, request(URL, chat(true))).await.unwrap().into_body().collect().await.unwrap();
    assert!(!provider.sent.0.lock().unwrap()[0].0.headers.contains_key("traceparent"));
    let span = recorded.span("chat gpt-4o");
    assert!(attribute(&span, MESSAGES).is_null());
    assert_eq!(attribute(&span, "gen_ai.provider.name"), "openai");
}

#[tokio::test]
async fn a_body_that_is_not_in_memory_is_not_waited_for() {
    let recorded = Recorded::start();
    let provider = provider(200, &EVENTS);
    let pieces = futures_util::stream::iter([chat(true)]).then(|piece| async move {
        tokio::task::yield_now().await;
        Ok::<_, String>(Frame::data(Bytes::from(piece)))
    });
    let request = Request::post(URL).body(StreamBody::new(pieces.boxed())).unwrap();
    let response = Tracer::new().layer(provider.clone()).call(request).await.unwrap();
    response.into_body().collect().await.unwrap();
    assert_eq!(provider.sent.0.lock().unwrap()[0].1, chat(true).as_bytes());
    let span = recorded.span("chat");
    assert_eq!((said(&span), attribute(&span, "spanwise.request.unread")), (json!("Hello"), json!(true)));
}

#[tokio::test]
async fn a_trace_that_is_not_recorded_is_told_as_such() {
    let recorded = Recorded::start();
    let provider = provider(200, &EVENTS);
    let options = StartOptions { parent: Parent::Root, sampling: Some(0.0) };
    let (trace, other) = (SpanBuilder::with("root", options).start(), "https://example.com/files");
    let traceparent = trace.span_context().unwrap().traceparent();
    assert!(traceparent.ends_with("-00"));
    let without = Tracer::new().without_propagation();
    let others = Tracer::new().with_other_requests();
    for (tracer, url) in [(Tracer::new(), URL), (without, URL), (Tracer::new(), other), (others, other)] {
        let sent = send(tracer, &provider, request(url, chat(true))).in_scope(trace.clone());
        sent.await.unwrap().into_body().collect().await.unwrap();
    }
    let sent = provider.sent.0.lock().unwrap();
    let header =
        |head: &http::request::Parts| Some(head.headers.get("traceparent")?.to_str().unwrap().to_owned());
    let told: Vec<_> = sent.iter().map(|(head, _)| header(head)).collect();
    assert_eq!(told, [Some(traceparent.clone()), None, None, Some(traceparent)]);
    assert!(sent.iter().all(|(_, body)| body == chat(true).as_bytes()));
    assert!(recorded.spans().is_empty());
}

#[tokio::test]
async fn nothing_happens_while_recording_is_off() {
    let recorded = Recorded::start();
    spanwise::disable();
    let provider = provider(200, &EVENTS);
    let response = send(Tracer::new(), &provider, request(URL, chat(true))).await.unwrap();
    response.into_body().collect().await.unwrap();
    spanwise::enable();
    assert!(!provider.sent.0.lock().unwrap()[0].0.headers.contains_key("traceparent"));
    assert!(recorded.spans().is_empty());
}
