//! The layer itself.

use super::entered;
use super::fields::{EventFields, Said, SpanFields, Status};
use crate::{AttributeValue, Level, Parent, Span, SpanBuilder, SpanRef, StartOptions, Value, is_enabled};
use spanwise_sdk_core::Moment;
use tracing_core::span::{Attributes, Id, Record};
use tracing_core::{Event, LevelFilter, Metadata, Subscriber};
use tracing_subscriber::filter::Filtered;
use tracing_subscriber::layer::{Context, Layer as _};
use tracing_subscriber::registry::{LookupSpan, SpanRef as Entry};

/// Returns a layer that records spans and events that are `INFO` or more important.
pub fn layer<S: Subscriber + for<'l> LookupSpan<'l>>() -> Filtered<Layer, LevelFilter, S> {
    Layer::new().with_filter(LevelFilter::INFO)
}

/// A layer of a `tracing_subscriber` that records spans of `tracing`; see [the module](crate::tracing). One is enough for a
/// subscriber.
///
/// It takes all that it is given. Give it a filter (`with_filter`), as [`layer`] does: else all spans and events of the program
/// down to `TRACE` are made and recorded.
#[derive(Debug, Clone)]
pub struct Layer {
    has_locations: bool,
    fails_spans: bool,
}

impl Default for Layer {
    fn default() -> Layer {
        Layer { has_locations: false, fails_spans: true }
    }
}

/// What a span of `tracing` is here.
struct Recorded {
    span: Span,
    /// When it was left or written to for the last time, if it was entered.
    last: Option<Moment>,
    /// What its status said, for when its code comes later.
    status_message: String,
}

impl Layer {
    /// Makes a layer without a filter.
    pub fn new() -> Layer {
        Layer::default()
    }

    /// Records for each span where in the code it is made: `code.file.path`, `code.line.number` and `code.namespace`.
    pub fn with_locations(mut self) -> Layer {
        self.has_locations = true;
        self
    }

    /// Lets no event fail a span.
    pub fn without_failing(mut self) -> Layer {
        self.fails_spans = false;
        self
    }

    fn start(&self, attributes: &Attributes<'_>, parent: Parent<'_>) -> Option<(Span, Said)> {
        let metadata = attributes.metadata();
        let builder = SpanBuilder::with(metadata.name(), StartOptions { parent, sampling: None });
        if !builder.is_recording() {
            let span = builder.start();
            // A trace that is left out is so as a whole; without a context, recording was turned off meanwhile.
            return span.span_context().is_some().then(|| (span, Said::default()));
        }
        let mut fields = SpanFields::into(Some(builder.level(level_of(metadata))));
        if self.has_locations {
            locate(metadata, &mut fields.sink);
        }
        attributes.record(&mut fields);
        let builder = fields.sink?;
        let builder = match fields.said.kind {
            Some(kind) => builder.kind(kind),
            None => builder,
        };
        Some((builder.start(), fields.said))
    }

    /// Says what an event says of its span.
    fn tell(&self, span: &SpanRef, event: &Event<'_>) {
        let metadata = event.metadata();
        let mut fields = EventFields::default();
        event.record(&mut fields);
        let EventFields { message, mut attributes, error, log_target } = fields;
        let is_failure =
            *metadata.level() == tracing_core::Level::ERROR || (error.is_some() && message.is_none());
        let chain = error.as_ref().map(|chain| chain.join(": "));
        let name = match (&message, &error) {
            (Some(message), _) => message.as_str(),
            (None, Some(_)) => "exception",
            (None, None) => metadata.name(),
        };
        if let (Some(error), Some(first)) = (&error, error.as_ref().and_then(|error| error.first())) {
            attributes.push(("exception.type", Value::from("error")));
            attributes.push(("exception.message", Value::from(first.as_str())));
            attributes.push(("exception.stacktrace", Value::from(error.join("\ncaused by: "))));
        }
        attributes.push(("level", Value::from(metadata.level().as_str())));
        attributes.push(("target", Value::from(log_target.as_deref().unwrap_or(metadata.target()))));
        let attributes: Vec<_> =
            attributes.iter().map(|(key, value)| (*key, value as &dyn AttributeValue)).collect();
        span.add_event(name, &attributes);
        if is_failure && self.fails_spans {
            span.set_error(chain.as_deref().or(message.as_deref()).unwrap_or_default());
        }
    }
}

fn level_of(metadata: &Metadata<'_>) -> Level {
    match *metadata.level() {
        tracing_core::Level::ERROR => Level::Error,
        tracing_core::Level::WARN => Level::Warning,
        tracing_core::Level::INFO => Level::Info,
        _ => Level::Debug,
    }
}

