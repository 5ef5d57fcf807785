//! How errors are recorded: with their sources, if they have any; else as far as they can be shown.

use crate::SpanRef;
use std::any::type_name;
use std::error::Error;
use std::fmt::{Debug, Display};

/// Holds an error of which more is to be found out.
#[derive(Debug)]
pub struct Failure<'a, E: ?Sized>(pub &'a E);

/// An error of Rust's kind.
pub trait ViaError {
    /// Records it.
    fn record(&self, span: &SpanRef);
}

impl<E: Error + 'static> ViaError for &&&&Failure<'_, E> {
    fn record(&self, span: &SpanRef) {
        span.record_error_as(type_name::<E>(), self.0);
    }
}

/// What holds one that may go to other threads, as `anyhow::Error` and boxes do.
pub trait ViaSendable {
    /// Records it.
    fn record(&self, span: &SpanRef);
}

impl<E: AsRef<dyn Error + Send + Sync> + ?Sized> ViaSendable for &&&Failure<'_, E> {
    fn record(&self, span: &SpanRef) {
        span.record_error_as(type_name::<E>(), self.0.as_ref());
    }
}

/// What holds one.
pub trait ViaBox {
    /// Records it.
    fn record(&self, span: &SpanRef);
}

impl<E: AsRef<dyn Error> + ?Sized> ViaBox for &&Failure<'_, E> {
    fn record(&self, span: &SpanRef) {
        span.record_error_as(type_name::<E>(), self.0.as_ref());
    }
}

/// What can be shown.
pub trait ViaDisplay {
    /// Records it.
    fn record(&self, span: &SpanRef);
}

impl<E: Display + ?Sized> ViaDisplay for &Failure<'_, E> {
    fn record(&self, span: &SpanRef) {
        span.record_exception(type_name::<E>(), &[self.0.to_string()]);
    }
}

/// What can be shown to a programmer.
pub trait ViaDebugText {
    /// Records it.
    fn record(&self, span: &SpanRef);
}

impl<E: Debug + ?Sized> ViaDebugText for Failure<'_, E> {
    fn record(&self, span: &SpanRef) {
        span.record_exception(type_name::<E>(), &[format!("{:?}", self.0)]);
    }
}
