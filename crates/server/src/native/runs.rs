//! Runs, and the results of those that are evaluations.

use super::datasets::resolve_datasets;
use super::parameter::Parameters;
use super::path::Path;
use super::results;
use super::selection::experiments;
use crate::App;
use crate::described::{ApiRouter, routes};
use crate::error::Problem;
use axum::Json;
use axum::extract::State;
use spanwise_api_types::native::{self, RunList, RunResults, RunSummary};
use spanwise_model::{Run, RunId, TraceId};
use spanwise_query::entity::RUN;
use spanwise_query::{FilterDiagnostic, FilterError, parse_entity_filter, parse_entity_order};
use spanwise_store::catalog::RunQuery;
use spanwise_store::{Cursor, LifecycleFilter, SortValue};

/// Runs of a page.
const PAGE_MAX: usize = 1_000;
const PAGE_DEFAULT: usize = 100;

pub(super) fn routes() -> ApiRouter {
    ApiRouter::new().routes(routes!(list)).routes(routes!(get_one)).routes(routes!(get_results))
}

/// Lists runs
///
/// One page of the active runs of some experiments, evaluations and others.
#[utoipa::path(
    get,
    path = "/runs",
    tag = "runs",
    params(
        ("experiment" = Option<Vec<String>>, Query, description = "Name or id of an experiment; may be repeated. None: all active ones"),
        ("filter" = Option<String>, Query, description = "On `metrics.x`, `params.x`, `tags.x`, `status`, `run_name`, `start_time` and others of MLflow's, also with OR, NOT and parentheses"),
        ("order_by" = Option<String>, Query, description = "`field [ASC|DESC]`, separated by commas; newest first if absent"),
        ("limit" = Option<usize>, Query, description = "Runs on the page, 1 to 1000; 100 if absent"),
        ("page_token" = Option<String>, Query, description = "`next_page_token` of the page before"),
    ),
    responses((status = 200, body = RunList), (status = 400, body = native::Problem), (status = 404, body = native::Problem)),
)]
async fn list(State(app): State<App>, mut parameters: Parameters) -> Result<Json<RunList>, Problem> {
    let wanted = parameters.all("experiment");
    let filter = parameters.one("filter")?.unwrap_or_default();
    let order = parameters.one("order_by")?.unwrap_or_default();
    let limit = parameters.number("limit", 1..=PAGE_MAX, PAGE_DEFAULT)?;
    let token = parameters.one("page_token")?;
    parameters.finish()?;
    let clauses: Vec<&str> = order.split(',').map(str::trim).filter(|clause| !clause.is_empty()).collect();
    let offset = token.map(|token| read_token(&token, &order, &filter)).transpose()?.unwrap_or(0);
    let query = RunQuery {
        experiments: experiments(&app, &wanted).await?,
        lifecycle: LifecycleFilter::Active,
        filter: Some(parse_entity_filter(&RUN, &filter).map_err(|error| problem_of("filter", &error))?),
        order: parse_entity_order(&RUN, &clauses).map_err(|error| problem_of("order_by", &error))?,
        limit,
        offset,
    };
    let page = app.catalog.find_runs(query).await?;
    let next_page_token = page.has_more.then(|| write_token(offset + page.runs.len(), &order, &filter));
    Ok(Json(RunList { runs: page.runs.into_iter().map(RunSummary::from).collect(), next_page_token }))
}

/// Returns one run
#[utoipa::path(
    get,
    path = "/runs/{run_id}",
    tag = "runs",
    params(("run_id" = String, Path, description = "The run")),
    responses((status = 200, body = RunSummary), (status = 404, body = native::Problem)),
)]
async fn get_one(
    State(app): State<App>,
    Path(run_id): Path<String>,
    parameters: Parameters,
) -> Result<Json<RunSummary>, Problem> {
    parameters.finish()?;
    let run = run(&app, run_id).await?;
    let datasets = resolve_datasets(&app, &run).await?;
    Ok(Json(RunSummary { datasets, ..run.into() }))
}

/// Returns the results of a run
///
/// A row for each trace of the run with its scores, and each scorer's mean. With a baseline, rows that were asked the
/// same stand side by side, and each column says by how much the runs differ and how probable that is by chance.
#[utoipa::path(
    get,
    path = "/runs/{run_id}/results",
    tag = "runs",
    params(
        ("run_id" = String, Path, description = "The run"),
        ("baseline" = Option<String>, Query, description = "The run to compare with"),
    ),
    responses((status = 200, body = RunResults), (status = 400, body = native::Problem), (status = 404, body = native::Problem)),
)]
async fn get_results(
    State(app): State<App>,
    Path(run_id): Path<String>,
    mut parameters: Parameters,
) -> Result<Json<RunResults>, Problem> {
    let baseline = parameters.one("baseline")?;
    parameters.finish()?;
    let run_of_page = run(&app, run_id).await?;
    let baseline = match baseline {
        Some(id) => Some(run(&app, id).await?),
        None => None,
    };
    Ok(Json(results::read(&app, run_of_page, baseline).await?))
}

fn problem_of(parameter: &str, error: &FilterError) -> Problem {
    let (message, span) = (error.to_string(), error.span.clone());
    Problem::of_query(
        parameter,
        vec![FilterDiagnostic { message, span, expected: Vec::new(), suggestion: None }],
    )
}

async fn run(app: &App, run_id: String) -> Result<Run, Problem> {
    Ok(app.catalog.get_run(&RunId(run_id)).await?)
}

/// What a page token of runs begins its order with, so that no other list takes it.
fn order_of_token(order: &str) -> String {
    format!("runs {order}")
}

fn read_token(token: &str, order: &str, filter: &str) -> Result<usize, Problem> {
    let cursor = Cursor::from_token(token, &order_of_token(order), filter)?;
    match cursor.values.as_slice() {
        [SortValue::Int(offset)] if *offset >= 0 => Ok(offset.unsigned_abs() as usize),
        _ => Err(Problem::invalid("the page token belongs to another list; start again without it")),
    }
}

fn write_token(offset: usize, order: &str, filter: &str) -> String {
    let values = vec![SortValue::Int(offset as i64)];
    Cursor { values, trace_id: TraceId::Otel([0; 16]) }.to_token(&order_of_token(order), filter)
}
