//! CrewAI's own telemetry, and what OpenLLMetry adds of it.
//!
//! <https://docs.crewai.com/telemetry>

use super::{DetailKeys, Dialect, TypeKey, TypeMeaning};

pub(crate) const CREWAI: Dialect = Dialect {
    types: &[
        TypeKey { key: "crewai.crew.id", meaning: TypeMeaning::Always("WORKFLOW") },
        TypeKey { key: "crewai.task.id", meaning: TypeMeaning::Always("TASK") },
        TypeKey { key: "crewai.agent.id", meaning: TypeMeaning::Always("AGENT") },
    ],
    names: &[
        ("Crew Created", "WORKFLOW"),
        ("Crew Execution", "WORKFLOW"),
        ("Crew Completed", "WORKFLOW"),
        ("Flow Creation", "WORKFLOW"),
        ("Flow Execution", "WORKFLOW"),
        ("Flow Completed", "WORKFLOW"),
        ("Task Created", "TASK"),
        ("Task Execution", "TASK"),
        ("Tool Usage", "TOOL"),
        ("Tool Repeated Usage", "TOOL"),
        ("Tool Usage Error", "TOOL"),
        ("crewai.workflow", "WORKFLOW"),
    ],
    inputs: &[
        "crew_inputs",
        "crewai.crew.inputs",
        "formatted_description",
        "crewai.task.description",
        "crewai.crew.tasks",
        "crewai.agent.goal",
    ],
    outputs: &["crewai.crew.result", "crewai.crew.tasks_output", "crewai.task.output", "crewai.task.result"],
    details: DetailKeys {
        agents: &["crewai.agent.role", "agent_role", "crewai.task.agent"],
        ..DetailKeys::NONE
    },
    ..Dialect::NONE
};
