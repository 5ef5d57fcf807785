//! What every handler is given: the store, the way in, the configuration.

use crate::paced_body::BodyPace;
use crate::scoring::Scoring;
use crate::webhooks::Webhooks;
use metrics_exporter_prometheus::PrometheusHandle;
use spanwise_ingest::Ingest;
use spanwise_store::{ArtifactStore, Catalog, Store};
use std::sync::Arc;
use std::time::Duration;

/// The state of the server; cheap to clone.
#[derive(Clone)]
pub struct App {
    /// Experiments, traces, spans, assessments.
    pub store: Arc<dyn Store>,
    /// Runs and what else evaluation needs.
    pub catalog: Arc<dyn Catalog>,
    /// Files that belong to traces and runs.
    pub artifacts: Arc<dyn ArtifactStore>,
    /// The way in for spans and log records.
    pub ingest: Arc<Ingest>,
    /// What sends to webhooks.
    pub webhooks: Arc<Webhooks>,
    /// What runs scorers.
    pub scoring: Arc<Scoring>,
    /// Limits and allow-lists.
    pub config: Arc<ServerConfig>,
    /// Renders the text of `/metrics`.
    pub metrics: PrometheusHandle,
}

/// Limits and allow-lists of the server.
#[derive(Debug, Clone)]
pub struct ServerConfig {
    /// Hosts that a request may name besides the loopback ones: `name`, `name:port`, or `*` for any.
    pub allowed_hosts: Vec<String>,
    /// Origins of web pages that may call besides the loopback ones, e.g. `https://app.example.com`, or `*`.
    pub allowed_origins: Vec<String>,
    /// Bytes of an OTLP or JSON body, before and after decompression.
    pub body_bytes_max: usize,
    /// Bytes of an uploaded artifact.
    pub artifact_bytes_max: u64,
    /// Connections at one time, over all ports.
    pub connections_max: usize,
    /// How long a client may take to send a request's headers.
    pub header_timeout: Duration,
    /// How long a client may be silent while it sends a body.
    pub body_idle_timeout: Duration,
    /// How slowly a client may send a body.
    pub body_pace: BodyPace,
    /// How long a client may take nothing of its answer.
    pub write_timeout: Duration,
    /// The port of OTLP over HTTP, to tell clients; `None` if it is turned off.
    pub otlp_http_port: Option<u16>,
    /// The port of OTLP over gRPC, to tell clients; `None` if it is turned off.
    pub otlp_grpc_port: Option<u16>,
    /// How long requests in flight may go on once the server has been told to stop.
    pub drain_timeout: Duration,
}

impl Default for ServerConfig {
    fn default() -> Self {
        ServerConfig {
            allowed_hosts: Vec::new(),
            allowed_origins: Vec::new(),
            body_bytes_max: 64 << 20,
            artifact_bytes_max: 1 << 30,
            connections_max: 4096,
            header_timeout: Duration::from_secs(15),
            body_idle_timeout: Duration::from_secs(30),
            body_pace: BodyPace { grace: Duration::from_secs(60), bytes_per_second_min: 1 << 10 },
            write_timeout: Duration::from_secs(60),
            otlp_http_port: None,
            otlp_grpc_port: None,
            drain_timeout: Duration::from_secs(4),
        }
    }
}
