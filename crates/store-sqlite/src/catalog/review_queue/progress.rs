//! How far queues are, and what was answered.

use super::key_of;
use crate::error::sql_error;
use crate::trace_row::SqlTraceId;
use rusqlite::{Connection, params};
use spanwise_model::{ReviewQueue, ReviewQueueId, ReviewStatus, TraceId};
use spanwise_store::StoreResult;
use spanwise_store::catalog::{ReviewAnswer, ReviewProgress, ReviewerProgress};

/// See [`spanwise_store::catalog::ReviewWorkStore::review_progress`].
pub(crate) fn review_progress(
    conn: &Connection,
    queues: &[ReviewQueue],
    now_ns: i64,
) -> StoreResult<Vec<ReviewProgress>> {
    queues.iter().map(|queue| progress(conn, key_of(conn, &queue.queue_id)?, now_ns)).collect()
}

fn progress(conn: &Connection, queue_key: i64, now_ns: i64) -> StoreResult<ReviewProgress> {
    let mut out = ReviewProgress { reviewers: reviewers(conn, queue_key, now_ns)?, ..Default::default() };
    let mut counts = conn
        .prepare_cached("SELECT status, count(*) FROM review_item WHERE queue_key = ?1 GROUP BY status")
        .map_err(sql_error)?;
    let rows = counts
        .query_map([queue_key], |row| Ok((row.get::<_, String>(0)?, row.get::<_, u64>(1)?)))
        .map_err(sql_error)?;
    for row in rows {
        let (status, count) = row.map_err(sql_error)?;
        match ReviewStatus::from_name(&status) {
            Some(ReviewStatus::Complete) => out.complete = count,
            Some(ReviewStatus::Declined) => out.declined = count,
            _ => out.pending += count,
        }
    }
    out.in_progress = conn
        .prepare_cached(
            "SELECT count(DISTINCT trace_key) FROM review_work JOIN review_item AS i USING (queue_key, trace_key)
             WHERE queue_key = ?1 AND held_until_ns > ?2 AND i.status = ?3",
        )
        .and_then(|mut select| {
            select.query_row(params![queue_key, now_ns, ReviewStatus::Pending.name()], |row| row.get(0))
        })
        .map_err(sql_error)?;
    out.pending = out.pending.saturating_sub(out.in_progress);
    Ok(out)
}

/// By reviewer, also those who set the status through MLflow's API.
fn reviewers(conn: &Connection, queue_key: i64, now_ns: i64) -> StoreResult<Vec<ReviewerProgress>> {
    conn.prepare_cached(
        "SELECT reviewer, sum(held), sum(complete), sum(skipped), avg(took) FROM (
             SELECT reviewer, held_until_ns > ?2 AS held, outcome = 'COMPLETE' AS complete,
                 outcome = 'SKIPPED' AS skipped, CASE WHEN outcome = 'COMPLETE' AND finished_ns > since_ns THEN finished_ns - since_ns END AS took
             FROM review_work WHERE queue_key = ?1
             UNION ALL
             SELECT completed_by, 0, 1, 0, NULL FROM review_item AS i WHERE queue_key = ?1 AND status = 'COMPLETE'
                 AND completed_by IS NOT NULL AND NOT EXISTS (SELECT 1 FROM review_work AS w
                     WHERE w.queue_key = i.queue_key AND w.trace_key = i.trace_key AND w.reviewer = i.completed_by)
         ) GROUP BY reviewer ORDER BY reviewer",
    )
    .and_then(|mut select| {
        let rows = select.query_map((queue_key, now_ns), |row| {
            Ok(ReviewerProgress {
                reviewer: row.get(0)?,
                in_progress: row.get::<_, Option<u64>>(1)?.unwrap_or(0),
                complete: row.get::<_, Option<u64>>(2)?.unwrap_or(0),
                skipped: row.get::<_, Option<u64>>(3)?.unwrap_or(0),
                mean_ns: row.get::<_, Option<f64>>(4)?.map(|mean| mean as i64),
            })
        })?;
        rows.collect()
    })
    .map_err(sql_error)
}

/// See [`spanwise_store::catalog::ReviewWorkStore::review_answers`].
pub(crate) fn review_answers(
    conn: &Connection,
    id: &ReviewQueueId,
    names: &[String],
    limit: usize,
) -> StoreResult<Vec<ReviewAnswer>> {
    let queue_key = key_of(conn, id)?;
    conn.prepare_cached(
        "SELECT t.trace_id, a.name, a.source_id, a.value
         FROM review_item AS i JOIN trace AS t USING (trace_key) JOIN assessment AS a USING (trace_key)
         WHERE i.queue_key = ?1 AND a.valid = 1 AND a.kind IN (0, 1) AND a.source_type = 1 AND a.span_id IS NULL
         AND a.source_id IS NOT NULL AND a.value IS NOT NULL AND a.name IN (SELECT value FROM rarray(?2))
         ORDER BY i.trace_key, a.sequence LIMIT ?3",
    )
    .and_then(|mut select| {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = select.query_map(params![queue_key, super::text_array(names), limit], |row| {
            Ok(ReviewAnswer {
                trace_id: row.get::<_, SqlTraceId<TraceId>>(0)?.0,
                name: row.get(1)?,
                reviewer: row.get(2)?,
                value: row.get(3)?,
            })
        })?;
        rows.collect()
    })
    .map_err(sql_error)
}
