//! Experiments, trace records, tags, assessments and links: synchronous functions over the index database.
//!
//! Those that write run inside the writer's transaction, each in a savepoint of its own; none begins or commits.
//! A trace of which only log records are known (`visible = 0`) is not found by any of them.

mod activity;
mod archive;
mod assessment;
mod assessment_row;
mod delete;
mod experiment;
mod experiment_find;
mod info;
mod link;
mod redaction;
mod start;
mod tag;
#[cfg(test)]
pub(crate) mod tests;

pub(crate) use activity::experiment_activity;
pub(crate) use archive::{archive_traces, restore_trace};
pub(crate) use assessment::{create_assessment, delete_assessment, get_assessment, update_assessment};
pub(crate) use delete::{DeletedTraces, delete_keys, delete_traces};
pub(crate) use experiment::{
    create_experiment, delete_experiment_tag, ensure_experiment, find_experiment_by_name, get_experiment,
    rename_experiment, set_experiment_stage, set_experiment_tag,
};
pub(crate) use experiment_find::find_experiments;
pub(crate) use info::{get_trace, get_traces, load_infos};
pub(crate) use link::{link_prompts, link_traces_to_run, traces_of_run};
pub(crate) use redaction::{redaction_rules, set_redaction_rules};
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
