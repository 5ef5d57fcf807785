//! Review queues: their rows, and the traces in them.

mod claim;
mod import;
mod item;
mod progress;
mod work;

pub(crate) use claim::{claim_reviews, release_reviews};
pub(crate) use import::{import_item, import_queue};
pub(crate) use item::{add_review_items, find_review_items, remove_review_items, set_review_status};
pub(crate) use progress::{review_answers, review_progress};
pub(crate) use work::{add_to_review, find_reviews, finish_review, get_review, reopen_review};

use super::experiment::known_experiment;
use super::issue::{list_text, read_list};
use super::{key_array, text_array, trace_key};
use crate::error::sql_error;
use rusqlite::{Connection, OptionalExtension, Row, ToSql, params, params_from_iter};
use spanwise_model::{ErrorKind, ExperimentId, LabelSchemaId, ReviewQueue, ReviewQueueId, ReviewQueueType};
use spanwise_store::StoreResult;
use spanwise_store::catalog::{
    NewReviewQueue, ReviewQueueChange, ReviewQueuePage, ReviewQueueQuery, refusal,
};

const COLUMNS: &str = "queue_key, queue_id, experiment_id, name, is_user, created_by, schema_ids, created_ns, \
    last_updated_ns";

/// See [`spanwise_store::catalog::ReviewQueueStore::create_review_queue`].
pub(crate) fn create_review_queue(
    conn: &Connection,
    new: &NewReviewQueue,
    now_ns: i64,
) -> StoreResult<ReviewQueue> {
    known_experiment(conn, new.experiment_id)?;
    check_schemas(conn, new.experiment_id, &new.schema_ids)?;
    if find_by_name(conn, new.experiment_id, &new.name)?.is_some() {
        return Err(refusal::review_queue_exists(&new.name));
    }
    conn.prepare_cached(
        "INSERT INTO review_queue (queue_id, experiment_id, name, name_key, is_user, created_by, schema_ids,
         created_ns, last_updated_ns) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8)",
    )
    .and_then(|mut insert| {
        insert.execute(params![
            new.queue_id.0,
            new.experiment_id.0,
            new.name,
            new.name.to_lowercase(),
            new.queue_type == ReviewQueueType::User,
            new.created_by,
            ids_text(&new.schema_ids),
            now_ns,
        ])
    })
    .map_err(sql_error)?;
    set_users(conn, conn.last_insert_rowid(), &new.users)?;
    get_review_queue(conn, &new.queue_id)
}

/// See [`spanwise_store::catalog::ReviewQueueStore::ensure_user_queue`].
pub(crate) fn ensure_user_queue(
    conn: &Connection,
    experiment_id: ExperimentId,
    user: &str,
    id: &ReviewQueueId,
    now_ns: i64,
) -> StoreResult<ReviewQueue> {
    known_experiment(conn, experiment_id)?;
    match find_by_name(conn, experiment_id, user)? {
        Some(queue) if queue.queue_type == ReviewQueueType::User => return Ok(queue),
        Some(_) => return Err(refusal::not_a_user_queue(user)),
        None => {}
    }
    let new = NewReviewQueue {
        queue_id: id.clone(),
        experiment_id,
        name: user.to_owned(),
        queue_type: ReviewQueueType::User,
        created_by: Some(user.to_owned()),
        users: vec![user.to_owned()],
        schema_ids: Vec::new(),
    };
    create_review_queue(conn, &new, now_ns)
}

/// See [`spanwise_store::catalog::ReviewQueueStore::get_review_queue`].
pub(crate) fn get_review_queue(conn: &Connection, id: &ReviewQueueId) -> StoreResult<ReviewQueue> {
    find_one(conn, "queue_id = ?1", [&id.0])?.ok_or_else(|| refusal::no_review_queue(id))
}

/// See [`spanwise_store::catalog::ReviewQueueStore::get_review_queue_by_name`].
pub(crate) fn get_review_queue_by_name(
    conn: &Connection,
    experiment: ExperimentId,
    name: &str,
) -> StoreResult<ReviewQueue> {
    known_experiment(conn, experiment)?;
    find_by_name(conn, experiment, name)?.ok_or_else(|| refusal::no_review_queue_named(experiment, name))
}

