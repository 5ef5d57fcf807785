//! What is to be scored, and what comes of it.

use super::{arrival, backfill, scorer_key};
use crate::catalog::assessment;
use crate::error::sql_error;
use crate::trace_row::SqlTraceId;
use crate::writer::WriteContext;
use rusqlite::{Connection, OptionalExtension};
use spanwise_model::{Assessment, TraceId};
use spanwise_store::StoreResult;
use spanwise_store::catalog::{DueScores, QueuedScore, ScoreEnd, ScoreResult, ScoreSpend, Settled};
use std::collections::BTreeSet;

/// Nanoseconds of a day.
const DAY_NS: i64 = 86_400 * 1_000_000_000;
/// What is counted of a trace that was deleted before it was scored.
const DELETED: &str = "deleted before it was scored";

/// See [`spanwise_store::catalog::ScoringStore::queue_scores`].
pub(super) fn queue_scores(conn: &Connection, settled: Settled) -> StoreResult<()> {
    let mut insert = conn
        .prepare_cached(
            "INSERT INTO scoring_task (scorer_key, trace_key, queued_ns, due_ns)
             SELECT scorer_key, ?2, ?3, ?3 FROM scorer WHERE scorer_id = ?1
             ON CONFLICT (scorer_key, trace_key) DO NOTHING",
        )
        .map_err(sql_error)?;
    for (scorer_id, place) in &settled.scores {
        insert.execute((scorer_id, place, settled.now_ns)).map_err(sql_error)?;
    }
    for (scorer_id, reason, traces) in &settled.skips {
        if let Some(key) = scorer_key(conn, scorer_id)? {
            skip(conn, key, reason, *traces)?;
        }
    }
    arrival::forget(conn, settled.places)
}

fn skip(conn: &Connection, scorer_key: i64, reason: &str, traces: u64) -> StoreResult<()> {
    conn.prepare_cached(
        "INSERT INTO scoring_skip (scorer_key, reason, traces) VALUES (?1, ?2, ?3)
         ON CONFLICT (scorer_key, reason) DO UPDATE SET traces = traces + excluded.traces",
    )
    .and_then(|mut insert| insert.execute((scorer_key, reason, traces)))
    .map(drop)
    .map_err(sql_error)
}

/// See [`spanwise_store::catalog::ScoringStore::due_scores`].
pub(super) fn due_scores(
    conn: &Connection,
    scorers: &[String],
    now_ns: i64,
    limit: usize,
) -> StoreResult<DueScores> {
    let mut due = DueScores::default();
    let mut select = conn
        .prepare_cached(
            "SELECT q.trace_key, q.attempts, q.backfill_key IS NOT NULL, q.due_ns, t.trace_id
             FROM scoring_task AS q LEFT JOIN trace AS t ON t.trace_key = q.trace_key
             WHERE q.scorer_key = ?1 ORDER BY q.due_ns, q.trace_key LIMIT ?2",
        )
        .map_err(sql_error)?;
    let mut scores = Vec::new();
    for scorer_id in scorers {
        let Some(key) = scorer_key(conn, scorer_id)? else { continue };
        // One more tells when the next one is due.
        let mut rows = select.query((key, limit as i64 + 1)).map_err(sql_error)?;
        let mut taken = 0;
        while let Some(row) = rows.next().map_err(sql_error)? {
            let due_ns: i64 = row.get(3).map_err(sql_error)?;
            if due_ns > now_ns || taken == limit {
                due.next_due_ns = Some(due.next_due_ns.map_or(due_ns, |next| next.min(due_ns)));
                break;
            }
            taken += 1;
            let read = || {
                let trace_id: Option<SqlTraceId<TraceId>> = row.get(4)?;
                Ok(QueuedScore {
                    scorer_id: scorer_id.clone(),
                    place: row.get(0)?,
                    trace_id: trace_id.map(|SqlTraceId(id)| id),
                    attempts: row.get(1)?,
                    is_backfill: row.get(2)?,
                })
            };
            scores.push((due_ns, read().map_err(sql_error)?));
        }
    }
    scores.sort_by_key(|(due_ns, score)| (*due_ns, score.place));
    due.scores = scores.into_iter().map(|(_, score)| score).collect();
    Ok(due)
}

