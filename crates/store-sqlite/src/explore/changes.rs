//! The feed of changed traces: what a live view follows.

use spanwise_model::{ErrorKind, TraceId};
use spanwise_store::{FeedPosition, StoreError, StoreResult, TraceChanges};
use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, PoisonError};
use tokio::sync::watch;

/// Changes that are remembered for readers that fell behind.
const REMEMBERED_CHANGES_MAX: usize = 65_536;
/// Changes that one answer holds.
const ANSWERED_CHANGES_MAX: usize = 1_000;

/// The last changes, and a bell that rings at each.
pub(crate) struct ChangeFeed {
    feed: u64,
    recent: Mutex<Recent>,
    bell: watch::Sender<u64>,
}

struct Recent {
    changes: VecDeque<TraceId>,
    /// Sequence number of what comes next.
    next: u64,
}

impl ChangeFeed {
    /// Starts a feed; `feed` tells it from those of earlier openings.
    pub(crate) fn new(feed: u64) -> ChangeFeed {
        let recent = Recent { changes: VecDeque::new(), next: 0 };
        ChangeFeed { feed, recent: Mutex::new(recent), bell: watch::Sender::new(0) }
    }

    /// Adds changes, after they were committed.
    pub(crate) fn publish(&self, traces: impl IntoIterator<Item = TraceId>) {
        let mut recent = self.lock();
        let before = recent.next;
        for trace in traces {
            if recent.changes.len() == REMEMBERED_CHANGES_MAX {
                recent.changes.pop_front();
            }
            recent.changes.push_back(trace);
            recent.next += 1;
        }
        if recent.next > before {
            self.bell.send_replace(recent.next);
        }
    }

    /// See [`spanwise_store::Store::next_changes`].
    pub(crate) async fn next(&self, after: Option<FeedPosition>) -> StoreResult<TraceChanges> {
        let Some(after) = after else { return Ok(self.nothing(false)) };
        if after.feed != self.feed || after.sequence > self.lock().next {
            return Ok(self.nothing(true));
        }
        let mut bell = self.bell.subscribe();
        bell.wait_for(|next| *next > after.sequence)
            .await
            .map_err(|_| StoreError::new(ErrorKind::Unavailable, "the store is closed"))?;
        Ok(self.since(after.sequence))
    }

    fn nothing(&self, missed: bool) -> TraceChanges {
        let position = FeedPosition { feed: self.feed, sequence: self.lock().next };
        TraceChanges { traces: Vec::new(), position, missed }
    }

    fn since(&self, sequence: u64) -> TraceChanges {
        let recent = self.lock();
        let oldest = recent.next - recent.changes.len() as u64;
        let skip = sequence.saturating_sub(oldest) as usize;
        let part: Vec<&TraceId> = recent.changes.iter().skip(skip).take(ANSWERED_CHANGES_MAX).collect();
        let position = FeedPosition { feed: self.feed, sequence: sequence.max(oldest) + part.len() as u64 };
        // Of several changes of a trace the last one gives its place.
        let mut seen = HashSet::new();
        let mut traces: Vec<TraceId> =
            part.into_iter().rev().filter(|id| seen.insert(*id)).cloned().collect();
        traces.reverse();
        TraceChanges { traces, position, missed: sequence < oldest }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u32) -> TraceId {
        TraceId::Text(number.to_string().into())
    }

    #[tokio::test]
    async fn a_reader_sees_each_changed_trace_once() {
        let feed = ChangeFeed::new(7);
        let start = feed.next(None).await.unwrap();
        assert_eq!(start, TraceChanges { traces: vec![], position: start.position, missed: false });
        feed.publish([id(1), id(2), id(1)]);
        let changes = feed.next(Some(start.position)).await.unwrap();
        assert_eq!(changes.traces, [id(2), id(1)]);
        assert_eq!(changes.position, FeedPosition { feed: 7, sequence: 3 });
    }

    #[tokio::test]
    async fn a_reader_of_another_feed_or_too_far_behind_learns_it() {
        let feed = ChangeFeed::new(7);
        feed.publish((0..REMEMBERED_CHANGES_MAX as u32 + 5).map(id));
        let behind = feed.next(Some(FeedPosition { feed: 7, sequence: 4 })).await.unwrap();
        assert!(behind.missed && behind.traces.len() == ANSWERED_CHANGES_MAX);
        let just = feed.next(Some(FeedPosition { feed: 7, sequence: 5 })).await.unwrap();
        assert!(!just.missed && just.traces[0] == id(5));
        assert!(feed.next(Some(FeedPosition { feed: 6, sequence: 0 })).await.unwrap().missed);
        assert!(feed.next(Some(FeedPosition { feed: 7, sequence: 1 << 40 })).await.unwrap().missed);
    }
}
