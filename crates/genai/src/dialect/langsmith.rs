//! LangSmith's OpenTelemetry form, also of what gateways write for it.
//!
//! <https://docs.langchain.com/langsmith/trace-with-opentelemetry>

use super::{DetailKeys, Dialect, TypeKey, TypeMeaning};

/// Runs whose kind says more than `gen_ai.operation.name`, where LangSmith calls a prompt template a chat and a
/// retriever an embedding.
pub(crate) const KINDS: Dialect = Dialect {
    types: &[TypeKey { key: "langsmith.span.kind", meaning: TypeMeaning::Of(RUN_TYPES) }],
    ..Dialect::NONE
};

const RUN_TYPES: &[(&str, &str)] = &[
    ("chain", "CHAIN"),
    ("prompt", "CHAIN"),
    ("tool", "TOOL"),
    ("retriever", "RETRIEVER"),
    ("embedding", "EMBEDDING"),
    ("parser", "PARSER"),
];

pub(crate) const LANGSMITH: Dialect = Dialect {
    types: &[TypeKey { key: "langsmith.span.kind", meaning: TypeMeaning::Of(&[("llm", "LLM")]) }],
    inputs: &["gen_ai.prompt"],
    outputs: &["gen_ai.completion"],
    models: &["langsmith.metadata.ls_model_name"],
    providers: &["langsmith.metadata.ls_provider"],
    sessions: &[
        "langsmith.metadata.session_id",
        "langsmith.metadata.thread_id",
        "langsmith.metadata.conversation_id",
    ],
    users: &["langsmith.metadata.user_id"],
    details: DetailKeys {
        asked_models: &["langsmith.metadata.ls_model_name"],
        prompts: &["langsmith.metadata.lc_hub_repo"],
        prompt_versions: &["langsmith.metadata.lc_hub_commit_hash"],
        ..DetailKeys::NONE
    },
    ..Dialect::NONE
};