/// See [`spanwise_store::catalog::ScoringStore::end_scores`].
pub(super) fn end_scores(context: &mut WriteContext<'_>, ends: Vec<ScoreEnd>) -> StoreResult<()> {
    let mut backfills = BTreeSet::new();
    let mut changed: Vec<TraceId> = Vec::new();
    let now_ns = ends.iter().map(|end| end.now_ns).max().unwrap_or(0);
    for end in ends {
        end_score(context, end, &mut backfills, &mut changed)?;
    }
    for trace in changed {
        context.table.whole(context.conn, &trace)?;
        context.changed.push(trace);
    }
    backfills.into_iter().try_for_each(|key| backfill::end_if_done(context.conn, key, now_ns))
}

fn end_score(
    context: &mut WriteContext<'_>,
    end: ScoreEnd,
    backfills: &mut BTreeSet<i64>,
    changed: &mut Vec<TraceId>,
) -> StoreResult<()> {
    let conn = context.conn;
    let Some(key) = scorer_key(conn, &end.scorer_id)? else { return Ok(()) };
    let day = end.now_ns.div_euclid(DAY_NS);
    // Money that was spent counts also if nobody wants the score any more.
    spend(conn, key, day, &end.spend)?;
    let queued: Option<Option<i64>> = conn
        .prepare_cached("SELECT backfill_key FROM scoring_task WHERE scorer_key = ?1 AND trace_key = ?2")
        .and_then(|mut select| select.query_row((key, end.place), |row| row.get(0)).optional())
        .map_err(sql_error)?;
    let Some(backfill_key) = queued else { return Ok(()) };
    let again = match &end.result {
        ScoreResult::Retry { due_ns, error } => {
            note_error(conn, key, end.place, error, end.now_ns)?;
            Some((*due_ns, 1))
        }
        ScoreResult::Later { due_ns } => Some((*due_ns, 0)),
        _ => None,
    };
    if let Some((due_ns, attempts)) = again {
        return conn
            .prepare_cached(
                "UPDATE scoring_task SET due_ns = ?3, attempts = attempts + ?4 WHERE scorer_key = ?1 AND trace_key = ?2",
            )
            .and_then(|mut update| update.execute((key, end.place, due_ns, attempts)))
            .map(drop)
            .map_err(sql_error);
    }
    conn.prepare_cached("DELETE FROM scoring_task WHERE scorer_key = ?1 AND trace_key = ?2")
        .and_then(|mut delete| delete.execute((key, end.place)))
        .map_err(sql_error)?;
    let column = settle(conn, key, day, &end, changed)?;
    if let Some(backfill_key) = backfill_key {
        backfill::count(conn, backfill_key, column)?;
        backfills.insert(backfill_key);
    }
    Ok(())
}

/// Stores what came of a score, and returns the column of a job that counts it.
fn settle(
    conn: &Connection,
    key: i64,
    day: i64,
    end: &ScoreEnd,
    changed: &mut Vec<TraceId>,
) -> StoreResult<&'static str> {
    match &end.result {
        ScoreResult::Scored { assessment, passed } => {
            if !store(conn, end.place, assessment, changed)? {
                skip(conn, key, DELETED, 1)?;
                return Ok("skipped");
            }
            let (judged, passed) = (u8::from(passed.is_some()), u8::from(*passed == Some(true)));
            count(
                conn,
                key,
                day,
                "scored = scored + 1, judged = judged + ?3, passed = passed + ?4",
                judged,
                passed,
            )?;
            conn.prepare_cached(
                "INSERT INTO scoring (scorer_key, last_scored_ns) VALUES (?1, ?2)
                 ON CONFLICT (scorer_key) DO UPDATE SET last_scored_ns = excluded.last_scored_ns",
            )
            .and_then(|mut insert| insert.execute((key, end.now_ns)))
            .map_err(sql_error)?;
            Ok("scored")
        }
        ScoreResult::Failed { error, assessment } => {
            if let Some(assessment) = assessment {
                store(conn, end.place, assessment, changed)?;
            }
            count(conn, key, day, "failed = failed + 1 + 0 * (?3 + ?4)", 0, 0)?;
            note_error(conn, key, end.place, error, end.now_ns)?;
            Ok("failed")
        }
        ScoreResult::Skipped(reason) => {
            skip(conn, key, reason, 1)?;
            Ok("skipped")
        }
        ScoreResult::Retry { .. } | ScoreResult::Later { .. } => Ok("queued"),
    }
}

