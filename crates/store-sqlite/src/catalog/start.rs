//! The final record that a client sends of a trace (MLflow's start_trace).

use super::experiment::get_active;
use super::{USER_METADATA, assessment, info, tag};
use crate::error::sql_error;
use crate::rank;
use crate::trace_row::{TraceRow, explicit};
use rusqlite::Connection;
use spanwise_model::{TraceInfo, TraceStart};
use spanwise_store::StoreResult;

/// See [`spanwise_store::Store::start_trace`].
pub(crate) fn start_trace(conn: &Connection, start: &TraceStart, now_ns: i64) -> StoreResult<TraceInfo> {
    get_active(conn, start.experiment_id)?;
    let trace_key = match TraceRow::load_by_id(conn, &start.trace_id)? {
        Some(mut row) => {
            apply(&mut row, start);
            row.update(conn)?;
            row.trace_key
        }
        None => {
            let id = start.trace_id.clone();
            let mut row = TraceRow::new(id, start.experiment_id, rank::EXPLICIT, start.start_ns, now_ns);
            apply(&mut row, start);
            row.insert(conn)?;
            row.trace_key
        }
    };
    for (key, value) in &start.tags {
        tag::upsert_tag(conn, trace_key, key, value)?;
    }
    for (key, value) in start.metadata.iter().filter(|(key, _)| *key != USER_METADATA) {
        upsert_metadata(conn, trace_key, key, value)?;
    }
    assessment::merge(conn, trace_key, &start.assessments)?;
    info::get_trace(conn, &start.trace_id)
}

fn apply(row: &mut TraceRow, start: &TraceStart) {
    row.experiment_id = start.experiment_id;
    row.experiment_rank = rank::EXPLICIT;
    row.visible = true;
    row.finalized = true;
    row.start_ns = start.start_ns;
    row.duration_ns = start.duration_ns;
    row.state = start.state;
    row.client_request_id.clone_from(&start.client_request_id);
    let given = &mut row.explicit;
    overwrite(&mut row.name, &start.name, given, explicit::NAME);
    overwrite(&mut row.request_preview, &start.request_preview, given, explicit::REQUEST_PREVIEW);
    overwrite(&mut row.response_preview, &start.response_preview, given, explicit::RESPONSE_PREVIEW);
    *given &= !lent_of(start);
    overwrite(&mut row.usage, &start.usage, given, explicit::USAGE);
    overwrite(&mut row.cost, &start.cost, given, explicit::COST);
    if overwrite(&mut row.session, &start.session, given, explicit::SESSION) {
        row.session_rank = Some(rank::EXPLICIT);
    }
    let user = start.metadata.get(USER_METADATA).cloned();
    if overwrite(&mut row.user, &user, given, explicit::USER) {
        row.user_rank = Some(rank::EXPLICIT);
    }
}

/// Returns the bits of previews that are a client's from now on, and not lent any more.
fn lent_of(start: &TraceStart) -> u32 {
    let bit = |given: &Option<String>, bit| if given.is_some() { bit } else { 0 };
    bit(&start.request_preview, explicit::LENT_REQUEST_PREVIEW)
        | bit(&start.response_preview, explicit::LENT_RESPONSE_PREVIEW)
}

/// Overwrites a value that the client gave, notes that in `given`, and returns whether it did.
fn overwrite<T: Clone>(value: &mut Option<T>, new: &Option<T>, given: &mut u32, bit: u32) -> bool {
    if new.is_some() {
        value.clone_from(new);
        *given |= bit;
    }
    new.is_some()
}

/// Sets one metadata entry of the trace with that key.
pub(super) fn upsert_metadata(conn: &Connection, trace_key: i64, key: &str, value: &str) -> StoreResult<()> {
    conn.prepare_cached("INSERT OR REPLACE INTO trace_metadata (trace_key, key, value) VALUES (?1, ?2, ?3)")
        .and_then(|mut insert| insert.execute((trace_key, key, value)))
        .map_err(sql_error)?;
    Ok(())
}
