//! `traces/metrics`: measures of traces, spans and assessments, summed up.

use super::extract::Params;
use crate::App;
use crate::error::{MlflowError, MlflowResult};
use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use spanwise_api_types::mlflow::trace_metrics::{DataPoint, QueryTraceMetrics, TraceMetricsResponse};
use spanwise_model::MetricView;
use spanwise_query::{MetricFilter, parse_metric_filter};
use spanwise_store::AggregateQuery;

pub(super) fn routes() -> Router<App> {
    Router::new().route("/traces/metrics", post(query))
}

async fn query(
    State(app): State<App>,
    Params(request): Params<QueryTraceMetrics>,
) -> MlflowResult<Json<TraceMetricsResponse>> {
    let filters = request.filters.iter().map(|text| filter(text, request.view));
    let query = AggregateQuery {
        experiments: request.experiments,
        measure: request.measure,
        aggregations: request.aggregations.clone(),
        dimensions: request.dimensions.clone(),
        filters: filters.collect::<MlflowResult<_>>()?,
        from_ms: request.from_ms,
        to_ms: request.until_ms.map(|until_ms| until_ms.saturating_add(1)),
        bucket_ms: request.bucket_ms,
        rows_max: request.rows_max,
    };
    let rows = app.store.aggregate(query).await?;
    let asked = (request.measure, request.dimensions.as_slice(), request.aggregations.as_slice());
    let data_points = rows.into_iter().map(|row| DataPoint::new(asked, row.bucket_ms, row.texts, row.values));
    Ok(Json(TraceMetricsResponse { data_points: data_points.collect() }))
}

/// Reads a filter, which must be about traces or about what is looked at.
fn filter(text: &str, view: MetricView) -> MlflowResult<MetricFilter> {
    let filter = parse_metric_filter(text)?;
    let wanted = match filter.subject() {
        "span" => MetricView::Spans,
        "assessment" => MetricView::Assessments,
        _ => return Ok(filter),
    };
    if wanted == view {
        return Ok(filter);
    }
    Err(MlflowError::invalid(format!(
        "Filtering by {} is only supported for {} view type, got {}",
        filter.subject(),
        wanted.name(),
        view.name()
    )))
}
