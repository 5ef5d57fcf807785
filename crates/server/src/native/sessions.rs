//! Sessions.

use super::parameter::Parameters;
use super::selection::{SelectionParameters, SelectionText};
use crate::App;
use crate::described::{ApiRouter, routes};
use crate::error::Problem;
use axum::Json;
use axum::extract::State;
use spanwise_api_types::native::{self, SessionList, SessionSummary};
use spanwise_model::TraceId;
use spanwise_store::{Cursor, SessionInfo, SessionQuery, SortValue};

/// Sessions of a page.
const PAGE_MAX: usize = 500;
const PAGE_DEFAULT: usize = 50;
/// What a page token of sessions says in place of an order, so that no other list takes it.
const ORDER: &str = "sessions";

pub(super) fn routes() -> ApiRouter {
    ApiRouter::new().routes(routes!(list))
}

/// Lists sessions
///
/// Sessions (conversations) that selected traces belong to, the one with the newest trace first. Their figures count
/// the selected traces only.
#[utoipa::path(
    get,
    path = "/sessions",
    tag = "sessions",
    params(
        SelectionParameters,
        ("limit" = Option<usize>, Query, description = "Sessions on the page, 1 to 500; 50 if absent"),
        ("page_token" = Option<String>, Query, description = "`next_page_token` of the page before"),
    ),
    responses((status = 200, body = SessionList), (status = 400, body = native::Problem), (status = 404, body = native::Problem)),
)]
async fn list(State(app): State<App>, mut parameters: Parameters) -> Result<Json<SessionList>, Problem> {
    let text = SelectionText::take(&mut parameters)?;
    let limit = parameters.number("limit", 1..=PAGE_MAX, PAGE_DEFAULT)?;
    let token = parameters.one("page_token")?;
    parameters.finish()?;
    let after = token.map(|token| read_token(&token, &text.filter)).transpose()?;
    let selection = text.resolve(&app).await?;
    let page = app.store.find_sessions(SessionQuery { selection, limit, after }).await?;
    let last = page.sessions.last().filter(|_| page.has_more);
    let next_page_token = last.map(|last| write_token(last, &text.filter));
    Ok(Json(SessionList { sessions: page.sessions.into_iter().map(wire).collect(), next_page_token }))
}

fn read_token(token: &str, filter: &str) -> Result<(i64, String), Problem> {
    let cursor = Cursor::from_token(token, ORDER, filter)?;
    match cursor.values.as_slice() {
        [SortValue::Int(start_ns), SortValue::Text(session)] => Ok((*start_ns, session.clone())),
        _ => Err(Problem::invalid("the page token belongs to another list; start again without it")),
    }
}

fn write_token(last: &SessionInfo, filter: &str) -> String {
    let values = vec![SortValue::Int(last.last_start_ns), SortValue::Text(last.session.clone())];
    Cursor { values, trace_id: TraceId::Otel([0; 16]) }.to_token(ORDER, filter)
}

fn wire(session: SessionInfo) -> SessionSummary {
    SessionSummary {
        duration_ns: session.end_ns.saturating_sub(session.first_start_ns),
        session: session.session,
        user: session.user,
        trace_count: session.traces,
        error_count: session.errors,
        first_start_ns: session.first_start_ns.to_string(),
        last_start_ns: session.last_start_ns.to_string(),
        tokens: session.tokens,
        cost: session.cost,
        first_input: session.first_input,
        last_output: session.last_output,
        last_trace_id: session.last_trace.to_string(),
    }
}
