//! What is wrong with a request to the catalog, in MLflow's words.

use crate::StoreError;
use spanwise_model::{ErrorKind, ExperimentId, RunId};

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

/// No such logged model, or it is deleted.
pub fn no_logged_model(id: &str) -> StoreError {
    StoreError::not_found(format!("Logged model with ID '{id}' not found."))
}

/// The logged model has no such tag.
pub fn no_logged_model_tag(id: &str, key: &str) -> StoreError {
    StoreError::not_found(format!("No tag with key '{key}' found for model with ID '{id}'."))
}

/// No such dataset.
pub fn no_dataset(id: &str) -> StoreError {
    StoreError::not_found(format!("Evaluation dataset with id '{id}' not found"))
}

/// No such scorer, or no such version of it.
pub fn no_scorer(experiment: ExperimentId, name: &str, version: Option<i64>) -> StoreError {
    let version = version.map(|version| format!(" and version {version}")).unwrap_or_default();
    StoreError::not_found(format!(
        "Scorer with name '{name}'{version} not found for experiment {experiment}."
    ))
}
