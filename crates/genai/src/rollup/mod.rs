//! Usage and cost of a trace, each counted once.
//!
//! The rule: of a span that reports tokens and the spans below it, whoever tells more total tokens counts, and on a tie
//! the span itself (a wrapper repeats what its children said; one that says less has only told its last call). Where all
//! is the same but only those below tell a cost, they count. If one side tells only tokens and the other only costs, both
//! count; if both tell only costs, the greater one does, on a tie the span's own. Tokens and cost of a trace so come from
//! the same spans. A span that counts with more tokens than those below it and does not know their cost has that of as many
//! tokens of the spans below, if all of these have a known one. A span whose parent is not there stands at the top; in a cycle of parents the smallest id does.

mod forest;
mod group;
mod sum;

use forest::Forest;
use group::{Choice, Group};
use spanwise_model::{Cost, SpanId, TokenUsage};
use std::collections::HashMap as StdHashMap;
use sum::Sum;

/// Spans that report something, each below the next, that one change goes up through. A deeper nest is built again, once
/// for all that comes until somebody asks.
const NEST_MAX: usize = 64;

/// Each span is looked up a few times on its way in.
type HashMap<K, V> = StdHashMap<K, V, foldhash::fast::RandomState>;

/// Whether what a span reports counts in the totals of its trace, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It counts.
    Counted,
    /// A span above it counts, which reports as many tokens as all below it or more.
    BelowReportingAncestor(SpanId),
    /// As that, and the span above reports the very same: one call, told twice.
    Duplicate(SpanId),
    /// The spans below it tell more tokens together: it has only told a part of them.
    ReplacedByDescendants,
    /// The spans below it tell the same tokens together, and beside them their cost, which it does not.
    RepeatsDescendants,
}

/// What of a span counts in the totals of its trace.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Counts {
    /// Its tokens, if it reports any.
    pub tokens: bool,
    /// Its cost, if it knows one.
    pub cost: bool,
    /// The cost that counts in place of one: its tokens count, it does not know their cost, and those of the spans below
    /// it, which are fewer, all have a known one. Each token costs as much as one of these on average.
    pub estimated_cost: Option<Cost>,
}

/// The spans of one trace, with the totals kept up to date while they come in any order.
///
/// Adding a span takes almost constant time, whatever the size of the trace: spans that report nothing are joined with the
/// next span above them that does, which is a union-find along the parent links; what changes of the sum below a
/// span that reports goes up from one such span to the next, as far as it makes a difference. A span takes about 50
/// bytes, and about 250 more if it reports something.
#[derive(Debug, Clone, Default)]
pub struct UsageTree {
    numbers: HashMap<SpanId, u32>,
    spans: Vec<Span>,
    /// The top of a tree is a span that reports something, or that has no parent.
    forest: Forest,
    /// By top of a tree in `forest`, as far as something is reported there.
    groups: HashMap<u32, Group>,
    total: Sum,
    /// A change that can't be made in place came; `forest`, `groups` and `total` wait to be built again.
    stale: bool,
    /// Spans that came before may have begun or ceased to count.
    recounted: bool,
}

#[derive(Debug, Clone, Copy)]
struct Span {
    id: SpanId,
    parent: Option<u32>,
    /// False while the id was only named as a parent.
    arrived: bool,
    has_children: bool,
    /// Whether it is the smallest of a cycle, whose parent is passed over.
    cut: bool,
    /// Whether it stands below its parent, as far as it has one.
    placed: bool,
}

impl UsageTree {
    /// Adds a span, or replaces the one of that id.
    pub fn insert(
        &mut self,
        span_id: SpanId,
        parent: Option<SpanId>,
        usage: Option<TokenUsage>,
        cost: Option<Cost>,
    ) {
        let number = self.number(span_id);
        let parent = parent.filter(|parent| *parent != span_id).map(|parent| self.number(parent));
        if let Some(parent) = parent {
            self.spans[parent as usize].has_children = true;
        }
        let report = Sum::of(usage.as_ref(), cost.as_ref());
        let span = &mut self.spans[number as usize];
        let old = std::mem::replace(span, Span { parent, arrived: true, ..*span });
        if self.stale {
            self.groups.entry(number).or_default().set_own(&report);
        } else if !old.arrived {
            self.place(number, &report);
        } else if parent != old.parent || !self.replace_in_place(number, &report) {
            self.groups.entry(number).or_default().set_own(&report);
            self.stale = true;
        }
    }

