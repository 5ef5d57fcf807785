//! Review queues: their questions, the traces in them, and the work of reviewers on these.
//!
//! Names and inputs are checked by MLflow's rules and refused in its words, so that what one API takes the other does too.

mod agreement;
mod answer;
mod items;
mod queues;
mod schemas;
mod work;

use crate::App;
use crate::described::ApiRouter;
use crate::error::Problem;
use serde_json::{Map, Value};
use spanwise_api_types::mlflow::field::{Fields, FromFields};
use spanwise_api_types::native::{ReviewItem, ReviewProgress, ReviewStateName, ReviewerProgress};
use spanwise_model::limit::REVIEW_USER_CHARS_MAX;
use spanwise_model::{ReviewQueue, TraceId};
use spanwise_store::catalog::Review;
use std::collections::HashMap;

pub(super) fn routes() -> ApiRouter {
    ApiRouter::new()
        .merge(schemas::routes())
        .merge(queues::routes())
        .merge(items::routes())
        .merge(work::routes())
        .merge(agreement::routes())
}

/// Reads what MLflow's API would take.
fn read<T: FromFields>(fields: &Map<String, Value>) -> Result<T, Problem> {
    T::from_fields(&Fields::of_body(fields)).map_err(|error| Problem::invalid(error.to_string()))
}

/// Reads who reviews. As in MLflow, names that differ by case alone are one.
fn reviewer(name: &str) -> Result<String, Problem> {
    let name = name.trim().to_lowercase();
    let chars = name.chars().count();
    if name.is_empty() || name.contains('\0') {
        return Err(Problem::invalid("`reviewer` is empty or holds NUL; expected a name"));
    }
    if chars > REVIEW_USER_CHARS_MAX {
        return Err(Problem::invalid(format!(
            "`reviewer` has {chars} characters; the limit is {REVIEW_USER_CHARS_MAX}"
        )));
    }
    Ok(name)
}

async fn progress(app: &App, queues: &[ReviewQueue]) -> Result<Vec<ReviewProgress>, Problem> {
    let progress = app.catalog.review_progress(queues).await?;
    Ok(progress.into_iter().map(wire_progress).collect())
}

async fn progress_of(app: &App, queue: &ReviewQueue) -> Result<ReviewProgress, Problem> {
    let found = app.catalog.review_progress(std::slice::from_ref(queue)).await?.pop();
    Ok(wire_progress(found.unwrap_or_default()))
}

fn wire_progress(progress: spanwise_store::catalog::ReviewProgress) -> ReviewProgress {
    let reviewers = progress.reviewers.into_iter().map(|one| ReviewerProgress {
        reviewer: one.reviewer,
        in_progress: one.in_progress,
        complete: one.complete,
        skipped: one.skipped,
        mean_ns: one.mean_ns,
    });
    ReviewProgress {
        total: progress.pending + progress.in_progress + progress.complete + progress.declined,
        pending: progress.pending,
        in_progress: progress.in_progress,
        complete: progress.complete,
        declined: progress.declined,
        reviewers: reviewers.collect(),
    }
}

/// Makes the answers of traces of a queue, each with the trace in short.
async fn wire_items(app: &App, reviews: Vec<Review>) -> Result<Vec<ReviewItem>, Problem> {
    let ids: Vec<TraceId> = reviews.iter().map(|review| review.item.trace_id.clone()).collect();
    let traces = app.store.get_traces(&ids).await?;
    let mut traces: HashMap<TraceId, _> =
        traces.into_iter().map(|trace| (trace.trace_id.clone(), trace)).collect();
    let wire = |review: Review| {
        let (held_by, held_until) = review.held_by.unzip();
        ReviewItem {
            trace: traces.remove(&review.item.trace_id).map(Into::into),
            trace_id: review.item.trace_id.to_string(),
            state: ReviewStateName::new(review.item.status, held_by.is_some()),
            held_by,
            held_until_ns: held_until.map(|ns: i64| ns.to_string()),
            completed_by: review.item.completed_by,
            completed_ns: review.item.completed_ns.map(|ns| ns.to_string()),
            answered_by: review.answered_by,
            skipped_by: review.skipped_by,
            created_ns: review.item.created_ns.to_string(),
        }
    };
    Ok(reviews.into_iter().map(wire).collect())
}
