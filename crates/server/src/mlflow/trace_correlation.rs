//! `traces/calculate-filter-correlation`.

use super::extract::Params;
use super::lookup::now_ns;
use crate::App;
use crate::error::MlflowResult;
use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use spanwise_api_types::mlflow::trace_correlation::{CorrelateFilters, CorrelationResponse};
use spanwise_evaluate::{JointCounts, npmi};
use spanwise_query::{Filter, parse_filter_at};
use spanwise_store::TraceQuery;

/// Jeffreys' prior, as upstream.
const SMOOTHING: f64 = 0.5;

pub(super) fn routes() -> Router<App> {
    Router::new().route("/traces/calculate-filter-correlation", post(correlate))
}

async fn correlate(
    State(app): State<App>,
    Params(request): Params<CorrelateFilters>,
) -> MlflowResult<Json<CorrelationResponse>> {
    let now_ns = now_ns();
    let [first, second] = &request.filters;
    let first = parse_filter_at(first, now_ns)?;
    let second = parse_filter_at(second, now_ns)?;
    let base = parse_filter_at(&request.base, now_ns)?;
    let count = async |parts: Vec<Filter>| {
        let filter = Some(Filter::and(parts));
        let experiments = request.experiments.clone();
        app.store
            .count_traces(TraceQuery { experiments, filter, order: Vec::new(), limit: 1, after: None })
            .await
    };
    let counts = JointCounts {
        total: count(vec![base.clone()]).await?,
        first: count(vec![base.clone(), first.clone()]).await?,
        second: count(vec![base.clone(), second.clone()]).await?,
        joint: count(vec![base, first, second]).await?,
    };
    Ok(Json(CorrelationResponse {
        npmi: npmi(counts, 0.0),
        npmi_smoothed: npmi(counts, SMOOTHING),
        filter1_count: counts.first,
        filter2_count: counts.second,
        joint_count: counts.joint,
        total_count: counts.total,
    }))
}
