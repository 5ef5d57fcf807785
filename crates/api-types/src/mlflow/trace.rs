//! Requests of the trace routes, but for records, tags and assessments.

use super::experiment::page_size;
use super::field::{FieldError, Fields, FromField, FromFields, Place};
use serde_json::Value;
use spanwise_model::ExperimentId;
use spanwise_model::limit::LINK_TRACES_MAX;

/// Page size of a trace search that names none.
const TRACES_PER_PAGE: i64 = 100;
/// Largest page of a trace search.
const TRACES_PER_PAGE_MAX: i64 = 500;

/// `GET traces/get`.
#[derive(Debug, PartialEq, Eq)]
pub struct GetTrace {
    /// The trace.
    pub trace_id: String,
    /// Whether to answer before all spans have arrived.
    pub allow_partial: bool,
}

impl FromFields for GetTrace {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(GetTrace {
            trace_id: fields.required("trace_id")?,
            allow_partial: fields.or_default("allow_partial")?,
        })
    }
}

/// `GET traces/batchGet` and `POST traces/batchGetInfos`.
#[derive(Debug, PartialEq, Eq)]
pub struct BatchGetTraces {
    /// The traces, in the order wanted.
    pub trace_ids: Vec<String>,
    /// Restricts the answer to these experiments, if given.
    pub experiment_ids: Option<Vec<ExperimentId>>,
}

impl FromFields for BatchGetTraces {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(BatchGetTraces {
            trace_ids: fields.required("trace_ids")?,
            experiment_ids: fields.optional("experiment_ids")?,
        })
    }
}

/// `POST traces/search`.
#[derive(Debug, PartialEq, Eq)]
pub struct SearchTraces {
    /// The experiments to look in; locations of other kinds are left out.
    pub experiments: Vec<ExperimentId>,
    /// The filter; empty = all.
    pub filter: String,
    /// Page size.
    pub max_results: usize,
    /// Order clauses.
    pub order_by: Vec<String>,
    /// Where the page starts; empty = at the beginning.
    pub page_token: String,
}

impl FromFields for SearchTraces {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let locations: Vec<Location> = fields.required("locations")?;
        Ok(SearchTraces {
            experiments: locations.into_iter().filter_map(|location| location.experiment_id).collect(),
            filter: fields.or_default("filter")?,
            max_results: traces_per_page(fields)?,
            order_by: fields.or_default("order_by")?,
            page_token: fields.or_default("page_token")?,
        })
    }
}

/// `GET 2.0/traces`, the search of older clients.
#[derive(Debug, PartialEq, Eq)]
pub struct SearchTracesV2(
    /// The same search.
    pub SearchTraces,
);

impl FromFields for SearchTracesV2 {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(SearchTracesV2(SearchTraces {
            experiments: fields.required("experiment_ids")?,
            filter: fields.or_default("filter")?,
            max_results: traces_per_page(fields)?,
            order_by: fields.or_default("order_by")?,
            page_token: fields.or_default("page_token")?,
        }))
    }
}

fn traces_per_page(fields: &Fields<'_>) -> Result<usize, FieldError> {
    let max_results = fields.optional("max_results")?.unwrap_or(TRACES_PER_PAGE);
    if max_results > TRACES_PER_PAGE_MAX {
        let place = Place { name: "max_results".to_owned(), from_query: false };
        return Err(place.wrong_type(&Value::from(max_results)));
    }
    page_size(max_results, TRACES_PER_PAGE_MAX)
}

/// A place where traces live; only experiments exist here.
struct Location {
    experiment_id: Option<ExperimentId>,
}

impl FromFields for Location {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let experiment: Option<super::experiment::OneExperiment> = fields.optional("mlflow_experiment")?;
        Ok(Location { experiment_id: experiment.map(|experiment| experiment.experiment_id) })
    }
}

/// `POST traces/delete-traces`.
#[derive(Debug, PartialEq, Eq)]
pub struct DeleteTraces {
    /// The experiment whose traces are deleted.
    pub experiment_id: ExperimentId,
    /// Which ones.
    pub which: TracesToDelete,
}

/// How the traces to delete are named.
#[derive(Debug, PartialEq, Eq)]
pub enum TracesToDelete {
    /// By id.
    Ids(Vec<String>),
    /// By age, oldest first.
    Until {
        /// The latest start that is deleted.
        max_start_ms: i64,
        /// At most that many.
        limit: Option<u64>,
    },
}

impl FromFields for DeleteTraces {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let experiment_id = fields.required("experiment_id")?;
        let max_start_ms: Option<i64> = fields.optional("max_timestamp_millis")?;
        let max_traces: Option<i64> = fields.optional("max_traces")?;
        let ids: Vec<String> = fields.or_default("request_ids")?;
        let which = match (max_start_ms, ids.is_empty(), max_traces) {
            (None, true, _) => {
                return rule("Either `max_timestamp_millis` or `trace_ids` must be specified.");
            }
            (Some(_), false, _) => {
                return rule("Only one of `max_timestamp_millis` and `trace_ids` can be specified.");
            }
            (None, false, Some(_)) => {
                return rule("`max_traces` can't be specified if `trace_ids` is specified.");
            }
            (None, false, None) => TracesToDelete::Ids(ids),
            (Some(max_start_ms), true, max_traces) => TracesToDelete::Until {
                max_start_ms,
                limit: max_traces.map(positive_max_traces).transpose()?,
            },
        };
        Ok(DeleteTraces { experiment_id, which })
    }
}

