//! Whom a command talks to: `SPANWISE_TRACKING_URI`, else a running server, else the data directory itself.

use crate::client::Client;
use crate::config::Config;
use anyhow::{Context, Result, bail};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use spanwise_ingest::{Ingest, IngestLimits};
use spanwise_model::ErrorKind;
use spanwise_server::{App, Scoring, ServerConfig, Webhooks, describe_metrics, main_router};
use spanwise_store::{RetentionRules, Store};
use spanwise_store_sqlite::{FsArtifacts, OpenOptions, SqliteStore};
use std::net::IpAddr;
use std::sync::Arc;

/// The variable that names a server for all commands.
const TRACKING_URI: &str = "SPANWISE_TRACKING_URI";
/// What the store says if its directory is locked.
const IN_USE: &str = "in use by another process";
/// Upper bounds of the buckets of all durations in `/metrics`, in seconds.
const DURATION_BUCKETS: [f64; 11] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5, 10.0];

/// A client, and the store behind it if this process opened it.
pub(crate) struct Backend {
    pub(crate) client: Client,
    store: Option<Arc<dyn Store>>,
}

impl Backend {
    /// Finds whom to talk to, in order to write: a data directory is made if there is none.
    pub(crate) async fn connect(config: &Config) -> Result<Backend> {
        if let Some(uri) = std::env::var(TRACKING_URI).ok().filter(|uri| !uri.is_empty()) {
            let client = Client::http(&uri).with_context(|| format!("cannot use {TRACKING_URI}"))?;
            return Ok(Backend { client, store: None });
        }
        let base = base_url(&config.host, config.port);
        if config.port != 0 && Client::is_running(&base).await {
            return Ok(Backend { client: Client::http(&base)?, store: None });
        }
        log_errors();
        let metrics = PrometheusBuilder::new().build_recorder().handle();
        let app = open_app(config, RetentionRules::default(), metrics)?;
        Ok(Backend { store: Some(app.store.clone()), client: Client::InProcess(main_router(app)) })
    }

    /// Finds whom to talk to, in order to read: there must be something to read.
    pub(crate) async fn connect_to_read(config: &Config) -> Result<Backend> {
        let base = base_url(&config.host, config.port);
        if !named_by_uri() && !config.data_dir.exists() && !Client::is_running(&base).await {
            bail!(
                "no server answers at {base}, and there is no data directory {}; start a server with `spanwise serve`, or \
                 name one with {TRACKING_URI}=http://HOST:PORT, or a directory with --data-dir",
                config.data_dir.display()
            );
        }
        Backend::connect(config).await
    }

    /// Finds a server, for what only a server can do: `what` does it, as in “`spanwise tail` follows”.
    pub(crate) async fn connect_to_server(config: &Config, what: &str) -> Result<Backend> {
        let base = base_url(&config.host, config.port);
        if !named_by_uri() && (config.port == 0 || !Client::is_running(&base).await) {
            bail!(
                "no server answers at {base}, and {what} a running one; start it with `spanwise serve`, or name \
                 another with {TRACKING_URI}=http://HOST:PORT"
            );
        }
        Backend::connect(config).await
    }

    /// Returns what commands call the place that they work on: an address or a data directory.
    pub(crate) fn place(&self, config: &Config) -> String {
        match &self.client {
            Client::Http { base, .. } => base.clone(),
            Client::InProcess(_) => std::path::absolute(&config.data_dir)
                .unwrap_or_else(|_| config.data_dir.clone())
                .display()
                .to_string(),
        }
    }

    /// Closes the store, if this process opened it.
    pub(crate) async fn close(self) -> Result<()> {
        if let Some(store) = self.store {
            store.close().await?;
        }
        Ok(())
    }
}

/// Prints what the routes log on an error: their answers leave out what is not for clients, and here nobody else keeps
/// a log. A process that logs already goes on as it does.
fn log_errors() {
    let logger = tracing_subscriber::fmt().with_max_level(tracing::Level::ERROR).with_writer(std::io::stderr);
    drop(logger.without_time().with_target(false).with_ansi(false).try_init());
}

/// Returns whether the environment names a server.
pub(crate) fn named_by_uri() -> bool {
    std::env::var(TRACKING_URI).is_ok_and(|uri| !uri.is_empty())
}

