//! `spanwise serve`: binds, opens, serves, stops.

use crate::args::ServeArgs;
use crate::backend::{base_url, install_metrics, open_app};
use crate::client::Client;
use crate::config::{Config, LogFormat};
use crate::demo;
use crate::snippet::write_snippets;
use crate::terminal::out_line;
use anyhow::{Context, Result, bail};
use spanwise_inbox::INBOX_DIR;
use spanwise_server::{App, Listeners, main_router, serve, watch_inbox};
use std::future::Future;
use std::io::{self, IsTerminal};
use std::net::{IpAddr, SocketAddr};
use tokio::net::{TcpListener, TcpSocket, lookup_host};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Connections that wait to be accepted.
const BACKLOG: u32 = 1024;
/// Files that the store has open at most, beside connections.
const FILES_OF_STORE: usize = 256;
/// Threads for what blocks: decoding large bodies, artifacts. The store has its own.
const BLOCKING_THREADS_MAX: usize = 16;
/// The demo traces of a new store are the same everywhere, so that documentation can show them.
const DEMO_SEED: u64 = 1;
/// How many there are.
const DEMO_TRACES: usize = 60;

/// Runs until SIGTERM or SIGINT.
pub(crate) fn run(args: &ServeArgs) -> Result<()> {
    let config = args.flags.load()?.config;
    start_logging(&config)?;
    allow_files(config.connections);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .max_blocking_threads(BLOCKING_THREADS_MAX)
        .enable_all()
        .build()?;
    runtime.block_on(run_server(args, &config))
}

/// Lets the process have a file open for each connection, as far as the system allows; the usual limit is 1,024.
#[cfg(unix)]
fn allow_files(connections: usize) {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    let Some(allowed) = limit.current else { return };
    let wanted = (connections + FILES_OF_STORE) as u64;
    limit.current = Some(wanted.min(limit.maximum.unwrap_or(wanted)).max(allowed));
    let raised = setrlimit(Resource::Nofile, limit);
    if let Err(error) = &raised {
        tracing::warn!("cannot raise the limit of open files: {error}");
    }
    if limit.current.is_some_and(|allowed| allowed < wanted) || (raised.is_err() && allowed < wanted) {
        tracing::warn!(
            "{} files may be open, and {connections} connections (limits.connections) need {wanted}; allow more (ulimit -n), \
             or fewer connections",
            limit.current.unwrap_or(allowed)
        );
    }
}

#[cfg(not(unix))]
fn allow_files(_connections: usize) {}

async fn run_server(args: &ServeArgs, config: &Config) -> Result<()> {
    let listeners = bind_all(config).await?;
    let port =
        listeners.main.as_ref().and_then(|listener| listener.local_addr().ok()).map_or(0, |a| a.port());
    warn_if_wide(&listeners);
    let app = open_app(config, config.retention.clone(), install_metrics()?)?;
    let stop = CancellationToken::new();
    stop_on_signal(stop.clone())?;
    if !args.quiet {
        announce(config, &listeners)?;
    }
    tracing::info!(
        data_dir = %config.data_dir.display(), host = config.host, port,
        otlp_http_port = config.otlp_http_port, otlp_grpc_port = config.otlp_grpc_port,
        version = env!("CARGO_PKG_VERSION"), "serving"
    );
    let demo = args.demo.then(|| tokio::spawn(stop.clone().run_until_cancelled_owned(add_demo(app.clone()))));
    let inbox = tokio::spawn(watch_inbox(app.clone(), config.data_dir.join(INBOX_DIR), stop.clone()));
    serve(app.clone(), listeners, stop).await;
    inbox.await.context("the task of the inbox panicked")?;
    if let Some(demo) = demo {
        demo.await.context("the demo task panicked")?;
    }
    app.store.close().await.context("cannot close the store")?;
    tracing::info!("stopped");
    Ok(())
}

/// Adds demo traces if the store has none.
async fn add_demo(app: App) {
    let added = async {
        if app.store.stats().await?.traces > 0 {
            return Ok(0);
        }
        demo::add(&Client::InProcess(main_router(app.clone())), DEMO_TRACES, DEMO_SEED).await
    };
    match added.await {
        Ok(0) => {}
        Ok(traces) => tracing::info!(traces, "added demo traces to the empty store"),
        Err(error) => tracing::error!("cannot add demo traces: {error:#}"),
    }
}

