//! Sockets: who may connect, for how long, and how serving ends.

use crate::App;
use crate::patient_io::PatientIo;
use crate::router::{grpc_router, main_router, otlp_router};
use axum::{Extension, Router};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// What is read of one HTTP/1 connection at a time, headers or body; hyper would take up to 408 KiB.
const HTTP1_BUFFER_BYTES_MAX: usize = 128 << 10;
/// Largest frame that clients may send. With HTTP/2's 16 KiB a request of half a megabyte would be read in thirty steps.
const HTTP2_FRAME_BYTES_MAX: u32 = 128 << 10;
/// Streams of one HTTP/2 connection: each is a request with a body in memory.
const HTTP2_STREAMS_MAX: u32 = 128;
/// How often a silent HTTP/2 connection is asked whether it still lives.
const HTTP2_PING_EVERY: Duration = Duration::from_secs(30);
/// How long to wait when no socket can be accepted (no file descriptors left, most likely).
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Bytes that every HTTP/2 client begins with (RFC 9113, 3.4).
const HTTP2_PREFACE_BYTES: usize = 24;
/// How often the samples behind `/metrics` are folded, so that they don't pile up when nobody reads them.
const METRICS_UPKEEP_EVERY: Duration = Duration::from_secs(5);

/// The sockets to serve; `None` is turned off.
#[derive(Debug, Default)]
pub struct Listeners {
    /// Everything over HTTP: the APIs, OTLP, probes.
    pub main: Option<TcpListener>,
    /// OTLP over HTTP alone.
    pub otlp_http: Option<TcpListener>,
    /// OTLP over gRPC.
    pub otlp_grpc: Option<TcpListener>,
}

/// Told to requests that last until the server stops.
#[derive(Debug, Clone)]
pub(crate) struct Stopping(pub(crate) CancellationToken);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Protocol {
    Http1,
    Http2,
}

/// Serves until `stop`; then accepts no more, and lets requests in flight finish within the drain timeout.
///
/// The store is left open: close it once this has returned.
pub async fn serve(app: App, listeners: Listeners, stop: CancellationToken) {
    let limits = Arc::new(Semaphore::new(app.config.connections_max));
    let routers = [
        (listeners.main, Protocol::Http1, main_router(app.clone()).layer(Extension(Stopping(stop.clone())))),
        (listeners.otlp_http, Protocol::Http1, otlp_router(app.clone())),
        (listeners.otlp_grpc, Protocol::Http2, grpc_router(app.clone())),
    ];
    let mut serving = JoinSet::new();
    for (listener, protocol, router) in routers {
        if let Some(listener) = listener {
            let port = Port {
                protocol,
                router,
                connections: limits.clone(),
                header_timeout: app.config.header_timeout,
                write_timeout: app.config.write_timeout,
                drain_timeout: app.config.drain_timeout,
            };
            serving.spawn(port.serve(listener, stop.clone()));
        }
    }
    let deliveries = tokio::spawn(crate::webhooks::deliver(app.clone(), stop.clone()));
    let scoring = tokio::spawn(crate::scoring::work(app.clone(), stop.clone()));
    let upkeep = tokio::spawn(keep_metrics(app));
    serving.join_all().await;
    upkeep.abort();
    if let Err(error) = deliveries.await {
        tracing::error!("deliveries to webhooks ended before the server: {error}");
    }
    if let Err(error) = scoring.await {
        tracing::error!("scoring ended before the server: {error}");
    }
}

async fn keep_metrics(app: App) {
    let mut ticks = tokio::time::interval(METRICS_UPKEEP_EVERY);
    loop {
        ticks.tick().await;
        app.metrics.run_upkeep();
    }
}

struct Port {
    protocol: Protocol,
    router: Router,
    connections: Arc<Semaphore>,
    header_timeout: Duration,
    write_timeout: Duration,
    drain_timeout: Duration,
}

impl Port {
    async fn serve(self, listener: TcpListener, stop: CancellationToken) {
        let graceful = GracefulShutdown::new();
        let builder = self.builder();
        while let Some((stream, permit)) = self.accept(&listener, &stop).await {
            // Answers are small and waited for: never hold one back to fill a packet.
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!("cannot set TCP_NODELAY: {error}");
            }
            let service = TowerToHyperService::new(self.router.clone());
            let stream = TokioIo::new(self.patient(stream));
            let connection = builder.serve_connection(stream, service).into_owned();
            let connection = graceful.watch(connection);
            tokio::spawn(async move {
                let _permit = permit;
                if let Err(error) = connection.await {
                    // Clients hang up, time out or send garbage: no news for the owner of the server.
                    tracing::debug!("connection ended: {error}");
                }
            });
        }
        drop(listener);
        if tokio::time::timeout(self.drain_timeout, graceful.shutdown()).await.is_err() {
            tracing::warn!("some requests did not finish within {:?} and were cut off", self.drain_timeout);
        }
    }

    fn patient(&self, stream: TcpStream) -> PatientIo<TcpStream> {
        let stream = PatientIo::new(stream, self.write_timeout);
        match self.protocol {
            // The timeout of headers begins with the connection.
            Protocol::Http1 => stream,
            Protocol::Http2 => stream.expect_first_bytes(HTTP2_PREFACE_BYTES, self.header_timeout),
        }
    }

    fn builder(&self) -> auto::Builder<TokioExecutor> {
        let mut builder = auto::Builder::new(TokioExecutor::new());
        builder
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(self.header_timeout)
            .max_buf_size(HTTP1_BUFFER_BYTES_MAX);
        builder
            .http2()
            .timer(TokioTimer::new())
            .keep_alive_interval(HTTP2_PING_EVERY)
            .keep_alive_timeout(self.header_timeout)
            .max_frame_size(HTTP2_FRAME_BYTES_MAX)
            .max_concurrent_streams(HTTP2_STREAMS_MAX);
        match self.protocol {
            Protocol::Http1 => builder.http1_only(),
            Protocol::Http2 => builder.http2_only(),
        }
    }

    /// Waits for a free connection and a client; `None` when it is time to stop.
    async fn accept(
        &self,
        listener: &TcpListener,
        stop: &CancellationToken,
    ) -> Option<(TcpStream, OwnedSemaphorePermit)> {
        let next = async {
            let permit =
                self.connections.clone().acquire_owned().await.expect("the semaphore is never closed");
            (accept_patiently(listener).await, permit)
        };
        stop.run_until_cancelled(next).await
    }
}

async fn accept_patiently(listener: &TcpListener) -> TcpStream {
    let mut is_told = false;
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            Err(error) if is_of_client(&error) => {}
            Err(error) => {
                if !is_told {
                    tracing::error!("cannot accept connections: {error}; trying again");
                    is_told = true;
                }
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Says whether a client gave up before it was accepted, which is no trouble of ours.
fn is_of_client(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
