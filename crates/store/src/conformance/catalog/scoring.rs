//! What is to be scored, and what came of it.

use crate::catalog::{
    BackfillState, BackfillStep, NewBackfill, ScoreEnd, ScoreResult, ScoreSpend, ScoringLimits, Settled,
    SettledTrace,
};
use crate::conformance::build::{assessment, explicit, feedback, span, spans, spans_of, start, trace_id};
use crate::conformance::{TestStore, assert_fails};
use crate::{DeleteTraces, NewExperiment, StoreResult};
use spanwise_model::ErrorKind::NotFound;
use spanwise_model::{AssessmentId, ExperimentId};

const HERE: ExperimentId = ExperimentId::DEFAULT;
const SECOND: i64 = 1_000_000_000;
/// A time after everything that arrives in a case: the store takes the time of day.
const LATER: i64 = 4_000_000_000 * SECOND;
const DAY: i64 = LATER / (86_400 * SECOND);
const HOUR: i64 = 3_600 * SECOND;

/// Registers a scorer and starts it.
async fn started(made: &TestStore, experiment: ExperimentId, name: &str) -> StoreResult<String> {
    let scorer = made.catalog.register_scorer(experiment, name, "{}", &format!("id-{name}")).await?;
    made.catalog.set_online_scoring(experiment, name, 1.0, None, &format!("c-{name}")).await?;
    Ok(scorer.scorer_id)
}

async fn note_and_settle(made: &TestStore, now_ns: i64) -> StoreResult<Vec<SettledTrace>> {
    while made.catalog.note_arrivals(now_ns, 0, 2).await? == 2 {}
    Ok(made.catalog.settle_traces(now_ns, SECOND, HOUR, 100).await?.settled)
}

/// Queues scores of all that settled.
async fn queue(made: &TestStore, scorers: &[&str], settled: &[SettledTrace]) -> StoreResult<()> {
    let places: Vec<i64> = settled.iter().map(|trace| trace.place).collect();
    let pairs = scorers.iter().flat_map(|scorer| places.iter().map(|place| ((*scorer).to_owned(), *place)));
    let settled =
        Settled { scores: pairs.collect(), places: places.clone(), now_ns: LATER, ..Settled::default() };
    made.catalog.queue_scores(settled).await
}

async fn due(made: &TestStore, scorer: &str, now_ns: i64) -> StoreResult<Vec<(i64, u32)>> {
    let due = made.catalog.due_scores(&[scorer.to_owned()], now_ns, 100).await?;
    Ok(due.scores.into_iter().map(|score| (score.place, score.attempts)).collect())
}

fn end(scorer: &str, place: i64, result: ScoreResult) -> ScoreEnd {
    let spend =
        ScoreSpend { calls: 1, input_tokens: 10, output_tokens: 2, usd: 0.25, ..ScoreSpend::default() };
    ScoreEnd { scorer_id: scorer.to_owned(), place, result, spend, now_ns: LATER }
}

fn scored(number: u32, id: &str, value: bool) -> ScoreResult {
    let assessment = assessment(&trace_id(number), id, "s", feedback(value));
    ScoreResult::Scored { assessment: Box::new(assessment), passed: Some(value) }
}

/// Only scorers with a rate above 0 in an active experiment run, in their latest version; a stopped one loses what waits.
pub async fn scorers_are_started_and_stopped(made: &TestStore) -> StoreResult<()> {
    let id = started(made, HERE, "s").await?;
    made.catalog.register_scorer(HERE, "idle", "{}", "id-idle").await?;
    made.catalog.register_scorer(HERE, "s", "{\"v\": 2}", "x").await?;
    let running = made.catalog.running_scorers().await?;
    assert_eq!(
        running.iter().map(|one| (one.scorer.name.as_str(), one.scorer.version)).collect::<Vec<_>>(),
        [("s", 2)]
    );
    let found = made.catalog.get_scorers_by_id(&["id-idle".to_owned(), "absent".to_owned()]).await?;
    assert_eq!(found.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["idle"]);
    made.store.append_spans(vec![spans(&trace_id(1), &[span(1)])]).await?;
    let settled = note_and_settle(made, LATER).await?;
    queue(made, &[&id], &settled).await?;
    assert_eq!(due(made, &id, LATER).await?.len(), 1);
    made.catalog.set_online_scoring(HERE, "s", 0.0, None, "c").await?;
    assert_eq!(due(made, &id, LATER).await?, []);
    assert_eq!(made.catalog.running_scorers().await?, []);
    Ok(())
}

