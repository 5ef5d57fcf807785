//! Feedback and expectations of a trace.

use super::body::JsonBody;
use super::parameter::NoParameters;
use super::path::Path;
use crate::App;
use crate::clock::now_ns;
use crate::described::{ApiRouter, routes};
use crate::error::Problem;
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use spanwise_api_types::native::{self, Assessment, AssessmentChange, NewAssessment};
use spanwise_model::{AssessmentId, AssessmentKind, SpanId, TraceId};

pub(super) fn routes() -> ApiRouter {
    ApiRouter::new().routes(routes!(create)).routes(routes!(change, delete))
}

/// Adds an assessment to a trace
#[utoipa::path(
    post,
    path = "/traces/{trace_id}/assessments",
    tag = "assessments",
    params(("trace_id" = String, Path, description = "The trace")),
    request_body = NewAssessment,
    responses((status = 201, body = Assessment), (status = 400, body = native::Problem), (status = 404, body = native::Problem)),
)]
async fn create(
    State(app): State<App>,
    Path(trace_id): Path<String>,
    _: NoParameters,
    JsonBody(new): JsonBody<NewAssessment>,
) -> Result<(StatusCode, Json<Assessment>), Problem> {
    let trace_id: TraceId = trace_id.parse()?;
    if let Some(span_id) = &new.span_id {
        span_id.parse::<SpanId>()?;
    }
    let id = AssessmentId(format!("a-{}", uuid::Uuid::new_v4().simple()));
    let mut assessment =
        new.into_model(trace_id, id, now_ns()).map_err(|error| Problem::invalid(error.to_string()))?;
    app.ingest.redaction().assessment(&mut assessment).await?;
    let created = app.store.create_assessment(assessment).await?;
    Ok((StatusCode::CREATED, Json(created.into())))
}

/// Changes an assessment
#[utoipa::path(
    patch,
    path = "/traces/{trace_id}/assessments/{assessment_id}",
    tag = "assessments",
    params(("trace_id" = String, Path, description = "The trace"), ("assessment_id" = String, Path, description = "The assessment")),
    request_body = AssessmentChange,
    responses((status = 200, body = Assessment), (status = 400, body = native::Problem), (status = 404, body = native::Problem)),
)]
async fn change(
    State(app): State<App>,
    Path((trace_id, id)): Path<(String, String)>,
    _: NoParameters,
    JsonBody(change): JsonBody<AssessmentChange>,
) -> Result<Json<Assessment>, Problem> {
    let (trace_id, id): (TraceId, _) = (trace_id.parse()?, AssessmentId(id));
    let current = app.store.get_assessment(&trace_id, &id).await?;
    let mut changed = spanwise_store::AssessmentChange {
        name: change.name,
        // An empty text is no rationale.
        rationale: change.rationale.map(|text| Some(text).filter(|text| !text.is_empty())),
        metadata: change.metadata,
        now_ns: now_ns(),
        ..Default::default()
    };
    if let Some(value) = change.value {
        match current.value.kind() {
            AssessmentKind::Feedback => changed.feedback = Some((Some(value), None)),
            AssessmentKind::Expectation => {
                let serialized = value.is_array() || value.is_object();
                changed.expectation = Some((value, serialized));
            }
            AssessmentKind::Issue => {
                return Err(Problem::invalid("`value` can't be changed: the assessment links an issue"));
            }
        }
    }
    app.ingest.redaction().assessment_change(&trace_id, &mut changed).await?;
    Ok(Json(app.store.update_assessment(&trace_id, &id, changed).await?.into()))
}

/// Deletes an assessment
///
/// The one that it overrode is valid again.
#[utoipa::path(
    delete,
    path = "/traces/{trace_id}/assessments/{assessment_id}",
    tag = "assessments",
    params(("trace_id" = String, Path, description = "The trace"), ("assessment_id" = String, Path, description = "The assessment")),
    responses((status = 204), (status = 404, body = native::Problem)),
)]
async fn delete(
    State(app): State<App>,
    Path((trace_id, id)): Path<(String, String)>,
    _: NoParameters,
) -> Result<StatusCode, Problem> {
    let (trace_id, id): (TraceId, _) = (trace_id.parse()?, AssessmentId(id));
    // The store takes the deletion of what is not there for done; whoever names it wants to know.
    app.store.get_assessment(&trace_id, &id).await?;
    app.store.delete_assessment(&trace_id, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
