//! Usage and cost of a trace, each counted once.
//!
//! The rule: a span's usage counts unless a span above it reports usage (a wrapper repeats what its children said).
//! Cost follows the same rule on its own, since a wrapper may know its tokens but no model. A span whose parent is not
//! there stands at the top; in a cycle of parents the smallest id does.

mod forest;
mod sum;

use forest::{Flags, Forest};
use spanwise_model::{Cost, SpanId, TokenUsage};
use std::collections::HashMap as StdHashMap;
use sum::{Kind, Sum};

/// Each span is looked up a few times on its way in.
type HashMap<K, V> = StdHashMap<K, V, foldhash::fast::RandomState>;

/// The spans of one trace, with the totals kept up to date while they come in any order.
///
/// Adding a span takes almost constant time, whatever the size of the trace: spans form a forest in which whole trees
/// are hung below parents that come late, which is a union-find along the parent links; each tree carries the sum
/// that it counts. A span takes about 60 bytes, and about 300 more
/// if it reports something.
#[derive(Debug, Clone, Default)]
pub struct UsageTree {
    numbers: HashMap<SpanId, u32>,
    spans: Vec<Span>,
    forest: Forest,
    /// What each span reports, if anything.
    reports: HashMap<u32, Sum>,
    /// By root of a tree in `forest`: what that tree counts.
    sums: HashMap<u32, Sum>,
    total: Sum,
    /// A change that can't be made in place came; `forest`, `sums` and `total` wait to be built again.
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
    /// Whether this is the root of a cycle, whose parent is passed over.
    cut: bool,
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
        let old_report = self.set_report(number, report);
        let span = &mut self.spans[number as usize];
        let old = std::mem::replace(span, Span { parent, arrived: true, ..*span });
        if self.stale {
            return;
        }
        if !old.arrived {
            self.place(number, report);
        } else if !self.replace_in_place(number, &old, &old_report, &report) {
            self.stale = true;
        }
    }

    /// Returns the tokens and the cost of the trace.
    ///
    /// After a span moved, a parent's report came or went, or parents formed a cycle, this once looks at every span.
    pub fn totals(&mut self) -> (Option<TokenUsage>, Option<Cost>) {
        if self.stale {
            self.rebuild();
        }
        (self.total.usage(), self.total.cost())
    }

    /// Returns whether a span's tokens and its cost count in the totals; what it does not report does not count.
    pub fn counts(&mut self, span_id: SpanId) -> (bool, bool) {
        if self.stale {
            self.rebuild();
        }
        let Some(&number) = self.numbers.get(&span_id) else { return (false, false) };
        let report = self.reports.get(&number).copied().unwrap_or_default();
        let (_, above) = self.forest.find(number);
        let counts = |kind| report.has(kind) && !above.has(kind);
        (counts(Kind::Usage), counts(Kind::Cost))
    }

    /// Returns whether, since this was asked last, spans may have begun or ceased to count that were not themselves
    /// added or replaced.
    pub fn take_recounted(&mut self) -> bool {
        if self.stale {
            self.rebuild();
        }
        std::mem::take(&mut self.recounted)
    }

    fn number(&mut self, id: SpanId) -> u32 {
        *self.numbers.entry(id).or_insert_with(|| {
            self.spans.push(Span { id, parent: None, arrived: false, has_children: false, cut: false });
            self.forest.add_root()
        })
    }

    fn set_report(&mut self, number: u32, report: Sum) -> Sum {
        let old = if report.is_empty() {
            self.reports.remove(&number)
        } else {
            self.reports.insert(number, report)
        };
        old.unwrap_or_default()
    }

    /// Puts a span, which is the root of its tree, below its parent.
    fn place(&mut self, number: u32, report: Sum) {
        self.take_over(number, &report);
        let span = self.spans[number as usize];
        let Some(parent) = span.parent.filter(|_| !span.cut) else { return };
        let (root, above) = self.forest.find(parent);
        if root == number {
            self.stale = true;
            return;
        }
        let above = above.with(self.forest.own(parent));
        self.forest.hang(number, parent);
        let Some(sum) = self.sums.remove(&number) else { return };
        for kind in Kind::ALL {
            if above.has(kind) {
                self.total.subtract(kind, &sum);
                // Where the span itself reports, those below it did not count before.
                self.recounted |= sum.has(kind) && !report.has(kind);
            } else if sum.has(kind) {
                self.sums.entry(root).or_default().add(kind, &sum);
            }
        }
    }

    /// Lets the root of a tree count in place of what is below it, where it reports something.
    fn take_over(&mut self, root: u32, report: &Sum) {
        self.forest.set_own(root, flags(report));
        if report.is_empty() {
            return;
        }
        let sum = self.sums.entry(root).or_default();
        for kind in Kind::ALL {
            if report.has(kind) {
                self.recounted |= sum.has(kind);
                self.total.subtract(kind, sum);
                self.total.add(kind, report);
                sum.set(kind, report);
            }
        }
    }

    /// Changes what a span reports; false if that changes which other spans count.
    fn replace_in_place(&mut self, number: u32, old: &Span, old_report: &Sum, report: &Sum) -> bool {
        let span = self.spans[number as usize];
        let same_flags = flags(old_report) == flags(report);
        if span.parent != old.parent || span.has_children && !same_flags {
            return false;
        }
        let (root, above) = self.forest.find(number);
        self.forest.set_own(number, flags(report));
        for kind in Kind::ALL {
            if !above.has(kind) && (old_report.has(kind) || report.has(kind)) {
                let sum = self.sums.entry(root).or_default();
                for sum in [sum, &mut self.total] {
                    sum.subtract(kind, old_report);
                    sum.add(kind, report);
                }
            }
        }
        true
    }

    fn rebuild(&mut self) {
        self.stale = false;
        self.recounted = true;
        self.total = Sum::default();
        self.sums.clear();
        self.forest.clear();
        self.cut_cycles();
        for number in 0..self.spans.len() as u32 {
            let report = self.reports.get(&number).copied().unwrap_or_default();
            self.place(number, report);
        }
    }

    /// Makes the smallest id of each cycle of parents a root.
    fn cut_cycles(&mut self) {
        self.spans.iter_mut().for_each(|span| span.cut = false);
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

fn flags(report: &Sum) -> Flags {
    Kind::ALL.into_iter().filter(|kind| report.has(*kind)).fold(Flags::default(), Flags::and)
}
