//! Sessions from the columns in memory. Only what was asked and answered is read from the index, of the first and last
//! traces of the sessions on the page.

use super::session::{Place, TOLD, Told};
use crate::error::sql_error;
use crate::scan::Selected;
use crate::table::{Chunk, Code, SESSION, USER, trace_key};
use rusqlite::Connection;
use spanwise_model::{TraceId, TraceState};
use spanwise_store::{SessionInfo, SessionPage, SessionQuery, StoreResult};
use std::collections::HashMap;

/// Traces of a session that are read from each end at first; then ever more, until they tell.
const READ_FROM_ENDS: usize = 4;

/// The figures of one session.
#[derive(Clone, Copy)]
struct Figures {
    traces: u64,
    errors: u64,
    first_start_ns: i64,
    last_start_ns: i64,
    end_ns: i64,
    tokens: f64,
    cost: f64,
}

const NO_FIGURES: Figures = Figures {
    traces: 0,
    errors: 0,
    first_start_ns: i64::MAX,
    last_start_ns: i64::MIN,
    end_ns: i64::MIN,
    tokens: 0.0,
    cost: 0.0,
};

/// See [`spanwise_store::Store::find_sessions`]; `None` if the name of some session is not kept.
pub(super) fn find_sessions(
    conn: &Connection,
    selected: &Selected,
    query: &SessionQuery,
) -> StoreResult<Option<SessionPage>> {
    let Some(last_starts) = last_starts(selected) else { return Ok(None) };
    let texts = selected.snapshot.texts(SESSION);
    let last_start = |code: Code| last_starts[code as usize];
    let name = |code: Code| texts.of_code(code).unwrap_or_default();
    // Names are far apart in memory: they are only looked at where starts are equal.
    let newest_first =
        |a: &Code, b: &Code| last_start(*b).cmp(&last_start(*a)).then_with(|| name(*a).cmp(name(*b)));
    let is_behind = |code: &Code| {
        query.after.as_ref().is_none_or(|(start, session)| {
            let order = Some(*start).cmp(&last_start(*code));
            order.then_with(|| name(*code).cmp(session.as_str())).is_gt()
        })
    };
    let mut codes: Vec<Code> =
        (1..last_starts.len() as Code).filter(|code| last_start(*code).is_some()).filter(is_behind).collect();
    let has_more = codes.len() > query.limit;
    if has_more {
        codes.select_nth_unstable_by(query.limit, newest_first);
        codes.truncate(query.limit);
    }
    codes.sort_unstable_by(newest_first);
    let mut told = OnPage::read(selected, &codes);
    let names = codes.iter().map(|code| name(*code));
    let mut page = SessionPage {
        sessions: names.zip(&told.figures).map(|(name, figures)| info(name, figures)).collect(),
        has_more,
    };
    told.tell(conn, &mut page.sessions)?;
    Ok(Some(page))
}

/// Returns when the last trace of each session started, by the code of the session.
fn last_starts(selected: &Selected) -> Option<Vec<Option<i64>>> {
    let mut last_starts = vec![None; selected.snapshot.texts(SESSION).len() + 1];
    for (_, chunk, rows) in selected.chunks() {
        let Some(sessions) = chunk.text(SESSION) else { continue };
        for row in rows.iter() {
            let code = sessions.get(row);
            if code != 0 {
                let last = last_starts.get_mut(code as usize)?;
                *last = (*last).max(Some(chunk.start_ns[row]));
            }
        }
    }
    Some(last_starts)
}

fn add(figures: &mut Figures, chunk: &Chunk, row: usize) {
    let start_ns = chunk.start_ns[row];
    figures.traces += 1;
    figures.errors += u64::from(chunk.state(row) == TraceState::Error);
    figures.first_start_ns = figures.first_start_ns.min(start_ns);
    figures.last_start_ns = figures.last_start_ns.max(start_ns);
    figures.end_ns = figures.end_ns.max(start_ns.saturating_add(chunk.duration_ns.get(row)));
    figures.tokens += chunk.total_tokens.get(row) as f64;
    figures.cost += chunk.cost(row);
}

fn info(session: &str, figures: &Figures) -> SessionInfo {
    SessionInfo {
        session: session.to_owned(),
        user: None,
        traces: figures.traces,
        errors: figures.errors,
        first_start_ns: figures.first_start_ns,
        last_start_ns: figures.last_start_ns,
        end_ns: figures.end_ns,
        tokens: figures.tokens.max(0.0) as u64,
        // Not a number if opposite infinities met.
        cost: if figures.cost.is_nan() { 0.0 } else { figures.cost },
        first_input: None,
        last_output: None,
        last_trace: TraceId::Otel([0; 16]),
    }
}

