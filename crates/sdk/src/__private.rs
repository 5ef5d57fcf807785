//! What the macros call. Nothing here is for anybody else, and all of it may change.

pub use crate::error::{Failure, ViaBox, ViaDebugText, ViaDisplay, ViaError, ViaSendable};
#[cfg(feature = "serde")]
pub use crate::record::ViaSerde;
pub use crate::record::{Inputs, Probe, ViaDebug, ViaName, ViaPlain, ViaResult};
#[cfg(feature = "stream")]
pub use crate::stream::{Gathered, STREAM_BYTES_MAX, run_async_stream, run_stream};
pub use spanwise_sdk_core::key::{INPUTS, OUTPUTS};

pub use crate::{
    __json as json, __record_error as record_error, __record_item as record_item,
    __record_value as record_value,
};

use crate::record::guarded;
use crate::{Span, SpanBuilder, SpanRef, StartOptions};
use pin_project_lite::pin_project;
use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

/// Appends a value as JSON.
#[doc(hidden)]
#[macro_export]
macro_rules! __json {
    ($value:expr, $out:expr) => {{
        use $crate::__private::*;
        (&&&Probe($value)).write_json($out)
    }};
}

/// Records an error, if the value is one.
#[doc(hidden)]
#[macro_export]
macro_rules! __record_error {
    ($span:expr, $value:expr) => {{
        use $crate::__private::*;
        if let Err(error) = (&&Probe($value)).split() {
            (&&&&&Failure(error)).record($span);
        }
    }};
}

/// Records what a call gave: an output, or an error.
#[doc(hidden)]
#[macro_export]
macro_rules! __record_value {
    ($span:expr, $value:expr) => {{
        use $crate::__private::*;
        match (&&Probe($value)).split() {
            Ok(value) => $span.set_text(OUTPUTS, |out| (&&&Probe(value)).write_json(out)),
            Err(error) => (&&&&&Failure(error)).record($span),
        }
    }};
}

/// Records an item of a stream: a part of the output, or an error.
#[doc(hidden)]
#[macro_export]
macro_rules! __record_item {
    ($span:expr, $value:expr, $gathered:expr) => {{
        use $crate::__private::*;
        match (&&Probe($value)).split() {
            Ok(value) => $gathered.add(|out| (&&&Probe(value)).write_json(out)),
            Err(error) => (&&&&&Failure(error)).record($span),
        }
    }};
}

/// Begins a span.
#[inline]
pub fn builder(name: &str, sampling: Option<f64>) -> SpanBuilder {
    SpanBuilder::with(name, StartOptions { sampling, ..StartOptions::default() })
}

/// Writes the inputs of a call as a map.
pub fn inputs(out: &mut Vec<u8>, entries: impl FnOnce(&mut Inputs<'_>)) {
    Inputs::write(out, entries);
}

/// Stands for a value in code that never runs, so that its type is known.
pub fn never<T>() -> T {
    unreachable!("this code is behind `if false`")
}

/// Lets users' code record something; where it panics, that is all that happens.
pub(crate) fn quietly(record: impl FnOnce()) {
    drop(catch_unwind(AssertUnwindSafe(record)));
}

/// Runs a function in its span.
pub fn run<R>(span: Span, body: impl FnOnce() -> R, done: impl FnOnce(&SpanRef, &R)) -> R {
    if !span.is_recording() {
        // A trace that is not recorded goes on unrecorded; without a trace there is nothing to do.
        return span.scope(body);
    }
    let guard = span.enter();
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(value) => {
            quietly(|| done(&guard, &value));
            value
        }
        Err(panic) => {
            record_panic(&guard, panic.as_ref());
            drop(guard);
            resume_unwind(panic)
        }
    }
}

/// Records what a panic says.
pub(crate) fn record_panic(span: &SpanRef, panic: &(dyn Any + Send)) {
    let text =
        panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    span.record_exception(
        "panic",
        &[format!("panicked: {}", text.unwrap_or("with a value that is no text"))],
    );
}

pin_project! {
    /// A future in its span.
    #[must_use = "a future does nothing unless it is awaited"]
    pub struct Run<F, D> {
        #[pin]
        future: F,
        span: Span,
        done: Option<D>,
    }
}

impl<F: Future, D: FnOnce(&SpanRef, &F::Output)> Future for Run<F, D> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let polled = match catch_unwind(AssertUnwindSafe(|| this.span.scope(|| this.future.poll(context)))) {
            Ok(polled) => polled,
            Err(panic) => {
                record_panic(this.span, panic.as_ref());
                *this.span = Span::none();
                resume_unwind(panic)
            }
        };
        if let Poll::Ready(value) = &polled {
            let span = std::mem::replace(this.span, Span::none());
            if let Some(done) = this.done.take()
                && span.is_recording()
            {
                quietly(|| span.scope(|| done(&span, value)));
            }
        }
        polled
    }
}

/// Runs an `async` function in its span.
pub fn run_async<F: Future, D: FnOnce(&SpanRef, &F::Output)>(span: Span, future: F, done: D) -> Run<F, D> {
    Run { future, span, done: Some(done) }
}

/// Runs a function that returns a future, and that future, in its span.
pub fn run_future<F: Future, D: FnOnce(&SpanRef, &F::Output)>(
    span: Span,
    body: impl FnOnce() -> F,
    done: D,
) -> Run<F, D> {
    let future = span.scope(body);
    run_async(span, future, done)
}

/// Writes what a value is worth as JSON, guarded against its code.
pub(crate) fn write_guarded(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    guarded(out, write);
}
