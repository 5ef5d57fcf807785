//! What only the whole conversation tells: which tool a result is of.

use super::part::{Message, Part};
use std::collections::HashMap;

/// Names the tool of each result that has only the id of its call, and gives messages that hold nothing but results
/// to the tool: some APIs let the user say them.
pub(crate) fn link(messages: &mut [Message]) {
    let mut names: HashMap<String, String> = HashMap::new();
    for message in messages {
        for part in &mut message.parts {
            match part {
                Part::ToolCall(call) => {
                    if let Some(id) = &call.id {
                        names.insert(id.clone(), call.name.clone());
                    }
                }
                Part::ToolResult(result) if result.name.is_none() => {
                    result.name = result.id.as_ref().and_then(|id| names.get(id)).cloned();
                }
                _ => {}
            }
        }
        let is_result = |part: &Part| matches!(part, Part::ToolResult(_));
        if message.role == "user" && !message.parts.is_empty() && message.parts.iter().all(is_result) {
            "tool".clone_into(&mut message.role);
        }
    }
}
