//! How much there is in each experiment, from the columns in memory.

use crate::table::Snapshot;
use spanwise_model::ExperimentId;
use spanwise_store::ExperimentActivity;
use std::collections::BTreeMap;

/// See [`spanwise_store::Store::experiment_activity`].
pub(crate) fn activity_of(snapshot: &Snapshot) -> Vec<ExperimentActivity> {
    let mut by_experiment: BTreeMap<i64, (u64, i64)> = BTreeMap::new();
    for (_, chunk) in &snapshot.chunks {
        let mut left = chunk.live;
        // Most chunks have one experiment or a few: each is taken out as a whole.
        while let Some(first) = left.first() {
            let experiment = chunk.experiment.get(first);
            let rows = chunk.experiment.rows_where(|id| id == experiment).and(&left);
            let last = rows.iter().map(|row| chunk.start_ns[row]).max().unwrap_or(i64::MIN);
            let (traces, last_start_ns) = by_experiment.entry(experiment).or_insert((0, i64::MIN));
            *traces += rows.count() as u64;
            *last_start_ns = last.max(*last_start_ns);
            left = left.without(&rows);
        }
    }
    let activity = by_experiment.into_iter().map(|(id, (traces, last_start_ns))| ExperimentActivity {
        experiment_id: ExperimentId(id),
        traces,
        last_start_ns,
    });
    activity.collect()
}
