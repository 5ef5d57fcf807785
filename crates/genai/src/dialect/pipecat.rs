//! Pipecat, beside what it writes in OpenTelemetry's words: conversations, turns and speech.
//!
//! <https://docs.pipecat.ai/server/utilities/opentelemetry>

use super::{DetailKeys, Dialect, Mark, TypeKey, TypeMeaning, Unit};

/// Speech, whose keys are common words.
pub(crate) const SPEECH: Dialect = Dialect {
    marks: &[
        Mark::any("voice_id"),
        Mark::any("vad_enabled"),
        Mark::any("metrics.ttfb"),
        Mark::any("metrics.character_count"),
        Mark::any("service.operation"),
    ],
    scopes: &["pipecat"],
    inputs: &["text"],
    outputs: &["transcript", "text_output"],
    tools: &["tools.definitions"],
    parameter_prefixes: &["param."],
    users: &["user_id"],
    ..Dialect::NONE
};

pub(crate) const PIPECAT: Dialect = Dialect {
    types: &[
        TypeKey { key: "turn.number", meaning: TypeMeaning::Always("CHAIN") },
        TypeKey { key: "conversation.type", meaning: TypeMeaning::Always("WORKFLOW") },
    ],
    details: DetailKeys { first_token: &[("metrics.ttfb", Unit::Seconds)], ..DetailKeys::NONE },
    ..Dialect::NONE
};
