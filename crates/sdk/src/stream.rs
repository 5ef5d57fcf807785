//! Streams in a span: what they yield is gathered as its output, up to a limit.

use crate::__private::{quietly, record_panic, write_guarded};
use crate::{Span, SpanRef, key};
use futures_core::Stream;
use pin_project_lite::pin_project;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Instant;

/// Bytes of a streamed output that are kept, unless something else is said.
pub const STREAM_BYTES_MAX: usize = 1 << 20;
/// How many items a stream had.
const ITEMS: &str = "spanwise.stream.items";
/// How many of them are not among the outputs, since there was no room.
const OMITTED: &str = "spanwise.stream.omitted_items";

/// What a stream yielded: the texts put together if all items are texts, else a list.
#[derive(Debug)]
pub struct Gathered {
    /// Items as JSON, with a comma behind each.
    json: Vec<u8>,
    item: Vec<u8>,
    bytes_max: usize,
    are_texts: bool,
    items: u64,
    omitted: u64,
    started: Instant,
    first_item: Option<f64>,
}

impl Gathered {
    fn new(bytes_max: usize) -> Gathered {
        Gathered {
            json: Vec::new(),
            item: Vec::new(),
            bytes_max,
            are_texts: true,
            items: 0,
            omitted: 0,
            started: Instant::now(),
            first_item: None,
        }
    }

    /// Notes that an item came, of whatever kind.
    fn note(&mut self) {
        self.items += 1;
        self.first_item.get_or_insert_with(|| self.started.elapsed().as_secs_f64());
    }

    /// Takes an item that `write` appends as JSON.
    pub fn add(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        // What is behind a gap would be read as if there were none.
        if self.omitted > 0 {
            self.omitted += 1;
            return;
        }
        self.item.clear();
        write_guarded(&mut self.item, write);
        if self.json.len() + self.item.len() > self.bytes_max {
            self.omitted += 1;
            return;
        }
        self.are_texts &= self.item.first() == Some(&b'"');
        self.json.extend_from_slice(&self.item);
        self.json.push(b',');
    }

    /// Sets the output and what is known of the stream.
    fn finish(&mut self, span: &SpanRef) {
        let json = std::mem::take(&mut self.json);
        if !json.is_empty() {
            let items = &json[..json.len() - 1];
            let are_texts = self.are_texts;
            span.set_text(key::OUTPUTS, |out| {
                if are_texts { put_together(items, out) } else { out.extend([b"[", items, b"]"].concat()) }
            });
        }
        span.set_attribute(ITEMS, self.items);
        if self.omitted > 0 {
            span.set_attribute(OMITTED, self.omitted);
        }
        if let Some(seconds) = self.first_item {
            span.set_attribute(key::FIRST_ITEM, seconds);
        }
    }
}

/// Makes one text of JSON texts that have a comma between each other.
fn put_together(texts: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    let (mut is_inside, mut is_escaped) = (false, false);
    for &byte in texts {
        match byte {
            b'"' if !is_escaped => is_inside = !is_inside,
            _ if is_inside => out.push(byte),
            _ => {}
        }
        is_escaped = byte == b'\\' && !is_escaped;
    }
    out.push(b'"');
}

pin_project! {
    /// A stream in its span.
    #[must_use = "a stream does nothing unless it is polled"]
    pub struct RunStream<S, D> {
        #[pin]
        stream: S,
        ending: Ending<D>,
    }
}

/// What ends the span of a stream that is done or dropped.
struct Ending<D> {
    span: Span,
    done: D,
    gathered: Gathered,
}

impl<D> Ending<D> {
    fn end(&mut self) {
        let span = std::mem::replace(&mut self.span, Span::none());
        if span.is_recording() {
            self.gathered.finish(&span);
        }
    }
}

impl<D> Drop for Ending<D> {
    fn drop(&mut self) {
        // Whoever takes only a part of a stream has that as its output.
        self.end();
    }
}

impl<S: Stream, D: FnMut(&SpanRef, &S::Item, &mut Gathered)> Stream for RunStream<S, D> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let this = self.project();
        let ending = this.ending;
        let polled = catch_unwind(AssertUnwindSafe(|| ending.span.scope(|| this.stream.poll_next(context))));
        let polled = polled.unwrap_or_else(|panic| {
            record_panic(&ending.span, panic.as_ref());
            ending.end();
            resume_unwind(panic)
        });
        match &polled {
            Poll::Ready(Some(item)) if ending.span.is_recording() => {
                let Ending { span, done, gathered } = ending;
                gathered.note();
                quietly(|| done(span, item, gathered));
            }
            Poll::Ready(None) => ending.end(),
            _ => {}
        }
        polled
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.stream.size_hint()
    }
}

/// Runs a function that returns a stream, and that stream, in its span.
pub fn run_stream<S: Stream, D: FnMut(&SpanRef, &S::Item, &mut Gathered)>(
    span: Span,
    body: impl FnOnce() -> S,
    bytes_max: usize,
    done: D,
) -> RunStream<S, D> {
    let stream = span.scope(body);
    RunStream { stream, ending: Ending { span, done, gathered: Gathered::new(bytes_max) } }
}

/// Runs an `async` function that returns a stream, and that stream, in its span.
pub async fn run_async_stream<F: Future<Output: Stream>, D>(
    span: Span,
    future: F,
    bytes_max: usize,
    done: D,
) -> RunStream<F::Output, D>
where
    D: FnMut(&SpanRef, &<F::Output as Stream>::Item, &mut Gathered),
{
    let gathered = Gathered::new(bytes_max);
    let ending = Ending { span, done, gathered };
    let mut future = pin!(future);
    let stream = poll_fn(|context| ending.span.scope(|| future.as_mut().poll(context))).await;
    RunStream { stream, ending }
}

pin_project! {
    /// A stream with a span, which ends when the stream has ended or is dropped.
    #[derive(Debug)]
    #[must_use = "a stream does nothing unless it is polled"]
    pub struct InSpanStream<S> {
        #[pin]
        stream: S,
        span: Span,
    }
}

/// Gives streams a span.
pub trait StreamExt: Stream + Sized {
    /// Makes `span` current while this is polled, and ends it with this. What the stream yields is not recorded;
    /// `#[trace]` on a function that returns a stream does that.
    fn in_span(self, span: Span) -> InSpanStream<Self> {
        InSpanStream { stream: self, span }
    }
}

impl<S: Stream> StreamExt for S {}

impl<S: Stream> Stream for InSpanStream<S> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let this = self.project();
        let polled = catch_unwind(AssertUnwindSafe(|| this.span.scope(|| this.stream.poll_next(context))));
        let polled = polled.unwrap_or_else(|panic| {
            // This may be dropped only after the panic was caught, when nothing tells that it did not go well.
            record_panic(this.span, panic.as_ref());
            *this.span = Span::none();
            resume_unwind(panic)
        });
        if let Poll::Ready(None) = polled {
            *this.span = Span::none();
        }
        polled
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.stream.size_hint()
    }
}
