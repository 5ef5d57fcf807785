//! Fields of spans and events: those that say something of the span itself, and the others, which are attributes.

use crate::{AttributeValue, Kind, SpanBuilder, SpanRef, Value};
use spanwise_sdk_core::without_url_secrets;
use std::error::Error;
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};
use tracing_core::field::{Field, Visit};

/// Sources of an error that are looked at.
const CHAIN_MAX: usize = 32;
/// What is said of a value whose `Debug` panics.
const PANICKED: &str = "<its code panicked>";

/// Takes attributes.
pub(super) trait Sink {
    fn set(&mut self, key: &str, value: impl AttributeValue);
}

impl Sink for Option<SpanBuilder> {
    fn set(&mut self, key: &str, value: impl AttributeValue) {
        *self = self.take().map(|builder| builder.attribute(key, value));
    }
}

impl Sink for SpanRef {
    fn set(&mut self, key: &str, value: impl AttributeValue) {
        self.set_attribute(key, value);
    }
}

/// A whole number that OTLP may have no room for.
pub(super) fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// What a value shows of itself.
pub(super) fn shown(value: &dyn Debug) -> String {
    catch_unwind(AssertUnwindSafe(|| format!("{value:?}"))).unwrap_or_else(|_| PANICKED.to_owned())
}

/// What an error and its sources say, the outermost first, without what may be secret in URLs.
pub(super) fn chain_of(error: &(dyn Error + 'static)) -> Vec<String> {
    let sources = std::iter::successors(Some(error), |error| (*error).source());
    sources.take(CHAIN_MAX).map(|error| without_url_secrets(&error.to_string()).into_owned()).collect()
}

/// How a span went, as its fields say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Ok,
    Error,
}

/// What fields say of the span itself.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub(super) name: Option<String>,
    pub(super) kind: Option<Kind>,
    pub(super) status: Option<Status>,
    pub(super) status_message: Option<String>,
    /// What an error says, and its sources.
    pub(super) error: Option<Vec<String>>,
}

/// Reads the fields of a span.
pub(super) struct SpanFields<S> {
    pub(super) sink: S,
    pub(super) said: Said,
}

impl<S: Sink> SpanFields<S> {
    pub(super) fn into(sink: S) -> SpanFields<S> {
        SpanFields { sink, said: Said::default() }
    }

    fn text(&mut self, field: &Field, text: &str) {
        let said = &mut self.said;
        match field.name() {
            "otel.name" => said.name = Some(text.to_owned()),
            "otel.kind" => said.kind = kind(text),
            "otel.status_code" => said.status = status(text),
            "otel.status_message" | "otel.status_description" => said.status_message = Some(text.to_owned()),
            "error" => said.error = Some(vec![text.to_owned()]),
            key => self.sink.set(key, text),
        }
    }
}

fn kind(text: &str) -> Option<Kind> {
    let kinds = [
        ("internal", Kind::Internal),
        ("server", Kind::Server),
        ("client", Kind::Client),
        ("producer", Kind::Producer),
        ("consumer", Kind::Consumer),
    ];
    kinds.into_iter().find(|(name, _)| text.eq_ignore_ascii_case(name)).map(|(_, kind)| kind)
}

fn status(text: &str) -> Option<Status> {
    if text.eq_ignore_ascii_case("ok") {
        Some(Status::Ok)
    } else {
        text.eq_ignore_ascii_case("error").then_some(Status::Error)
    }
}

impl<S: Sink> Visit for SpanFields<S> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.sink.set(field.name(), value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.sink.set(field.name(), value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.sink.set(field.name(), whole(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        if field.name() == "error" && value {
            self.said.status = Some(Status::Error);
        }
        self.sink.set(field.name(), value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field, value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        if field.name() == "error" {
            self.said.error = Some(chain_of(value));
        } else {
            self.sink.set(field.name(), chain_of(value).join(": ").as_str());
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.text(field, &shown(value));
    }
}

/// Reads the fields of an event.
#[derive(Debug, Default)]
pub(super) struct EventFields {
    pub(super) message: Option<String>,
    pub(super) attributes: Vec<(&'static str, Value)>,
    pub(super) error: Option<Vec<String>>,
    /// Where it comes from, if the crate `log` made it.
    pub(super) log_target: Option<String>,
}

impl EventFields {
    fn text(&mut self, field: &Field, text: String) {
        match field.name() {
            "message" => self.message = Some(text),
            "error" => self.error = Some(vec![without_url_secrets(&text).into_owned()]),
            "log.target" => self.log_target = Some(text),
            _ => self.put(field, text),
        }
    }

    fn put(&mut self, field: &Field, value: impl Into<Value>) {
        // What the crate `log` says of the place in the code.
        if !field.name().starts_with("log.") {
            self.attributes.push((field.name(), value.into()));
        }
    }
}

impl Visit for EventFields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, whole(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field, value.to_owned());
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        if field.name() == "error" {
            self.error = Some(chain_of(value));
        } else {
            self.put(field, chain_of(value).join(": "));
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.text(field, shown(value));
    }
}
