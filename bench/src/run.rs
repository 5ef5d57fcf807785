//! The whole run: the machine's limit, then one server that grows from size to size, and is measured at each.

use crate::limit::{self, Limit};
use crate::load::{Load, Sent, send};
use crate::process::{Disk, Server};
use crate::query::{Question, ask_all};
use crate::quiet::{until_compacted, until_indexed};
use crate::request::{self, Request, Requests, total_bytes, total_spans};
use crate::trace::{Generator, trace_id};
use anyhow::{Result, bail};
use serde::Serialize;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Spans of a request, unless said otherwise.
const REQUEST_SPANS: usize = 128;
/// What exporters send at most.
const LARGE_REQUEST_SPANS: usize = 512;
/// Connections that send as fast as they can.
const CONNECTIONS: usize = 8;
const MANY_CONNECTIONS: usize = 64;
/// Traces whose requests the machine's limit is measured on.
const LIMIT_TRACES: u64 = 6_000;
/// Traces that are sent to measure a store of some size.
pub(crate) const WINDOW_TRACES: u64 = 8_000;
/// Requests sent at a pace that is no overload.
const PACED_REQUESTS: usize = 1_500;
/// The pace, as a share of the rate that was reached at full speed.
const PACED_SHARE: f64 = 0.4;
/// Requests of one span.
const SINGLE_REQUESTS: u64 = 60_000;
/// Traces sent in large requests over many connections.
const OVERLOAD_TRACES: u64 = 10_000;
/// Every so many traces get feedback.
const FEEDBACK_EVERY: u64 = 50;

/// What to measure.
pub(crate) struct Plan {
    /// The server's binary.
    pub(crate) binary: PathBuf,
    /// Where stores are made; emptied first.
    pub(crate) folder: PathBuf,
    /// Store sizes in traces, ascending.
    pub(crate) sizes: Vec<u64>,
    /// The server's port; gRPC has the next one.
    pub(crate) port: u16,
    /// Whether compaction is waited for at each size, or at the end only.
    pub(crate) compact_each: bool,
}

/// Everything that was measured.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Results {
    /// Seconds since the epoch when the run began.
    pub(crate) unix_s: u64,
    /// The machine's limit.
    pub(crate) limit: Limit,
    /// Mean bytes of protobuf of a span.
    pub(crate) span_bytes: f64,
    /// From the start of the process to the first answer, on an empty store.
    pub(crate) ready_s: f64,
    /// Resident bytes of an idle server on an empty store.
    pub(crate) idle_bytes: u64,
    /// The same work with text indexing off.
    pub(crate) without_text: Ingestion,
    /// At each size.
    pub(crate) sizes: Vec<AtSize>,
    /// 128 spans a request over gRPC.
    pub(crate) grpc: Ingestion,
    /// One span a request, 64 connections.
    pub(crate) single: Sent,
    /// 128 spans a request at a steady pace below the limit.
    pub(crate) paced: Sent,
    /// 512 spans a request, 64 connections, as fast as they can.
    pub(crate) overload: Sent,
    /// Peak memory meanwhile.
    pub(crate) overload_peak_bytes: u64,
    /// From the start of the process to the first answer, on the full store.
    pub(crate) ready_full_s: f64,
}

/// One stretch of ingestion at full speed.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Ingestion {
    /// What was sent.
    pub(crate) sent: Sent,
    /// CPU seconds of the server per GB until the last answer.
    pub(crate) cpu_s_per_gb_sent: f64,
    /// The same until text was indexed.
    pub(crate) cpu_s_per_gb_indexed: f64,
    /// The same until all was compacted; `None` if it was not waited for.
    pub(crate) cpu_s_per_gb: Option<f64>,
    /// Peak memory meanwhile.
    pub(crate) peak_bytes: u64,
}

