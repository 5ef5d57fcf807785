//! Whether the reviewers of a queue agree.

use super::queues::questions;
use crate::App;
use crate::described::{ApiRouter, routes};
use crate::error::Problem;
use crate::native::parameter::NoParameters;
use crate::native::path::Path;
use axum::Json;
use axum::extract::State;
use serde_json::Value;
use spanwise_api_types::native::{self, QuestionAgreement, ReviewAgreement, ReviewerPair};
use spanwise_evaluate::{Answer, RaterPair, agreement};
use spanwise_model::{LabelInput, LabelSchema, ReviewQueueId};
use spanwise_store::catalog::ReviewAnswer;

/// Answers that are looked at.
const ANSWERS_MAX: usize = 200_000;

pub(super) fn routes() -> ApiRouter {
    ApiRouter::new().routes(routes!(get_agreement))
}

/// Says how far the reviewers of a queue agree
///
/// For each question but those that are answered by a text: the share of equal answers about the same trace, and Cohen's
/// kappa. All valid answers of people about the traces of the queue count, wherever they were given; numbers are the same
/// only if they are equal.
#[utoipa::path(
    get,
    path = "/review-queues/{queue_id}/agreement",
    tag = "reviews",
    params(("queue_id" = String, Path, description = "The queue")),
    responses((status = 200, body = ReviewAgreement), (status = 404, body = native::Problem)),
)]
async fn get_agreement(
    State(app): State<App>,
    Path(queue_id): Path<String>,
    _: NoParameters,
) -> Result<Json<ReviewAgreement>, Problem> {
    let queue = app.catalog.get_review_queue(&ReviewQueueId(queue_id)).await?;
    let mut questions = questions(&app, &queue).await?;
    questions.retain(|schema| !matches!(schema.input, LabelInput::Text { .. }));
    let names: Vec<String> = questions.iter().map(|schema| schema.name.clone()).collect();
    let answers = app.catalog.review_answers(&queue.queue_id, &names, ANSWERS_MAX).await?;
    let is_cut = answers.len() == ANSWERS_MAX;
    let texts: Vec<Texts> = answers.into_iter().map(Texts::from).collect();
    let questions = questions.into_iter().map(|schema| of_question(schema, &texts)).collect();
    Ok(Json(ReviewAgreement { questions, is_cut }))
}

/// An answer with its parts as texts that can be compared.
struct Texts {
    trace: String,
    name: String,
    reviewer: String,
    category: String,
}

impl From<ReviewAnswer> for Texts {
    fn from(answer: ReviewAnswer) -> Self {
        Texts {
            trace: answer.trace_id.to_string(),
            name: answer.name,
            reviewer: answer.reviewer,
            category: category(answer.value),
        }
    }
}

/// Writes what is the same in the same way: 1 and 1.0, and a choice of several in whatever order.
fn category(json: String) -> String {
    match serde_json::from_str::<Value>(&json) {
        Ok(Value::Number(number)) => number.as_f64().map_or(json, |number| number.to_string()),
        Ok(Value::Array(items)) => {
            let mut items: Vec<String> = items.iter().map(Value::to_string).collect();
            items.sort();
            items.join(",")
        }
        _ => json,
    }
}

fn of_question(schema: LabelSchema, texts: &[Texts]) -> QuestionAgreement {
    let answers: Vec<Answer<'_>> = texts
        .iter()
        .filter(|texts| texts.name == schema.name)
        .map(|texts| Answer { subject: &texts.trace, rater: &texts.reviewer, category: &texts.category })
        .collect();
    let found = agreement(&answers);
    QuestionAgreement {
        schema_id: schema.schema_id.0,
        name: schema.name,
        answers: answers.len(),
        traces: found.subjects,
        unanimous: found.unanimous,
        share: found.share,
        kappa: found.kappa,
        pairs: found.pairs.into_iter().map(wire_pair).collect(),
    }
}

fn wire_pair(pair: RaterPair) -> ReviewerPair {
    ReviewerPair {
        first: pair.first,
        second: pair.second,
        traces: pair.subjects,
        agreed: pair.agreed,
        kappa: pair.kappa,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_the_same_is_written_in_the_same_way() {
        for (one, other) in [("1", "1.0"), (r#"["b","a"]"#, r#"["a","b"]"#), ("true", "true")] {
            assert_eq!(category(one.to_owned()), category(other.to_owned()));
        }
        assert_ne!(category("true".to_owned()), category("\"true\"".to_owned()));
    }
}
