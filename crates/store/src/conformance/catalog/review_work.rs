//! Work on review queues.

use crate::catalog::{
    AddedToReview, FinishedReview, NewReviewQueue, Review, ReviewClaim, ReviewOutcome, ReviewQuery,
    ReviewScope, ReviewState,
};
use crate::conformance::build::{assessment, feedback, start, trace_id};
use crate::conformance::{TestStore, assert_fails};
use crate::{DeleteTraces, NewExperiment, StoreResult};
use spanwise_model::ErrorKind::{AlreadyExists, NotFound};
use spanwise_model::{
    AssessmentId, ExperimentId, ReviewQueueId, ReviewQueueType, ReviewStatus, SourceType, TraceId,
};

const HERE: ExperimentId = ExperimentId::DEFAULT;
/// Later than any test runs.
const FOREVER: i64 = i64::MAX;
/// A time that is over.
const PAST: i64 = 1;

fn queue() -> ReviewQueueId {
    ReviewQueueId("q".to_owned())
}

/// Makes a queue with traces of these numbers, in this order.
async fn filled(made: &TestStore, numbers: &[u32]) -> StoreResult<()> {
    made.catalog
        .create_review_queue(NewReviewQueue {
            queue_id: queue(),
            experiment_id: HERE,
            name: "Queue".to_owned(),
            queue_type: ReviewQueueType::Custom,
            created_by: None,
            users: Vec::new(),
            schema_ids: Vec::new(),
        })
        .await?;
    for number in numbers {
        made.store.start_trace(start(&trace_id(*number), HERE)).await?;
        made.catalog.add_to_review(&queue(), &[trace_id(*number)]).await?;
    }
    Ok(())
}

async fn claim(
    made: &TestStore,
    reviewer: &str,
    count: usize,
    scope: ReviewScope,
) -> StoreResult<Vec<TraceId>> {
    claim_until(made, reviewer, count, scope, FOREVER).await
}

async fn claim_until(
    made: &TestStore,
    reviewer: &str,
    count: usize,
    scope: ReviewScope,
    held_until_ns: i64,
) -> StoreResult<Vec<TraceId>> {
    let reviewer = reviewer.to_owned();
    let claim = ReviewClaim { queue_id: queue(), reviewer, scope, count, held_until_ns };
    let held = made.catalog.claim_reviews(claim).await?;
    Ok(held.into_iter().map(|review| review.item.trace_id).collect())
}

async fn finish(
    made: &TestStore,
    reviewer: &str,
    number: u32,
    outcome: ReviewOutcome,
) -> StoreResult<Review> {
    let finished = FinishedReview {
        queue_id: queue(),
        trace_id: trace_id(number),
        reviewer: reviewer.to_owned(),
        outcome,
        assessments: vec![AssessmentId(format!("{reviewer}-{number}"))],
    };
    made.catalog.finish_review(finished).await
}

fn ids(numbers: &[u32]) -> Vec<TraceId> {
    numbers.iter().map(|number| trace_id(*number)).collect()
}

/// What is new, what was there, and what belongs elsewhere.
pub async fn traces_are_added_and_counted(made: &TestStore) -> StoreResult<()> {
    filled(made, &[1]).await?;
    made.store.start_trace(start(&trace_id(2), HERE)).await?;
    let new = NewExperiment { name: "e".to_owned(), ..NewExperiment::default() };
    let elsewhere = made.store.create_experiment(new).await?.experiment_id;
    made.store.start_trace(start(&trace_id(3), elsewhere)).await?;
    let added = made.catalog.add_to_review(&queue(), &ids(&[1, 2, 3, 4, 2])).await?;
    assert_eq!(added, AddedToReview { added: 1, present: 2, missing: 2 });
    assert_fails(made.catalog.add_to_review(&ReviewQueueId("z".to_owned()), &[]).await, NotFound);
    Ok(())
}

/// In the order in which they came; whoever asks again gets the same.
pub async fn two_reviewers_never_hold_the_same_trace(made: &TestStore) -> StoreResult<()> {
    filled(made, &[3, 1, 2, 4]).await?;
    assert_eq!(claim(made, "ann", 2, ReviewScope::Pending).await?, ids(&[3, 1]));
    assert_eq!(claim(made, "bob", 1, ReviewScope::Pending).await?, ids(&[2]));
    assert_eq!(claim(made, "ann", 2, ReviewScope::Pending).await?, ids(&[3, 1]));
    assert_eq!(claim(made, "ann", 9, ReviewScope::Pending).await?, ids(&[3, 1, 4]));
    assert_fails(claim(made, "bob", 1, ReviewScope::Trace(trace_id(3))).await, AlreadyExists);
    assert_fails(finish(made, "bob", 3, ReviewOutcome::Complete).await, AlreadyExists);
    assert_fails(claim(made, "bob", 1, ReviewScope::Trace(trace_id(9))).await, NotFound);
    let review = made.catalog.get_review(&queue(), &trace_id(3)).await?;
    assert_eq!(review.held_by, Some(("ann".to_owned(), FOREVER)));
    assert_eq!(made.catalog.release_reviews(&queue(), "ann").await?, 3);
    assert_eq!(claim(made, "bob", 3, ReviewScope::Pending).await?, ids(&[2, 3, 1]));
    Ok(())
}

