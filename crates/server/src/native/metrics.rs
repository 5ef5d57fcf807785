//! Metrics over time: what dashboards show.

use super::interval::Interval;
use super::parameter::Parameters;
use super::selection::{SelectionParameters, SelectionText};
use crate::App;
use crate::clock::now_ns;
use crate::described::{ApiRouter, routes};
use crate::error::Problem;
use axum::Json;
use axum::extract::State;
use jiff::tz::TimeZone;
use spanwise_api_types::native::{
    self, DurationPercentiles, Metrics, MetricsColumns, MetricsGroup, MetricsSeries, MetricsTotal,
};
use spanwise_store::{
    METRICS_GROUPS_MAX, MetricsGroup as Group, MetricsGroupBy, MetricsPoint, MetricsQuery, MetricsSubject,
};
use utoipa::IntoParams;

const GROUPS_DEFAULT: usize = 20;
const NS_PER_MS: i64 = 1_000_000;
/// How far back one looks who does not say from when.
const DAY_MS: i64 = 24 * 3_600_000;

pub(super) fn routes() -> ApiRouter {
    ApiRouter::new().routes(routes!(traces)).routes(routes!(models))
}

/// The parameters of both routes beside those that select.
#[derive(Debug, Clone, Default, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it documents what `answer` reads")]
struct MetricsParameters {
    /// Length of the stretches of time: `15m`, `30m`, `1h`, `2h`, `3h`, `4h`, `6h`, `12h`, `1d`, `1w` or `1mo`; absent:
    /// the shortest of which there are at most 120. `from` and `to` are widened to whole ones.
    interval: Option<String>,
    /// IANA name of the time zone whose hours and days count, such as `Europe/Berlin`; UTC if absent.
    time_zone: Option<String>,
    /// Series at most, 1 to 100; 20 if absent. What more groups there are is one series together.
    groups: Option<usize>,
}

/// Adds up traces over time
///
/// Count, errors, tokens, cost and latency of traces by when they started, from the last 24 hours unless `from` says
/// otherwise. Without a filter it is read from sums that are kept while spans arrive, however many traces there are.
#[utoipa::path(
    get,
    path = "/metrics/traces",
    tag = "metrics",
    params(
        SelectionParameters,
        MetricsParameters,
        ("group_by" = Option<String>, Query, description = "`none` (if absent) or `experiment`"),
    ),
    responses((status = 200, body = Metrics), (status = 400, body = native::Problem), (status = 404, body = native::Problem)),
)]
async fn traces(State(app): State<App>, mut parameters: Parameters) -> Result<Json<Metrics>, Problem> {
    let groups = [("none", MetricsGroupBy::None), ("experiment", MetricsGroupBy::Experiment)];
    let group_by = take_group_by(&mut parameters, &groups)?;
    answer(&app, parameters, MetricsSubject::Traces, group_by).await
}

/// Adds up calls of models over time
///
/// Calls, errors, tokens, cost and latency by when each call started, by model unless `group_by` says otherwise. A call
/// is a span that names a model and does not wrap others. Tokens and cost are those that count in their traces; what a
/// wrapper without a model reports in place of its calls is a group without a name. With a filter, the calls of the
/// newest matching traces count.
#[utoipa::path(
    get,
    path = "/metrics/models",
    tag = "metrics",
    params(
        SelectionParameters,
        MetricsParameters,
        ("group_by" = Option<String>, Query, description = "`model` (if absent), `provider`, `experiment` or `none`"),
    ),
    responses((status = 200, body = Metrics), (status = 400, body = native::Problem), (status = 404, body = native::Problem)),
)]
async fn models(State(app): State<App>, mut parameters: Parameters) -> Result<Json<Metrics>, Problem> {
    let groups = [
        ("model", MetricsGroupBy::Model),
        ("provider", MetricsGroupBy::Provider),
        ("experiment", MetricsGroupBy::Experiment),
        ("none", MetricsGroupBy::None),
    ];
    let group_by = take_group_by(&mut parameters, &groups)?;
    answer(&app, parameters, MetricsSubject::ModelCalls, group_by).await
}

/// Takes `group_by`; absent is the first that there is.
fn take_group_by(
    parameters: &mut Parameters,
    groups: &[(&str, MetricsGroupBy)],
) -> Result<MetricsGroupBy, Problem> {
    let text = parameters.one("group_by")?.unwrap_or_else(|| groups[0].0.to_owned());
    groups.iter().find(|(name, _)| *name == text).map(|(_, group_by)| *group_by).ok_or_else(|| {
        let names: Vec<String> = groups.iter().map(|(name, _)| format!("`{name}`")).collect();
        Problem::invalid(format!("parameter `group_by` is `{text}`; expected one of {}", names.join(", ")))
    })
}

