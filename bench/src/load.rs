//! Sending: over some connections, as fast as the server takes it or at a steady pace.

use crate::http::Connection;
use crate::process::Server;
use crate::request::Request;
use anyhow::{Context, Result, bail};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use prost::Message;
use serde::Serialize;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Mutex, mpsc};
use tonic::transport::Channel;

/// Requests that wait for a free connection.
const WAITING_MAX: usize = 64;
/// A refused request is sent again after this, if the answer names no time.
const RETRY_AFTER: Duration = Duration::from_millis(50);

/// How to send.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    /// Connections, each with one request at a time.
    pub(crate) connections: usize,
    /// Over gRPC rather than HTTP.
    pub(crate) grpc: bool,
    /// Time from one request to the next over all connections; `None` = as fast as the server takes them.
    pub(crate) pace: Option<Duration>,
}

/// What came of it.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Sent {
    /// Spans that were acknowledged.
    pub(crate) spans: usize,
    /// Their bytes of protobuf.
    pub(crate) bytes: usize,
    /// Requests that were acknowledged.
    pub(crate) requests: usize,
    /// Refused with 429 or 503 and sent again.
    pub(crate) refused: usize,
    /// From the first request to the last answer.
    pub(crate) seconds: f64,
    /// From when a request was due to its answer.
    pub(crate) latency: Latency,
}

/// Percentiles in milliseconds.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(crate) struct Latency {
    /// Half are at most this.
    pub(crate) p50_ms: f64,
    /// 95 % are at most this.
    pub(crate) p95_ms: f64,
    /// 99 % are at most this.
    pub(crate) p99_ms: f64,
}

impl Latency {
    /// Returns the percentiles of `durations`, which are sorted.
    pub(crate) fn of(durations: &mut [Duration]) -> Latency {
        durations.sort_unstable();
        let at = |share: f64| {
            let index = (durations.len() as f64 * share).ceil() as usize;
            durations.get(index.saturating_sub(1)).map_or(0.0, |found| found.as_secs_f64() * 1e3)
        };
        Latency { p50_ms: at(0.5), p95_ms: at(0.95), p99_ms: at(0.99) }
    }
}

/// Sends what `requests` gives, until it ends.
pub(crate) async fn send(
    server: &Server,
    requests: impl Iterator<Item = Request> + Send + 'static,
    load: Load,
) -> Result<Sent> {
    let (sender, receiver) = mpsc::channel(WAITING_MAX);
    let receiver = Arc::new(Mutex::new(receiver));
    let begun = Instant::now();
    // Making requests takes as long as sending them: it has a thread of its own.
    let source = std::thread::spawn(move || {
        for (number, request) in requests.enumerate() {
            let due = load.pace.map_or_else(Instant::now, |pace| begun + pace * number as u32);
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            if sender.blocking_send((due, request)).is_err() {
                return;
            }
        }
    });
    let mut workers = Vec::new();
    for _ in 0..load.connections {
        let sink = Sink::open(server, load.grpc).await?;
        workers.push(tokio::spawn(work(sink, Arc::clone(&receiver), load.pace.is_some())));
    }
    drop(receiver);
    let mut durations = Vec::new();
    let mut sent =
        Sent { spans: 0, bytes: 0, requests: 0, refused: 0, seconds: 0.0, latency: Latency::default() };
    for worker in workers {
        let done = worker.await??;
        sent.spans += done.spans;
        sent.bytes += done.bytes;
        sent.refused += done.refused;
        durations.extend(done.durations);
    }
    sent.seconds = begun.elapsed().as_secs_f64();
    sent.requests = durations.len();
    sent.latency = Latency::of(&mut durations);
    source.join().map_err(|_| anyhow::anyhow!("the thread that makes requests panicked"))?;
    Ok(sent)
}

#[derive(Default)]
struct Done {
    spans: usize,
    bytes: usize,
    refused: usize,
    durations: Vec<Duration>,
}

type Queue = Arc<Mutex<mpsc::Receiver<(Instant, Request)>>>;

async fn work(mut sink: Sink, queue: Queue, is_paced: bool) -> Result<Done> {
    let mut done = Done::default();
    loop {
        let Some((due, request)) = queue.lock().await.recv().await else { return Ok(done) };
        // A paced request that waited for a connection waited for the server.
        let since = if is_paced { due } else { Instant::now() };
        while let Some(wait) = sink.send(&request).await? {
            done.refused += 1;
            tokio::time::sleep(wait).await;
        }
        done.durations.push(since.elapsed());
        done.spans += request.spans;
        done.bytes += request.body.len();
    }
}

enum Sink {
    Http(Connection),
    Grpc(TraceServiceClient<Channel>),
}

impl Sink {
    async fn open(server: &Server, grpc: bool) -> Result<Sink> {
        if !grpc {
            return Ok(Sink::Http(server.connect().await?));
        }
        let endpoint = Channel::from_shared(format!("http://{}", server.grpc_address))?;
        Ok(Sink::Grpc(TraceServiceClient::new(endpoint.connect().await?)))
    }

    /// Sends one request; `Some` is how long to wait before it is sent again.
    async fn send(&mut self, request: &Request) -> Result<Option<Duration>> {
        match self {
            Sink::Http(connection) => {
                let reply =
                    connection.send("POST", "/v1/traces", "application/x-protobuf", &request.body).await?;
                match reply.status {
                    // An empty answer is full success: OTLP names what was refused in the body.
                    200 if reply.body.is_empty() => Ok(None),
                    429 | 503 => Ok(Some(reply.retry_after_s.map_or(RETRY_AFTER, Duration::from_secs))),
                    status => bail!("/v1/traces answered {status}: {}", String::from_utf8_lossy(&reply.body)),
                }
            }
            Sink::Grpc(client) => {
                let message = ExportTraceServiceRequest::decode(&request.body[..])?;
                match client.export(message).await {
                    Ok(reply) => match reply.into_inner().partial_success {
                        Some(partial) if partial.rejected_spans > 0 => {
                            bail!("refused: {}", partial.error_message)
                        }
                        _ => Ok(None),
                    },
                    Err(status) if status.code() == tonic::Code::ResourceExhausted => Ok(Some(RETRY_AFTER)),
                    Err(status) => Err(status).context("Export"),
                }
            }
        }
    }
}
