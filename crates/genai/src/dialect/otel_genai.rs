//! OpenTelemetry's semantic conventions for generative AI, with the names that earlier versions used.
//!
//! Message events are read in [`crate::event`]. Operations that MLflow does not translate are in
//! [`super::hint::OPERATIONS`].
//! <https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/>

use super::{DetailKeys, Dialect, TypeKey, TypeMeaning, Unit, UsageKeys};

pub(crate) const OTEL_GENAI: Dialect = Dialect {
    types: &[TypeKey { key: "gen_ai.operation.name", meaning: TypeMeaning::Of(OPERATIONS) }],
    inputs: &["gen_ai.input.messages", "gen_ai.tool.call.arguments"],
    outputs: &["gen_ai.output.messages", "gen_ai.tool.call.result"],
    input_messages: &["gen_ai.input.messages"],
    output_messages: &["gen_ai.output.messages"],
    system: &["gen_ai.system_instructions"],
    usage: UsageKeys {
        input: &["gen_ai.usage.input_tokens"],
        output: &["gen_ai.usage.output_tokens"],
        cache_read: &["gen_ai.usage.cache_read.input_tokens"],
        cache_creation: &[
            "gen_ai.usage.cache_write.input_tokens",
            "gen_ai.usage.cache_creation.input_tokens",
        ],
        // What libraries wrote before the convention had a name.
        more_cache_read: &[
            "gen_ai.usage.cache_read_input_tokens",
            "gen_ai.usage.cached_input_tokens",
            "gen_ai.usage.details.cache_read_input_tokens",
            "gen_ai.usage.details.cache_read_tokens",
            "gen_ai.usage.input_tokens.cached",
        ],
        more_cache_creation: &[
            "gen_ai.usage.cache_creation_input_tokens",
            "gen_ai.usage.cache_write_input_tokens",
            "gen_ai.usage.details.cache_creation_input_tokens",
            "gen_ai.usage.details.cache_write_tokens",
        ],
        ..UsageKeys::NONE
    },
    tools: &["gen_ai.tool.definitions"],
    parameter_prefixes: &["gen_ai.request."],
    models: &["gen_ai.response.model", "gen_ai.request.model"],
    providers: &["gen_ai.provider.name", "gen_ai.system"],
    sessions: &["gen_ai.conversation.id"],
    details: DetailKeys {
        agents: &["gen_ai.agent.name", "gen_ai.agent.id"],
        prompts: &["gen_ai.prompt.name"],
        template_variables: &["gen_ai.prompt.variable."],
        prompt_versions: &["gen_ai.prompt.version"],
        asked_models: &["gen_ai.request.model"],
        finish_reasons: &["gen_ai.response.finish_reasons", "gen_ai.response.finish_reason"],
        first_token: &[
            ("gen_ai.response.time_to_first_chunk", Unit::Seconds),
            ("gen_ai.client.operation.time_to_first_chunk", Unit::Seconds),
        ],
        first_events: &["gen_ai.content.completion.chunk"],
        reasoning_tokens: &["gen_ai.usage.reasoning.output_tokens", "gen_ai.usage.reasoning_tokens"],
        audio_input_tokens: &["gen_ai.usage.audio.input_tokens"],
        audio_output_tokens: &["gen_ai.usage.audio.output_tokens"],
        image_input_tokens: &["gen_ai.usage.image.input_tokens"],
        image_output_tokens: &["gen_ai.usage.image.output_tokens"],
        service_tiers: &[
            "openai.response.service_tier",
            "gen_ai.openai.response.service_tier",
            "anthropic.response.service_tier",
            "gen_ai.response.service_tier",
            "openai.request.service_tier",
            "gen_ai.openai.request.service_tier",
            "gen_ai.request.service_tier",
        ],
        dimensions: &["gen_ai.embeddings.dimension.count"],
        errors: &["error.message", "error.type"],
        ..DetailKeys::NONE
    },
    ..Dialect::NONE
};

const OPERATIONS: &[(&str, &str)] = &[
    ("chat", "CHAT_MODEL"),
    ("create_agent", "AGENT"),
    ("invoke_agent", "AGENT"),
    ("embeddings", "EMBEDDING"),
    ("execute_tool", "TOOL"),
    ("generate_content", "LLM"),
    ("text_completion", "LLM"),
    ("response", "LLM"),
];
