//! The part of ingestion that reads a span's meaning, alone and on one thread: what `ingest` derives of each span.

use crate::request::Request;
use anyhow::Result;
use spanwise_genai::{PriceTable, derive, derive_without_bodies, root_facts};
use spanwise_otlp::{SpanView, scan_traces, scope_name};
use std::hint::black_box;

/// Finds and checks all spans, and derives nothing: what is to be taken off.
pub(crate) fn read_spans(request: &Request) -> Result<()> {
    each_span(request, |span| {
        black_box(span);
    })
}

/// Finds and checks all spans, and derives what is stored of each.
pub(crate) fn derive_spans(request: &Request) -> Result<()> {
    each_span(request, |span| {
        // As ingestion does: bodies of spans that are not a root are read when somebody looks at them.
        if span.parent_span_id.iter().any(|byte| *byte != 0) {
            drop(black_box(derive_without_bodies(&span, PriceTable::built_in())));
        } else {
            drop(black_box(root_facts(&span, &[], &derive(&span, &[], PriceTable::built_in()))));
        }
    })
}

fn each_span(request: &Request, mut take: impl FnMut(SpanView<'_>)) -> Result<()> {
    for resource in scan_traces(&request.body)? {
        for scope in &resource.scopes {
            let name = scope_name(scope.scope);
            for raw in &scope.spans {
                take(SpanView::parse(raw)?.in_scope(name));
            }
        }
    }
    Ok(())
}
