//! Assessments. They belong to a trace by its key, so that they move with it.

use super::assessment_row::Stored;
use super::{assessment_row, trace_key};
use crate::error::sql_error;
use rusqlite::vtab::array::Array;
use rusqlite::{Connection, OptionalExtension};
use spanwise_model::{Assessment, AssessmentId, AssessmentKind, AssessmentValue, ErrorKind, TraceId};
use spanwise_store::{AssessmentChange, StoreError, StoreResult};
use std::collections::HashMap;

/// See [`spanwise_store::Store::create_assessment`].
pub(crate) fn create_assessment(conn: &Connection, assessment: &Assessment) -> StoreResult<Assessment> {
    let id = &assessment.assessment_id;
    let trace_key = trace_key(conn, &assessment.trace_id)?;
    if assessment_row::load(conn, id)?.is_some() {
        return Err(taken(id));
    }
    if let Some(overridden) = &assessment.overrides
        && !invalidate(conn, trace_key, overridden)?
    {
        return Err(no_assessment(&assessment.trace_id, overridden));
    }
    assessment_row::write(conn, trace_key, next_sequence(conn, trace_key)?, assessment)?;
    get_assessment(conn, &assessment.trace_id, id)
}

/// See [`spanwise_store::Store::get_assessment`].
pub(crate) fn get_assessment(
    conn: &Connection,
    trace: &TraceId,
    id: &AssessmentId,
) -> StoreResult<Assessment> {
    load_of_trace(conn, trace, id).map(|stored| stored.assessment)
}

/// See [`spanwise_store::Store::update_assessment`].
pub(crate) fn update_assessment(
    conn: &Connection,
    trace: &TraceId,
    id: &AssessmentId,
    change: &AssessmentChange,
) -> StoreResult<Assessment> {
    let mut stored = load_of_trace(conn, trace, id)?;
    apply(&mut stored.assessment, change)?;
    assessment_row::write(conn, stored.trace_key, stored.sequence, &stored.assessment)?;
    Ok(stored.assessment)
}

