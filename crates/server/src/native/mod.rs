//! The native API, `/api/v1`: what MLflow's has no answer for, or a slow one. The web UI and the command line are its
//! first users.
//!
//! A route and its description are registered together; shapes live in `api-types`. One file a group of routes.

mod assessments;
mod attachments;
mod attribute;
mod backup;
mod body;
mod bulk;
mod content;
mod datasets;
mod experiments;
mod export;
mod facet_field;
mod figures;
mod filter;
mod housekeeping;
mod import;
mod import_catalog;
mod info;
mod interval;
mod metrics;
mod openapi;
mod parameter;
mod path;
mod price_form;
mod prices;
mod prompts;
mod redaction;
mod results;
mod reviews;
mod runs;
mod scorer_form;
mod scorers;
mod selection;
mod sessions;
mod spans;
mod stream;
mod traces;
mod tree;
mod usage;
mod versions;

pub(crate) use attachments::with_gaps as gaps;
pub(crate) use bulk::one_of;
pub(crate) use parameter::Parameters;

use crate::App;
use crate::described::ApiRouter;
use axum::Router;

/// The path that all routes are below.
const ROOT: &str = "/api/v1";

/// Returns all routes, with their whole paths.
pub(crate) fn routes() -> Router<App> {
    all().nested(ROOT).route(&format!("{ROOT}/openapi.json"), openapi::route())
}

/// Returns the OpenAPI document of the native API, made from the code: what the committed one must be.
#[cfg(feature = "describe")]
pub fn openapi_from_code() -> serde_json::Value {
    openapi::made(all())
}

fn all() -> ApiRouter {
    ApiRouter::new()
        .merge(assessments::routes())
        .merge(attachments::routes())
        .merge(backup::routes())
        .merge(bulk::routes())
        .merge(datasets::routes())
        .merge(experiments::routes())
        .merge(crate::export::routes())
        .merge(export::routes())
        .merge(figures::routes())
        .merge(filter::routes())
        .merge(housekeeping::routes())
        .merge(import::routes())
        .merge(import_catalog::routes())
        .merge(info::routes())
        .merge(metrics::routes())
        .merge(prices::routes())
        .merge(prompts::routes())
        .merge(redaction::routes())
        .merge(reviews::routes())
        .merge(runs::routes())
        .merge(scorers::routes())
        .merge(sessions::routes())
        .merge(spans::routes())
        .merge(stream::routes())
        .merge(traces::routes())
        .merge(tree::routes())
        .merge(usage::routes())
        .merge(versions::routes())
}
