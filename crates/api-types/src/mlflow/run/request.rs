//! Requests that make, find and change runs.

use super::log::Tag;
use crate::mlflow::experiment::{ViewType, page_size};
use crate::mlflow::field::{FieldError, Fields, FromField, FromFields, Place, check_name};
use crate::mlflow::start_trace::check_value;
use crate::mlflow::time::ms_to_ns;
use serde_json::Value;
use spanwise_model::{ExperimentId, RunId, RunStatus};
use std::collections::BTreeMap;

/// Page size of a run search that names none.
const RUNS_PER_PAGE: i64 = 1_000;
/// Largest page of a run search.
const RUNS_PER_PAGE_MAX: i64 = 50_000;

/// `create`.
#[derive(Debug, PartialEq, Eq)]
pub struct CreateRun {
    /// Where it shall live.
    pub experiment_id: ExperimentId,
    /// Its name; `None` = one is made up.
    pub name: Option<String>,
    /// Who starts it.
    pub user: String,
    /// When it started.
    pub start_ns: i64,
    /// Its first tags.
    pub tags: BTreeMap<String, String>,
}

/// The tag that repeats a run's name.
const NAME_TAG: &str = "mlflow.runName";

impl FromFields for CreateRun {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let tags: Vec<Tag> = fields.or_default("tags")?;
        let tags: BTreeMap<String, String> = tags.into_iter().map(|tag| (tag.key, tag.value)).collect();
        let given: Option<String> =
            fields.optional("run_name")?.filter(|name: &String| !name.trim().is_empty());
        if let (Some(name), Some(tag)) = (&given, tags.get(NAME_TAG))
            && name != tag
        {
            return Err(FieldError::Rule(format!(
                "Both 'run_name' argument and '{NAME_TAG}' tag are specified, but with different values \
                 (run_name='{name}', {NAME_TAG}='{tag}')."
            )));
        }
        let name = given.or_else(|| tags.get(NAME_TAG).filter(|name| !name.is_empty()).cloned());
        if let Some(name) = &name {
            check_name("run_name", name)?;
            check_value("run_name", name)?;
        }
        Ok(CreateRun {
            experiment_id: fields.required("experiment_id")?,
            name,
            user: fields.or_default("user_id")?,
            start_ns: time(fields, "start_time")?.unwrap_or_default(),
            tags,
        })
    }
}

/// A request that names one run: `get`, `delete`, `restore`.
#[derive(Debug, PartialEq, Eq)]
pub struct OneRun {
    /// Its id.
    pub run_id: RunId,
}

impl FromFields for OneRun {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(OneRun { run_id: run_id(fields)? })
    }
}

/// Reads the id of a run under its old name too.
pub(super) fn run_id(fields: &Fields<'_>) -> Result<RunId, FieldError> {
    match fields.optional::<String>("run_uuid")?.filter(|id| !id.is_empty()) {
        Some(old) => Ok(RunId(
            fields.optional::<String>("run_id")?.filter(|id: &String| !id.is_empty()).unwrap_or(old),
        )),
        None => Ok(RunId(fields.required("run_id")?)),
    }
}

/// Reads a time in milliseconds.
fn time(fields: &Fields<'_>, name: &str) -> Result<Option<i64>, FieldError> {
    fields.optional::<i64>(name)?.map(|ms| to_ns(name, ms)).transpose()
}

pub(super) fn to_ns(name: &str, ms: i64) -> Result<i64, FieldError> {
    ms_to_ns(ms).ok_or_else(|| FieldError::NotAllowed {
        name: name.to_owned(),
        json: ms.to_string(),
        hint: ". It must be a time in milliseconds between 1678 and 2261".to_owned(),
    })
}

/// `update`.
#[derive(Debug, PartialEq, Eq)]
pub struct UpdateRun {
    /// Its id.
    pub run_id: RunId,
    /// New status.
    pub status: Option<RunStatus>,
    /// New end.
    pub end_ns: Option<i64>,
    /// New name.
    pub name: Option<String>,
}

impl FromFields for UpdateRun {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let name = fields.optional("run_name")?.filter(|name: &String| !name.is_empty());
        if let Some(name) = &name {
            check_name("run_name", name)?;
            check_value("run_name", name)?;
        }
        Ok(UpdateRun {
            run_id: run_id(fields)?,
            status: fields.optional::<Status>("status")?.and_then(|status| status.0),
            end_ns: time(fields, "end_time")?,
            name,
        })
    }
}

/// A status by name or protobuf number; as in proto3, an unknown one is as if it were absent.
struct Status(Option<RunStatus>);

impl FromField for Status {
    fn from_field(value: &Value, at: &Place) -> Result<Self, FieldError> {
        match value {
            Value::String(name) => Ok(Status(RunStatus::from_name(name))),
            Value::Number(number) => {
                let index = number.as_u64().and_then(|number| usize::try_from(number).ok()?.checked_sub(1));
                Ok(Status(index.and_then(|index| RunStatus::ALL.get(index).copied())))
            }
            _ => Err(at.wrong_type(value)),
        }
    }
}

/// `search`.
#[derive(Debug, PartialEq, Eq)]
pub struct SearchRuns {
    /// Where to look.
    pub experiments: Vec<ExperimentId>,
    /// The filter; empty = all.
    pub filter: String,
    /// Which ones by lifecycle.
    pub view_type: ViewType,
    /// Page size.
    pub max_results: usize,
    /// Order clauses.
    pub order_by: Vec<String>,
    /// Where the page starts; empty = at the beginning.
    pub page_token: String,
}

impl FromFields for SearchRuns {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let max_results = fields.optional("max_results")?.unwrap_or(RUNS_PER_PAGE);
        Ok(SearchRuns {
            experiments: fields.or_default("experiment_ids")?,
            filter: fields.or_default("filter")?,
            view_type: fields.or_default("run_view_type")?,
            max_results: page_size(max_results, RUNS_PER_PAGE_MAX)?,
            order_by: fields.or_default("order_by")?,
            page_token: fields.or_default("page_token")?,
        })
    }
}
