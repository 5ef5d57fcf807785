//! Requests and answers of `issues/*`.

use super::experiment::page_size;
use super::field::{FieldError, Fields, FromField, FromFields, Place, check_chars, check_name};
use super::start_trace::check_value;
use super::time::milliseconds;
use serde::Serialize;
use serde_json::Value;
use spanwise_model::limit::{ISSUE_LIST_MAX, ISSUE_NAME_CHARS_MAX};
use spanwise_model::{ExperimentId, IssueSeverity, IssueStatus};

/// Page size of a search that names none.
const ISSUES_PER_PAGE: i64 = 100;
/// Largest page of a search.
const ISSUES_PER_PAGE_MAX: i64 = 50_000;

/// An issue as MLflow answers it.
#[derive(Debug, Serialize)]
pub struct Issue {
    issue_id: String,
    experiment_id: String,
    name: String,
    description: String,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    severity: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    root_causes: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    categories: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_run_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_by: Option<String>,
    created_timestamp: i64,
    last_updated_timestamp: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_count: Option<u64>,
}

impl From<spanwise_model::Issue> for Issue {
    fn from(issue: spanwise_model::Issue) -> Self {
        Issue::from((issue, None))
    }
}

impl From<(spanwise_model::Issue, Option<u64>)> for Issue {
    fn from((issue, trace_count): (spanwise_model::Issue, Option<u64>)) -> Self {
        Issue {
            issue_id: issue.issue_id.0,
            experiment_id: issue.experiment_id.to_string(),
            name: issue.name,
            description: issue.description,
            status: issue.status.name(),
            severity: issue.severity.map(IssueSeverity::name),
            root_causes: issue.root_causes,
            categories: issue.categories,
            source_run_id: issue.source_run_id,
            created_by: issue.created_by,
            created_timestamp: milliseconds(issue.created_ns),
            last_updated_timestamp: milliseconds(issue.last_updated_ns),
            trace_count,
        }
    }
}

/// The answer that holds one issue.
#[derive(Debug, Serialize)]
pub struct IssueResponse {
    /// The issue.
    pub issue: Issue,
}

/// The answer of `search`.
#[derive(Debug, Serialize)]
pub struct IssuesResponse {
    /// The page.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub issues: Vec<Issue>,
    /// Set if more follow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
}

/// Making an issue.
#[derive(Debug, PartialEq, Eq)]
pub struct CreateIssue {
    /// Where it shall live.
    pub experiment_id: ExperimentId,
    /// What it is called.
    pub name: String,
    /// What it is.
    pub description: String,
    /// What became of it.
    pub status: IssueStatus,
    /// How bad it is.
    pub severity: Option<IssueSeverity>,
    /// Why it is there.
    pub root_causes: Vec<String>,
    /// What kinds of issue it belongs to.
    pub categories: Vec<String>,
    /// The run that found it.
    pub source_run_id: Option<String>,
    /// Who makes it.
    pub created_by: Option<String>,
}

impl FromFields for CreateIssue {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(CreateIssue {
            name: checked(fields.required("name")?)?,
            description: described(fields.required("description")?)?,
            experiment_id: fields.required("experiment_id")?,
            status: fields.optional::<Status>("status")?.map_or(IssueStatus::Pending, |status| status.0),
            severity: fields.optional::<Severity>("severity")?.map(|severity| severity.0),
            root_causes: list(fields, "root_causes")?,
            categories: list(fields, "categories")?,
            source_run_id: not_empty(fields, "source_run_id")?,
            created_by: not_empty(fields, "created_by")?,
        })
    }
}

/// Changing an issue, whose id is in the path.
#[derive(Debug, PartialEq, Eq)]
pub struct UpdateIssue {
    /// New name.
    pub name: Option<String>,
    /// New description.
    pub description: Option<String>,
    /// New status.
    pub status: Option<IssueStatus>,
    /// New severity.
    pub severity: Option<IssueSeverity>,
}

impl FromFields for UpdateIssue {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(UpdateIssue {
            name: fields.optional("name")?.map(checked).transpose()?,
            description: fields.optional("description")?.map(described).transpose()?,
            status: fields.optional::<Status>("status")?.map(|status| status.0),
            severity: fields.optional::<Severity>("severity")?.map(|severity| severity.0),
        })
    }
}

