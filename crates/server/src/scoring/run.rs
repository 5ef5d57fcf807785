//! Scores traces.

use super::budget::{DAY_NS, Refusal};
use super::endpoint::InFlight;
use super::judge::{self, JudgeError, Judged};
use super::plan::{Model, Plan, Way};
use super::view::{ViewError, view};
use super::worker::STORE_PAUSE;
use crate::App;
use crate::clock::now_ns;
use futures_util::{StreamExt, stream};
use sha2::{Digest, Sha256};
use spanwise_model::{
    Assessment, AssessmentError, AssessmentId, AssessmentSource, AssessmentValue, ScorerVersion, SourceType,
    TraceId, TraceInfo,
};
use spanwise_score::judge::write_question;
use spanwise_score::{Needs, Outcome, Skip, TraceView, Verdict};
use spanwise_store::catalog::{QueuedScore, ScoreEnd, ScoreResult, ScoreSpend};
use spanwise_store::{StoreError, StoreResult};
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

/// Attempts before a score is given up.
const ATTEMPTS_MAX: u32 = 8;
/// Answers that can't be read before a score is given up.
const UNREADABLE_MAX: u32 = 3;
/// The pause after the first failed attempt; twice as long after each further one.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause of our own.
const PAUSE_MAX: Duration = Duration::from_secs(300);
/// Traces of a batch that are read at one time.
const TRACES_AT_ONCE: usize = 4;
/// Nanoseconds until a score is tried again that waits for calls under way.
const SHORTLY_NS: i64 = 200_000_000;

/// Scores a batch that needs no model: each trace is read once for all of its scorers. Returns what is to be stored.
pub(super) async fn score_batch(
    app: &App,
    plans: &HashMap<String, Plan>,
    batch: Vec<QueuedScore>,
) -> StoreResult<Vec<ScoreEnd>> {
    let mut by_trace: BTreeMap<i64, Vec<QueuedScore>> = BTreeMap::new();
    for score in batch {
        by_trace.entry(score.place).or_default().push(score);
    }
    let scored = stream::iter(by_trace.into_values()).map(|scores| score_trace(app, plans, scores));
    let results: Vec<StoreResult<Vec<ScoreEnd>>> = scored.buffer_unordered(TRACES_AT_ONCE).collect().await;
    let mut ends = Vec::new();
    for result in results {
        ends.extend(result?);
    }
    Ok(ends)
}

async fn score_trace(
    app: &App,
    plans: &HashMap<String, Plan>,
    scores: Vec<QueuedScore>,
) -> StoreResult<Vec<ScoreEnd>> {
    let mut ends = Vec::new();
    let mut ready: Vec<(QueuedScore, &Plan, &Way)> = Vec::new();
    for score in scores {
        match plans.get(&score.scorer_id).map(|plan| (plan, &plan.way)) {
            Some((plan, Ok(way))) if score.trace_id.is_some() => ready.push((score, plan, way)),
            Some((_, Ok(_))) => ends.push(end(&score, ScoreResult::Skipped("deleted before it was scored"))),
            _ => ends.push(end(&score, ScoreResult::Skipped("the scorer can't run"))),
        }
    }
    let Some(id) = ready.first().and_then(|(score, ..)| score.trace_id.clone()) else { return Ok(ends) };
    let needs = ready.iter().map(|(_, _, way)| way.scorer.needs()).max().unwrap_or(Needs::Record);
    let seen = see(app, &id, needs).await?;
    for (score, plan, way) in ready {
        let result = match &seen {
            Seen::Gone => ScoreResult::Skipped("deleted before it was scored"),
            Seen::TooLarge(error) => failed(plan, None, &id, error.clone(), None),
            Seen::Trace(info, view) => match way.scorer.score(view) {
                Some(Verdict::Scored(outcome)) => {
                    scored(assessment(&plan.scorer, info, Some(&outcome), None), &outcome)
                }
                Some(Verdict::Skipped(skip)) => ScoreResult::Skipped(skip.reason()),
                None => ScoreResult::Skipped("the scorer can't run"),
            },
        };
        ends.push(end(&score, result));
    }
    Ok(ends)
}

/// What was found of a trace.
enum Seen {
    Gone,
    TooLarge(String),
    Trace(Box<TraceInfo>, Box<TraceView>),
}

