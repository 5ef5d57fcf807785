//! Requests between processes: what layers and extensions record of them, and that trees go on beyond them.

use crate::recorded::{Recorded, attribute, failure};
use http::{Request, Response};
use serde_json::json;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll};
use tower_layer::Layer;
use tower_service::Service;

const SERVER: i32 = 2;
const CLIENT: i32 = 3;

/// A service that answers as its function does.
#[derive(Clone, Copy)]
struct Answering(fn(&Request<()>) -> Response<()>);

impl Service<Request<()>> for Answering {
    type Response = Response<()>;
    type Error = Infallible;
    type Future = Ready<Result<Response<()>, Infallible>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<()>) -> Self::Future {
        ready(Ok((self.0)(&request)))
    }
}

fn get(uri: &str) -> Request<()> {
    Request::get(uri).body(()).unwrap()
}

#[tokio::test]
async fn a_request_is_a_span_of_the_client_with_one_of_the_server_below() {
    let recorded = Recorded::start();
    let server = spanwise::tower::ServerLayer.layer(Answering(|_| {
        let response = Response::builder().status(404);
        response.body(()).unwrap()
    }));
    let mut client = spanwise::tower::ClientLayer.layer(server);
    client.call(get("http://weather/cities/7?key=secret")).await.unwrap();
    let spans = recorded.spans();
    let [client, server] = [CLIENT, SERVER].map(|kind| spans.iter().find(|span| span.kind == kind).unwrap());
    assert_eq!((&client.name, &server.name), (&"GET".to_owned(), &"GET".to_owned()));
    assert_eq!((&server.parent_span_id, &server.trace_id), (&client.span_id, &client.trace_id));
    for span in [client, server] {
        assert_eq!(attribute(span, "url.path"), "/cities/7");
        assert_eq!(attribute(span, "server.address"), "weather");
        assert_eq!(attribute(span, "http.response.status_code"), 404);
    }
    // What the caller did wrong is its failure.
    assert_eq!((failure(client), failure(server)), (Some("404 Not Found"), None));
}

#[tokio::test]
async fn an_error_that_names_an_address_does_not_tell_its_key() {
    /// A client whose connections are refused.
    struct Refused;

    impl Service<Request<()>> for Refused {
        type Response = Response<()>;
        type Error = String;
        type Future = Ready<Result<Response<()>, String>>;

        fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), String>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, request: Request<()>) -> Self::Future {
            ready(Err(format!("refused ({})", request.uri())))
        }
    }

    let recorded = Recorded::start();
    let mut client = spanwise::tower::ClientLayer.layer(Refused);
    client.call(get("http://user:secret@weather/cities?key=secret")).await.unwrap_err();
    let span = recorded.span("GET");
    assert_eq!(failure(&span), Some("refused (http://weather/cities)"));
    assert!(!format!("{span:?}").contains("secret"), "{span:?}");
}

#[cfg(feature = "axum")]
mod axum {
    use super::*;
    use ::axum::Router;
    use ::axum::body::Body;
    use ::axum::routing::get;
    use http::StatusCode;
    use spanwise::SpanBuilder;

    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    async fn ask(uri: &str) -> opentelemetry_proto::tonic::trace::v1::Span {
        let recorded = Recorded::start();
        let mut app = Router::new()
            .route("/cities/{city}", get(async || SpanBuilder::new("handler").start().end()))
            .route("/broken", get(async || StatusCode::BAD_GATEWAY))
            .layer(spanwise::axum::ServerLayer);
        let request = Request::get(uri).header("traceparent", PARENT).body(Body::empty()).unwrap();
        Service::<Request<Body>>::call(&mut app, request).await.unwrap();
        let spans = recorded.spans();
        let server = spans.iter().find(|span| span.kind == SERVER).unwrap();
        assert_eq!(server.parent_span_id, 0x00f0_67aa_0ba9_02b7_u64.to_be_bytes());
        for handler in spans.iter().filter(|span| span.name == "handler") {
            assert_eq!(handler.parent_span_id, server.span_id);
        }
        server.clone()
    }

    #[tokio::test]
    async fn a_span_is_named_like_its_route() {
        let span = ask("/cities/7").await;
        assert_eq!(span.name, "GET /cities/{city}");
        assert_eq!(attribute(&span, "http.route"), "/cities/{city}");
        assert_eq!(attribute(&span, "url.path"), "/cities/7");
        assert_eq!(attribute(&span, "http.response.status_code"), 200);
        assert_eq!(failure(&span), None);
    }

    #[tokio::test]
    async fn a_request_without_a_route_is_named_like_its_method() {
        let span = ask("/elsewhere").await;
        assert_eq!((span.name.as_str(), attribute(&span, "http.route")), ("GET", json!(null)));
        assert_eq!(attribute(&span, "http.response.status_code"), 404);
        assert_eq!(failure(&span), None);
    }

    #[tokio::test]
    async fn a_handler_that_fails_fails_the_span() {
        let span = ask("/broken").await;
        assert_eq!((span.name.as_str(), failure(&span)), ("GET /broken", Some("502 Bad Gateway")));
    }
}

#[cfg(feature = "tonic")]
mod tonic {
    use super::*;
    use ::tonic::metadata::MetadataMap;
    use ::tonic::service::Interceptor;
    use spanwise::SpanBuilder;
    use spanwise::tonic::{ClientLayer, ServerLayer, TraceContext, extract, inject};

