//! `issues/*`.

use super::extract::Params;
use super::page::{offset_of, offset_token};
use crate::App;
use crate::error::MlflowResult;
use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use spanwise_api_types::mlflow::issue::{
    CreateIssue, Issue, IssueResponse, IssuesResponse, SearchIssues, UpdateIssue,
};
use spanwise_model::IssueId;
use spanwise_query::entity::ISSUE;
use spanwise_query::parse_entity_filter;
use spanwise_store::catalog::{IssueChange, IssueQuery, NewIssue};

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/issues", post(create))
        .route("/issues/search", post(search))
        .route("/issues/{issue_id}", get(get_one).patch(update))
}

async fn create(
    State(app): State<App>,
    Params(request): Params<CreateIssue>,
) -> MlflowResult<Json<IssueResponse>> {
    let new = NewIssue {
        issue_id: IssueId(format!("iss-{}", uuid::Uuid::new_v4().simple())),
        experiment_id: request.experiment_id,
        name: request.name,
        description: request.description,
        status: request.status,
        severity: request.severity,
        root_causes: request.root_causes,
        categories: request.categories,
        source_run_id: request.source_run_id,
        created_by: request.created_by,
    };
    let issue = app.catalog.create_issue(new).await?;
    Ok(Json(IssueResponse { issue: issue.into() }))
}

async fn get_one(State(app): State<App>, Path(id): Path<String>) -> MlflowResult<Json<IssueResponse>> {
    let issue = app.catalog.get_issue(&IssueId(id)).await?;
    Ok(Json(IssueResponse { issue: issue.into() }))
}

async fn update(
    State(app): State<App>,
    Path(id): Path<String>,
    Params(request): Params<UpdateIssue>,
) -> MlflowResult<Json<IssueResponse>> {
    let UpdateIssue { name, description, status, severity } = request;
    let change = IssueChange { name, description, status, severity };
    let issue = app.catalog.update_issue(&IssueId(id), change).await?;
    Ok(Json(IssueResponse { issue: issue.into() }))
}

async fn search(
    State(app): State<App>,
    Params(request): Params<SearchIssues>,
) -> MlflowResult<Json<IssuesResponse>> {
    let offset = offset_of(&request.page_token)?;
    let query = IssueQuery {
        experiment: request.experiment_id,
        filter: Some(parse_entity_filter(&ISSUE, &request.filter)?),
        with_traces: request.with_traces,
        limit: request.max_results,
        offset,
    };
    let page = app.catalog.find_issues(query).await?;
    let next_page_token = page.has_more.then(|| offset_token(offset + page.issues.len()));
    Ok(Json(IssuesResponse { issues: page.issues.into_iter().map(Issue::from).collect(), next_page_token }))
}
