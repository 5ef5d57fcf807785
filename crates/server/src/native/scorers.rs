//! Scorers: made, started, tried, and what came of them.

use super::body::JsonBody;
use super::parameter::{NoParameters, Parameters};
use super::path::Path;
use super::scorer_form::{backfill, limits, summary, try_result};
use super::selection::{experiment, experiments, parse_filter};
use crate::App;
use crate::clock::now_ns;
use crate::described::{ApiRouter, routes};
use crate::error::Problem;
use crate::scoring::{Plan, Way, try_on};
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use spanwise_api_types::native::{
    self, Backfill, BackfillList, NewBackfill, NewScorer, ScorerDetail, ScorerEndpoint, ScorerLimits,
    ScorerList, ScorerStart, ScorerSummary, ScorerTry, ScorerTryResult, ScorerVersionSummary,
};
use spanwise_model::limit::TAG_KEY_CHARS_MAX;
use spanwise_model::{OnlineScoring, ScorerVersion, TraceId};
use spanwise_score::stored::{self, Stored};
use spanwise_score::{Scorer, stored::write};
use spanwise_store::catalog::{self, BackfillState, ScoringStatus};
use spanwise_store::{Selection, StoreResult};
use std::sync::Arc;

/// Scorers of one answer.
const LISTED_MAX: usize = 1_000;
/// Jobs of one answer.
const BACKFILLS_MAX: usize = 100;
/// Jobs that are listed with their scorer.
const LAST_BACKFILLS: usize = 10;
/// Days that a status tells one by one.
const DAYS: i64 = 30;
/// Nanoseconds of a day.
const DAY_NS: i64 = 86_400 * 1_000_000_000;
/// Characters of a description.
const DESCRIPTION_CHARS_MAX: usize = 2_000;

pub(super) fn routes() -> ApiRouter {
    ApiRouter::new()
        .routes(routes!(list, register))
        .routes(routes!(get_one, delete_one))
        .routes(routes!(start, stop))
        .routes(routes!(set_limits))
        .routes(routes!(try_scorer))
        .routes(routes!(create_backfill))
        .routes(routes!(list_backfills))
        .routes(routes!(cancel_backfill))
}

/// Lists scorers with their status
///
/// Each in its latest version, at most 1,000.
#[utoipa::path(
    get,
    path = "/scorers",
    tag = "scorers",
    params(("experiment" = Option<Vec<String>>, Query, description = "Name or id of an experiment; may be repeated. None: all active ones")),
    responses((status = 200, body = ScorerList), (status = 400, body = native::Problem), (status = 404, body = native::Problem)),
)]
async fn list(State(app): State<App>, mut parameters: Parameters) -> Result<Json<ScorerList>, Problem> {
    let wanted = parameters.all("experiment");
    parameters.finish()?;
    let experiments = experiments(&app, &wanted).await?;
    let mut scorers = app.catalog.list_scorers(Some(&experiments)).await?;
    scorers.truncate(LISTED_MAX);
    let endpoint = |(name, model, trouble)| ScorerEndpoint { name, model, trouble };
    Ok(Json(ScorerList {
        scorers: summaries(&app, scorers).await?,
        unsettled: app.catalog.count_unsettled().await?,
        endpoints: app.scoring.endpoints().into_iter().map(endpoint).collect(),
    }))
}

/// Registers a scorer
///
/// Makes a scorer, or the next version of the one of that name in the experiment. It does not run before it is started;
/// one that runs goes on with the new version.
#[utoipa::path(
    post,
    path = "/scorers",
    tag = "scorers",
    request_body = NewScorer,
    responses((status = 200, body = ScorerSummary), (status = 400, body = native::Problem), (status = 404, body = native::Problem)),
)]
async fn register(
    State(app): State<App>,
    _: NoParameters,
    JsonBody(new): JsonBody<NewScorer>,
) -> Result<Json<ScorerSummary>, Problem> {
    let experiment = experiment(&app, &new.experiment).await?;
    let name = new.name.trim();
    check_chars("name", name, TAG_KEY_CHARS_MAX)?;
    if name.is_empty() {
        return Err(Problem::invalid("`name` is empty; a scorer needs one"));
    }
    if let Some(description) = &new.description {
        check_chars("description", description, DESCRIPTION_CHARS_MAX)?;
    }
    let scorer = Scorer::from_json(&new.definition).map_err(|error| Problem::invalid(error.to_string()))?;
    let serialized = write(name, new.description.as_deref(), scorer.definition());
    let id = uuid::Uuid::new_v4().to_string();
    let registered = app.catalog.register_scorer(experiment, name, &serialized, &id).await?;
    app.scoring.wake();
    one_summary(&app, registered).await
}

