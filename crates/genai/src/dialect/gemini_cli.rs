//! Gemini CLI, which writes the API's own contents into the keys of OpenTelemetry.
//!
//! <https://github.com/google-gemini/gemini-cli/blob/main/docs/cli/telemetry.md>

use super::{Dialect, EventKeys, Mark, TypeKey, TypeMeaning};
use crate::json::{Cursor, Node, write};
use crate::side::Side;
use spanwise_otlp::pyjson::rewrite_json;

pub(crate) const GEMINI_CLI: Dialect = Dialect {
    marks: &[Mark { key: "gen_ai.agent.name", values: &["gemini-cli"] }],
    types: &[TypeKey { key: "gen_ai.operation.name", meaning: TypeMeaning::Of(OPERATIONS) }],
    inputs: &["gen_ai.input.messages"],
    outputs: &["gen_ai.output.messages"],
    reshape: Some(as_api_body),
    format: Some("gemini"),
    events: &[
        EventKeys { name: "gemini_cli.user_prompt", inputs: &["prompt"], outputs: &[] },
        EventKeys { name: "gemini_cli.api_request", inputs: &["request_text"], outputs: &[] },
        EventKeys { name: "gemini_cli.api_response", inputs: &[], outputs: &["response_text"] },
    ],
    ..Dialect::NONE
};

const OPERATIONS: &[(&str, &str)] = &[
    ("llm_call", "LLM"),
    ("tool_call", "TOOL"),
    ("agent_call", "AGENT"),
    ("user_prompt", "AGENT"),
    ("schedule_tool_calls", "CHAIN"),
];

/// Puts contents into the request, and the parts of an answer into the response, where the API has them.
fn as_api_body(side: Side, value: Cursor<'_>) -> Option<String> {
    let mut text = String::new();
    match (side, value.node()) {
        (Side::Input, Node::List(_) | Node::Text(_)) => {
            text.push_str("{\"contents\": ");
            write::json(value, &mut text);
            text.push('}');
        }
        (Side::Output, Node::List(contents)) => {
            let parts = contents.filter_map(|content| content.get("parts")?.elements()).flatten();
            for part in parts {
                text.push_str(if text.is_empty() { OPENING } else { ", " });
                write::json(part, &mut text);
            }
            if text.is_empty() {
                return None;
            }
            text.push_str("]}}]}");
        }
        _ => return None,
    }
    // As MLflow's server writes it, since previews show it.
    let mut spaced = String::with_capacity(text.len());
    Some(if rewrite_json(&text, &mut spaced).is_ok() { spaced } else { text })
}

const OPENING: &str = "{\"candidates\": [{\"content\": {\"role\": \"model\", \"parts\": [";
