//! Jobs that score stored traces.

use crate::catalog::scorer;
use crate::error::sql_error;
use crate::trace_ids;
use rusqlite::{Connection, OptionalExtension, Row};
use spanwise_model::{ErrorKind, ExperimentId};
use spanwise_store::catalog::{Backfill, BackfillState, BackfillStep, NewBackfill, RunningBackfill};
use spanwise_store::{StoreError, StoreResult};

/// Jobs that run at one time.
const RUNNING_MAX: u64 = 16;
/// The columns that [`read`] reads.
const SELECT: &str = "SELECT b.backfill_id, s.scorer_id, s.experiment_id, s.name, b.filter, b.again, b.traces_max,
        b.state, b.total, b.queued, b.scored, b.failed, b.skipped, b.created_ns, b.ended_ns, b.error, b.cursor, b.searched,
        (SELECT count(*) FROM scoring_task AS q WHERE q.backfill_key = b.backfill_key)
    FROM scoring_backfill AS b JOIN scorer AS s USING (scorer_key)";

/// See [`spanwise_store::catalog::ScoringStore::create_backfill`].
pub(super) fn create(conn: &Connection, new: &NewBackfill) -> StoreResult<Backfill> {
    let scorer = scorer::get_scorer(conn, new.experiment_id, &new.name, None)?;
    let running: u64 = conn
        .query_row("SELECT count(*) FROM scoring_backfill WHERE state = 0", [], |row| row.get(0))
        .map_err(sql_error)?;
    if running >= RUNNING_MAX {
        let text = format!(
            "{running} backfills are running, and at most {RUNNING_MAX} may; wait for one, or cancel it"
        );
        return Err(StoreError::new(ErrorKind::Exhausted, text));
    }
    conn.prepare_cached(
        "INSERT INTO scoring_backfill (backfill_id, scorer_key, filter, again, traces_max, total, created_ns)
         SELECT ?1, scorer_key, ?3, ?4, ?5, ?6, ?7 FROM scorer WHERE scorer_id = ?2",
    )
    .and_then(|mut insert| {
        insert.execute((
            &new.backfill_id,
            &scorer.scorer_id,
            &new.filter,
            new.again,
            new.traces_max,
            new.total,
            new.now_ns,
        ))
    })
    .map_err(sql_error)?;
    get(conn, &new.backfill_id)
}

/// See [`spanwise_store::catalog::ScoringStore::get_backfill`].
pub(super) fn get(conn: &Connection, id: &str) -> StoreResult<Backfill> {
    conn.prepare_cached(&format!("{SELECT} WHERE b.backfill_id = ?1"))
        .and_then(|mut select| select.query_row([id], read).optional())
        .map_err(sql_error)?
        .map(|running| running.backfill)
        .ok_or_else(|| StoreError::not_found(format!("no backfill `{id}`")))
}

/// See [`spanwise_store::catalog::ScoringStore::list_backfills`].
pub(super) fn list(conn: &Connection, scorer_id: Option<&str>, limit: usize) -> StoreResult<Vec<Backfill>> {
    let sql = format!(
        "{SELECT} WHERE s.scorer_id = coalesce(?1, s.scorer_id) ORDER BY b.backfill_key DESC LIMIT ?2"
    );
    let found: Vec<RunningBackfill> = conn
        .prepare_cached(&sql)
        .and_then(|mut select| select.query_map((scorer_id, limit as i64), read)?.collect())
        .map_err(sql_error)?;
    Ok(found.into_iter().map(|running| running.backfill).collect())
}

/// See [`spanwise_store::catalog::ScoringStore::running_backfills`].
pub(super) fn running(conn: &Connection) -> StoreResult<Vec<RunningBackfill>> {
    conn.prepare_cached(&format!("{SELECT} WHERE b.state = 0 ORDER BY b.backfill_key"))
        .and_then(|mut select| select.query_map([], read)?.collect())
        .map_err(sql_error)
}

