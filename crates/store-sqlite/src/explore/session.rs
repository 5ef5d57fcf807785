//! Sessions: the selected traces, grouped by the conversation that they belong to.

use crate::search::{self, Compiled, SearchContext};
use crate::trace_row::SqlTraceId;
use rusqlite::{Connection, Row};
use spanwise_model::TraceId;
use spanwise_store::{SessionInfo, SessionPage, SessionQuery, StoreResult};
use std::collections::HashMap;

/// See [`spanwise_store::Store::find_sessions`].
pub(crate) fn find_sessions(
    conn: &mut Connection,
    context: &SearchContext,
    query: &SessionQuery,
) -> StoreResult<SessionPage> {
    let filter = query.selection.whole_filter();
    let experiments = &query.selection.experiments;
    let sql = |compiled: &mut Compiled| grouped(compiled, query);
    let mut sessions = search::select(conn, context, experiments, filter.as_ref(), sql, read_session)?;
    let has_more = sessions.len() > query.limit;
    sessions.truncate(query.limit);
    let places: HashMap<String, usize> =
        sessions.iter().enumerate().map(|(place, one)| (one.session.clone(), place)).collect();
    let sql = |compiled: &mut Compiled| texts(compiled, &sessions);
    let told = search::select(conn, context, experiments, filter.as_ref(), sql, Told::read)?;
    for told in told {
        if let Some(&place) = places.get(&told.session) {
            told.tell(&mut sessions[place]);
        }
    }
    Ok(SessionPage { sessions, has_more })
}

fn grouped(compiled: &mut Compiled, query: &SessionQuery) -> String {
    let after = query.after.as_ref().map(|(start_ns, session)| {
        let (start, session) = (compiled.bind(*start_ns), compiled.bind(session.clone()));
        format!("HAVING max(t.start_ns) < {start} OR (max(t.start_ns) = {start} AND t.session > {session})")
    });
    format!(
        "SELECT t.session, count(*), sum(t.state = 2), min(t.start_ns), max(t.start_ns), \
         max(t.start_ns + coalesce(t.duration_ns, 0)), coalesce(sum(t.total_tokens), 0), coalesce(sum(t.cost_total), 0.0) \
         FROM trace t WHERE {} AND t.session IS NOT NULL GROUP BY t.session {} \
         ORDER BY max(t.start_ns) DESC, t.session LIMIT {}",
        compiled.sql,
        after.unwrap_or_default(),
        query.limit.saturating_add(1),
    )
}

fn read_session(row: &Row<'_>) -> rusqlite::Result<SessionInfo> {
    Ok(SessionInfo {
        session: row.get(0)?,
        user: None,
        traces: row.get(1)?,
        errors: row.get(2)?,
        first_start_ns: row.get(3)?,
        last_start_ns: row.get(4)?,
        end_ns: row.get(5)?,
        tokens: row.get::<_, f64>(6)?.max(0.0) as u64,
        cost: row.get(7)?,
        first_input: None,
        last_output: None,
        last_trace: TraceId::Otel([0; 16]),
    })
}

/// The traces of these sessions, oldest first.
fn texts(compiled: &mut Compiled, sessions: &[SessionInfo]) -> String {
    let names = serde_json::Value::from_iter(sessions.iter().map(|one| one.session.as_str()));
    let names = compiled.bind(names.to_string());
    format!(
        "SELECT t.session, t.trace_id, coalesce(t.input_text, t.request_preview), \
         coalesce(t.output_text, t.response_preview), t.user \
         FROM trace t WHERE {} AND t.session IN (SELECT value FROM json_each({names})) ORDER BY t.start_ns, t.trace_key",
        compiled.sql,
    )
}

/// What one trace says about its session.
struct Told {
    session: String,
    trace_id: TraceId,
    input: Option<String>,
    output: Option<String>,
    user: Option<String>,
}

impl Told {
    fn read(row: &Row<'_>) -> rusqlite::Result<Told> {
        Ok(Told {
            session: row.get(0)?,
            trace_id: row.get::<_, SqlTraceId<TraceId>>(1)?.0,
            input: row.get(2)?,
            output: row.get(3)?,
            user: row.get(4)?,
        })
    }

    /// Traces are told in order of time: the first input and the last of all else remain.
    fn tell(self, session: &mut SessionInfo) {
        session.first_input = session.first_input.take().or(self.input);
        session.last_output = self.output.or(session.last_output.take());
        session.user = self.user.or(session.user.take());
        session.last_trace = self.trace_id;
    }
}
