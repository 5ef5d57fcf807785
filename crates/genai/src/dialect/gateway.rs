//! Gateways that speak OpenTelemetry's words and add some of their own: OpenRouter, Portkey, Kong, Cloudflare.
//!
//! <https://openrouter.ai/docs/guides/features/broadcast>, <https://portkey.ai/docs/product/enterprise-offering/otel>,
//! <https://developer.konghq.com/ai-gateway/llm-open-telemetry/>,
//! <https://developers.cloudflare.com/ai-gateway/observability/otel-integration/>

use super::{CostKeys, DetailKeys, Dialect, UsageKeys};

pub(crate) const GATEWAYS: Dialect = Dialect {
    inputs: &["gen_ai.prompt_json"],
    outputs: &["gen_ai.completion_json"],
    usage: UsageKeys { total: &["gen_ai.usage.total_tokens"], ..UsageKeys::NONE },
    cost: CostKeys { total: &["gen_ai.usage.total_cost"], ..CostKeys::NONE },
    providers: &["gen_ai.model.provider"],
    sessions: &["trace.session_id"],
    users: &["trace.user_id"],
    details: DetailKeys { reasoning_tokens: &["gen_ai.usage.output_tokens.reasoning"], ..DetailKeys::NONE },
    ..Dialect::NONE
};
