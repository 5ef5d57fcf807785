//! Housekeeping: what retention does, and compaction, checks and renormalization on request.

use super::parameter::{NoParameters, Parameters};
use super::selection::experiments;
use crate::App;
use crate::described::{ApiRouter, routes};
use crate::error::{Failure, Problem};
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use http::header::CONTENT_TYPE;
use serde::Serialize;
use spanwise_api_types::native::{
    self, CheckLine, CheckResult, CompactLine, CompactResult, DiskBytes, ExperimentRetention, ProgressLine,
    RenormalizeLine, RenormalizeResult, Retention, RetentionRun,
};
use spanwise_store::{
    AgeRule, CheckReport, CompactReport, ExperimentRule, Progress, RenormalizeReport, RenormalizeScope,
    RetentionStatus,
};
use std::convert::Infallible;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use utoipa::IntoParams;

const LINES: &str = "application/x-ndjson";

pub(super) fn routes() -> ApiRouter {
    ApiRouter::new()
        .routes(routes!(retention))
        .routes(routes!(compact))
        .routes(routes!(check))
        .routes(routes!(renormalize))
}

/// Says how long traces stay, and what retention did
#[utoipa::path(
    get,
    path = "/retention",
    tag = "server",
    responses((status = 200, body = Retention), (status = 400, body = native::Problem)),
)]
async fn retention(State(app): State<App>, parameters: Parameters) -> Result<Json<Retention>, Problem> {
    parameters.finish()?;
    Ok(Json(to_retention(app.store.retention().await?)))
}

/// Rewrites what lies apart or is partly deleted, and gives the disk back what nothing needs
///
/// Answers with lines of JSON: progress, and at last `result` or `error`. A client that goes away ends the work after
/// the step that it is in; what is done stays done.
#[utoipa::path(
    post,
    path = "/compact",
    tag = "server",
    responses((status = 200, body = CompactLine, content_type = "application/x-ndjson"), (status = 400, body = native::Problem)),
)]
async fn compact(State(app): State<App>, _: NoParameters) -> Response {
    let (lines, waiting) = unbounded_channel();
    let progress = lines.clone();
    // A closed channel says that the client has gone.
    let progress = Progress::new(move |step| {
        let line = ProgressLine { stage: step.stage.to_owned(), done: step.done, total: step.total };
        progress.send(CompactLine::Progress(line)).is_ok()
    });
    tokio::spawn(async move {
        let last = match app.store.compact(progress).await {
            Ok(report) => CompactLine::Result { result: to_result(report) },
            Err(error) => CompactLine::Error { error: Failure::from(error).into_public_message() },
        };
        // As above.
        let _ = lines.send(last);
    });
    ([(CONTENT_TYPE, LINES)], body_of(waiting)).into_response()
}

/// Reads everything as it is now, and verifies it
///
/// Answers with lines of JSON: progress, and at last `result` or `error`. It reads a copy of the index, for which there
/// must be room in the data directory; writes and searches go on, and no file is removed meanwhile. A client that goes
/// away ends it.
#[utoipa::path(
    post,
    path = "/check",
    tag = "server",
    responses((status = 200, body = CheckLine, content_type = "application/x-ndjson"), (status = 400, body = native::Problem)),
)]
async fn check(State(app): State<App>, _: NoParameters) -> Response {
    let (lines, waiting) = unbounded_channel();
    let progress = lines.clone();
    let progress = Progress::new(move |step| {
        let line = ProgressLine { stage: step.stage.to_owned(), done: step.done, total: step.total };
        progress.send(CheckLine::Progress(line)).is_ok()
    });
    tokio::spawn(async move {
        let last = match app.store.check_with(progress).await {
            Ok(report) => CheckLine::Result { result: to_check_result(report) },
            Err(error) => CheckLine::Error { error: Failure::from(error).into_public_message() },
        };
        // If the client has gone, nobody wants to know.
        let _ = lines.send(last);
    });
    ([(CONTENT_TYPE, LINES)], body_of(waiting)).into_response()
}

