//! What is wrong with a request to the catalog, in MLflow's words.

use crate::StoreError;
use spanwise_model::{ErrorKind, ExperimentId, IssueId, LabelSchemaId, ReviewQueueId, RunId, TraceId};

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

/// No such record.
pub fn no_record(id: &str, version: Option<i64>) -> StoreError {
    let when = version.map_or(String::new(), |version| format!(" in version {version}"));
    StoreError::not_found(format!("the dataset has no record `{id}`{when}"))
}

/// A record that was changed by somebody else in between.
pub fn stale_record(id: &str, expected: i64, since: i64) -> StoreError {
    StoreError::new(
        ErrorKind::AlreadyExists,
        format!("record `{id}` was changed in version {since}, after version {expected}, which was edited"),
    )
}

/// Inputs that another record has.
pub fn taken_inputs(other: &str) -> StoreError {
    StoreError::new(ErrorKind::AlreadyExists, format!("record `{other}` has the same inputs"))
}

/// No such scorer, or no such version of it.
pub fn no_scorer(experiment: ExperimentId, name: &str, version: Option<i64>) -> StoreError {
    let version = version.map(|version| format!(" and version {version}")).unwrap_or_default();
    StoreError::not_found(format!(
        "Scorer with name '{name}'{version} not found for experiment {experiment}."
    ))
}

/// No such registered model.
pub fn no_registered_model(name: &str) -> StoreError {
    StoreError::not_found(format!("Registered Model with name={name} not found"))
}

/// The name is taken by another registered model; a prompt and a model can't share one either.
pub fn taken_model_name(name: &str, of_prompt: bool, for_prompt: bool) -> StoreError {
    let (old, new) = (model_word(of_prompt), model_word(for_prompt));
    let message = if of_prompt == for_prompt {
        format!("{new} (name={name}) already exists.")
    } else {
        let (old, new) = (old.to_lowercase(), new.to_lowercase());
        format!(
            "Tried to create a {new} with name '{name}', but the name is already taken by a {old}. MLflow does not \
             allow creating a model and a prompt with the same name."
        )
    };
    StoreError::new(ErrorKind::AlreadyExists, message)
}

fn model_word(is_prompt: bool) -> &'static str {
    if is_prompt { "Prompt" } else { "Registered Model" }
}

/// No such version of a registered model.
pub fn no_model_version(name: &str, version: i64) -> StoreError {
    StoreError::not_found(format!("Model Version (name={name}, version={version}) not found"))
}

/// The registered model has no version at all.
pub fn no_latest_version(name: &str) -> StoreError {
    StoreError::not_found(format!("Latest version not found for model {name}."))
}

/// The registered model has no such alias.
pub fn no_model_alias(alias: &str) -> StoreError {
    StoreError::invalid(format!("Registered model alias {alias} not found."))
}

/// No such issue.
pub fn no_issue(id: &IssueId) -> StoreError {
    StoreError::not_found(format!("Issue with ID '{id}' not found"))
}

/// No such webhook.
pub fn no_webhook(id: &str) -> StoreError {
    StoreError::not_found(format!("Webhook with ID {id} not found."))
}

/// No such label schema.
pub fn no_label_schema(id: &LabelSchemaId) -> StoreError {
    StoreError::not_found(format!("Label schema with id '{id}' not found."))
}

/// No label schema of that name.
pub fn no_label_schema_named(experiment: ExperimentId, name: &str) -> StoreError {
    StoreError::not_found(format!("Label schema with name '{name}' not found for experiment '{experiment}'."))
}

/// The name of a label schema is taken.
pub fn label_schema_exists(experiment: ExperimentId, name: &str) -> StoreError {
    StoreError::new(
        ErrorKind::AlreadyExists,
        format!("Label schema with name '{name}' already exists for experiment '{experiment}'."),
    )
}

/// The default label schema stays as it is.
pub fn default_label_schema_edited() -> StoreError {
    StoreError::invalid("The experiment's default question cannot be edited.")
}

/// The default label schema stays.
pub fn default_label_schema_deleted() -> StoreError {
    StoreError::invalid("The experiment's default question cannot be deleted.")
}

/// The kind of a label schema's input stays.
pub fn label_input_changed(old: &str, new: &str) -> StoreError {
    StoreError::invalid(format!(
        "A label schema's input type cannot be changed after creation (existing: {old}, got: {new})."
    ))
}

/// Whether several options may be chosen stays.
pub fn multi_select_changed() -> StoreError {
    StoreError::invalid("`InputCategorical.multi_select` cannot be changed after creation.")
}

/// No such review queue.
pub fn no_review_queue(id: &ReviewQueueId) -> StoreError {
    StoreError::not_found(format!("Review queue with id '{id}' not found."))
}

/// No review queue of that name.
pub fn no_review_queue_named(experiment: ExperimentId, name: &str) -> StoreError {
    StoreError::not_found(format!("Review queue with name '{name}' not found for experiment '{experiment}'."))
}

/// The name of a review queue is taken.
pub fn review_queue_exists(name: &str) -> StoreError {
    StoreError::new(
        ErrorKind::AlreadyExists,
        format!("Review queue with name '{name}' already exists (names are case-insensitive)."),
    )
}

/// A user's name is that of a custom queue.
pub fn not_a_user_queue(user: &str) -> StoreError {
    StoreError::new(
        ErrorKind::AlreadyExists,
        format!(
            "A non-user queue named '{user}' already exists; cannot get-or-create a user queue with that name."
        ),
    )
}

/// The queue of a user stays as it is.
pub fn user_queue_changed() -> StoreError {
    StoreError::invalid(
        "A user queue's name, assigned user, schemas, and owner are fixed and cannot be updated.",
    )
}

/// What is asked about traces in a queue stays.
pub fn questions_locked() -> StoreError {
    StoreError::invalid(
        "A review queue's questions are locked once items are assigned to it. Remove the items before changing its \
         questions.",
    )
}

/// The experiment has no such questions.
pub fn no_questions(experiment: ExperimentId, ids: &[&LabelSchemaId]) -> StoreError {
    StoreError::invalid(format!(
        "Label schema id(s) {} not found for experiment '{experiment}'.",
        python_list(ids)
    ))
}

/// The experiment has no such traces.
pub fn no_traces_to_review(id: &ReviewQueueId, experiment: ExperimentId, traces: &[&TraceId]) -> StoreError {
    StoreError::not_found(format!(
        "Cannot attach trace(s) {} to review queue '{id}': they do not exist in experiment '{experiment}'.",
        python_list(traces)
    ))
}

/// The trace is not in the queue.
pub fn no_review_item(id: &ReviewQueueId, trace: &TraceId) -> StoreError {
    StoreError::not_found(format!("Item '{trace}' is not attached to review queue '{id}'."))
}

/// Somebody else is at it.
pub fn review_held(trace: &TraceId, holder: &str) -> StoreError {
    StoreError::new(ErrorKind::AlreadyExists, format!("trace `{trace}` is being reviewed by `{holder}`"))
}

/// Longest list that a message repeats.
const LISTED_MAX: usize = 20;

/// Writes ids as a Python list.
fn python_list(ids: &[&impl std::fmt::Display]) -> String {
    let more = if ids.len() > LISTED_MAX { ", …" } else { "" };
    let ids: Vec<String> = ids.iter().take(LISTED_MAX).map(|id| format!("'{id}'")).collect();
    format!("[{}{more}]", ids.join(", "))
}
