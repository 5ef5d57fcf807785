//! Traces of a queue that are handed out to reviewers, each to one at a time.

use super::item::{find_item, trace_in};
use super::work::{holder, load_review};
use super::{get_review_queue, key_of};
use crate::error::sql_error;
use rusqlite::{Connection, params};
use spanwise_model::{ReviewQueueId, ReviewStatus, TraceId};
use spanwise_store::StoreResult;
use spanwise_store::catalog::{HELD_MAX, Review, ReviewClaim, ReviewOutcome, ReviewScope, refusal};

/// See [`spanwise_store::catalog::ReviewWorkStore::claim_reviews`].
pub(crate) fn claim_reviews(conn: &Connection, claim: &ReviewClaim, now_ns: i64) -> StoreResult<Vec<Review>> {
    let queue_key = key_of(conn, &claim.queue_id)?;
    let mut held = held(conn, queue_key, &claim.reviewer, now_ns)?;
    if let ReviewScope::Trace(trace) = &claim.scope {
        let named = named(conn, claim, queue_key, trace, now_ns)?;
        held.extend(Some(named).filter(|named| !held.contains(named)));
    }
    let missing = claim.count.min(HELD_MAX).saturating_sub(held.len());
    held.extend(candidates(conn, claim, queue_key, missing, now_ns)?);
    for trace_key in &held {
        hold(conn, claim, queue_key, *trace_key, now_ns)?;
    }
    held.iter().map(|trace_key| load_review(conn, queue_key, *trace_key, now_ns)).collect()
}

/// See [`spanwise_store::catalog::ReviewWorkStore::release_reviews`].
pub(crate) fn release_reviews(conn: &Connection, id: &ReviewQueueId, reviewer: &str) -> StoreResult<u64> {
    let queue_key = key_of(conn, id)?;
    let change = |sql| {
        conn.prepare_cached(sql)
            .and_then(|mut statement| statement.execute((queue_key, reviewer)))
            .map_err(sql_error)
    };
    let unfinished =
        change("DELETE FROM review_work WHERE queue_key = ?1 AND reviewer = ?2 AND outcome IS NULL")?;
    let finished = change(
        "UPDATE review_work SET held_until_ns = NULL
         WHERE queue_key = ?1 AND reviewer = ?2 AND held_until_ns IS NOT NULL",
    )?;
    Ok((unfinished + finished) as u64)
}

/// Returns the trace that is named, unless another reviewer holds it.
fn named(
    conn: &Connection,
    claim: &ReviewClaim,
    queue_key: i64,
    trace: &TraceId,
    now_ns: i64,
) -> StoreResult<i64> {
    let no_item = || refusal::no_review_item(&claim.queue_id, trace);
    let queue = get_review_queue(conn, &claim.queue_id)?;
    let trace_key = trace_in(conn, trace, queue.experiment_id)?.ok_or_else(no_item)?;
    find_item(conn, queue_key, trace_key)?.ok_or_else(no_item)?;
    match holder(conn, queue_key, trace_key, now_ns)? {
        Some((other, _)) if other != claim.reviewer => Err(refusal::review_held(trace, &other)),
        _ => Ok(trace_key),
    }
}

/// What the reviewer was handed out and is not done with, also when the time is over, unless another has it now or it has
/// been done meanwhile.
fn held(conn: &Connection, queue_key: i64, reviewer: &str, now_ns: i64) -> StoreResult<Vec<i64>> {
    conn.prepare_cached(
        "SELECT w.trace_key FROM review_work AS w JOIN review_item AS i USING (queue_key, trace_key)
         WHERE w.queue_key = ?1 AND w.reviewer = ?2 AND w.outcome IS NULL
         AND (w.held_until_ns > ?3 OR (i.status = ?4 AND NOT EXISTS (
             SELECT 1 FROM review_work AS other WHERE other.queue_key = w.queue_key
             AND other.trace_key = w.trace_key AND other.held_until_ns > ?3)))
         ORDER BY w.since_ns, w.trace_key",
    )
    .and_then(|mut select| {
        let params = params![queue_key, reviewer, now_ns, ReviewStatus::Pending.name()];
        select.query_map(params, |row| row.get(0))?.collect()
    })
    .map_err(sql_error)
}

/// The next traces that nobody holds.
fn candidates(
    conn: &Connection,
    claim: &ReviewClaim,
    queue_key: i64,
    limit: usize,
    now_ns: i64,
) -> StoreResult<Vec<i64>> {
    let (status, mine) = match claim.scope {
        ReviewScope::Pending => {
            (ReviewStatus::Pending, "NOT EXISTS (SELECT 1 {mine} AND w.outcome = 'SKIPPED')")
        }
        ReviewScope::Skipped => (ReviewStatus::Pending, "EXISTS (SELECT 1 {mine} AND w.outcome = 'SKIPPED')"),
        ReviewScope::SecondOpinion => (
            ReviewStatus::Complete,
            "i.completed_by IS NOT ?3 AND NOT EXISTS (SELECT 1 {mine} AND w.outcome IS NOT NULL)",
        ),
        ReviewScope::Trace(_) => return Ok(Vec::new()),
    };
    let mine = mine.replace(
        "{mine}",
        "FROM review_work AS w WHERE w.queue_key = i.queue_key AND w.trace_key = i.trace_key AND w.reviewer = ?3",
    );
    conn.prepare_cached(&format!(
        "SELECT i.trace_key FROM review_item AS i WHERE i.queue_key = ?1 AND i.status = ?2 AND {mine}
         AND NOT EXISTS (SELECT 1 FROM review_work AS w WHERE w.queue_key = i.queue_key
             AND w.trace_key = i.trace_key AND w.held_until_ns > ?4)
         ORDER BY i.created_ns, i.trace_key LIMIT ?5"
    ))
    .and_then(|mut select| {
        let params = params![queue_key, status.name(), claim.reviewer, now_ns, limit as i64];
        select.query_map(params, |row| row.get(0))?.collect()
    })
    .map_err(sql_error)
}

/// Holds a trace from now on; since when counts on for one that the reviewer was at.
fn hold(
    conn: &Connection,
    claim: &ReviewClaim,
    queue_key: i64,
    trace_key: i64,
    now_ns: i64,
) -> StoreResult<()> {
    conn.prepare_cached(
        "INSERT INTO review_work (queue_key, trace_key, reviewer, since_ns, held_until_ns, assessments)
         VALUES (?1, ?2, ?3, ?4, ?5, '[]') ON CONFLICT DO UPDATE SET
         since_ns = CASE WHEN outcome IS NULL THEN since_ns ELSE excluded.since_ns END,
         held_until_ns = excluded.held_until_ns, outcome = CASE WHEN outcome = ?6 THEN NULL ELSE outcome END",
    )
    .and_then(|mut insert| {
        insert.execute(params![
            queue_key,
            trace_key,
            claim.reviewer,
            now_ns,
            claim.held_until_ns,
            ReviewOutcome::Skipped.name()
        ])
    })
    .map_err(sql_error)?;
    Ok(())
}
