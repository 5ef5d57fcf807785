//! Ids out of paths, and the texts with which MLflow says that something is not there.

pub(super) use crate::clock::now_ns;
use crate::error::{MlflowCode, MlflowError, MlflowResult};
use spanwise_model::{AssessmentId, ErrorKind, ExperimentId, TraceId};
use spanwise_store::{StoreError, StoreResult};

/// Reads the id of a trace that is looked for; no trace has an id that can't be read.
pub(super) fn trace_id(text: &str) -> MlflowResult<TraceId> {
    text.parse().map_err(|_| no_trace(text))
}

/// Reads the ids of traces that are looked for, leaving out those that no trace can have.
pub(super) fn trace_ids(texts: &[String]) -> Vec<TraceId> {
    texts.iter().filter_map(|text| text.parse().ok()).collect()
}

pub(super) fn missing(message: impl Into<String>) -> MlflowError {
    MlflowError::new(MlflowCode::ResourceDoesNotExist, message)
}

pub(super) fn no_trace(id: &str) -> MlflowError {
    missing(format!("Trace with ID '{id}' not found."))
}

pub(super) fn no_assessment(trace: &str, id: &str) -> MlflowError {
    missing(format!("Assessment with ID '{id}' not found for trace '{trace}'"))
}

pub(super) fn no_experiment(id: ExperimentId) -> MlflowError {
    missing(format!("No Experiment with id={id} exists"))
}

/// Puts the failure of a write into an experiment into MLflow's words.
pub(super) fn experiment_error(id: ExperimentId, error: StoreError) -> MlflowError {
    match error.kind() {
        ErrorKind::NotFound => no_experiment(id),
        ErrorKind::InvalidArgument => MlflowError::invalid(format!(
            "The experiment {id} must be in the 'active' state. Current state is deleted."
        )),
        _ => error.into(),
    }
}

/// Replaces what the store says of a thing that is not there.
pub(super) trait OrMissing<T> {
    /// Answers `missing` where the store says `NotFound`.
    fn or_missing(self, missing: impl FnOnce() -> MlflowError) -> MlflowResult<T>;
}

impl<T> OrMissing<T> for StoreResult<T> {
    fn or_missing(self, missing: impl FnOnce() -> MlflowError) -> MlflowResult<T> {
        self.map_err(|error| if error.kind() == ErrorKind::NotFound { missing() } else { error.into() })
    }
}

/// Makes the id of an assessment whose client chose none.
pub(super) fn fresh_assessment_id() -> AssessmentId {
    AssessmentId(format!("a-{}", uuid::Uuid::new_v4().simple()))
}
