//! The MLflow REST API, under `/api` and, the same, under `/ajax-api`.
//!
//! A handler extracts, asks the store and converts; what a request holds and what an answer looks like is in
//! `api-types`. One file a group of routes.

mod absent;
mod artifact_uri;
mod artifacts;
mod assessments;
mod datasets;
mod experiments;
mod extract;
mod issues;
mod label_schemas;
mod logged_models;
mod lookup;
mod metrics;
mod model_versions;
mod page;
mod probes;
mod range;
mod redacted_upload;
mod registered_models;
mod render;
mod reply;
mod review_queues;
mod runs;
mod scorers;
mod search;
mod spans;
mod tags;
mod trace_correlation;
mod trace_metrics;
mod traces;
mod traces_json;
mod traces_v2;
mod two_words;
mod webhooks;

use crate::App;
use axum::Router;

/// Returns all routes, with their whole paths.
pub(crate) fn routes() -> Router<App> {
    let api = Router::new()
        .nest("/2.0/mlflow", v2())
        .nest("/3.0/mlflow", v3())
        .nest("/2.0/mlflow-artifacts", artifacts::routes());
    Router::new().nest("/api", api.clone()).nest("/ajax-api", api).merge(artifact_uri::root_routes())
}

fn v2() -> Router<App> {
    both()
        .merge(artifact_uri::routes())
        .merge(experiments::routes())
        .merge(logged_models::routes())
        .merge(metrics::routes())
        .merge(model_versions::routes())
        .merge(registered_models::routes())
        .merge(runs::routes())
        .merge(search::routes_v2())
        .merge(traces_v2::routes())
        .merge(webhooks::routes())
}

fn v3() -> Router<App> {
    both()
        .merge(assessments::routes())
        .merge(datasets::routes())
        .merge(issues::routes())
        .merge(label_schemas::routes())
        .merge(absent::routes())
        .merge(probes::routes())
        .merge(scorers::routes())
        .merge(review_queues::routes())
        .merge(search::routes())
        .merge(spans::routes())
        .merge(trace_correlation::routes())
        .merge(trace_metrics::routes())
        .merge(traces::routes())
}

/// The routes that clients call under either version.
fn both() -> Router<App> {
    Router::new().merge(artifacts::trace_routes()).merge(tags::routes()).merge(traces::routes_of_both())
}