/// Returns the URL at which a server that listens on `host` is reached from this machine.
pub(crate) fn base_url(host: &str, port: u16) -> String {
    match host.parse::<IpAddr>() {
        Ok(address) if address.is_unspecified() => format!("http://127.0.0.1:{port}"),
        Ok(IpAddr::V6(address)) => format!("http://[{address}]:{port}"),
        _ => format!("http://{host}:{port}"),
    }
}

/// A data directory for one command alone, or, if it is in use, the server that is likely to have it open.
pub(crate) enum Opened {
    Store(Box<SqliteStore>),
    InUse(Backend),
}

/// Opens the data directory; if another process has it open, finds the server at the configured address.
pub(crate) async fn open_to_own(config: &Config) -> Result<Opened> {
    let error = match open_store(config, RetentionRules::default()) {
        Ok(store) => return Ok(Opened::Store(Box::new(store))),
        Err(error) => error,
    };
    let base = base_url(&config.host, config.port);
    if is_in_use(&error) && config.port != 0 && Client::is_running(&base).await {
        return Ok(Opened::InUse(Backend { client: Client::http(&base)?, store: None }));
    }
    Err(error)
}

fn is_in_use(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| cause.to_string().contains(IN_USE))
}

/// Opens the store of the data directory; only a server deletes what the configuration says.
pub(crate) fn open_store(config: &Config, retention: RetentionRules) -> Result<SqliteStore> {
    let data_dir = config.data_dir.display();
    let span_index = config.search_index;
    let options = OpenOptions { retention, span_index, ..OpenOptions::new(&config.data_dir) };
    match SqliteStore::open(&options) {
        Ok(store) => Ok(store),
        Err(error) if error.kind() == ErrorKind::Unavailable && error.message().contains(IN_USE) => {
            bail!(
                "{error}\nIf that is a server, name its address: {TRACKING_URI}=http://HOST:PORT, or --host and --port; \
             to work on the data directory itself, stop it first"
            )
        }
        Err(error) => Err(error).with_context(|| format!("cannot open the data directory {data_dir}")),
    }
}

/// Opens the data directory, with all that serves it.
pub(crate) fn open_app(config: &Config, retention: RetentionRules, metrics: PrometheusHandle) -> Result<App> {
    let sqlite = Arc::new(open_store(config, retention)?);
    let store: Arc<dyn Store> = sqlite.clone();
    let artifacts = FsArtifacts::open(&config.data_dir)
        .with_context(|| format!("cannot open the artifacts in {}", config.data_dir.display()))?;
    let limits = IngestLimits { queue_bytes: config.queue_bytes, ..IngestLimits::default() };
    let ingest = Ingest::new(store.clone(), limits)
        .with_redaction(config.redaction.clone(), config.redaction_key.clone());
    Ok(App {
        ingest: Arc::new(ingest.context("cannot use the configured redaction rules")?),
        store,
        catalog: sqlite,
        webhooks: Arc::new(Webhooks::new(config.private_webhooks)),
        scoring: Arc::new(Scoring::new(config.judge.scoring()?)),
        artifacts: Arc::new(artifacts),
        config: Arc::new(server_config(config)),
        metrics,
    })
}

/// Makes the recorder behind `/metrics` that of this process.
pub(crate) fn install_metrics() -> Result<PrometheusHandle> {
    let builder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &DURATION_BUCKETS)
        .context("the buckets are not empty")?;
    let recorder = builder.build_recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).map_err(|_| anyhow::anyhow!("metrics were set up twice"))?;
    describe_metrics();
    Ok(handle)
}

fn server_config(config: &Config) -> ServerConfig {
    let mut allowed_hosts = config.allowed_hosts.clone();
    // Who binds to one address means to be reached there; an unspecified one is no name that a client could use.
    if config.host.parse::<IpAddr>().map_or(true, |address| !address.is_unspecified()) {
        allowed_hosts.push(config.host.clone());
    }
    ServerConfig {
        allowed_hosts,
        allowed_origins: config.allowed_origins.clone(),
        body_bytes_max: config.body_bytes,
        artifact_bytes_max: config.artifact_bytes as u64,
        connections_max: config.connections,
        otlp_http_port: Some(config.otlp_http_port).filter(|port| *port != 0),
        otlp_grpc_port: Some(config.otlp_grpc_port).filter(|port| *port != 0),
        ..ServerConfig::default()
    }
}
