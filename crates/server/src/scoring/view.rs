//! What a scorer sees of a stored trace.

use crate::App;
use crate::native::gaps;
use futures_util::StreamExt;
use serde_json::Value;
use spanwise_genai::content::{Content, Part};
use spanwise_genai::{PriceTable, derive, read_content, whole_texts};
use spanwise_model::{AssessmentValue, ErrorKind, SpanId, SpanStatus, TraceId, TraceInfo, TraceState};
use spanwise_otlp::{AnyValueView, LogRecordView, SpanView};
use spanwise_score::{Ending, FailedSpan, Needs, Said, Step, ToolCall, TraceView};
use spanwise_store::{StoreError, StoreResult, StoredSpan, TraceTree};
use std::collections::HashMap;
use std::error::Error;

/// Spans of a trace that is looked at span by span.
pub(super) const SPANS_MAX: usize = 10_000;
/// Bytes of them.
pub(super) const BYTES_MAX: usize = 64 << 20;
/// Spans that are read at once.
const CHUNK_SPANS: usize = 200;
/// Attributes that name the tool of a span.
const TOOL_NAMES: [&str; 3] = ["gen_ai.tool.name", "tool.name", "ai.toolCall.name"];

/// Why a trace can't be looked at.
#[derive(Debug, thiserror::Error)]
pub(super) enum ViewError {
    /// The store says why.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It is too large.
    #[error("the trace has {0}; a scorer looks at traces up to {SPANS_MAX} spans and {mib} MiB", mib = BYTES_MAX >> 20)]
    TooLarge(String),
}

/// Reads as much of a trace as is needed.
pub(super) async fn view(app: &App, info: &TraceInfo, needs: Needs) -> Result<TraceView, ViewError> {
    let mut view = of_record(info);
    if needs == Needs::Record {
        return Ok(view);
    }
    let prices = app.store.prices();
    let experiment = info.experiment_id;
    if needs == Needs::Texts {
        if let Some(root) = root(app, &info.trace_id).await? {
            let read = off_runtime(move || {
                read_span(&root, prices.of(experiment)).map(|span| (span.input, span.output))
            });
            (view.input, view.output) = read.await?;
        }
    } else {
        let tree = app.store.read_tree(&info.trace_id).await?;
        if tree.spans.len() > SPANS_MAX {
            return Err(ViewError::TooLarge(format!("{} spans", tree.spans.len())));
        }
        let mut stored = Vec::with_capacity(tree.spans.len());
        let mut bytes = 0;
        let ids: Vec<SpanId> = tree.spans.iter().map(|span| span.span_id).collect();
        for ids in ids.chunks(CHUNK_SPANS) {
            let chunk = app.store.read_some_spans_as_kept(&info.trace_id, ids).await?;
            bytes += chunk.iter().map(|span| span.raw.len()).sum::<usize>();
            if bytes > BYTES_MAX {
                return Err(ViewError::TooLarge(format!("more than {bytes} bytes")));
            }
            stored.extend(chunk);
        }
        let spans = off_runtime(move || read_tree(&tree, &stored, prices.of(experiment)));
        spans.await?.into_view(&mut view);
    }
    // What calls lent to a root that says nothing itself.
    for (said, lent) in [(&mut view.input, &info.input_text), (&mut view.output, &info.output_text)] {
        if said.words().is_none() {
            said.text.clone_from(lent);
        }
    }
    Ok(view)
}

async fn off_runtime<T: Send + 'static>(
    work: impl FnOnce() -> StoreResult<T> + Send + 'static,
) -> StoreResult<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| {
        StoreError::with_source(ErrorKind::Internal, "cannot read a trace for a scorer", error)
    })?
}

fn of_record(info: &TraceInfo) -> TraceView {
    let expectations = info.assessments.iter().filter(|one| one.valid).filter_map(|one| match &one.value {
        AssessmentValue::Expectation { value, .. } => Some((one.name.clone(), value.clone())),
        _ => None,
    });
    TraceView {
        ending: match info.state {
            TraceState::Ok => Ending::Ok,
            TraceState::Error => Ending::Error,
            TraceState::Unspecified | TraceState::InProgress => Ending::Unknown,
        },
        duration_ms: info.duration_ns.map(|ns| ns as f64 / 1e6),
        usage: info.usage,
        cost: info.cost.map(|cost| cost.total),
        expectations: expectations.collect(),
        ..TraceView::default()
    }
}

/// Reads the span that speaks for a trace: it comes first.
async fn root(app: &App, id: &TraceId) -> StoreResult<Option<StoredSpan>> {
    let mut spans = app.store.read_spans(id).await?;
    let Some(first) = spans.next().await.transpose()?.and_then(|chunk| chunk.into_iter().next()) else {
        return Ok(None);
    };
    drop(spans);
    let (_, span_id, _) = SpanView::parse(&first.raw).map_err(broken)?.ids().map_err(broken)?;
    Ok(app.store.read_some_spans_as_kept(id, &[span_id]).await?.pop())
}

/// What is read of a span.
struct ReadSpan {
    input: Said,
    output: Said,
    tool: Option<String>,
    failure: Option<String>,
    /// Calls that a model asked for.
    asked: Vec<ToolCall>,
    /// What became of calls, by their ids.
    failed_calls: HashMap<String, String>,
    ids: Vec<String>,
}

