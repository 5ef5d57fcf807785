//! OpenTelemetry's semantic conventions for generative AI, with the names that earlier versions used.
//!
//! Message events are read in [`crate::event`].
//! <https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/>

use super::{Dialect, TypeKey, TypeMeaning, UsageKeys};

pub(crate) const OTEL_GENAI: Dialect = Dialect {
    types: &[TypeKey { key: "gen_ai.operation.name", meaning: TypeMeaning::Of(OPERATIONS) }],
    inputs: &["gen_ai.input.messages", "gen_ai.tool.call.arguments"],
    outputs: &["gen_ai.output.messages", "gen_ai.tool.call.result"],
    usage: UsageKeys {
        input: &["gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens"],
        output: &["gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens"],
        cache_read: &["gen_ai.usage.cache_read.input_tokens"],
        cache_creation: &[
            "gen_ai.usage.cache_write.input_tokens",
            "gen_ai.usage.cache_creation.input_tokens",
        ],
        ..UsageKeys::NONE
    },
    tools: &["gen_ai.tool.definitions"],
    models: &["gen_ai.response.model", "gen_ai.request.model"],
    providers: &["gen_ai.provider.name", "gen_ai.system"],
    sessions: &["gen_ai.conversation.id"],
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
