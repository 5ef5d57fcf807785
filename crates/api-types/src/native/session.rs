//! Sessions.

use serde::Serialize;
use utoipa::ToSchema;

/// A session, as the selected traces of it tell.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct SessionSummary {
    /// Its name.
    pub session: String,
    /// Its user.
    pub user: Option<String>,
    /// Traces.
    pub trace_count: u64,
    /// Of them, those that ended with an error.
    pub error_count: u64,
    /// When the first trace started.
    pub first_start_ns: String,
    /// When the last trace started.
    pub last_start_ns: String,
    /// From the first start to the last end.
    pub duration_ns: i64,
    /// Tokens.
    pub tokens: u64,
    /// Cost in US dollars.
    pub cost: f64,
    /// What was asked first.
    pub first_input: Option<String>,
    /// What was answered last.
    pub last_output: Option<String>,
    /// The last trace.
    pub last_trace_id: String,
}

/// The answer of `GET /api/v1/sessions`: the one with the newest trace first.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct SessionList {
    /// The page.
    pub sessions: Vec<SessionSummary>,
    /// What to ask the next page with; null at the end.
    pub next_page_token: Option<String>,
}
