//! A trace's record with all that belongs to it but its spans, on its way to another store and back.

use super::experiment::get_active;
use super::{USER_METADATA, assessment, info, link, start, tag, trace_key};
use crate::error::{damaged, sql_error};
use crate::rank;
use crate::trace_row::{SqlTraceId, TraceRow, explicit};
use rusqlite::Connection;
use spanwise_model::TraceId;
use spanwise_store::{ExplicitValues, PromptLink, StoreResult, TraceArchive};

/// See [`spanwise_store::Store::archive_trace`].
pub(crate) fn archive_trace(conn: &Connection, id: &TraceId) -> StoreResult<TraceArchive> {
    let info = info::get_trace(conn, id)?;
    let key = trace_key(conn, id)?;
    let row =
        TraceRow::load(conn, key)?.ok_or_else(|| damaged(format!("trace {id} has a key, but no row")))?;
    let runs = conn
        .prepare_cached("SELECT run_id FROM trace_run WHERE trace_id = ?1 ORDER BY run_id")
        .and_then(|mut statement| statement.query_map([SqlTraceId(id)], |row| row.get(0))?.collect())
        .map_err(sql_error)?;
    let prompts = conn
        .prepare_cached("SELECT name, version FROM trace_prompt WHERE trace_key = ?1 ORDER BY name, version")
        .and_then(|mut statement| {
            let prompt = |row: &rusqlite::Row<'_>| Ok(PromptLink { name: row.get(0)?, version: row.get(1)? });
            statement.query_map([key], prompt)?.collect()
        })
        .map_err(sql_error)?;
    Ok(TraceArchive { info, explicit: explicit_values(&row), runs, prompts })
}

fn explicit_values(row: &TraceRow) -> ExplicitValues {
    ExplicitValues {
        name: row.is_explicit(explicit::NAME),
        session: row.is_explicit(explicit::SESSION),
        user: row.is_explicit(explicit::USER),
        request_preview: row.is_explicit(explicit::REQUEST_PREVIEW),
        response_preview: row.is_explicit(explicit::RESPONSE_PREVIEW),
        usage: row.is_explicit(explicit::USAGE),
        cost: row.is_explicit(explicit::COST),
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
    row.visible = true;
    if info.finalized || info.span_count == 0 {
        row.finalized |= info.finalized;
        row.start_ns = info.start_ns;
        row.duration_ns = info.duration_ns;
        row.state = info.state;
    }
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