async fn bind_all(config: &Config) -> Result<Listeners> {
    let listeners = Listeners {
        main: bind(config, config.port, "--port").await?,
        otlp_http: bind(config, config.otlp_http_port, "--otlp-http-port").await?,
        otlp_grpc: bind(config, config.otlp_grpc_port, "--otlp-grpc-port").await?,
    };
    if listeners.main.is_none() && listeners.otlp_http.is_none() && listeners.otlp_grpc.is_none() {
        bail!("all ports are turned off; give at least one of --port, --otlp-http-port, --otlp-grpc-port");
    }
    Ok(listeners)
}

/// Binds a port; 0 is turned off.
async fn bind(config: &Config, port: u16, flag: &str) -> Result<Option<TcpListener>> {
    if port == 0 {
        return Ok(None);
    }
    let host = config.host.trim_start_matches('[').trim_end_matches(']');
    let address = lookup_host((host, port))
        .await
        .with_context(|| format!("cannot resolve `{host}` (--host)"))?
        .next()
        .with_context(|| format!("`{host}` (--host) has no address"))?;
    match listen(address) {
        Ok(listener) => Ok(Some(listener)),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => bail!(
            "cannot listen on {address} ({flag}): address already in use; choose another with {flag} N, or 0 to turn \
             it off"
        ),
        Err(error) => Err(error).with_context(|| format!("cannot listen on {address} (--host, {flag})")),
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // A restart must not wait for the connections of the last run to be forgotten. On Windows the option would let
    // two servers share a port.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

fn warn_if_wide(listeners: &Listeners) {
    let all = [&listeners.main, &listeners.otlp_http, &listeners.otlp_grpc];
    let address = all.into_iter().flatten().find_map(|listener| listener.local_addr().ok());
    if let Some(address) = address.filter(|address| !address.ip().is_loopback()) {
        tracing::warn!(
            "listening on {}: everyone who can reach this machine can read and write all traces. Clients that use \
             another name than the loopback ones also need --allowed-hosts",
            address.ip()
        );
    }
}

fn announce(config: &Config, listeners: &Listeners) -> Result<()> {
    let Some(main) = &listeners.main else { return Ok(()) };
    let port = main.local_addr()?.port();
    let url = base_url(&config.host, port);
    let otlp = listeners.otlp_http.as_ref().and_then(|listener| listener.local_addr().ok());
    let otlp_url = otlp.map_or_else(|| url.clone(), |address| base_url(&config.host, address.port()));
    out_line(&format!("Spanwise is running at {url}"))?;
    out_line(&format!("Data: {}\n", config.data_dir.display()))?;
    out_line(&write_snippets(&url, &otlp_url))?;
    if config.host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback()) {
        out_line("Only this machine can connect (see --host). Stop with Ctrl-C.")?;
    }
    Ok(())
}

fn start_logging(config: &Config) -> Result<()> {
    let levels: Targets = config.log_level.parse().context("the log level was checked")?;
    let registry = tracing_subscriber::registry().with(levels);
    let layer =
        tracing_subscriber::fmt::layer().with_writer(io::stderr).with_ansi(io::stderr().is_terminal());
    match config.log_format {
        LogFormat::Text => registry.with(layer).try_init()?,
        LogFormat::Json => registry.with(layer.json().flatten_event(true)).try_init()?,
    }
    Ok(())
}

/// Cancels `stop` at the first SIGTERM or SIGINT. The handlers are in place when this returns, so that a signal which
/// comes early is not the end without a flush.
fn stop_on_signal(stop: CancellationToken) -> Result<()> {
    let signal = signals().context("cannot listen for signals")?;
    tokio::spawn(async move {
        signal.await;
        tracing::info!("stopping: finishing requests in flight");
        stop.cancel();
    });
    Ok(())
}

#[cfg(unix)]
fn signals() -> io::Result<impl Future<Output = ()> + Send> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn signals() -> io::Result<impl Future<Output = ()> + Send> {
    Ok(async {
        if let Err(error) = tokio::signal::ctrl_c().await {
            tracing::error!("cannot listen for Ctrl-C: {error}");
            std::future::pending::<()>().await;
        }
    })
}
