//! OpenInference, as Arize's instrumentors write it.
//!
//! <https://github.com/Arize-ai/openinference/blob/main/spec/semantic_conventions.md>

use super::{CostKeys, DetailKeys, Dialect, TypeKey, TypeMeaning, UsageKeys};

pub(crate) const OPEN_INFERENCE: Dialect = Dialect {
    types: &[TypeKey { key: "openinference.span.kind", meaning: TypeMeaning::Of(SPAN_KINDS) }],
    inputs: &["input.value"],
    outputs: &["output.value"],
    flat_inputs: &["llm.input_messages."],
    flat_outputs: &["llm.output_messages."],
    listed_tools: &["llm.tools"],
    flat_tools: &["llm.tools"],
    request_parts: &["llm.invocation_parameters"],
    parameter_maps: &["llm.invocation_parameters", "embedding.invocation_parameters"],
    // What a reranker returns comes before what it got.
    flat_documents: &["retrieval.documents", "reranker.output_documents"],
    usage: UsageKeys {
        input: &["llm.token_count.prompt"],
        output: &["llm.token_count.completion"],
        total: &["llm.token_count.total"],
        cache_read: &["llm.token_count.prompt_details.cache_read"],
        cache_creation: &["llm.token_count.prompt_details.cache_write"],
        ..UsageKeys::NONE
    },
    cost: CostKeys {
        input: &["llm.cost.prompt"],
        output: &["llm.cost.completion"],
        total: &["llm.cost.total"],
        ..CostKeys::NONE
    },
    models: &["llm.response.model_name", "llm.model_name", "llm.request.model_name", "embedding.model_name"],
    providers: &["llm.provider"],
    sessions: &["session.id"],
    users: &["user.id"],
    details: DetailKeys {
        agents: &["agent.name"],
        prompts: &["prompt.id"],
        prompt_versions: &["prompt.version"],
        templates: &["llm.prompt_template.template"],
        template_versions: &["llm.prompt_template.version"],
        template_variables: &["llm.prompt_template.variables"],
        finish_reasons: &["llm.finish_reason"],
        reasoning_tokens: &["llm.token_count.completion_details.reasoning"],
        audio_input_tokens: &["llm.token_count.prompt_details.audio"],
        audio_output_tokens: &["llm.token_count.completion_details.audio"],
        first_events: &["First Token Stream Event"],
        vectors: &["embedding.embeddings.#.embedding.vector"],
        ..DetailKeys::NONE
    },
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
    ("PROMPT", "CHAIN"),
    ("UNKNOWN", "UNKNOWN"),
];