fn positive_max_traces(max_traces: i64) -> Result<u64, FieldError> {
    let positive = u64::try_from(max_traces).ok().filter(|number| *number > 0);
    let text = || format!("`max_traces` must be a positive integer, received {max_traces}.");
    positive.ok_or_else(|| FieldError::Rule(text()))
}

/// `POST traces/link-to-run`.
#[derive(Debug, PartialEq, Eq)]
pub struct LinkTracesToRun {
    /// The traces.
    pub trace_ids: Vec<String>,
    /// The run.
    pub run_id: String,
}

impl FromFields for LinkTracesToRun {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let request =
            LinkTracesToRun { trace_ids: fields.required("trace_ids")?, run_id: fields.required("run_id")? };
        let count = request.trace_ids.len();
        if count > LINK_TRACES_MAX {
            return Err(FieldError::Rule(format!(
                "Cannot link more than {LINK_TRACES_MAX} traces to a run in a single request. Provided {count} traces."
            )));
        }
        Ok(request)
    }
}

/// `POST traces/link-prompts`.
#[derive(Debug, PartialEq, Eq)]
pub struct LinkPrompts {
    /// The trace.
    pub trace_id: String,
    /// The prompt versions.
    pub prompt_versions: Vec<PromptVersion>,
}

/// A version of a prompt.
#[derive(Debug, PartialEq, Eq)]
pub struct PromptVersion {
    /// The prompt's name.
    pub name: String,
    /// The version: an integer, as text.
    pub version: String,
}

impl FromFields for LinkPrompts {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(LinkPrompts {
            trace_id: fields.required("trace_id")?,
            prompt_versions: fields.required("prompt_versions")?,
        })
    }
}

impl FromFields for PromptVersion {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let version: Version = fields.required("version")?;
        Ok(PromptVersion { name: fields.required("name")?, version: version.0 })
    }
}

struct Version(String);

impl FromField for Version {
    fn from_field(value: &Value, at: &Place) -> Result<Self, FieldError> {
        let text = String::from_field(value, at)?;
        match text.parse::<u64>() {
            Ok(number) => Ok(Version(number.to_string())),
            Err(_) => Err(at.not_allowed(value, ". A prompt's version must be an integer")),
        }
    }
}

fn rule<T>(text: &str) -> Result<T, FieldError> {
    Err(FieldError::Rule(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check_error<T: FromFields + std::fmt::Debug>(body: Value, expected: &str) {
        let error = T::from_fields(&Fields::of_body(body.as_object().unwrap())).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}\ndoes not begin with\n{expected}");
    }

    #[test]
    fn a_search_is_checked() {
        check_error::<SearchTraces>(json!({}), "Missing value for required parameter 'locations'");
        let with = |name: &str, value: Value| json!({"locations": [], name: value});
        check_error::<SearchTraces>(
            with("max_results", json!(501)),
            "Invalid value 501 for parameter 'max_results' supplied:  Hint: Value was of type 'int'.",
        );
        check_error::<SearchTraces>(
            with("max_results", json!(0)),
            "Invalid value 0 for parameter 'max_results' supplied. It must be a positive integer",
        );
        check_error::<SearchTraces>(
            with("order_by", json!("timestamp")),
            "Invalid value \"timestamp\" for parameter 'order_by' supplied:  Hint: Value was of type 'str'.",
        );
    }

    #[test]
    fn only_experiment_locations_count() {
        let body = json!({"max_results": "5", "locations": [
            {"mlflow_experiment": {"experiment_id": "1"}},
            {"type": "INFERENCE_TABLE", "inference_table": {"full_table_name": "t"}},
            {"mlflowExperiment": {"experimentId": "1"}},
        ]});
        let request = SearchTraces::from_fields(&Fields::of_body(body.as_object().unwrap())).unwrap();
        assert_eq!(request.experiments, [ExperimentId(1), ExperimentId(1)]);
        assert_eq!(request.max_results, 5);
    }

    #[test]
    fn a_deletion_names_ids_or_an_age() {
        let check = |rest: Value, expected: &str| {
            let mut body = json!({"experiment_id": "1"});
            body.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
            check_error::<DeleteTraces>(body, expected);
        };
        check(json!({}), "Either `max_timestamp_millis` or `trace_ids` must be specified.");
        check(
            json!({"max_timestamp_millis": 1, "request_ids": ["a"]}),
            "Only one of `max_timestamp_millis` and `trace_ids` can be specified.",
        );
        check(
            json!({"request_ids": ["a"], "max_traces": 1}),
            "`max_traces` can't be specified if `trace_ids` is specified.",
        );
        check(
            json!({"max_timestamp_millis": 1, "max_traces": 0}),
            "`max_traces` must be a positive integer, received 0.",
        );
    }

    #[test]
    fn links_are_limited_and_versions_are_integers() {
        let ids: Vec<String> = (0..101).map(|n| format!("tr-{n}")).collect();
        check_error::<LinkTracesToRun>(
            json!({"trace_ids": ids, "run_id": "r"}),
            "Cannot link more than 100 traces to a run in a single request. Provided 101 traces.",
        );
        check_error::<LinkPrompts>(
            json!({"trace_id": "t", "prompt_versions": [{"name": "a", "version": "abc"}]}),
            "Invalid value \"abc\" for parameter 'prompt_versions.version' supplied. A prompt's version must be",
        );
    }
}
