//! A body of a response that is read as the program reads it.

use super::Exchange;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use std::fmt::Display;
use std::pin::Pin;
use std::task::{Context, Poll};

pin_project! {
    /// A body that passes on what comes, as it comes; the span of its call ends with it.
    pub struct TracedBody<B: Body> {
        #[pin]
        body: B,
        exchange: Option<Exchange>,
        describe: fn(&B::Error) -> String,
    }
}

impl<B: Body> TracedBody<B> {
    /// Tells what comes to an exchange, if there is one.
    pub fn new(body: B, exchange: Option<Exchange>) -> TracedBody<B>
    where
        B::Error: Display,
    {
        TracedBody { body, exchange, describe: B::Error::to_string }
    }

    /// The same, of a body whose errors have causes.
    #[cfg(feature = "reqwest")]
    pub(super) fn with_causes(body: B, exchange: Exchange) -> TracedBody<B>
    where
        B::Error: std::error::Error + 'static,
    {
        TracedBody { body, exchange: Some(exchange), describe: |error| super::reqwest::error_text(error) }
    }
}

impl<B: Body> std::fmt::Debug for TracedBody<B> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TracedBody").field("exchange", &self.exchange).finish_non_exhaustive()
    }
}

impl<B: Body<Data = Bytes>> Body for TracedBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let mut this = self.project();
        let polled = this.body.as_mut().poll_frame(context);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                if let (Some(exchange), Some(data)) = (this.exchange.as_mut(), frame.data_ref()) {
                    exchange.push(data);
                }
                // Whoever knows that this was all may not ask again.
                if this.body.is_end_stream()
                    && let Some(exchange) = this.exchange.take()
                {
                    exchange.complete();
                }
            }
            Poll::Ready(Some(Err(error))) => {
                if let Some(exchange) = this.exchange.take() {
                    exchange.fail(&(this.describe)(error));
                }
            }
            Poll::Ready(None) => {
                if let Some(exchange) = this.exchange.take() {
                    exchange.complete();
                }
            }
            Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