fn check_chars(field: &str, text: &str, max: usize) -> Result<(), Problem> {
    match text.chars().count() {
        count if count > max => {
            Err(Problem::invalid(format!("`{field}` has {count} characters; the limit is {max}")))
        }
        _ => Ok(()),
    }
}

/// Returns a scorer with its versions and last backfills
#[utoipa::path(
    get,
    path = "/scorers/{scorer_id}",
    tag = "scorers",
    params(("scorer_id" = String, Path, description = "The scorer")),
    responses((status = 200, body = ScorerDetail), (status = 404, body = native::Problem)),
)]
async fn get_one(
    State(app): State<App>,
    Path(scorer_id): Path<String>,
    _: NoParameters,
) -> Result<Json<ScorerDetail>, Problem> {
    let scorer = find(&app, &scorer_id).await?;
    let mut versions = app.catalog.scorer_versions(scorer.experiment_id, &scorer.name).await?;
    versions.reverse();
    let backfills = app.catalog.list_backfills(Some(&scorer_id), LAST_BACKFILLS).await?;
    let version = |version: &ScorerVersion| {
        let definition = match stored::read(&version.serialized) {
            Stored::Runs(scorer) => serde_json::to_value(scorer.definition()).ok(),
            Stored::OfClient(_) => None,
        };
        ScorerVersionSummary::new(version, definition)
    };
    Ok(Json(ScorerDetail {
        versions: versions.iter().map(version).collect(),
        backfills: backfills.into_iter().map(backfill).collect(),
        scorer: one_summary(&app, scorer).await?.0,
    }))
}

/// Deletes a scorer
///
/// With all of its versions, and with what waits for it. Its scores stay.
#[utoipa::path(
    delete,
    path = "/scorers/{scorer_id}",
    tag = "scorers",
    params(("scorer_id" = String, Path, description = "The scorer")),
    responses((status = 204), (status = 404, body = native::Problem)),
)]
async fn delete_one(
    State(app): State<App>,
    Path(scorer_id): Path<String>,
    _: NoParameters,
) -> Result<StatusCode, Problem> {
    let scorer = find(&app, &scorer_id).await?;
    app.catalog.delete_scorer(scorer.experiment_id, &scorer.name, None).await?;
    app.scoring.forget_limits(&scorer_id);
    Ok(StatusCode::NO_CONTENT)
}

/// Starts a scorer
///
/// It scores traces that arrive from now on, once they have ended and are quiet; or, if it runs, goes on with another rate
/// and filter.
#[utoipa::path(
    put,
    path = "/scorers/{scorer_id}/online",
    tag = "scorers",
    params(("scorer_id" = String, Path, description = "The scorer")),
    request_body = ScorerStart,
    responses((status = 200, body = ScorerSummary), (status = 400, body = native::Problem), (status = 404, body = native::Problem)),
)]
async fn start(
    State(app): State<App>,
    Path(scorer_id): Path<String>,
    _: NoParameters,
    JsonBody(request): JsonBody<ScorerStart>,
) -> Result<Json<ScorerSummary>, Problem> {
    let scorer = find(&app, &scorer_id).await?;
    let rate = request.sample_rate;
    if !(rate > 0.0 && rate <= 1.0) {
        return Err(Problem::invalid(format!(
            "`sample_rate` is {rate}; expected a number above 0, at most 1"
        )));
    }
    let filter = request.filter.filter(|text| !text.trim().is_empty());
    parse_filter(filter.as_deref().unwrap_or_default())?;
    if let Stored::OfClient(reason) = stored::read(&scorer.serialized) {
        let text = format!("the server can't run `{}`: {reason}; run it with MLflow's client", scorer.name);
        return Err(Problem::invalid(text));
    }
    set_rate(&app, &scorer, rate, filter.as_deref()).await?;
    one_summary(&app, scorer).await
}

