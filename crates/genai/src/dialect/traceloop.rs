//! Traceloop and OpenLLMetry, with the flat messages of earlier versions, which others took over.
//!
//! <https://github.com/traceloop/openllmetry>

use super::{DetailKeys, Dialect, TypeKey, TypeMeaning, UsageKeys};

pub(crate) const TRACELOOP: Dialect = Dialect {
    types: &[
        TypeKey { key: "traceloop.span.kind", meaning: TypeMeaning::Of(SPAN_KINDS) },
        TypeKey { key: "llm.request.type", meaning: TypeMeaning::Of(REQUEST_TYPES) },
    ],
    inputs: &["traceloop.entity.input"],
    outputs: &["traceloop.entity.output"],
    input_pieces: &["gen_ai.prompt.#.content", "gen_ai.completion.#.tool_calls.#.arguments"],
    output_pieces: &["gen_ai.completion.#.content"],
    flat_inputs: &["gen_ai.prompt."],
    flat_outputs: &["gen_ai.completion."],
    flat_tools: &["llm.request.functions"],
    // The names that the convention of OpenTelemetry had at first, too.
    usage: UsageKeys {
        input: &["gen_ai.usage.prompt_tokens"],
        output: &["gen_ai.usage.completion_tokens"],
        total: &["llm.usage.total_tokens"],
        more_cache_read: &["gen_ai.usage.cache_read_input_tokens"],
        more_cache_creation: &["gen_ai.usage.cache_creation_input_tokens"],
        ..UsageKeys::NONE
    },
    sessions: &[
        "traceloop.association.properties.session_id",
        "traceloop.association.properties.conversation_id",
        "traceloop.association.properties.thread_id",
    ],
    users: &["traceloop.association.properties.user_id", "gen_ai.user", "llm.user"],
    details: DetailKeys {
        prompts: &["traceloop.prompt.key"],
        prompt_versions: &["traceloop.prompt.version"],
        templates: &["traceloop.prompt.template"],
        template_versions: &["traceloop.prompt.version_name"],
        template_variables: &["traceloop.prompt.template_variables"],
        finish_reasons: &["llm.response.finish_reason", "llm.response.stop_reason"],
        first_events: &["llm.content.completion.chunk"],
        reasoning_tokens: &["llm.usage.reasoning_tokens"],
        ..DetailKeys::NONE
    },
    ..Dialect::NONE
};

/// Requests that are no calls of a language model, though they name one.
const REQUEST_TYPES: &[(&str, &str)] = &[("embedding", "EMBEDDING"), ("rerank", "RERANKER")];

const SPAN_KINDS: &[(&str, &str)] = &[
    ("workflow", "WORKFLOW"),
    ("task", "TASK"),
    ("agent", "AGENT"),
    ("tool", "TOOL"),
    ("unknown", "UNKNOWN"),
];
