//! `metrics/*`: the history of a run's metrics.

use super::extract::Params;
use super::page;
use crate::App;
use crate::error::MlflowResult;
use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use spanwise_api_types::mlflow::run::{GetMetricHistory, GetMetricsOfRuns, Metric, MetricsResponse};
use spanwise_store::catalog::{MetricPosition, MetricSampleQuery};

/// Points that are read in one go, so that no reading thread is held for long.
const POINTS_READ_AT_ONCE: usize = 25_000;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/metrics/get-history", get(history))
        .route("/metrics/get-history-bulk", get(of_runs))
        .route("/metrics/get-history-bulk-interval", get(of_runs))
}

async fn history(
    State(app): State<App>,
    Params(request): Params<GetMetricHistory>,
) -> MlflowResult<Json<MetricsResponse>> {
    let mut next = position_of(&request.page_token)?;
    let GetMetricHistory { run_id, metric_key, max_results, .. } = request;
    let limit = max_results.unwrap_or(POINTS_READ_AT_ONCE);
    let mut metrics = Vec::new();
    loop {
        let page = app.catalog.metric_history(&run_id, &metric_key, limit, next).await?;
        metrics.extend(page.points.into_iter().map(Metric::from));
        next = page.next;
        if max_results.is_some() || next.is_none() {
            break;
        }
    }
    Ok(Json(MetricsResponse { metrics, next_page_token: next.map(position_token) }))
}

/// Answers with points of several runs; of a long history with evenly chosen steps, as upstream's interval route does.
async fn of_runs(
    State(app): State<App>,
    Params(request): Params<GetMetricsOfRuns>,
) -> MlflowResult<Json<MetricsResponse>> {
    let GetMetricsOfRuns { runs, metric_key, steps, max_results } = request;
    // A sample has its first and its last step.
    let query = MetricSampleQuery { runs, key: metric_key, steps, steps_max: max_results.max(2) };
    let points = app.catalog.sample_metric(query).await?;
    Ok(Json(MetricsResponse {
        metrics: points.into_iter().map(Metric::from).collect(),
        next_page_token: None,
    }))
}

/// Writes a position; the value as its bits, since it may be no number.
fn position_token(position: MetricPosition) -> String {
    let MetricPosition { timestamp_ns, step, value } = position;
    STANDARD.encode(format!("[{timestamp_ns}, {step}, {}]", value.to_bits()))
}

fn position_of(token: &str) -> MlflowResult<Option<MetricPosition>> {
    if token.is_empty() {
        return Ok(None);
    }
    let bytes = page::decode(token)?;
    let (timestamp_ns, step, bits) = serde_json::from_slice(&bytes).map_err(|_| page::not_a_token(&bytes))?;
    Ok(Some(MetricPosition { timestamp_ns, step, value: f64::from_bits(bits) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_comes_back_from_its_token() {
        for value in [1.5, f64::NEG_INFINITY, f64::NAN] {
            let position = MetricPosition { timestamp_ns: -3, step: i64::MAX, value };
            let read = position_of(&position_token(position)).unwrap().unwrap();
            assert_eq!((read.timestamp_ns, read.step), (-3, i64::MAX));
            assert_eq!(read.value.to_bits(), value.to_bits());
        }
        assert_eq!(position_of("").unwrap(), None);
        assert_eq!(position_of("e30=").unwrap_err().message, "Invalid page token, decoded value={}");
    }
}
