//! Where compaction is in its walk over all blocks.
//!
//! A run of compaction walks them once, in the order of their ids, so that its cost grows with the blocks and not with
//! their square. Traces that are not quiet yet are passed over until the next run.

use super::select::{self, Select};
use rusqlite::Connection;
use spanwise_store::StoreResult;
use std::collections::HashSet;

/// A run of compaction, which ends with a step that finds nothing to do.
#[derive(Debug)]
pub(crate) struct Run {
    pub(super) select: Select,
    /// Blocks up to this one were looked at.
    pub(super) position: i64,
}

/// Where runs begin.
#[derive(Debug, Default)]
pub(super) struct Beginning {
    /// No block up to this one is to move, unless another sealed segment is to be emptied.
    block_id: i64,
    /// The sealed segments that were to be emptied when that was found out. (Segments that are not of a day need not be
    /// remembered: their blocks have greater ids than all blocks before them.)
    emptying: HashSet<i64>,
}

impl Beginning {
    /// Begins a run.
    pub(super) fn run(&mut self, conn: &Connection, select: Select) -> StoreResult<Run> {
        let emptying = select::emptying_sealed_segments(conn, &select)?;
        if !emptying.is_subset(&self.emptying) {
            self.block_id = 0;
        }
        self.emptying = emptying;
        Ok(Run { select, position: self.block_id })
    }

    /// Notes after a run that came to the last block that the next one begins with the first block that is still to move.
    pub(super) fn move_on(
        &mut self,
        conn: &Connection,
        select: &Select,
        unreadable: &HashSet<i64>,
    ) -> StoreResult<()> {
        // What arrives meanwhile comes behind the last block.
        let last = select::last_block_id(conn)?;
        let any = Select { indexed_through: i64::MAX, quiet_since_ns: i64::MAX, ..*select };
        let first = select::next_blocks(conn, &any, self.block_id, unreadable, 1)?;
        self.block_id = first.first().map_or(last, |found| found.block_id - 1);
        Ok(())
    }
}
