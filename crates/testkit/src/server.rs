//! A whole server inside the test: its own data directory, free ports, a fixed clock.

use crate::Reply;
use axum::body::Body;
use http::{Method, Request, header};
use http_body_util::BodyExt;
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use metrics_exporter_prometheus::PrometheusBuilder;
use prost::Message;
use serde_json::Value;
use spanwise_ingest::{Ingest, IngestLimits};
use spanwise_server::{App, Listeners, Scoring, ScoringConfig, ServerConfig, Webhooks, serve};
use spanwise_store::Store;
use spanwise_store_sqlite::{FsArtifacts, OpenOptions, SqliteStore};
use std::net::SocketAddr;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

/// What a test may set.
#[derive(Debug, Clone, Default)]
pub struct ServerOptions {
    /// Limits and allow-lists.
    pub config: ServerConfig,
    /// Limits of ingestion.
    pub limits: IngestLimits,
    /// How scoring works.
    pub scoring: ScoringConfig,
}

/// A running server; it stops when dropped.
pub struct TestServer {
    /// Where the API is.
    pub main: SocketAddr,
    /// Where OTLP over HTTP is.
    pub otlp_http: SocketAddr,
    /// Where OTLP over gRPC is.
    pub otlp_grpc: SocketAddr,
    /// What it serves.
    pub app: App,
    client: Client<HttpConnector, Body>,
    stop: CancellationToken,
    serving: JoinHandle<()>,
    _stop_on_drop: DropGuard,
    _data_dir: TempDir,
}

/// Returns when everything arrives: the clock of a [`TestServer`] stands still, at 2023-11-15 00:00:00 UTC.
pub fn arrival_ns() -> i64 {
    1_700_006_400_000_000_000
}

impl TestServer {
    /// Starts a server as it is by default.
    pub async fn start() -> TestServer {
        TestServer::start_with(ServerOptions::default()).await
    }

    /// Starts a server.
    pub async fn start_with(options: ServerOptions) -> TestServer {
        let data_dir = tempfile::tempdir().expect("a temporary folder can be made");
        let sqlite =
            Arc::new(SqliteStore::open(&OpenOptions::new(data_dir.path())).expect("a new store opens"));
        let store: Arc<dyn Store> = sqlite.clone();
        let artifacts = FsArtifacts::open(data_dir.path()).expect("a new artifact folder opens");
        let app = App {
            ingest: Arc::new(Ingest::new(store.clone(), options.limits).with_clock(arrival_ns)),
            store,
            catalog: sqlite,
            webhooks: Arc::new(Webhooks::new(false)),
            scoring: Arc::new(Scoring::new(options.scoring)),
            artifacts: Arc::new(artifacts),
            config: Arc::new(options.config),
            metrics: PrometheusBuilder::new().build_recorder().handle(),
        };
        let (main, otlp_http, otlp_grpc) = (bind().await, bind().await, bind().await);
        let address = |listener: &TcpListener| listener.local_addr().expect("a bound socket has an address");
        let addresses = (address(&main), address(&otlp_http), address(&otlp_grpc));
        let listeners =
            Listeners { main: Some(main), otlp_http: Some(otlp_http), otlp_grpc: Some(otlp_grpc) };
        let stop = CancellationToken::new();
        TestServer {
            main: addresses.0,
            otlp_http: addresses.1,
            otlp_grpc: addresses.2,
            client: Client::builder(TokioExecutor::new()).build_http(),
            serving: tokio::spawn(serve(app.clone(), listeners, stop.clone())),
            app,
            _stop_on_drop: stop.clone().drop_guard(),
            stop,
            _data_dir: data_dir,
        }
    }

    /// Tells the server to stop and waits until it has.
    pub async fn stop(self) {
        self.stop.cancel();
        self.serving.await.expect("serving does not panic");
        self.app.store.close().await.expect("the store closes");
    }

    /// Sends a request whose target is a path on the main port, or a whole URL, and reads the answer.
    pub async fn send(&self, mut request: Request<Body>) -> Reply {
        if request.uri().authority().is_none() {
            let url = format!("http://{}{}", self.main, request.uri());
            *request.uri_mut() = url.parse().expect("the URL is valid");
        }
        let response = self.client.request(request).await.expect("the server answers");
        let (parts, body) = response.into_parts();
        let body = body.collect().await.expect("the body is complete").to_bytes();
        Reply { status: parts.status, headers: parts.headers, body }
    }

    /// Gets a path.
    pub async fn get(&self, path: &str) -> Reply {
        self.send(Request::get(path).body(Body::empty()).expect("the path is valid")).await
    }

    /// Sends JSON.
    pub async fn send_json(&self, method: Method, path: &str, body: &Value) -> Reply {
        let request =
            Request::builder().method(method).uri(path).header(header::CONTENT_TYPE, "application/json");
        self.send(request.body(Body::from(body.to_string())).expect("the path is valid")).await
    }

    /// Posts an OTLP message as protobuf.
    pub async fn post_otlp(&self, path: &str, message: &impl Message) -> Reply {
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/x-protobuf");
        self.send(request.body(Body::from(message.encode_to_vec())).expect("the path is valid")).await
    }
}

async fn bind() -> TcpListener {
    TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port")
}
