//! What reviewers do with the traces of a queue.

use super::super::issue::unreadable;
use super::item::{SELECT, find_item, insert_item, read_item, set_review_status, trace_in};
use super::{get_review_queue, key_of, rows_of};
use crate::error::{damaged, sql_error};
use crate::trace_ids;
use rusqlite::{Connection, OptionalExtension, params};
use spanwise_model::{AssessmentId, ReviewItem, ReviewQueueId, ReviewStatus, TraceId};
use spanwise_store::StoreResult;
use spanwise_store::catalog::{
    AddedToReview, FinishedReview, Review, ReviewOutcome, ReviewPage, ReviewQuery, ReviewState, refusal,
};

/// Whether somebody holds the trace `i` at the time `?3`.
const IS_HELD: &str = "EXISTS (SELECT 1 FROM review_work AS w WHERE w.queue_key = i.queue_key \
    AND w.trace_key = i.trace_key AND w.held_until_ns > ?3)";

/// See [`spanwise_store::catalog::ReviewWorkStore::add_to_review`].
pub(crate) fn add_to_review(
    conn: &Connection,
    id: &ReviewQueueId,
    traces: &[TraceId],
    now_ns: i64,
) -> StoreResult<AddedToReview> {
    let queue = get_review_queue(conn, id)?;
    let queue_key = key_of(conn, id)?;
    let mut outcome = AddedToReview::default();
    for trace in traces {
        match trace_in(conn, trace, queue.experiment_id)? {
            None => outcome.missing += 1,
            Some(trace_key) if insert_item(conn, queue_key, trace_key, now_ns)? => outcome.added += 1,
            Some(_) => outcome.present += 1,
        }
    }
    Ok(outcome)
}

/// See [`spanwise_store::catalog::ReviewWorkStore::find_reviews`].
pub(crate) fn find_reviews(conn: &Connection, query: &ReviewQuery, now_ns: i64) -> StoreResult<ReviewPage> {
    let queue_key = key_of(conn, &query.queue_id)?;
    let condition = match query.state {
        None => "true".to_owned(),
        Some(ReviewState::Pending) => format!("i.status = ?2 AND NOT {IS_HELD}"),
        Some(ReviewState::InProgress) => format!("i.status = ?2 AND {IS_HELD}"),
        Some(ReviewState::Complete | ReviewState::Declined) => "i.status = ?2".to_owned(),
    };
    let status = match query.state {
        Some(ReviewState::Complete) => ReviewStatus::Complete,
        Some(ReviewState::Declined) => ReviewStatus::Declined,
        _ => ReviewStatus::Pending,
    };
    let offset = i64::try_from(query.offset).unwrap_or(i64::MAX);
    let mut keys: Vec<i64> = conn
        .prepare_cached(&format!(
            "SELECT i.trace_key FROM review_item AS i WHERE i.queue_key = ?1 AND {condition}
             ORDER BY i.created_ns, i.trace_key LIMIT ?4 OFFSET ?5"
        ))
        .and_then(|mut select| {
            let params = params![queue_key, status.name(), now_ns, rows_of(query.limit), offset];
            select.query_map(params, |row| row.get(0))?.collect()
        })
        .map_err(sql_error)?;
    let has_more = keys.len() > query.limit;
    keys.truncate(query.limit);
    let reviews = keys.into_iter().map(|trace_key| load_review(conn, queue_key, trace_key, now_ns));
    Ok(ReviewPage { reviews: reviews.collect::<StoreResult<_>>()?, has_more })
}

/// See [`spanwise_store::catalog::ReviewWorkStore::get_review`].
pub(crate) fn get_review(
    conn: &Connection,
    id: &ReviewQueueId,
    trace: &TraceId,
    now_ns: i64,
) -> StoreResult<Review> {
    let (queue_key, trace_key, _) = known(conn, id, trace)?;
    load_review(conn, queue_key, trace_key, now_ns)
}

