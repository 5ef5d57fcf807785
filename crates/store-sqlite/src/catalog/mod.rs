//! Experiments, trace records, tags, assessments and links: synchronous functions over the index database.
//!
//! Those that write run inside the writer's transaction, each in a savepoint of its own; none begins or commits.
//! A trace of which only log records are known (`visible = 0`) is not found by any of them.

mod activity;
mod archive;
mod assessment;
mod assessment_row;
mod dataset;
mod delete;
mod entity;
mod experiment;
mod experiment_find;
mod import;
mod info;
mod issue;
mod label_schema;
mod link;
mod logged_model;
mod page;
mod redaction;
mod registry;
mod review_queue;
mod run;
mod scorer;
mod scoring;
mod start;
mod tag;
#[cfg(test)]
pub(crate) mod tests;
mod webhook;

pub(crate) use activity::experiment_activity;
pub(crate) use archive::{archive_traces, restore_trace};
pub(crate) use assessment::{create_assessment, delete_assessment, get_assessment, update_assessment};
pub(crate) use dataset::{
    change_dataset_experiments, compare_versions, continue_merge, create_dataset, delete_dataset,
    delete_records, find_changes, find_datasets, find_records, get_dataset, get_record, remember_mapping,
    rename_dataset, replace_record, set_dataset_tags, try_merge,
};
pub(crate) use delete::{DeletedTraces, delete_keys, delete_traces};
pub(crate) use experiment::{
    create_experiment, delete_experiment_tag, ensure_experiment, find_experiment_by_name, get_experiment,
    rename_experiment, set_experiment_stage, set_experiment_tag,
};
pub(crate) use experiment_find::find_experiments;
pub(crate) use info::{get_trace, get_traces, load_infos};
pub(crate) use issue::{create_issue, find_issues, get_issue, update_issue};
pub(crate) use label_schema::{
    create_label_schema, delete_label_schema, find_label_schemas, get_label_schema, get_label_schema_by_name,
    make_default_schema, update_label_schema,
};
pub(crate) use link::{link_prompts, link_traces_to_run, traces_of_run};
pub(crate) use logged_model::{
    create_logged_model, delete_logged_model, delete_logged_model_tag, finalize_logged_model,
    find_logged_models, get_logged_model, log_logged_model,
};
pub(crate) use redaction::{redaction_rules, set_redaction_rules};
pub(crate) use review_queue::{
    add_review_items, add_to_review, claim_reviews, create_review_queue, delete_review_queue,
    ensure_user_queue, find_review_items, find_review_queues, find_reviews, finish_review, get_review,
    get_review_queue, get_review_queue_by_name, release_reviews, remove_review_items, reopen_review,
    review_answers, review_progress, review_queues_of, set_review_status, update_review_queue,
};
pub(crate) use run::{
    append_to_run_tag, create_run, delete_run_tag, find_runs, get_run, log_run, log_run_inputs,
    metric_history, run_datasets, sample_metric, set_run_stage, update_run,
};
pub(crate) use scorer::{
    delete_scorer, get_scorer, list_scorers, online_scoring, register_scorer, scorer_versions,
    set_online_scoring,
};
pub(crate) use start::start_trace;
pub(crate) use tag::{delete_trace_tag, set_trace_tag};

use crate::trace_ids;
use rusqlite::Connection;
use rusqlite::types::Value;
use rusqlite::vtab::array::Array;
use spanwise_model::TraceId;
use spanwise_store::{StoreError, StoreResult};
use std::rc::Rc;

/// MLflow's reserved tag for the trace's name, which is a column here.
const NAME_TAG: &str = "mlflow.traceName";
/// MLflow's reserved metadata key for the user, which is a column here.
pub(crate) const USER_METADATA: &str = "mlflow.trace.user";

/// Returns the key of a visible trace.
pub(crate) fn trace_key(conn: &Connection, id: &TraceId) -> StoreResult<i64> {
    trace_ids::find_visible(conn, id)?.ok_or_else(|| no_trace(id))
}

fn no_trace(id: &TraceId) -> StoreError {
    StoreError::not_found(format!("no trace `{id}`"))
}

/// Makes the parameter of an `rarray(?)` of integers.
pub(crate) fn key_array(keys: impl IntoIterator<Item = i64>) -> Array {
    Rc::new(keys.into_iter().map(Value::Integer).collect())
}

/// Makes the parameter of an `rarray(?)` of trace ids.
fn id_array<'a>(ids: impl IntoIterator<Item = &'a TraceId>) -> Array {
    let value = |id: &TraceId| match id {
        TraceId::Otel(bytes) => Value::Blob(bytes.to_vec()),
        TraceId::Text(text) => Value::Text(text.to_string()),
    };
    Rc::new(ids.into_iter().map(value).collect())
}

/// Makes the parameter of an `rarray(?)` of texts.
fn text_array<'a>(texts: impl IntoIterator<Item = &'a String>) -> Array {
    Rc::new(texts.into_iter().cloned().map(Value::Text).collect())
}
