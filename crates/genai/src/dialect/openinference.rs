//! OpenInference, as Arize's instrumentors write it.
//!
//! <https://github.com/Arize-ai/openinference/blob/main/spec/semantic_conventions.md>

use super::{Dialect, TypeKey, TypeMeaning, UsageKeys};

pub(crate) const OPEN_INFERENCE: Dialect = Dialect {
    types: &[TypeKey { key: "openinference.span.kind", meaning: TypeMeaning::Of(SPAN_KINDS) }],
    inputs: &["input.value"],
    outputs: &["output.value"],
    usage: UsageKeys {
        input: &["llm.token_count.prompt"],
        output: &["llm.token_count.completion"],
        total: &["llm.token_count.total"],
        cache_read: &["llm.token_count.prompt_details.cache_read"],
        cache_creation: &["llm.token_count.prompt_details.cache_write"],
        ..UsageKeys::NONE
    },
    models: &["llm.response.model_name", "llm.model_name", "llm.request.model_name", "embedding.model_name"],
    providers: &["llm.provider"],
    sessions: &["session.id"],
    users: &["user.id"],
    ..Dialect::NONE
};

const SPAN_KINDS: &[(&str, &str)] = &[
    ("TOOL", "TOOL"),
    ("CHAIN", "CHAIN"),
    ("LLM", "LLM"),
    ("RETRIEVER", "RETRIEVER"),
    ("EMBEDDING", "EMBEDDING"),
    ("AGENT", "AGENT"),
    ("RERANKER", "RERANKER"),
    ("GUARDRAIL", "GUARDRAIL"),
    ("EVALUATOR", "EVALUATOR"),
    ("UNKNOWN", "UNKNOWN"),
];
