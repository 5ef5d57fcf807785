//! One span with its body, and short texts of many.

use super::attachments;
use super::attribute::{attributes, json};
use super::content;
use super::parameter::Parameters;
use super::path::Path;
use super::price_form::cost_reason;
use super::prices::prices_of;
use crate::App;
use crate::described::{ApiRouter, routes};
use crate::error::Problem;
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use spanwise_api_types::native::{
    self, Exception, Previews, Scope, SpanDetail, SpanEvent, SpanLink, SpanLog, SpanPreview,
};
use spanwise_genai::{Derived, PriceTable, derive, preview_texts, read_content};
use spanwise_model::{ErrorKind, SpanId, SpanStatus, TraceId};
use spanwise_otlp::{
    AnyValueView, EventView, LogRecordView, ResourceView, ScopeView, SpanView, parse_header,
};
use spanwise_store::{StoreError, StoreResult, StoredSpan};
use std::error::Error;

/// Longest value of an attribute that a span is sent with.
const VALUE_BYTES_MAX: usize = 64 << 20;
const VALUE_BYTES_DEFAULT: usize = 64 << 10;
/// Spans of one request for previews.
const PREVIEWS_MAX: usize = 200;
/// Characters of the error in a preview.
const ERROR_CHARS_MAX: usize = 300;

pub(super) fn routes() -> ApiRouter {
    ApiRouter::new().routes(routes!(get_span)).routes(routes!(get_attribute)).routes(routes!(previews))
}

/// Returns a span with its body
#[utoipa::path(
    get,
    path = "/traces/{trace_id}/spans/{span_id}",
    tag = "traces",
    params(
        ("trace_id" = String, Path, description = "The trace"),
        ("span_id" = String, Path, description = "The span, 16 hex digits"),
        ("value_bytes" = Option<usize>, Query, description = "Attributes with longer values come without them; 65536 if absent"),
    ),
    responses((status = 200, body = SpanDetail), (status = 400, body = native::Problem), (status = 404, body = native::Problem)),
)]
async fn get_span(
    State(app): State<App>,
    Path((trace_id, span_id)): Path<(String, String)>,
    mut parameters: Parameters,
) -> Result<Json<SpanDetail>, Problem> {
    let value_bytes = parameters.number("value_bytes", 0..=VALUE_BYTES_MAX, VALUE_BYTES_DEFAULT)?;
    parameters.finish()?;
    let trace_id: TraceId = trace_id.parse()?;
    let kept = app.store.read_some_spans_as_kept(&trace_id, &[span_id.parse()?]).await?.pop();
    // Messages are read with references in place of attachments; all else is said of the span as it came.
    let stored = match &kept {
        Some(kept) if !attachments::is_cut(kept) => kept.clone(),
        _ => find_span(&app, &trace_id, &span_id).await?,
    };
    let kept = kept.unwrap_or_else(|| stored.clone());
    let (book, experiment) = prices_of(&app, &trace_id).await?;
    let detail = tokio::task::spawn_blocking(move || {
        detail(&trace_id, &stored, &kept, value_bytes, book.of_some(experiment))
    })
    .await;
    let detail = detail
        .map_err(|error| StoreError::with_source(ErrorKind::Internal, "cannot read a span", error))??;
    Ok(Json(detail))
}

async fn find_span(app: &App, trace_id: &TraceId, span_id: &str) -> Result<StoredSpan, Problem> {
    let id: SpanId = span_id.parse()?;
    let found = app.store.read_some_spans(trace_id, &[id]).await?.pop();
    found.ok_or_else(|| {
        Problem::new(StatusCode::NOT_FOUND, format!("trace {trace_id} has no span `{span_id}`"))
    })
}

