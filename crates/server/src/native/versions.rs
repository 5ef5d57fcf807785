//! Versions of an application (logged models), with what their traces add up to, alone and compared.

use super::parameter::Parameters;
use super::path::Path;
use super::selection::{SelectionParameters, SelectionText};
use crate::App;
use crate::described::{ApiRouter, routes};
use crate::error::{Failure, Problem};
use axum::Json;
use axum::extract::State;
use spanwise_api_types::native::{
    self, VersionChange, VersionColumn, VersionColumnKind, VersionComparison, VersionDetail, VersionFigures,
    VersionList, VersionRun, VersionScore, VersionSum, VersionSummary,
};
use spanwise_evaluate::{Change, Moments, mean_change, share_change};
use spanwise_model::{ErrorKind, LifecycleStage, LoggedModel, TraceId};
use spanwise_query::entity::LOGGED_MODEL;
use spanwise_query::{
    EntityField, EntityPredicate, EntityTest, Expr, LikePattern, Predicate, TextField, TextTest, clause,
};
use spanwise_store::catalog::LoggedModelQuery;
use spanwise_store::{Cursor, MODEL_METADATA, ScoreFigures, Selection, SortValue, VersionQuery};
use std::collections::BTreeSet;

/// Versions of a page.
const PAGE_MAX: usize = 200;
const PAGE_DEFAULT: usize = 50;
/// Versions that are compared at a time.
const COMPARED_MAX: usize = 10;
/// The tag of traces that a scorer made; they are not of the application.
const SOURCE_SCORER: &str = "mlflow.trace.sourceScorer";
/// What a page token says in place of an order, so that no other list takes it.
const ORDER: &str = "versions";
const NS_PER_MS: f64 = 1e6;

pub(super) fn routes() -> ApiRouter {
    ApiRouter::new().routes(routes!(list)).routes(routes!(compare)).routes(routes!(get_one))
}

/// Lists versions
///
/// The logged models of some experiments, the newest first, each with what those of its traces that are selected add up to.
#[utoipa::path(
    get,
    path = "/versions",
    tag = "versions",
    params(
        SelectionParameters,
        ("name" = Option<String>, Query, description = "A part of the name, in any case"),
        ("limit" = Option<usize>, Query, description = "Versions on the page, 1 to 200; 50 if absent"),
        ("page_token" = Option<String>, Query, description = "`next_page_token` of the page before"),
    ),
    responses((status = 200, body = VersionList), (status = 400, body = native::Problem), (status = 404, body = native::Problem)),
)]
async fn list(State(app): State<App>, mut parameters: Parameters) -> Result<Json<VersionList>, Problem> {
    let text = SelectionText::take(&mut parameters)?;
    let name = parameters.one("name")?.unwrap_or_default();
    let limit = parameters.number("limit", 1..=PAGE_MAX, PAGE_DEFAULT)?;
    let token = parameters.one("page_token")?;
    parameters.finish()?;
    let offset = token.map(|token| read_token(&token, &name)).transpose()?.unwrap_or(0);
    let selection = text.resolve(&app).await?;
    let query = LoggedModelQuery {
        experiments: selection.experiments.clone(),
        filter: (!name.is_empty()).then(|| {
            let pattern = LikePattern::new(&format!("%{}%", name.replace('%', "_")), true);
            let test = EntityTest::Text(TextTest::Like(pattern));
            Expr::Is(EntityPredicate { field: EntityField::Attribute("name"), test })
        }),
        datasets: Vec::new(),
        order: LOGGED_MODEL.default_order(),
        limit,
        offset,
    };
    let page = app.catalog.find_logged_models(query).await?;
    let next_page_token = page.has_more.then(|| write_token(offset + page.models.len(), &name));
    let versions = with_figures(&app, page.models, selection).await?;
    let versions = versions.into_iter().map(|(summary, _)| summary).collect();
    Ok(Json(VersionList { versions, next_page_token }))
}

/// Returns a version
///
/// With what those of its traces that are selected add up to.
#[utoipa::path(
    get,
    path = "/versions/{model_id}",
    tag = "versions",
    params(("model_id" = String, Path, description = "The id of the logged model"), TracesParameters),
    responses((status = 200, body = VersionDetail), (status = 400, body = native::Problem), (status = 404, body = native::Problem)),
)]
async fn get_one(
    State(app): State<App>,
    Path(model_id): Path<String>,
    mut parameters: Parameters,
) -> Result<Json<VersionDetail>, Problem> {
    let text = take_traces(&mut parameters)?;
    parameters.finish()?;
    let model = model(&app, &model_id).await?;
    let metrics = model.metrics.iter().cloned().map(Into::into).collect();
    let selection = selection_of(&app, &text, std::slice::from_ref(&model)).await?;
    let found = with_figures(&app, vec![model], selection).await?.pop();
    let (version, _) = found.ok_or_else(|| missing(&model_id))?;
    Ok(Json(VersionDetail { version, metrics }))
}