/// What arrived before a scorer was started, or where none runs, is not noted; what arrives later is, once.
pub async fn arrivals_are_noted_once(made: &TestStore) -> StoreResult<()> {
    let other = NewExperiment { name: "other".to_owned(), ..NewExperiment::default() };
    let other = made.store.create_experiment(other).await?.experiment_id;
    made.store.append_spans(vec![spans(&trace_id(1), &[span(1)])]).await?;
    assert_eq!(made.catalog.note_arrivals(LATER, 0, 10).await?, 0);
    let id = started(made, HERE, "s").await?;
    assert_eq!(made.catalog.note_arrivals(LATER, 0, 10).await?, 0);
    let batch = (2..=4).map(|number| spans(&trace_id(number), &[span(1)])).collect();
    made.store.append_spans(batch).await?;
    made.store.append_spans(vec![spans_of(&trace_id(5), explicit(other), "x", &[span(1)])]).await?;
    let settled = note_and_settle(made, LATER).await?;
    let ids: Vec<_> = settled.iter().map(|trace| trace.trace_id.clone()).collect();
    assert_eq!(ids, [trace_id(2), trace_id(3), trace_id(4)]);
    let after = made.catalog.running_scorers().await?[0].after;
    assert!(settled.iter().all(|trace| trace.place > after && trace.has_ended));
    // Until it is said what becomes of them, they stay.
    assert_eq!(made.catalog.count_unsettled().await?, 3);
    assert_eq!(note_and_settle(made, LATER).await?, settled);
    queue(made, &[&id], &settled).await?;
    assert_eq!(note_and_settle(made, LATER).await?, []);
    assert_eq!(made.catalog.count_unsettled().await?, 0);
    // Again, for whoever was interrupted: nothing is queued twice.
    queue(made, &[&id], &settled).await?;
    assert_eq!(due(made, &id, LATER).await?.len(), 3);
    Ok(())
}

/// A trace settles when it has ended and is quiet; one that does not end is given up; one that is gone is forgotten.
pub async fn traces_settle(made: &TestStore) -> StoreResult<()> {
    started(made, HERE, "s").await?;
    made.store.append_spans(vec![spans(&trace_id(1), &[span(1).open()])]).await?;
    made.store.append_spans(vec![spans(&trace_id(2), &[span(1)])]).await?;
    made.store.start_trace(start(&trace_id(3), HERE)).await?;
    made.store.append_spans(vec![spans(&trace_id(4), &[span(1)])]).await?;
    assert_eq!(made.catalog.note_arrivals(LATER, 0, 10).await?, 4);
    made.store.delete_traces(HERE, DeleteTraces::Ids(vec![trace_id(4)])).await?;
    let settling = made.catalog.settle_traces(LATER + SECOND, SECOND, HOUR, 10).await?;
    let ids = |settled: &[SettledTrace]| -> Vec<_> {
        settled.iter().map(|trace| (trace.trace_id.clone(), trace.has_ended)).collect()
    };
    assert_eq!(ids(&settling.settled), [(trace_id(2), true), (trace_id(3), true)]);
    assert_eq!(settling.looked_at, 4);
    queue(made, &[], &settling.settled).await?;
    // The open one is looked at later, or sooner if it changes.
    assert_eq!(made.catalog.settle_traces(LATER + SECOND, SECOND, HOUR, 10).await?.looked_at, 0);
    made.store.append_spans(vec![spans(&trace_id(1), &[span(1)])]).await?;
    made.catalog.hasten_traces(&[trace_id(1), trace_id(77)], LATER + SECOND).await?;
    let settled = made.catalog.settle_traces(LATER + SECOND, SECOND, HOUR, 10).await?.settled;
    assert_eq!(ids(&settled), [(trace_id(1), true)]);
    queue(made, &[], &settled).await?;
    made.store.append_spans(vec![spans(&trace_id(5), &[span(1).open()])]).await?;
    assert_eq!(note_and_settle(made, LATER).await?, []);
    let settled = made.catalog.settle_traces(LATER + 2 * HOUR, SECOND, HOUR, 10).await?.settled;
    assert_eq!(ids(&settled), [(trace_id(5), false)]);
    Ok(())
}

