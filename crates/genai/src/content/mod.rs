//! What a person reads of a span: the conversation, the tools, the documents and the parameters.
//!
//! Bodies come in the shapes of many libraries and no attribute says reliably which. So a shape is known by its
//! keys, and each reader takes what it knows and leaves the rest:
//!
//! | where | what |
//! | --- | --- |
//! | [`body`] | finds messages in a request or response: envelopes such as `choices` or `contents` |
//! | [`message`] | reads one message, whoever wrote it |
//! | [`block`] | reads one part of a message: a table from its kind, or from its only key, to a reader |
//!
//! To teach it a shape, add a row to the table of that level.

mod block;
mod body;
mod json;
mod media;
mod message;
mod part;
mod preview;

pub use part::{Content, Document, Media, MediaKind, Message, Part, ToolCall, ToolDefinition, ToolResult};

pub use preview::preview_texts;

use crate::derive::Derived;
use body::{Side, conversation};
use json::body_tree;
use spanwise_otlp::{LogRecordView, SpanView};

/// Reads what `span` says, as a person wants to see it; `logs` are its log records and `derived` what
/// [`crate::derive()`] made of both.
///
/// A value that is no conversation gives no messages; it is still there in `inputs` or `outputs`.
pub fn read_content(_span: &SpanView<'_>, _logs: &[LogRecordView<'_>], derived: &Derived<'_>) -> Content {
    let inputs = derived.inputs.as_ref().map(body_tree);
    let outputs = derived.outputs.as_ref().map(body_tree);
    let input_messages = inputs.as_ref().and_then(|body| conversation(body, Side::Input));
    let output_messages = outputs.as_ref().and_then(|body| conversation(body, Side::Output));
    Content { inputs, outputs, input_messages, output_messages, ..Content::default() }
}
