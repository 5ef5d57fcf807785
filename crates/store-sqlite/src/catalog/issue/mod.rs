//! Issues: one row each.

use super::entity::{Column, Columns, Sql};
use super::experiment::active_experiment;
use super::page::Reading;
use crate::error::{damaged, sql_error};
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, params};
use spanwise_model::{ExperimentId, Issue, IssueId, IssueSeverity, IssueStatus};
use spanwise_store::catalog::{IssueChange, IssuePage, IssueQuery, NewIssue, refusal};
use spanwise_store::{StoreError, StoreResult};

const COLUMNS: &str = "issue_id, experiment_id, name, description, status, severity, root_causes, categories, \
    source_run_id, created_by, created_ns, last_updated_ns";

const FIELDS: Columns = Columns {
    attributes: &[("status", Column::Plain("status")), ("source_run_id", Column::Plain("source_run_id"))],
    maps: &[],
};

/// Traces that are linked to an issue. An assessment that another one overrides still links.
const TRACES: &str =
    "(SELECT count(DISTINCT a.trace_key) FROM assessment AS a WHERE a.kind = 2 AND a.name = issue_id)";

/// See [`spanwise_store::catalog::IssueStore::create_issue`].
pub(crate) fn create_issue(conn: &Connection, new: &NewIssue, now_ns: i64) -> StoreResult<Issue> {
    active_experiment(conn, new.experiment_id)?;
    conn.prepare_cached(&format!(
        "INSERT INTO issue ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?11)"
    ))
    .and_then(|mut insert| {
        insert.execute(params![
            new.issue_id.0,
            new.experiment_id.0,
            new.name,
            new.description,
            new.status.name(),
            new.severity.map(|severity| severity as i64),
            list_text(&new.root_causes),
            list_text(&new.categories),
            new.source_run_id,
            new.created_by,
            now_ns,
        ])
    })
    .map_err(sql_error)?;
    get_issue(conn, &new.issue_id)
}

/// See [`spanwise_store::catalog::IssueStore::get_issue`].
pub(crate) fn get_issue(conn: &Connection, id: &IssueId) -> StoreResult<Issue> {
    conn.prepare_cached(&format!("SELECT {COLUMNS} FROM issue WHERE issue_id = ?1"))
        .and_then(|mut select| select.query_row([&id.0], read_issue).optional())
        .map_err(sql_error)?
        .ok_or_else(|| refusal::no_issue(id))
}

/// See [`spanwise_store::catalog::IssueStore::update_issue`].
pub(crate) fn update_issue(
    conn: &Connection,
    id: &IssueId,
    change: &IssueChange,
    now_ns: i64,
) -> StoreResult<Issue> {
    conn.prepare_cached(
        "UPDATE issue SET name = coalesce(?2, name), description = coalesce(?3, description),
         status = coalesce(?4, status), severity = coalesce(?5, severity), last_updated_ns = ?6 WHERE issue_id = ?1",
    )
    .and_then(|mut update| {
        update.execute(params![
            id.0,
            change.name,
            change.description,
            change.status.map(IssueStatus::name),
            change.severity.map(|severity| severity as i64),
            now_ns,
        ])
    })
    .map_err(sql_error)?;
    get_issue(conn, id)
}

/// See [`spanwise_store::catalog::IssueStore::find_issues`].
pub(crate) fn find_issues(conn: &Connection, query: &IssueQuery) -> StoreResult<IssuePage> {
    let traces = if query.with_traces { TRACES } else { "NULL" };
    let mut sql = Sql::default();
    sql.text.push_str(&format!("SELECT {COLUMNS}, {traces} AS traces FROM issue WHERE 1"));
    if let Some(experiment) = query.experiment {
        sql.push_experiments(&[experiment]);
    }
    sql.push_filter(&FIELDS, query.filter.as_ref());
    sql.text.push_str(" ORDER BY coalesce(severity, -1) DESC, traces DESC, created_ns DESC, issue_id DESC");
    sql.push_page(&FIELDS, &[], query.limit, query.offset);
    let (issues, has_more) = READING.page(conn, &sql, query.limit)?;
    Ok(IssuePage { issues, has_more })
}

/// An issue, with how many traces are linked to it if that was asked for.
type WithTraces = (Issue, Option<u64>);

const READING: Reading<WithTraces, WithTraces> = Reading {
    read: |row| {
        let traces: Option<i64> = row.get(12)?;
        Ok((read_issue(row)?, traces.map(|traces| traces.max(0).cast_unsigned())))
    },
    complete: |_, issues| Ok(issues),
    bytes: |(issue, _)| {
        let texts =
            issue.root_causes.iter().chain(&issue.categories).chain([&issue.name, &issue.description]);
        size_of_val(issue) + texts.map(String::len).sum::<usize>()
    },
};

fn read_issue(row: &Row<'_>) -> rusqlite::Result<Issue> {
    let status: String = row.get(4)?;
    let status = IssueStatus::from_name(&status)
        .ok_or_else(|| unreadable(4, damaged(format!("an issue has the unknown status `{status}`"))))?;
    let severity: Option<usize> = row.get(5)?;
    Ok(Issue {
        issue_id: IssueId(row.get(0)?),
        experiment_id: ExperimentId(row.get(1)?),
        name: row.get(2)?,
        description: row.get(3)?,
        status,
        severity: severity.and_then(|number| IssueSeverity::ALL.get(number).copied()),
        root_causes: read_list(row, 6)?,
        categories: read_list(row, 7)?,
        source_run_id: row.get(8)?,
        created_by: row.get(9)?,
        created_ns: row.get(10)?,
        last_updated_ns: row.get(11)?,
    })
}

/// Writes a list of texts as JSON.
pub(super) fn list_text(texts: &[String]) -> String {
    serde_json::Value::from(texts.to_vec()).to_string()
}

/// Reads such a list.
pub(super) fn read_list(row: &Row<'_>, column: usize) -> rusqlite::Result<Vec<String>> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text)
        .map_err(|error| unreadable(column, damaged(format!("a list of texts is no JSON: {error}"))))
}

pub(super) fn unreadable(column: usize, error: StoreError) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
}
