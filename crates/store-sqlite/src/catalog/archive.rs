//! A trace's record with all that belongs to it but its spans, on its way to another store and back.

use super::experiment::get_active;
use super::{USER_METADATA, assessment, id_array, info, key_array, link, start, tag};
use crate::error::sql_error;
use crate::rank;
use crate::trace_ids;
use crate::trace_row::{SqlTraceId, TraceRow, explicit};
use rusqlite::Connection;
use spanwise_model::{TraceId, TraceInfo, TraceState};
use spanwise_store::{ExplicitValues, PromptLink, StoreResult, TraceArchive};
use std::collections::HashMap;

/// See [`spanwise_store::Store::archive_traces`].
pub(crate) fn archive_traces(conn: &Connection, ids: &[TraceId]) -> StoreResult<Vec<TraceArchive>> {
    let mut runs = load_runs(conn, ids)?;
    let mut of_rows = load_of_rows(conn, ids)?;
    let infos = info::get_traces(conn, ids)?;
    let archives = infos.into_iter().map(|info| {
        let (explicit, prompts) = of_rows.remove(&info.trace_id).unwrap_or_default();
        TraceArchive { explicit, runs: runs.remove(&info.trace_id).unwrap_or_default(), prompts, info }
    });
    Ok(archives.collect())
}

fn load_runs(conn: &Connection, ids: &[TraceId]) -> StoreResult<HashMap<TraceId, Vec<String>>> {
    let mut runs: HashMap<TraceId, Vec<String>> = HashMap::new();
    let mut statement = conn
        .prepare_cached("SELECT trace_id, run_id FROM trace_run WHERE trace_id IN rarray(?1) ORDER BY run_id")
        .map_err(sql_error)?;
    let mut rows = statement.query([id_array(ids)]).map_err(sql_error)?;
    while let Some(row) = rows.next().map_err(sql_error)? {
        let id: SqlTraceId<TraceId> = row.get(0).map_err(sql_error)?;
        runs.entry(id.0).or_default().push(row.get(1).map_err(sql_error)?);
    }
    Ok(runs)
}

type OfRows = HashMap<TraceId, (ExplicitValues, Vec<PromptLink>)>;

/// Loads which values of each record its client gave, and the prompts that it is linked to.
fn load_of_rows(conn: &Connection, ids: &[TraceId]) -> StoreResult<OfRows> {
    let mut of_rows = OfRows::new();
    let mut statement = conn
        .prepare_cached(
            "SELECT t.trace_id, t.explicit, p.name, p.version FROM trace t
             LEFT JOIN trace_prompt p ON p.trace_key = t.trace_key
             WHERE t.trace_key IN rarray(?1) ORDER BY p.name, p.version",
        )
        .map_err(sql_error)?;
    let keys = key_array(trace_ids::find_all(conn, ids)?);
    let mut rows = statement.query([keys]).map_err(sql_error)?;
    while let Some(row) = rows.next().map_err(sql_error)? {
        let id: SqlTraceId<TraceId> = row.get(0).map_err(sql_error)?;
        let (explicit, prompts) = of_rows.entry(id.0).or_default();
        *explicit = explicit_values(row.get(1).map_err(sql_error)?);
        if let Some(name) = row.get(2).map_err(sql_error)? {
            prompts.push(PromptLink { name, version: row.get(3).map_err(sql_error)? });
        }
    }
    Ok(of_rows)
}

fn explicit_values(bits: u32) -> ExplicitValues {
    let has = |bit| bits & bit != 0;
    ExplicitValues {
        name: has(explicit::NAME),
        session: has(explicit::SESSION),
        user: has(explicit::USER),
        request_preview: has(explicit::REQUEST_PREVIEW),
        response_preview: has(explicit::RESPONSE_PREVIEW),
        usage: has(explicit::USAGE),
        cost: has(explicit::COST),
    }
}

/// See [`spanwise_store::Store::restore_trace`].
pub(crate) fn restore_trace(conn: &Connection, archive: &TraceArchive, now_ns: i64) -> StoreResult<()> {
    let info = &archive.info;
    get_active(conn, info.experiment_id)?;
    let mut row = TraceRow::load_by_id(conn, &info.trace_id)?.unwrap_or_else(|| {
        TraceRow::new(info.trace_id.clone(), info.experiment_id, rank::EXPLICIT, info.start_ns, now_ns)
    });
    restore_row(&mut row, archive);
    match row.trace_key {
        0 => row.insert(conn)?,
        _ => row.update(conn)?,
    }
    for (key, value) in &info.tags {
        tag::upsert_tag(conn, row.trace_key, key, value)?;
    }
    for (key, value) in info.metadata.iter().filter(|(key, _)| *key != USER_METADATA) {
        start::upsert_metadata(conn, row.trace_key, key, value)?;
    }
    assessment::restore(conn, row.trace_key, &info.assessments)?;
    for run in &archive.runs {
        link::link_traces_to_run(conn, std::slice::from_ref(&info.trace_id), run)?;
    }
    link::link_prompts(conn, &info.trace_id, &archive.prompts)
}

/// Takes over what can't be derived from spans again: what the client gave, and all of a finalized record.
fn restore_row(row: &mut TraceRow, archive: &TraceArchive) {
    let (info, given) = (&archive.info, &archive.explicit);
    row.experiment_id = info.experiment_id;
    row.experiment_rank = rank::EXPLICIT;
    // Of a trace of only log records, the time is that of their arrival.
    let was_visible = std::mem::replace(&mut row.visible, true) && row.trace_key != 0;
    restore_course(row, info, was_visible);
    if info.client_request_id.is_some() {
        row.client_request_id.clone_from(&info.client_request_id);
    }
    let mut take = |is_given: bool, bit: u32| {
        row.explicit |= if is_given { bit } else { 0 };
        is_given
    };
    if take(given.name, explicit::NAME) {
        row.name.clone_from(&info.name);
    }
    if take(given.request_preview, explicit::REQUEST_PREVIEW) {
        row.request_preview.clone_from(&info.request_preview);
    }
    if take(given.response_preview, explicit::RESPONSE_PREVIEW) {
        row.response_preview.clone_from(&info.response_preview);
    }
    if take(given.usage, explicit::USAGE) {
        row.usage = info.usage;
    }
    if take(given.cost, explicit::COST) {
        row.cost = info.cost;
    }
    if take(given.session, explicit::SESSION) {
        row.session.clone_from(&info.session);
        row.session_rank = Some(rank::EXPLICIT);
    }
    if take(given.user, explicit::USER) {
        row.user = info.metadata.get(USER_METADATA).cloned();
        row.user_rank = Some(rank::EXPLICIT);
    }
}

/// Takes over time and state. What is not final goes together with what is there: the trace may have gone on since.
fn restore_course(row: &mut TraceRow, info: &TraceInfo, was_visible: bool) {
    if info.finalized || !was_visible {
        row.finalized |= info.finalized;
        row.start_ns = info.start_ns;
        row.duration_ns = info.duration_ns;
        row.state = info.state;
        return;
    }
    if row.finalized {
        return;
    }
    let end = |start_ns: i64, duration_ns: Option<i64>| duration_ns.map(|ns| start_ns.saturating_add(ns));
    let last = end(row.start_ns, row.duration_ns).max(end(info.start_ns, info.duration_ns));
    row.start_ns = row.start_ns.min(info.start_ns);
    row.duration_ns = last.map(|last| last.saturating_sub(row.start_ns).max(0));
    // A state that has ended stays, whatever became of the spans that ended it.
    if matches!(info.state, TraceState::Ok | TraceState::Error) {
        row.state = info.state;
    }
}