/// `search`.
#[derive(Debug, PartialEq, Eq)]
pub struct SearchIssues {
    /// Where to look; `None` = everywhere.
    pub experiment_id: Option<ExperimentId>,
    /// The filter; empty = all.
    pub filter: String,
    /// Page size.
    pub max_results: usize,
    /// Where the page starts; empty = at the beginning.
    pub page_token: String,
    /// Whether to count traces.
    pub with_traces: bool,
}

impl FromFields for SearchIssues {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let max_results = fields.optional("max_results")?.unwrap_or(ISSUES_PER_PAGE);
        Ok(SearchIssues {
            experiment_id: fields.optional("experiment_id")?,
            filter: fields.or_default("filter_string")?,
            max_results: page_size(max_results, ISSUES_PER_PAGE_MAX)?,
            page_token: fields.or_default("page_token")?,
            with_traces: fields.or_default("include_trace_count")?,
        })
    }
}

fn checked(name: String) -> Result<String, FieldError> {
    check_name("name", &name)?;
    check_chars("name", &name, ISSUE_NAME_CHARS_MAX)?;
    Ok(name)
}

fn described(description: String) -> Result<String, FieldError> {
    check_value("description", &description)?;
    Ok(description)
}

fn not_empty(fields: &Fields<'_>, name: &str) -> Result<Option<String>, FieldError> {
    let text = fields.optional(name)?.filter(|text: &String| !text.is_empty());
    text.map(|text| check_value(name, &text).map(|()| text)).transpose()
}

fn list(fields: &Fields<'_>, name: &str) -> Result<Vec<String>, FieldError> {
    let texts: Vec<String> = fields.or_default(name)?;
    if texts.len() > ISSUE_LIST_MAX {
        let message = format!("'{name}' has {} entries; expected at most {ISSUE_LIST_MAX}", texts.len());
        return Err(FieldError::Rule(message));
    }
    texts.iter().try_for_each(|text| check_value(name, text))?;
    Ok(texts)
}

struct Status(IssueStatus);

impl FromField for Status {
    fn from_field(value: &Value, at: &Place) -> Result<Self, FieldError> {
        let name = String::from_field(value, at)?;
        IssueStatus::from_name(&name)
            .map(Status)
            .ok_or_else(|| at.not_allowed(value, one_of(&IssueStatus::ALL.map(IssueStatus::name))))
    }
}

struct Severity(IssueSeverity);

impl FromField for Severity {
    fn from_field(value: &Value, at: &Place) -> Result<Self, FieldError> {
        let name = String::from_field(value, at)?;
        IssueSeverity::from_name(&name)
            .map(Severity)
            .ok_or_else(|| at.not_allowed(value, one_of(&IssueSeverity::ALL.map(IssueSeverity::name))))
    }
}

/// Says which names would be right.
pub(super) fn one_of(names: &[&str]) -> String {
    format!(". It must be one of {}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read<T: FromFields>(body: &Value) -> Result<T, String> {
        T::from_fields(&Fields::of_body(body.as_object().unwrap())).map_err(|error| error.to_string())
    }

    #[test]
    fn an_issue_to_make_is_read() {
        let body = json!({"experiment_id": "2", "name": "n", "description": "d", "severity": "high", "createdBy": ""});
        let read: CreateIssue = read(&body).unwrap();
        assert_eq!((read.status, read.severity), (IssueStatus::Pending, Some(IssueSeverity::High)));
        assert_eq!((read.created_by, read.root_causes.len()), (None, 0));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let body = json!({"experiment_id": "2", "name": "n", "description": "d", "severity": "huge"});
        assert_eq!(
            read::<CreateIssue>(&body).unwrap_err(),
            "Invalid value \"huge\" for parameter 'severity' supplied. It must be one of not_an_issue, low, medium, high",
        );
        let body = json!({"status": "done"});
        assert!(read::<UpdateIssue>(&body).unwrap_err().ends_with("pending, rejected, resolved"));
        let body = json!({"name": "n".repeat(ISSUE_NAME_CHARS_MAX + 1)});
        assert!(read::<UpdateIssue>(&body).unwrap_err().starts_with("'name' exceeds the maximum length"));
    }
}
