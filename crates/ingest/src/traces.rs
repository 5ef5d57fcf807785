//! An `ExportTraceServiceRequest` becomes spans with columns, grouped by trace.

use crate::column::new_span;
use crate::decoded::{Decoded, Decoder};
use crate::draft::Chunk;
use crate::lend::lend;
use crate::origin::OriginCache;
use crate::reject::Rejections;
use bytes::Bytes;
use spanwise_genai::derive_without_bodies;
use spanwise_genai::prices::{PriceBook, PriceTable};
use spanwise_model::{ExperimentChoice, NewSpan, SpanRun, TraceId, TraceSpans};
use spanwise_otlp::{DecodeError, SpanError, SpanView, scan_traces, scope_name};

/// A good span, and the positions of its resource and scope.
pub(crate) struct SpanItem {
    pub(crate) span: NewSpan,
    resource: usize,
    pub(crate) scope: usize,
}

/// Reads a request; what is wrong with single spans, resources or scopes costs those only.
pub(crate) fn decode_traces(
    body: &Bytes,
    origins: &OriginCache,
    rejections: Rejections,
    prices: &PriceTable,
) -> Result<Decoded<SpanItem>, DecodeError> {
    let mut decoder = Decoder::new(body, origins, rejections);
    for group in scan_traces(body)? {
        let spans = group.scopes.iter().map(|scope| scope.spans.len()).sum();
        if !decoder.begin_resource(group.resource, group.schema_url, spans) {
            continue;
        }
        for scope in &group.scopes {
            if decoder.begin_scope(scope.scope, scope.schema_url, scope.spans.len()) {
                let name = scope_name(scope.scope);
                scope.spans.iter().for_each(|raw| take_span(&mut decoder, raw, name, prices));
            }
        }
    }
    let mut decoded = decoder.finish();
    decoded.chunks.iter_mut().for_each(|chunk| lend(chunk, &decoded.scopes));
    Ok(decoded)
}

/// Takes one span of the resource and scope that began last.
fn take_span(decoder: &mut Decoder<'_, SpanItem>, raw: &[u8], scope_name: &str, prices: &PriceTable) {
    match read_span(raw, scope_name, decoder.body, prices) {
        Ok((trace_id, span)) => {
            let (resource, scope) = (decoder.resources.len() - 1, decoder.scopes.len() - 1);
            decoder.by_trace.push(trace_id, raw.len(), SpanItem { span, resource, scope });
            decoder.accepted += 1;
        }
        Err(error) => decoder.rejections.add(1, error),
    }
}

fn read_span(
    raw: &[u8],
    scope_name: &str,
    body: &Bytes,
    prices: &PriceTable,
) -> Result<([u8; 16], NewSpan), SpanError> {
    let view = SpanView::parse(raw)?.in_scope(scope_name);
    let (trace_id, span_id, parent_id) = view.ids()?;
    Ok((trace_id, new_span(body.slice_ref(raw), &view, span_id, parent_id, prices)))
}

/// Prices the spans of experiments that have prices of their own; which experiment a resource goes to is known only
/// after its spans were read.
pub(crate) fn reprice(decoded: &mut Decoded<SpanItem>, experiments: &[ExperimentChoice], book: &PriceBook) {
    if !book.has_own() {
        return;
    }
    let used = |item: &&mut SpanItem| item.span.usage.is_some();
    let Decoded { chunks, scopes, .. } = decoded;
    for item in chunks.iter_mut().flat_map(|chunk| &mut chunk.items).filter(used) {
        if let Some(prices) = book.own(experiments[item.resource].experiment_id)
            && let Ok(view) = SpanView::parse_in_scope(&item.span.raw, &scopes[item.scope].bytes)
        {
            item.span.cost = derive_without_bodies(&view, prices).cost;
        }
    }
}

/// Returns the batch for the store; `experiments` has the choice for each resource.
pub(crate) fn trace_batch(
    decoded: Decoded<SpanItem>,
    experiments: &[ExperimentChoice],
    link_run: Option<&str>,
    arrival_ns: i64,
) -> Vec<TraceSpans> {
    let run = |items: &[SpanItem]| {
        let (resource, scope) = (items[0].resource, items[0].scope);
        SpanRun {
            resource: decoded.resources[resource].interned.clone(),
            scope: decoded.scopes[scope].clone(),
            resource_tags: decoded.resources[resource].tags.clone(),
            experiment: experiments[resource],
            count: items.len(),
        }
    };
    let same_origin = |a: &SpanItem, b: &SpanItem| (a.resource, a.scope) == (b.resource, b.scope);
    let spans_of_trace = |chunk: Chunk<SpanItem>| TraceSpans {
        trace_id: TraceId::Otel(chunk.trace_id),
        arrival_ns,
        runs: chunk.items.chunk_by(same_origin).map(run).collect(),
        spans: chunk.items.into_iter().map(|item| item.span).collect(),
        link_run: link_run.map(Into::into),
    };
    decoded.chunks.into_iter().map(spans_of_trace).collect()
}
