//! An installed SDK whose spans stay in the test.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value};
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::Event;
use prost::Message;
use serde_json::Value;
use spanwise::{Accepted, Config, ExportError, Exporter, Request, Sdk};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// One SDK is installed at a time, also where tests share a process.
static ONE: Mutex<()> = Mutex::new(());

pub(crate) struct Recorded {
    sdk: Sdk,
    requests: Requests,
    _one: MutexGuard<'static, ()>,
}

#[derive(Clone, Default)]
struct Requests(Arc<Mutex<Vec<Vec<u8>>>>);

impl Exporter for Requests {
    fn export(&mut self, request: &Request<'_>) -> Result<Accepted, ExportError> {
        self.0.lock().unwrap().push(request.to_vec());
        Ok(Accepted::default())
    }
}

impl Recorded {
    pub(crate) fn start() -> Recorded {
        Recorded::start_with(Config::new())
    }

    pub(crate) fn start_with(config: Config) -> Recorded {
        let one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
        let requests = Requests::default();
        let exporter = requests.clone();
        let config = config.exporter("test", move || Box::new(exporter.clone()));
        Recorded { sdk: config.install().unwrap(), requests, _one: one }
    }

    /// Sends nothing until the guard is dropped.
    pub(crate) fn hold(&self) -> MutexGuard<'_, Vec<Vec<u8>>> {
        self.requests.0.lock().unwrap()
    }

    pub(crate) fn spans(&self) -> Vec<Span> {
        self.sdk.flush(Duration::from_secs(30)).unwrap();
        let requests = self.requests.0.lock().unwrap();
        let requests = requests.iter().map(|bytes| ExportTraceServiceRequest::decode(&bytes[..]).unwrap());
        let resources = requests.flat_map(|request| request.resource_spans);
        resources.flat_map(|resource| resource.scope_spans).flat_map(|scope| scope.spans).collect()
    }

    pub(crate) fn span(&self, name: &str) -> Span {
        let found = self.spans().into_iter().find(|span| span.name == name);
        found.unwrap_or_else(|| panic!("no span `{name}`"))
    }
}

/// Returns the name of a span's parent, by the span's name; it must be in the same trace.
pub(crate) fn parent_of(spans: &[Span], name: &str) -> Option<String> {
    let span = spans.iter().find(|span| span.name == name).unwrap_or_else(|| panic!("no span `{name}`"));
    if span.parent_span_id.is_empty() {
        return None;
    }
    let is_parent = |other: &&Span| other.span_id == span.parent_span_id && other.trace_id == span.trace_id;
    let parent =
        spans.iter().find(is_parent).unwrap_or_else(|| panic!("the parent of `{name}` is not there"));
    Some(parent.name.clone())
}

/// Returns an attribute; a text that holds JSON as that.
pub(crate) fn attribute(span: &Span, key: &str) -> Value {
    value_of(&span.attributes, key)
}

/// Returns an attribute of an event likewise.
pub(crate) fn event_attribute(event: &Event, key: &str) -> Value {
    value_of(&event.attributes, key)
}

fn value_of(attributes: &[KeyValue], key: &str) -> Value {
    let found = attributes.iter().find(|attribute| attribute.key == key);
    json_of(found.and_then(|attribute| attribute.value.as_ref()?.value.as_ref()))
}

fn json_of(value: Option<&any_value::Value>) -> Value {
    match value {
        None => Value::Null,
        Some(any_value::Value::StringValue(text)) => {
            serde_json::from_str(text).unwrap_or_else(|_| Value::from(text.as_str()))
        }
        Some(any_value::Value::IntValue(number)) => (*number).into(),
        Some(any_value::Value::DoubleValue(number)) => (*number).into(),
        Some(any_value::Value::BoolValue(value)) => (*value).into(),
        Some(any_value::Value::ArrayValue(list)) => {
            list.values.iter().map(|value| json_of(value.value.as_ref())).collect()
        }
        Some(other) => panic!("{other:?}"),
    }
}

pub(crate) fn inputs(span: &Span) -> Value {
    attribute(span, spanwise::key::INPUTS)
}

pub(crate) fn outputs(span: &Span) -> Value {
    attribute(span, spanwise::key::OUTPUTS)
}

/// Returns the status: its message if it is an error.
pub(crate) fn failure(span: &Span) -> Option<&str> {
    span.status.as_ref().filter(|status| status.code == 2).map(|status| status.message.as_str())
}
