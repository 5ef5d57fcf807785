//! Traces that arrived and may still change.

use super::RUNNING;
use crate::catalog::key_array;
use crate::error::sql_error;
use crate::trace_ids;
use crate::trace_row::{SqlTraceId, state_from_number};
use rusqlite::{Connection, OptionalExtension};
use spanwise_model::{ExperimentId, TraceId, TraceState};
use spanwise_store::StoreResult;
use spanwise_store::catalog::{SettledTrace, Settling};

/// Longest time between two looks at a trace that has not ended. One that ends is told by the feed of changes; this is for
/// those that ended while nobody followed it.
const LOOK_EVERY_NS_MAX: i64 = 600 * 1_000_000_000;

/// Notes when a scorer starts, and lets go of what is queued for one that is stopped; to be called before the rate changes.
pub(crate) fn rate_changes(conn: &Connection, scorer_id: &str, sample_rate: f64) -> StoreResult<()> {
    let was_running: bool = conn
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM online_scoring AS o JOIN scorer AS s USING (scorer_key)
                            WHERE s.scorer_id = ?1 AND o.sample_rate > 0)",
        )
        .and_then(|mut select| select.query_row([scorer_id], |row| row.get(0)))
        .map_err(sql_error)?;
    let sql = match (was_running, sample_rate > 0.0) {
        (false, true) => {
            "INSERT INTO scoring (scorer_key, after_trace_key)
             SELECT scorer_key, (SELECT coalesce(max(trace_key), 0) FROM trace) FROM scorer WHERE scorer_id = ?1
             ON CONFLICT (scorer_key) DO UPDATE SET after_trace_key = excluded.after_trace_key"
        }
        (true, false) => {
            "DELETE FROM scoring_task WHERE backfill_key IS NULL
             AND scorer_key = (SELECT scorer_key FROM scorer WHERE scorer_id = ?1)"
        }
        _ => return Ok(()),
    };
    conn.prepare_cached(sql).and_then(|mut change| change.execute([scorer_id])).map(drop).map_err(sql_error)
}

/// Returns whether there is something for [`note_arrivals`].
pub(super) fn has_arrivals(conn: &Connection) -> StoreResult<bool> {
    let Some(start) = start(conn)? else { return Ok(false) };
    conn.prepare_cached("SELECT EXISTS (SELECT 1 FROM trace WHERE trace_key > ?1)")
        .and_then(|mut select| select.query_row([start], |row| row.get(0)))
        .map_err(sql_error)
}

/// Returns the key behind which traces were not looked at; `None` if no scorer runs.
fn start(conn: &Connection) -> StoreResult<Option<i64>> {
    let sql = format!(
        "SELECT (SELECT trace_key FROM scoring_cursor), (SELECT min(after_trace_key) FROM ({RUNNING}))"
    );
    let (cursor, after): (i64, Option<i64>) = conn
        .prepare_cached(&sql)
        .and_then(|mut select| select.query_row([], |row| row.try_into()))
        .map_err(sql_error)?;
    Ok(after.map(|after| cursor.max(after)))
}

/// See [`spanwise_store::catalog::ScoringStore::note_arrivals`].
pub(super) fn note_arrivals(
    conn: &Connection,
    now_ns: i64,
    quiet_ns: i64,
    limit: usize,
) -> StoreResult<usize> {
    let Some(start) = start(conn)? else { return Ok(0) };
    let keys: Vec<i64> = conn
        .prepare_cached("SELECT trace_key FROM trace WHERE trace_key > ?1 ORDER BY trace_key LIMIT ?2")
        .and_then(|mut select| {
            select.query_map((start, limit as i64), |row| row.get(0))?.collect::<rusqlite::Result<_>>()
        })
        .map_err(sql_error)?;
    let Some(last) = keys.last().copied() else { return Ok(0) };
    let count = keys.len();
    // A trace that has not ended may still move to another experiment, with the root that decides.
    let sql = format!(
        "INSERT INTO scoring_arrival (trace_key, seen_ns, due_ns)
         SELECT trace_key, ?2, ?2 + ?3 FROM trace WHERE trace_key IN rarray(?1)
           AND (experiment_id IN (SELECT experiment_id FROM ({RUNNING}))
                OR finalized = 0 AND (state IN (0, 3) OR visible = 0))
         ON CONFLICT (trace_key) DO NOTHING"
    );
    conn.prepare_cached(&sql)
        .and_then(|mut insert| insert.execute((key_array(keys), now_ns, quiet_ns)))
        .map_err(sql_error)?;
    conn.prepare_cached("UPDATE scoring_cursor SET trace_key = ?1")
        .and_then(|mut update| update.execute([last]))
        .map_err(sql_error)?;
    Ok(count)
}

/// Returns the keys of those of these traces that would be looked at later than at that time.
pub(super) fn late_traces(conn: &Connection, traces: &[TraceId], due_ns: i64) -> StoreResult<Vec<i64>> {
    let any: bool = conn
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM scoring_arrival WHERE due_ns > ?1)")
        .and_then(|mut select| select.query_row([due_ns], |row| row.get(0)))
        .map_err(sql_error)?;
    if !any {
        return Ok(Vec::new());
    }
    let keys = trace_ids::find_all(conn, traces)?;
    conn.prepare_cached("SELECT trace_key FROM scoring_arrival WHERE trace_key IN rarray(?1) AND due_ns > ?2")
        .and_then(|mut select| select.query_map((key_array(keys), due_ns), |row| row.get(0))?.collect())
        .map_err(sql_error)
}

