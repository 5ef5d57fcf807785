//! The prices that spans are priced with: lists, overrides, and how a model is found among them.

use super::body::JsonBody;
use super::parameter::{NoParameters, Parameters};
use super::price_form::{list_info, price_match, price_override, price_row};
use super::selection::experiment;
use crate::App;
use crate::clock::now_ns;
use crate::described::{ApiRouter, routes};
use crate::error::Problem;
use axum::Json;
use axum::extract::State;
use axum::extract::rejection::StringRejection;
use http::StatusCode;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use spanwise_api_types::native::{
    self, NewPriceOverride, PriceMatch, PriceOverride, PriceProblem, PriceRows, PriceState, PriceUpdate,
};
use spanwise_genai::prices::{Override, PriceBook, PriceError, PriceList, Prices, Row};
use spanwise_model::{ErrorKind, ExperimentId, TraceId};
use spanwise_store::{PriceChange, StoreError};
use std::sync::Arc;

/// Rows of one answer.
const ROWS_MAX: usize = 1_000;
const ROWS_DEFAULT: usize = 100;
/// Characters of the name of a list's source.
const SOURCE_CHARS_MAX: usize = 1_000;

pub(super) fn routes() -> ApiRouter {
    ApiRouter::new()
        .routes(routes!(get_state, update, reset))
        .routes(routes!(rows))
        .routes(routes!(find))
        .routes(routes!(set, unset))
}

/// Says which prices are in force
#[utoipa::path(
    get,
    path = "/prices",
    tag = "prices",
    responses((status = 200, body = PriceState), (status = 400, body = native::Problem)),
)]
async fn get_state(State(app): State<App>, parameters: Parameters) -> Result<Json<PriceState>, Problem> {
    parameters.finish()?;
    let book = app.store.prices();
    Ok(Json(PriceState {
        built_in: list_info(book.list().built_in_info()),
        updated: book.list().updated_info().map(list_info),
        overrides: book.overrides().iter().map(price_override).collect(),
    }))
}

/// Puts a list of prices over the built-in one
///
/// The body is a list in our own format (see docs/costs.md), or litellm's `model_prices_and_context_window.json` as it
/// is. A row that can't be used is named in the answer, and the others are taken. It replaces the list of the last
/// update. Spans that arrive from then on are priced with it; what is stored keeps its cost.
#[utoipa::path(
    put,
    path = "/prices",
    tag = "prices",
    params(("source" = Option<String>, Query, description = "Where the list is from, if it does not say; e.g. a URL")),
    request_body(content = String, content_type = "application/octet-stream"),
    responses((status = 200, body = PriceUpdate), (status = 400, body = native::Problem), (status = 413, body = native::Problem)),
)]
async fn update(
    State(app): State<App>,
    mut parameters: Parameters,
    body: Result<String, StringRejection>,
) -> Result<Json<PriceUpdate>, Problem> {
    let source = parameters.one("source")?.unwrap_or_else(|| "an update".to_owned());
    parameters.finish()?;
    let body = body.map_err(|rejection| Problem::new(rejection.status(), rejection.body_text()))?;
    let source: String = source.chars().take(SOURCE_CHARS_MAX).collect();
    let read = tokio::task::spawn_blocking(move || PriceList::read(&body, &today(), &source)).await;
    let read = read
        .map_err(|error| StoreError::with_source(ErrorKind::Internal, "cannot read a list", error))?
        .map_err(invalid)?;
    let problems = read.problems.iter();
    let answer = PriceUpdate {
        list: list_info(&read.info),
        left_out: read.without_token_price,
        problems: problems
            .map(|problem| PriceProblem { row: problem.row.clone(), message: problem.message.clone() })
            .collect(),
        problem_count: read.problem_count,
    };
    app.store.change_prices(PriceChange::Update(Box::new(read))).await?;
    Ok(Json(answer))
}

fn invalid(error: PriceError) -> Problem {
    Problem::invalid(error.to_string())
}

fn today() -> String {
    let now = Timestamp::from_nanosecond(i128::from(now_ns())).unwrap_or(Timestamp::UNIX_EPOCH);
    now.to_zoned(TimeZone::UTC).date().to_string()
}

