//! A body that must come at some pace: a client that sends a byte now and then is not waited for.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep_until};

/// How slowly a client may send a body.
#[derive(Debug, Clone, Copy)]
pub struct BodyPace {
    /// How long may be waited for a body, whatever its size.
    pub grace: Duration,
    /// Each so many bytes that have come allow for a second more.
    pub bytes_per_second_min: u64,
}

/// Lets the reading of a body fail when the client is too slow. What the server itself needs does not count.
pub(crate) async fn pace_body(State(pace): State<BodyPace>, request: Request, next: Next) -> Response {
    let (parts, inner) = request.into_parts();
    let body = if inner.is_end_stream() { inner } else { Body::new(PacedBody::new(inner, pace)) };
    next.run(Request::from_parts(parts, body)).await
}

struct PacedBody {
    inner: Body,
    pace: BodyPace,
    received: u64,
    /// How long the client was waited for so far.
    waited: Duration,
    /// Since when it is waited for now, and until when it will be.
    waiting: Option<(Instant, Pin<Box<Sleep>>)>,
}

impl PacedBody {
    fn new(inner: Body, pace: BodyPace) -> PacedBody {
        PacedBody { inner, pace, received: 0, waited: Duration::ZERO, waiting: None }
    }

    /// Returns how much longer the client may be waited for.
    fn patience(&self) -> Duration {
        let earned = Duration::from_secs(self.received / self.pace.bytes_per_second_min.max(1));
        (self.pace.grace + earned).saturating_sub(self.waited)
    }
}

impl http_body::Body for PacedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.inner).poll_frame(context) {
            if let Some((since, _)) = self.waiting.take() {
                self.waited += since.elapsed();
            }
            if let Some(Ok(frame)) = &frame {
                self.received += frame.data_ref().map_or(0, |data| data.len() as u64);
            }
            return Poll::Ready(frame);
        }
        let patience = self.patience();
        let (_, until) = self.waiting.get_or_insert_with(|| {
            let now = Instant::now();
            (now, Box::pin(sleep_until(now + patience)))
        });
        ready!(until.as_mut().poll(context));
        Poll::Ready(Some(Err(axum::Error::new("the body comes too slowly"))))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
