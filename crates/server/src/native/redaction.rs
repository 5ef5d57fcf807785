//! Redaction: what is replaced in texts before they are stored.

use super::body::JsonBody;
use super::parameter::NoParameters;
use super::path::Path;
use crate::App;
use crate::described::{ApiRouter, routes};
use crate::error::{Failure, Problem};
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use spanwise_api_types::native::{
    self, ExperimentRedaction, RedactionCount, RedactionDetector, RedactionInfo, RedactionPattern,
    RedactionRules, RedactionTest, RedactionTestResult,
};
use spanwise_model::ExperimentId;
use spanwise_redact::{DETECTORS, Pattern, RuleError, Rules, Tally};
use std::sync::Arc;

pub(super) fn routes() -> ApiRouter {
    ApiRouter::new().routes(routes!(info)).routes(routes!(get, set, remove)).routes(routes!(test))
}

impl From<RuleError> for Failure {
    fn from(error: RuleError) -> Self {
        Failure::new(error.kind(), error.to_string())
    }
}

/// Lists the detectors and the default rules
#[utoipa::path(
    get,
    path = "/redaction",
    tag = "redaction",
    responses((status = 200, body = RedactionInfo)),
)]
async fn info(State(app): State<App>, _: NoParameters) -> Json<RedactionInfo> {
    let detector = |one: &spanwise_redact::Detector| RedactionDetector {
        name: one.name.to_owned(),
        group: if one.is_personal { "personal" } else { "secrets" }.to_owned(),
        about: one.about.to_owned(),
    };
    let detectors = DETECTORS.iter().map(detector).collect();
    Json(RedactionInfo { detectors, default_rules: wire(app.ingest.redaction().default_rules().clone()) })
}

/// Returns the rules of an experiment
///
/// With how much they replaced since the server started.
#[utoipa::path(
    get,
    path = "/experiments/{experiment_id}/redaction",
    tag = "redaction",
    params(("experiment_id" = String, Path, description = "Its id")),
    responses((status = 200, body = ExperimentRedaction), (status = 400, body = native::Problem), (status = 404, body = native::Problem)),
)]
async fn get(
    State(app): State<App>,
    Path(id): Path<String>,
    _: NoParameters,
) -> Result<Json<ExperimentRedaction>, Problem> {
    answer(&app, id.parse()?).await
}

/// Gives an experiment rules of its own
///
/// They hold for all that is sent from then on; what is stored already stays as it is. Rules that look for nothing turn
/// the default ones off.
#[utoipa::path(
    put,
    path = "/experiments/{experiment_id}/redaction",
    tag = "redaction",
    params(("experiment_id" = String, Path, description = "Its id")),
    request_body = RedactionRules,
    responses((status = 200, body = ExperimentRedaction), (status = 400, body = native::Problem), (status = 404, body = native::Problem)),
)]
async fn set(
    State(app): State<App>,
    Path(id): Path<String>,
    _: NoParameters,
    JsonBody(rules): JsonBody<RedactionRules>,
) -> Result<Json<ExperimentRedaction>, Problem> {
    let id: ExperimentId = id.parse()?;
    app.ingest.redaction().set_rules(id, Some(&model(rules))).await?;
    answer(&app, id).await
}

/// Takes the rules of an experiment away
///
/// The default ones hold from then on.
#[utoipa::path(
    delete,
    path = "/experiments/{experiment_id}/redaction",
    tag = "redaction",
    params(("experiment_id" = String, Path, description = "Its id")),
    responses((status = 204), (status = 400, body = native::Problem), (status = 404, body = native::Problem)),
)]
async fn remove(
    State(app): State<App>,
    Path(id): Path<String>,
    _: NoParameters,
) -> Result<StatusCode, Problem> {
    app.ingest.redaction().set_rules(id.parse()?, None).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Tries rules on a text
///
/// Nothing is stored or counted.
#[utoipa::path(
    post,
    path = "/experiments/{experiment_id}/redaction/test",
    tag = "redaction",
    params(("experiment_id" = String, Path, description = "Its id")),
    request_body = RedactionTest,
    responses((status = 200, body = RedactionTestResult), (status = 400, body = native::Problem), (status = 404, body = native::Problem)),
)]
async fn test(
    State(app): State<App>,
    Path(id): Path<String>,
    _: NoParameters,
    JsonBody(test): JsonBody<RedactionTest>,
) -> Result<Json<RedactionTestResult>, Problem> {
    let id: ExperimentId = id.parse()?;
    app.store.get_experiment(id).await?;
    let redactor = match test.rules {
        Some(rules) => Some(Arc::new(app.ingest.redaction().compile(&model(rules))?)),
        None => app.ingest.redaction().redactor(id).await?,
    };
    let mut tally = Tally::default();
    let redacted = redactor.and_then(|redactor| {
        let key = test.key.as_deref();
        let masked = key.and_then(|key| redactor.mask_key(key, &mut tally));
        masked.or_else(|| redactor.redact(key, &[], &test.text, &mut tally))
    });
    Ok(Json(RedactionTestResult { text: redacted.unwrap_or(test.text), replaced: counts(&tally) }))
}

async fn answer(app: &App, id: ExperimentId) -> Result<Json<ExperimentRedaction>, Problem> {
    let redaction = app.ingest.redaction();
    let in_force = redaction.rules(id).await?;
    let replaced = counts(&redaction.counts(id));
    Ok(Json(ExperimentRedaction { rules: wire(in_force.rules), is_own: in_force.is_own, replaced }))
}

fn counts(tally: &Tally) -> Vec<RedactionCount> {
    tally.iter().map(|(detector, count)| RedactionCount { detector: detector.to_owned(), count }).collect()
}

fn model(rules: RedactionRules) -> Rules {
    let pattern = |pattern: RedactionPattern| Pattern { name: pattern.name, regex: pattern.regex };
    Rules {
        detectors: rules.detectors,
        patterns: rules.patterns.into_iter().map(pattern).collect(),
        paths: rules.paths,
        attributes: rules.attributes,
    }
}

fn wire(rules: Rules) -> RedactionRules {
    let pattern = |pattern: Pattern| RedactionPattern { name: pattern.name, regex: pattern.regex };
    RedactionRules {
        detectors: rules.detectors,
        patterns: rules.patterns.into_iter().map(pattern).collect(),
        paths: rules.paths,
        attributes: rules.attributes,
    }
}
