//! Futures that have a span: it is current while they are polled, on whatever thread that is, and ends with them.

use crate::span::Span;
use crate::span_ref::SpanRef;
use pin_project_lite::pin_project;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

pin_project! {
    /// A future with a span, which ends when the future is done or dropped.
    #[derive(Debug)]
    #[must_use = "a future does nothing unless it is awaited"]
    pub struct InSpan<F> {
        #[pin]
        future: F,
        span: Span,
    }
}

pin_project! {
    /// A future in a span that goes on without it.
    #[derive(Debug)]
    #[must_use = "a future does nothing unless it is awaited"]
    pub struct InScope<F> {
        #[pin]
        future: F,
        span: SpanRef,
    }
}

/// Gives futures a span.
pub trait FutureExt: Future + Sized {
    /// Makes `span` current while this is polled, and ends it with this.
    fn in_span(self, span: Span) -> InSpan<Self> {
        InSpan { future: self, span }
    }

    /// Makes `span` current while this is polled, and does not end it. A task that is spawned has no current span: this gives it
    /// that of its spawner, `tokio::spawn(work.in_scope(SpanRef::current()))`.
    fn in_scope(self, span: SpanRef) -> InScope<Self> {
        InScope { future: self, span }
    }
}

impl<F: Future> FutureExt for F {}

impl<F> InSpan<F> {
    /// Returns the span.
    pub fn span(&self) -> &Span {
        &self.span
    }
}

/// Ends a span if a panic drops this. The future itself may be dropped only after the panic was caught, when nothing tells
/// that it did not go well.
struct EndOnUnwind<'a>(&'a mut Span);

impl Drop for EndOnUnwind<'_> {
    fn drop(&mut self) {
        *self.0 = Span::none();
    }
}

impl<F: Future> Future for InSpan<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let unwinding = EndOnUnwind(this.span);
        let polled = unwinding.0.scope(|| this.future.poll(context));
        std::mem::forget(unwinding);
        if polled.is_ready() {
            // Whoever holds the future for longer does not hold the span.
            *this.span = Span::none();
        }
        polled
    }
}

impl<F: Future> Future for InScope<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        this.span.scope(|| this.future.poll(context))
    }
}
