//! What gives a span away when no convention has named its type; the last tables of all.

use super::{Dialect, TypeKey, TypeMeaning};

/// Operations of `gen_ai.operation.name` beside those that MLflow translates: newer ones of the convention, and those
/// that libraries made up.
pub(crate) const OPERATIONS: Dialect = Dialect {
    types: &[TypeKey { key: "gen_ai.operation.name", meaning: TypeMeaning::Of(MORE_OPERATIONS) }],
    inputs: &["gen_ai.retrieval.query.text", "gen_ai.memory.query.text"],
    outputs: &["gen_ai.retrieval.documents", "gen_ai.memory.records"],
    users: &["enduser.id"],
    ..Dialect::NONE
};

const MORE_OPERATIONS: &[(&str, &str)] = &[
    ("invoke_workflow", "WORKFLOW"),
    ("workflow", "WORKFLOW"),
    ("workflow.run", "WORKFLOW"),
    ("agent", "AGENT"),
    ("agent.run", "AGENT"),
    ("agent_step", "CHAIN"),
    ("step", "CHAIN"),
    ("execute_event_loop_cycle", "CHAIN"),
    ("invoke_graph", "WORKFLOW"),
    ("invoke_swarm", "WORKFLOW"),
    ("plan", "CHAIN"),
    ("chain", "CHAIN"),
    ("prompt", "CHAIN"),
    ("framework", "CHAIN"),
    ("handoff", "CHAIN"),
    ("task", "TASK"),
    ("llm", "LLM"),
    ("completion", "LLM"),
    ("fetch_response", "LLM"),
    ("image", "LLM"),
    ("image_generation", "LLM"),
    ("chat.completions", "CHAT_MODEL"),
    ("text.completions", "LLM"),
    ("tool", "TOOL"),
    ("tool.execute", "TOOL"),
    ("call_tool", "TOOL"),
    ("tools/call", "TOOL"),
    ("embedding", "EMBEDDING"),
    ("embed", "EMBEDDING"),
    ("retrieval", "RETRIEVER"),
    ("retrieve", "RETRIEVER"),
    ("retriever", "RETRIEVER"),
    ("vector_search", "RETRIEVER"),
    ("rerank", "RERANKER"),
    ("parser", "PARSER"),
    ("memory", "MEMORY"),
    ("memory.search", "MEMORY"),
    ("memory.add", "MEMORY"),
    ("memory.inject", "MEMORY"),
    ("memory.extract", "MEMORY"),
    ("search_memory", "MEMORY"),
    ("create_memory", "MEMORY"),
    ("update_memory", "MEMORY"),
    ("upsert_memory", "MEMORY"),
    ("delete_memory", "MEMORY"),
    ("create_memory_store", "MEMORY"),
    ("delete_memory_store", "MEMORY"),
    ("guardrail", "GUARDRAIL"),
    ("apply_guardrail", "GUARDRAIL"),
    ("evaluate", "EVALUATOR"),
    ("evaluation", "EVALUATOR"),
];

/// A span that asks for a model is a call of one, whatever else it leaves out.
pub(crate) const HINT: Dialect = Dialect {
    types: &[
        TypeKey { key: "gen_ai.request.model", meaning: TypeMeaning::Always("LLM") },
        TypeKey { key: "gen_ai.tool.name", meaning: TypeMeaning::Always("TOOL") },
    ],
    ..Dialect::NONE
};