/// Derives again what stored traces and spans say, by the conventions and prices that are known now
///
/// Bytes of spans, tags, assessments and what clients gave stay. Answers with lines of JSON: progress in traces, and at
/// last `result` or `error`. Writes and searches go on meanwhile. A client that goes away ends the work after the step
/// that it is in; what is done stays done, and a second run changes only the rest.
#[utoipa::path(
    post,
    path = "/renormalize",
    tag = "server",
    params(RenormalizeParameters),
    responses(
        (status = 200, body = RenormalizeLine, content_type = "application/x-ndjson"),
        (status = 400, body = native::Problem),
        (status = 404, body = native::Problem),
    ),
)]
async fn renormalize(State(app): State<App>, mut parameters: Parameters) -> Result<Response, Problem> {
    let named = parameters.all("experiment");
    parameters.finish()?;
    let scope = match &named[..] {
        [] => RenormalizeScope::All,
        named => RenormalizeScope::Experiments(experiments(&app, named).await?),
    };
    let (lines, waiting) = unbounded_channel();
    let progress = lines.clone();
    let progress = Progress::new(move |step| {
        let line = ProgressLine { stage: step.stage.to_owned(), done: step.done, total: step.total };
        progress.send(RenormalizeLine::Progress(line)).is_ok()
    });
    tokio::spawn(async move {
        let last = match app.store.renormalize(scope, progress).await {
            Ok(report) => RenormalizeLine::Result { result: to_renormalize_result(report) },
            Err(error) => RenormalizeLine::Error { error: Failure::from(error).into_public_message() },
        };
        // If the client has gone, nobody wants to know.
        let _ = lines.send(last);
    });
    Ok(([(CONTENT_TYPE, LINES)], body_of(waiting)).into_response())
}

/// What is derived again.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it documents what the route reads")]
struct RenormalizeParameters {
    /// Name or id of an experiment; may be repeated. None: all, deleted ones included.
    experiment: Vec<String>,
}

fn body_of<T: Serialize + Send + 'static>(mut lines: UnboundedReceiver<T>) -> Body {
    Body::from_stream(stream::poll_fn(move |context| {
        lines.poll_recv(context).map(|line| line.map(|line| Ok::<Bytes, Infallible>(to_line(&line))))
    }))
}

fn to_line(line: &impl Serialize) -> Bytes {
    let mut text = serde_json::to_vec(line).expect("a line has only texts and numbers");
    text.push(b'\n');
    text.into()
}

fn to_result(report: CompactReport) -> CompactResult {
    CompactResult {
        traces: report.traces,
        removed_segments: report.removed_segments,
        unreadable_traces: report.unreadable_traces,
        before: to_bytes(report.before),
        after: to_bytes(report.after),
    }
}

fn to_check_result(report: CheckReport) -> CheckResult {
    let CheckReport { traces, blocks, spans, attachments, artifacts, problems } = report;
    CheckResult { traces, spans, blocks, attachments, artifacts, problems }
}

fn to_renormalize_result(report: RenormalizeReport) -> RenormalizeResult {
    RenormalizeResult {
        traces: report.traces,
        changed_traces: report.changed_traces,
        spans: report.spans,
        changed_spans: report.changed_spans,
        unreadable_traces: report.unreadable_traces,
        busy_traces: report.busy_traces,
    }
}

fn to_bytes(bytes: spanwise_store::DiskBytes) -> DiskBytes {
    DiskBytes { segments: bytes.segments, index: bytes.index, postings: bytes.postings }
}

fn to_retention(status: RetentionStatus) -> Retention {
    Retention {
        max_age_s: status.rules.max_age.map(|age| age.as_secs()),
        max_bytes: status.rules.max_bytes,
        experiments: status.rules.experiments.into_iter().map(to_experiment).collect(),
        stored_bytes: status.stored_bytes,
        deleted_traces: status.deleted_traces,
        last: status.last.map(|run| RetentionRun {
            finished_ns: run.finished_ns.to_string(),
            traces: run.traces,
            bytes: run.bytes,
        }),
    }
}

fn to_experiment((experiment, rule): (String, ExperimentRule)) -> ExperimentRetention {
    let max_age_s = match rule.max_age {
        AgeRule::After(age) => Some(age.as_secs()),
        AgeRule::AsOverall | AgeRule::Off => None,
    };
    let keeps = rule.max_age == AgeRule::Off;
    ExperimentRetention { experiment, max_age_s, keeps, max_bytes: rule.max_bytes }
}
