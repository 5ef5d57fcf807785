//! Codex CLI: the spans of its turns, and its events, which are log records or events of a span.
//!
//! <https://developers.openai.com/codex/config-advanced>

use super::{DetailKeys, Dialect, EventKeys, Mark, TypeKey, TypeMeaning, UsageKeys};

pub(crate) const CODEX: Dialect = Dialect {
    marks: &[Mark::any("turn.id"), Mark::any("codex.turn.token_usage.input_tokens"), Mark::any("codex.op")],
    scopes: &["codex"],
    types: &[TypeKey { key: "tool_name", meaning: TypeMeaning::Always("CHAIN") }],
    names: &[
        ("session_task.turn", "AGENT"),
        ("session_task.review", "AGENT"),
        ("session_task.compact", "AGENT"),
        ("codex.session_task.turn", "AGENT"),
        // What the user says is recorded here, and nowhere else.
        ("run_hooks_and_record_inputs", "AGENT"),
        ("run_turn", "CHAIN"),
        ("run_sampling_request", "CHAIN"),
        ("try_run_sampling_request", "LLM"),
        ("dispatch_tool_call_with_state", "TOOL"),
        ("mcp.tools.call", "TOOL"),
    ],
    events: &[
        EventKeys { name: "codex.user_prompt", inputs: &["prompt"], outputs: &[] },
        EventKeys { name: "codex.tool_result", inputs: &["arguments"], outputs: &["output"] },
    ],
    usage: UsageKeys {
        input: &["codex.turn.token_usage.input_tokens"],
        output: &["codex.turn.token_usage.output_tokens"],
        total: &["codex.turn.token_usage.total_tokens"],
        cache_read: &["codex.turn.token_usage.cached_input_tokens"],
        cache_creation: &["codex.turn.token_usage.cache_write_input_tokens"],
        ..UsageKeys::NONE
    },
    models: &["model"],
    sessions: &["conversation.id"],
    // The spans of Rust's `tracing` number the threads of the process by the same key.
    text_sessions: &["thread.id"],
    details: DetailKeys {
        reasoning_tokens: &["codex.turn.token_usage.reasoning_output_tokens"],
        ..DetailKeys::NONE
    },
    ..Dialect::NONE
};
