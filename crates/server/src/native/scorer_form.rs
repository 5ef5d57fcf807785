//! Scorers and backfills as they are answered.

use crate::scoring::{Judged, Plan, Tried};
use jiff::civil::date;
use jiff::{Span, ToSpan};
use serde_json::Value;
use spanwise_api_types::native::{
    Backfill, BackfillStateName, ScorerCounts, ScorerDay, ScorerError, ScorerLimits, ScorerSkip, ScorerState,
    ScorerSummary, ScorerTryResult,
};
use spanwise_model::OnlineScoring;
use spanwise_score::stored;
use spanwise_store::catalog::{self, BackfillState, ScoringCounts, ScoringLimits, ScoringStatus};

/// Returns a scorer as it is answered; `obstacle` is why it does not run now.
pub(super) fn summary(
    plan: Plan,
    online: Option<&OnlineScoring>,
    status: ScoringStatus,
    obstacle: Option<String>,
    today: i64,
    now_ns: i64,
) -> ScorerSummary {
    let rate = online.map_or(0.0, |online| online.sample_rate);
    let definition = plan.way.as_ref().ok().map(|way| way.scorer.definition());
    // One whose endpoint is missing has a definition all the same.
    let stored = match (definition, stored::read(&plan.scorer.serialized)) {
        (Some(definition), _) => Some(definition.clone()),
        (None, stored::Stored::Runs(scorer)) => Some(scorer.definition().clone()),
        (None, stored::Stored::OfClient(_)) => None,
    };
    let state = match (plan.is_of_client, rate > 0.0, &obstacle) {
        (true, ..) => ScorerState::Client,
        (false, false, _) => ScorerState::Off,
        (false, true, None) => ScorerState::On,
        (false, true, Some(_)) => ScorerState::Blocked,
    };
    let of_today = status.days.iter().find(|(day, _)| *day == today);
    let model = plan.way.as_ref().ok().and_then(|way| way.model.as_ref()).map(|model| model.name.clone());
    let lag = status.oldest_due_ns.map_or(0, |due_ns| now_ns.saturating_sub(due_ns).max(0));
    ScorerSummary {
        experiment_id: plan.scorer.experiment_id.to_string(),
        version: plan.scorer.version,
        description: stored::description(&plan.scorer.serialized),
        kind: stored.as_ref().map(|definition| definition.kind().to_owned()),
        definition: stored.and_then(|definition| serde_json::to_value(definition).ok()),
        model,
        created_ns: plan.scorer.created_ns.to_string(),
        state,
        reason: obstacle,
        sample_rate: rate,
        filter: online.and_then(|online| online.filter.clone()),
        limits: ScorerLimits {
            usd_per_day: status.limits.usd_per_day,
            usd_in_all: status.limits.usd_in_all,
            calls_per_day: status.limits.calls_per_day,
        },
        waiting: status.waiting,
        lag_ns: lag.unsigned_abs(),
        today: of_today.map(|(_, day)| counts(day)).unwrap_or_default(),
        total: counts(&status.total),
        days: status
            .days
            .iter()
            .map(|(day, of_day)| ScorerDay { day: day_text(*day), counts: counts(of_day) })
            .collect(),
        skipped: status.skips.into_iter().map(|(reason, traces)| ScorerSkip { reason, traces }).collect(),
        last_scored_ns: status.last_scored_ns.map(|ns| ns.to_string()),
        last_error: status.last_error.map(|error| ScorerError {
            message: error.message,
            trace_id: error.trace_id,
            at_ns: error.at_ns.to_string(),
        }),
        scorer_id: plan.scorer.scorer_id,
        name: plan.scorer.name,
    }
}

fn day_text(day: i64) -> String {
    let days: Span = day.days();
    date(1970, 1, 1).saturating_add(days).to_string()
}

fn counts(counts: &ScoringCounts) -> ScorerCounts {
    ScorerCounts {
        scored: counts.scored,
        judged: counts.judged,
        passed: counts.passed,
        failed: counts.failed,
        calls: counts.spend.calls,
        unpriced_calls: counts.spend.unpriced_calls,
        input_tokens: counts.spend.input_tokens,
        output_tokens: counts.spend.output_tokens,
        usd: counts.spend.usd,
    }
}

/// Returns limits as the store takes them.
pub(super) fn limits(limits: ScorerLimits) -> ScoringLimits {
    ScoringLimits {
        usd_per_day: limits.usd_per_day,
        usd_in_all: limits.usd_in_all,
        calls_per_day: limits.calls_per_day,
    }
}

/// Returns a job as it is answered.
pub(super) fn backfill(job: catalog::Backfill) -> Backfill {
    Backfill {
        done: job.scored + job.failed + job.skipped,
        backfill_id: job.backfill_id,
        scorer_id: job.scorer_id,
        scorer_name: job.scorer_name,
        experiment_id: job.experiment_id.to_string(),
        filter: job.filter,
        traces_max: job.traces_max,
        again: job.again,
        state: match job.state {
            BackfillState::Running => BackfillStateName::Running,
            BackfillState::Done => BackfillStateName::Done,
            BackfillState::Cancelled => BackfillStateName::Cancelled,
            BackfillState::Failed => BackfillStateName::Failed,
        },
        total: job.total,
        scored: job.scored,
        failed: job.failed,
        skipped: job.skipped,
        created_ns: job.created_ns.to_string(),
        ended_ns: job.ended_ns.map(|ns| ns.to_string()),
        error: job.error,
    }
}

/// Returns what a trial came to.
pub(super) fn try_result(tried: Tried) -> ScorerTryResult {
    match tried {
        Tried::Scored(outcome) => scored(outcome.value, outcome.rationale),
        Tried::Skipped(skip) => {
            ScorerTryResult { skipped: Some(skip.reason().to_owned()), ..ScorerTryResult::default() }
        }
        Tried::Judged(judged, model) => {
            let Judged { outcome, spend, .. } = *judged;
            let result = match outcome {
                Ok(outcome) => scored(outcome.value, outcome.rationale),
                Err(error) => {
                    ScorerTryResult { error: Some(error.to_string()), ..ScorerTryResult::default() }
                }
            };
            let is_counted = spend.input_tokens + spend.output_tokens > 0;
            ScorerTryResult {
                model: Some(model),
                input_tokens: is_counted.then_some(spend.input_tokens),
                output_tokens: is_counted.then_some(spend.output_tokens),
                usd: (spend.calls > 0 && spend.unpriced_calls == 0).then_some(spend.usd),
                ..result
            }
        }
    }
}

fn scored(value: Value, rationale: String) -> ScorerTryResult {
    ScorerTryResult { value: Some(value), rationale: Some(rationale), ..ScorerTryResult::default() }
}
