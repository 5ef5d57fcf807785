//! Figures over many traces: the histogram and the facets.

use super::facet_field::{default_fields, expand, label_of, parse_field};
use super::parameter::Parameters;
use super::selection::{SelectionParameters, SelectionText};
use crate::App;
use crate::described::{ApiRouter, routes};
use crate::error::Problem;
use axum::Json;
use axum::extract::State;
use spanwise_api_types::native::{
    self, DurationPercentiles, Facet, FacetValue, Facets, Histogram, HistogramBucket,
};
use spanwise_store::{FacetCounts, FacetQuery, Selection, TraceBucket, TraceHistogram};
use std::time::Duration;

/// Buckets of a histogram.
const BUCKETS_MAX: usize = 500;
const BUCKETS_DEFAULT: usize = 60;
/// Values of a facet.
const VALUES_MAX: usize = 100;
const VALUES_DEFAULT: usize = 10;
/// Milliseconds of a budget.
const BUDGET_MAX: usize = 10_000;

pub(super) fn routes() -> ApiRouter {
    ApiRouter::new().routes(routes!(histogram)).routes(routes!(facets))
}

/// Counts traces over time
///
/// The exact count of the selection, its course over time in buckets of a round width, its sums and percentiles.
/// Where `from` or `to` is absent, the first or last matching trace ends the chart.
///
/// Some conditions need a look at spans: several on one span, several words, patterns. With `budget_ms` the answer comes
/// after about that time, with what was found so far; while `open` is not 0, the same request goes on.
#[utoipa::path(
    get,
    path = "/traces/histogram",
    tag = "traces",
    params(SelectionParameters, ("buckets" = Option<usize>, Query, description = "Buckets at most, 1 to 500; 60 if absent"),
        ("budget_ms" = Option<usize>, Query, description = "How long to look at spans, 1 to 10000; as long as it takes if absent")),
    responses((status = 200, body = Histogram), (status = 400, body = native::Problem), (status = 404, body = native::Problem)),
)]
async fn histogram(State(app): State<App>, mut parameters: Parameters) -> Result<Json<Histogram>, Problem> {
    let text = SelectionText::take(&mut parameters)?;
    let buckets = parameters.number("buckets", 1..=BUCKETS_MAX, BUCKETS_DEFAULT)?;
    let budget = take_budget(&mut parameters)?;
    parameters.finish()?;
    let selection = Selection { budget, ..text.resolve(&app).await? };
    Ok(Json(wire_histogram(app.store.trace_histogram(selection, buckets).await?)))
}

fn take_budget(parameters: &mut Parameters) -> Result<Option<Duration>, Problem> {
    // 0 can't be asked for, so it stands for none.
    let budget_ms = parameters.number("budget_ms", 1..=BUDGET_MAX, 0)?;
    Ok((budget_ms > 0).then(|| Duration::from_millis(budget_ms as u64)))
}

fn wire_histogram(histogram: TraceHistogram) -> Histogram {
    let durations = histogram.durations;
    Histogram {
        total: histogram.total,
        open: histogram.open,
        errors: histogram.errors,
        tokens: histogram.tokens,
        cost: histogram.cost,
        duration_ns: DurationPercentiles {
            p50: durations.p50_ns,
            p95: durations.p95_ns,
            p99: durations.p99_ns,
        },
        start_ns: histogram.start_ns.to_string(),
        bucket_ns: histogram.bucket_ns,
        buckets: histogram.buckets.iter().map(wire_bucket).collect(),
    }
}

fn wire_bucket(bucket: &TraceBucket) -> HistogramBucket {
    HistogramBucket {
        ok: bucket.ok,
        error: bucket.error,
        in_progress: bucket.in_progress,
        unspecified: bucket.unspecified,
        p50_ns: bucket.durations.p50_ns,
        p95_ns: bucket.durations.p95_ns,
        tokens: bucket.tokens,
        cost: bucket.cost,
    }
}

/// Counts the values of fields
///
/// For each field its most frequent values among the newest traces of the selection, with the number of traces that
/// have them. `tags`, `metadata`, `feedback` and `expectation` stand for all their keys, each a facet of its own.
/// `budget_ms` is as for the histogram; while `unfinished`, the same request goes on.
#[utoipa::path(
    get,
    path = "/traces/facets",
    tag = "traces",
    params(
        SelectionParameters,
        ("field" = Option<Vec<String>>, Query, description = "A field as the filter language names it; may be repeated. None: a useful set"),
        ("limit" = Option<usize>, Query, description = "Values a field, 1 to 100; 10 if absent"),
        ("containing" = Option<String>, Query, description = "Only values that contain this text, in any case"),
        ("budget_ms" = Option<usize>, Query, description = "How long to look at spans for the selection, 1 to 10000; as long as it takes if absent"),
    ),
    responses((status = 200, body = Facets), (status = 400, body = native::Problem), (status = 404, body = native::Problem)),
)]
async fn facets(State(app): State<App>, mut parameters: Parameters) -> Result<Json<Facets>, Problem> {
    let text = SelectionText::take(&mut parameters)?;
    let names = parameters.all("field");
    let values_max = parameters.number("limit", 1..=VALUES_MAX, VALUES_DEFAULT)?;
    let containing = parameters.one("containing")?.unwrap_or_default();
    let budget = take_budget(&mut parameters)?;
    parameters.finish()?;
    let wanted = match names.as_slice() {
        [] => default_fields(),
        names => names.iter().map(|name| parse_field(name)).collect::<Result<_, _>>()?,
    };
    let selection = Selection { budget, ..text.resolve(&app).await? };
    let fields = expand(&app, &selection, wanted).await?;
    let query = FacetQuery { selection, fields, values_max, containing };
    let counts = app.store.trace_facets(query).await?;
    // What records say is counted over the most traces.
    let counted_traces = counts.iter().map(|counts| counts.counted).max().unwrap_or(0);
    let complete = counts.iter().all(|counts| counts.complete);
    let unfinished = counts.iter().any(|counts| counts.unfinished);
    let facets = counts.into_iter().map(wire_facet).collect();
    Ok(Json(Facets { facets, counted_traces, complete, unfinished }))
}

fn wire_facet(counts: FacetCounts) -> Facet {
    let (field, label) = label_of(&counts.field);
    let values = counts.values.into_iter().map(|(value, count)| FacetValue {
        clause: super::facet_field::clause_of(&counts.field, &field, &value),
        value,
        count,
    });
    Facet {
        values: values.collect(),
        field,
        label,
        distinct: counts.distinct,
        counted_traces: counts.counted,
        complete: counts.complete,
    }
}