async fn see(app: &App, id: &TraceId, needs: Needs) -> StoreResult<Seen> {
    let seen = async {
        let info = app.store.get_trace(id).await?;
        let view = view(app, &info, needs).await?;
        Ok(Seen::Trace(Box::new(info), Box::new(view)))
    };
    match seen.await {
        Err(ViewError::TooLarge(what)) => Ok(Seen::TooLarge(ViewError::TooLarge(what).to_string())),
        Err(ViewError::Store(error)) if error.kind() == spanwise_model::ErrorKind::NotFound => Ok(Seen::Gone),
        Err(ViewError::Store(error)) => Err(error),
        Ok(seen) => Ok(seen),
    }
}

/// Lets a judge score a trace, and stores what comes of it. Its budget was asked for the call.
pub(super) async fn judge_and_store(app: &App, plan: &Plan, way: &Way, model: &Model, score: &QueuedScore) {
    let ended = judge_queued(app, plan, way, model, score).await;
    let spend = ended.as_ref().map(|ended| ended.spend).unwrap_or_default();
    app.scoring.budget.end(&plan.scorer.scorer_id, &spend);
    let stored = match ended {
        Ok(ended) => app.catalog.end_scores(vec![ended]).await,
        Err(error) => Err(error),
    };
    if let Err(error) = stored {
        tracing::error!("cannot score a trace with `{}`: {error}", plan.scorer.name);
        // Else the same score would be due again at once.
        tokio::time::sleep(STORE_PAUSE).await;
    }
}

async fn judge_queued(
    app: &App,
    plan: &Plan,
    way: &Way,
    model: &Model,
    score: &QueuedScore,
) -> StoreResult<ScoreEnd> {
    let Some(id) = &score.trace_id else {
        return Ok(end(score, ScoreResult::Skipped("deleted before it was scored")));
    };
    let (info, view) = match see(app, id, way.scorer.needs()).await? {
        Seen::Trace(info, view) => (info, view),
        Seen::Gone => return Ok(end(score, ScoreResult::Skipped("deleted before it was scored"))),
        Seen::TooLarge(error) => return Ok(end(score, failed(plan, Some(model), id, error, None))),
    };
    let question = match write_question(way.scorer.definition(), &view) {
        Some(Ok(question)) => question,
        Some(Err(skip)) => return Ok(end(score, ScoreResult::Skipped(skip.reason()))),
        None => return Ok(end(score, ScoreResult::Skipped("the scorer can't run"))),
    };
    let judged = judge::ask(app, model, &question, plan.scorer.experiment_id).await;
    let spend = judged.spend;
    let result = match &judged.outcome {
        Ok(outcome) => {
            scored(assessment(&plan.scorer, &info, Some(outcome), Some((model, &judged))), outcome)
        }
        Err(error) => after_error(plan, model, &info, score.attempts, error, &judged),
    };
    Ok(ScoreEnd { spend, ..end(score, result) })
}

/// What becomes of a score that may not be paid for: of new traces it is given up, a backfill waits for the next day.
pub(super) fn refused(refusal: Refusal, is_backfill: bool) -> ScoreResult {
    match refusal {
        Refusal::ForNow => ScoreResult::Later { due_ns: now_ns().saturating_add(SHORTLY_NS) },
        Refusal::UntilTomorrow(_) if is_backfill => {
            ScoreResult::Later { due_ns: (now_ns().div_euclid(DAY_NS) + 1) * DAY_NS }
        }
        Refusal::UntilTomorrow(reason) | Refusal::ForEver(reason) => ScoreResult::Skipped(reason),
    }
}

fn after_error(
    plan: &Plan,
    model: &Model,
    info: &TraceInfo,
    attempts: u32,
    error: &JudgeError,
    judged: &Judged,
) -> ScoreResult {
    let reason = error.to_string();
    let (is_over, asked) = match error {
        JudgeError::Passing { pause, .. } => (attempts + 1 >= ATTEMPTS_MAX, pause.unwrap_or_default()),
        JudgeError::Unreadable(_) => (attempts + 1 >= UNREADABLE_MAX, Duration::ZERO),
        JudgeError::Final(_) => (true, Duration::ZERO),
        // The endpoint is left alone for a while, and no attempt is counted: only its operator can help.
        JudgeError::Refused(_) => {
            return ScoreResult::Later { due_ns: now_ns().saturating_add(SHORTLY_NS) };
        }
    };
    if is_over {
        return failed(plan, Some(model), &info.trace_id, reason, Some((info, judged)));
    }
    let pause = pause_after(attempts, &info.trace_id).max(asked);
    let pause_ns = i64::try_from(pause.as_nanos()).unwrap_or(i64::MAX);
    ScoreResult::Retry { due_ns: now_ns().saturating_add(pause_ns), error: reason }
}

