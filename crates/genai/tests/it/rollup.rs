//! The roll-up against a naive recomputation, over random trees in random order.

use proptest::prelude::*;
use spanwise_genai::rollup::UsageTree;
use spanwise_model::{Cost, SpanId, TokenUsage};
use std::collections::{BTreeMap, HashSet};

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
        prop::option::weighted(0.4, (0u64..100, prop::option::of(0u64..9))),
        prop::option::weighted(0.3, 0.0..1e-3),
    )
        .prop_map(|(number, parent, tokens, dollars)| Span {
            id: id(number),
            parent: parent.map(id),
            usage: tokens.map(|(input, cache_read)| usage(input, cache_read)),
            cost: dollars.map(|total| Cost { input: total / 2.0, output: total / 2.0, total }),
        })
}

/// Says whether a span above `span` satisfies `reports`, by walking up.
fn is_covered(spans: &BTreeMap<SpanId, Span>, span: &Span, reports: fn(&Span) -> bool) -> bool {
    let mut at = span;
    while let Some(parent) = parent_of(spans, at) {
        if reports(parent) {
            return true;
        }
        at = parent;
    }
    false
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

fn naive_totals(spans: &BTreeMap<SpanId, Span>) -> (Option<TokenUsage>, Option<Cost>) {
    let (mut tokens, mut dollars) = (None, None);
    for span in spans.values() {
        if let Some(usage) = &span.usage
            && !is_covered(spans, span, |above| above.usage.is_some())
        {
            tokens.get_or_insert_with(TokenUsage::default).add(usage);
        }
        if let Some(cost) = &span.cost
            && !is_covered(spans, span, |above| above.cost.is_some())
        {
            dollars.get_or_insert_with(Cost::default).add(cost);
        }
    }
    (tokens, dollars)
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
            let (naive_tokens, naive_dollars) = naive_totals(&naive);
            prop_assert_eq!(tokens, naive_tokens);
            assert_close(dollars, naive_dollars);
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
            for (id, span) in &naive {
                let tokens = span.usage.is_some() && !is_covered(&naive, span, |above| above.usage.is_some());
                let dollars = span.cost.is_some() && !is_covered(&naive, span, |above| above.cost.is_some());
                prop_assert_eq!(known[id], (tokens, dollars));
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
