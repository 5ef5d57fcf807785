//! Deleting traces: in steps, and what it means beyond the rows. The bytes in segments are let go, and marked as
//! deleted; artifacts are noted for removal.

use crate::artifact_removal::ArtifactRemoval;
use crate::catalog::{self, DeletedTraces};
use crate::error::sql_error;
use crate::rollup;
use crate::store::{SqliteStore, now_ns};
use crate::writer::WriteContext;
use rusqlite::params;
use spanwise_model::ExperimentId;
use spanwise_store::{DeleteTraces, StoreResult};
use std::collections::HashMap;
use std::sync::Arc;

/// Traces that one write deletes. All other writes wait for it: 250 take about 25 ms, 50,000 some 4 s.
pub(crate) const STEP_TRACES: usize = 250;

impl SqliteStore {
    /// Deletes traces, letting other writes pass between the steps; returns how many.
    pub(crate) async fn delete_in_steps(
        &self,
        experiment: ExperimentId,
        which: DeleteTraces,
    ) -> StoreResult<u64> {
        let mut deleted = 0;
        match which {
            DeleteTraces::Ids(ids) => {
                for part in ids.chunks(STEP_TRACES) {
                    deleted += self.delete_step(experiment, DeleteTraces::Ids(part.to_vec())).await?;
                }
            }
            DeleteTraces::Until { max_start_ms, limit } => {
                let limit = limit.unwrap_or(u64::MAX);
                while deleted < limit {
                    let step = (limit - deleted).min(STEP_TRACES as u64);
                    let which = DeleteTraces::Until { max_start_ms, limit: Some(step) };
                    let found = self.delete_step(experiment, which).await?;
                    deleted += found;
                    if found < step {
                        break;
                    }
                }
            }
        }
        Ok(deleted)
    }

    async fn delete_step(&self, experiment: ExperimentId, which: DeleteTraces) -> StoreResult<u64> {
        let artifacts = Arc::clone(&self.artifact_removal);
        let deleted = self
            .write(move |context| {
                let conn = context.conn;
                let take_back = |traces: &[_]| rollup::take_back(context, traces);
                let deleted = catalog::delete_traces(conn, experiment, &which, take_back)?;
                let_go(context, &deleted, &artifacts)?;
                Ok(deleted.visible)
            })
            .await;
        self.artifact_removal.committed();
        deleted
    }
}

/// Counts the deleted blocks as dead bytes of their segments, so that compaction removes them within a day, and
/// marks the traces as deleted in the segment, so that an index rebuilt from segments does not bring them back.
pub(crate) fn let_go(
    context: &mut WriteContext<'_>,
    deleted: &DeletedTraces,
    artifacts: &ArtifactRemoval,
) -> StoreResult<()> {
    artifacts.note(context.conn, &deleted.artifact_folders)?;
    let now = now_ns();
    let mut dead_bytes: HashMap<i64, u64> = HashMap::new();
    for block in &deleted.blocks {
        *dead_bytes.entry(block.segment_id).or_default() += block.length;
    }
    for (segment_id, bytes) in dead_bytes {
        context
            .conn
            .prepare_cached(
                "UPDATE segment SET live_bytes = max(live_bytes - ?2, 0), first_dead_ns = coalesce(first_dead_ns, ?3)
                 WHERE segment_id = ?1",
            )
            .and_then(|mut statement| statement.execute(params![segment_id, bytes, now]))
            .map_err(sql_error)?;
    }
    for (trace_key, trace_id) in &deleted.traces {
        context.table.deleted(*trace_key);
        context.states.forget(trace_id);
        context.changed.push(trace_id.clone());
        context.segment.append_deleted(context.conn, trace_id, now)?;
    }
    Ok(())
}
