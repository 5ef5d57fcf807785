//! The roll-up against a naive recomputation, over random trees in random order.

use proptest::prelude::*;
use spanwise_genai::rollup::{Standing, UsageTree};
use spanwise_model::{Cost, SpanId, TokenUsage};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// Ids are few, so that spans meet: as parents, as cycles, and as replacements.
const IDS: u8 = 24;

#[derive(Debug, Clone, Copy)]
struct Span {
    id: SpanId,
    parent: Option<SpanId>,
    usage: Option<TokenUsage>,
    cost: Option<Cost>,
}

fn id(number: u8) -> SpanId {
    SpanId([number, 0, 0, 0, 0, 0, 0, 1])
}

fn usage(input: u64, cache_read: Option<u64>) -> TokenUsage {
    TokenUsage { input, output: input / 2, total: input + input / 2, cache_read, ..TokenUsage::default() }
}

fn any_span() -> impl Strategy<Value = Span> {
    (
        0..IDS,
        prop::option::of(0..IDS),
        // Few values, so that sums are equal now and then.
        prop::option::weighted(0.5, (0u64..12, prop::option::of(0u64..9))),
        // Whole parts of a power of two, whose sums are exact in any order.
        prop::option::weighted(0.3, (0u32..64).prop_map(|units| f64::from(units) / 1024.0)),
    )
        .prop_map(|(number, parent, tokens, dollars)| Span {
            id: id(number),
            parent: parent.map(id),
            usage: tokens.map(|(input, cache_read)| usage(input, cache_read)),
            cost: dollars.map(|total| Cost { input: total / 2.0, output: total / 2.0, total }),
        })
}

/// Returns the parent, unless `span` is the smallest of a cycle.
fn parent_of<'a>(spans: &'a BTreeMap<SpanId, Span>, span: &Span) -> Option<&'a Span> {
    let mut cycle = vec![span.id];
    let mut seen = HashSet::from([span.id]);
    let mut at = spans.get(&span.parent?)?;
    while seen.insert(at.id) {
        cycle.push(at.id);
        match at.parent.and_then(|parent| spans.get(&parent)) {
            Some(parent) => at = parent,
            None => return spans.get(&span.parent?),
        }
    }
    let closes_here = at.id == span.id;
    let is_smallest = cycle.iter().min() == Some(&span.id);
    if closes_here && is_smallest { None } else { spans.get(&span.parent?) }
}

/// What counts of a span and all below it.
#[derive(Debug, Clone, Default, PartialEq)]
struct Naive {
    tokens: Option<TokenUsage>,
    dollars: Option<Cost>,
    counted: BTreeSet<SpanId>,
    /// Whether the cost of some tokens is not known.
    lacks_cost: bool,
}

impl Naive {
    fn add(&mut self, other: Naive) {
        if let Some(usage) = &other.tokens {
            self.tokens.get_or_insert_with(TokenUsage::default).add(usage);
        }
        if let Some(cost) = &other.dollars {
            self.dollars.get_or_insert_with(Cost::default).add(cost);
        }
        self.counted.extend(other.counted);
        self.lacks_cost |= other.lacks_cost;
    }
}

/// The rule, as one would write it down: of each span its own figures, or those of all below it.
fn naive(spans: &BTreeMap<SpanId, Span>) -> Naive {
    let mut children: BTreeMap<Option<SpanId>, Vec<&Span>> = BTreeMap::new();
    for span in spans.values() {
        children.entry(parent_of(spans, span).map(|parent| parent.id)).or_default().push(span);
    }
    naive_below(&children, None)
}

fn naive_below(children: &BTreeMap<Option<SpanId>, Vec<&Span>>, parent: Option<SpanId>) -> Naive {
    let mut all = Naive::default();
    for span in children.get(&parent).into_iter().flatten() {
        let below = naive_below(children, Some(span.id));
        let is_silent = span.usage.is_none() && span.cost.is_none();
        let counted = if is_silent { BTreeSet::new() } else { BTreeSet::from([span.id]) };
        let lacks_cost = span.usage.is_some() && span.cost.is_none();
        let own = Naive { tokens: span.usage, dollars: span.cost, counted, lacks_cost };
        all.add(naive_choice(own, below));
    }
    all
}