/// A store of some size.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct AtSize {
    /// Traces in it, before the window was sent.
    pub(crate) traces: u64,
    /// Spans that the window came on top of.
    pub(crate) spans: u64,
    /// Raw bytes of them and of the window.
    pub(crate) raw_bytes: u64,
    /// All that it was filled with since the size before, in large requests: the client makes them meanwhile, so the rate
    /// is its own, but the CPU is the server's.
    pub(crate) filling: Ingestion,
    /// A window of new traces.
    pub(crate) ingestion: Ingestion,
    /// On disk before compaction.
    pub(crate) disk_before: Disk,
    /// On disk after compaction.
    pub(crate) disk_after: Option<Disk>,
    /// Resident bytes after it.
    pub(crate) memory_bytes: u64,
    /// Answers to questions.
    pub(crate) questions: Vec<Question>,
}

/// Runs everything.
pub(crate) async fn run(plan: &Plan) -> Result<Results> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let largest = plan.sizes.last().copied().unwrap_or_default();
    let reserve = WINDOW_TRACES * (plan.sizes.len() as u64 + 2) + OVERLOAD_TRACES + LIMIT_TRACES;
    let generator = Arc::new(Generator::new(largest + reserve, now.as_nanos() as u64));
    if plan.folder.exists() {
        fs::remove_dir_all(&plan.folder)?;
    }
    fs::create_dir_all(&plan.folder)?;

    say("measuring the machine");
    let mut next = largest + reserve - LIMIT_TRACES;
    let sample: Vec<Request> = Requests::new(&generator, next..next + LIMIT_TRACES, REQUEST_SPANS).collect();
    let limit = limit::measure(&sample, &plan.folder)?;
    let span_bytes = total_bytes(&sample) as f64 / total_spans(&sample) as f64;
    drop(sample);

    say("sending without the text index");
    next = 0;
    let without_text = without_text(plan, &generator, &mut next).await?;

    next = 0;
    let data_dir = plan.folder.join("data");
    let server = Server::start(&plan.binary, &data_dir, plan.port, &[]).await?;
    let (idle_bytes, _) = server.memory()?;
    let ready_s = server.ready_s;
    let mut sizes = Vec::new();
    let mut sent = (0, 0);
    for (index, &traces) in plan.sizes.iter().enumerate() {
        say(&format!("filling to {traces} traces"));
        let waits = plan.compact_each || index + 1 == plan.sizes.len();
        let filling = fill(&server, &generator, next..traces, waits).await?;
        next = next.max(traces);
        (sent.0, sent.1) = (sent.0 + filling.sent.spans as u64, sent.1 + filling.sent.bytes as u64);
        if index == 0 {
            let giant = request::giant(&generator, LARGE_REQUEST_SPANS as u64);
            let sent_giant =
                send(&server, giant.into_iter(), Load { connections: 1, grpc: false, pace: None }).await?;
            (sent.0, sent.1) = (sent.0 + sent_giant.spans as u64, sent.1 + sent_giant.bytes as u64);
        }
        until_indexed(&server).await?;
        say(&format!("sending {WINDOW_TRACES} traces to a store of {traces}"));
        let spans = sent.0;
        let (ingestion, disk_before) = window(&server, &generator, &mut next, waits, false).await?;
        (sent.0, sent.1) = (sent.0 + ingestion.sent.spans as u64, sent.1 + ingestion.sent.bytes as u64);
        let disk_after = if waits { Some(server.disk()?) } else { None };
        give_feedback(&server, traces).await?;
        say("asking");
        let questions = ask_all(&server, &generator, traces).await?;
        let (memory_bytes, _) = server.memory()?;
        let raw_bytes = sent.1;
        sizes.push(AtSize {
            traces,
            spans,
            raw_bytes,
            filling,
            ingestion,
            disk_before,
            disk_after,
            memory_bytes,
            questions,
        });
    }

    say("sending over gRPC");
    let (grpc, _) = window(&server, &generator, &mut next, false, true).await?;
    say("sending at a steady pace");
    let rate =
        sizes.first().map_or(1_000.0, |size| size.ingestion.sent.spans as f64 / size.ingestion.sent.seconds);
    let paced = paced(&server, &generator, &mut next, rate * PACED_SHARE).await?;
    until_indexed(&server).await?;
    say("sending single spans");
    let single = single(&server, &generator).await?;
    until_indexed(&server).await?;
    say("sending too much");
    server.reset_peak()?;
    let requests = collect(&generator, &mut next, OVERLOAD_TRACES, LARGE_REQUEST_SPANS);
    let load = Load { connections: MANY_CONNECTIONS, grpc: false, pace: None };
    let overload = send(&server, requests.into_iter(), load).await?;
    let (_, overload_peak_bytes) = server.memory()?;
    server.stop().await?;
    let again = Server::start(&plan.binary, &data_dir, plan.port, &[]).await?;
    let ready_full_s = again.ready_s;
    again.stop().await?;
    Ok(Results {
        unix_s: now.as_secs(),
        limit,
        span_bytes,
        ready_s,
        idle_bytes,
        without_text,
        sizes,
        grpc,
        single,
        paced,
        overload,
        overload_peak_bytes,
        ready_full_s,
    })
}

