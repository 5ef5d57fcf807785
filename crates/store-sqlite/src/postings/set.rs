//! The parts that make the index now, shared by searches and the indexer.

use super::part::Part;
use super::query::{Candidates, Evaluation, TermQuery};
use super::wake::Wake;
use spanwise_store::StoreResult;
use std::sync::{Arc, PoisonError, RwLock};

/// The index: searches take a snapshot, the indexer replaces parts.
#[derive(Debug, Default, Clone)]
pub(crate) struct Postings {
    current: Arc<RwLock<Arc<PartSet>>>,
    wake: Arc<Wake>,
}

impl Postings {
    /// Returns the parts of this moment.
    ///
    /// A search takes it before it reads the database: blocks that the database has and the snapshot does not are
    /// then scanned.
    pub(crate) fn snapshot(&self) -> Arc<PartSet> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces all parts.
    pub(crate) fn replace(&self, parts: Vec<Arc<Part>>) {
        let set = PartSet::new(parts, Arc::clone(&self.wake));
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(set);
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
    indexed_through: i64,
    wake: Arc<Wake>,
}

impl PartSet {
    /// Sorts parts; no two cover the same block.
    fn new(mut parts: Vec<Arc<Part>>, wake: Arc<Wake>) -> PartSet {
        parts.sort_by_key(|part| part.meta().first_block_id);
        // A part behind a gap is used, but blocks from the gap on count as not indexed.
        let mut indexed_through = 0;
        for part in &parts {
            if part.meta().first_block_id > indexed_through + 1 {
                break;
            }
            indexed_through = part.meta().last_block_id;
        }
        PartSet { parts, indexed_through, wake }
    }

    /// Returns the parts.
    pub(crate) fn parts(&self) -> &[Arc<Part>] {
        &self.parts
    }

    /// Returns the last block id up to which every block is in the index; the searcher scans those above.
    pub(crate) fn indexed_through(&self) -> i64 {
        self.indexed_through
    }

    /// Returns the bytes of all parts.
    pub(crate) fn bytes(&self) -> u64 {
        self.parts.iter().map(|part| part.meta().bytes).sum()
    }

    /// Returns which of the traces that have indexed blocks may match. Some of them may be deleted by now.
    ///
    /// `check` is called often; its error ends the evaluation. A damaged part makes the answer `All`, and the indexer
    /// build that part again.
    pub(crate) fn evaluate(
        &self,
        query: &TermQuery<'_>,
        check: &dyn Fn() -> StoreResult<()>,
    ) -> StoreResult<Candidates> {
        if self.parts.iter().any(|part| part.is_damaged()) {
            return Ok(Candidates::All);
        }
        let result = Evaluation { parts: &self.parts, check }.candidates(query);
        match result {
            Err(error) if self.parts.iter().any(|part| part.is_damaged()) => {
                tracing::error!(error = %error, "a part of the index is damaged; searches scan until it is built again");
                self.wake.blocks(1);
                Ok(Candidates::All)
            }
            result => result,
        }
    }
}