/// Stores an assessment, over the one with its id; returns false if its trace is gone.
fn store(
    conn: &Connection,
    trace_key: i64,
    assessment: &Assessment,
    changed: &mut Vec<TraceId>,
) -> StoreResult<bool> {
    let is_there: bool = conn
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM trace WHERE trace_key = ?1 AND visible = 1)")
        .and_then(|mut select| select.query_row([trace_key], |row| row.get(0)))
        .map_err(sql_error)?;
    if is_there {
        assessment::merge(conn, trace_key, std::slice::from_ref(assessment))?;
        if !changed.contains(&assessment.trace_id) {
            changed.push(assessment.trace_id.clone());
        }
    }
    Ok(is_there)
}

fn day_row(conn: &Connection, key: i64, day: i64) -> StoreResult<()> {
    conn.prepare_cached("INSERT INTO scoring_day (scorer_key, day) VALUES (?1, ?2) ON CONFLICT DO NOTHING")
        .and_then(|mut insert| insert.execute((key, day)))
        .map(drop)
        .map_err(sql_error)
}

fn count(conn: &Connection, key: i64, day: i64, change: &str, judged: u8, passed: u8) -> StoreResult<()> {
    day_row(conn, key, day)?;
    conn.prepare_cached(&format!("UPDATE scoring_day SET {change} WHERE scorer_key = ?1 AND day = ?2"))
        .and_then(|mut update| update.execute((key, day, judged, passed)))
        .map(drop)
        .map_err(sql_error)
}

fn spend(conn: &Connection, key: i64, day: i64, spend: &ScoreSpend) -> StoreResult<()> {
    if *spend == ScoreSpend::default() {
        return Ok(());
    }
    day_row(conn, key, day)?;
    conn.prepare_cached(
        "UPDATE scoring_day SET calls = calls + ?3, unpriced_calls = unpriced_calls + ?4,
             input_tokens = input_tokens + ?5, output_tokens = output_tokens + ?6, usd = usd + ?7
         WHERE scorer_key = ?1 AND day = ?2",
    )
    .and_then(|mut update| {
        let ScoreSpend { calls, unpriced_calls, input_tokens, output_tokens, usd } = *spend;
        update.execute((key, day, calls, unpriced_calls, input_tokens, output_tokens, usd))
    })
    .map(drop)
    .map_err(sql_error)
}

fn note_error(conn: &Connection, key: i64, place: i64, error: &str, now_ns: i64) -> StoreResult<()> {
    let trace: Option<SqlTraceId<TraceId>> = conn
        .prepare_cached("SELECT trace_id FROM trace WHERE trace_key = ?1")
        .and_then(|mut select| select.query_row([place], |row| row.get(0)).optional())
        .map_err(sql_error)?;
    let trace = trace.map_or_else(String::new, |SqlTraceId(id)| id.to_string());
    conn.prepare_cached(
        "INSERT INTO scoring (scorer_key, last_error, last_error_trace, last_error_ns) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (scorer_key) DO UPDATE SET last_error = excluded.last_error,
             last_error_trace = excluded.last_error_trace, last_error_ns = excluded.last_error_ns",
    )
    .and_then(|mut insert| insert.execute((key, error, trace, now_ns)))
    .map(drop)
    .map_err(sql_error)
}
