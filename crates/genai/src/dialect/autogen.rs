//! AutoGen and its successor AG2.
//!
//! <https://microsoft.github.io/autogen/stable/user-guide/core-user-guide/framework/telemetry.html>

use super::{DetailKeys, Dialect, Mark, TypeKey, TypeMeaning, UsageKeys};

/// AG2's spans that sum up what a call beside them used.
pub(crate) const USAGE: Dialect = Dialect {
    marks: &[Mark { key: "ag2.span.type", values: &["usage"] }],
    repeats_usage: true,
    ..Dialect::NONE
};

/// The runtime's spans that handle a message; what it is, is a common word.
pub(crate) const RUNTIME: Dialect = Dialect {
    marks: &[
        Mark::any("recipient_agent_class"),
        Mark::any("sender_agent_class"),
        Mark::any("message_context"),
    ],
    scopes: &["autogen"],
    types: &[TypeKey {
        key: "recipient_agent_class",
        meaning: TypeMeaning::Ending(&[("GroupChatManager", "WORKFLOW"), ("", "AGENT")]),
    }],
    inputs: &["message"],
    ..Dialect::NONE
};

pub(crate) const AUTOGEN: Dialect = Dialect {
    types: &[TypeKey { key: "ag2.span.type", meaning: TypeMeaning::Of(AG2) }],
    // The runtime's own spans: an agent takes up a message, or one is sent.
    names: &[
        ("autogen process ", "AGENT"),
        ("autogen create ", "TASK"),
        ("autogen send ", "TASK"),
        ("autogen publish ", "TASK"),
        ("autogen receive ", "TASK"),
        ("autogen intercept ", "TASK"),
        ("autogen ack", "TASK"),
        ("autogen ", "TASK"),
    ],
    usage: UsageKeys { total: &["ag2.usage.total_tokens"], ..UsageKeys::NONE },
    details: DetailKeys { agents: &["messaging.destination"], ..DetailKeys::NONE },
    ..Dialect::NONE
};

const AG2: &[(&str, &str)] = &[
    ("conversation", "WORKFLOW"),
    ("multi_conversation", "WORKFLOW"),
    ("agent", "AGENT"),
    ("llm", "CHAT_MODEL"),
    ("tool", "TOOL"),
    ("code_execution", "TOOL"),
    ("human_input", "TASK"),
    ("speaker_selection", "CHAIN"),
    ("usage", "TASK"),
    ("handoff", "TASK"),
];