/// One window of traces, for work on the hot path.
pub(crate) struct Probe<'a> {
    pub(crate) traces: u64,
    /// A store to go on with; an empty one if there is none.
    pub(crate) store: Option<&'a Path>,
    pub(crate) connections: usize,
    /// Spans in a request.
    pub(crate) spans_max: usize,
    /// For the server.
    pub(crate) flags: &'a [&'a str],
}

/// Measures the machine and one window, until text is indexed.
pub(crate) async fn probe(plan: &Plan, probe: &Probe<'_>) -> Result<(Limit, Ingestion, Disk)> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    // Traces of a store that there is have smaller numbers, and so have those of a probe some seconds ago.
    let first = if probe.store.is_some() { now.as_secs() * 10_000 } else { 0 };
    let last = first + probe.traces;
    let generator = Arc::new(Generator::new(last + LIMIT_TRACES, now.as_nanos() as u64));
    let data_dir = probe.store.map_or_else(|| plan.folder.join("probe"), PathBuf::from);
    if probe.store.is_none() && data_dir.exists() {
        fs::remove_dir_all(&data_dir)?;
    }
    fs::create_dir_all(&data_dir)?;
    fs::create_dir_all(&plan.folder)?;
    let sample = collect(&generator, &mut last.clone(), LIMIT_TRACES, REQUEST_SPANS);
    let limit = limit::measure(&sample, &plan.folder)?;
    drop(sample);
    let requests = collect(&generator, &mut first.clone(), probe.traces, probe.spans_max);
    let server = Server::start(&plan.binary, &data_dir, plan.port, probe.flags).await?;
    // The columns of a store that there is are loaded first.
    until_indexed(&server).await?;
    let load = Load { connections: probe.connections, grpc: false, pace: None };
    let (ingestion, disk) = follow(&server, requests.into_iter(), load, false).await?;
    server.stop().await?;
    Ok((limit, ingestion, disk))
}

async fn without_text(plan: &Plan, generator: &Arc<Generator>, next: &mut u64) -> Result<Ingestion> {
    let data_dir = plan.folder.join("without-text");
    let server = Server::start(&plan.binary, &data_dir, plan.port, &["--search-index", "off"]).await?;
    let (ingestion, _) = window(&server, generator, next, true, false).await?;
    server.stop().await?;
    fs::remove_dir_all(&data_dir)?;
    Ok(ingestion)
}

async fn fill(
    server: &Server,
    generator: &Arc<Generator>,
    traces: std::ops::Range<u64>,
    compacts: bool,
) -> Result<Ingestion> {
    let requests = Requests::new(generator, traces, LARGE_REQUEST_SPANS);
    let (filling, _) = follow(server, requests, at_full_speed(false), compacts).await?;
    Ok(filling)
}

