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
    #[derive(Debug)]
    pub struct TracedBody<B> {
        #[pin]
        body: B,
        exchange: Option<Exchange>,
    }
}

impl<B> TracedBody<B> {
    /// Tells what comes to an exchange, if there is one.
    pub fn new(body: B, exchange: Option<Exchange>) -> TracedBody<B> {
        TracedBody { body, exchange }
    }
}

impl<B: Body<Data = Bytes>> Body for TracedBody<B>
where
    B::Error: Display,
{
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
                    exchange.fail(&error.to_string());
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
