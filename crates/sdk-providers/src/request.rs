//! What a request asks for, in one form for all providers.

use crate::call::Options;
use crate::protocol::Operation;
use serde_json::Value;
use spanwise_sdk_core::SpanRef;

/// What a request asks for.
#[derive(Debug, Default)]
pub(crate) struct Request {
    /// Where the body says so, and not only the path.
    pub(crate) operation: Option<Operation>,
    pub(crate) model: Option<String>,
    pub(crate) is_stream: bool,
    /// Parameters and the like, by the keys of their attributes.
    pub(crate) attributes: Vec<(&'static str, Value)>,
    /// What the system says beside the messages, as parts.
    pub(crate) system: Vec<Value>,
    pub(crate) messages: Vec<Value>,
    pub(crate) tools: Vec<Value>,
    /// What goes in, where that is no conversation.
    pub(crate) inputs: Option<Value>,
    /// What a reranker is given, of which it answers the places alone.
    pub(crate) documents: Vec<Value>,
}

impl Request {
    /// Keeps what the response is read with.
    pub(crate) fn drop_contents(&mut self) {
        for list in [&mut self.system, &mut self.messages, &mut self.tools] {
            *list = Vec::new();
        }
        self.inputs = None;
    }

    pub(crate) fn write(&self, span: &SpanRef, options: Options) {
        if let Some(model) = &self.model {
            span.set_attribute("gen_ai.request.model", model.as_str());
        }
        if self.is_stream {
            span.set_attribute("gen_ai.request.stream", true);
        }
        for (key, value) in &self.attributes {
            put(span, key, value);
        }
        if !options.content {
            return;
        }
        put_list(span, "gen_ai.system_instructions", &self.system);
        put_list(span, "gen_ai.input.messages", &self.messages);
        put_list(span, "gen_ai.tool.definitions", &self.tools);
        match &self.inputs {
            Some(Value::String(text)) => span.set_inputs(text.as_str()),
            Some(inputs) => span.set_inputs(inputs.to_string()),
            None => {}
        }
    }
}

/// Sets a list as JSON, if there is something in it.
pub(crate) fn put_list(span: &SpanRef, key: &str, list: &[Value]) {
    if !list.is_empty() {
        span.set_attribute(key, json_text(list));
    }
}

pub(crate) fn json_text(list: &[Value]) -> String {
    // Values of JSON can always be written as JSON.
    serde_json::to_string(list).unwrap_or_default()
}

/// Sets a value as what it is; maps and mixed lists as JSON.
pub(crate) fn put(span: &SpanRef, key: &str, value: &Value) {
    match value {
        Value::Null => {}
        Value::Bool(flag) => span.set_attribute(key, *flag),
        Value::String(text) => span.set_attribute(key, text.as_str()),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(number), _) => span.set_attribute(key, number),
            (None, number) => span.set_attribute(key, number.unwrap_or_default()),
        },
        Value::Array(list) => match list.iter().map(Value::as_str).collect::<Option<Vec<_>>>() {
            Some(texts) => span.set_attribute(key, texts),
            None => span.set_attribute(key, json_text(list)),
        },
        Value::Object(_) => span.set_attribute(key, value.to_string()),
    }
}