    const URI: &str = "http://weather:50051/weather.Weather/Ask";

    /// Returns the spans of a call: the client's and the server's.
    async fn call(
        answer: fn(&Request<()>) -> Response<()>,
    ) -> [opentelemetry_proto::tonic::trace::v1::Span; 2] {
        let recorded = Recorded::start();
        let mut client = ClientLayer.layer(ServerLayer.layer(Answering(answer)));
        client.call(get(URI)).await.unwrap();
        let spans = recorded.spans();
        [CLIENT, SERVER].map(|kind| spans.iter().find(|span| span.kind == kind).unwrap().clone())
    }

    #[tokio::test]
    async fn a_call_is_named_like_its_method() {
        let [client, server] = call(|_| Response::new(())).await;
        assert_eq!((&server.parent_span_id, &server.trace_id), (&client.span_id, &client.trace_id));
        for span in [client, server] {
            assert_eq!(span.name, "weather.Weather/Ask");
            assert_eq!(attribute(&span, "rpc.system"), "grpc");
            assert_eq!(attribute(&span, "rpc.service"), "weather.Weather");
            assert_eq!(attribute(&span, "rpc.method"), "Ask");
            assert_eq!(attribute(&span, "server.address"), "weather");
            assert_eq!(attribute(&span, "rpc.grpc.status_code"), 0);
            assert_eq!(failure(&span), None);
        }
    }

    #[tokio::test]
    async fn a_status_fails_the_side_whose_fault_it_is() {
        fn failed(code: u16) -> Response<()> {
            let response =
                Response::builder().header("grpc-status", code).header("grpc-message", "no%20city");
            response.body(()).unwrap()
        }
        let [client, server] = call(|_| failed(5)).await;
        assert_eq!(attribute(&server, "rpc.grpc.status_code"), 5);
        assert_eq!((failure(&client), failure(&server)), (Some("NotFound: no city"), None));
        let [client, server] = call(|_| failed(13)).await;
        assert_eq!(
            (failure(&client), failure(&server)),
            (Some("Internal: no city"), Some("Internal: no city"))
        );
    }

    #[test]
    fn metadata_names_the_span() {
        let _recorded = Recorded::start();
        let span = SpanBuilder::new("caller").start();
        let mut metadata = MetadataMap::new();
        inject(&span, &mut metadata);
        assert_eq!(extract(&metadata).span_context().unwrap().span_id, span.span_context().unwrap().span_id);
        let request = span.scope(|| TraceContext.call(::tonic::Request::new(())).unwrap());
        assert_eq!(request.metadata().get("traceparent"), metadata.get("traceparent"));
        assert!(extract(&MetadataMap::new()).span_context().is_none());
    }
}

#[cfg(feature = "reqwest")]
mod reqwest {
    use super::*;
    use spanwise::SpanBuilder;
    use spanwise::reqwest::RequestBuilderExt;
    use std::io::{BufRead, BufReader, Write};
    use std::net::TcpListener;
    use std::sync::mpsc::{Receiver, channel};

    /// Answers one request with `status`; tells its `traceparent`.
    fn serve(status: &'static str) -> (String, Receiver<Option<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/cities?key=secret", listener.local_addr().unwrap());
        let (tell, told) = channel();
        std::thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            let lines = BufReader::new(&stream).lines().map_while(Result::ok);
            let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
            let parent = head.iter().find_map(|line| line.strip_prefix("traceparent: "));
            tell.send(parent.map(str::to_owned)).unwrap();
            write!(&stream, "HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n").unwrap();
        });
        (url, told)
    }

    #[tokio::test]
    async fn headers_name_the_current_span() {
        let _recorded = Recorded::start();
        let (url, told) = serve("200 OK");
        let span = SpanBuilder::new("caller").start();
        let request = span.scope(|| ::reqwest::Client::new().get(url).with_trace_context());
        request.send().await.unwrap();
        assert_eq!(told.recv().unwrap(), span.span_context().map(|context| context.traceparent()));
    }

    #[tokio::test]
    async fn a_request_that_is_traced_has_a_span() {
        let recorded = Recorded::start();
        let (url, told) = serve("404 Not Found");
        let response = ::reqwest::Client::new().get(url).send_traced().await.unwrap();
        assert_eq!(response.status(), 404);
        let span = recorded.span("GET");
        assert_eq!((span.kind, failure(&span)), (CLIENT, Some("404 Not Found")));
        assert_eq!(attribute(&span, "url.path"), "/cities");
        assert_eq!(attribute(&span, "server.address"), "127.0.0.1");
        let id: String = span.span_id.iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(told.recv().unwrap().unwrap().contains(&id));
    }

    #[tokio::test]
    async fn a_request_that_fails_does_not_tell_its_query() {
        let recorded = Recorded::start();
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let url = format!("http://user:secret@{free}/cities?key=secret");
        ::reqwest::Client::new().get(url).send_traced().await.unwrap_err();
        let span = recorded.span("GET");
        assert!(
            failure(&span).unwrap().starts_with("error sending request for url (http://127.0.0.1:"),
            "{span:?}"
        );
        assert!(!format!("{span:?}").contains("secret"), "{span:?}");
    }
}