/// See [`spanwise_store::catalog::ReviewWorkStore::finish_review`].
pub(crate) fn finish_review(conn: &Connection, done: &FinishedReview, now_ns: i64) -> StoreResult<Review> {
    let (queue_key, trace_key, item) = known(conn, &done.queue_id, &done.trace_id)?;
    match holder(conn, queue_key, trace_key, now_ns)? {
        Some((other, _)) if other != done.reviewer => {
            return Err(refusal::review_held(&done.trace_id, &other));
        }
        _ => {}
    }
    if let Some(status) = done.outcome.status().filter(|status| *status != item.status) {
        let reviewer = Some(done.reviewer.as_str());
        set_review_status(conn, &done.queue_id, &done.trace_id, status, reviewer, now_ns)?;
    }
    // A trace may be handed out while the reviewer is still at the one before; its time begins when that ends.
    conn.prepare_cached(
        "INSERT INTO review_work (queue_key, trace_key, reviewer, since_ns, outcome, finished_ns, assessments)
         VALUES (?1, ?2, ?3, ?4, ?5, ?4, ?6) ON CONFLICT DO UPDATE SET
         since_ns = min(excluded.finished_ns, max(since_ns, coalesce((SELECT max(w.finished_ns)
             FROM review_work AS w WHERE w.queue_key = ?1 AND w.reviewer = ?3 AND w.trace_key <> ?2), 0))),
         held_until_ns = NULL, outcome = excluded.outcome, finished_ns = excluded.finished_ns,
         assessments = excluded.assessments",
    )
    .and_then(|mut insert| {
        let ids: Vec<&str> = done.assessments.iter().map(|id| id.0.as_str()).collect();
        let ids = serde_json::Value::from(ids).to_string();
        let outcome = done.outcome.name();
        insert.execute(params![queue_key, trace_key, done.reviewer, now_ns, outcome, ids])
    })
    .map_err(sql_error)?;
    load_review(conn, queue_key, trace_key, now_ns)
}

/// See [`spanwise_store::catalog::ReviewWorkStore::reopen_review`].
pub(crate) fn reopen_review(
    conn: &Connection,
    id: &ReviewQueueId,
    trace: &TraceId,
    reviewer: &str,
    held_until_ns: i64,
    now_ns: i64,
) -> StoreResult<Vec<AssessmentId>> {
    let (queue_key, trace_key, _) = known(conn, id, trace)?;
    match holder(conn, queue_key, trace_key, now_ns)? {
        Some((other, _)) if other != reviewer => return Err(refusal::review_held(trace, &other)),
        _ => {}
    }
    let given: Option<String> = conn
        .prepare_cached(
            "SELECT assessments FROM review_work WHERE queue_key = ?1 AND trace_key = ?2 AND reviewer = ?3",
        )
        .and_then(|mut select| {
            select.query_row((queue_key, trace_key, reviewer), |row| row.get(0)).optional()
        })
        .map_err(sql_error)?;
    match other_reviewer(conn, queue_key, trace_key, reviewer)? {
        Some(other) => name_reviewer(conn, queue_key, trace_key, &other, now_ns)?,
        None => {
            set_review_status(conn, id, trace, ReviewStatus::Pending, None, now_ns)?;
        }
    }
    conn.prepare_cached(
        "INSERT OR REPLACE INTO review_work (queue_key, trace_key, reviewer, since_ns, held_until_ns, assessments)
         VALUES (?1, ?2, ?3, ?4, ?5, '[]')",
    )
    .and_then(|mut insert| insert.execute(params![queue_key, trace_key, reviewer, now_ns, held_until_ns]))
    .map_err(sql_error)?;
    let given = given.unwrap_or_else(|| "[]".to_owned());
    let ids: Vec<String> = serde_json::from_str(&given)
        .map_err(|error| damaged(format!("the assessments of a review are `{given}`: {error}")))?;
    Ok(ids.into_iter().map(AssessmentId).collect())
}

/// Returns who holds a trace, and until when.
pub(super) fn holder(
    conn: &Connection,
    queue_key: i64,
    trace_key: i64,
    now_ns: i64,
) -> StoreResult<Option<(String, i64)>> {
    conn.prepare_cached(
        "SELECT reviewer, held_until_ns FROM review_work
         WHERE queue_key = ?1 AND trace_key = ?2 AND held_until_ns > ?3 ORDER BY held_until_ns DESC LIMIT 1",
    )
    .and_then(|mut select| {
        let params = (queue_key, trace_key, now_ns);
        select.query_row(params, |row| Ok((row.get(0)?, row.get(1)?))).optional()
    })
    .map_err(sql_error)
}