/// The traces of one session that were not read yet, in order.
#[derive(Clone, Default)]
struct Unread {
    traces: Vec<Place>,
    /// The last one that has a user.
    user: Option<Place>,
}

/// The sessions of a page.
struct OnPage {
    figures: Vec<Figures>,
    unread: Vec<Unread>,
}

impl OnPage {
    /// Reads the columns of those traces that are of the sessions.
    fn read(selected: &Selected, codes: &[Code]) -> OnPage {
        let mut page =
            OnPage { figures: vec![NO_FIGURES; codes.len()], unread: vec![Unread::default(); codes.len()] };
        // The place of each code + 1; 0 = not on the page.
        let mut places = vec![0_u32; selected.snapshot.texts(SESSION).len() + 1];
        codes.iter().enumerate().for_each(|(place, code)| places[*code as usize] = place as u32 + 1);
        for (number, chunk, rows) in selected.chunks() {
            let Some(sessions) = chunk.text(SESSION) else { continue };
            for row in rows.iter() {
                let place = places.get(sessions.get(row) as usize).copied().unwrap_or(0);
                if place != 0 {
                    page.add(place as usize - 1, number, chunk, row);
                }
            }
        }
        page.unread.iter_mut().for_each(|unread| unread.traces.sort_unstable());
        page
    }

    fn add(&mut self, at: usize, number: i64, chunk: &Chunk, row: usize) {
        add(&mut self.figures[at], chunk, row);
        let place = (chunk.start_ns[row], trace_key(number, row));
        let unread = &mut self.unread[at];
        unread.traces.push(place);
        if chunk.code(USER, row) != 0 {
            unread.user = unread.user.max(Some(place));
        }
    }

    /// Fills in what the traces say that is in no column.
    fn tell(&mut self, conn: &Connection, sessions: &mut [SessionInfo]) -> StoreResult<()> {
        let names: HashMap<String, usize> =
            sessions.iter().enumerate().map(|(place, one)| (one.session.clone(), place)).collect();
        let mut told: Vec<Told> = sessions.iter().map(|_| Told::default()).collect();
        let mut count = READ_FROM_ENDS;
        loop {
            let mut keys = Vec::new();
            for (unread, told) in self.unread.iter_mut().zip(&told) {
                take(unread, told, count, &mut keys);
            }
            if keys.is_empty() {
                return Ok(());
            }
            read(conn, &keys, &names, &mut told, sessions)?;
            count = count.saturating_mul(8);
        }
    }
}

/// Takes the next traces from the ends of a session: from the beginning as long as one that was not read may be the
/// first with an input, from the end as long as one may be the last with an output.
fn take(unread: &mut Unread, told: &Told, count: usize, keys: &mut Vec<i64>) {
    keys.extend(unread.user.take().map(|(_, key)| key));
    let last = unread.traces.last().copied();
    if last.is_some_and(|last| told.output.is_none_or(|output| output < last)) {
        let from = unread.traces.len().saturating_sub(count);
        keys.extend(unread.traces.drain(from..).map(|(_, key)| key));
    }
    let first = unread.traces.first().copied();
    if first.is_some_and(|first| told.input.is_none_or(|input| input > first)) {
        let to = unread.traces.len().min(count);
        keys.extend(unread.traces.drain(..to).map(|(_, key)| key));
    }
}

fn read(
    conn: &Connection,
    keys: &[i64],
    places: &HashMap<String, usize>,
    told: &mut [Told],
    sessions: &mut [SessionInfo],
) -> StoreResult<()> {
    let sql = format!("SELECT {TOLD} FROM json_each(?1) k CROSS JOIN trace t ON t.trace_key = k.value");
    let mut statement = conn.prepare_cached(&sql).map_err(sql_error)?;
    let mut rows = statement.query([serde_json::json!(keys).to_string()]).map_err(sql_error)?;
    while let Some(row) = rows.next().map_err(sql_error)? {
        let session = row.get_ref(0).map_err(sql_error)?;
        // It may have moved to another session in between.
        let place = session.as_str_or_null().ok().flatten().and_then(|session| places.get(session));
        if let Some(&place) = place {
            told[place].hear(row, &mut sessions[place]).map_err(sql_error)?;
        }
    }
    Ok(())
}
