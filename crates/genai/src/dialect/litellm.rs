//! LiteLLM's library and proxy, beside what it writes in OpenTelemetry's words.
//!
//! <https://docs.litellm.ai/docs/observability/opentelemetry_integration>

use super::{CostKeys, Dialect};

/// Steps of a request through the proxy, whose names are common words.
pub(crate) const STEPS: Dialect = Dialect {
    scopes: &["litellm"],
    names: &[
        ("auth", "TASK"),
        ("auth ", "TASK"),
        ("router", "TASK"),
        ("self", "TASK"),
        ("redis", "TASK"),
        ("postgres", "TASK"),
        ("batch_write_to_db", "TASK"),
        ("proxy_post_call", "TASK"),
        ("in_memory_cache", "TASK"),
    ],
    ..Dialect::NONE
};

pub(crate) const LITELLM: Dialect = Dialect {
    names: &[
        ("litellm_request", "LLM"),
        ("raw_gen_ai_request", "TASK"),
        ("Received Proxy Server Request", "CHAIN"),
        ("proxy_pre_call", "TASK"),
        ("guardrail", "GUARDRAIL"),
    ],
    inputs: &["guardrail_request"],
    outputs: &["guardrail_response"],
    cost: CostKeys {
        input: &["gen_ai.cost.input_cost"],
        output: &["gen_ai.cost.output_cost"],
        total: &["gen_ai.cost.total_cost"],
        ..CostKeys::NONE
    },
    users: &["metadata.user_api_key_end_user_id", "metadata.user_api_key_user_id"],
    ..Dialect::NONE
};