/// Stops a scorer
///
/// What waits for it is forgotten; backfills go on.
#[utoipa::path(
    delete,
    path = "/scorers/{scorer_id}/online",
    tag = "scorers",
    params(("scorer_id" = String, Path, description = "The scorer")),
    responses((status = 200, body = ScorerSummary), (status = 404, body = native::Problem)),
)]
async fn stop(
    State(app): State<App>,
    Path(scorer_id): Path<String>,
    _: NoParameters,
) -> Result<Json<ScorerSummary>, Problem> {
    let scorer = find(&app, &scorer_id).await?;
    set_rate(&app, &scorer, 0.0, None).await?;
    one_summary(&app, scorer).await
}

async fn set_rate(app: &App, scorer: &ScorerVersion, rate: f64, filter: Option<&str>) -> StoreResult<()> {
    let id = uuid::Uuid::new_v4().simple().to_string();
    app.catalog.set_online_scoring(scorer.experiment_id, &scorer.name, rate, filter, &id).await?;
    app.scoring.wake();
    Ok(())
}

/// Sets what a scorer may spend
#[utoipa::path(
    put,
    path = "/scorers/{scorer_id}/limits",
    tag = "scorers",
    params(("scorer_id" = String, Path, description = "The scorer")),
    request_body = ScorerLimits,
    responses((status = 200, body = ScorerSummary), (status = 400, body = native::Problem), (status = 404, body = native::Problem)),
)]
async fn set_limits(
    State(app): State<App>,
    Path(scorer_id): Path<String>,
    _: NoParameters,
    JsonBody(wanted): JsonBody<ScorerLimits>,
) -> Result<Json<ScorerSummary>, Problem> {
    let scorer = find(&app, &scorer_id).await?;
    for (field, usd) in [("usd_per_day", wanted.usd_per_day), ("usd_in_all", wanted.usd_in_all)] {
        if let Some(usd) = usd.filter(|usd| !usd.is_finite() || *usd < 0.0) {
            return Err(Problem::invalid(format!("`{field}` is {usd}; expected US dollars from 0")));
        }
    }
    app.catalog.set_scoring_limits(scorer.experiment_id, &scorer.name, limits(wanted)).await?;
    app.scoring.forget_limits(&scorer_id);
    one_summary(&app, scorer).await
}

/// Tries a scorer on a trace
///
/// Nothing is stored, and what a model costs is told, but not counted against the scorer's caps.
#[utoipa::path(
    post,
    path = "/scorers/try",
    tag = "scorers",
    request_body = ScorerTry,
    responses((status = 200, body = ScorerTryResult), (status = 400, body = native::Problem), (status = 404, body = native::Problem)),
)]
async fn try_scorer(
    State(app): State<App>,
    _: NoParameters,
    JsonBody(request): JsonBody<ScorerTry>,
) -> Result<Json<ScorerTryResult>, Problem> {
    let trace_id: TraceId = request.trace_id.parse()?;
    let way = match (request.scorer_id, request.definition) {
        (Some(id), None) => Plan::of(&app.scoring, find(&app, &id).await?).way,
        (None, Some(definition)) => {
            let scorer =
                Scorer::from_json(&definition).map_err(|error| Problem::invalid(error.to_string()))?;
            Way::of(&app.scoring, Arc::new(scorer))
        }
        _ => return Err(Problem::invalid("give either `scorer_id` or `definition`")),
    };
    let way = way.map_err(|reason| Problem::invalid(format!("the scorer can't run: {reason}")))?;
    Ok(Json(try_result(try_on(&app, &way, &trace_id).await?)))
}

