//! What a person reads of a span: the conversation, the tools, the documents and the parameters.
//!
//! Bodies come in the shapes of many libraries and no attribute says reliably which. So a shape is known by its
//! keys, and each reader takes what it knows and leaves the rest:
//!
//! | where | what |
//! | --- | --- |
//! | `body` | finds messages in a request or response: envelopes such as `choices` or `contents` |
//! | `source` | the attributes that hold messages beside inputs and outputs |
//! | `flat` | puts attributes such as `llm.input_messages.0.message.role` together again |
//! | `item` | reads a list of messages, and the items that some APIs have in their place |
//! | `message` | reads one message, whoever wrote it |
//! | `block` | reads one part of a message: a table from its kind, or from its only key, to a reader |
//! | `tool`, `document`, `parameter`, `detail` | what is beside the messages |
//!
//! To teach it a shape, add a row to the table of that level.

mod block;
mod body;
mod detail;
mod document;
mod flat;
mod item;
mod json;
mod link;
mod media;
mod message;
mod parameter;
mod part;
mod preview;
mod source;
mod tool;

pub use part::{
    Content, Details, Document, Media, MediaKind, Message, Part, Prompt, PromptTemplate, ToolCall,
    ToolDefinition, ToolResult,
};

pub(crate) use preview::{Shape, side_text};
pub use preview::{preview_texts, whole_texts};
pub(crate) use source::flat_messages;

use crate::derive::Derived;
use crate::side::Side;
use detail::{read_details, read_template};
use document::read_documents;
use json::body_tree;
use parameter::read_parameters;
use serde_json::Value;
use source::{located, messages};
use spanwise_otlp::{LogRecordView, SpanView};
use tool::read_tools;

/// Reads what `span` says, as a person wants to see it; `derived` is what [`crate::derive()`] made of it and of its
/// log records, `logs`.
///
/// A value that is no conversation gives no messages; it is still there in `inputs` or `outputs`.
pub fn read_content(span: &SpanView<'_>, logs: &[LogRecordView<'_>], derived: &Derived<'_>) -> Content {
    let is_call = is_model_call(derived);
    let body = |side| located(derived, side).map(body_tree).filter(|body| !is_null(body));
    let (inputs, outputs) = (body(Side::Input), body(Side::Output));
    Content {
        input_messages: messages(span, logs, inputs.as_ref(), Side::Input, is_call),
        output_messages: messages(span, logs, outputs.as_ref(), Side::Output, is_call),
        tools: read_tools(span, logs, derived, inputs.as_ref()),
        documents: read_documents(span, outputs.as_ref(), is_retrieval(derived)),
        template: read_template(span),
        parameters: read_parameters(span, inputs.as_ref()),
        details: read_details(span, outputs.as_ref().filter(|_| derived.span_type() == "EMBEDDING")),
        inputs,
        outputs,
    }
}

/// MLflow's client writes `null` as a text where there is nothing.
fn is_null(body: &Value) -> bool {
    body.is_null() || body == "null"
}

/// Returns whether the span is the call of a model, whose plain texts are messages too.
fn is_model_call(derived: &Derived<'_>) -> bool {
    matches!(derived.span_type(), "LLM" | "CHAT_MODEL")
}

/// Returns whether the span returns documents.
fn is_retrieval(derived: &Derived<'_>) -> bool {
    matches!(derived.span_type(), "RETRIEVER" | "RERANKER")
}
