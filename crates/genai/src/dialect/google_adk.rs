//! Google's Agent Development Kit, beside what it writes in OpenTelemetry's words.
//!
//! <https://google.github.io/adk-docs/observability/>

use super::Dialect;

pub(crate) const GOOGLE_ADK: Dialect = Dialect {
    names: &[
        ("invocation", "WORKFLOW"),
        ("agent_run ", "AGENT"),
        ("invoke_agent ", "AGENT"),
        ("invoke_workflow ", "WORKFLOW"),
        ("call_llm", "LLM"),
    ],
    inputs: &["gcp.vertex.agent.llm_request", "gcp.vertex.agent.tool_call_args"],
    outputs: &["gcp.vertex.agent.llm_response", "gcp.vertex.agent.tool_response"],
    sessions: &["gcp.vertex.agent.session_id"],
    ..Dialect::NONE
};