    /// Returns the tokens and the cost of the trace.
    ///
    /// After a span moved, a parent's report came or went, parents formed a cycle, or a deep nest of reports changed, this
    /// once looks at every span.
    pub fn totals(&mut self) -> (Option<TokenUsage>, Option<Cost>) {
        self.rebuild_if_stale();
        (self.total.usage(), self.total.cost())
    }

    /// Returns whether a span's tokens and its cost count in the totals; what it does not report does not count.
    pub fn counts(&mut self, span_id: SpanId) -> Counts {
        self.rebuild_if_stale();
        let Some(&number) = self.numbers.get(&span_id) else { return Counts::default() };
        let Some(group) = self.groups.get(&number) else { return Counts::default() };
        let (choice, has_usage, has_cost) = (group.choice(), group.own().has_usage(), group.own().has_cost());
        let estimated = group.estimated();
        let counts = choice.takes_own() && !self.is_covered(number);
        Counts {
            tokens: counts && has_usage,
            cost: counts && has_cost,
            estimated_cost: estimated.filter(|_| counts).and_then(|sum| sum.cost()),
        }
    }

    /// Returns whether a span counts, and why; `None` if it reports nothing.
    pub fn standing(&mut self, span_id: SpanId) -> Option<Standing> {
        self.rebuild_if_stale();
        let number = *self.numbers.get(&span_id)?;
        let group = self.groups.get(&number).filter(|group| !group.own().is_empty())?.clone();
        let mut above = None;
        let mut at = number;
        while let Some(top) = self.top_above(at) {
            above =
                self.groups.get(&top).filter(|group| !group.choice().takes_below()).map(|_| top).or(above);
            at = top;
        }
        Some(match above {
            Some(above) => {
                let id = self.spans[above as usize].id;
                let is_same = self.groups[&above].own().total_tokens() == group.own().total_tokens();
                if is_same { Standing::Duplicate(id) } else { Standing::BelowReportingAncestor(id) }
            }
            None if group.choice().takes_own() => Standing::Counted,
            None if group.own().has_usage() && group.own().total_tokens() == group.below().total_tokens() => {
                Standing::RepeatsDescendants
            }
            None => Standing::ReplacedByDescendants,
        })
    }

    /// Returns whether, since this was asked last, spans may have begun or ceased to count that were not themselves
    /// added or replaced.
    pub fn take_recounted(&mut self) -> bool {
        self.rebuild_if_stale();
        std::mem::take(&mut self.recounted)
    }

    fn number(&mut self, id: SpanId) -> u32 {
        *self.numbers.entry(id).or_insert_with(|| {
            self.spans.push(Span {
                id,
                parent: None,
                arrived: false,
                has_children: false,
                cut: false,
                placed: false,
            });
            self.forest.add()
        })
    }

    /// Returns the top of the tree that a span stands below.
    fn top_above(&mut self, number: u32) -> Option<u32> {
        let span = self.spans[number as usize];
        span.parent.filter(|_| span.placed && !span.cut).map(|parent| self.forest.top(parent))
    }

    /// Puts a span, which is the top of a tree and stands below nothing yet, below its parent.
    fn place(&mut self, number: u32, report: &Sum) {
        let span = self.spans[number as usize];
        let above = span.parent.filter(|_| !span.cut).map(|parent| self.forest.top(parent));
        if above.is_some_and(|above| self.is_at_or_below(above, number)) {
            self.groups.entry(number).or_default().set_own(report);
            self.stale = true;
            return;
        }
        self.spans[number as usize].placed = true;
        let old = self.groups.get(&number).map(Group::value).unwrap_or_default();
        let mut new = old;
        if !report.is_empty() {
            let group = self.groups.entry(number).or_default();
            group.set_own(report);
            new = group.value();
            self.recounted |= !old.is_empty() && !group.choice().takes_below();
        }
        let Some(above) = above else {
            self.total.subtract(&old);
            self.total.add(&new);
            return;
        };
        self.total.subtract(&old);
        if report.is_empty() {
            self.groups.remove(&number);
            self.forest.hang(number, above);
        }
        if !new.is_empty() {
            self.change_below(above, &Sum::default(), &new);
            self.recounted |= !old.is_empty() && self.is_covered(number);
        }
    }

    /// Returns whether a top is that span or somewhere below it.
    fn is_at_or_below(&mut self, top: u32, number: u32) -> bool {
        // A span that nobody named as a parent has nothing below it.
        if !self.spans[number as usize].has_children {
            return false;
        }
        let mut at = Some(top);
        while let Some(top) = at {
            if top == number {
                return true;
            }
            at = self.top_above(top);
        }
        false
    }