fn naive_choice(mut own: Naive, below: Naive) -> Naive {
    if own.counted.is_empty() || below.counted.is_empty() {
        return if own.counted.is_empty() { below } else { own };
    }
    let is_own = match (&own.tokens, &below.tokens) {
        (Some(one), Some(other)) if one.total == other.total => {
            own.dollars.is_some() || below.dollars.is_none()
        }
        (Some(one), Some(other)) => one.total > other.total,
        (None, None) => own.dollars.unwrap().total >= below.dollars.unwrap().total,
        _ if own.dollars.is_some() != below.dollars.is_some() => {
            own.add(below);
            return own;
        }
        (own_tokens, _) => own_tokens.is_some(),
    };
    if is_own {
        estimate(&mut own, &below);
        own
    } else {
        below
    }
}

/// Tokens of unknown cost cost as much as those below on average.
fn estimate(own: &mut Naive, below: &Naive) {
    let (Some(tokens), None, Some(rates), Some(cost)) =
        (own.tokens, own.dollars, below.tokens, below.dollars)
    else {
        return;
    };
    let has_parts = cost.total > 0.0;
    let lacks = |own: u64, rates: u64| has_parts && own > 0 && rates == 0;
    if below.lacks_cost || lacks(tokens.input, rates.input) || lacks(tokens.output, rates.output) {
        return;
    }
    let scale = |dollars: f64, own: u64, all: u64| {
        if own == 0 || dollars == 0.0 {
            Some(0.0)
        } else {
            (all > 0).then(|| dollars * own as f64 / all as f64)
        }
    };
    let input = scale(cost.input, tokens.input, rates.input);
    let output = scale(cost.output, tokens.output, rates.output);
    let rest = scale(cost.total - cost.input - cost.output, tokens.total, rates.total);
    if let (Some(input), Some(output), Some(rest)) = (input, output, rest) {
        own.dollars = Some(Cost { input, output, total: input + output + rest });
        own.lacks_cost = false;
    }
}

fn assert_close(found: Option<Cost>, expected: Option<Cost>) {
    assert_eq!(found.is_some(), expected.is_some());
    let (found, expected) = (found.unwrap_or_default(), expected.unwrap_or_default());
    for (found, expected) in
        [(found.input, expected.input), (found.output, expected.output), (found.total, expected.total)]
    {
        assert!((found - expected).abs() <= 1e-12 * expected.abs(), "{found} is not {expected}");
    }
}

fn insert(tree: &mut UsageTree, span: &Span) {
    tree.insert(span.id, span.parent, span.usage, span.cost);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn totals_are_the_naive_ones_after_each_span(spans in prop::collection::vec(any_span(), 1..60)) {
        let (mut tree, mut naive) = (UsageTree::default(), BTreeMap::new());
        for span in &spans {
            insert(&mut tree, span);
            naive.insert(span.id, *span);
            let (tokens, dollars) = tree.totals();
            let expected = self::naive(&naive);
            prop_assert_eq!(tokens, expected.tokens);
            assert_close(dollars, expected.dollars);
        }
    }

    #[test]
    fn who_counts_is_known_without_asking_everybody(spans in prop::collection::vec(any_span(), 1..60)) {
        let (mut tree, mut naive, mut known) = (UsageTree::default(), BTreeMap::new(), BTreeMap::new());
        for span in &spans {
            insert(&mut tree, span);
            naive.insert(span.id, *span);
            if tree.take_recounted() {
                known = naive.keys().map(|id| (*id, tree.counts(*id))).collect();
            }
            known.insert(span.id, tree.counts(span.id));
            let counted = self::naive(&naive).counted;
            for (id, span) in &naive {
                let counts = counted.contains(id);
                let now = tree.counts(*id);
                prop_assert_eq!(known[id], now);
                prop_assert_eq!(
                    (now.tokens, now.cost),
                    (counts && span.usage.is_some(), counts && span.cost.is_some())
                );
            }
        }
    }

    #[test]
    fn the_order_of_arrival_changes_nothing(
        spans in prop::collection::btree_map(0..IDS, any_span(), 1..24)
            .prop_map(|spans| spans.into_iter().map(|(number, span)| Span { id: id(number), ..span }).collect::<Vec<_>>()),
        asks in prop::collection::vec(any::<bool>(), 24),
        seed in any::<prop::sample::Index>(),
    ) {
        let mut shuffled = spans.clone();
        shuffled.rotate_left(seed.index(spans.len()));
        shuffled.reverse();
        let (mut tree, mut other) = (UsageTree::default(), UsageTree::default());
        spans.iter().for_each(|span| insert(&mut tree, span));
        for (span, ask) in shuffled.iter().zip(asks) {
            insert(&mut other, span);
            if ask {
                other.totals();
            }
        }
        prop_assert_eq!(tree.totals(), other.totals());
    }
}