/// Compares versions
///
/// Each with the first one: the share of traces that pass, the means of other feedback, errors, latency, tokens and cost.
/// The versions' traces are taken as samples that share nothing; where evaluations asked the same of both, their runs are
/// compared row by row by `GET /api/v1/runs/{run_id}/results`.
#[utoipa::path(
    get,
    path = "/versions/compare",
    tag = "versions",
    params(
        ("version" = Vec<String>, Query, description = "The id of a logged model; 2 to 10 of them, the one to compare with first"),
        TracesParameters,
    ),
    responses((status = 200, body = VersionComparison), (status = 400, body = native::Problem), (status = 404, body = native::Problem)),
)]
async fn compare(
    State(app): State<App>,
    mut parameters: Parameters,
) -> Result<Json<VersionComparison>, Problem> {
    let ids = parameters.all("version");
    let text = take_traces(&mut parameters)?;
    parameters.finish()?;
    let distinct: BTreeSet<&String> = ids.iter().collect();
    if !(2..=COMPARED_MAX).contains(&ids.len()) || distinct.len() < ids.len() {
        return Err(Problem::invalid(format!(
            "parameter `version` is given {} times, {} of them different; expected 2 to {COMPARED_MAX} different ones",
            ids.len(),
            distinct.len()
        )));
    }
    let mut models = Vec::with_capacity(ids.len());
    for id in &ids {
        models.push(model(&app, id).await?);
    }
    let selection = selection_of(&app, &text, &models).await?;
    let found = with_figures(&app, models, selection).await?;
    let figures: Vec<&Figures> = found.iter().map(|(_, figures)| figures).collect();
    let columns = columns(&figures);
    Ok(Json(VersionComparison { versions: found.into_iter().map(|(version, _)| version).collect(), columns }))
}

/// Which traces of a version count.
#[derive(Debug, Clone, Default, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it documents what `take_traces` reads")]
struct TracesParameters {
    /// Of the filter language; none: all.
    filter: Option<String>,
    /// Started at or after: milliseconds since the epoch, ISO 8601, or relative to now (`-1h`).
    from: Option<String>,
    /// Started before; written as `from`.
    to: Option<String>,
}

fn take_traces(parameters: &mut Parameters) -> Result<SelectionText, Problem> {
    Ok(SelectionText {
        experiments: Vec::new(),
        filter: parameters.one("filter")?.unwrap_or_default(),
        from: parameters.one("from")?,
        to: parameters.one("to")?,
    })
}

/// The traces of a version are in the experiment of its model.
async fn selection_of(app: &App, text: &SelectionText, models: &[LoggedModel]) -> Result<Selection, Problem> {
    let experiments: BTreeSet<_> = models.iter().map(|model| model.experiment_id).collect();
    let mut selection = text.resolve(app).await?;
    selection.experiments = experiments.into_iter().collect();
    Ok(selection)
}

async fn model(app: &App, id: &str) -> Result<LoggedModel, Problem> {
    let model = app.catalog.get_logged_model(id).await?;
    if model.lifecycle_stage == LifecycleStage::Deleted {
        return Err(missing(id));
    }
    Ok(model)
}

fn missing(id: &str) -> Problem {
    Failure::new(ErrorKind::NotFound, format!("no version `{id}`")).into()
}

type Figures = spanwise_store::VersionFigures;

/// Adds up the selected traces of each version.
async fn with_figures(
    app: &App,
    models: Vec<LoggedModel>,
    mut selection: Selection,
) -> Result<Vec<(VersionSummary, Figures)>, Problem> {
    let of_scorer = Predicate::Text {
        field: TextField::Tag(SOURCE_SCORER.to_owned()),
        test: TextTest::Like(LikePattern::new("%", false)),
    };
    let not_of_scorer = Expr::Not(Box::new(Expr::Is(of_scorer)));
    selection.filter = Some(Expr::and(selection.filter.into_iter().chain([not_of_scorer]).collect()));
    let ids = models.iter().map(|model| model.model_id.clone()).collect();
    let figures = app.store.version_figures(VersionQuery { selection, models: ids }).await?;
    let with = |(model, figures): (LoggedModel, Figures)| {
        let filter = clause(&format!("metadata.{MODEL_METADATA}"), &model.model_id);
        (VersionSummary::new(model, wire(&figures), filter), figures)
    };
    Ok(models.into_iter().zip(figures).map(with).collect())
}

fn wire(figures: &Figures) -> VersionFigures {
    let runs =
        figures.runs.iter().map(|(run_id, traces)| VersionRun { run_id: run_id.clone(), traces: *traces });
    let ended = figures.traces - figures.in_progress;
    VersionFigures {
        traces: figures.traces,
        errors: figures.errors,
        in_progress: figures.in_progress,
        error_rate: (ended > 0).then(|| figures.errors as f64 / ended as f64),
        first_start_ns: figures.first_start_ns.map(|ns| ns.to_string()),
        last_start_ns: figures.last_start_ns.map(|ns| ns.to_string()),
        p50_ns: figures.percentiles.p50_ns,
        p95_ns: figures.percentiles.p95_ns,
        duration_ns: sum(&figures.duration_ns),
        input_tokens: sum(&figures.input_tokens),
        output_tokens: sum(&figures.output_tokens),
        total_tokens: sum(&figures.total_tokens),
        cost: sum(&figures.cost),
        scores: figures.scores.iter().map(score).collect(),
        runs: runs.collect(),
        run_count: figures.run_count,
    }
}