/// Goes back to the built-in list
///
/// Prices that were set stay.
#[utoipa::path(
    delete,
    path = "/prices",
    tag = "prices",
    responses((status = 204), (status = 400, body = native::Problem)),
)]
async fn reset(State(app): State<App>, _: NoParameters) -> Result<StatusCode, Problem> {
    app.store.change_prices(PriceChange::Reset).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lists rows of the list in force
#[utoipa::path(
    get,
    path = "/prices/rows",
    tag = "prices",
    params(
        ("contains" = Option<String>, Query, description = "A part of the model's name, in any case"),
        ("provider" = Option<String>, Query, description = "The provider, as the list calls it"),
        ("limit" = Option<usize>, Query, description = "At most so many; 100 if absent, up to 1000"),
    ),
    responses((status = 200, body = PriceRows), (status = 400, body = native::Problem)),
)]
async fn rows(State(app): State<App>, mut parameters: Parameters) -> Result<Json<PriceRows>, Problem> {
    let contains = parameters.one("contains")?.unwrap_or_default().to_lowercase();
    let provider = parameters.one("provider")?;
    let limit = parameters.number("limit", 1..=ROWS_MAX, ROWS_DEFAULT)?;
    parameters.finish()?;
    let book = app.store.prices();
    let fits = |row: &&Arc<Row>| {
        provider.as_ref().is_none_or(|provider| *row.provider == **provider)
            && row.model.to_lowercase().contains(&contains)
    };
    let found: Vec<_> = book.list().rows().filter(fits).collect();
    let rows = found.iter().take(limit).map(|row| price_row(row, book.list())).collect();
    Ok(Json(PriceRows { rows, matched: found.len() }))
}

/// Finds the prices of a model, step by step
#[utoipa::path(
    get,
    path = "/prices/match",
    tag = "prices",
    params(
        ("model" = String, Query, description = "The model, as a span spells it"),
        ("provider" = Option<String>, Query, description = "The provider, as a span spells it"),
        ("experiment" = Option<String>, Query, description = "Name or id of the experiment"),
    ),
    responses((status = 200, body = PriceMatch), (status = 400, body = native::Problem), (status = 404, body = native::Problem)),
)]
async fn find(State(app): State<App>, mut parameters: Parameters) -> Result<Json<PriceMatch>, Problem> {
    let model = parameters.one("model")?;
    let provider = parameters.one("provider")?;
    let experiment = parameters.one("experiment")?;
    parameters.finish()?;
    let model =
        model.ok_or_else(|| Problem::invalid("parameter `model` is missing; expected a model's name"))?;
    let experiment = find_experiment(&app, experiment).await?;
    let book = app.store.prices();
    let table = book.of_some(experiment);
    Ok(Json(price_match(&table.find(provider.as_deref(), &model), table.list())))
}

async fn find_experiment(app: &App, named: Option<String>) -> Result<Option<ExperimentId>, Problem> {
    match named {
        Some(name) => experiment(app, &name).await.map(Some),
        None => Ok(None),
    }
}

/// Sets the prices of a model
///
/// They win over every list, those of an experiment over those for all. They replace what was set for the same model,
/// provider and experiment. Spans that arrive from then on are priced with them; what is stored keeps its cost.
#[utoipa::path(
    put,
    path = "/prices/overrides",
    tag = "prices",
    request_body = NewPriceOverride,
    responses((status = 200, body = PriceOverride), (status = 400, body = native::Problem), (status = 404, body = native::Problem)),
)]
async fn set(
    State(app): State<App>,
    _: NoParameters,
    JsonBody(new): JsonBody<NewPriceOverride>,
) -> Result<Json<PriceOverride>, Problem> {
    let experiment = find_experiment(&app, new.experiment).await?;
    let prices = Prices::from_json(&new.prices).map_err(invalid)?;
    let entry = Override::new(experiment, new.provider.as_deref(), &new.model, prices).map_err(invalid)?;
    let answer = price_override(&entry);
    app.store.change_prices(PriceChange::Set(entry)).await?;
    Ok(Json(answer))
}

/// Removes prices that were set
#[utoipa::path(
    delete,
    path = "/prices/overrides",
    tag = "prices",
    params(
        ("model" = String, Query, description = "The model"),
        ("provider" = Option<String>, Query, description = "The provider that they hold for; absent for those of any"),
        ("experiment" = Option<String>, Query, description = "Name or id of the experiment; absent for those of all"),
    ),
    responses((status = 204), (status = 400, body = native::Problem), (status = 404, body = native::Problem)),
)]
async fn unset(State(app): State<App>, mut parameters: Parameters) -> Result<StatusCode, Problem> {
    let model = parameters.one("model")?;
    let provider = parameters.one("provider")?;
    let experiment = parameters.one("experiment")?;
    parameters.finish()?;
    let model =
        model.ok_or_else(|| Problem::invalid("parameter `model` is missing; expected a model's name"))?;
    let experiment = find_experiment(&app, experiment).await?;
    app.store.change_prices(PriceChange::Unset { experiment, provider, model }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Returns the prices in force, and the experiment of a trace if that matters for them.
pub(super) async fn prices_of(
    app: &App,
    trace_id: &TraceId,
) -> Result<(Arc<PriceBook>, Option<ExperimentId>), Problem> {
    let book = app.store.prices();
    let experiment = match book.has_own() {
        true => Some(app.store.get_trace(trace_id).await?.experiment_id),
        false => None,
    };
    Ok((book, experiment))
}
