//! Sessions: the selected traces, grouped by the conversation that they belong to.

use super::session_columns;
use crate::scan;
use crate::search::{self, Compiled, SearchContext};
use crate::trace_row::SqlTraceId;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};
use spanwise_model::TraceId;
use spanwise_store::{SessionInfo, SessionPage, SessionQuery, StoreResult};
use std::collections::HashMap;

/// The last time that there is; nothing ends later, whatever duration a client claims.
const TIME_MAX: i64 = i64::MAX;

/// See [`spanwise_store::Store::find_sessions`].
pub(crate) fn find_sessions(
    conn: &mut Connection,
    context: &SearchContext,
    query: &SessionQuery,
) -> StoreResult<SessionPage> {
    let filter = query.selection.whole_filter();
    let experiments = &query.selection.experiments;
    if let Some(selected) = scan::select(conn, context, experiments, filter.as_ref(), None)?
        && let Some(page) = session_columns::find_sessions(conn, &selected, query)?
    {
        return Ok(page);
    }
    let sql = |compiled: &mut Compiled| grouped(compiled, query);
    let mut sessions = search::select(conn, context, experiments, filter.as_ref(), sql, read_session)?;
    let has_more = sessions.len() > query.limit;
    sessions.truncate(query.limit);
    let places: HashMap<String, usize> =
        sessions.iter().enumerate().map(|(place, one)| (one.session.clone(), place)).collect();
    let mut told: Vec<Told> = sessions.iter().map(|_| Told::default()).collect();
    let sql = |compiled: &mut Compiled| texts(compiled, &places);
    let read = |row: &Row<'_>| match places.get(row.get_ref(0)?.as_str()?) {
        Some(&place) => told[place].hear(row, &mut sessions[place]),
        None => Ok(()),
    };
    // Nothing is collected: a session may have any number of traces.
    search::select(conn, context, experiments, filter.as_ref(), sql, read)?;
    Ok(SessionPage { sessions, has_more })
}

fn grouped(compiled: &mut Compiled, query: &SessionQuery) -> String {
    let after = query.after.as_ref().map(|(start_ns, session)| {
        let (start, session) = (compiled.bind(*start_ns), compiled.bind(session.clone()));
        format!("HAVING max(t.start_ns) < {start} OR (max(t.start_ns) = {start} AND t.session > {session})")
    });
    format!(
        "SELECT t.session, count(*), sum(t.state = 2), min(t.start_ns), max(t.start_ns), \
         max(t.start_ns + min(coalesce(t.duration_ns, 0), {TIME_MAX} - t.start_ns)), total(t.total_tokens), total(t.cost_total) \
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
        // Not a number is NULL.
        cost: row.get::<_, Option<f64>>(7)?.unwrap_or(0.0),
        first_input: None,
        last_output: None,
        last_trace: TraceId::Otel([0; 16]),
    })
}

/// What [`Told::hear`] reads of a trace `t`.
pub(super) const TOLD: &str = "t.session, t.start_ns, t.trace_key, t.trace_id, \
    coalesce(joined_text(t.input_text, t.input_place, t.request_preview), t.request_preview), \
    coalesce(joined_text(t.output_text, t.output_place, t.response_preview), t.response_preview), t.user";

/// The traces of these sessions, in any order.
fn texts(compiled: &mut Compiled, sessions: &HashMap<String, usize>) -> String {
    let names = serde_json::Value::from_iter(sessions.keys().map(String::as_str));
    let names = compiled.bind(names.to_string());
    format!(
        "SELECT {TOLD} FROM trace t WHERE {} AND t.session IN (SELECT value FROM json_each({names}))",
        compiled.sql,
    )
}

/// When a trace started, and its key: of equal starts the one that arrived first is the first.
pub(super) type Place = (i64, i64);

/// Which of a session's traces spoke for it so far.
#[derive(Default)]
pub(super) struct Told {
    pub(super) input: Option<Place>,
    pub(super) output: Option<Place>,
    user: Option<Place>,
    last: Option<Place>,
}

impl Told {
    /// Lets one more trace speak: the first input remains, and the last of all else.
    pub(super) fn hear(&mut self, row: &Row<'_>, session: &mut SessionInfo) -> rusqlite::Result<()> {
        let place = (row.get(1)?, row.get(2)?);
        let has = |index| Ok::<_, rusqlite::Error>(row.get_ref(index)? != ValueRef::Null);
        let is_later = |told: Option<Place>| told.is_none_or(|told| place > told);
        if is_later(self.last) {
            self.last = Some(place);
            session.last_trace = row.get::<_, SqlTraceId<TraceId>>(3)?.0;
        }
        if self.input.is_none_or(|told| place < told) && has(4)? {
            self.input = Some(place);
            session.first_input = row.get(4)?;
        }
        if is_later(self.output) && has(5)? {
            self.output = Some(place);
            session.last_output = row.get(5)?;
        }
        if is_later(self.user) && has(6)? {
            self.user = Some(place);
            session.user = row.get(6)?;
        }
        Ok(())
    }
}
