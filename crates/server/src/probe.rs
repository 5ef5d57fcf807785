//! What machines ask a server: is it up, which version, how is it doing.

use crate::App;
use axum::Router;
use axum::extract::State;
use axum::routing::get;

/// The MLflow version that we are compatible with. MLflow's client reads it before its first span, and exports none
/// for the life of its process if it is older than 3.4 or no version at all.
const MLFLOW_VERSION: &str = "3.17.2";

/// Returns the probes.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/health", get(async || "OK"))
        .route("/version", get(async || MLFLOW_VERSION))
        .route("/metrics", get(metrics))
}

/// Answers in the text format of Prometheus.
async fn metrics(State(app): State<App>) -> String {
    metrics::gauge!("spanwise_ingest_queue_bytes").set(app.ingest.queue_bytes() as f64);
    match app.store.stats().await {
        Ok(stats) => {
            metrics::gauge!("spanwise_store_traces").set(stats.traces as f64);
            metrics::gauge!("spanwise_store_spans").set(stats.spans as f64);
            metrics::gauge!("spanwise_store_segment_bytes").set(stats.segment_bytes as f64);
            metrics::gauge!("spanwise_store_index_bytes").set(stats.index_bytes as f64);
            metrics::gauge!("spanwise_store_unindexed_bytes").set(stats.unindexed_bytes as f64);
            metrics::gauge!("spanwise_store_attachments").set(stats.attachments as f64);
            metrics::gauge!("spanwise_store_attachment_bytes").set(stats.attachment_bytes as f64);
        }
        // The other figures are still wanted, most of all when the store is in trouble.
        Err(error) => tracing::warn!("no figures about the store: {error}"),
    }
    app.metrics.render()
}
