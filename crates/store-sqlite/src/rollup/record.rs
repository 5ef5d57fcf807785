//! What writes tell the roll-ups: a trace before and after, and its spans where these must move or go.

use super::bucket_of;
use super::figures::Share;
use super::writer::Rollups;
use crate::error::sql_error;
use crate::table::{Chunk, Ints};
use crate::trace_ids;
use crate::trace_row::{TraceRow, state_number};
use crate::trace_state::TraceState;
use crate::writer::WriteContext;
use rusqlite::{Connection, OptionalExtension, Row};
use spanwise_model::{Cost, TokenUsage, TraceId};
use spanwise_store::StoreResult;
use std::sync::LazyLock;

/// Columns of a trace that [`TraceFacts::from_columns`] reads.
pub(crate) const FACT_COLUMNS: &str = "experiment_id, start_ns, state, duration_ns, input_tokens, output_tokens, \
    total_tokens, cache_read_tokens, cache_creation_tokens, cost_total";

static SELECT_BY_KEY: LazyLock<String> =
    LazyLock::new(|| format!("SELECT trace_key, visible, {FACT_COLUMNS} FROM trace WHERE trace_key = ?1"));

/// What a trace gives to the roll-ups, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TraceFacts {
    pub(crate) experiment_id: i64,
    pub(crate) bucket: i64,
    pub(crate) share: Share,
}

impl TraceFacts {
    /// Returns what the trace of a row gives; nothing while it is not visible.
    pub(crate) fn of(row: &TraceRow) -> Option<TraceFacts> {
        row.visible.then(|| TraceFacts {
            experiment_id: row.experiment_id.0,
            bucket: bucket_of(row.start_ns),
            share: Share { count: Some(state_number(row.state) as u8), ..Share::default() }
                .with_usage(row.usage.as_ref(), row.cost.as_ref())
                .with_duration(row.duration_ns),
        })
    }

    /// Reads a live row of the columns in memory.
    pub(crate) fn of_chunk(chunk: &Chunk, row: usize) -> TraceFacts {
        let count = |count: i64| count.max(0).cast_unsigned();
        let optional = |column: &Ints| column.get(row).checked_sub(1).filter(|count| *count >= 0).map(count);
        let usage = TokenUsage {
            input: count(chunk.input_tokens.get(row)),
            output: count(chunk.output_tokens.get(row)),
            total: count(chunk.total_tokens.get(row)),
            cache_read: optional(&chunk.cache_read_tokens),
            cache_creation: optional(&chunk.cache_write_tokens),
            cache_creation_above_1h: None,
        };
        let cost = Cost { total: chunk.cost(row), ..Cost::default() };
        let duration = chunk.has_duration.contains(row).then(|| chunk.duration_ns.get(row));
        TraceFacts {
            experiment_id: chunk.experiment.get(row),
            bucket: bucket_of(chunk.start_ns[row]),
            share: Share { count: Some(state_number(chunk.state(row)) as u8), ..Share::default() }
                .with_usage(Some(&usage), Some(&cost))
                .with_duration(duration),
        }
    }

    /// Reads [`FACT_COLUMNS`] of a visible trace, the first of them at `first`.
    pub(crate) fn from_columns(row: &Row<'_>, first: usize) -> rusqlite::Result<TraceFacts> {
        let count =
            |index| Ok::<_, rusqlite::Error>(row.get::<_, Option<i64>>(first + index)?.unwrap_or(0).max(0));
        let usage = TokenUsage {
            input: count(4)?.cast_unsigned(),
            output: count(5)?.cast_unsigned(),
            total: count(6)?.cast_unsigned(),
            cache_read: Some(count(7)?.cast_unsigned()),
            cache_creation: Some(count(8)?.cast_unsigned()),
            cache_creation_above_1h: None,
        };
        let cost = Cost { total: row.get::<_, Option<f64>>(first + 9)?.unwrap_or(0.0), ..Cost::default() };
        let state: i64 = row.get(first + 2)?;
        Ok(TraceFacts {
            experiment_id: row.get(first)?,
            bucket: bucket_of(row.get(first + 1)?),
            share: Share { count: Some(state.clamp(0, 3) as u8), ..Share::default() }
                .with_usage(Some(&usage), Some(&cost))
                .with_duration(row.get(first + 3)?),
        })
    }
}

/// Tells the roll-ups what a write of spans made of a trace.
pub(crate) fn record(
    rollups: &mut Rollups,
    before: Option<&TraceFacts>,
    row: &TraceRow,
    state: &mut TraceState,
) {
    let after = TraceFacts::of(row);
    if !rollups.has_trace(row.trace_key) {
        state.calls.were_given(&mut state.usage);
        return;
    }
    rollups.trace(before, after.as_ref());
    let experiment = |facts: &TraceFacts| facts.experiment_id;
    state.calls.give(&mut state.usage, before.map(experiment), after.as_ref().map(experiment), rollups);
}

/// Runs a write of a trace's record, and tells the roll-ups what it made of the trace.
pub(crate) fn around<T>(
    context: &mut WriteContext<'_>,
    id: &TraceId,
    write: impl FnOnce(&Connection) -> StoreResult<T>,
) -> StoreResult<T> {
    let before = find(context.conn, id)?.and_then(|(_, facts)| facts);
    let result = write(context.conn)?;
    let Some((trace_key, after)) = find(context.conn, id)? else { return Ok(result) };
    if !context.rollups.has_trace(trace_key) {
        return Ok(result);
    }
    context.rollups.trace(before.as_ref(), after.as_ref());
    // A trace that was not visible has no spans, which would have to move with it.
    if let (Some(before), Some(after)) = (before, after)
        && before.experiment_id != after.experiment_id
    {
        let mut state = context.states.take(context.conn, id)?;
        let (from, to) = (Some(before.experiment_id), Some(after.experiment_id));
        state.calls.give(&mut state.usage, from, to, context.rollups);
        context.states.put(id.clone(), state);
    }
    Ok(result)
}

/// Takes away what traces gave that will be deleted.
pub(crate) fn take_back(context: &mut WriteContext<'_>, traces: &[(i64, TraceId)]) -> StoreResult<()> {
    for (trace_key, id) in traces {
        if !context.rollups.has_trace(*trace_key) {
            continue;
        }
        let Some((_, Some(facts))) = find(context.conn, id)? else { continue };
        context.rollups.trace(Some(&facts), None);
        let mut state = context.states.take(context.conn, id)?;
        state.calls.give(&mut state.usage, Some(facts.experiment_id), None, context.rollups);
    }
    Ok(())
}

/// Returns the key of a trace and what it gives, if it is visible.
pub(crate) fn find(conn: &Connection, id: &TraceId) -> StoreResult<Option<(i64, Option<TraceFacts>)>> {
    let Some(trace_key) = trace_ids::find(conn, id)? else { return Ok(None) };
    let mut statement = conn.prepare_cached(&SELECT_BY_KEY).map_err(sql_error)?;
    let read = |row: &Row<'_>| {
        let facts = if row.get(1)? { Some(TraceFacts::from_columns(row, 2)?) } else { None };
        Ok((row.get(0)?, facts))
    };
    statement.query_row([trace_key], read).optional().map_err(sql_error)
}
