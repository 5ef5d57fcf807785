//! Where the messages are in a request or a response.

use super::json::{list_at, map_at};
use super::message::read_message;
use super::part::Message;
use serde_json::Value;

/// Which way a body went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// To the model.
    Input,
    /// From the model.
    Output,
}

/// Returns the conversation in a body; `None` if it is none.
pub(crate) fn conversation(body: &Value, _side: Side) -> Option<Vec<Message>> {
    match body {
        Value::Array(list) => read_list(list),
        _ => list_at(body, &["messages", "choices"])
            .and_then(read_list)
            .or_else(|| read_message(body).map(|message| vec![message]))
            .or_else(|| map_at(body, &["message"]).and_then(read_message).map(|message| vec![message])),
    }
}

/// Reads a list in which every element is a message.
fn read_list(list: &[Value]) -> Option<Vec<Message>> {
    let messages: Option<Vec<_>> = list.iter().map(read_message).collect();
    messages.filter(|messages| !messages.is_empty())
}
