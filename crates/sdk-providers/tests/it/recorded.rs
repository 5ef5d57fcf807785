//! An installed SDK whose spans stay in the test.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, any_value};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use serde_json::{Map, Value, json};
use spanwise_sdk_core::{Accepted, Config, ExportError, Exporter, Request, Sdk};
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
        let one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
        let requests = Requests::default();
        let exporter = requests.clone();
        let config = Config::new().exporter("test", move || Box::new(exporter.clone()));
        Recorded { sdk: config.install().unwrap(), requests, _one: one }
    }

    /// Returns the spans since the last time.
    pub(crate) fn take(&self) -> Vec<Value> {
        self.sdk.flush(Duration::from_secs(30)).unwrap();
        let requests = std::mem::take(&mut *self.requests.0.lock().unwrap());
        let requests = requests.iter().map(|bytes| ExportTraceServiceRequest::decode(&bytes[..]).unwrap());
        let resources = requests.flat_map(|request| request.resource_spans);
        let spans = resources.flat_map(|resource| resource.scope_spans).flat_map(|scope| scope.spans);
        spans.map(|span| plain(&span)).collect()
    }
}

/// Returns what matters of a span, as JSON.
fn plain(span: &Span) -> Value {
    let mut attributes = Map::new();
    for attribute in &span.attributes {
        let value = attribute.value.as_ref().map(plain_value).unwrap_or_default();
        attributes.insert(attribute.key.clone(), value);
    }
    // They are different each time.
    if let Some(seconds) = attributes.get_mut("gen_ai.response.time_to_first_chunk") {
        assert!(seconds.as_f64().unwrap() >= 0.0);
        *seconds = "some seconds".into();
    }
    let status = span.status.clone().unwrap_or_default();
    let error = (status.code == 2).then_some(status.message);
    json!({"name": span.name, "kind": span.kind, "error": error, "attributes": attributes})
}

/// Returns a value; a text that holds JSON as that.
fn plain_value(value: &AnyValue) -> Value {
    match &value.value {
        Some(any_value::Value::StringValue(text)) if text.starts_with(['{', '[']) => {
            serde_json::from_str(text).unwrap_or_else(|_| text.as_str().into())
        }
        Some(any_value::Value::StringValue(text)) => text.as_str().into(),
        Some(any_value::Value::IntValue(number)) => (*number).into(),
        Some(any_value::Value::DoubleValue(number)) => (*number).into(),
        Some(any_value::Value::BoolValue(value)) => (*value).into(),
        Some(any_value::Value::ArrayValue(list)) => list.values.iter().map(plain_value).collect(),
        other => panic!("{other:?}"),
    }
}