fn sum(moments: &Moments) -> VersionSum {
    VersionSum { count: moments.count, sum: (moments.count > 0).then(|| moments.sum()), mean: moments.mean() }
}

fn score(score: &ScoreFigures) -> VersionScore {
    VersionScore {
        name: score.name.clone(),
        traces: score.traces,
        count: score.values.count,
        mean: score.values.mean(),
        pass_rate: score.values.mean().filter(|_| score.is_binary),
    }
}

fn columns(versions: &[&Figures]) -> Vec<VersionColumn> {
    let names: BTreeSet<&str> =
        versions.iter().flat_map(|figures| figures.scores.iter().map(|score| score.name.as_str())).collect();
    let mut columns: Vec<VersionColumn> =
        names.into_iter().map(|name| score_column(versions, name)).collect();
    columns.push(error_column(versions));
    let latency: Vec<Moments> = versions.iter().map(|figures| figures.duration_ns).collect();
    columns.push(in_ms(mean_column("latency", VersionColumnKind::Latency, &latency)));
    let tokens: Vec<Moments> = versions.iter().map(|figures| figures.total_tokens).collect();
    columns.push(mean_column("tokens", VersionColumnKind::Tokens, &tokens));
    let cost: Vec<Moments> = versions.iter().map(|figures| figures.cost).collect();
    columns.push(mean_column("cost", VersionColumnKind::Cost, &cost));
    columns
}

/// Feedback is compared as shares only if it passes or fails in all versions.
fn score_column(versions: &[&Figures], name: &str) -> VersionColumn {
    let none = ScoreFigures { is_binary: true, ..ScoreFigures::default() };
    let scores: Vec<&ScoreFigures> = versions
        .iter()
        .map(|figures| figures.scores.iter().find(|score| score.name == name).unwrap_or(&none))
        .collect();
    let values: Vec<Moments> = scores.iter().map(|score| score.values).collect();
    if !scores.iter().all(|score| score.is_binary) {
        return mean_column(name, VersionColumnKind::Score, &values);
    }
    let shares: Vec<(u64, u64)> = scores.iter().map(|score| (score.ones, score.values.count)).collect();
    VersionColumn {
        name: name.to_owned(),
        kind: VersionColumnKind::PassRate,
        values: values.iter().map(sum).collect(),
        changes: changes(&shares, |first, other| share_change(*first, *other)),
    }
}

fn error_column(versions: &[&Figures]) -> VersionColumn {
    let shares: Vec<(u64, u64)> =
        versions.iter().map(|figures| (figures.errors, figures.traces - figures.in_progress)).collect();
    let value = |(errors, ended): &(u64, u64)| VersionSum {
        count: *ended,
        sum: (*ended > 0).then_some(*errors as f64),
        mean: (*ended > 0).then(|| *errors as f64 / *ended as f64),
    };
    VersionColumn {
        name: "errors".to_owned(),
        kind: VersionColumnKind::ErrorRate,
        values: shares.iter().map(value).collect(),
        changes: changes(&shares, |first, other| share_change(*first, *other)),
    }
}

fn mean_column(name: &str, kind: VersionColumnKind, values: &[Moments]) -> VersionColumn {
    VersionColumn {
        name: name.to_owned(),
        kind,
        values: values.iter().map(sum).collect(),
        changes: changes(values, mean_change),
    }
}

fn in_ms(mut column: VersionColumn) -> VersionColumn {
    for value in &mut column.values {
        value.sum = value.sum.map(|ns| ns / NS_PER_MS);
        value.mean = value.mean.map(|ns| ns / NS_PER_MS);
    }
    for change in column.changes.iter_mut().flatten() {
        change.mean /= NS_PER_MS;
    }
    column
}

fn changes<T>(values: &[T], compare: impl Fn(&T, &T) -> Option<Change>) -> Vec<Option<VersionChange>> {
    let wire = |change: Change| VersionChange { mean: change.mean, p_value: change.p_value };
    let change = |(index, value)| if index == 0 { None } else { compare(&values[0], value).map(wire) };
    values.iter().enumerate().map(change).collect()
}

fn read_token(token: &str, name: &str) -> Result<usize, Problem> {
    let cursor = Cursor::from_token(token, ORDER, name)?;
    match cursor.values.as_slice() {
        [SortValue::Int(offset)] if *offset >= 0 => Ok(offset.unsigned_abs() as usize),
        _ => Err(Problem::invalid("the page token belongs to another list; start again without it")),
    }
}

fn write_token(offset: usize, name: &str) -> String {
    let values = vec![SortValue::Int(offset as i64)];
    Cursor { values, trace_id: TraceId::Otel([0; 16]) }.to_token(ORDER, name)
}
