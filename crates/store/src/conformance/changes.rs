//! The feed of changed traces.

use super::build::{Span, assessment, feedback, logs, span, spans, start, trace_id};
use crate::{AssessmentChange, DeleteTraces, FeedPosition, PromptLink, Store, StoreResult, TraceChanges};
use spanwise_model::{AssessmentId, ExperimentId, TraceId};

async fn here(store: &dyn Store) -> StoreResult<FeedPosition> {
    Ok(store.next_changes(None).await?.position)
}

/// Returns what changed after a position. If nothing is told, the deadline of a case ends this.
async fn changes(store: &dyn Store, after: FeedPosition) -> StoreResult<TraceChanges> {
    store.next_changes(Some(after)).await
}

async fn append(store: &dyn Store, number: u32, root: Span) -> StoreResult<()> {
    store.append_spans(vec![spans(&trace_id(number), &[root])]).await.map(drop)
}

/// Without a position the answer is the present one, and nothing.
pub async fn a_feed_begins_now(store: &dyn Store) -> StoreResult<()> {
    append(store, 1, span(1)).await?;
    let first = store.next_changes(None).await?;
    assert_eq!(first, TraceChanges { traces: vec![], position: first.position, missed: false });
    assert_eq!(store.next_changes(None).await?, first);
    append(store, 2, span(1)).await?;
    let second = changes(store, first.position).await?;
    assert_eq!((second.traces, second.missed), (vec![trace_id(2)], false));
    Ok(())
}

/// Checks that a write tells of trace 1, and moves the feed on.
async fn check<T>(
    store: &dyn Store,
    what: &str,
    write: impl Future<Output = StoreResult<T>>,
) -> StoreResult<()> {
    let before = here(store).await?;
    write.await?;
    let told = changes(store, before).await?;
    assert_eq!((told.traces, told.missed), (vec![trace_id(1)], false), "{what}");
    assert_eq!(told.position, here(store).await?, "{what}");
    Ok(())
}

/// Every kind of change of a trace is told.
pub async fn every_change_is_told(store: &dyn Store) -> StoreResult<()> {
    let trace = trace_id(1);
    let a = AssessmentId("a-1".to_owned());
    let change = AssessmentChange { name: Some("better".to_owned()), ..AssessmentChange::default() };
    let link = [PromptLink { name: "p".to_owned(), version: "1".to_owned() }];
    let created = assessment(&trace, "a-1", "good", feedback(1));
    check(store, "a span", append(store, 1, span(1))).await?;
    check(store, "another span", append(store, 1, span(2).parent(1))).await?;
    check(store, "a log record", store.append_logs(vec![logs(&trace, &[(1, "a")])])).await?;
    check(store, "a tag", store.set_trace_tag(&trace, "k", "v")).await?;
    check(store, "a tag less", store.delete_trace_tag(&trace, "k")).await?;
    check(store, "an assessment", store.create_assessment(created)).await?;
    check(store, "its change", store.update_assessment(&trace, &a, change)).await?;
    check(store, "its deletion", store.delete_assessment(&trace, &a)).await?;
    check(store, "a prompt", store.link_prompts(&trace, &link)).await?;
    check(store, "a run", store.link_traces_to_run(std::slice::from_ref(&trace), "run")).await?;
    check(store, "the final record", store.start_trace(start(&trace, ExperimentId::DEFAULT))).await?;
    let archive = store.archive_trace(&trace).await?;
    let gone = store.delete_traces(ExperimentId::DEFAULT, DeleteTraces::Ids(vec![trace.clone()]));
    check(store, "its end", gone).await?;
    check(store, "its restoration", store.restore_trace(archive)).await
}

/// A write that fails tells nothing.
pub async fn a_failed_write_is_not_told(store: &dyn Store) -> StoreResult<()> {
    let before = here(store).await?;
    assert!(store.set_trace_tag(&trace_id(1), "k", "v").await.is_err());
    assert!(store.start_trace(start(&trace_id(2), ExperimentId(99))).await.is_err());
    append(store, 3, span(1)).await?;
    assert_eq!(changes(store, before).await?.traces, [trace_id(3)]);
    Ok(())
}

/// A reader that waits is woken, and sees what it is told of.
pub async fn a_waiting_reader_is_woken(store: &dyn Store) -> StoreResult<()> {
    let before = here(store).await?;
    let wait = async {
        let told = changes(store, before).await?;
        store.get_trace(&told.traces[0]).await
    };
    // Both are polled in turn: the reader waits before anything is written.
    let (info, written) = futures_util::future::join(wait, append(store, 1, span(1).name("new"))).await;
    written?;
    assert_eq!(info?.name.as_deref(), Some("new"));
    Ok(())
}

/// Readers follow from position to position: each trace once an answer, all of them told.
pub async fn a_reader_follows_from_position_to_position(store: &dyn Store) -> StoreResult<()> {
    let mut position = here(store).await?;
    let many: Vec<TraceId> = (1..=2_500).map(trace_id).collect();
    for part in many.chunks(500) {
        store.append_spans(part.iter().map(|trace| spans(trace, &[span(1)])).collect()).await?;
    }
    append(store, 7, span(2)).await?;
    let end = here(store).await?;
    let mut told = Vec::new();
    while position != end {
        let next = changes(store, position).await?;
        assert!(!next.missed && next.position.sequence > position.sequence);
        position = next.position;
        told.extend(next.traces);
    }
    assert_eq!(told.last(), Some(&trace_id(7)));
    told.sort();
    told.dedup();
    assert_eq!(told, many);
    Ok(())
}

/// A position of another opening, or one that is not reached yet, was missed; the answer says where to go on.
pub async fn an_unknown_position_was_missed(store: &dyn Store) -> StoreResult<()> {
    append(store, 1, span(1)).await?;
    let present = here(store).await?;
    let ahead = FeedPosition { sequence: present.sequence + 1_000, ..present };
    for unknown in [FeedPosition { feed: present.feed ^ 1, sequence: 0 }, ahead] {
        let told = changes(store, unknown).await?;
        assert_eq!(told, TraceChanges { traces: vec![], position: present, missed: true });
    }
    Ok(())
}