/// Starts scoring stored traces
///
/// A job that goes on after a restart, and scores no trace twice that this version of the scorer has scored, unless told
/// to.
#[utoipa::path(
    post,
    path = "/scorers/{scorer_id}/backfills",
    tag = "scorers",
    params(("scorer_id" = String, Path, description = "The scorer")),
    request_body = NewBackfill,
    responses((status = 200, body = Backfill), (status = 400, body = native::Problem), (status = 404, body = native::Problem)),
)]
async fn create_backfill(
    State(app): State<App>,
    Path(scorer_id): Path<String>,
    _: NoParameters,
    JsonBody(request): JsonBody<NewBackfill>,
) -> Result<Json<Backfill>, Problem> {
    let scorer = find(&app, &scorer_id).await?;
    let text = request.filter.filter(|text| !text.trim().is_empty());
    let filter = parse_filter(text.as_deref().unwrap_or_default())?;
    if let Err(reason) = Plan::of(&app.scoring, scorer.clone()).way {
        return Err(Problem::invalid(format!("the scorer can't run: {reason}")));
    }
    let selection = Selection {
        experiments: vec![scorer.experiment_id],
        filter,
        from_ms: None,
        to_ms: None,
        budget: None,
    };
    let all = app.store.count_traces(selection.page(Vec::new(), 1, None)).await?;
    let new = catalog::NewBackfill {
        backfill_id: uuid::Uuid::new_v4().simple().to_string(),
        experiment_id: scorer.experiment_id,
        name: scorer.name,
        filter: text,
        again: request.again,
        traces_max: request.traces_max,
        total: request.traces_max.map_or(all, |max| all.min(max)),
        now_ns: now_ns(),
    };
    let created = app.catalog.create_backfill(new).await?;
    app.scoring.wake();
    Ok(Json(backfill(created)))
}

/// Lists backfills
///
/// The newest first, at most 100.
#[utoipa::path(
    get,
    path = "/backfills",
    tag = "scorers",
    params(("scorer_id" = Option<String>, Query, description = "A scorer; none: of all")),
    responses((status = 200, body = BackfillList), (status = 400, body = native::Problem)),
)]
async fn list_backfills(
    State(app): State<App>,
    mut parameters: Parameters,
) -> Result<Json<BackfillList>, Problem> {
    let scorer = parameters.one("scorer_id")?;
    parameters.finish()?;
    let found = app.catalog.list_backfills(scorer.as_deref(), BACKFILLS_MAX).await?;
    Ok(Json(BackfillList { backfills: found.into_iter().map(backfill).collect() }))
}

/// Cancels a backfill
///
/// What was scored stays. One that has ended is answered as it is.
#[utoipa::path(
    post,
    path = "/backfills/{backfill_id}/cancel",
    tag = "scorers",
    params(("backfill_id" = String, Path, description = "The job")),
    responses((status = 200, body = Backfill), (status = 404, body = native::Problem)),
)]
async fn cancel_backfill(
    State(app): State<App>,
    Path(backfill_id): Path<String>,
    _: NoParameters,
) -> Result<Json<Backfill>, Problem> {
    let ended = app.catalog.end_backfill(&backfill_id, BackfillState::Cancelled, None).await?;
    app.scoring.wake();
    Ok(Json(backfill(ended)))
}

async fn find(app: &App, scorer_id: &str) -> Result<ScorerVersion, Problem> {
    let found = app.catalog.get_scorers_by_id(&[scorer_id.to_owned()]).await?.pop();
    found.ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, format!("no scorer has the id `{scorer_id}`")))
}

async fn one_summary(app: &App, scorer: ScorerVersion) -> Result<Json<ScorerSummary>, Problem> {
    let id = scorer.scorer_id.clone();
    let found = summaries(app, vec![scorer]).await?.pop();
    Ok(Json(
        found.ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, format!("no scorer has the id `{id}`")))?,
    ))
}

async fn summaries(app: &App, scorers: Vec<ScorerVersion>) -> StoreResult<Vec<ScorerSummary>> {
    let ids: Vec<String> = scorers.iter().map(|scorer| scorer.scorer_id.clone()).collect();
    let now = now_ns();
    let today = now.div_euclid(DAY_NS);
    let online: Vec<OnlineScoring> = app.catalog.online_scoring(&ids).await?;
    let statuses: Vec<ScoringStatus> = app.catalog.scoring_status(&ids, today - DAYS + 1).await?;
    let of_scorer = |scorer: ScorerVersion| {
        let online = online.iter().find(|one| one.scorer_id == scorer.scorer_id);
        let status = statuses.iter().find(|one| one.scorer_id == scorer.scorer_id).cloned();
        let plan = Plan::of(&app.scoring, scorer);
        let obstacle = app.scoring.obstacle(app, &plan);
        summary(plan, online, status.unwrap_or_default(), obstacle, today, now)
    };
    Ok(scorers.into_iter().map(of_scorer).collect())
}
