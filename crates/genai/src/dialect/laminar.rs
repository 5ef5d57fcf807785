//! Laminar.
//!
//! <https://docs.lmnr.ai/tracing/otel>

use super::{CostKeys, Dialect, Mark, TypeKey, TypeMeaning};

pub(crate) const FORMAT: Dialect = Dialect {
    marks: &[Mark::any("lmnr.span.type"), Mark::any("lmnr.span.input"), Mark::any("lmnr.span.output")],
    format: Some("openai"),
    ..Dialect::NONE
};

pub(crate) const LAMINAR: Dialect = Dialect {
    types: &[TypeKey { key: "lmnr.span.type", meaning: TypeMeaning::Of(SPAN_TYPES) }],
    inputs: &["lmnr.span.input"],
    outputs: &["lmnr.span.output"],
    cost: CostKeys {
        input: &["gen_ai.usage.input_cost"],
        output: &["gen_ai.usage.output_cost"],
        total: &["gen_ai.usage.cost"],
        ..CostKeys::NONE
    },
    sessions: &["lmnr.association.properties.session_id"],
    users: &["lmnr.association.properties.user_id"],
    ..Dialect::NONE
};

const SPAN_TYPES: &[(&str, &str)] = &[
    ("LLM", "LLM"),
    ("CACHED", "LLM"),
    ("TOOL", "TOOL"),
    ("DEFAULT", "CHAIN"),
    ("PIPELINE", "CHAIN"),
    ("EXECUTOR", "AGENT"),
    ("EVALUATOR", "EVALUATOR"),
    ("HUMAN_EVALUATOR", "EVALUATOR"),
    ("EVALUATION", "EVALUATOR"),
];
