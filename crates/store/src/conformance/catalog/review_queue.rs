//! Review queues.

use crate::catalog::{NewLabelSchema, NewReviewQueue, ReviewQueueChange, ReviewQueueQuery};
use crate::conformance::build::{start, trace_id};
use crate::conformance::{TestStore, assert_fails};
use crate::{DeleteTraces, NewExperiment, StoreResult};
use spanwise_model::ErrorKind::{AlreadyExists, InvalidArgument, NotFound};
use spanwise_model::{
    ExperimentId, LabelInput, LabelSchemaId, LabelSchemaType, ReviewQueueId, ReviewQueueType, ReviewStatus,
};

const HERE: ExperimentId = ExperimentId::DEFAULT;

fn id(name: &str) -> ReviewQueueId {
    ReviewQueueId(name.to_owned())
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn new_queue(name: &str) -> NewReviewQueue {
    NewReviewQueue {
        queue_id: id(name),
        experiment_id: HERE,
        name: format!("Queue {name}"),
        queue_type: ReviewQueueType::Custom,
        created_by: None,
        users: texts(&["bob", "ann"]),
        schema_ids: Vec::new(),
    }
}

async fn question(made: &TestStore, name: &str, experiment_id: ExperimentId) -> StoreResult<LabelSchemaId> {
    let new = NewLabelSchema {
        schema_id: LabelSchemaId(name.to_owned()),
        experiment_id,
        name: name.to_owned(),
        schema_type: LabelSchemaType::Feedback,
        instruction: None,
        enable_comment: false,
        input: LabelInput::Text { max_length: None },
    };
    Ok(made.catalog.create_label_schema(new).await?.schema_id)
}

async fn traces(made: &TestStore, numbers: &[u32]) -> StoreResult<()> {
    for number in numbers {
        made.store.start_trace(start(&trace_id(*number), HERE)).await?;
    }
    Ok(())
}

/// Creating answers the queue, which is then found by id and by name; its questions must be there.
pub async fn a_created_queue_is_found(made: &TestStore) -> StoreResult<()> {
    let schema_ids = vec![question(made, "s", HERE).await?];
    let new = NewReviewQueue { schema_ids: schema_ids.clone(), ..new_queue("q") };
    let created = made.catalog.create_review_queue(new).await?;
    assert_eq!((created.users.clone(), &created.schema_ids), (texts(&["bob", "ann"]), &schema_ids));
    assert_eq!(made.catalog.get_review_queue(&id("q")).await?, created);
    assert_eq!(made.catalog.get_review_queue_by_name(HERE, "queue Q").await?, created);
    assert_fails(made.catalog.get_review_queue(&id("z")).await, NotFound);
    assert_fails(made.catalog.get_review_queue_by_name(HERE, "z").await, NotFound);
    let unknown = NewReviewQueue { schema_ids: vec![LabelSchemaId("z".to_owned())], ..new_queue("z") };
    assert_fails(made.catalog.create_review_queue(unknown).await, InvalidArgument);
    let elsewhere = NewReviewQueue { experiment_id: ExperimentId(9), ..new_queue("z") };
    assert_fails(made.catalog.create_review_queue(elsewhere).await, NotFound);
    // The reference to a deleted question stays.
    made.catalog.delete_label_schema(&schema_ids[0]).await?;
    assert_eq!(made.catalog.get_review_queue(&id("q")).await?, created);
    for _ in 0..2 {
        made.catalog.delete_review_queue(&id("q")).await?;
    }
    assert_fails(made.catalog.get_review_queue(&id("q")).await, NotFound);
    Ok(())
}

/// In one experiment, that is.
pub async fn names_of_queues_differ_by_more_than_case(made: &TestStore) -> StoreResult<()> {
    made.catalog.create_review_queue(new_queue("q")).await?;
    let other = NewReviewQueue { name: "QUEUE Q".to_owned(), ..new_queue("r") };
    assert_fails(made.catalog.create_review_queue(other.clone()).await, AlreadyExists);
    let experiment = NewExperiment { name: "e".to_owned(), ..NewExperiment::default() };
    let experiment_id = made.store.create_experiment(experiment).await?.experiment_id;
    made.catalog.create_review_queue(NewReviewQueue { experiment_id, ..other }).await?;
    made.catalog.create_review_queue(new_queue("s")).await?;
    let rename =
        |name: &str| ReviewQueueChange { name: Some(name.to_owned()), ..ReviewQueueChange::default() };
    assert_fails(made.catalog.update_review_queue(&id("s"), rename("queue q")).await, AlreadyExists);
    assert_eq!(made.catalog.update_review_queue(&id("s"), rename("queue S")).await?.name, "queue S");
    Ok(())
}

/// It is made once, and nothing about it can be changed.
pub async fn every_user_may_have_a_queue(made: &TestStore) -> StoreResult<()> {
    let first = made.catalog.ensure_user_queue(HERE, "ann", id("a")).await?;
    assert_eq!((first.queue_type, first.name.as_str()), (ReviewQueueType::User, "ann"));
    assert_eq!((first.users.clone(), first.created_by.as_deref()), (texts(&["ann"]), Some("ann")));
    assert_eq!(made.catalog.ensure_user_queue(HERE, "ann", id("b")).await?, first);
    let change = ReviewQueueChange { users: Some(Vec::new()), ..ReviewQueueChange::default() };
    assert_fails(made.catalog.update_review_queue(&id("a"), change).await, InvalidArgument);
    let custom = NewReviewQueue { name: "bob".to_owned(), ..new_queue("c") };
    made.catalog.create_review_queue(custom).await?;
    assert_fails(made.catalog.ensure_user_queue(HERE, "bob", id("d")).await, AlreadyExists);
    Ok(())
}

/// The newest come first.
pub async fn queues_are_found_by_user_and_trace(made: &TestStore) -> StoreResult<()> {
    traces(made, &[1]).await?;
    made.catalog.create_review_queue(new_queue("q")).await?;
    made.catalog.create_review_queue(NewReviewQueue { users: texts(&["ann"]), ..new_queue("r") }).await?;
    made.catalog.add_review_items(&id("r"), &[trace_id(1)]).await?;
    let query = |user: Option<&str>, trace: Option<u32>| ReviewQueueQuery {
        experiment: HERE,
        user: user.map(str::to_owned),
        trace: trace.map(trace_id),
        limit: 10,
        offset: 0,
    };
    let found = async |query| {
        let page = made.catalog.find_review_queues(query).await?;
        let ids: Vec<_> = page.queues.into_iter().map(|queue| queue.queue_id.0).collect();
        StoreResult::Ok((ids.join(" "), page.has_more))
    };
    let whole = |ids: &str| (ids.to_owned(), false);
    assert_eq!(found(query(None, None)).await?, whole("r q"));
    assert_eq!(found(query(Some("bob"), None)).await?, whole("q"));
    assert_eq!(found(query(Some("ann"), Some(1))).await?, whole("r"));
    assert_eq!(found(query(None, Some(2))).await?, whole(""));
    assert_eq!(found(ReviewQueueQuery { limit: 1, ..query(None, None) }).await?, ("r".to_owned(), true));
    assert_eq!(found(ReviewQueueQuery { limit: 1, offset: 1, ..query(None, None) }).await?, whole("q"));
    let elsewhere = ReviewQueueQuery { experiment: ExperimentId(9), ..query(None, None) };
    assert_fails(made.catalog.find_review_queues(elsewhere).await, NotFound);
    Ok(())
}

/// Its questions, that is; users and owner can be changed at any time.
pub async fn a_queue_can_be_changed_until_it_is_filled(made: &TestStore) -> StoreResult<()> {
    traces(made, &[1]).await?;
    made.catalog.create_review_queue(new_queue("q")).await?;
    let schema_ids = Some(vec![question(made, "s", HERE).await?]);
    let change = ReviewQueueChange { schema_ids: schema_ids.clone(), ..ReviewQueueChange::default() };
    let changed = made.catalog.update_review_queue(&id("q"), change.clone()).await?;
    assert_eq!((Some(changed.schema_ids), changed.users), (schema_ids, texts(&["bob", "ann"])));
    made.catalog.add_review_items(&id("q"), &[trace_id(1)]).await?;
    assert_fails(made.catalog.update_review_queue(&id("q"), change.clone()).await, InvalidArgument);
    let people = ReviewQueueChange {
        users: Some(texts(&["cy"])),
        created_by: Some("Dee".to_owned()),
        ..ReviewQueueChange::default()
    };
    let changed = made.catalog.update_review_queue(&id("q"), people).await?;
    assert_eq!((changed.users, changed.created_by.as_deref()), (texts(&["cy"]), Some("Dee")));
    made.catalog.remove_review_items(&id("q"), &[trace_id(1), trace_id(2)]).await?;
    made.catalog.update_review_queue(&id("q"), change.clone()).await?;
    assert_fails(made.catalog.update_review_queue(&id("z"), change).await, NotFound);
    Ok(())
}

async fn items(made: &TestStore, status: Option<ReviewStatus>) -> StoreResult<Vec<u32>> {
    let page = made.catalog.find_review_items(&id("q"), status, 10, 0).await?;
    let number =
        |item: &spanwise_model::ReviewItem| (0..10).find(|number| trace_id(*number) == item.trace_id);
    Ok(page.items.iter().filter_map(number).collect())
}

/// From pending to done and back; the same again changes nothing.
pub async fn traces_are_reviewed(made: &TestStore) -> StoreResult<()> {
    traces(made, &[1, 2, 3]).await?;
    made.catalog.create_review_queue(new_queue("q")).await?;
    let added = made.catalog.add_review_items(&id("q"), &[trace_id(2), trace_id(1), trace_id(2)]).await?;
    let ids: Vec<_> = added.iter().map(|item| &item.trace_id).collect();
    assert_eq!(ids, [&trace_id(2), &trace_id(1)]);
    assert_eq!(items(made, None).await?, [1, 2]);
    let set = async |number, status, by: Option<&str>| {
        made.catalog.set_review_status(&id("q"), &trace_id(number), status, by.map(str::to_owned)).await
    };
    let done = set(1, ReviewStatus::Complete, Some("ann")).await?;
    assert_eq!((done.status, done.completed_by.as_deref()), (ReviewStatus::Complete, Some("ann")));
    assert_eq!(done.completed_ns, Some(done.last_updated_ns));
    assert_eq!(set(1, ReviewStatus::Complete, Some("bob")).await?, done);
    assert_eq!(items(made, Some(ReviewStatus::Pending)).await?, [2]);
    // Adding again keeps what is there.
    made.catalog.add_review_items(&id("q"), &[trace_id(1), trace_id(3)]).await?;
    assert_eq!(items(made, Some(ReviewStatus::Complete)).await?, [1]);
    assert_eq!(items(made, None).await?, [3, 1, 2]);
    let page = made.catalog.find_review_items(&id("q"), None, 1, 1).await?;
    assert_eq!((page.items.len(), page.has_more, &page.items[0].trace_id), (1, true, &trace_id(1)));
    let open = set(1, ReviewStatus::Pending, None).await?;
    assert_eq!((open.completed_by, open.completed_ns), (None, None));
    assert_eq!(set(2, ReviewStatus::Declined, Some("bob")).await?.completed_by.as_deref(), Some("bob"));
    assert_fails(set(9, ReviewStatus::Complete, Some("bob")).await, NotFound);
    made.catalog.remove_review_items(&id("q"), &[trace_id(1)]).await?;
    assert_fails(set(1, ReviewStatus::Complete, Some("bob")).await, NotFound);
    Ok(())
}

/// Nor can those of another experiment; then none is added.
pub async fn traces_that_are_not_there_can_t_be_reviewed(made: &TestStore) -> StoreResult<()> {
    traces(made, &[1]).await?;
    made.catalog.create_review_queue(new_queue("q")).await?;
    let experiment = NewExperiment { name: "e".to_owned(), ..NewExperiment::default() };
    let elsewhere = made.store.create_experiment(experiment).await?.experiment_id;
    made.store.start_trace(start(&trace_id(2), elsewhere)).await?;
    for number in [2, 3] {
        let both = [trace_id(1), trace_id(number)];
        assert_fails(made.catalog.add_review_items(&id("q"), &both).await, NotFound);
    }
    assert_eq!(items(made, None).await?, [0_u32; 0]);
    assert_fails(made.catalog.add_review_items(&id("z"), &[trace_id(1)]).await, NotFound);
    Ok(())
}

/// One that is sent again is not in them.
pub async fn a_deleted_trace_leaves_its_queues(made: &TestStore) -> StoreResult<()> {
    traces(made, &[1, 2]).await?;
    made.catalog.create_review_queue(new_queue("q")).await?;
    made.catalog.add_review_items(&id("q"), &[trace_id(1), trace_id(2)]).await?;
    made.store.delete_traces(HERE, DeleteTraces::Ids(vec![trace_id(1)])).await?;
    assert_eq!(items(made, None).await?, [2]);
    traces(made, &[1]).await?;
    assert_eq!(items(made, None).await?, [2]);
    Ok(())
}
