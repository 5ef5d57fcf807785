//! What the spans of one trace give to the roll-ups of calls.
//!
//! A span that names a model and does not wrap others is a call: it counts, and so do its status and its duration.
//! Tokens and cost are those of the spans whose usage counts along the tree, as in the trace's totals; where such a
//! span names no model, they stand under no model, so that the models' sums are the traces'.

use super::bucket_of;
use super::figures::{OPEN, Share, TOKENS, cost_units};
use super::name::{ModelName, is_call_type};
use super::writer::Rollups;
use crate::columns::{Columns, Row};
use spanwise_genai::rollup::{Counts, UsageTree};
use spanwise_model::{Cost, NewSpan, SpanId, SpanStatus, TokenUsage};

/// Names of a trace that a span's is compared with: one of more is kept twice rather than searched for long.
const COMPARED_NAMES_MAX: usize = 16;
/// What stands for no call.
pub(crate) const NO_CALL: u32 = u32::MAX;

/// What the roll-ups want to know of a span.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SpanFacts<'a> {
    span_id: SpanId,
    span_type: &'a str,
    model: Option<&'a str>,
    provider: Option<&'a str>,
    status: SpanStatus,
    start_ns: i64,
    end_ns: Option<i64>,
    usage: Option<&'a TokenUsage>,
    cost: Option<&'a Cost>,
}

impl<'a> From<&'a NewSpan> for SpanFacts<'a> {
    fn from(span: &'a NewSpan) -> SpanFacts<'a> {
        SpanFacts {
            span_id: span.span_id,
            span_type: &span.span_type,
            model: span.model.as_deref(),
            provider: span.provider.as_deref(),
            status: span.status,
            start_ns: span.start_ns,
            end_ns: span.end_ns,
            usage: span.usage.as_ref(),
            cost: span.cost.as_ref(),
        }
    }
}

impl<'a> SpanFacts<'a> {
    /// Reads them from packed columns.
    pub(crate) fn of_row(columns: &'a Columns, row: &'a Row) -> SpanFacts<'a> {
        SpanFacts {
            span_id: row.span_id,
            span_type: columns.span_type(row),
            model: columns.model(row),
            provider: columns.provider(row),
            status: row.status,
            start_ns: row.start_ns,
            end_ns: row.end_ns,
            usage: row.usage.as_ref(),
            cost: row.cost.as_ref(),
        }
    }

    /// Returns whether it gives anything.
    fn says_something(&self) -> bool {
        self.model.is_some() || self.usage.is_some() || self.cost.is_some()
    }

    /// Returns all that it may give: tokens and cost only if they count.
    fn share(&self) -> Share {
        let share = Share::default().with_usage(self.usage, self.cost);
        if self.model.is_none() || !is_call_type(self.span_type) {
            return share;
        }
        let duration = self.end_ns.map(|end_ns| end_ns.saturating_sub(self.start_ns));
        let count = if self.end_ns.is_none() { OPEN as u8 } else { self.status as u8 };
        Share { count: Some(count), ..share }.with_duration(duration)
    }

    /// Returns what it gives if its tokens and its cost count or do not; `None` if that is nothing.
    pub(crate) fn counted_share(&self, counted: Counts) -> Option<Share> {
        Some(counting(self.share(), counted)).filter(|share| *share != Share::default())
    }

    /// Returns the model.
    pub(crate) fn model(&self) -> Option<&'a str> {
        self.model
    }

    /// Returns the provider.
    pub(crate) fn provider(&self) -> Option<&'a str> {
        self.provider
    }

    fn has_name(&self, name: &ModelName) -> bool {
        name.model.as_deref() == self.model && name.provider.as_deref() == self.provider
    }

    fn name(&self) -> ModelName {
        ModelName { model: self.model.map(Into::into), provider: self.provider.map(Into::into) }
    }
}

/// The spans of a trace that give something, with what they gave.
#[derive(Default)]
pub(crate) struct Calls {
    names: Vec<ModelName>,
    list: Vec<Call>,
    /// Those that came or were replaced, and have not given yet.
    fresh: Vec<u32>,
    /// What replaced ones had given.
    taken_back: Vec<Given>,
}