async fn answer(
    app: &App,
    mut parameters: Parameters,
    subject: MetricsSubject,
    group_by: MetricsGroupBy,
) -> Result<Json<Metrics>, Problem> {
    let text = SelectionText::take(&mut parameters)?;
    let interval = parameters.one("interval")?.map(|text| Interval::parse(&text)).transpose()?;
    let zone = parameters.one("time_zone")?.map_or(Ok(TimeZone::UTC), |name| time_zone(&name))?;
    let groups_max = parameters.number("groups", 1..=METRICS_GROUPS_MAX, GROUPS_DEFAULT)?;
    parameters.finish()?;
    let selection = text.resolve(app).await?;
    let to_ms = selection.to_ms.unwrap_or_else(|| now_ns() / NS_PER_MS);
    let from_ms = selection.from_ms.unwrap_or_else(|| to_ms.saturating_sub(DAY_MS));
    let interval = interval.unwrap_or_else(|| Interval::fitting(from_ms, to_ms));
    let edges_ns = interval.edges(&zone, from_ms, to_ms)?;
    let (experiments, filter) = (selection.experiments, selection.filter);
    let query =
        MetricsQuery { experiments, filter, edges_ns: edges_ns.clone(), subject, group_by, groups_max };
    let metrics = app.store.trace_metrics(query).await?;
    Ok(Json(wire(metrics, &edges_ns, interval)))
}

fn time_zone(name: &str) -> Result<TimeZone, Problem> {
    TimeZone::get(name).map_err(|_| {
        Problem::invalid(format!(
            "parameter `time_zone` is `{name}`; expected a name such as Europe/Berlin or UTC"
        ))
    })
}

fn wire(metrics: spanwise_store::Metrics, edges_ns: &[i64], interval: Interval) -> Metrics {
    let mut edges: Vec<String> = edges_ns.iter().map(ToString::to_string).collect();
    Metrics {
        end_ns: edges.pop().unwrap_or_default(),
        starts_ns: edges,
        interval: interval.name().to_owned(),
        series: metrics.series.into_iter().map(wire_series).collect(),
        groups: metrics.groups,
        complete: metrics.complete,
    }
}

fn wire_series(series: spanwise_store::MetricsSeries) -> MetricsSeries {
    MetricsSeries {
        group: wire_group(series.group),
        total: wire_total(&series.total),
        points: wire_points(&series.points),
    }
}

fn wire_group(group: Group) -> MetricsGroup {
    let mut out = MetricsGroup::default();
    match group {
        Group::All => {}
        Group::Experiment(id) => out.experiment_id = Some(id.to_string()),
        Group::Model(model) => out.model = model.map(Into::into),
        Group::Provider(provider) => out.provider = provider.map(Into::into),
        Group::Others => out.others = true,
    }
    out
}

fn wire_total(total: &MetricsPoint) -> MetricsTotal {
    let durations = total.durations;
    MetricsTotal {
        count: total.count,
        errors: total.errors,
        in_progress: total.in_progress,
        input_tokens: total.input_tokens,
        output_tokens: total.output_tokens,
        total_tokens: total.total_tokens,
        cache_read_tokens: total.cache_read_tokens,
        cache_creation_tokens: total.cache_creation_tokens,
        cost: total.cost,
        duration_ns: DurationPercentiles {
            p50: durations.p50_ns,
            p95: durations.p95_ns,
            p99: durations.p99_ns,
        },
    }
}

fn wire_points(points: &[MetricsPoint]) -> MetricsColumns {
    fn column<T>(points: &[MetricsPoint], value: impl Fn(&MetricsPoint) -> T) -> Vec<T> {
        points.iter().map(value).collect()
    }
    MetricsColumns {
        count: column(points, |point| point.count),
        errors: column(points, |point| point.errors),
        in_progress: column(points, |point| point.in_progress),
        input_tokens: column(points, |point| point.input_tokens),
        output_tokens: column(points, |point| point.output_tokens),
        total_tokens: column(points, |point| point.total_tokens),
        cache_read_tokens: column(points, |point| point.cache_read_tokens),
        cache_creation_tokens: column(points, |point| point.cache_creation_tokens),
        cost: column(points, |point| point.cost),
        p50_ns: column(points, |point| point.durations.p50_ns),
        p95_ns: column(points, |point| point.durations.p95_ns),
        p99_ns: column(points, |point| point.durations.p99_ns),
    }
}
