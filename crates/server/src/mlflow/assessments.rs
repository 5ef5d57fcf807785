//! `traces/{id}/assessments`.

use super::extract::Params;
use super::lookup::{OrMissing, fresh_assessment_id, missing, no_assessment, no_trace, now_ns, trace_id};
use super::reply::done;
use crate::App;
use crate::error::{MlflowError, MlflowResult};
use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::Value;
use spanwise_api_types::mlflow::assessment::AssessmentResponse;
use spanwise_api_types::mlflow::new_assessment::{CreateAssessment, UpdateAssessment};
use spanwise_model::{Assessment, AssessmentId, AssessmentKind, ErrorKind, TraceId};
use spanwise_store::AssessmentChange;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/traces/{trace_id}/assessments", post(create))
        .route("/traces/{trace_id}/assessments/{assessment_id}", get(get_one).patch(update).delete(delete))
}

async fn create(
    State(app): State<App>,
    Path(trace): Path<String>,
    Params(request): Params<CreateAssessment>,
) -> MlflowResult<Json<AssessmentResponse>> {
    let id = trace_id(&trace)?;
    let mut new = request.assessment.into_model(id.clone(), fresh_assessment_id(), now_ns());
    app.ingest.redaction().assessment(&mut new).await?;
    let overrides = new.overrides.clone();
    match app.store.create_assessment(new).await {
        Ok(created) => Ok(Json(created.into())),
        Err(error) if error.kind() == ErrorKind::NotFound => Err(match overrides {
            Some(overridden) if trace_exists(&app, &id).await? => no_assessment(&trace, &overridden.0),
            _ => no_trace(&trace),
        }),
        Err(error) => Err(error.into()),
    }
}

async fn get_one(
    State(app): State<App>,
    Path((trace, assessment)): Path<(String, String)>,
) -> MlflowResult<Json<AssessmentResponse>> {
    Ok(Json(find(&app, &trace, &assessment).await?.into()))
}

async fn update(
    State(app): State<App>,
    Path((trace, assessment)): Path<(String, String)>,
    Params(request): Params<UpdateAssessment>,
) -> MlflowResult<Json<AssessmentResponse>> {
    let current = find(&app, &trace, &assessment).await?;
    check_kind(&request, current.value.kind())?;
    let mut change = AssessmentChange {
        name: request.name,
        feedback: request.feedback,
        expectation: request.expectation,
        rationale: request.rationale,
        metadata: request.metadata,
        valid: request.valid,
        now_ns: now_ns(),
    };
    app.ingest.redaction().assessment_change(&current.trace_id, &mut change).await?;
    let changed = app.store.update_assessment(&current.trace_id, &current.assessment_id, change).await;
    Ok(Json(changed.or_missing(|| no_assessment(&trace, &assessment))?.into()))
}

async fn delete(
    State(app): State<App>,
    Path((trace, assessment)): Path<(String, String)>,
) -> MlflowResult<Json<Value>> {
    let Ok(id) = trace.parse::<TraceId>() else { return Ok(done()) };
    match app.store.delete_assessment(&id, &AssessmentId(assessment)).await {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
        _ => Ok(done()),
    }
}

async fn find(app: &App, trace: &str, assessment: &str) -> MlflowResult<Assessment> {
    let no_trace = || missing(format!("Trace with request_id '{trace}' not found"));
    let id: TraceId = trace.parse().map_err(|_| no_trace())?;
    match app.store.get_assessment(&id, &AssessmentId(assessment.to_owned())).await {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Err(if trace_exists(app, &id).await? { no_assessment(trace, assessment) } else { no_trace() })
        }
        found => Ok(found?),
    }
}

async fn trace_exists(app: &App, id: &TraceId) -> MlflowResult<bool> {
    Ok(!app.store.get_traces(std::slice::from_ref(id)).await?.is_empty())
}

fn check_kind(request: &UpdateAssessment, kind: AssessmentKind) -> MlflowResult<()> {
    let kind_name = match kind {
        AssessmentKind::Feedback => "a Feedback",
        AssessmentKind::Expectation => "an Expectation",
        AssessmentKind::Issue => "an IssueReference",
    };
    let wrong = if request.expectation.is_some() && kind != AssessmentKind::Expectation {
        "expectation"
    } else if request.feedback.is_some() && kind != AssessmentKind::Feedback {
        "feedback"
    } else {
        return Ok(());
    };
    Err(MlflowError::invalid(format!("Cannot update {wrong} value on {kind_name} assessment.")))
}
