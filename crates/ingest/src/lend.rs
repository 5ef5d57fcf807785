//! Texts for traces whose root has none: the first call in a chunk that has inputs lends these, the last one its outputs.
//!
//! Two spans of a chunk at most are read closely, and none if its root tells both. The store keeps the best of what all
//! chunks offer.

use crate::draft::Chunk;
use crate::traces::SpanItem;
use spanwise_genai::{lends_texts, lent_facts};
use spanwise_model::{Interned, NewSpan, RootFacts};
use spanwise_otlp::SpanView;
use std::cmp::Reverse;
use std::sync::Arc;

/// Has a text of one side.
type HasText = fn(&RootFacts) -> bool;

const HAS_INPUT: HasText = |facts| facts.input_text.is_some();
const HAS_OUTPUT: HasText = |facts| facts.output_text.is_some();

/// Lets spans of one trace lend what its root may lack.
pub(crate) fn lend(chunk: &mut Chunk<SpanItem>, scopes: &[Arc<Interned>]) {
    let told = |has: HasText| {
        let mut roots = chunk.items.iter().filter(|item| item.span.parent_id.is_none());
        roots.any(|root| root.span.root.as_deref().is_some_and(has))
    };
    let (is_input_told, is_output_told) = (told(HAS_INPUT), told(HAS_OUTPUT));
    if is_input_told && is_output_told {
        return;
    }
    let mut lenders: Vec<usize> =
        (0..chunk.items.len()).filter(|index| lends_texts(&chunk.items[*index].span.span_type)).collect();
    if !is_input_told {
        lenders.sort_unstable_by_key(|index| {
            let span = &chunk.items[*index].span;
            (span.start_ns, span.span_id)
        });
        choose(chunk, scopes, &lenders, HAS_INPUT);
    }
    if !is_output_told {
        lenders.retain(|index| chunk.items[*index].span.end_ns.is_some());
        lenders.sort_unstable_by_key(|index| {
            let span = &chunk.items[*index].span;
            (Reverse(span.end_ns), span.start_ns, span.span_id)
        });
        choose(chunk, scopes, &lenders, HAS_OUTPUT);
    }
}

/// Lets the first of some spans lend that has a text.
fn choose(chunk: &mut Chunk<SpanItem>, scopes: &[Arc<Interned>], lenders: &[usize], has: HasText) {
    for index in lenders {
        let SpanItem { span, scope, .. } = &mut chunk.items[*index];
        if span.lent.is_none() {
            span.lent = texts(span, &scopes[*scope]);
        }
        if span.lent.as_deref().is_some_and(has) {
            return;
        }
    }
}

fn texts(span: &NewSpan, scope: &Interned) -> Option<Box<RootFacts>> {
    lent_facts(&SpanView::parse_in_scope(&span.raw, &scope.bytes).ok()?, &[])
}
