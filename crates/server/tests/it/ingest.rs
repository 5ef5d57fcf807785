//! The way in, without a transport.

use futures_util::poll;
use prost::Message;
use spanwise_ingest::{Body, Format, Route};
use spanwise_testkit::TestServer;
use spanwise_testkit::otlp::{request, span, trace_id};
use std::pin::pin;
use std::task::Poll;

#[tokio::test]
async fn a_write_goes_on_and_counts_when_its_client_hangs_up() {
    let server = TestServer::start().await;
    let ingest = server.app.ingest.clone();
    let body_of = |trace| {
        let message = request("unknown_service", vec![span(trace, 1, "root")]).encode_to_vec();
        Body { bytes: message.into(), format: Format::Protobuf, reservation: ingest.reserve() }
    };
    // From here on rules and experiments are known, so that the first poll of another request gets to its write.
    ingest.submit_traces(body_of(2), &Route::default()).await.expect("the first request is stored");
    let body = body_of(1);
    let bytes = body.bytes.len();
    {
        let route = Route::default();
        let mut submitted = pin!(ingest.submit_traces(body, &route));
        assert!(matches!(poll!(&mut submitted), Poll::Pending));
    }
    assert_eq!(ingest.queue_bytes(), bytes);
    while ingest.queue_bytes() > 0 {
        tokio::task::yield_now().await;
    }
    server.app.store.get_trace(&trace_id(1).parse().unwrap()).await.expect("the span was stored");
}