/// Who comes back before another took it finds it again.
pub async fn a_trace_is_held_for_a_while(made: &TestStore) -> StoreResult<()> {
    filled(made, &[1, 2]).await?;
    assert_eq!(claim_until(made, "ann", 1, ReviewScope::Pending, PAST).await?, ids(&[1]));
    assert_eq!(made.catalog.get_review(&queue(), &trace_id(1)).await?.held_by, None);
    assert_eq!(claim_until(made, "ann", 1, ReviewScope::Pending, PAST).await?, ids(&[1]));
    assert_eq!(claim(made, "bob", 1, ReviewScope::Pending).await?, ids(&[1]));
    assert_eq!(claim(made, "ann", 1, ReviewScope::Pending).await?, ids(&[2]));
    Ok(())
}

/// The status is the one that MLflow's API tells.
pub async fn work_ends_in_three_ways(made: &TestStore) -> StoreResult<()> {
    filled(made, &[1, 2, 3]).await?;
    claim(made, "ann", 3, ReviewScope::Pending).await?;
    let done = finish(made, "ann", 1, ReviewOutcome::Complete).await?;
    assert_eq!((done.item.status, done.item.completed_by.as_deref()), (ReviewStatus::Complete, Some("ann")));
    assert_eq!((done.held_by, done.answered_by), (None, vec!["ann".to_owned()]));
    let declined = finish(made, "ann", 2, ReviewOutcome::Declined).await?;
    assert_eq!(declined.item.status, ReviewStatus::Declined);
    let skipped = finish(made, "ann", 3, ReviewOutcome::Skipped).await?;
    assert_eq!((skipped.item.status, skipped.skipped_by), (ReviewStatus::Pending, vec!["ann".to_owned()]));
    // What she skipped is for others, unless she wants it after all.
    assert!(claim(made, "ann", 9, ReviewScope::Pending).await?.is_empty());
    assert_eq!(claim(made, "ann", 9, ReviewScope::Skipped).await?, ids(&[3]));
    made.catalog.release_reviews(&queue(), "ann").await?;
    assert_eq!(claim(made, "bob", 9, ReviewScope::Pending).await?, ids(&[3]));
    let states = |state| ReviewQuery { queue_id: queue(), state, limit: 2, offset: 0 };
    let all = made.catalog.find_reviews(states(None)).await?;
    assert_eq!((all.reviews.len(), all.has_more), (2, true));
    for (state, number) in
        [(ReviewState::Complete, 1), (ReviewState::Declined, 2), (ReviewState::InProgress, 3)]
    {
        let page = made.catalog.find_reviews(states(Some(state))).await?;
        let found: Vec<_> = page.reviews.into_iter().map(|review| review.item.trace_id).collect();
        assert_eq!(found, ids(&[number]), "{state:?}");
    }
    assert!(made.catalog.find_reviews(states(Some(ReviewState::Pending))).await?.reviews.is_empty());
    Ok(())
}

/// It is told which assessments the answers had become.
pub async fn what_a_reviewer_did_can_be_taken_back(made: &TestStore) -> StoreResult<()> {
    filled(made, &[1]).await?;
    finish(made, "ann", 1, ReviewOutcome::Complete).await?;
    let given = made.catalog.reopen_review(&queue(), &trace_id(1), "ann", FOREVER).await?;
    assert_eq!(given, [AssessmentId("ann-1".to_owned())]);
    let review = made.catalog.get_review(&queue(), &trace_id(1)).await?;
    assert_eq!((review.item.status, review.item.completed_by), (ReviewStatus::Pending, None));
    assert_eq!(review.held_by, Some(("ann".to_owned(), FOREVER)));
    assert_fails(claim(made, "bob", 1, ReviewScope::Trace(trace_id(1))).await, AlreadyExists);
    // Set through MLflow's API, nobody is at it any more.
    finish(made, "ann", 1, ReviewOutcome::Complete).await?;
    made.catalog.set_review_status(&queue(), &trace_id(1), ReviewStatus::Pending, None).await?;
    assert!(made.catalog.reopen_review(&queue(), &trace_id(1), "ann", PAST).await?.is_empty());
    Ok(())
}

