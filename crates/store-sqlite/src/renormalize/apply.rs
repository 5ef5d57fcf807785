//! Puts what was derived again in its place: in the writing thread, so that nothing comes in between.

use super::replay::{BlockPlace, Replayed};
use crate::append::insert_root_metadata;
use crate::error::sql_error;
use crate::rollup::TraceFacts;
use crate::segment::Location;
use crate::trace_row::{TraceRow, explicit};
use crate::writer::WriteContext;
use rusqlite::{Connection, params};
use spanwise_store::StoreResult;

/// What became of a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Applied {
    /// It is as it would be had it come in now.
    Done,
    /// Spans or log records came since it was read.
    Busy,
    /// It was deleted.
    Gone,
}

/// Changes a trace, unless its blocks are not those that were read; adds to `moved_bytes` what is to be indexed again.
pub(super) fn apply(
    context: &mut WriteContext<'_>,
    trace: Replayed,
    moved_bytes: &mut u64,
) -> StoreResult<Applied> {
    let trace_key = trace.trace_key();
    let Some(mut row) = TraceRow::load(context.conn, trace_key)? else { return Ok(Applied::Gone) };
    if load_places(context.conn, trace_key)? != trace.blocks {
        return Ok(Applied::Busy);
    }
    let before = TraceFacts::of(&row);
    take_calls_back(context, &row, before.as_ref())?;
    trace.columns.iter().try_for_each(|(block_id, columns)| set_columns(context.conn, *block_id, columns))?;
    trace.take_over(&mut row);
    if trace.is_index_stale {
        // The index keeps what the spans said before, beside what they say now.
        row.explicit &= !explicit::PLAIN;
        *moved_bytes += trace.blocks.iter().map(|block| block.location.length).sum::<u64>();
        trace.blocks.iter().try_for_each(|block| renew(context.conn, block.block_id))?;
    }
    row.update(context.conn)?;
    let metadata = insert_root_metadata(context.conn, trace_key, &trace.metadata)?;
    give(context, trace, &row, before.as_ref());
    context.changed.push(row.trace_id.clone());
    context.table.row_with_texts(context.conn, row, metadata)?;
    Ok(Applied::Done)
}

fn load_places(conn: &Connection, trace_key: i64) -> StoreResult<Vec<BlockPlace>> {
    let read = |row: &rusqlite::Row<'_>| {
        let location = Location { segment_id: row.get(1)?, offset: row.get(2)?, length: row.get(3)? };
        Ok(BlockPlace { block_id: row.get(0)?, location })
    };
    conn.prepare_cached(
        "SELECT block_id, segment_id, offset, length FROM block WHERE trace_key = ?1 ORDER BY block_id",
    )
    .and_then(|mut statement| statement.query_map([trace_key], read)?.collect())
    .map_err(sql_error)
}

/// Takes away what the spans gave to the roll-ups so far.
fn take_calls_back(
    context: &mut WriteContext<'_>,
    row: &TraceRow,
    before: Option<&TraceFacts>,
) -> StoreResult<()> {
    let mut state = context.states.take(context.conn, &row.trace_id)?;
    if context.rollups.has_trace(row.trace_key) {
        let from = before.map(|facts| facts.experiment_id);
        state.calls.give(&mut state.usage, from, None, context.rollups);
    }
    Ok(())
}

/// Gives the roll-ups what the trace and its spans give now.
fn give(context: &mut WriteContext<'_>, trace: Replayed, row: &TraceRow, before: Option<&TraceFacts>) {
    let mut state = trace.state;
    if context.rollups.has_trace(row.trace_key) {
        let after = TraceFacts::of(row);
        context.rollups.trace(before, after.as_ref());
        let to = after.map(|facts| facts.experiment_id);
        state.calls.give(&mut state.usage, None, to, context.rollups);
    } else {
        state.calls.were_given(&mut state.usage);
    }
    context.states.put(row.trace_id.clone(), state);
}

fn set_columns(conn: &Connection, block_id: i64, columns: &[u8]) -> StoreResult<()> {
    conn.prepare_cached("UPDATE block SET columns = ?2 WHERE block_id = ?1")
        .and_then(|mut statement| statement.execute(params![block_id, columns]))
        .map(drop)
        .map_err(sql_error)
}

/// Gives a block a new id, behind all that are indexed. All blocks of a trace get one, in order, since later blocks have
/// the last word.
fn renew(conn: &Connection, block_id: i64) -> StoreResult<()> {
    conn.prepare_cached(
        "INSERT INTO block (trace_key, segment_id, offset, length, kind, arrival_ns, columns)
         SELECT trace_key, segment_id, offset, length, kind, arrival_ns, columns FROM block WHERE block_id = ?1",
    )
    .and_then(|mut statement| statement.execute([block_id]))
    .map_err(sql_error)?;
    conn.prepare_cached("DELETE FROM block WHERE block_id = ?1")
        .and_then(|mut statement| statement.execute([block_id]))
        .map(drop)
        .map_err(sql_error)
}
