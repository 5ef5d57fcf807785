//! Calls whose requests and answers are known as what is sent, or as what the library has read of it.

use futures_core::Stream;
use pin_project_lite::pin_project;
use spanwise::llm::Exchange;
use std::error::Error;
use std::pin::Pin;
use std::task::{Context, Poll};

/// How a stream is read.
pub(crate) struct Reading<T, E> {
    /// Tells of an item.
    pub(crate) take: fn(&mut Exchange, &T),
    /// Returns what an error says.
    pub(crate) tell: fn(&E) -> String,
}

pin_project! {
    /// A stream that belongs to a call of a provider, whose span ends with it or when it is dropped.
    pub(crate) struct Recorded<S, T, E> {
        #[pin]
        inner: S,
        exchange: Option<Exchange>,
        reading: Reading<T, E>,
    }
}

impl<S, T, E> Recorded<S, T, E> {
    pub(crate) fn new(inner: S, exchange: Exchange, reading: Reading<T, E>) -> Recorded<S, T, E> {
        Recorded { inner, exchange: Some(exchange), reading }
    }
}

impl<S: Stream<Item = Result<T, E>>, T, E> Stream for Recorded<S, T, E> {
    type Item = Result<T, E>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<T, E>>> {
        let this = self.project();
        let polled = this.inner.poll_next(context);
        match &polled {
            Poll::Pending => {}
            Poll::Ready(Some(Ok(item))) => {
                if let Some(exchange) = this.exchange {
                    (this.reading.take)(exchange, item);
                }
            }
            Poll::Ready(Some(Err(error))) => {
                if let Some(exchange) = this.exchange.take() {
                    exchange.fail(&(this.reading.tell)(error));
                }
            }
            Poll::Ready(None) => {
                if let Some(exchange) = this.exchange.take() {
                    exchange.complete();
                }
            }
        }
        polled
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.inner.size_hint()
    }
}

/// Returns what an error says, with its causes.
pub(crate) fn told<E: Error + 'static>(error: &E) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
