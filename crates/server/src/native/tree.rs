//! The structure of a trace in columns.

use super::parameter::Parameters;
use super::path::Path;
use crate::App;
use crate::error::Problem;
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use spanwise_api_types::native::{self, CostColumns, Dictionary, SparseDictionary, Tree, UsageColumns};
use spanwise_model::{ErrorKind, SpanId, TraceId};
use spanwise_store::{StoreError, TraceTree, TreeSpan};
use std::collections::HashMap;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Parent of a root, and of a span that names a parent which is not there.
const NO_PARENT: i32 = -1;
const MISSING_PARENT: i32 = -2;
/// Duration of a span that is still open.
const OPEN: i64 = -1;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get_tree))
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
    let answer = tokio::task::spawn_blocking(move || Json(columns(&id, &tree)).into_response()).await;
    Ok(answer.map_err(|error| StoreError::with_source(ErrorKind::Internal, "cannot write a tree", error))?)
}

fn columns(id: &TraceId, tree: &TraceTree) -> Tree {
    let spans = &tree.spans;
    let rows: HashMap<SpanId, i32> = spans.iter().zip(0..).map(|(span, row)| (span.span_id, row)).collect();
    let parent = |span: &TreeSpan| match span.parent_id {
        None => NO_PARENT,
        Some(parent) => rows.get(&parent).copied().unwrap_or(MISSING_PARENT),
    };
    let start_ns = spans.iter().map(|span| span.start_ns).min().unwrap_or(0);
    let mut names = Numbering::new(tree);
    let mut types = Numbering::new(tree);
    let mut ids = String::with_capacity(spans.len() * 16);
    spans.iter().for_each(|span| ids.push_str(&span.span_id.to_string()));
    Tree {
        trace_id: id.to_string(),
        start_ns: start_ns.to_string(),
        count: spans.len(),
        ids,
        parents: spans.iter().map(parent).collect(),
        starts: starts(spans, start_ns),
        durations: spans
            .iter()
            .map(|span| span.end_ns.map_or(OPEN, |end| end.saturating_sub(span.start_ns).max(0)))
            .collect(),
        statuses: spans.iter().map(|span| char::from(b'0' + span.status as u8)).collect(),
        names: names.dictionary(spans.iter().map(|span| span.name)),
        types: types.dictionary(spans.iter().map(|span| span.span_type)),
        models: models(tree),
        usage: usage(spans),
        cost: cost(spans),
        uncounted: row_deltas(spans, |span| !span.counted),
    }
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

fn usage(spans: &[TreeSpan]) -> UsageColumns {
    let reported = || spans.iter().filter_map(|span| span.usage);
    UsageColumns {
        rows: row_deltas(spans, |span| span.usage.is_some()),
        input: reported().map(|usage| usage.input).collect(),
        output: reported().map(|usage| usage.output).collect(),
        total: reported().map(|usage| usage.total).collect(),
        cache_read: reported().map(|usage| usage.cache_read.unwrap_or(0)).collect(),
    }
}

fn cost(spans: &[TreeSpan]) -> CostColumns {
    CostColumns {
        rows: row_deltas(spans, |span| span.cost.is_some()),
        total: spans.iter().filter_map(|span| span.cost).map(|cost| cost.total).collect(),
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
