//! Microsoft's Agent Framework, beside what it writes in OpenTelemetry's words: its workflows.
//!
//! <https://learn.microsoft.com/en-us/agent-framework/user-guide/observability>

use super::{Dialect, TypeKey, TypeMeaning};

pub(crate) const AGENT_FRAMEWORK: Dialect = Dialect {
    types: &[
        TypeKey { key: "executor.id", meaning: TypeMeaning::Always("TASK") },
        TypeKey { key: "edge_group.type", meaning: TypeMeaning::Always("CHAIN") },
        TypeKey { key: "workflow.definition", meaning: TypeMeaning::Always("WORKFLOW") },
    ],
    names: &[
        ("workflow.run", "WORKFLOW"),
        ("workflow.session", "WORKFLOW"),
        ("workflow_invoke", "WORKFLOW"),
        ("workflow.build", "WORKFLOW"),
        ("executor.process ", "TASK"),
        ("executor.process", "TASK"),
        ("edge_group.process ", "CHAIN"),
        ("edge_group.process", "CHAIN"),
        ("message.send", "TASK"),
    ],
    ..Dialect::NONE
};