fn detail(
    trace_id: &TraceId,
    stored: &StoredSpan,
    kept: &StoredSpan,
    value_bytes: usize,
    prices: &PriceTable,
) -> StoreResult<SpanDetail> {
    let span = SpanView::parse_in_scope(&stored.raw, &stored.scope.bytes).map_err(broken)?;
    let (_, span_id, parent_id) = span.ids().map_err(broken)?;
    let logs = log_views(stored)?;
    let derived = derive(&span, &logs, prices);
    let content = content_of(kept, prices)?;
    let details = content.details;
    let (resource, _) = parse_header(&stored.resource.bytes).map_err(broken)?;
    let resource = ResourceView::parse(resource.unwrap_or_default()).map_err(broken)?;
    Ok(SpanDetail {
        trace_id: trace_id.to_string(),
        span_id: span_id.to_string(),
        parent_id: parent_id.map(|id| id.to_string()),
        name: span.name.to_owned(),
        r#type: derived.span_type().to_owned(),
        kind: kind_name(span.kind).to_owned(),
        start_ns: span.start_ns().to_string(),
        duration_ns: span.end_ns().map(|end| end.saturating_sub(span.start_ns()).max(0)),
        status: status_of(&span).as_str().to_owned(),
        status_message: span.status_message.to_owned(),
        model: derived.model.as_deref().map(str::to_owned),
        provider: derived.provider.as_deref().map(str::to_owned),
        usage: derived.usage.map(Into::into),
        cost: stored.kept_cost.map(Into::into),
        cost_reason: cost_reason(&derived, stored.kept_cost, prices),
        session: derived.session.as_deref().map(str::to_owned),
        user: derived.user.as_deref().map(str::to_owned),
        agent: details.agent,
        prompt: details.prompt.map(content::prompt),
        prompt_template: content.template.map(content::template),
        asked_model: details.asked_model,
        finish_reasons: details.finish_reasons,
        time_to_first_token_ns: details.time_to_first_token_ns,
        reasoning_tokens: details.reasoning_tokens,
        audio_input_tokens: details.audio_input_tokens,
        audio_output_tokens: details.audio_output_tokens,
        embedding_dimensions: details.embedding_dimensions,
        error: details.error,
        parameters: content.parameters,
        inputs: content.inputs.map(content::body),
        outputs: content.outputs.map(content::body),
        input_messages: content.input_messages.map(content::messages),
        output_messages: content.output_messages.map(content::messages),
        tools: content.tools.map(content::tools),
        documents: content.documents.map(content::documents),
        events: span.events().map(|event| wire_event(event, value_bytes)).collect(),
        exception: span.events().filter(|event| event.name == "exception").last().map(exception),
        links: links(&span, value_bytes),
        attributes: attributes(span.attributes(), value_bytes),
        resource: attributes(resource.attributes(), value_bytes),
        scope: scope(stored, value_bytes)?,
        logs: logs.iter().map(|log| wire_log(log, value_bytes)).collect(),
    })
}

/// Returns the content of a span with addresses in place of its attachments.
fn content_of(kept: &StoredSpan, prices: &PriceTable) -> StoreResult<spanwise_genai::content::Content> {
    let with_references = attachments::with_references(kept);
    let kept = with_references.as_ref().unwrap_or(kept);
    let span = SpanView::parse_in_scope(&kept.raw, &kept.scope.bytes).map_err(broken)?;
    let logs = log_views(kept)?;
    let mut content = read_content(&span, &logs, &derive(&span, &logs, prices));
    if with_references.is_some() {
        attachments::show_addresses(&mut content);
    }
    Ok(content)
}

pub(super) fn log_views(stored: &StoredSpan) -> StoreResult<Vec<LogRecordView<'_>>> {
    stored.logs.iter().map(|raw| LogRecordView::parse(raw)).collect::<Result<_, _>>().map_err(broken)
}

pub(super) fn broken(error: impl Error + Send + Sync + 'static) -> StoreError {
    StoreError::with_source(ErrorKind::Internal, "a stored span can't be read", error)
}

fn status_of(span: &SpanView<'_>) -> SpanStatus {
    match span.status_code {
        1 => SpanStatus::Ok,
        2 => SpanStatus::Error,
        _ => SpanStatus::Unset,
    }
}

/// Returns OTLP's name of a kind of span.
fn kind_name(kind: i32) -> &'static str {
    match kind {
        1 => "INTERNAL",
        2 => "SERVER",
        3 => "CLIENT",
        4 => "PRODUCER",
        5 => "CONSUMER",
        _ => "UNSPECIFIED",
    }
}

fn wire_event(event: EventView<'_>, value_bytes: usize) -> SpanEvent {
    SpanEvent {
        time_ns: event.time_unix_nano.to_string(),
        name: event.name.to_owned(),
        attributes: attributes(event.attributes(), value_bytes),
    }
}

/// Reads OpenTelemetry's `exception` event.
fn exception(event: EventView<'_>) -> Exception {
    let text = |wanted: &str| {
        event.attributes().find_map(|(key, value)| match value {
            AnyValueView::String(text) if key == wanted => Some(text.to_owned()),
            _ => None,
        })
    };
    Exception {
        r#type: text("exception.type"),
        message: text("exception.message"),
        stacktrace: text("exception.stacktrace"),
    }
}

fn links(span: &SpanView<'_>, value_bytes: usize) -> Vec<SpanLink> {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    span.links()
        .map(|link| SpanLink {
            trace_id: format!("tr-{}", hex(link.trace_id)),
            span_id: hex(link.span_id),
            attributes: attributes(link.attributes(), value_bytes),
        })
        .collect()
}

fn scope(stored: &StoredSpan, value_bytes: usize) -> StoreResult<Scope> {
    let (scope, _) = parse_header(&stored.scope.bytes).map_err(broken)?;
    let scope = ScopeView::parse(scope.unwrap_or_default()).map_err(broken)?;
    Ok(Scope {
        name: scope.name.to_owned(),
        version: scope.version.to_owned(),
        attributes: attributes(scope.attributes(), value_bytes),
    })
}

