//! Vercel's AI SDK before version 7; from then on it speaks OpenTelemetry's words.
//!
//! <https://ai-sdk.dev/docs/ai-sdk-core/telemetry>

use super::{DetailKeys, Dialect, Map, Mark, TypeKey, TypeMeaning, Unit, UsageKeys};

/// The call of a chat model, whose request and response are many attributes.
pub(crate) const CHAT: Dialect = Dialect {
    marks: &[Mark {
        key: "ai.operationId",
        values: &["ai.generateText.doGenerate", "ai.streamText.doStream"],
    }],
    input_map: Map::Below("ai.prompt."),
    output_map: Map::Below("ai.response."),
    format: Some("vercel_ai"),
    ..Dialect::NONE
};

pub(crate) const VERCEL: Dialect = Dialect {
    types: &[
        TypeKey { key: "ai.operationId", meaning: TypeMeaning::Of(OPERATIONS) },
        TypeKey { key: "ai.toolCall.args", meaning: TypeMeaning::Always("TOOL") },
    ],
    inputs: &["ai.prompt", "ai.toolCall.args", "ai.value", "ai.values", "ai.prompt.messages"],
    outputs: &[
        "ai.response.text",
        "ai.toolCall.result",
        "ai.response.object",
        "ai.response.toolCalls",
        "ai.embedding",
        "ai.embeddings",
        // Version 3.
        "ai.result.text",
        "ai.result.toolCalls",
        "ai.result.object",
    ],
    input_messages: &["ai.prompt.messages", "ai.prompt"],
    answer_fields: &[
        ("ai.response.reasoning", "reasoning"),
        ("ai.response.text", "content"),
        ("ai.response.object", "content"),
        ("ai.response.toolCalls", "tool_calls"),
        ("ai.response.finishReason", "finish_reason"),
    ],
    listed_tools: &["ai.prompt.tools"],
    parameter_prefixes: &["ai.settings."],
    usage: UsageKeys {
        input: &["ai.usage.inputTokens", "ai.usage.promptTokens", "ai.usage.tokens"],
        output: &["ai.usage.outputTokens", "ai.usage.completionTokens"],
        total: &["ai.usage.totalTokens"],
        more_cache_read: &["ai.usage.inputTokenDetails.cacheReadTokens", "ai.usage.cachedInputTokens"],
        more_cache_creation: &["ai.usage.inputTokenDetails.cacheWriteTokens"],
        ..UsageKeys::NONE
    },
    models: &["ai.response.model", "ai.model.id"],
    providers: &["ai.model.provider"],
    sessions: &[
        "ai.telemetry.metadata.sessionId",
        "ai.telemetry.metadata.session_id",
        "ai.telemetry.metadata.threadId",
        "ai.telemetry.metadata.chatId",
        "ai.telemetry.metadata.conversationId",
    ],
    users: &["ai.telemetry.metadata.userId", "ai.telemetry.metadata.user_id"],
    details: DetailKeys {
        agents: &["ai.telemetry.functionId"],
        asked_models: &["ai.model.id"],
        finish_reasons: &["ai.response.finishReason", "ai.finishReason"],
        first_token: &[("ai.response.msToFirstChunk", Unit::Milliseconds)],
        first_events: &["ai.stream.firstChunk"],
        reasoning_tokens: &["ai.usage.outputTokenDetails.reasoningTokens", "ai.usage.reasoningTokens"],
        ..DetailKeys::NONE
    },
    ..Dialect::NONE
};

const OPERATIONS: &[(&str, &str)] = &[
    ("ai.generateText", "LLM"),
    ("ai.generateText.doGenerate", "LLM"),
    ("ai.streamText", "LLM"),
    ("ai.streamText.doStream", "LLM"),
    ("ai.generateObject", "LLM"),
    ("ai.generateObject.doGenerate", "LLM"),
    ("ai.streamObject", "LLM"),
    ("ai.streamObject.doStream", "LLM"),
    ("ai.toolCall", "TOOL"),
    ("ai.embed", "EMBEDDING"),
    ("ai.embed.doEmbed", "EMBEDDING"),
    ("ai.embedMany", "EMBEDDING"),
    ("ai.embedMany.doEmbed", "EMBEDDING"),
    ("ai.rerank", "RERANKER"),
    ("ai.rerank.doRerank", "RERANKER"),
];
