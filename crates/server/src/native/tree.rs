//! The structure of a trace in columns.

use super::parameter::Parameters;
use super::path::Path;
use crate::App;
use crate::described::{ApiRouter, routes};
use crate::error::Problem;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use spanwise_api_types::native::{self, CostColumns, Dictionary, SparseDictionary, Tree, UsageColumns};
use spanwise_model::{ErrorKind, SpanId, TraceId};
use spanwise_store::{StoreError, TraceTree, TreeSpan};
use std::collections::HashMap;

/// Parent of a root, and of a span that names a parent which is not there.
const NO_PARENT: i32 = -1;
const MISSING_PARENT: i32 = -2;
/// Digits of ids.
const HEX_DIGITS: &[u8; 16] = b"0123456789abcdef";
/// Duration of a span that is still open.
const OPEN: i64 = -1;
/// What a span takes in the answer, so that it is not copied while it grows.
const JSON_BYTES_PER_SPAN: usize = 56;

pub(super) fn routes() -> ApiRouter {
    ApiRouter::new().routes(routes!(get_tree))
}

/// Returns the structure of a trace
///
/// All spans without their bodies, in columns: about 50 bytes a span.
#[utoipa::path(
    get,
    path = "/traces/{trace_id}/tree",
    tag = "traces",
    params(("trace_id" = String, Path, description = "The trace")),
    responses((status = 200, body = Tree), (status = 404, body = native::Problem)),
)]
async fn get_tree(
    State(app): State<App>,
    Path(trace_id): Path<String>,
    parameters: Parameters,
) -> Result<Response, Problem> {
    parameters.finish()?;
    let id: TraceId = trace_id.parse()?;
    let tree = app.store.read_tree(&id).await?;
    // Of 100,000 spans that takes tens of milliseconds.
    let answer = tokio::task::spawn_blocking(move || write(&id, tree)).await;
    let json = answer.map_err(cannot_write)?.map_err(cannot_write)?;
    Ok(([(CONTENT_TYPE, "application/json")], json).into_response())
}

fn cannot_write(error: impl std::error::Error + Send + Sync + 'static) -> StoreError {
    StoreError::with_source(ErrorKind::Internal, "cannot write a tree", error)
}

/// Writes a tree, and lets go of each form of it before the next one grows: there may be many at once.
fn write(id: &TraceId, tree: TraceTree) -> serde_json::Result<Vec<u8>> {
    let columns = columns(id, &tree);
    drop(tree);
    let mut json = Vec::with_capacity(columns.count * JSON_BYTES_PER_SPAN);
    serde_json::to_writer(&mut json, &columns)?;
    Ok(json)
}

fn columns(id: &TraceId, tree: &TraceTree) -> Tree {
    let spans = &tree.spans;
    let start_ns = spans.iter().map(|span| span.start_ns).min().unwrap_or(0);
    let mut names = Numbering::new(tree);
    let mut types = Numbering::new(tree);
    let mut ids = String::with_capacity(spans.len() * 16);
    for byte in spans.iter().flat_map(|span| span.span_id.0) {
        ids.extend([byte >> 4, byte & 15].map(|digit| char::from(HEX_DIGITS[usize::from(digit)])));
    }
    Tree {
        trace_id: id.to_string(),
        start_ns: start_ns.to_string(),
        count: spans.len(),
        ids,
        parents: parents(spans),
        starts: starts(spans, start_ns),
        durations: spans
            .iter()
            .map(|span| span.end_ns.map_or(OPEN, |end| end.saturating_sub(span.start_ns).max(0)))
            .collect(),
        statuses: spans.iter().map(|span| char::from(b'0' + span.status as u8)).collect(),
        names: names.dictionary(spans.iter().map(|span| span.name)),
        types: types.dictionary(spans.iter().map(|span| span.span_type)),
        models: models(tree),
        usage: usage(tree),
        cost: cost(tree),
        uncounted: row_deltas(spans, |span| tree.report(span).is_some_and(|report| !report.counted)),
    }
}

fn parents(spans: &[TreeSpan]) -> Vec<i32> {
    let rows: HashMap<SpanId, i32> = spans.iter().zip(0..).map(|(span, row)| (span.span_id, row)).collect();
    let parent = |span: &TreeSpan| match span.parent_id {
        None => NO_PARENT,
        Some(parent) => rows.get(&parent).copied().unwrap_or(MISSING_PARENT),
    };
    spans.iter().map(parent).collect()
}

fn starts(spans: &[TreeSpan], first_ns: i64) -> Vec<i64> {
    let mut before = first_ns;
    spans
        .iter()
        .map(|span| span.start_ns.wrapping_sub(std::mem::replace(&mut before, span.start_ns)))
        .collect()
}

/// Returns the rows of the spans that are picked, as deltas.
fn row_deltas(spans: &[TreeSpan], picks: impl Fn(&TreeSpan) -> bool) -> Vec<u32> {
    let mut before = 0;
    let rows = spans.iter().zip(0u32..).filter(|(span, _)| picks(span)).map(|(_, row)| row);
    rows.map(|row| row - std::mem::replace(&mut before, row)).collect()
}

fn usage(tree: &TraceTree) -> UsageColumns {
    let usage_of = |span: &TreeSpan| tree.report(span).and_then(|report| report.usage);
    let reported = || tree.spans.iter().filter_map(usage_of);
    UsageColumns {
        rows: row_deltas(&tree.spans, |span| usage_of(span).is_some()),
        input: reported().map(|usage| usage.input).collect(),
        output: reported().map(|usage| usage.output).collect(),
        total: reported().map(|usage| usage.total).collect(),
        cache_read: reported().map(|usage| usage.cache_read.unwrap_or(0)).collect(),
    }
}

fn cost(tree: &TraceTree) -> CostColumns {
    let cost_of = |span: &TreeSpan| tree.report(span).and_then(|report| report.cost);
    CostColumns {
        rows: row_deltas(&tree.spans, |span| cost_of(span).is_some()),
        total: tree.spans.iter().filter_map(cost_of).map(|cost| cost.total).collect(),
    }
}

fn models(tree: &TraceTree) -> SparseDictionary {
    let mut numbering = Numbering::new(tree);
    let dictionary = numbering.dictionary(tree.spans.iter().filter_map(|span| span.model));
    SparseDictionary {
        values: dictionary.values,
        rows: row_deltas(&tree.spans, |span| span.model.is_some()),
        indexes: dictionary.rows,
    }
}

/// Numbers the texts of one column, in the order of their first use.
struct Numbering<'a> {
    tree: &'a TraceTree,
    numbers: HashMap<u32, u32>,
    values: Vec<String>,
}

impl<'a> Numbering<'a> {
    fn new(tree: &'a TraceTree) -> Self {
        Numbering { tree, numbers: HashMap::new(), values: Vec::new() }
    }

    fn dictionary(&mut self, texts: impl Iterator<Item = u32>) -> Dictionary {
        let rows = texts.map(|text| self.number(text)).collect();
        Dictionary { values: std::mem::take(&mut self.values), rows }
    }

    fn number(&mut self, text: u32) -> u32 {
        let next = self.values.len() as u32;
        let number = *self.numbers.entry(text).or_insert(next);
        if number == next {
            self.values.push(self.tree.texts[text as usize].to_string());
        }
        number
    }
}
