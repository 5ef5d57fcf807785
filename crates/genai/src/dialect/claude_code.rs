//! Claude Code, whose kinds of spans use the same keys for different things.
//!
//! <https://docs.claude.com/en/docs/claude-code/monitoring-usage>

use super::{DetailKeys, Dialect, EventKeys, Map, Mark, TypeKey, TypeMeaning, Unit, UsageKeys};

/// Steps beside those, by their names.
pub(crate) const STEPS: Dialect = Dialect {
    names: &[
        ("claude_code.hook", "TASK"),
        ("claude_code.tool.blocked_on_user", "TASK"),
        ("claude_code.tool.execution", "TASK"),
    ],
    ..Dialect::NONE
};

/// A turn: what the user asks, and all that comes of it.
pub(crate) const INTERACTION: Dialect = Dialect {
    marks: &[Mark { key: "span.type", values: &["interaction", "claude_code.interaction"] }],
    types: &[TypeKey { key: "span.type", meaning: TypeMeaning::Always("AGENT") }],
    inputs: &["user_prompt", "new_context"],
    events: &[EventKeys { name: "claude_code.user_prompt", inputs: &["prompt"], outputs: &[] }],
    ..Dialect::NONE
};

/// A call of the model, whose input tokens leave out the cached ones.
pub(crate) const REQUEST: Dialect = Dialect {
    marks: &[Mark { key: "span.type", values: &["llm_request", "claude_code.llm_request"] }],
    types: &[TypeKey { key: "span.type", meaning: TypeMeaning::Always("LLM") }],
    inputs: &["new_context"],
    outputs: &["response.model_output"],
    usage: UsageKeys {
        input: &["input_tokens"],
        output: &["output_tokens"],
        cache_read: &["cache_read_tokens"],
        cache_creation: &["cache_creation_tokens"],
        input_excludes_cache: true,
        ..UsageKeys::NONE
    },
    models: &["model"],
    details: DetailKeys { first_token: &[("ttft_ms", Unit::Milliseconds)], ..DetailKeys::NONE },
    ..Dialect::NONE
};

/// The use of a tool.
pub(crate) const TOOL: Dialect = Dialect {
    marks: &[Mark { key: "span.type", values: &["tool", "claude_code.tool"] }],
    types: &[TypeKey { key: "span.type", meaning: TypeMeaning::Always("TOOL") }],
    inputs: &["tool_input"],
    input_map: Map::Of(&["full_command", "file_path", "skill_name", "subagent_type"]),
    outputs: &["new_context"],
    events: &[EventKeys { name: "tool.output", inputs: &[], outputs: &["output", "content", "diff"] }],
    ..Dialect::NONE
};