/// Reads one trace of a queue with who is at it.
pub(super) fn load_review(
    conn: &Connection,
    queue_key: i64,
    trace_key: i64,
    now_ns: i64,
) -> StoreResult<Review> {
    let item = conn
        .prepare_cached(&format!("{SELECT} WHERE i.queue_key = ?1 AND i.trace_key = ?2"))
        .and_then(|mut select| select.query_row((queue_key, trace_key), read_item))
        .map_err(sql_error)?;
    let finished: Vec<(String, ReviewOutcome)> = conn
        .prepare_cached(
            "SELECT reviewer, outcome FROM review_work
             WHERE queue_key = ?1 AND trace_key = ?2 AND outcome IS NOT NULL ORDER BY reviewer",
        )
        .and_then(|mut select| {
            let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, outcome_of(row.get(1)?)?));
            select.query_map((queue_key, trace_key), read)?.collect()
        })
        .map_err(sql_error)?;
    let by = |outcome| {
        let by = finished.iter().filter(move |(_, one)| *one == outcome);
        by.map(|(reviewer, _)| reviewer.clone()).collect()
    };
    let mut answered_by: Vec<String> = by(ReviewOutcome::Complete);
    // Whoever sets the status through MLflow's API leaves no other trace.
    if let Some(by) = item.completed_by.as_ref().filter(|_| item.status == ReviewStatus::Complete)
        && !answered_by.contains(by)
    {
        answered_by.push(by.clone());
        answered_by.sort();
    }
    Ok(Review {
        held_by: holder(conn, queue_key, trace_key, now_ns)?,
        answered_by,
        skipped_by: by(ReviewOutcome::Skipped),
        item,
    })
}

fn outcome_of(name: String) -> rusqlite::Result<ReviewOutcome> {
    let known = ReviewOutcome::ALL.into_iter().find(|outcome| outcome.name() == name);
    known.ok_or_else(|| unreadable(1, damaged(format!("a review has the unknown outcome `{name}`"))))
}

/// Returns the keys of a queue and a trace in it, with what is known of the review.
fn known(conn: &Connection, id: &ReviewQueueId, trace: &TraceId) -> StoreResult<(i64, i64, ReviewItem)> {
    let queue_key = key_of(conn, id)?;
    let no_item = || refusal::no_review_item(id, trace);
    let trace_key = trace_ids::find_visible(conn, trace)?.ok_or_else(no_item)?;
    let item = find_item(conn, queue_key, trace_key)?.ok_or_else(no_item)?;
    Ok((queue_key, trace_key, item))
}

/// Returns who else completed a trace first.
fn other_reviewer(
    conn: &Connection,
    queue_key: i64,
    trace_key: i64,
    reviewer: &str,
) -> StoreResult<Option<String>> {
    conn.prepare_cached(
        "SELECT reviewer FROM review_work WHERE queue_key = ?1 AND trace_key = ?2 AND reviewer <> ?3
         AND outcome = 'COMPLETE' ORDER BY finished_ns, reviewer LIMIT 1",
    )
    .and_then(|mut select| select.query_row((queue_key, trace_key, reviewer), |row| row.get(0)).optional())
    .map_err(sql_error)
}

fn name_reviewer(
    conn: &Connection,
    queue_key: i64,
    trace_key: i64,
    reviewer: &str,
    now_ns: i64,
) -> StoreResult<()> {
    conn.prepare_cached(
        "UPDATE review_item SET status = ?4, completed_by = ?3, last_updated_ns = ?5
         WHERE queue_key = ?1 AND trace_key = ?2",
    )
    .and_then(|mut update| {
        update.execute(params![queue_key, trace_key, reviewer, ReviewStatus::Complete.name(), now_ns])
    })
    .map_err(sql_error)?;
    Ok(())
}