/// See [`spanwise_store::Store::delete_assessment`].
pub(crate) fn delete_assessment(conn: &Connection, trace: &TraceId, id: &AssessmentId) -> StoreResult<()> {
    let stored = match load_of_trace(conn, trace, id) {
        Ok(stored) => stored,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    conn.prepare_cached("DELETE FROM assessment WHERE assessment_id = ?1")
        .and_then(|mut delete| delete.execute([&id.0]))
        .map_err(sql_error)?;
    if let Some(overridden) = &stored.assessment.overrides {
        // Unless another one overrides it as well.
        conn.prepare_cached(
            "UPDATE assessment SET valid = 1 WHERE trace_key = ?1 AND assessment_id = ?2
             AND NOT EXISTS (SELECT 1 FROM assessment WHERE trace_key = ?1 AND overrides = ?2)",
        )
        .and_then(|mut update| update.execute((stored.trace_key, &overridden.0)))
        .map_err(sql_error)?;
    }
    Ok(())
}

/// Merges the assessments of a final record by id. One that overrides what is not there is taken as it is.
pub(super) fn merge(conn: &Connection, trace_key: i64, assessments: &[Assessment]) -> StoreResult<()> {
    for assessment in assessments {
        let sequence = sequence_of(conn, trace_key, &assessment.assessment_id)?;
        if let Some(overridden) = &assessment.overrides {
            invalidate(conn, trace_key, overridden)?;
        }
        assessment_row::write(conn, trace_key, sequence, assessment)?;
    }
    Ok(())
}

/// Restores assessments as they were, those that others override included.
pub(super) fn restore(conn: &Connection, trace_key: i64, assessments: &[Assessment]) -> StoreResult<()> {
    for assessment in assessments {
        let sequence = sequence_of(conn, trace_key, &assessment.assessment_id)?;
        assessment_row::write(conn, trace_key, sequence, assessment)?;
    }
    Ok(())
}

/// Returns the place of an assessment among those of its trace: its own if it is there, else the next.
fn sequence_of(conn: &Connection, trace_key: i64, id: &AssessmentId) -> StoreResult<i64> {
    match assessment_row::load(conn, id)? {
        Some(stored) if stored.trace_key == trace_key => Ok(stored.sequence),
        Some(_) => Err(taken(id)),
        None => next_sequence(conn, trace_key),
    }
}

/// Loads the assessments of traces, in order of creation; the caller fills in the trace ids.
pub(super) fn load_for(conn: &Connection, keys: Array) -> StoreResult<HashMap<i64, Vec<Assessment>>> {
    let mut by_trace: HashMap<i64, Vec<Assessment>> = HashMap::new();
    for stored in assessment_row::load_for(conn, keys)? {
        by_trace.entry(stored.trace_key).or_default().push(stored.assessment);
    }
    Ok(by_trace)
}

fn load_of_trace(conn: &Connection, trace: &TraceId, id: &AssessmentId) -> StoreResult<Stored> {
    let trace_key = trace_key(conn, trace)?;
    let found = assessment_row::load(conn, id)?.filter(|stored| stored.trace_key == trace_key);
    let mut stored = found.ok_or_else(|| no_assessment(trace, id))?;
    stored.assessment.trace_id = trace.clone();
    Ok(stored)
}

fn apply(assessment: &mut Assessment, change: &AssessmentChange) -> StoreResult<()> {
    let kind = assessment.value.kind();
    if let Some((value, error)) = &change.feedback {
        require_kind(assessment, kind, AssessmentKind::Feedback)?;
        assessment.value = AssessmentValue::Feedback { value: value.clone(), error: error.clone() };
    }
    if let Some((value, serialized)) = &change.expectation {
        require_kind(assessment, kind, AssessmentKind::Expectation)?;
        assessment.value = AssessmentValue::Expectation { value: value.clone(), serialized: *serialized };
    }
    if let Some(name) = &change.name {
        assessment.name.clone_from(name);
    }
    if let Some(rationale) = &change.rationale {
        assessment.rationale.clone_from(rationale);
    }
    for (key, value) in change.metadata.iter().flatten() {
        assessment.metadata.insert(key.clone(), value.clone());
    }
    if let Some(valid) = change.valid {
        assessment.valid = valid;
    }
    assessment.last_updated_ns = change.now_ns;
    Ok(())
}

fn require_kind(assessment: &Assessment, kind: AssessmentKind, wanted: AssessmentKind) -> StoreResult<()> {
    if kind == wanted {
        return Ok(());
    }
    let (kind, wanted) = (kind_name(kind), kind_name(wanted));
    Err(StoreError::invalid(format!(
        "cannot give {wanted} to assessment `{}`, which is {kind}",
        assessment.assessment_id
    )))
}

fn kind_name(kind: AssessmentKind) -> &'static str {
    match kind {
        AssessmentKind::Feedback => "a feedback",
        AssessmentKind::Expectation => "an expectation",
        AssessmentKind::Issue => "an issue link",
    }
}

/// Marks an assessment as overridden; returns whether the trace has it.
fn invalidate(conn: &Connection, trace_key: i64, id: &AssessmentId) -> StoreResult<bool> {
    conn.prepare_cached("UPDATE assessment SET valid = 0 WHERE trace_key = ?1 AND assessment_id = ?2")
        .and_then(|mut update| update.execute((trace_key, &id.0)))
        .map(|updated| updated > 0)
        .map_err(sql_error)
}

fn next_sequence(conn: &Connection, trace_key: i64) -> StoreResult<i64> {
    let last: Option<i64> = conn
        .prepare_cached("SELECT max(sequence) FROM assessment WHERE trace_key = ?1")
        .and_then(|mut statement| statement.query_row([trace_key], |row| row.get(0)).optional())
        .map_err(sql_error)?
        .flatten();
    Ok(last.unwrap_or(0) + 1)
}

fn taken(id: &AssessmentId) -> StoreError {
    StoreError::new(ErrorKind::AlreadyExists, format!("assessment id `{id}` is taken"))
}

fn no_assessment(trace: &TraceId, id: &AssessmentId) -> StoreError {
    StoreError::not_found(format!("trace `{trace}` has no assessment `{id}`"))
}