/// Scores are stored as assessments with what was spent, once each; the same score again takes its place.
pub async fn scores_are_stored_and_counted(made: &TestStore) -> StoreResult<()> {
    let id = started(made, HERE, "s").await?;
    let batch = (1..=4).map(|number| spans(&trace_id(number), &[span(1)])).collect();
    made.store.append_spans(batch).await?;
    let settled = note_and_settle(made, LATER).await?;
    queue(made, &[&id], &settled).await?;
    let place = |at: usize| settled[at].place;
    let error = || "the model is away".to_owned();
    made.catalog
        .end_scores(vec![
            end(&id, place(0), scored(1, "a-1", true)),
            end(&id, place(1), scored(2, "a-2", false)),
            end(&id, place(2), ScoreResult::Retry { due_ns: LATER + SECOND, error: error() }),
            end(&id, place(3), ScoreResult::Skipped("no output")),
        ])
        .await?;
    let stored = made.store.get_assessment(&trace_id(2), &AssessmentId("a-2".to_owned())).await?;
    assert_eq!(stored.value, feedback(false));
    assert_eq!(due(made, &id, LATER).await?, []);
    assert_eq!(due(made, &id, LATER + SECOND).await?, [(place(2), 1)]);
    let failed = ScoreResult::Failed { error: "too bad".to_owned(), assessment: None };
    made.catalog.end_scores(vec![end(&id, place(2), failed)]).await?;
    // It is not queued any more.
    made.catalog.end_scores(vec![end(&id, place(0), scored(1, "a-1", false))]).await?;
    assert_eq!(
        made.store.get_assessment(&trace_id(1), &AssessmentId("a-1".to_owned())).await?.value,
        feedback(true)
    );
    // Queued again, the score takes the place of the first.
    queue(made, &[&id], &settled[..1]).await?;
    made.catalog.end_scores(vec![end(&id, place(0), scored(1, "a-1", false))]).await?;
    let info = made.store.get_trace(&trace_id(1)).await?;
    assert_eq!(info.assessments.iter().map(|one| one.value.clone()).collect::<Vec<_>>(), [feedback(false)]);
    let limits = ScoringLimits { usd_per_day: Some(5.0), usd_in_all: None, calls_per_day: Some(9) };
    made.catalog.set_scoring_limits(HERE, "s", limits).await?;
    assert_fails(made.catalog.set_scoring_limits(HERE, "x", limits).await, NotFound);
    let status = made.catalog.scoring_status(&[id.clone(), "absent".to_owned()], DAY).await?;
    assert_eq!(status.len(), 1);
    let status = &status[0];
    let counts = status.total;
    assert_eq!((counts.scored, counts.judged, counts.passed, counts.failed), (3, 3, 1, 1));
    assert_eq!((counts.spend.calls, counts.spend.usd, counts.spend.input_tokens), (7, 1.75, 70));
    assert_eq!(status.days, [(DAY, counts)]);
    assert_eq!(status.skips, [("no output".to_owned(), 1)]);
    assert_eq!((status.waiting, status.limits, status.last_scored_ns), (0, limits, Some(LATER)));
    let last = status.last_error.as_ref().map(|error| (error.message.as_str(), error.trace_id.as_str()));
    assert_eq!(last, Some(("too bad", trace_id(3).to_string().as_str())));
    assert_eq!(made.catalog.scoring_status(&[id], DAY + 1).await?[0].days, []);
    Ok(())
}

/// A trace that was deleted before it was scored is told, and takes no score.
pub async fn deleted_traces_are_not_scored(made: &TestStore) -> StoreResult<()> {
    let id = started(made, HERE, "s").await?;
    made.store.append_spans(vec![spans(&trace_id(1), &[span(1)])]).await?;
    let settled = note_and_settle(made, LATER).await?;
    queue(made, &[&id], &settled).await?;
    made.store.delete_traces(HERE, DeleteTraces::Ids(vec![trace_id(1)])).await?;
    let due = made.catalog.due_scores(std::slice::from_ref(&id), LATER, 10).await?;
    assert_eq!(due.scores.iter().map(|score| score.trace_id.clone()).collect::<Vec<_>>(), [None]);
    made.catalog.end_scores(vec![end(&id, settled[0].place, scored(1, "a-1", true))]).await?;
    let status = made.catalog.scoring_status(std::slice::from_ref(&id), DAY).await?;
    assert_eq!((status[0].total.scored, status[0].skips[0].1, status[0].waiting), (0, 1, 0));
    made.catalog.delete_scorer(HERE, "s", None).await?;
    assert_eq!(made.catalog.scoring_status(&[id], DAY).await?, []);
    Ok(())
}

