//! Strands Agents, also on Bedrock AgentCore, beside what it writes in OpenTelemetry's words.
//!
//! Its operations are in [`super::hint::OPERATIONS`].
//!
//! <https://strandsagents.com/latest/documentation/docs/user-guide/observability-evaluation/traces/>

use super::{DetailKeys, Dialect, Unit};

pub(crate) const STRANDS: Dialect = Dialect {
    names: &[
        ("execute_event_loop_cycle", "CHAIN"),
        ("Cycle ", "CHAIN"),
        ("memory.search", "MEMORY"),
        ("memory.add", "MEMORY"),
        ("memory.inject", "MEMORY"),
        ("memory.extract", "MEMORY"),
    ],
    details: DetailKeys {
        first_token: &[("gen_ai.server.time_to_first_token", Unit::Milliseconds)],
        ..DetailKeys::NONE
    },
    ..Dialect::NONE
};
