//! What is wrong with a request to the catalog, in MLflow's words.

use crate::StoreError;
use spanwise_model::{ErrorKind, ExperimentId, IssueId, RunId};

/// No such experiment.
pub fn no_experiment(id: ExperimentId) -> StoreError {
    StoreError::not_found(format!("No Experiment with id={id} exists"))
}

/// The experiment is deleted, so that nothing can be made in it.
pub fn deleted_experiment(id: ExperimentId) -> StoreError {
    StoreError::invalid(format!(
        "The experiment {id} must be in the 'active' state. Current state is deleted."
    ))
}

/// No such run.
pub fn no_run(id: &RunId) -> StoreError {
    StoreError::not_found(format!("Run with id={id} not found"))
}

/// The run is deleted, so that nothing can be logged to it.
pub fn deleted_run(id: &RunId) -> StoreError {
    StoreError::invalid(format!("The run {id} must be in the 'active' state. Current state is deleted."))
}

/// The run has no such tag.
pub fn no_run_tag(id: &RunId, key: &str) -> StoreError {
    StoreError::not_found(format!("No tag with name: {key} in run with id {id}"))
}

/// A parameter has another value already.
pub fn changed_param(id: &RunId, key: &str, old: &str, new: &str) -> StoreError {
    StoreError::new(
        ErrorKind::InvalidArgument,
        format!(
            "Changing param values is not allowed. Param with key='{key}' was already logged with value='{old}' \
             for run ID='{id}'. Attempted logging new value '{new}'."
        ),
    )
}

/// No such issue.
pub fn no_issue(id: &IssueId) -> StoreError {
    StoreError::not_found(format!("Issue with ID '{id}' not found"))
}