/// It changes nothing about who completed the trace, until the first one takes that back.
pub async fn a_second_opinion_can_be_given(made: &TestStore) -> StoreResult<()> {
    filled(made, &[1, 2]).await?;
    finish(made, "ann", 1, ReviewOutcome::Complete).await?;
    assert!(claim(made, "ann", 9, ReviewScope::SecondOpinion).await?.is_empty());
    assert_eq!(claim(made, "bob", 9, ReviewScope::SecondOpinion).await?, ids(&[1]));
    let review = finish(made, "bob", 1, ReviewOutcome::Complete).await?;
    assert_eq!(review.item.completed_by.as_deref(), Some("ann"));
    assert_eq!(review.answered_by, ["ann", "bob"]);
    assert!(claim(made, "bob", 9, ReviewScope::SecondOpinion).await?.is_empty());
    made.catalog.reopen_review(&queue(), &trace_id(1), "ann", FOREVER).await?;
    let review = made.catalog.get_review(&queue(), &trace_id(1)).await?;
    assert_eq!(
        (review.item.status, review.item.completed_by.as_deref()),
        (ReviewStatus::Complete, Some("bob"))
    );
    Ok(())
}

/// By status and by reviewer.
pub async fn progress_is_counted(made: &TestStore) -> StoreResult<()> {
    filled(made, &[1, 2, 3, 4, 5]).await?;
    claim(made, "ann", 1, ReviewScope::Pending).await?;
    finish(made, "ann", 1, ReviewOutcome::Complete).await?;
    claim(made, "bob", 1, ReviewScope::Pending).await?;
    finish(made, "ann", 3, ReviewOutcome::Skipped).await?;
    finish(made, "ann", 4, ReviewOutcome::Declined).await?;
    made.catalog
        .set_review_status(&queue(), &trace_id(5), ReviewStatus::Complete, Some("cyd".to_owned()))
        .await?;
    let found = made.catalog.review_queues_of(None, 10).await?;
    assert_eq!((found.queues.len(), found.has_more), (1, false));
    assert_eq!(made.catalog.review_queues_of(Some(vec![HERE]), 10).await?.queues, found.queues);
    assert!(made.catalog.review_queues_of(Some(vec![ExperimentId(9)]), 10).await?.queues.is_empty());
    let progress = made.catalog.review_progress(&found.queues).await?.pop().unwrap_or_default();
    let counts = (progress.pending, progress.in_progress, progress.complete, progress.declined);
    assert_eq!(counts, (1, 1, 2, 1));
    let by: Vec<_> = progress
        .reviewers
        .iter()
        .map(|one| (one.reviewer.as_str(), one.in_progress, one.complete, one.skipped, one.mean_ns.is_some()))
        .collect();
    assert_eq!(by, [("ann", 0, 1, 1, true), ("bob", 1, 0, 0, false), ("cyd", 0, 1, 0, false)]);
    Ok(())
}

/// Only those of people, on whole traces, that are valid.
pub async fn answers_of_people_are_found(made: &TestStore) -> StoreResult<()> {
    filled(made, &[1, 2]).await?;
    let human = |id: &str, number: u32, reviewer: &str| {
        let mut new = assessment(&trace_id(number), id, "quality", feedback(true));
        new.source.source_id = Some(reviewer.to_owned());
        new
    };
    made.store.create_assessment(human("a1", 1, "ann")).await?;
    made.store.create_assessment(human("a2", 2, "bob")).await?;
    let mut of_span = human("a3", 1, "bob");
    of_span.span_id = Some("0000000000000001".to_owned());
    made.store.create_assessment(of_span).await?;
    let mut of_code = human("a4", 1, "bob");
    of_code.source.source_type = SourceType::Code;
    made.store.create_assessment(of_code).await?;
    let names = ["quality".to_owned(), "other".to_owned()];
    let answers = made.catalog.review_answers(&queue(), &names, 10).await?;
    let found: Vec<_> = answers
        .iter()
        .map(|one| (one.trace_id.clone(), one.name.as_str(), one.reviewer.as_str(), one.value.as_str()))
        .collect();
    assert_eq!(found, [(trace_id(1), "quality", "ann", "true"), (trace_id(2), "quality", "bob", "true")]);
    assert_eq!(made.catalog.review_answers(&queue(), &names, 1).await?.len(), 1);
    assert!(made.catalog.review_answers(&queue(), &["other".to_owned()], 10).await?.is_empty());
    Ok(())
}

/// And what was done about it with it.
pub async fn a_deleted_trace_takes_its_work_along(made: &TestStore) -> StoreResult<()> {
    filled(made, &[1]).await?;
    finish(made, "ann", 1, ReviewOutcome::Complete).await?;
    made.store.delete_traces(HERE, DeleteTraces::Ids(ids(&[1]))).await?;
    assert_fails(made.catalog.get_review(&queue(), &trace_id(1)).await, NotFound);
    let queues = made.catalog.review_queues_of(None, 10).await?.queues;
    let progress = made.catalog.review_progress(&queues).await?.pop().unwrap_or_default();
    assert_eq!((progress.complete, progress.reviewers.len()), (0, 0));
    Ok(())
}
