//! Spring AI, whose prompts and completions are events or attributes by version.
//!
//! <https://docs.spring.io/spring-ai/reference/observability/index.html>

use super::{DetailKeys, Dialect, EventKeys, TypeKey, TypeMeaning};

pub(crate) const SPRING_AI: Dialect = Dialect {
    types: &[TypeKey { key: "spring.ai.kind", meaning: TypeMeaning::Of(KINDS) }],
    inputs: &[
        "spring.ai.tool.call.arguments",
        "db.vector.query.content",
        "spring.ai.chat.client.user.text",
        "spring.ai.chat.client.user-text",
    ],
    outputs: &["spring.ai.tool.call.result", "db.vector.query.response.documents"],
    events: &[
        EventKeys { name: "gen_ai.content.prompt", inputs: &["gen_ai.prompt"], outputs: &[] },
        EventKeys { name: "gen_ai.content.completion", inputs: &[], outputs: &["gen_ai.completion"] },
    ],
    sessions: &["spring.ai.chat.client.conversation.id"],
    system: &["spring.ai.chat.client.system.text"],
    details: DetailKeys { dimensions: &["gen_ai.request.embedding.dimensions"], ..DetailKeys::NONE },
    ..Dialect::NONE
};

const KINDS: &[(&str, &str)] =
    &[("chat_client", "CHAIN"), ("advisor", "CHAIN"), ("tool_call", "TOOL"), ("vector_store", "RETRIEVER")];