/// See [`spanwise_store::catalog::ScoringStore::advance_backfill`].
pub(super) fn advance(conn: &Connection, id: &str, step: &BackfillStep) -> StoreResult<()> {
    let found: Option<(i64, i64)> = conn
        .prepare_cached(
            "SELECT backfill_key, scorer_key FROM scoring_backfill WHERE backfill_id = ?1 AND state = 0",
        )
        .and_then(|mut select| select.query_row([id], |row| row.try_into()).optional())
        .map_err(sql_error)?;
    let Some((key, scorer_key)) = found else { return Ok(()) };
    let keys = trace_ids::find_all(conn, &step.traces)?;
    let mut insert = conn
        .prepare_cached(
            "INSERT INTO scoring_task (scorer_key, trace_key, backfill_key, queued_ns, due_ns) VALUES (?1, ?2, ?3, ?4, ?4)
             ON CONFLICT (scorer_key, trace_key) DO NOTHING",
        )
        .map_err(sql_error)?;
    let mut queued = 0;
    for trace_key in &keys {
        queued += insert.execute((scorer_key, trace_key, key, step.now_ns)).map_err(sql_error)?;
    }
    // What is queued already, or was deleted meanwhile, is passed over too.
    let skipped = step.skipped + step.traces.len().saturating_sub(queued) as u64;
    conn.prepare_cached(
        "UPDATE scoring_backfill SET cursor = ?2, searched = ?3, queued = queued + ?4, skipped = skipped + ?5
         WHERE backfill_key = ?1",
    )
    .and_then(|mut update| update.execute((key, &step.cursor, step.is_last, queued as i64, skipped)))
    .map_err(sql_error)?;
    end_if_done(conn, key, step.now_ns)
}

/// Counts a queued trace of a job that was seen to.
pub(super) fn count(conn: &Connection, key: i64, column: &str) -> StoreResult<()> {
    conn.prepare_cached(&format!(
        "UPDATE scoring_backfill SET {column} = {column} + 1 WHERE backfill_key = ?1"
    ))
    .and_then(|mut update| update.execute([key]))
    .map(drop)
    .map_err(sql_error)
}

/// Ends a job of which nothing is left.
pub(super) fn end_if_done(conn: &Connection, key: i64, now_ns: i64) -> StoreResult<()> {
    conn.prepare_cached(
        "UPDATE scoring_backfill SET state = 1, ended_ns = ?2 WHERE backfill_key = ?1 AND state = 0 AND searched = 1
         AND NOT EXISTS (SELECT 1 FROM scoring_task AS q WHERE q.backfill_key = ?1)",
    )
    .and_then(|mut update| update.execute((key, now_ns)))
    .map(drop)
    .map_err(sql_error)
}

/// See [`spanwise_store::catalog::ScoringStore::end_backfill`].
pub(super) fn end(
    conn: &Connection,
    id: &str,
    state: BackfillState,
    error: Option<&str>,
    now_ns: i64,
) -> StoreResult<Backfill> {
    conn.prepare_cached(
        "DELETE FROM scoring_task WHERE backfill_key =
             (SELECT backfill_key FROM scoring_backfill WHERE backfill_id = ?1 AND state = 0)",
    )
    .and_then(|mut delete| delete.execute([id]))
    .map_err(sql_error)?;
    conn.prepare_cached(
        "UPDATE scoring_backfill SET state = ?2, error = ?3, ended_ns = ?4 WHERE backfill_id = ?1 AND state = 0",
    )
    .and_then(|mut update| update.execute((id, state_number(state), error, now_ns)))
    .map_err(sql_error)?;
    get(conn, id)
}

fn state_number(state: BackfillState) -> i64 {
    match state {
        BackfillState::Running => 0,
        BackfillState::Done => 1,
        BackfillState::Cancelled => 2,
        BackfillState::Failed => 3,
    }
}

fn state_from_number(number: i64) -> BackfillState {
    match number {
        0 => BackfillState::Running,
        1 => BackfillState::Done,
        2 => BackfillState::Cancelled,
        _ => BackfillState::Failed,
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<RunningBackfill> {
    let backfill = Backfill {
        backfill_id: row.get(0)?,
        scorer_id: row.get(1)?,
        experiment_id: ExperimentId(row.get(2)?),
        scorer_name: row.get(3)?,
        filter: row.get(4)?,
        again: row.get(5)?,
        traces_max: row.get(6)?,
        state: state_from_number(row.get(7)?),
        total: row.get(8)?,
        queued: row.get(9)?,
        scored: row.get(10)?,
        failed: row.get(11)?,
        skipped: row.get(12)?,
        created_ns: row.get(13)?,
        ended_ns: row.get(14)?,
        error: row.get(15)?,
    };
    Ok(RunningBackfill { backfill, cursor: row.get(16)?, is_searched: row.get(17)?, waiting: row.get(18)? })
}
