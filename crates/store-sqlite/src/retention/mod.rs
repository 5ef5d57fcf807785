//! Retention: deletes the traces that are too old, and the oldest ones when too much is stored.
//!
//! It runs on the maintenance thread, in steps of one small write each, so that other writes pass in between.
//! Interrupted anywhere, what was deleted is deleted, and the next run goes on. Bytes come back on the disk by the
//! compaction that follows; what counts here are those that are alive, so that nothing is deleted twice over.

mod attachment;
mod select;
#[cfg(test)]
mod tests;

use crate::artifact_removal::ArtifactRemoval;
use crate::catalog;
use crate::delete::{STEP_TRACES, let_go};
use crate::disk;
use crate::error::sql_error;
use crate::rollup;
use crate::schema;
use crate::writer::Writer;
use attachment::SharedAttachments;
use rusqlite::Connection;
use select::Doomed;
use spanwise_model::{ErrorKind, ExperimentId};
use spanwise_store::{RetentionRules, RetentionRun, RetentionStatus, StoreError, StoreResult};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How often it is looked whether something has to go.
pub(crate) const INTERVAL: Duration = Duration::from_secs(10);
/// Once a bound of bytes is passed, so many percent of it are made free: otherwise each look would free a little, and
/// the word index would be rewritten for little.
const FREE_PERCENT: u64 = 5;

/// What retention did so far; shared with those who ask.
pub(crate) type SharedStatus = Arc<Mutex<RetentionStatus>>;

/// Deletes what the rules say.
pub(crate) struct Retention {
    rules: RetentionRules,
    conn: Connection,
    writer: Arc<Writer>,
    status: SharedStatus,
    artifacts: Arc<ArtifactRemoval>,
}

/// An experiment that may lose traces.
struct Named {
    id: ExperimentId,
    name: String,
}

/// Called between steps; false ends the run.
pub(crate) type Between<'a> = &'a mut dyn FnMut() -> bool;

impl Retention {
    /// Opens retention; `None` if nothing ever goes by itself.
    pub(crate) fn open(
        database: &Path,
        writer: Arc<Writer>,
        status: SharedStatus,
        artifacts: Arc<ArtifactRemoval>,
    ) -> StoreResult<Option<Retention>> {
        let rules = status.lock().unwrap_or_else(PoisonError::into_inner).rules.clone();
        if rules.is_empty() {
            return Ok(None);
        }
        Ok(Some(Retention { rules, conn: schema::open_reader(database)?, writer, status, artifacts }))
    }

    /// Deletes all that has to go at `now_ns`, and returns what that was.
    pub(crate) fn run(&self, now_ns: i64, between: Between<'_>) -> StoreResult<RetentionRun> {
        let mut run = RetentionRun::default();
        let result = self.delete_all(now_ns, &mut run, between);
        if run.traces > 0 {
            run.finished_ns = crate::store::now_ns();
            tracing::info!(traces = run.traces, bytes = run.bytes, "retention deleted traces");
            metrics::counter!("spanwise_store_retention_traces_total").increment(run.traces);
            let mut status = self.status.lock().unwrap_or_else(PoisonError::into_inner);
            status.deleted_traces += run.traces;
            status.last = Some(run);
        }
        result.map(|()| run)
    }

    fn delete_all(&self, now_ns: i64, run: &mut RetentionRun, between: Between<'_>) -> StoreResult<()> {
        let experiments = experiments(&self.conn)?;
        for experiment in &experiments {
            let Some(age) = self.rules.max_age_of(experiment.id, &experiment.name) else { continue };
            let before_ns = now_ns.saturating_sub(i64::try_from(age.as_nanos()).unwrap_or(i64::MAX));
            self.delete_before(experiment.id, before_ns, run, between)?;
        }
        for experiment in &experiments {
            if let Some(max_bytes) = self.rules.rule_of(experiment.id, &experiment.name).max_bytes {
                let stored = disk::live_bytes_of(&self.conn, experiment.id)?;
                self.delete_over(&[experiment.id], stored, max_bytes, run, between)?;
            }
        }
        if let Some(max_bytes) = self.rules.max_bytes {
            let ids: Vec<ExperimentId> = experiments.iter().map(|experiment| experiment.id).collect();
            let stored = disk::live_bytes(&self.conn)?;
            self.delete_over(&ids, stored, max_bytes, run, between)?;
        }
        Ok(())
    }

    fn delete_before(
        &self,
        experiment: ExperimentId,
        before_ns: i64,
        run: &mut RetentionRun,
        between: Between<'_>,
    ) -> StoreResult<()> {
        loop {
            let doomed = select::expired(&self.conn, experiment, before_ns, STEP_TRACES)?;
            if self.delete(&doomed, run)? == 0 {
                return Ok(());
            }
            go_on(between)?;
        }
    }

    /// Deletes the oldest traces of some experiments until what is stored of them is below the bound.
    fn delete_over(
        &self,
        experiments: &[ExperimentId],
        stored: disk::LiveBytes,
        max_bytes: u64,
        run: &mut RetentionRun,
        between: Between<'_>,
    ) -> StoreResult<()> {
        if stored.total() <= max_bytes {
            return Ok(());
        }
        let kept = max_bytes / 100 * (100 - FREE_PERCENT);
        let mut excess = stored.total() - kept;
        while excess > 0 {
            let doomed = select::oldest(&self.conn, experiments, STEP_TRACES)?;
            let (mut chosen, mut freed) = (Vec::new(), 0);
            let mut shared = SharedAttachments::of(&self.conn, experiments);
            for trace in doomed {
                if freed >= excess {
                    break;
                }
                freed += stored.with_share_of_index(trace.bytes) + shared.freed_with(trace.trace_key)?;
                chosen.push(trace);
            }
            if self.delete(&chosen, run)? == 0 {
                return Ok(());
            }
            excess = excess.saturating_sub(freed);
            go_on(between)?;
        }
        Ok(())
    }

    /// Deletes these traces in one write; returns how many there were.
    fn delete(&self, doomed: &[Doomed], run: &mut RetentionRun) -> StoreResult<u64> {
        if doomed.is_empty() {
            return Ok(0);
        }
        let keys: Vec<i64> = doomed.iter().map(|trace| trace.trace_key).collect();
        let artifacts = Arc::clone(&self.artifacts);
        let (traces, bytes) = self.writer.write_blocking(move |context| {
            let conn = context.conn;
            let deleted = catalog::delete_keys(conn, &keys, |traces| rollup::take_back(context, traces))?;
            let_go(context, &deleted, &artifacts)?;
            let bytes = deleted.blocks.iter().map(|block| block.length).sum::<u64>();
            Ok((deleted.traces.len() as u64, bytes))
        })?;
        self.artifacts.committed();
        run.traces += traces;
        run.bytes += bytes;
        Ok(traces)
    }
}

fn go_on(between: Between<'_>) -> StoreResult<()> {
    if between() {
        return Ok(());
    }
    Err(StoreError::new(ErrorKind::Unavailable, "the store is closing"))
}

fn experiments(conn: &Connection) -> StoreResult<Vec<Named>> {
    conn.prepare_cached("SELECT experiment_id, name FROM experiment")
        .and_then(|mut statement| {
            statement
                .query_map([], |row| Ok(Named { id: ExperimentId(row.get(0)?), name: row.get(1)? }))?
                .collect()
        })
        .map_err(sql_error)
}
