//! What a message says: the name and attributes of its span, what went in and came out, and how it failed.
//!
//! Messages are read in the form they have on the wire, which is the same for both roles and for methods that `rmcp` does
//! not know.

use super::connection::Network;
use super::content;
use crate::propagation;
use crate::{AttributeValue, Kind, Parent, Span, SpanBuilder, SpanContext, SpanRef, StartOptions, key};
use rmcp::ErrorData;
use rmcp::model::{MetaObject, NumberOrString, ProgressToken, RequestId};
use serde::Serialize;
use serde_json::{Map, Value};

/// Bytes of what went wrong that go into the status of a span. Of a tool's text, outputs have all.
const ERROR_TEXT_BYTES_MAX: usize = 4 << 10;
/// Bytes of each parameter of a notification that go into its event.
const EVENT_TEXT_BYTES_MAX: usize = 4 << 10;

pub(super) const INITIALIZE: &str = "initialize";
const CALL_TOOL: &str = "tools/call";
const GET_PROMPT: &str = "prompts/get";
const PROTOCOL_VERSION: &str = "protocolVersion";
/// In `_meta`: later versions say with each request which one it is.
const META_PROTOCOL_VERSION: &str = "io.modelcontextprotocol/protocolVersion";

/// A request or a notification.
pub(super) struct Message {
    pub(super) method: String,
    params: Map<String, Value>,
    meta: MetaObject,
}

/// A notification that belongs to a request.
pub(super) enum Note {
    Cancelled(RequestId),
    Progress(ProgressToken),
    Log,
}

impl Message {
    /// Reads a message; `None` if it has no form on the wire, in which case it will not be sent either.
    pub(super) fn read(message: &impl Serialize) -> Option<Message> {
        let Ok(Value::Object(mut fields)) = serde_json::to_value(message) else { return None };
        let Some(Value::String(method)) = fields.remove("method") else { return None };
        let mut params = match fields.remove("params") {
            Some(Value::Object(params)) => params,
            _ => Map::new(),
        };
        let meta = match params.remove("_meta") {
            Some(Value::Object(meta)) => MetaObject(meta),
            _ => MetaObject::new(),
        };
        Some(Message { method, params, meta })
    }

    /// Makes a message of a method and its parameters.
    #[cfg(feature = "rmcp-http-server")]
    pub(super) fn of(method: &str, params: &impl Serialize) -> Option<Message> {
        let mut params = match serde_json::to_value(params).ok()? {
            Value::Object(params) => params,
            _ => Map::new(),
        };
        params.remove("_meta");
        Some(Message { method: method.to_owned(), params, meta: MetaObject::new() })
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.params.get(key).and_then(Value::as_str)
    }

    /// Returns the span that the message names as its caller.
    pub(super) fn caller(&self) -> SpanRef {
        caller(&self.meta)
    }

    /// Adds what `rmcp` keeps apart from a request that it has received.
    pub(super) fn take_meta(&mut self, meta: &MetaObject) {
        self.meta.0.extend(meta.0.clone());
    }

    /// Returns the token that notifications about its progress will have.
    pub(super) fn progress_token(&self) -> Option<ProgressToken> {
        id(self.meta.0.get("progressToken")?).map(ProgressToken)
    }

    /// Returns what request it belongs to, if it is a notification that does.
    pub(super) fn note(&self) -> Option<Note> {
        match self.method.as_str() {
            "notifications/cancelled" => id(self.params.get("requestId")?).map(Note::Cancelled),
            "notifications/progress" => {
                id(self.params.get("progressToken")?).map(|token| Note::Progress(ProgressToken(token)))
            }
            "notifications/message" => Some(Note::Log),
            _ => None,
        }
    }

    /// Returns why a request is cancelled.
    pub(super) fn reason(&self) -> Option<&str> {
        self.text("reason")
    }

    /// Adds a notification to a span, with its parameters as attributes.
    pub(super) fn add_to(&self, span: &SpanRef) {
        if !span.is_recording() {
            return;
        }
        let told: Vec<(&str, String)> = self
            .params
            .iter()
            .map(|(key, value)| (key.as_str(), cut(plain(value), EVENT_TEXT_BYTES_MAX)))
            .collect();
        let attributes: Vec<(&str, &dyn AttributeValue)> =
            told.iter().map(|(key, value)| (*key, value as &dyn AttributeValue)).collect();
        span.add_event(&self.method, &attributes);
    }

    /// Starts the span of a request.
    pub(super) fn start(&self, id: &RequestId, kind: Kind, parent: &SpanRef, network: &Network) -> Span {
        let target = match self.method.as_str() {
            CALL_TOOL => self.text("name").map(|name| ("gen_ai.tool.name", name)),
            GET_PROMPT => self.text("name").map(|name| ("gen_ai.prompt.name", name)),
            _ => None,
        };
        let name = match target {
            Some((_, target)) => format!("{} {target}", self.method),
            None => self.method.clone(),
        };
        let mut builder =
            SpanBuilder::with(&name, StartOptions { parent: Parent::Of(parent), sampling: None })
                .kind(kind)
                .attribute("mcp.method.name", &self.method)
                .attribute("jsonrpc.request.id", id.to_string());
        if self.method == CALL_TOOL {
            builder = builder.span_type("TOOL").attribute("gen_ai.operation.name", "execute_tool");
        }
        if let Some((key, target)) = target {
            builder = builder.attribute(key, target);
        }
        if let Some(uri) = self.text("uri") {
            builder = builder.attribute("mcp.resource.uri", uri);
        }
        if builder.is_recording()
            && let Some(inputs) = self.inputs()
        {
            builder = builder.text(key::INPUTS, |out| content::write(&inputs, out));
        }
        builder = network.attributes().fold(builder, |builder, (key, value)| builder.attribute(key, value));
        // After what the connection knows: the last value of a key is kept.
        if let Some(version) = self.meta.0.get(META_PROTOCOL_VERSION).and_then(Value::as_str) {
            builder = builder.attribute("mcp.protocol.version", version);
        }
        builder.start()
    }

