//! The parts that make the index now, shared by searches and the indexer.

use super::part::Part;
use super::query::{Candidates, Evaluation, Extent, TermQuery};
use super::trace_set::TraceSet;
use super::wake::Wake;
use spanwise_store::StoreResult;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// The index: searches take a snapshot, the indexer replaces parts.
#[derive(Debug, Default, Clone)]
pub(crate) struct Postings {
    current: Arc<RwLock<Arc<PartSet>>>,
    wake: Arc<Wake>,
    /// Nothing is indexed, nor will it be.
    is_off: Arc<AtomicBool>,
}

impl Postings {
    /// Returns the parts of this moment.
    ///
    /// A search takes it before it reads the database: blocks that the database has and the snapshot does not are
    /// then scanned.
    pub(crate) fn snapshot(&self) -> Arc<PartSet> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces all parts; they are in order, and each covers the blocks that follow those of the one before.
    pub(crate) fn replace(&self, parts: Vec<Arc<Part>>) {
        let set = PartSet { parts, wake: Arc::clone(&self.wake) };
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(set);
    }

    /// Says that there are no parts any more, also in the database, and that none will be made.
    pub(crate) fn turn_off(&self) {
        self.is_off.store(true, Ordering::Release);
    }

    /// Returns the last block id up to which compaction may merge blocks.
    ///
    /// A merged block takes the id of one that it replaces, so all of them must be indexed, or none.
    pub(crate) fn mergeable_through(&self) -> i64 {
        match self.is_off.load(Ordering::Acquire) {
            true => i64::MAX,
            false => self.snapshot().indexed_through(),
        }
    }

    /// Returns the way to wake the indexer.
    pub(crate) fn wake(&self) -> &Arc<Wake> {
        &self.wake
    }
}

/// Parts in order of the blocks that they cover.
#[derive(Debug, Default)]
pub(crate) struct PartSet {
    parts: Vec<Arc<Part>>,
    wake: Arc<Wake>,
}

impl PartSet {
    /// Returns the parts.
    #[cfg(test)]
    pub(super) fn parts(&self) -> &[Arc<Part>] {
        &self.parts
    }

    /// Returns the last block id up to which every block is in the index; the searcher scans those above.
    pub(crate) fn indexed_through(&self) -> i64 {
        self.parts.last().map_or(0, |part| part.meta().last_block_id)
    }

    /// Reads all files and returns what is wrong with them, each problem with its file.
    pub(crate) fn problems(&self) -> Vec<String> {
        let problems = self.parts.iter().filter_map(|part| part.verify().err());
        let problems: Vec<String> = problems.map(|error| error.to_string()).collect();
        if !problems.is_empty() {
            self.wake.blocks(1);
        }
        problems
    }

    /// Returns which of the traces that have indexed blocks may match. Some of them may be deleted by now.
    ///
    /// `check` is called often; its error ends the evaluation. A damaged part makes the answer `All`, and the indexer
    /// start over.
    pub(crate) fn evaluate(
        &self,
        query: &TermQuery<'_>,
        check: &dyn Fn() -> StoreResult<()>,
    ) -> StoreResult<Candidates> {
        self.run(query, check, Extent::Possible)
    }

    /// Returns traces that have an indexed block for which `query` surely holds, and those that may match.
    ///
    /// What a block holds may have been replaced since, and the trace may be deleted. A query of several conditions on
    /// one span holds for a block that satisfies each of them with some span, so it must have only one, or any of some.
    pub(crate) fn bounds(
        &self,
        query: &TermQuery<'_>,
        check: &dyn Fn() -> StoreResult<()>,
    ) -> StoreResult<(TraceSet, Candidates)> {
        let certain = self.run(query, check, Extent::Certain)?;
        let rest = self.run(query, check, Extent::Rest)?;
        Ok(match (certain, rest) {
            (Candidates::Traces(certain), Candidates::Traces(rest)) => {
                let mut possible = certain.clone();
                possible.union(rest);
                (certain, Candidates::Traces(possible))
            }
            _ => (TraceSet::default(), Candidates::All),
        })
    }

    fn run(
        &self,
        query: &TermQuery<'_>,
        check: &dyn Fn() -> StoreResult<()>,
        extent: Extent,
    ) -> StoreResult<Candidates> {
        if self.parts.iter().any(|part| part.is_damaged()) {
            return Ok(Candidates::All);
        }
        let result = Evaluation { parts: &self.parts, check, extent }.candidates(query);
        match result {
            Err(error) if self.parts.iter().any(|part| part.is_damaged()) => {
                tracing::error!(error = %error, "the index is damaged; searches scan until it is built again");
                self.wake.blocks(1);
                Ok(Candidates::All)
            }
            result => result,
        }
    }
}
