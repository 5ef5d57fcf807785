//! Searches over the columns in memory. Per chunk, the filter gives the traces that surely match and those that may;
//! only what lies between is asked of the index, and only as far as an answer needs it.

mod bounds;
mod order;
mod page;
mod plan;
mod selected;
mod verdicts;

pub(crate) use page::{find_traces, newest};
pub(crate) use selected::{Selected, count_traces, select};
pub(crate) use verdicts::Verdicts;

use self::bounds::Bounds;
use self::plan::{Plan, Planner, Scope};
use crate::postings::TraceSet;
use crate::search::{Found, Narrow, Narrower, SearchContext, Verifier, deadline, in_time, named_traces};
use crate::table::{Chunk, Snapshot};
use rusqlite::Connection;
use spanwise_model::ExperimentId;
use spanwise_query::{Expr, Filter, SpanFilter};
use spanwise_store::StoreResult;
use std::cell::RefCell;
use std::time::{Duration, Instant};

/// Traces that are verified at once, at first and at most.
const VERIFIED_TRACES_MIN: usize = 32;
const VERIFIED_TRACES_MAX: usize = 1024;
/// The same of a search that has little time: one of agents, read from bodies, takes about 0.2 ms.
const VERIFIED_TRACES_MAX_IN_HASTE: usize = 64;

/// One search: the columns of its moment, and the way to verify what they can't tell.
struct Scan<'a> {
    context: &'a SearchContext,
    experiments: &'a [ExperimentId],
    filter: Option<&'a Filter>,
    snapshot: Snapshot,
    scope: Scope,
    plan: Plan,
    /// What the word index said of conditions on spans.
    found: Found,
    verifier: Option<Verifier>,
    deadline: Instant,
    /// When to stop verifying; `None` = when all is done.
    budget_end: Option<Instant>,
    /// Whether anything was verified: each call does some, or calls in a row would come to no end.
    has_verified: bool,
}

impl<'a> Scan<'a> {
    /// Plans a search; `None` while the columns are being loaded, or if it is one that the index answers at once.
    fn begin(
        conn: &Connection,
        context: &'a SearchContext,
        experiments: &'a [ExperimentId],
        filter: Option<&'a Filter>,
        budget: Option<Duration>,
    ) -> StoreResult<Option<Scan<'a>>> {
        let begun = Instant::now();
        // Before the snapshot of columns: what the index does not cover yet is found by looking at the newest blocks.
        let parts = context.postings.snapshot();
        let filter = filter.filter(|filter| !filter.is_all());
        if filter.is_some_and(|filter| named_traces(filter).is_some()) {
            return Ok(None);
        }
        let Some(snapshot) = context.table.snapshot() else { return Ok(None) };
        let (deadline, scope) = (deadline(), Scope::new(experiments));
        let (plan, found) = match filter {
            None => (Expr::all(), Found(Vec::new())),
            Some(filter) => {
                let narrow = Remembering { narrower: lazy(conn, parts), found: RefCell::default() };
                let planner = Planner {
                    conn,
                    snapshot: &snapshot,
                    scope: &scope,
                    narrow: &narrow,
                    verdicts: &context.verdicts,
                    check: &|| in_time(deadline),
                };
                (planner.plan(filter)?, Found(narrow.found.into_inner()))
            }
        };
        // What is not remembered would be verified again by the next call, and never all of it.
        let budget = budget.filter(|_| plan::is_open_for_spans_only(&plan, &snapshot));
        Ok(Some(Scan {
            context,
            experiments,
            filter,
            snapshot,
            scope,
            plan,
            found,
            verifier: None,
            deadline,
            budget_end: budget.map(|budget| begun + budget),
            has_verified: false,
        }))
    }

    fn bounds(&self, number: i64, chunk: &Chunk) -> Bounds {
        plan::evaluate(&self.plan, number, chunk, &self.scope)
    }

    /// Returns whether the time for verifying is over.
    fn is_budget_over(&self) -> bool {
        self.has_verified && self.budget_end.is_some_and(|end| Instant::now() >= end)
    }

    /// Returns how many traces to verify at once, at most.
    fn verified_max(&self) -> usize {
        if self.budget_end.is_some() { VERIFIED_TRACES_MAX_IN_HASTE } else { VERIFIED_TRACES_MAX }
    }

    /// Returns those of some traces that match.
    fn verify(&mut self, conn: &mut Connection, keys: &[i64]) -> StoreResult<TraceSet> {
        in_time(self.deadline)?;
        self.has_verified = true;
        let verifier = match &mut self.verifier {
            Some(verifier) => verifier,
            none => none.insert(Verifier::new(
                self.context,
                self.experiments,
                self.filter,
                &self.found,
                self.deadline,
            )?),
        };
        let matching = verifier.matching(conn, keys);
        // Also after an error, such as one of time: what was found till then is right.
        for (filter, verdicts) in verifier.take_verdicts() {
            self.context.verdicts.remember(filter, &self.snapshot, &verdicts);
        }
        matching
    }
}

/// Asks the word index, and remembers what it said.
struct Remembering<L> {
    narrower: L,
    found: RefCell<Vec<(SpanFilter, Option<TraceSet>)>>,
}

/// Reads which blocks are not indexed only if some condition asks.
struct LazyNarrower<'a> {
    conn: &'a Connection,
    parts: std::sync::Arc<crate::postings::PartSet>,
    made: std::cell::OnceCell<Narrower>,
}

fn lazy(conn: &Connection, parts: std::sync::Arc<crate::postings::PartSet>) -> LazyNarrower<'_> {
    LazyNarrower { conn, parts, made: std::cell::OnceCell::new() }
}

impl LazyNarrower<'_> {
    fn get(&self) -> StoreResult<&Narrower> {
        if let Some(made) = self.made.get() {
            return Ok(made);
        }
        let narrower = Narrower::new(self.conn, std::sync::Arc::clone(&self.parts))?;
        Ok(self.made.get_or_init(|| narrower))
    }
}

impl Narrow for Remembering<LazyNarrower<'_>> {
    fn bounds(
        &self,
        filter: &SpanFilter,
        check: &dyn Fn() -> StoreResult<()>,
    ) -> StoreResult<(TraceSet, Option<TraceSet>)> {
        let (certain, possible) = self.narrower.get()?.bounds(filter, check)?;
        self.found.borrow_mut().push((filter.clone(), possible.clone()));
        Ok((certain, possible))
    }
}