struct Call {
    span_id: SpanId,
    given: Given,
    /// Whether its tokens and its cost counted when it gave; `None` while it has not given.
    counted: Option<Counts>,
}

/// A share and where it belongs.
#[derive(Clone, Copy)]
struct Given {
    bucket: i64,
    name: u32,
    share: Share,
}

impl Given {
    fn counting(self, counted: Counts) -> Given {
        Given { share: counting(self.share, counted), ..self }
    }
}

/// Returns what is given if tokens and cost count or do not.
fn counting(share: Share, counts: Counts) -> Share {
    let cost = if counts.cost { share.cost } else { 0 };
    Share {
        tokens: if counts.tokens { share.tokens } else { [0; TOKENS] },
        cost: counts.estimated_cost.map_or(cost, |cost| cost_units(&cost)),
        ..share
    }
}

impl Calls {
    /// Takes in a span that is new, or replaces the one at `place`; returns its place, or [`NO_CALL`].
    pub(crate) fn see(&mut self, place: u32, span: &SpanFacts<'_>) -> u32 {
        match self.list.get(place as usize) {
            Some(old) => self.taken_back.extend(old.counted.map(|counted| old.given.counting(counted))),
            None if !span.says_something() => return NO_CALL,
            None => {}
        }
        let name = self.name_of(span);
        let given = Given { bucket: bucket_of(span.start_ns), name, share: span.share() };
        let call = Call { span_id: span.span_id, given, counted: None };
        let place = match self.list.get_mut(place as usize) {
            Some(old) => {
                *old = call;
                place
            }
            None => {
                self.list.push(call);
                self.list.len() as u32 - 1
            }
        };
        self.fresh.push(place);
        place
    }

    fn name_of(&mut self, span: &SpanFacts<'_>) -> u32 {
        let compared = self.names.iter().take(COMPARED_NAMES_MAX);
        if let Some(number) = compared.into_iter().position(|name| span.has_name(name)) {
            return number as u32;
        }
        self.names.push(span.name());
        self.names.len() as u32 - 1
    }

    /// How many it remembers.
    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    /// Notes that what its spans give is in the roll-ups already.
    pub(crate) fn were_given(&mut self, usage: &mut UsageTree) {
        usage.take_recounted();
        self.fresh.clear();
        for call in &mut self.list {
            call.counted = Some(usage.counts(call.span_id));
        }
    }

    /// Gives what changed: under `before` it was given, under `after` it is from now on. (Experiments; `None`: nothing
    /// is given.)
    pub(crate) fn give(
        &mut self,
        usage: &mut UsageTree,
        before: Option<i64>,
        after: Option<i64>,
        rollups: &mut Rollups,
    ) {
        for given in self.taken_back.drain(..) {
            let name = &self.names[given.name as usize];
            before.iter().for_each(|id| rollups.call(*id, given.bucket, name, &given.share, false));
        }
        if self.list.is_empty() {
            return;
        }
        if !usage.take_recounted() && before == after {
            for place in self.fresh.drain(..) {
                let call = &mut self.list[place as usize];
                give_one(call, &self.names, usage, (before, after), rollups);
            }
            return;
        }
        self.fresh.clear();
        for call in &mut self.list {
            give_one(call, &self.names, usage, (before, after), rollups);
        }
    }
}

fn give_one(
    call: &mut Call,
    names: &[ModelName],
    usage: &mut UsageTree,
    (before, after): (Option<i64>, Option<i64>),
    rollups: &mut Rollups,
) {
    let counts = usage.counts(call.span_id);
    if before == after && call.counted == Some(counts) {
        return;
    }
    let name = &names[call.given.name as usize];
    let bucket = call.given.bucket;
    if let (Some(id), Some(counted)) = (before, call.counted) {
        rollups.call(id, bucket, name, &call.given.counting(counted).share, false);
    }
    call.counted = after.map(|_| counts);
    if let Some(id) = after {
        rollups.call(id, bucket, name, &call.given.counting(counts).share, true);
    }
}