fn locate(metadata: &Metadata<'_>, builder: &mut Option<SpanBuilder>) {
    let set = |builder: SpanBuilder| {
        let builder = match metadata.file() {
            Some(file) => builder.attribute("code.file.path", file),
            None => builder,
        };
        let builder = match metadata.line() {
            Some(line) => builder.attribute("code.line.number", line),
            None => builder,
        };
        builder.attribute("code.namespace", metadata.module_path().unwrap_or(metadata.target()))
    };
    *builder = builder.take().map(set);
}

/// Does what fields said of the span itself.
fn apply(span: &SpanRef, said: &Said, status_message: &mut String) {
    if let Some(name) = &said.name {
        span.set_name(name);
    }
    if let Some(chain) = &said.error {
        span.record_exception("error", chain);
    }
    if let Some(message) = &said.status_message {
        status_message.clone_from(message);
    }
    match (said.status, &said.status_message) {
        (Some(Status::Ok), _) => span.set_ok(),
        (Some(Status::Error), _) if said.error.is_some() && status_message.is_empty() => {}
        // A message is said of errors alone.
        (Some(Status::Error), _) | (None, Some(_)) => span.set_error(status_message),
        (None, None) => {}
    }
}

/// Returns the first recorded span of `entry` and those above it.
fn recorded<'l, S: LookupSpan<'l>>(entry: &Entry<'l, S>) -> Option<SpanRef> {
    entry
        .scope()
        .find_map(|entry| entry.extensions().get::<Recorded>().map(|recorded| recorded.span.to_ref()))
}

/// Notes that something was done with a span.
fn touch<'l, S: LookupSpan<'l>>(entry: &Entry<'l, S>, is_exit: bool) {
    if let Some(recorded) = entry.extensions_mut().get_mut::<Recorded>()
        && (is_exit || recorded.last.is_some())
    {
        recorded.last = recorded.span.moment();
    }
}

impl<S: Subscriber + for<'l> LookupSpan<'l>> tracing_subscriber::Layer<S> for Layer {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if !is_enabled() {
            return;
        }
        let Some(entry) = context.span(id) else { return };
        let is_root = attributes.is_root() && context.current_span().id().is_some();
        let above = attributes.parent().and_then(|_| recorded(&entry));
        let parent = match &above {
            _ if is_root => Parent::Root,
            Some(above) => Parent::Of(above),
            None => Parent::Current,
        };
        let Some((span, said)) = self.start(attributes, parent) else { return };
        let mut status_message = String::new();
        apply(&span, &said, &mut status_message);
        let other = entry.extensions_mut().replace(Recorded { span, last: None, status_message });
        // That of a second layer, which ends here; not under the lock.
        drop(other);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(entry) = context.span(id) else { return };
        let span = entry.extensions().get::<Recorded>().map(|recorded| recorded.span.to_ref());
        let Some(span) = span.filter(SpanRef::is_recording) else { return };
        let mut fields = SpanFields::into(span);
        // Values are code of others, which may use this very span: no lock is held.
        values.record(&mut fields);
        if let Some(recorded) = entry.extensions_mut().get_mut::<Recorded>() {
            apply(&fields.sink, &fields.said, &mut recorded.status_message);
        }
        touch(&entry, false);
    }

    fn on_follows_from(&self, id: &Id, follows: &Id, context: Context<'_, S>) {
        let of = |id| context.span(id)?.extensions().get::<Recorded>().map(|recorded| recorded.span.to_ref());
        if let (Some(span), Some(follows)) = (of(id), of(follows)) {
            span.add_link(&follows, &[]);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if !is_enabled() {
            return;
        }
        let explicit = event.parent().and_then(|parent| context.span(parent));
        let span = match &explicit {
            Some(entry) => recorded(entry),
            None if event.is_contextual() => Some(SpanRef::current()),
            None => None,
        };
        if let Some(span) = span.filter(SpanRef::is_recording) {
            self.tell(&span, event);
            if let Some(entry) = explicit {
                touch(&entry, false);
            }
        }
    }

    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        if !is_enabled() {
            return;
        }
        let Some(entry) = context.span(id) else { return };
        let span = entry.extensions().get::<Recorded>().map(|recorded| recorded.span.to_ref());
        if let Some(span) = span {
            entered::enter(id, span.attach());
        }
    }

    fn on_exit(&self, id: &Id, context: Context<'_, S>) {
        if entered::exit(id)
            && let Some(entry) = context.span(id)
        {
            touch(&entry, true);
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(entry) = context.span(&id) else { return };
        let recorded = entry.extensions_mut().remove::<Recorded>();
        // What ends a span is code of others, such as processors: the lock is not held any more.
        if let Some(Recorded { span, last, .. }) = recorded {
            match last {
                Some(last) => span.end_at(last),
                None => span.end(),
            }
        }
    }
}