fn number(number: u64) -> SpanId {
    SpanId(number.to_be_bytes())
}

#[test]
fn a_chain_of_100_000_spans_is_taken_in_from_either_end() {
    const COUNT: u64 = 100_000;
    for reversed in [false, true] {
        let mut tree = UsageTree::default();
        for step in 0..COUNT {
            let at = if reversed { COUNT - step } else { step + 1 };
            let parent = (at > 1).then(|| number(at - 1));
            let reported = (at % 1_000 == 500).then(|| usage(10, None));
            tree.insert(number(at), parent, reported, None);
            tree.totals();
        }
        assert_eq!(tree.totals(), (Some(usage(10, None)), None));
    }
}

fn cost(total: f64) -> Option<Cost> {
    Some(Cost { input: total / 2.0, output: total / 2.0, total })
}

#[test]
fn a_wrapper_that_has_only_told_its_last_call_is_replaced() {
    let mut tree = UsageTree::default();
    tree.insert(number(1), None, Some(usage(10, None)), None);
    tree.insert(number(2), Some(number(1)), Some(usage(20, None)), cost(0.5));
    assert_eq!(tree.totals(), (Some(usage(20, None)), cost(0.5)));
    tree.insert(number(3), Some(number(1)), Some(usage(10, None)), cost(0.25));
    assert_eq!(tree.totals(), (Some(usage(30, None)), cost(0.75)));
    assert_eq!(tree.standing(number(1)), Some(Standing::ReplacedByDescendants));
    assert_eq!(tree.standing(number(3)), Some(Standing::Counted));
    // All of them, said at last.
    tree.insert(number(1), None, Some(usage(40, None)), cost(1.0));
    assert_eq!(tree.totals(), (Some(usage(40, None)), cost(1.0)));
    assert_eq!(tree.standing(number(3)), Some(Standing::BelowReportingAncestor(number(1))));
}

#[test]
fn a_call_that_is_told_twice_counts_once() {
    let mut tree = UsageTree::default();
    tree.insert(number(3), Some(number(2)), Some(usage(10, None)), cost(0.5));
    tree.insert(number(2), Some(number(1)), Some(usage(10, None)), cost(0.5));
    assert_eq!(tree.totals(), (Some(usage(10, None)), cost(0.5)));
    assert_eq!(tree.standing(number(3)), Some(Standing::Duplicate(number(2))));
    assert_eq!((tree.standing(number(1)), tree.standing(number(9))), (None, None));
}

#[test]
fn tokens_and_cost_come_from_the_same_spans() {
    let mut tree = UsageTree::default();
    // A wrapper that repeats its children, without their cost: they count.
    tree.insert(number(1), None, Some(usage(30, None)), None);
    tree.insert(number(2), Some(number(1)), Some(usage(10, Some(2))), cost(0.5));
    tree.insert(number(3), Some(number(1)), Some(usage(20, Some(3))), None);
    assert_eq!(tree.totals(), (Some(usage(30, Some(5))), cost(0.5)));
    assert_eq!(tree.standing(number(1)), Some(Standing::RepeatsDescendants));
    // It tells more than they do: a cost of a part of theirs is not the cost of that.
    tree.insert(number(1), None, Some(usage(32, None)), None);
    assert_eq!(tree.totals(), (Some(usage(32, None)), None));
}