/// Sends a window of traces whose requests were made before, and follows the server until it is quiet.
async fn window(
    server: &Server,
    generator: &Arc<Generator>,
    next: &mut u64,
    compacts: bool,
    grpc: bool,
) -> Result<(Ingestion, Disk)> {
    let requests = collect(generator, next, WINDOW_TRACES, REQUEST_SPANS);
    follow(server, requests.into_iter(), at_full_speed(grpc), compacts).await
}

fn at_full_speed(grpc: bool) -> Load {
    Load { connections: CONNECTIONS, grpc, pace: None }
}

async fn follow(
    server: &Server,
    requests: impl Iterator<Item = Request> + Send + 'static,
    load: Load,
    compacts: bool,
) -> Result<(Ingestion, Disk)> {
    server.reset_peak()?;
    let before = server.cpu_s()?;
    let sent = send(server, requests, load).await?;
    let gigabytes = sent.bytes as f64 / 1e9;
    let used = |now: f64| (now - before) / gigabytes;
    let cpu_s_per_gb_sent = used(server.cpu_s()?);
    until_indexed(server).await?;
    let cpu_s_per_gb_indexed = used(server.cpu_s()?);
    let disk = server.disk()?;
    let mut cpu_s_per_gb = None;
    if compacts {
        until_compacted(server).await?;
        cpu_s_per_gb = Some(used(server.cpu_s()?));
    }
    let (_, peak_bytes) = server.memory()?;
    Ok((Ingestion { sent, cpu_s_per_gb_sent, cpu_s_per_gb_indexed, cpu_s_per_gb, peak_bytes }, disk))
}

async fn paced(
    server: &Server,
    generator: &Arc<Generator>,
    next: &mut u64,
    spans_per_s: f64,
) -> Result<Sent> {
    let mut requests = collect(generator, next, WINDOW_TRACES, REQUEST_SPANS);
    requests.truncate(PACED_REQUESTS);
    let pace = Duration::from_secs_f64(REQUEST_SPANS as f64 / spans_per_s);
    send(server, requests.into_iter(), Load { connections: MANY_CONNECTIONS, grpc: false, pace: Some(pace) })
        .await
}

/// Sends small spans one by one, each the root of a trace of its own.
async fn single(server: &Server, generator: &Generator) -> Result<Sent> {
    let requests: Vec<Request> =
        (0..SINGLE_REQUESTS).map(|number| request::single(generator, number)).collect();
    send(server, requests.into_iter(), Load { connections: MANY_CONNECTIONS, grpc: false, pace: None }).await
}

fn collect(generator: &Arc<Generator>, next: &mut u64, traces: u64, spans_max: usize) -> Vec<Request> {
    let range = *next..*next + traces;
    *next = range.end;
    Requests::new(generator, range, spans_max).collect()
}

async fn give_feedback(server: &Server, traces: u64) -> Result<()> {
    let mut connection = server.connect().await?;
    for number in (0..traces).step_by(FEEDBACK_EVERY as usize) {
        let id: String = trace_id(number).iter().map(|byte| format!("{byte:02x}")).collect();
        let path = format!("/api/v1/traces/{id}/assessments");
        let value = if number % (FEEDBACK_EVERY * 4) == 0 { "bad" } else { "good" };
        let body = serde_json::json!({"name": "quality", "kind": "feedback", "value": value}).to_string();
        let reply = connection.send("POST", &path, "application/json", body.as_bytes()).await?;
        if reply.status >= 300 {
            bail!("{path} answered {}: {}", reply.status, String::from_utf8_lossy(&reply.body));
        }
    }
    Ok(())
}

fn say(what: &str) {
    let line = format!("bench: {what}\n");
    // Progress only: the figures go to standard output.
    let _ = std::io::Write::write_all(&mut std::io::stderr(), line.as_bytes());
}
