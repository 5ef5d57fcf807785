//! Asks a model to judge a trace.

use super::endpoint::CallError;
use super::plan::Model;
use crate::App;
use serde_json::Value;
use spanwise_genai::prices::UsageDetails;
use spanwise_model::{ExperimentId, TokenUsage};
use spanwise_score::Outcome;
use spanwise_score::judge::{Question, read_answer, read_reply, request_body};
use spanwise_store::catalog::ScoreSpend;
use std::time::Duration;

/// What a model answered.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Judged {
    /// The score, or why there is none.
    pub(crate) outcome: Result<Outcome, JudgeError>,
    /// What it cost.
    pub(crate) spend: ScoreSpend,
    /// Whether a part of the trace was left out of the question.
    pub(crate) is_cut: bool,
}

/// Why there is no score.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum JudgeError {
    /// Trying again may help.
    #[error("{reason}")]
    Passing {
        /// Why.
        reason: String,
        /// Not before this.
        pause: Option<Duration>,
    },
    /// Nobody is answered now: the key was refused.
    #[error("{0}")]
    Refused(String),
    /// An answer came, and it is no score.
    #[error("{0}")]
    Unreadable(String),
    /// Trying again does not help.
    #[error("{0}")]
    Final(String),
}

impl From<CallError> for JudgeError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Passing { reason, pause } => JudgeError::Passing { reason, pause },
            CallError::Refused(reason) => JudgeError::Refused(reason),
            CallError::NoSchemas(reason) | CallError::Final(reason) => JudgeError::Final(reason),
        }
    }
}

/// Asks a question. A server that can't answer by a schema is asked again without one, and remembered.
pub(super) async fn ask(app: &App, model: &Model, question: &Question, experiment: ExperimentId) -> Judged {
    let mut spend = ScoreSpend::default();
    let reply = match call(model, question).await {
        Ok(reply) => reply,
        Err(error) => return Judged { outcome: Err(error.into()), spend, is_cut: question.is_cut },
    };
    let read = read_reply(&reply);
    let usage = read.as_ref().ok().and_then(|(_, usage)| *usage);
    spend.calls = 1;
    match usage.and_then(|usage| Some((usage, price(app, model, &usage, experiment)?))) {
        Some((_, usd)) => spend.usd = usd,
        None => spend.unpriced_calls = 1,
    }
    if let Some(usage) = usage {
        (spend.input_tokens, spend.output_tokens) = (usage.input, usage.output);
    }
    let outcome = read
        .and_then(|(text, _)| read_answer(question, &text))
        .map_err(|error| JudgeError::Unreadable(error.to_string()));
    Judged { outcome, spend, is_cut: question.is_cut }
}

async fn call(model: &Model, question: &Question) -> Result<Value, CallError> {
    if !model.caller.is_plain() {
        match model.caller.call(&request_body(question, &model.name, true)).await {
            Err(CallError::NoSchemas(_)) => {}
            result => return result,
        }
    }
    model.caller.call(&request_body(question, &model.name, false)).await
}

fn price(app: &App, model: &Model, usage: &TokenUsage, experiment: ExperimentId) -> Option<f64> {
    let prices = app.store.prices();
    let table = prices.of(experiment);
    let cost = table.price(model.provider.as_deref(), &model.name, usage, &UsageDetails::NONE)?;
    Some(cost.total)
}

/// Returns whether the cost of a model's calls is known.
pub(super) fn is_priced(app: &App, model: &Model, experiment: ExperimentId) -> bool {
    let one = TokenUsage { input: 1, output: 1, total: 2, ..TokenUsage::default() };
    price(app, model, &one, experiment).is_some()
}