#[test]
fn a_wrapper_that_tells_more_than_its_calls_costs_as_much_a_token_as_they() {
    let mut tree = UsageTree::default();
    let dollars = |input, output| Some(Cost { input, output, total: input + output });
    tree.insert(number(1), None, Some(usage(40, None)), None);
    tree.insert(number(2), Some(number(1)), Some(usage(10, None)), dollars(0.5, 1.0));
    tree.insert(number(3), Some(number(1)), Some(usage(10, None)), dollars(0.25, 0.5));
    assert_eq!(tree.totals(), (Some(usage(40, None)), dollars(1.5, 3.0)));
    assert_eq!(tree.counts(number(1)).estimated_cost, dollars(1.5, 3.0));
    assert_eq!(tree.standing(number(2)), Some(Standing::BelowReportingAncestor(number(1))));
    // One of the calls has no price.
    tree.insert(number(4), Some(number(1)), Some(usage(2, None)), None);
    assert_eq!(tree.totals(), (Some(usage(40, None)), None));
    assert_eq!(tree.counts(number(1)).estimated_cost, None);
}

#[test]
fn who_tells_only_tokens_and_who_tells_only_costs_both_count() {
    for (wrapper, call) in [(None, Some(usage(10, None))), (Some(usage(10, None)), None)] {
        let mut tree = UsageTree::default();
        tree.insert(number(1), None, wrapper, cost(0.5).filter(|_| wrapper.is_none()));
        tree.insert(number(2), Some(number(1)), call, cost(0.5).filter(|_| call.is_none()));
        assert_eq!(tree.totals(), (Some(usage(10, None)), cost(0.5)));
        let both = [1, 2].map(|id| tree.standing(number(id)));
        assert_eq!(both, [Some(Standing::Counted); 2]);
    }
}

#[test]
fn a_deep_nest_of_reports_is_taken_in_from_either_end() {
    const DEPTH: u64 = 20_000;
    for reversed in [false, true] {
        let mut tree = UsageTree::default();
        for step in 0..DEPTH {
            let at = if reversed { DEPTH - step } else { step + 1 };
            let parent = (at > 1).then(|| number(at - 1));
            // Each tells more than the one above it.
            tree.insert(number(at), parent, Some(usage(at * 2, None)), None);
            if step % 512 == 0 {
                tree.totals();
            }
        }
        assert_eq!(tree.totals().0, Some(usage(DEPTH * 2, None)));
        assert_eq!(tree.standing(number(1)), Some(Standing::ReplacedByDescendants));
    }
}

#[test]
fn late_spans_recount_others_only_where_one_begins_or_ceases_to_count() {
    let mut tree = UsageTree::default();
    tree.insert(number(1), None, None, None);
    tree.take_recounted();
    // Calls below steps that come later, as exporters send them.
    for step in 0..1_000 {
        let (parent, first) = (number(10 + step * 10), 11 + step * 10);
        for call in first..first + 5 {
            tree.insert(number(call), Some(parent), Some(usage(10, None)), None);
        }
        tree.insert(parent, Some(number(1)), None, None);
        assert!(!tree.take_recounted(), "step {step}");
    }
    // A step that says less than its calls, and one that says as much.
    tree.insert(number(9), Some(number(1)), Some(usage(2, None)), None);
    tree.insert(number(8), Some(number(9)), Some(usage(2, None)), None);
    assert!(!tree.take_recounted());
    tree.insert(number(7), Some(number(9)), Some(usage(2, None)), None);
    assert!(tree.take_recounted(), "the step is replaced by its calls");
}

#[test]
fn a_wrapper_that_repeats_its_children_counts_once() {
    let mut tree = UsageTree::default();
    for child in 2..5 {
        tree.insert(number(child), Some(number(1)), Some(usage(10, Some(1))), None);
    }
    assert_eq!(tree.totals().0, Some(usage(30, Some(3))));
    tree.insert(number(1), None, Some(usage(30, None)), None);
    assert_eq!(tree.totals().0, Some(usage(30, None)));
}
