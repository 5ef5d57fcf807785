//! Which spans a trace's tokens and cost come from, and why.

use super::parameter::Parameters;
use super::path::Path;
use crate::App;
use crate::described::{ApiRouter, routes};
use crate::error::Problem;
use axum::Json;
use axum::extract::State;
use spanwise_api_types::native::{self, SpanUsage, UsageExplained, UsageReason};
use spanwise_genai::rollup::{Standing, UsageTree};
use spanwise_model::{ErrorKind, TraceId};
use spanwise_store::{StoreError, TraceArchive, TraceTree, TreeReport, TreeSpan};

/// Spans of an answer.
const SPANS_MAX: usize = 10_000;

pub(super) fn routes() -> ApiRouter {
    ApiRouter::new().routes(routes!(explain_usage))
}

/// Says which spans a trace's tokens and cost come from
///
/// Lists every span that reports tokens or cost, with whether it counts in the trace's totals, and why.
#[utoipa::path(
    get,
    path = "/traces/{trace_id}/usage-explained",
    tag = "traces",
    params(("trace_id" = String, Path, description = "The trace")),
    responses((status = 200, body = UsageExplained), (status = 404, body = native::Problem)),
)]
async fn explain_usage(
    State(app): State<App>,
    Path(trace_id): Path<String>,
    parameters: Parameters,
) -> Result<Json<UsageExplained>, Problem> {
    parameters.finish()?;
    let id: TraceId = trace_id.parse()?;
    let archive = app.store.archive_trace(&id).await?;
    let tree = app.store.read_tree(&id).await?;
    // Of 100,000 spans that takes tens of milliseconds.
    let explained = tokio::task::spawn_blocking(move || explain(&archive, &tree)).await;
    Ok(Json(explained.map_err(|error| {
        StoreError::with_source(ErrorKind::Internal, "cannot explain the usage of a trace", error)
    })?))
}

fn explain(archive: &TraceArchive, tree: &TraceTree) -> UsageExplained {
    let mut totals = UsageTree::default();
    for span in &tree.spans {
        let (usage, cost) = tree.report(span).map_or((None, None), |report| (report.usage, report.cost));
        totals.insert(span.span_id, span.parent_id, usage, cost);
    }
    let mut spans = Vec::new();
    let (mut omitted, mut spans_without_cost) = (0, 0);
    for span in &tree.spans {
        let Some((report, standing)) = tree.report(span).zip(totals.standing(span.span_id)) else { continue };
        let is_counted = standing == Standing::Counted;
        let estimated = totals.counts(span.span_id).estimated_cost;
        let has_cost = report.cost.is_some() || estimated.is_some();
        spans_without_cost += usize::from(is_counted && report.usage.is_some() && !has_cost);
        if spans.len() < SPANS_MAX {
            spans.push(SpanUsage {
                estimated_cost: estimated.map(Into::into),
                ..span_usage(tree, span, report, standing)
            });
        } else {
            omitted += 1;
        }
    }
    let (usage, cost) = totals.totals();
    UsageExplained {
        trace_id: archive.info.trace_id.to_string(),
        usage: usage.map(Into::into),
        cost: cost.map(Into::into),
        spans_without_cost,
        client_gave_usage: archive.explicit.usage,
        client_gave_cost: archive.explicit.cost,
        spans,
        omitted,
    }
}

fn span_usage(tree: &TraceTree, span: &TreeSpan, report: &TreeReport, standing: Standing) -> SpanUsage {
    let text = |number: u32| tree.texts[number as usize].to_string();
    let (reason, above) = match standing {
        Standing::Counted => (UsageReason::Counted, None),
        Standing::BelowReportingAncestor(id) => (UsageReason::BelowReportingAncestor, Some(id)),
        Standing::Duplicate(id) => (UsageReason::Duplicate, Some(id)),
        Standing::ReplacedByDescendants => (UsageReason::ReplacedByDescendants, None),
        Standing::RepeatsDescendants => (UsageReason::RepeatsDescendants, None),
    };
    SpanUsage {
        span_id: span.span_id.to_string(),
        name: text(span.name),
        span_type: text(span.span_type),
        model: span.model.map(text),
        usage: report.usage.map(Into::into),
        cost: report.cost.map(Into::into),
        estimated_cost: None,
        counted: standing == Standing::Counted,
        reason,
        counted_span_id: above.map(|id| id.to_string()),
    }
}
