//! VoltAgent.
//!
//! <https://voltagent.dev/docs/observability/>

use super::{DetailKeys, Dialect, Mark, TypeKey, TypeMeaning, UsageKeys};

pub(crate) const FORMAT: Dialect = Dialect {
    marks: &[Mark::any("voltagent.operation_id"), Mark::any("voltagent.conversation_id")],
    format: Some("voltagent"),
    ..Dialect::NONE
};

pub(crate) const VOLTAGENT: Dialect = Dialect {
    types: &[
        TypeKey { key: "span.type", meaning: TypeMeaning::Of(KINDS) },
        TypeKey { key: "entity.type", meaning: TypeMeaning::Of(KINDS) },
    ],
    inputs: &["agent.messages", "llm.messages", "input"],
    outputs: &["output"],
    input_messages: &["llm.messages", "agent.messages"],
    usage: UsageKeys {
        input: &["usage.prompt_tokens", "llm.usage.prompt_tokens"],
        output: &["usage.completion_tokens", "llm.usage.completion_tokens"],
        total: &["usage.total_tokens", "llm.usage.total_tokens"],
        more_cache_read: &["usage.cached_tokens", "llm.usage.cached_tokens"],
        ..UsageKeys::NONE
    },
    models: &["llm.model", "ai.model.name"],
    sessions: &["conversation.id", "voltagent.conversation_id"],
    details: DetailKeys {
        agents: &["entity.name"],
        finish_reasons: &["llm.finish_reason", "ai.response.finish_reason"],
        reasoning_tokens: &["usage.reasoning_tokens", "llm.usage.reasoning_tokens"],
        ..DetailKeys::NONE
    },
    ..Dialect::NONE
};

const KINDS: &[(&str, &str)] = &[
    ("agent", "AGENT"),
    ("llm", "LLM"),
    ("tool", "TOOL"),
    ("memory", "MEMORY"),
    ("retriever", "RETRIEVER"),
    ("embedding", "EMBEDDING"),
    ("vector", "RETRIEVER"),
    ("guardrail", "GUARDRAIL"),
    ("middleware", "CHAIN"),
    ("workflow", "WORKFLOW"),
    ("workflow-step", "TASK"),
    ("summary", "CHAIN"),
];