/// See [`spanwise_store::catalog::ReviewQueueStore::find_review_queues`].
pub(crate) fn find_review_queues(
    conn: &Connection,
    query: &ReviewQueueQuery,
) -> StoreResult<ReviewQueuePage> {
    known_experiment(conn, query.experiment)?;
    let mut sql = format!("SELECT {COLUMNS} FROM review_queue WHERE experiment_id = ?");
    let mut params: Vec<Box<dyn ToSql>> = vec![Box::new(query.experiment.0)];
    if let Some(user) = &query.user {
        sql.push_str(" AND queue_key IN (SELECT queue_key FROM review_queue_user WHERE user = ?)");
        params.push(Box::new(user.clone()));
    }
    if let Some(trace) = &query.trace {
        let key = match trace_key(conn, trace) {
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            key => Some(key?),
        };
        sql.push_str(" AND queue_key IN (SELECT queue_key FROM review_item WHERE trace_key = ?)");
        params.push(Box::new(key));
    }
    sql.push_str(" ORDER BY created_ns DESC, queue_id LIMIT ? OFFSET ?");
    params.push(Box::new(rows_of(query.limit)));
    params.push(Box::new(i64::try_from(query.offset).unwrap_or(i64::MAX)));
    let mut statement = conn.prepare(&sql).map_err(sql_error)?;
    let found = statement.query_map(params_from_iter(&params), read_queue).map_err(sql_error)?;
    let mut queues = found.collect::<Result<Vec<_>, _>>().map_err(sql_error)?;
    let has_more = queues.len() > query.limit;
    queues.truncate(query.limit);
    let queues = queues.into_iter().map(|(key, queue)| with_users(conn, key, queue));
    Ok(ReviewQueuePage { queues: queues.collect::<StoreResult<_>>()?, has_more })
}

/// See [`spanwise_store::catalog::ReviewWorkStore::review_queues_of`].
pub(crate) fn review_queues_of(
    conn: &Connection,
    experiments: Option<&[ExperimentId]>,
    limit: usize,
) -> StoreResult<ReviewQueuePage> {
    let keys = key_array(experiments.unwrap_or_default().iter().map(|id| id.0));
    let mut queues: Vec<(i64, ReviewQueue)> = conn
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM review_queue WHERE CASE WHEN ?1
             THEN experiment_id IN (SELECT experiment_id FROM experiment WHERE deleted = 0)
             ELSE experiment_id IN (SELECT value FROM rarray(?2)) END ORDER BY created_ns DESC, queue_id LIMIT ?3"
        ))
        .and_then(|mut select| {
            select.query_map(params![experiments.is_none(), keys, rows_of(limit)], read_queue)?.collect()
        })
        .map_err(sql_error)?;
    let has_more = queues.len() > limit;
    queues.truncate(limit);
    let queues = queues.into_iter().map(|(key, queue)| with_users(conn, key, queue));
    Ok(ReviewQueuePage { queues: queues.collect::<StoreResult<_>>()?, has_more })
}

/// See [`spanwise_store::catalog::ReviewQueueStore::update_review_queue`].
pub(crate) fn update_review_queue(
    conn: &Connection,
    id: &ReviewQueueId,
    change: &ReviewQueueChange,
    now_ns: i64,
) -> StoreResult<ReviewQueue> {
    let old = get_review_queue(conn, id)?;
    if old.queue_type == ReviewQueueType::User {
        return Err(refusal::user_queue_changed());
    }
    if *change == ReviewQueueChange::default() {
        return Ok(old);
    }
    if let Some(name) = change.name.as_ref().filter(|name| name.to_lowercase() != old.name.to_lowercase())
        && find_by_name(conn, old.experiment_id, name)?.is_some()
    {
        return Err(refusal::review_queue_exists(name));
    }
    let queue_key = key_of(conn, id)?;
    if let Some(schemas) = &change.schema_ids {
        if has_items(conn, queue_key)? {
            return Err(refusal::questions_locked());
        }
        check_schemas(conn, old.experiment_id, schemas)?;
    }
    conn.prepare_cached(
        "UPDATE review_queue SET name = coalesce(?2, name), name_key = coalesce(?3, name_key),
         created_by = coalesce(?4, created_by), schema_ids = coalesce(?5, schema_ids), last_updated_ns = ?6
         WHERE queue_key = ?1",
    )
    .and_then(|mut update| {
        update.execute(params![
            queue_key,
            change.name,
            change.name.as_ref().map(|name| name.to_lowercase()),
            change.created_by,
            change.schema_ids.as_ref().map(|ids| ids_text(ids)),
            now_ns,
        ])
    })
    .map_err(sql_error)?;
    if let Some(users) = &change.users {
        set_users(conn, queue_key, users)?;
    }
    get_review_queue(conn, id)
}

