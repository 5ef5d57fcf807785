//! Haystack's own tracing, also where MLflow's client hands it on without a type.
//!
//! <https://docs.haystack.deepset.ai/docs/tracing>

use super::{Dialect, TypeKey, TypeMeaning};

pub(crate) const HAYSTACK: Dialect = Dialect {
    types: &[
        TypeKey { key: "haystack.component.type", meaning: TypeMeaning::Ending(COMPONENTS) },
        TypeKey { key: "haystack.tool.name", meaning: TypeMeaning::Always("TOOL") },
        TypeKey { key: "haystack.agent.max_steps", meaning: TypeMeaning::Always("AGENT") },
        TypeKey { key: "haystack.pipeline.execution_mode", meaning: TypeMeaning::Always("CHAIN") },
        TypeKey { key: "haystack.pipeline.max_runs_per_component", meaning: TypeMeaning::Always("CHAIN") },
    ],
    names: &[
        ("haystack.pipeline.run", "CHAIN"),
        ("haystack.async_pipeline.run", "CHAIN"),
        ("haystack.component.run", "CHAIN"),
        ("haystack.chat_generator.run", "CHAT_MODEL"),
        ("haystack.agent.run", "AGENT"),
        ("haystack.agent.step", "CHAIN"),
        ("haystack.agent.step.llm", "CHAT_MODEL"),
        ("haystack.agent.step.tool", "TOOL"),
        ("haystack.agent.hook", "CHAIN"),
    ],
    inputs: &[
        "haystack.component.input",
        "haystack.pipeline.input_data",
        "haystack.agent.input",
        "haystack.agent.step.llm.input",
        "haystack.agent.step.tool.input",
    ],
    outputs: &[
        "haystack.component.output",
        "haystack.pipeline.output_data",
        "haystack.agent.output",
        "haystack.agent.step.llm.output",
        "haystack.agent.step.tool.output",
    ],
    counts_in_output: true,
    ..Dialect::NONE
};

/// What the name of a component ends in; what is none of these is a step of a pipeline like any other.
const COMPONENTS: &[(&str, &str)] = &[
    ("ChatGenerator", "CHAT_MODEL"),
    ("Generator", "LLM"),
    ("Retriever", "RETRIEVER"),
    ("WebSearch", "RETRIEVER"),
    ("Embedder", "EMBEDDING"),
    ("Ranker", "RERANKER"),
    ("Agent", "AGENT"),
    ("ToolInvoker", "TOOL"),
    ("Evaluator", "EVALUATOR"),
    ("Parser", "PARSER"),
    ("Validator", "PARSER"),
    ("", "CHAIN"),
];