/// Returns the pause after a failed attempt: twice as long each time, and up to half as long again, so that those who failed
/// together do not come back together.
fn pause_after(attempts: u32, trace: &TraceId) -> Duration {
    let pause = (FIRST_PAUSE * 2_u32.saturating_pow(attempts.min(20))).min(PAUSE_MAX);
    let digest = Sha256::digest(format!("{trace} {attempts}"));
    pause + pause.mul_f64(f64::from(digest[0]) / 512.0)
}

fn end(score: &QueuedScore, result: ScoreResult) -> ScoreEnd {
    ScoreEnd {
        scorer_id: score.scorer_id.clone(),
        place: score.place,
        result,
        spend: ScoreSpend::default(),
        now_ns: now_ns(),
    }
}

/// Says what becomes of a score that is not looked at.
pub(super) fn end_unseen(score: &QueuedScore, result: ScoreResult) -> ScoreEnd {
    end(score, result)
}

fn scored(assessment: Assessment, outcome: &Outcome) -> ScoreResult {
    ScoreResult::Scored { assessment: Box::new(assessment), passed: outcome.passed() }
}

fn failed(
    plan: &Plan,
    model: Option<&Model>,
    id: &TraceId,
    error: String,
    judged: Option<(&TraceInfo, &Judged)>,
) -> ScoreResult {
    let assessment = judged.zip(model).map(|((info, judged), model)| {
        let mut assessment = assessment(&plan.scorer, info, None, Some((model, judged)));
        let error = AssessmentError {
            error_code: Some("JUDGE_FAILED".to_owned()),
            error_message: Some(error.clone()),
            stack_trace: None,
        };
        assessment.value = AssessmentValue::Feedback { value: None, error: Some(error) };
        Box::new(assessment)
    });
    tracing::warn!(scorer = plan.scorer.name, trace_id = %id, "a trace could not be scored: {error}");
    ScoreResult::Failed { error, assessment }
}

/// Returns the id of what a version of a scorer says of a trace: the same each time, so that it takes its own place.
pub(super) fn assessment_id(scorer: &ScorerVersion, trace: &TraceId) -> AssessmentId {
    let text = format!("{}\n{}\n{trace}", scorer.scorer_id, scorer.version);
    let hex: String = Sha256::digest(text).iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    AssessmentId(format!("a-{hex}"))
}

/// Returns whether a version of a scorer has scored a trace.
pub(super) fn has_scored(scorer: &ScorerVersion, info: &TraceInfo) -> bool {
    let id = assessment_id(scorer, &info.trace_id);
    info.assessments.iter().any(|one| {
        one.assessment_id == id && matches!(one.value, AssessmentValue::Feedback { error: None, .. })
    })
}

/// The key of metadata that says which scorer made an assessment; all of its versions share it.
const SCORER_ID: &str = "spanwise.scorerId";

