//! Calls whose requests and answers are known as what is sent, or as what the library has read of it.

use futures_core::Stream;
use http::{HeaderMap, HeaderValue, header};
use pin_project_lite::pin_project;
use spanwise::llm::Exchange;
use std::error::Error;
use std::pin::Pin;
use std::task::{Context, Poll};

/// How the items of a stream are read.
pub(crate) struct Reading<T, E> {
    /// Appends an item as the provider would send it.
    pub(crate) write: fn(&T, &mut Vec<u8>),
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
        buffer: Vec<u8>,
    }
}

impl<S, T, E> Recorded<S, T, E> {
    pub(crate) fn new(inner: S, exchange: Exchange, reading: Reading<T, E>) -> Recorded<S, T, E> {
        Recorded { inner, exchange: Some(exchange), reading, buffer: Vec::new() }
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
                    this.buffer.clear();
                    (this.reading.write)(item, this.buffer);
                    exchange.push(this.buffer);
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

/// Says that an answer begins of which the library has told that it is one.
#[cfg(any(feature = "async-anthropic", feature = "ollama-rs"))]
pub(crate) fn begin_answer(exchange: &mut Exchange, content_type: &'static str) {
    let content_type = HeaderValue::from_static(content_type);
    exchange.respond(200, &HeaderMap::from_iter([(header::CONTENT_TYPE, content_type)]));
}

/// Sets a whole answer on the span, or why there is none.
#[cfg(any(feature = "async-anthropic", feature = "ollama-rs"))]
pub(crate) fn end<T, E: Error + 'static>(
    mut exchange: Exchange,
    result: &Result<T, E>,
    write: impl FnOnce(&T) -> serde_json::Result<Vec<u8>>,
) {
    match result {
        Ok(answer) => {
            begin_answer(&mut exchange, "application/json");
            // What was read from JSON can be written as JSON.
            exchange.push(&write(answer).unwrap_or_default());
            exchange.complete();
        }
        Err(error) => exchange.fail(&told(error)),
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
