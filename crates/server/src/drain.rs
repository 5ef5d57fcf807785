//! Reads what a handler has left of a request's body.
//!
//! An answer may come before the whole body was read (a wrong media type, a body that is too large). If the rest were
//! left unread, the connection would have to be closed: a client that is still sending would see a reset instead of the
//! answer, and one that reuses connections would lose its next request.

use axum::body::Body;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::BodyExt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

/// How long the rest of a body may take; after that the connection is closed all the same.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(1);

/// Answers, and discards in the background what is left of the body.
pub(crate) async fn drain_body(request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    if body.is_end_stream() {
        return next.run(Request::from_parts(parts, body)).await;
    }
    let shared = SharedBody { inner: Arc::new(Mutex::new(Some(body))) };
    let response = next.run(Request::from_parts(parts, Body::new(shared.clone()))).await;
    if let Some(rest) = shared.take() {
        tokio::spawn(tokio::time::timeout(DRAIN_TIMEOUT, discard(rest)));
    }
    response
}

async fn discard(mut body: Body) {
    while let Some(Ok(_)) = body.frame().await {}
}

/// A body that can be taken back from whom it was given to; it is gone once it has ended.
#[derive(Clone)]
struct SharedBody {
    inner: Arc<Mutex<Option<Body>>>,
}

impl SharedBody {
    fn take(&self) -> Option<Body> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl http_body::Body for SharedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(body) = inner.as_mut() else { return Poll::Ready(None) };
        let polled = Pin::new(&mut *body).poll_frame(context);
        if matches!(polled, Poll::Ready(None | Some(Err(_)))) || body.is_end_stream() {
            *inner = None;
        }
        polled
    }

    fn size_hint(&self) -> SizeHint {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.as_ref().map_or_else(|| SizeHint::with_exact(0), http_body::Body::size_hint)
    }
}