fn assessment(
    scorer: &ScorerVersion,
    info: &TraceInfo,
    outcome: Option<&Outcome>,
    judged: Option<(&Model, &Judged)>,
) -> Assessment {
    let now = now_ns();
    let key = |name: &str| format!("mlflow.assessment.{name}");
    let mut metadata = BTreeMap::from([
        (key("scorerName"), scorer.name.clone()),
        (key("scorerVersion"), scorer.version.to_string()),
        (SCORER_ID.to_owned(), scorer.scorer_id.clone()),
    ]);
    let mut source = AssessmentSource { source_type: SourceType::Code, source_id: Some(scorer.name.clone()) };
    if let Some((model, judged)) = judged {
        source = AssessmentSource { source_type: SourceType::LlmJudge, source_id: Some(model.name.clone()) };
        let spend = &judged.spend;
        if spend.calls > 0 && spend.unpriced_calls == 0 {
            metadata.insert(key("judgeCost"), spend.usd.to_string());
        }
        if spend.input_tokens + spend.output_tokens > 0 {
            metadata.insert(key("judgeInputTokens"), spend.input_tokens.to_string());
            metadata.insert(key("judgeOutputTokens"), spend.output_tokens.to_string());
        }
        if judged.is_cut {
            metadata.insert("spanwise.judgedInPart".to_owned(), "true".to_owned());
        }
    }
    let assessment_id = assessment_id(scorer, &info.trace_id);
    // What an earlier version said is not valid any more; it can still be read.
    let earlier = info.assessments.iter().rev().find(|one| {
        one.valid
            && one.assessment_id != assessment_id
            && one.metadata.get(SCORER_ID) == Some(&scorer.scorer_id)
    });
    let own = info.assessments.iter().find(|one| one.assessment_id == assessment_id);
    Assessment {
        trace_id: info.trace_id.clone(),
        name: scorer.name.clone(),
        value: AssessmentValue::Feedback { value: outcome.map(|outcome| outcome.value.clone()), error: None },
        source,
        span_id: None,
        created_ns: own.map_or(now, |own| own.created_ns),
        last_updated_ns: now,
        rationale: outcome.map(|outcome| outcome.rationale.clone()).filter(|text| !text.is_empty()),
        metadata,
        overrides: own.and_then(|own| own.overrides.clone()).or(earlier.map(|one| one.assessment_id.clone())),
        valid: true,
        assessment_id,
    }
}

/// What a scorer would say of a trace.
#[derive(Debug)]
pub(crate) enum Tried {
    /// A score.
    Scored(Outcome),
    /// There is nothing to score.
    Skipped(Skip),
    /// What a model was asked for.
    Judged(Box<Judged>, String),
}

/// Runs a scorer on a trace and stores nothing.
pub(crate) async fn try_on(app: &App, way: &Way, id: &TraceId) -> StoreResult<Tried> {
    let (info, view) = match see(app, id, way.scorer.needs()).await? {
        Seen::Trace(info, view) => (info, view),
        Seen::Gone => return Err(StoreError::not_found(format!("no trace `{id}`"))),
        Seen::TooLarge(error) => return Err(StoreError::invalid(error)),
    };
    match (way.scorer.score(&view), &way.model) {
        (Some(Verdict::Scored(outcome)), _) => Ok(Tried::Scored(outcome)),
        (Some(Verdict::Skipped(skip)), _) => Ok(Tried::Skipped(skip)),
        (None, Some(model)) => match write_question(way.scorer.definition(), &view) {
            Some(Ok(question)) => {
                let _in_flight = InFlight::begin(&model.caller);
                let judged = judge::ask(app, model, &question, info.experiment_id).await;
                Ok(Tried::Judged(Box::new(judged), model.name.clone()))
            }
            Some(Err(skip)) => Ok(Tried::Skipped(skip)),
            None => Err(StoreError::invalid("the scorer can't run")),
        },
        (None, None) => Err(StoreError::invalid("the scorer can't run")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_differ() {
        let id = TraceId::Text("t".into());
        let pauses: Vec<Duration> = (0..12).map(|attempts| pause_after(attempts, &id)).collect();
        for (attempts, pause) in pauses.iter().enumerate() {
            let least = Duration::from_secs(1 << attempts).min(PAUSE_MAX);
            assert!((least..=least.mul_f64(1.5)).contains(pause), "{attempts}: {pause:?}");
        }
        assert_ne!(pause_after(3, &id), pause_after(3, &TraceId::Text("u".into())));
    }

    #[test]
    fn a_version_has_one_id_for_a_trace() {
        let scorer = |version: i64| ScorerVersion {
            scorer_id: "s".to_owned(),
            experiment_id: spanwise_model::ExperimentId(0),
            name: "s".to_owned(),
            version,
            serialized: String::new(),
            created_ns: 0,
        };
        let id = TraceId::Otel([1; 16]);
        assert_eq!(assessment_id(&scorer(1), &id), assessment_id(&scorer(1), &id));
        assert_ne!(assessment_id(&scorer(1), &id), assessment_id(&scorer(2), &id));
    }
}