fn new_backfill(id: &str) -> NewBackfill {
    NewBackfill {
        backfill_id: id.to_owned(),
        experiment_id: HERE,
        name: "s".to_owned(),
        filter: Some("status = 'OK'".to_owned()),
        again: true,
        traces_max: Some(3),
        total: 3,
        now_ns: LATER,
    }
}

/// A job goes on from where it was, counts what it did, and is done when the last of its traces is.
pub async fn a_backfill_is_advanced_until_it_is_done(made: &TestStore) -> StoreResult<()> {
    let id = made.catalog.register_scorer(HERE, "s", "{}", "id-s").await?.scorer_id;
    let batch = (1..=3).map(|number| spans(&trace_id(number), &[span(1)])).collect();
    made.store.append_spans(batch).await?;
    let job = made.catalog.create_backfill(new_backfill("b")).await?;
    assert_eq!(
        (job.state, job.total, job.scorer_name.as_str(), job.again),
        (BackfillState::Running, 3, "s", true)
    );
    let traces = vec![trace_id(1), trace_id(2)];
    let step =
        BackfillStep { traces, cursor: Some("c".to_owned()), now_ns: LATER, ..BackfillStep::default() };
    made.catalog.advance_backfill("b", step).await?;
    let running = made.catalog.running_backfills().await?;
    assert_eq!(
        (running[0].cursor.as_deref(), running[0].waiting, running[0].is_searched),
        (Some("c"), 2, false)
    );
    let last = BackfillStep { skipped: 1, is_last: true, now_ns: LATER, ..BackfillStep::default() };
    made.catalog.advance_backfill("b", last).await?;
    let due = made.catalog.due_scores(std::slice::from_ref(&id), LATER, 10).await?.scores;
    assert!(due.iter().all(|score| score.is_backfill));
    made.catalog.end_scores(vec![end(&id, due[0].place, scored(1, "a-1", true))]).await?;
    assert_eq!(made.catalog.get_backfill("b").await?.state, BackfillState::Running);
    let failed = ScoreResult::Failed { error: "x".to_owned(), assessment: None };
    made.catalog.end_scores(vec![end(&id, due[1].place, failed)]).await?;
    let job = made.catalog.get_backfill("b").await?;
    assert_eq!(
        (job.state, job.queued, job.scored, job.failed, job.skipped),
        (BackfillState::Done, 2, 1, 1, 1)
    );
    assert_eq!(job.ended_ns, Some(LATER));
    assert_eq!(made.catalog.running_backfills().await?, []);
    assert_eq!(made.catalog.list_backfills(Some(&id), 10).await?, [job]);
    Ok(())
}

/// A cancelled job takes what is queued of it along, and stays cancelled.
pub async fn a_backfill_can_be_cancelled(made: &TestStore) -> StoreResult<()> {
    let id = made.catalog.register_scorer(HERE, "s", "{}", "id-s").await?.scorer_id;
    made.store.append_spans(vec![spans(&trace_id(1), &[span(1)])]).await?;
    made.catalog.create_backfill(new_backfill("b")).await?;
    let step = || BackfillStep { traces: vec![trace_id(1)], now_ns: LATER, ..BackfillStep::default() };
    made.catalog.advance_backfill("b", step()).await?;
    let job = made.catalog.end_backfill("b", BackfillState::Cancelled, None).await?;
    assert_eq!((job.state, job.queued), (BackfillState::Cancelled, 1));
    assert_eq!(due(made, &id, LATER).await?, []);
    made.catalog.advance_backfill("b", step()).await?;
    let again = made.catalog.end_backfill("b", BackfillState::Failed, Some("no")).await?;
    assert_eq!((again.state, again.error, again.queued), (BackfillState::Cancelled, None, 1));
    assert_eq!(due(made, &id, LATER).await?, []);
    assert_fails(made.catalog.get_backfill("absent").await, NotFound);
    assert_fails(
        made.catalog.create_backfill(NewBackfill { name: "x".to_owned(), ..new_backfill("b") }).await,
        NotFound,
    );
    Ok(())
}
