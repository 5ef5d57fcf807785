//! Langfuse, as its SDKs from version 3 on send spans.
//!
//! <https://langfuse.com/integrations/native/opentelemetry>

use super::{CostKeys, DetailKeys, Dialect, TypeKey, TypeMeaning, Unit, UsageKeys};

pub(crate) const LANGFUSE: Dialect = Dialect {
    types: &[TypeKey { key: "langfuse.observation.type", meaning: TypeMeaning::Of(OBSERVATIONS) }],
    inputs: &["langfuse.observation.input", "langfuse.trace.input"],
    outputs: &["langfuse.observation.output", "langfuse.trace.output"],
    usage: UsageKeys { maps: &["langfuse.observation.usage_details"], ..UsageKeys::NONE },
    cost: CostKeys { maps: &["langfuse.observation.cost_details"], ..CostKeys::NONE },
    models: &["langfuse.observation.model.name"],
    sessions: &["langfuse.session.id", "langfuse.trace.session_id"],
    users: &["langfuse.user.id", "langfuse.trace.user_id"],
    parameter_maps: &["langfuse.observation.model.parameters"],
    details: DetailKeys {
        first_token: &[("langfuse.observation.completion_start_time", Unit::Since)],
        finish_reasons: &["langfuse.observation.metadata.finish_reason"],
        prompts: &["langfuse.observation.prompt.name", "langfuse.prompt.name"],
        prompt_versions: &["langfuse.observation.prompt.version", "langfuse.prompt.version"],
        ..DetailKeys::NONE
    },
    ..Dialect::NONE
};

const OBSERVATIONS: &[(&str, &str)] = &[
    ("generation", "LLM"),
    ("embedding", "EMBEDDING"),
    ("tool", "TOOL"),
    ("retriever", "RETRIEVER"),
    ("agent", "AGENT"),
    ("chain", "CHAIN"),
    ("evaluator", "EVALUATOR"),
    ("guardrail", "GUARDRAIL"),
    ("span", "UNKNOWN"),
];