/// See [`spanwise_store::catalog::ScoringStore::hasten_traces`].
pub(super) fn hasten(conn: &Connection, keys: Vec<i64>, due_ns: i64) -> StoreResult<()> {
    conn.prepare_cached(
        "UPDATE scoring_arrival SET due_ns = ?2 WHERE trace_key IN rarray(?1) AND due_ns > ?2",
    )
    .and_then(|mut update| update.execute((key_array(keys), due_ns)))
    .map(drop)
    .map_err(sql_error)
}

/// When the next arrival is to be looked at.
pub(super) fn next_due(conn: &Connection) -> StoreResult<Option<i64>> {
    conn.prepare_cached("SELECT min(due_ns) FROM scoring_arrival")
        .and_then(|mut select| select.query_row([], |row| row.get(0)).optional())
        .map(Option::flatten)
        .map_err(sql_error)
}

/// An arrival that is due.
struct Arrival {
    trace_key: i64,
    seen_ns: i64,
    /// Its id, experiment, and whether it has ended; `None` if it is gone.
    trace: Option<(TraceId, ExperimentId, bool)>,
    last_arrival_ns: i64,
}

/// See [`spanwise_store::catalog::ScoringStore::settle_traces`].
pub(super) fn settle_traces(
    conn: &Connection,
    now_ns: i64,
    quiet_ns: i64,
    give_up_ns: i64,
    limit: usize,
) -> StoreResult<Settling> {
    let arrivals = due(conn, now_ns, limit)?;
    let mut settling = Settling { looked_at: arrivals.len(), ..Settling::default() };
    for arrival in arrivals {
        let Some((trace_id, experiment_id, has_ended)) = arrival.trace else {
            forget(conn, [arrival.trace_key])?;
            continue;
        };
        let age_ns = now_ns.saturating_sub(arrival.seen_ns).max(0);
        let quiet_at = arrival.last_arrival_ns.saturating_add(quiet_ns);
        let is_settled = has_ended && quiet_at <= now_ns;
        if is_settled || !has_ended && age_ns >= give_up_ns {
            let place = arrival.trace_key;
            settling.settled.push(SettledTrace { trace_id, experiment_id, place, has_ended });
            continue;
        }
        // A clock that was set back must not make a trace wait for long.
        let due_ns = match has_ended {
            true => quiet_at.min(now_ns.saturating_add(quiet_ns)),
            false => {
                now_ns.saturating_add((age_ns / 2).clamp(quiet_ns.min(LOOK_EVERY_NS_MAX), LOOK_EVERY_NS_MAX))
            }
        };
        conn.prepare_cached("UPDATE scoring_arrival SET due_ns = ?2 WHERE trace_key = ?1")
            .and_then(|mut update| update.execute((arrival.trace_key, due_ns)))
            .map_err(sql_error)?;
    }
    settling.next_due_ns = next_due(conn)?;
    Ok(settling)
}

fn due(conn: &Connection, now_ns: i64, limit: usize) -> StoreResult<Vec<Arrival>> {
    conn.prepare_cached(
        "SELECT a.trace_key, a.seen_ns, t.trace_id, t.experiment_id, t.state, t.finalized, t.visible,
                (SELECT max(arrival_ns) FROM block AS b WHERE b.trace_key = a.trace_key)
         FROM scoring_arrival AS a LEFT JOIN trace AS t USING (trace_key)
         WHERE a.due_ns <= ?1 ORDER BY a.due_ns LIMIT ?2",
    )
    .and_then(|mut select| {
        let read = |row: &rusqlite::Row<'_>| {
            let id: Option<SqlTraceId<TraceId>> = row.get(2)?;
            let trace = match id {
                Some(SqlTraceId(id)) => {
                    let state = state_from_number(row.get(4)?);
                    let (finalized, visible): (bool, bool) = (row.get(5)?, row.get(6)?);
                    let has_state = matches!(state, TraceState::Ok | TraceState::Error);
                    Some((id, ExperimentId(row.get(3)?), visible && (finalized || has_state)))
                }
                None => None,
            };
            let last: Option<i64> = row.get(7)?;
            let seen_ns = row.get(1)?;
            Ok(Arrival { trace_key: row.get(0)?, seen_ns, trace, last_arrival_ns: last.unwrap_or(seen_ns) })
        };
        select.query_map((now_ns, limit as i64), read)?.collect()
    })
    .map_err(sql_error)
}

/// Lets go of arrivals.
pub(super) fn forget(conn: &Connection, keys: impl IntoIterator<Item = i64>) -> StoreResult<()> {
    conn.prepare_cached("DELETE FROM scoring_arrival WHERE trace_key IN rarray(?1)")
        .and_then(|mut delete| delete.execute([key_array(keys)]))
        .map(drop)
        .map_err(sql_error)
}

/// See [`spanwise_store::catalog::ScoringStore::count_unsettled`].
pub(super) fn count_unsettled(conn: &Connection) -> StoreResult<u64> {
    conn.prepare_cached("SELECT count(*) FROM scoring_arrival")
        .and_then(|mut select| select.query_row([], |row| row.get(0)))
        .map_err(sql_error)
}