fn read_span(stored: &StoredSpan, prices: &PriceTable) -> StoreResult<ReadSpan> {
    let stored = gaps(stored);
    let span = SpanView::parse_in_scope(&stored.raw, &stored.scope.bytes).map_err(broken)?;
    let logs: Vec<LogRecordView<'_>> =
        stored.logs.iter().map(|raw| LogRecordView::parse(raw)).collect::<Result<_, _>>().map_err(broken)?;
    let derived = derive(&span, &logs, prices);
    let (input, output) = whole_texts(&span, &logs, &derived);
    let content = read_content(&span, &logs, &derived);
    let is_tool = derived.span_type() == "TOOL";
    let name = span.attributes().find_map(|(key, value)| match value {
        AnyValueView::String(text) if TOOL_NAMES.contains(&key) && !text.is_empty() => Some(text.to_owned()),
        _ => None,
    });
    let own_name = || span.name.trim_start_matches("execute_tool ").to_owned();
    let failed = span.status_code == SpanStatus::Error as i32;
    let failure = failed.then(|| content.details.error.clone().unwrap_or_default());
    let (asked, ids) = asked(&content);
    let failed_calls = failed_calls(&content);
    let Content { inputs, outputs, .. } = content;
    Ok(ReadSpan {
        input: Said { text: input, value: inputs },
        output: Said { text: output, value: outputs },
        tool: is_tool.then(|| name.unwrap_or_else(own_name)),
        failure,
        asked,
        failed_calls,
        ids,
    })
}

/// Returns the calls that a model asked for, and their ids.
fn asked(content: &Content) -> (Vec<ToolCall>, Vec<String>) {
    let parts = content.output_messages.iter().flatten().flat_map(|message| &message.parts);
    parts
        .filter_map(|part| match part {
            Part::ToolCall(call) => {
                let asked =
                    ToolCall { name: call.name.clone(), arguments: call.arguments.clone(), failure: None };
                Some((asked, call.id.clone().unwrap_or_default()))
            }
            _ => None,
        })
        .unzip()
}

fn failed_calls(content: &Content) -> HashMap<String, String> {
    let parts = content.input_messages.iter().flatten().flat_map(|message| &message.parts);
    parts
        .filter_map(|part| match part {
            Part::ToolResult(result) if result.is_error => {
                let text = result.result.as_str().map_or_else(|| result.result.to_string(), str::to_owned);
                Some((result.id.clone()?, text))
            }
            _ => None,
        })
        .collect()
}

/// What the spans of a trace say together.
struct Spans {
    root: Option<(Said, Said)>,
    tool_calls: Vec<ToolCall>,
    failed_spans: Vec<FailedSpan>,
    steps: Vec<Step>,
}

impl Spans {
    fn into_view(self, view: &mut TraceView) {
        if let Some((input, output)) = self.root {
            (view.input, view.output) = (input, output);
        }
        view.tool_calls = self.tool_calls;
        view.failed_spans = self.failed_spans;
        view.steps = self.steps;
    }
}

fn read_tree(tree: &TraceTree, stored: &[StoredSpan], prices: &PriceTable) -> StoreResult<Spans> {
    let mut spans = Spans { root: None, tool_calls: Vec::new(), failed_spans: Vec::new(), steps: Vec::new() };
    let mut asked: Vec<ToolCall> = Vec::new();
    let mut ids: Vec<String> = Vec::new();
    let mut failed_calls: HashMap<String, String> = HashMap::new();
    let parents: HashMap<SpanId, Option<SpanId>> =
        tree.spans.iter().map(|span| (span.span_id, span.parent_id)).collect();
    // A tree has roots first; here what happened first is told first, below what it is a part of.
    let mut order: Vec<usize> = (0..tree.spans.len().min(stored.len())).collect();
    order.sort_by_key(|at| tree.spans[*at].start_ns);
    for at in order {
        let span = &tree.spans[at];
        let name = tree.texts.get(span.name as usize).map_or_else(String::new, ToString::to_string);
        let span_type = tree.texts.get(span.span_type as usize).map_or_else(String::new, ToString::to_string);
        let read = read_span(&stored[at], prices)?;
        if let Some(message) = &read.failure {
            spans.failed_spans.push(FailedSpan { name: name.clone(), message: message.clone() });
        }
        if let Some(tool) = read.tool {
            let arguments = read.input.value.clone().unwrap_or(Value::Null);
            spans.tool_calls.push(ToolCall { name: tool, arguments, failure: read.failure.clone() });
        }
        asked.extend(read.asked);
        ids.extend(read.ids);
        failed_calls.extend(read.failed_calls);
        spans.steps.push(Step {
            name,
            span_type,
            depth: depth(&parents, span.parent_id),
            input: read.input.words(),
            output: read.output.words(),
            failure: read.failure,
        });
        if at == 0 {
            spans.root = Some((read.input, read.output));
        }
    }
    if spans.tool_calls.is_empty() {
        // Where tools have no spans, what models asked for is what is known of their calls.
        for (call, id) in asked.iter_mut().zip(&ids) {
            call.failure = failed_calls.get(id).cloned();
        }
        spans.tool_calls = asked;
    }
    Ok(spans)
}

/// Deepest span that is told apart; parents in a circle end there.
const DEPTH_MAX: usize = 64;

fn depth(parents: &HashMap<SpanId, Option<SpanId>>, mut parent: Option<SpanId>) -> usize {
    let mut depth = 0;
    while let Some(id) = parent {
        let Some(next) = parents.get(&id) else { break };
        depth += 1;
        if depth >= DEPTH_MAX {
            break;
        }
        parent = *next;
    }
    depth
}

fn broken(error: impl Error + Send + Sync + 'static) -> StoreError {
    StoreError::with_source(ErrorKind::Internal, "a stored span can't be read", error)
}
