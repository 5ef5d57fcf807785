//! Computes the roll-ups of traces that an older version wrote, or all anew after damage: on a thread of its own when
//! the store is opened, a few traces a write, so that other writes pass in between.

use super::record::find;
use super::writer::{ALL_TRACES, load_through};
use crate::error::{io_error, sql_error};
use crate::trace_row::SqlTraceId;
use crate::trace_state;
use crate::writer::{WriteContext, Writer};
use rusqlite::Connection;
use spanwise_model::TraceId;
use spanwise_store::StoreResult;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

/// Traces that one write takes in; 200 of ten spans take about 5 ms.
const STEP_TRACES: usize = 200;

/// The thread that computes roll-ups; it ends when all are there or this is dropped.
pub(crate) struct Build {
    is_stopped: Arc<AtomicBool>,
}

impl Drop for Build {
    fn drop(&mut self) {
        self.is_stopped.store(true, Ordering::Release);
    }
}

impl Build {
    /// Starts the thread.
    pub(crate) fn start(writer: &Arc<Writer>) -> StoreResult<(Build, JoinHandle<()>)> {
        let is_stopped = Arc::new(AtomicBool::new(false));
        let (stop, writer) = (Arc::clone(&is_stopped), Arc::clone(writer));
        let handle = thread::Builder::new()
            .name("roll-up".into())
            .spawn(move || run(&writer, &stop))
            .map_err(|error| io_error("cannot start the thread that computes roll-ups", error))?;
        Ok((Build { is_stopped }, handle))
    }
}

/// Returns whether every trace is in the roll-ups.
pub(crate) fn are_built(conn: &Connection) -> StoreResult<bool> {
    Ok(load_through(conn)? == ALL_TRACES)
}

fn run(writer: &Writer, is_stopped: &AtomicBool) {
    tracing::info!("computing the roll-ups of older traces");
    while !is_stopped.load(Ordering::Acquire) {
        match writer.write_blocking(step) {
            Ok(true) => {}
            Ok(false) => return tracing::info!("the roll-ups of older traces are there"),
            Err(error) => {
                return tracing::error!(error = %error, "cannot compute roll-ups; trying again when the store is opened");
            }
        }
    }
}

/// Takes in the next traces; returns whether there may be more.
fn step(context: &mut WriteContext<'_>) -> StoreResult<bool> {
    let traces = next_traces(context.conn, context.rollups.through())?;
    let Some((last, _)) = traces.last() else {
        context.rollups.set_through(context.conn, ALL_TRACES)?;
        return Ok(false);
    };
    context.rollups.set_through(context.conn, *last)?;
    for (_, id) in &traces {
        let Some((_, Some(facts))) = find(context.conn, id)? else { continue };
        context.rollups.trace(None, Some(&facts));
        let mut state = trace_state::load(context.conn, id)?;
        state.calls.give(&mut state.usage, None, Some(facts.experiment_id), context.rollups);
    }
    Ok(true)
}

fn next_traces(conn: &Connection, after: i64) -> StoreResult<Vec<(i64, TraceId)>> {
    conn.prepare_cached(
        "SELECT trace_key, trace_id FROM trace WHERE trace_key > ?1 ORDER BY trace_key LIMIT ?2",
    )
    .and_then(|mut statement| {
        let rows = statement.query_map((after, STEP_TRACES), |row| {
            Ok((row.get(0)?, row.get::<_, SqlTraceId<TraceId>>(1)?.0))
        })?;
        rows.collect()
    })
    .map_err(sql_error)
}