    fn inputs(&self) -> Option<Value> {
        if matches!(self.method.as_str(), CALL_TOOL | GET_PROMPT) {
            return Some(self.params.get("arguments").cloned().unwrap_or_else(|| Map::new().into()));
        }
        (!self.params.is_empty()).then(|| self.params.clone().into())
    }
}

/// Records what a request gave, and returns the version of the protocol if that was negotiated with it.
pub(super) fn record_result(span: &SpanRef, method: &str, result: &impl Serialize) -> Option<String> {
    if !span.is_recording() && method != INITIALIZE {
        return None;
    }
    let Ok(Value::Object(mut result)) = serde_json::to_value(result) else { return None };
    let version = result
        .get(PROTOCOL_VERSION)
        .filter(|_| method == INITIALIZE)
        .and_then(Value::as_str)
        .map(str::to_owned);
    if let Some(version) = &version {
        span.set_attribute("mcp.protocol.version", version);
    }
    result.remove("_meta");
    // It says what the kind of the result is, which its fields say too.
    result.remove("resultType");
    if method == CALL_TOOL && result.remove("isError") == Some(Value::Bool(true)) {
        span.set_attribute("error.type", "tool_error");
        span.set_error(&tool_error(&result));
    }
    let outputs = if method == CALL_TOOL { tool_outputs(result) } else { Value::Object(result) };
    if outputs != Value::Object(Map::new()) {
        span.set_text(key::OUTPUTS, |out| content::write(&outputs, out));
    }
    version
}

/// Records a JSON-RPC error.
pub(super) fn record_error(span: &SpanRef, error: &ErrorData) {
    let code = error.code.0.to_string();
    span.set_attribute("rpc.response.status_code", &code);
    span.set_attribute("error.type", &code);
    if let Some(data) = &error.data {
        span.set_text(key::OUTPUTS, |out| content::write(data, out));
    }
    let message = cut(error.message.to_string(), ERROR_TEXT_BYTES_MAX);
    span.record_exception(&format!("JSON-RPC error {code}"), &[message]);
}

/// Says on a span why its request has no answer.
pub(super) fn record_end(span: &SpanRef, error_type: &str, message: &str) {
    span.set_attribute("error.type", error_type);
    span.set_error(&cut(message.to_owned(), ERROR_TEXT_BYTES_MAX));
}

/// Returns the span that `_meta` names.
pub(super) fn caller(meta: &MetaObject) -> SpanRef {
    let parent = meta.get_traceparent().and_then(|parent| SpanContext::parse(parent, meta.get_tracestate()));
    parent.map_or_else(SpanRef::none, SpanRef::remote)
}

/// Names a span in `_meta`.
pub(super) fn inject(span: &SpanRef, meta: &mut MetaObject) {
    propagation::inject(span, |name, value| {
        meta.0.insert(name.to_owned(), Value::from(value));
    });
}

/// Returns the version of the protocol in what the other side said of itself.
pub(super) fn protocol_version(info: &impl Serialize) -> Option<String> {
    match serde_json::to_value(info).ok()?.get_mut(PROTOCOL_VERSION)?.take() {
        Value::String(version) => Some(version),
        _ => None,
    }
}

fn id(value: &Value) -> Option<NumberOrString> {
    match value {
        Value::Number(number) => number.as_i64().map(NumberOrString::Number),
        Value::String(text) => Some(NumberOrString::String(text.as_str().into())),
        _ => None,
    }
}

/// Texts without quotes, everything else as JSON.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// What a program would take from a tool: its structured content, else its text, if it has nothing else.
fn tool_outputs(mut result: Map<String, Value>) -> Value {
    let blocks = result.get("content").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if blocks.iter().any(|block| block["type"] != "text") {
        return result.into();
    }
    if let Some(structured) = result.remove("structuredContent") {
        return structured;
    }
    match result.get_mut("content").and_then(Value::as_array_mut).map(Vec::as_mut_slice) {
        Some([block]) => block["text"].take(),
        _ => result.into(),
    }
}

fn tool_error(result: &Map<String, Value>) -> String {
    let blocks = result.get("content").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let texts: Vec<&str> = blocks.iter().filter_map(|block| block["text"].as_str()).collect();
    if texts.is_empty() {
        return "the tool says that it failed, and not why".to_owned();
    }
    cut(texts.join("\n"), ERROR_TEXT_BYTES_MAX)
}

/// Cuts a text that the other side may have made as long as it likes, and says so.
fn cut(mut text: String, bytes_max: usize) -> String {
    let bytes = text.len();
    if bytes > bytes_max {
        text.truncate(text.floor_char_boundary(bytes_max));
        text.push_str(&format!("… ({} of {bytes} bytes)", text.len()));
    }
    text
}