fn wire_log(log: &LogRecordView<'_>, value_bytes: usize) -> SpanLog {
    let time = if log.time_unix_nano == 0 { log.observed_time_unix_nano } else { log.time_unix_nano };
    SpanLog {
        time_ns: time.to_string(),
        event_name: log.event_name.to_owned(),
        severity: log.severity_text.to_owned(),
        body: json(log.body),
        attributes: attributes(log.attributes(), value_bytes),
    }
}

/// Returns one attribute whole
///
/// A text as `text/plain`, anything else as JSON.
#[utoipa::path(
    get,
    path = "/traces/{trace_id}/spans/{span_id}/attributes/{key}",
    tag = "traces",
    params(
        ("trace_id" = String, Path, description = "The trace"),
        ("span_id" = String, Path, description = "The span, 16 hex digits"),
        ("key" = String, Path, description = "The attribute's key"),
    ),
    responses((status = 200, body = String, content_type = "text/plain"), (status = 404, body = native::Problem)),
)]
async fn get_attribute(
    State(app): State<App>,
    Path((trace_id, span_id, key)): Path<(String, String, String)>,
    parameters: Parameters,
) -> Result<Response, Problem> {
    parameters.finish()?;
    let trace_id: TraceId = trace_id.parse()?;
    let stored = find_span(&app, &trace_id, &span_id).await?;
    let span = SpanView::parse(&stored.raw).map_err(broken)?;
    let found = span.attributes().find(|(name, _)| *name == key);
    match found {
        Some((_, AnyValueView::String(text))) => {
            Ok(([(CONTENT_TYPE, "text/plain; charset=utf-8")], text.to_owned()).into_response())
        }
        Some((_, value)) => Ok(Json(json(value)).into_response()),
        None => {
            let text = format!("span {span_id} of trace {trace_id} has no attribute `{key}`");
            Err(Problem::new(StatusCode::NOT_FOUND, text))
        }
    }
}

/// Returns short texts of spans
///
/// What a person reads of their inputs, outputs and errors, each at most 300 characters.
#[utoipa::path(
    get,
    path = "/traces/{trace_id}/previews",
    tag = "traces",
    params(
        ("trace_id" = String, Path, description = "The trace"),
        ("span" = Vec<String>, Query, description = "A span, 16 hex digits; repeated, at most 200"),
    ),
    responses((status = 200, body = Previews), (status = 400, body = native::Problem), (status = 404, body = native::Problem)),
)]
async fn previews(
    State(app): State<App>,
    Path(trace_id): Path<String>,
    mut parameters: Parameters,
) -> Result<Json<Previews>, Problem> {
    let texts = parameters.all("span");
    parameters.finish()?;
    if texts.len() > PREVIEWS_MAX {
        return Err(Problem::invalid(format!(
            "parameter `span` is given {} times; the limit is {PREVIEWS_MAX}",
            texts.len()
        )));
    }
    let ids = texts.iter().map(|text| text.parse()).collect::<Result<Vec<SpanId>, _>>()?;
    let stored = app.store.read_some_spans_as_kept(&trace_id.parse()?, &ids).await?;
    let previews = tokio::task::spawn_blocking(move || stored.iter().map(preview).collect()).await;
    let previews: StoreResult<Vec<SpanPreview>> =
        previews.map_err(|error| StoreError::with_source(ErrorKind::Internal, "cannot read spans", error))?;
    Ok(Json(Previews { previews: previews? }))
}

/// Texts cost nothing, so that any prices do.
fn preview(kept: &StoredSpan) -> StoreResult<SpanPreview> {
    let stored = &attachments::with_gaps(kept);
    let span = SpanView::parse_in_scope(&stored.raw, &stored.scope.bytes).map_err(broken)?;
    let (_, span_id, _) = span.ids().map_err(broken)?;
    let logs = log_views(stored)?;
    let derived: Derived<'_> = derive(&span, &logs, PriceTable::built_in());
    let (input, output) = preview_texts(&span, &logs, &derived);
    Ok(SpanPreview { span_id: span_id.to_string(), input, output, error: error_text(&span) })
}

/// Returns why a span failed: its status, else its last exception.
fn error_text(span: &SpanView<'_>) -> Option<String> {
    if status_of(span) != SpanStatus::Error {
        return None;
    }
    let last = span.events().filter(|event| event.name == "exception").last().map(exception);
    let told = Some(span.status_message.to_owned()).filter(|text| !text.trim().is_empty());
    let text = told.or_else(|| last.and_then(|exception| exception.message.or(exception.r#type)));
    text.map(|text| text.chars().take(ERROR_CHARS_MAX).collect())
}