/// See [`spanwise_store::catalog::ReviewQueueStore::delete_review_queue`].
pub(crate) fn delete_review_queue(conn: &Connection, id: &ReviewQueueId) -> StoreResult<()> {
    conn.prepare_cached("DELETE FROM review_queue WHERE queue_id = ?1")
        .and_then(|mut delete| delete.execute([&id.0]))
        .map_err(sql_error)?;
    Ok(())
}

/// Returns the key of a queue.
fn key_of(conn: &Connection, id: &ReviewQueueId) -> StoreResult<i64> {
    conn.prepare_cached("SELECT queue_key FROM review_queue WHERE queue_id = ?1")
        .and_then(|mut select| select.query_row([&id.0], |row| row.get(0)).optional())
        .map_err(sql_error)?
        .ok_or_else(|| refusal::no_review_queue(id))
}

/// One row more than the page tells whether another page follows.
fn rows_of(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1)
}

fn find_by_name(conn: &Connection, experiment: ExperimentId, name: &str) -> StoreResult<Option<ReviewQueue>> {
    find_one(conn, "experiment_id = ?1 AND name_key = ?2", params![experiment.0, name.to_lowercase()])
}

fn find_one(
    conn: &Connection,
    condition: &str,
    params: impl rusqlite::Params,
) -> StoreResult<Option<ReviewQueue>> {
    let found = conn
        .prepare_cached(&format!("SELECT {COLUMNS} FROM review_queue WHERE {condition}"))
        .and_then(|mut select| select.query_row(params, read_queue).optional())
        .map_err(sql_error)?;
    found.map(|(key, queue)| with_users(conn, key, queue)).transpose()
}

fn read_queue(row: &Row<'_>) -> rusqlite::Result<(i64, ReviewQueue)> {
    let queue = ReviewQueue {
        queue_id: ReviewQueueId(row.get(1)?),
        experiment_id: ExperimentId(row.get(2)?),
        name: row.get(3)?,
        queue_type: if row.get(4)? { ReviewQueueType::User } else { ReviewQueueType::Custom },
        created_by: row.get(5)?,
        users: Vec::new(),
        schema_ids: read_list(row, 6)?.into_iter().map(LabelSchemaId).collect(),
        created_ns: row.get(7)?,
        last_updated_ns: row.get(8)?,
    };
    Ok((row.get(0)?, queue))
}

fn with_users(conn: &Connection, queue_key: i64, queue: ReviewQueue) -> StoreResult<ReviewQueue> {
    let users = conn
        .prepare_cached("SELECT user FROM review_queue_user WHERE queue_key = ?1 ORDER BY place")
        .and_then(|mut select| select.query_map([queue_key], |row| row.get(0))?.collect())
        .map_err(sql_error)?;
    Ok(ReviewQueue { users, ..queue })
}

fn set_users(conn: &Connection, queue_key: i64, users: &[String]) -> StoreResult<()> {
    conn.prepare_cached("DELETE FROM review_queue_user WHERE queue_key = ?1")
        .and_then(|mut delete| delete.execute([queue_key]))
        .map_err(sql_error)?;
    for (place, user) in users.iter().enumerate() {
        conn.prepare_cached("INSERT INTO review_queue_user (queue_key, user, place) VALUES (?1, ?2, ?3)")
            .and_then(|mut insert| insert.execute((queue_key, user, place as i64)))
            .map_err(sql_error)?;
    }
    Ok(())
}

/// Refuses questions that the experiment does not have.
fn check_schemas(conn: &Connection, experiment: ExperimentId, ids: &[LabelSchemaId]) -> StoreResult<()> {
    let mut known = conn
        .prepare_cached("SELECT count(*) > 0 FROM label_schema WHERE schema_id = ?1 AND experiment_id = ?2")
        .map_err(sql_error)?;
    let mut missing = Vec::new();
    for id in ids {
        let is_known: bool = known.query_row((&id.0, experiment.0), |row| row.get(0)).map_err(sql_error)?;
        missing.extend((!is_known).then_some(id));
    }
    if missing.is_empty() { Ok(()) } else { Err(refusal::no_questions(experiment, &missing)) }
}

fn has_items(conn: &Connection, queue_key: i64) -> StoreResult<bool> {
    conn.prepare_cached("SELECT EXISTS (SELECT 1 FROM review_item WHERE queue_key = ?1)")
        .and_then(|mut select| select.query_row([queue_key], |row| row.get(0)))
        .map_err(sql_error)
}

fn ids_text(ids: &[LabelSchemaId]) -> String {
    list_text(&ids.iter().map(|id| id.0.clone()).collect::<Vec<_>>())
}
