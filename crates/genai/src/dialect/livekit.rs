//! LiveKit Agents; since version 1.6 what people said is under `lk.pii`.
//!
//! <https://docs.livekit.io/agents/build/observability/>

use super::{DetailKeys, Dialect, Mark, TypeKey, TypeMeaning, Unit};

pub(crate) const FORMAT: Dialect = Dialect {
    marks: &[
        Mark::any("lk.user_input"),
        Mark::any("lk.user_transcript"),
        Mark::any("lk.chat_ctx"),
        Mark::any("lk.input_text"),
        Mark::any("lk.pii.user_input"),
        Mark::any("lk.pii.user_transcript"),
        Mark::any("lk.pii.chat_ctx"),
        Mark::any("lk.pii.input_text"),
        Mark::any("lk.response.text"),
        Mark::any("lk.pii.response.text"),
        Mark::any("lk.response.ttft"),
        Mark::any("lk.response.ttfb"),
        Mark::any("lk.retry_count"),
        Mark::any("lk.function_tool.id"),
        Mark::any("lk.function_tool.name"),
        Mark::any("lk.generation_id"),
        Mark::any("lk.instructions"),
        Mark::any("lk.agent_name"),
        Mark::any("lk.agent_label"),
        Mark::any("lk.speech_id"),
        Mark::any("lk.job_id"),
        Mark::any("lk.interrupted"),
    ],
    format: Some("livekit"),
    ..Dialect::NONE
};

pub(crate) const LIVEKIT: Dialect = Dialect {
    types: &[
        TypeKey { key: "lk.retry_count", meaning: TypeMeaning::Always("LLM") },
        TypeKey { key: "lk.function_tool.id", meaning: TypeMeaning::Always("TOOL") },
        TypeKey { key: "lk.function_tool.name", meaning: TypeMeaning::Always("TOOL") },
        TypeKey { key: "lk.agent_name", meaning: TypeMeaning::Always("AGENT") },
        TypeKey { key: "lk.instructions", meaning: TypeMeaning::Always("AGENT") },
        TypeKey { key: "lk.pii.instructions", meaning: TypeMeaning::Always("AGENT") },
        TypeKey { key: "lk.generation_id", meaning: TypeMeaning::Always("AGENT") },
    ],
    names: &[
        ("agent_session", "WORKFLOW"),
        ("agent_turn", "AGENT"),
        ("user_turn", "CHAIN"),
        ("llm_node", "LLM"),
        ("llm_request", "LLM"),
        ("llm_request_run", "LLM"),
        ("function_tool", "TOOL"),
        ("eou_detection", "CHAIN"),
        ("start_agent_activity", "CHAIN"),
        ("drain_agent_activity", "CHAIN"),
    ],
    inputs: &[
        "lk.user_input",
        "lk.user_transcript",
        "lk.chat_ctx",
        "lk.input_text",
        "lk.pii.user_input",
        "lk.pii.user_transcript",
        "lk.pii.chat_ctx",
        "lk.pii.input_text",
        "lk.function_tool.arguments",
        "lk.pii.function_tool.arguments",
    ],
    outputs: &[
        "lk.response.text",
        "lk.response.function_calls",
        "lk.pii.response.text",
        "lk.pii.response.function_calls",
        "lk.function_tool.output",
        "lk.pii.function_tool.output",
    ],
    input_messages: &["lk.chat_ctx", "lk.pii.chat_ctx"],
    system: &["lk.instructions", "lk.pii.instructions"],
    sessions: &["lk.room_sid", "lk.job_id"],
    users: &["lk.participant_identity", "lk.pii.participant_identity"],
    details: DetailKeys {
        agents: &["lk.agent_name", "lk.agent_label"],
        first_token: &[("lk.response.ttft", Unit::Seconds), ("lk.response.ttfb", Unit::Seconds)],
        ..DetailKeys::NONE
    },
    ..Dialect::NONE
};
