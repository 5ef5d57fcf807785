//! gRPC, written out frame by frame, since a server that is made for it would say nothing wrong.

use super::{Act, Script};
use bytes::Bytes;
use h2::RecvStream;
use h2::server::{self, SendResponse};
use http::{HeaderMap, Request, Response};
use std::net::TcpListener;
use std::rc::Rc;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::task::{LocalSet, spawn_local};

/// Compressed or not, and the length.
const FRAME_HEAD_BYTES: usize = 5;
/// A `google.rpc.Status` with a `RetryInfo` of no delay.
const STATUS_WITH_RETRY_INFO: &str =
    "CAgSBGZ1bGwaLgoodHlwZS5nb29nbGVhcGlzLmNvbS9nb29nbGUucnBjLlJldHJ5SW5mbxICCgA";

pub(super) fn serve(listener: TcpListener, script: Script) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let script = Rc::new(script);
    runtime.block_on(LocalSet::new().run_until(async {
        listener.set_nonblocking(true).unwrap();
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            spawn_local(serve_one(stream, Rc::clone(&script)));
        }
    }));
}

async fn serve_one(mut stream: TcpStream, script: Rc<Script>) {
    let mut first = Some(script.next());
    match first {
        Some(Act::HangUp) => return,
        Some(Act::Nonsense) => {
            let _closed = stream.write_all(b"nothing that HTTP would be\r\n\r\n").await;
            return;
        }
        _ => {}
    }
    let Ok(mut connection) = server::handshake(stream).await else { return };
    let hang_up = Rc::new(Notify::new());
    loop {
        tokio::select! {
            next = connection.accept() => {
                let Some(Ok((request, respond))) = next else { return };
                let act = first.take().unwrap_or_else(|| script.next());
                spawn_local(handle(act, request, respond, Rc::clone(&script), Rc::clone(&hang_up)));
            }
            () = hang_up.notified() => return,
        }
    }
}

async fn handle(
    act: Act,
    request: Request<RecvStream>,
    respond: SendResponse<Bytes>,
    script: Rc<Script>,
    hang_up: Rc<Notify>,
) {
    if matches!(act, Act::HangUp | Act::Nonsense) {
        return hang_up.notify_one();
    }
    let path = request.uri().path().to_owned();
    assert_eq!(path, "/opentelemetry.proto.collector.trace.v1.TraceService/Export");
    let mut body = request.into_body();
    let mut bytes = Vec::new();
    while let Some(data) = body.data().await {
        let Ok(data) = data else { return };
        let _closed = body.flow_control().release_capacity(data.len());
        bytes.extend_from_slice(&data);
    }
    script.has_read(bytes.split_off(FRAME_HEAD_BYTES));
    match act {
        Act::Silence => {
            // Until the other end gives up.
            std::future::pending::<()>().await;
        }
        Act::AcceptOddly => answer(respond, b"<html>"),
        Act::RejectOne => answer(respond, b"\n\x02\x08\x01"),
        Act::Busy => fail(respond, &[("grpc-status", "14")]),
        Act::Exhausted => {
            fail(respond, &[("grpc-status", "8"), ("grpc-status-details-bin", STATUS_WITH_RETRY_INFO)]);
        }
        Act::Refuse => fail(respond, &[("grpc-status", "3"), ("grpc-message", "no!")]),
        Act::Redirect => redirect(respond),
        Act::Accept | Act::HangUp | Act::Nonsense => answer(respond, b""),
    }
}

fn answer(mut respond: SendResponse<Bytes>, message: &[u8]) {
    let head = Response::builder().header("content-type", "application/grpc").body(()).unwrap();
    let Ok(mut stream) = respond.send_response(head, false) else { return };
    let mut frame = vec![0];
    frame.extend_from_slice(&u32::try_from(message.len()).unwrap().to_be_bytes());
    frame.extend_from_slice(message);
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", "0".parse().unwrap());
    // The other end may have gone.
    let _closed = stream.send_data(frame.into(), false).and_then(|()| stream.send_trailers(trailers));
}

fn redirect(mut respond: SendResponse<Bytes>) {
    let head = Response::builder().status(302).header("location", "/login").body(()).unwrap();
    let _closed = respond.send_response(head, true);
}

fn fail(mut respond: SendResponse<Bytes>, headers: &[(&str, &str)]) {
    let mut head = Response::builder().header("content-type", "application/grpc");
    for (name, value) in headers {
        head = head.header(*name, *value);
    }
    let _closed = respond.send_response(head.body(()).unwrap(), true);
}