    /// Replaces a part of what counts below a top, and all that follows from it further up.
    fn change_below(&mut self, top: u32, old: &Sum, new: &Sum) {
        let (mut at, mut old, mut new) = (top, *old, *new);
        for _ in 0..NEST_MAX {
            let group = self.groups.entry(at).or_default();
            let (value, choice, estimated) = (group.value(), group.choice(), group.estimated());
            group.change_below(&old, &new);
            self.recounted |= choice != group.choice() || estimated != group.estimated();
            let changed = group.value();
            if changed == value {
                return;
            }
            let Some(above) = self.top_above(at) else {
                self.total.subtract(&value);
                self.total.add(&changed);
                return;
            };
            (at, old, new) = (above, value, changed);
        }
        self.stale = true;
    }

    /// Returns whether a span above this one counts in its place.
    fn is_covered(&mut self, number: u32) -> bool {
        let mut at = number;
        while let Some(above) = self.top_above(at) {
            if self.groups.get(&above).is_some_and(|group| group.choice() == Choice::Own) {
                return true;
            }
            at = above;
        }
        false
    }

    /// Changes what a span reports; false if that takes more than a change in place.
    fn replace_in_place(&mut self, number: u32, report: &Sum) -> bool {
        let is_top = self.forest.is_top(number);
        if !is_top && report.is_empty() {
            return true;
        }
        let span = self.spans[number as usize];
        if !is_top && span.has_children {
            // Those below it were joined with a span above.
            return false;
        }
        if !is_top {
            self.forest.cut(number);
        }
        let group = self.groups.entry(number).or_default();
        let (value, choice) = (group.value(), group.choice());
        group.set_own(report);
        let changed = group.value();
        // A span without others below it is itself what was replaced.
        self.recounted |= choice != group.choice() && span.has_children;
        match self.top_above(number) {
            Some(above) if value != changed => self.change_below(above, &value, &changed),
            Some(_) => {}
            None => {
                self.total.subtract(&value);
                self.total.add(&changed);
            }
        }
        true
    }

    fn rebuild_if_stale(&mut self) {
        if !std::mem::take(&mut self.stale) {
            return;
        }
        self.recounted = true;
        self.total = Sum::default();
        let reports = std::mem::take(&mut self.groups);
        self.forest.clear();
        self.cut_cycles();
        for number in self.children_first() {
            let report = reports.get(&number).map(|group| *group.own()).unwrap_or_default();
            self.place(number, &report);
        }
    }

    /// Returns all spans, each behind those below it, so that nothing has to go up further than to its parent.
    fn children_first(&self) -> Vec<u32> {
        let parent_of = |number: u32| {
            let span = self.spans[number as usize];
            span.parent.filter(|_| !span.cut)
        };
        let mut children = vec![0_u32; self.spans.len()];
        let all = 0..self.spans.len() as u32;
        all.clone().filter_map(parent_of).for_each(|parent| children[parent as usize] += 1);
        let mut order: Vec<u32> = all.filter(|number| children[*number as usize] == 0).collect();
        let mut next = 0;
        while let Some(parent) = order.get(next).map(|number| parent_of(*number)) {
            next += 1;
            let Some(parent) = parent else { continue };
            children[parent as usize] -= 1;
            if children[parent as usize] == 0 {
                order.push(parent);
            }
        }
        order
    }

    /// Makes the smallest id of each cycle of parents a root.
    fn cut_cycles(&mut self) {
        self.spans.iter_mut().for_each(|span| (span.cut, span.placed) = (false, false));
        // For each span the walk up that first saw it.
        let mut seen_by = vec![u32::MAX; self.spans.len()];
        for start in 0..self.spans.len() as u32 {
            let mut at = start;
            while seen_by[at as usize] == u32::MAX {
                seen_by[at as usize] = start;
                match self.spans[at as usize].parent {
                    Some(parent) => at = parent,
                    None => break,
                }
            }
            if self.spans[at as usize].parent.is_some() && seen_by[at as usize] == start {
                self.cut_cycle(at);
            }
        }
    }

    fn cut_cycle(&mut self, member: u32) {
        let mut smallest = member;
        let mut at = member;
        while let Some(parent) = self.spans[at as usize].parent {
            at = parent;
            if self.spans[at as usize].id < self.spans[smallest as usize].id {
                smallest = at;
            }
            if at == member {
                break;
            }
        }
        self.spans[smallest as usize].cut = true;
    }
}
