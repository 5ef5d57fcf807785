//! Pydantic AI in its five versions of attributes, and Logfire's instrumentation of model clients.
//!
//! <https://ai.pydantic.dev/logfire/>

use super::{CostKeys, DetailKeys, Dialect, Mark, TypeKey, TypeMeaning, UsageKeys};

pub(crate) const PYDANTIC_AI: Dialect = Dialect {
    types: &[
        TypeKey { key: "pydantic_ai.all_messages", meaning: TypeMeaning::Always("AGENT") },
        TypeKey { key: "all_messages_events", meaning: TypeMeaning::Always("AGENT") },
    ],
    names: &[("agent run", "AGENT")],
    runs: &["pydantic_ai.all_messages", "all_messages_events"],
    // What all calls of an agent used, which they report too: a wrapper's figure.
    usage: UsageKeys {
        input: &["gen_ai.aggregated_usage.input_tokens"],
        output: &["gen_ai.aggregated_usage.output_tokens"],
        more_cache_read: &["gen_ai.aggregated_usage.details.cache_read_input_tokens"],
        more_cache_creation: &["gen_ai.aggregated_usage.details.cache_creation_input_tokens"],
        ..UsageKeys::NONE
    },
    cost: CostKeys { total: &["operation.cost"], ..CostKeys::NONE },
    details: DetailKeys {
        reasoning_tokens: &[
            "gen_ai.usage.details.reasoning_tokens",
            "gen_ai.aggregated_usage.details.reasoning_tokens",
        ],
        audio_input_tokens: &[
            "gen_ai.usage.details.audio_tokens",
            "gen_ai.usage.details.input_audio_tokens",
            "gen_ai.usage.details.audio_prompt_tokens",
        ],
        audio_output_tokens: &[
            "gen_ai.usage.details.output_audio_tokens",
            "gen_ai.usage.details.audio_candidates_tokens",
        ],
        image_input_tokens: &["gen_ai.usage.details.image_prompt_tokens"],
        image_output_tokens: &["gen_ai.usage.details.image_candidates_tokens"],
        ..DetailKeys::NONE
    },
    ..Dialect::NONE
};

/// What is common words, and so believed only beside what Logfire's SDK or Pydantic AI adds.
pub(crate) const LOGFIRE: Dialect = Dialect {
    marks: &[
        Mark::any("logfire.msg"),
        Mark::any("logfire.json_schema"),
        Mark::any("logfire.span_type"),
        Mark::any("model_request_parameters"),
    ],
    scopes: &["logfire", "pydantic-ai", "pydantic_ai"],
    types: &[
        TypeKey { key: "tool_arguments", meaning: TypeMeaning::Always("TOOL") },
        TypeKey { key: "tool_response", meaning: TypeMeaning::Always("TOOL") },
        TypeKey { key: "agent_name", meaning: TypeMeaning::Always("AGENT") },
    ],
    names: &[("running tool", "TOOL"), ("running output ", "TOOL"), ("running ", "CHAIN")],
    inputs: &["tool_arguments", "request_data"],
    outputs: &["tool_response", "final_result", "response_data"],
    event_lists: &["events"],
    request_parts: &["model_request_parameters"],
    // An agent's model is not told as the model that answered: the price of all its calls would be that of one.
    details: DetailKeys { agents: &["agent_name"], asked_models: &["model_name"], ..DetailKeys::NONE },
    ..Dialect::NONE
};
