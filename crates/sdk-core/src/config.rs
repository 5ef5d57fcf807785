//! How an SDK is set up: in code, or by the environment.

use crate::data::Processor;
use crate::export::Exporter;
use crate::file_exporter::InboxExporter;
use crate::problem::{OnProblem, Problem, to_stderr};
use crate::sdk::Sdk;
use crate::value::Value;
use crate::{key, local};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{self, Thread};
use std::time::Duration;

/// Where spans go if nothing says so: a server on this machine.
pub const LOCAL_SERVER: &str = "http://127.0.0.1:5000";
/// The same, where gRPC is to be spoken.
pub(crate) const LOCAL_GRPC: &str = "http://127.0.0.1:4317";
/// The path of OTLP below the address of a server.
const TRACES_PATH: &str = "/v1/traces";
/// The smallest queue: a few chunks.
const QUEUE_BYTES_MIN: u64 = 64 << 10;

/// A setting that can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A value that says nothing.
    #[error("{name}: `{value}` {problem}")]
    Value {
        /// The variable or setting.
        name: String,
        /// What it is set to.
        value: String,
        /// What is wrong with that, and what would be right.
        problem: String,
    },
}

fn wrong(name: &str, value: &str, problem: impl Into<String>) -> ConfigError {
    ConfigError::Value { name: name.to_owned(), value: value.to_owned(), problem: problem.into() }
}

/// Makes an exporter; it is called again in a forked child.
pub type MakeExporter = Arc<dyn Fn() -> Box<dyn Exporter> + Send + Sync>;

/// Where spans go.
#[derive(Clone)]
#[non_exhaustive]
pub enum Target {
    /// OTLP over HTTP.
    Http {
        /// The whole address, such as `http://127.0.0.1:5000/v1/traces`.
        url: String,
        /// Headers of each request.
        headers: Vec<(String, String)>,
    },
    /// OTLP over gRPC.
    Grpc {
        /// Where, such as `http://127.0.0.1:4317`.
        url: String,
        /// Metadata of each request.
        headers: Vec<(String, String)>,
    },
    /// The inbox of a data directory, which `spanwise serve` takes in whenever it runs on it.
    DataDir(PathBuf),
    /// Anything else.
    Custom {
        /// What it is called in counters and messages.
        name: String,
        /// Makes the exporter.
        make: MakeExporter,
    },
}

impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Not the headers, which hold keys.
        f.write_str(&self.name())
    }
}

impl Target {
    /// Reads an address: `http://HOST:PORT` of a server (OTLP's path is appended), `file:///DATA_DIR`, or a path.
    ///
    /// # Errors
    /// It is of another kind.
    pub fn parse(address: &str) -> Result<Target, ConfigError> {
        if address.starts_with("http://") || address.starts_with("https://") {
            let base = address.trim_end_matches('/');
            let url =
                if base.ends_with(TRACES_PATH) { base.to_owned() } else { format!("{base}{TRACES_PATH}") };
            return Target::http("address", &url);
        }
        let path = address.strip_prefix("file://").unwrap_or(address);
        if path.is_empty() || path.contains("://") || !path.contains(['/', '\\', '.']) {
            let problem = "is no place for traces; give http://HOST:PORT, file:///DATA_DIR, or a path";
            return Err(wrong("address", address, problem));
        }
        Ok(Target::DataDir(PathBuf::from(path)))
    }

    fn http(name: &str, url: &str) -> Result<Target, ConfigError> {
        if cfg!(not(feature = "http")) {
            return Err(wrong(name, url, "needs the feature `http` of this crate"));
        }
        needs_tls_for(name, url)?;
        Ok(Target::Http { url: url.to_owned(), headers: Vec::new() })
    }

    /// Reads the address of a receiver that speaks gRPC: `http://HOST:PORT`, or `https://…`. What follows is left out, since
    /// gRPC has a path of its own.
    ///
    /// # Errors
    /// It is of another kind, or this crate was built without the feature for gRPC.
    pub fn grpc(address: &str) -> Result<Target, ConfigError> {
        let parts = address.split_once("://").filter(|(scheme, _)| matches!(*scheme, "http" | "https"));
        let host = parts.map(|(_, rest)| rest.split('/').next().unwrap_or_default());
        let Some(((scheme, _), host)) = parts.zip(host).filter(|(_, host)| !host.is_empty()) else {
            return Err(wrong("address", address, "is no place for OTLP over gRPC; give http://HOST:PORT"));
        };
        let url = format!("{scheme}://{host}");
        if cfg!(not(feature = "grpc")) {
            return Err(wrong("address", address, "needs the feature `otlp-grpc` of the crate `spanwise`"));
        }
        needs_tls_for("address", &url)?;
        Ok(Target::Grpc { url, headers: Vec::new() })
    }

    /// Adds a header (metadata, where gRPC is spoken); it means nothing for others.
    #[must_use]
    pub fn header(mut self, key: impl Into<String>, value: impl Into<String>) -> Target {
        if let Target::Http { headers, .. } | Target::Grpc { headers, .. } = &mut self {
            headers.push((key.into(), value.into()));
        }
        self
    }

    pub(crate) fn name(&self) -> String {
        match self {
            Target::Http { url, .. } | Target::Grpc { url, .. } => url.clone(),
            Target::DataDir(path) => path.display().to_string(),
            Target::Custom { name, .. } => name.clone(),
        }
    }

    #[cfg_attr(
        not(any(feature = "http", feature = "grpc")),
        expect(unused_variables, reason = "only requests have a time-out")
    )]
    pub(crate) fn exporter(&self, settings: &Settings) -> Box<dyn Exporter> {
        match self {
            #[cfg(feature = "http")]
            Target::Http { url, headers } => {
                Box::new(crate::http::HttpExporter::new(url, headers, settings.request_timeout))
            }
            #[cfg(not(feature = "http"))]
            Target::Http { .. } => Box::new(NotBuilt("http")),
            #[cfg(feature = "grpc")]
            Target::Grpc { url, headers } => {
                Box::new(crate::grpc::GrpcExporter::new(url, headers, settings.request_timeout))
            }
            #[cfg(not(feature = "grpc"))]
            Target::Grpc { .. } => Box::new(NotBuilt("grpc")),
            Target::DataDir(path) => Box::new(InboxExporter::new(path)),
            Target::Custom { make, .. } => make(),
        }
    }
}

fn needs_tls_for(name: &str, url: &str) -> Result<(), ConfigError> {
    if cfg!(not(feature = "tls")) && url.starts_with("https://") {
        return Err(wrong(name, url, "needs the feature `tls` of the crate `spanwise`"));
    }
    Ok(())
}

/// What a transport is without the feature of this name.
#[cfg(not(all(feature = "http", feature = "grpc")))]
struct NotBuilt(&'static str);

#[cfg(not(all(feature = "http", feature = "grpc")))]
impl Exporter for NotBuilt {
    fn export(
        &mut self,
        _request: &crate::export::Request<'_>,
    ) -> Result<crate::export::Accepted, crate::export::ExportError> {
        Err(crate::export::ExportError::lasting(format!("needs the feature `{}`", self.0)))
    }
}

/// What an SDK keeps of its configuration.
pub(crate) struct Settings {
    pub(crate) resource: Vec<(String, Value)>,
    pub(crate) targets: Vec<Target>,
    pub(crate) queue_bytes: u64,
    pub(crate) batch_interval: Duration,
    pub(crate) sampling: f64,
    pub(crate) trace_timeout: Option<Duration>,
    pub(crate) announces_open_spans: bool,
    pub(crate) spool: Option<PathBuf>,
    pub(crate) spool_bytes: u64,
    pub(crate) request_timeout: Duration,
    pub(crate) retry_for: Duration,
    pub(crate) flush_timeout: Duration,
    pub(crate) processors: Vec<Arc<dyn Processor>>,
    pub(crate) on_problem: OnProblem,
    pub(crate) is_enabled: bool,
}

impl Settings {
    /// Starts a thread; without it, spans wait until there is no room for more, and are counted.
    pub(crate) fn spawn(&self, name: &str, run: impl FnOnce() + Send + 'static) -> Option<Thread> {
        let run = || {
            local::stay_quiet();
            run();
        };
        match thread::Builder::new().name(name.to_owned()).spawn(run) {
            Ok(handle) => Some(handle.thread().clone()),
            Err(error) => {
                let message = format!("cannot start its thread, so that spans will be dropped: {error}");
                (self.on_problem)(&Problem { endpoint: name.to_owned(), message });
                None
            }
        }
    }
}

/// The configuration of an SDK.
///
/// Every limit has a default: a queue of 32 MiB, batches after a second, requests of at most 10 seconds, tries for 5
/// minutes, 5 seconds to send the rest at the end.
#[must_use = "a configuration does nothing until it is started or installed"]
pub struct Config {
    service_name: Option<String>,
    experiment: Option<String>,
    attributes: Vec<(String, Value)>,
    settings: Settings,
}

impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Config").field("targets", &self.settings.targets).finish_non_exhaustive()
    }
}

impl Default for Config {
    fn default() -> Self {
        Config {
            service_name: None,
            experiment: None,
            attributes: Vec::new(),
            settings: Settings {
                resource: Vec::new(),
                targets: Vec::new(),
                queue_bytes: 32 << 20,
                batch_interval: Duration::from_secs(1),
                sampling: 1.0,
                trace_timeout: None,
                announces_open_spans: false,
                spool: None,
                spool_bytes: 256 << 20,
                request_timeout: Duration::from_secs(10),
                retry_for: Duration::from_secs(300),
                flush_timeout: Duration::from_secs(5),
                processors: Vec::new(),
                on_problem: Arc::new(to_stderr),
                is_enabled: true,
            },
        }
    }
}

impl Config {
    /// Returns the defaults; the environment is not looked at. Without a target, spans go to [`LOCAL_SERVER`].
    pub fn new() -> Config {
        Config::default()
    }

    /// Reads the environment:
    ///
    /// | variable | what |
    /// | --- | --- |
    /// | `SPANWISE_TRACKING_URI`, else `MLFLOW_TRACKING_URI` | a server, or a data directory as `file:///…` or a path |
    /// | else `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`, `OTEL_EXPORTER_OTLP_ENDPOINT` | an OTLP endpoint; else a local server |
    /// | `OTEL_EXPORTER_OTLP_TRACES_PROTOCOL`, else `OTEL_EXPORTER_OTLP_PROTOCOL` | what that speaks: `http/protobuf`, `grpc` |
    /// | `OTEL_EXPORTER_OTLP_HEADERS`, `…_TRACES_HEADERS` | headers, `key=value,…` |
    /// | `OTEL_EXPORTER_OTLP_TRACES_TIMEOUT`, else `OTEL_EXPORTER_OTLP_TIMEOUT` | how long a request may take, in milliseconds |
    /// | `SPANWISE_EXPERIMENT`, else `MLFLOW_EXPERIMENT_NAME` | the experiment by name |
    /// | `MLFLOW_EXPERIMENT_ID` | the experiment by id |
    /// | `OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES` | who sends |
    /// | `SPANWISE_TRACE_SAMPLING_RATIO`, else `MLFLOW_TRACE_SAMPLING_RATIO` | the share of traces that is recorded |
    /// | `SPANWISE_TRACE_TIMEOUT_SECONDS`, else `MLFLOW_TRACE_TIMEOUT_SECONDS` | when a trace that hangs is closed |
    /// | `SPANWISE_SPOOL_DIR` | where spans wait while the server is away |
    /// | `SPANWISE_SDK_DISABLED`, else `OTEL_SDK_DISABLED` | `true`: nothing is recorded until `enable` is called |
    ///
    /// # Errors
    /// A variable has a value that can't be used; the error names it.
    pub fn from_env() -> Result<Config, ConfigError> {
        Config::from_variables(|name| std::env::var(name).ok())
    }

    /// Reads variables out of `get`, as [`Config::from_env`] does.
    ///
    /// # Errors
    /// A variable has a value that can't be used.
    pub fn from_variables(get: impl Fn(&str) -> Option<String>) -> Result<Config, ConfigError> {
        crate::env::read(&|name: &str| get(name).filter(|value| !value.trim().is_empty()))
    }

    /// Names the service; without an experiment, traces go to the one of that name.
    pub fn service_name(mut self, name: impl Into<String>) -> Self {
        self.service_name = Some(name.into());
        self
    }

    /// Names the experiment that traces go to; it is made if it is not there.
    pub fn experiment(mut self, name: impl Into<String>) -> Self {
        self.experiment = Some(name.into());
        self
    }

    /// Says something about all spans, such as a version.
    pub fn attribute(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.attributes.push((key.into(), value.into()));
        self
    }

    /// Sends spans there; several targets get all spans, each at its own pace.
    pub fn target(mut self, target: Target) -> Self {
        self.settings.targets.push(target);
        self
    }

    /// Sends spans to this exporter; `make` is called once, and again in a forked child.
    pub fn exporter(
        self,
        name: impl Into<String>,
        make: impl Fn() -> Box<dyn Exporter> + Send + Sync + 'static,
    ) -> Self {
        self.target(Target::Custom { name: name.into(), make: Arc::new(make) })
    }

    /// Sets the memory for spans that wait, in bytes; at least 64 KiB. When it is full, new spans are dropped and counted.
    pub fn queue_bytes(mut self, bytes: u64) -> Self {
        self.settings.queue_bytes = bytes.max(QUEUE_BYTES_MIN);
        self
    }

    /// Sets how long a span that has ended waits for others.
    pub fn batch_interval(mut self, interval: Duration) -> Self {
        self.settings.batch_interval = interval;
        self
    }

    /// Sets the share of traces that are recorded, 0 to 1.
    pub fn sampling(mut self, share: f64) -> Self {
        self.settings.sampling = share;
        self
    }

    /// Closes traces whose root is under way for longer.
    pub fn trace_timeout(mut self, timeout: Duration) -> Self {
        self.settings.trace_timeout = Some(timeout);
        self
    }

    /// Sends spans when they start, too, so that live views show them.
    pub fn announce_open_spans(mut self, announce: bool) -> Self {
        self.settings.announces_open_spans = announce;
        self
    }

    /// Keeps spans in this folder while a target is away, at most so many bytes for each. Processes may share it.
    pub fn spool(mut self, folder: impl Into<PathBuf>, bytes_max: u64) -> Self {
        (self.settings.spool, self.settings.spool_bytes) = (Some(folder.into()), bytes_max);
        self
    }

    /// Sets how long a request may take.
    pub fn request_timeout(mut self, timeout: Duration) -> Self {
        self.settings.request_timeout = timeout;
        self
    }

    /// Sets how long a batch is tried again before it is given up; with a spool it is never given up.
    pub fn retry_for(mut self, time: Duration) -> Self {
        self.settings.retry_for = time;
        self
    }

    /// Sets how long the end of the SDK may wait for spans to be sent.
    pub fn flush_timeout(mut self, timeout: Duration) -> Self {
        self.settings.flush_timeout = timeout;
        self
    }

    /// Lets `processor` see and change each span before it is queued; several run in the order in which they were given.
    pub fn processor(mut self, processor: impl Processor + 'static) -> Self {
        self.settings.processors.push(Arc::new(processor));
        self
    }

    /// Tells problems to `tell`, at most one a minute for each target, instead of writing them to the standard error
    /// stream. It runs on the SDK's threads.
    pub fn on_problem(mut self, tell: impl Fn(&Problem) + Send + Sync + 'static) -> Self {
        self.settings.on_problem = Arc::new(tell);
        self
    }

    /// Says whether recording is on from the start; see [`crate::enable`].
    pub fn enabled(mut self, is_enabled: bool) -> Self {
        self.settings.is_enabled = is_enabled;
        self
    }

    /// Starts an SDK that is used by naming it.
    ///
    /// # Errors
    /// A setting can't be used.
    pub fn start(self) -> Result<Sdk, ConfigError> {
        Ok(Sdk::start(self.into_settings()?))
    }

    /// Starts an SDK and makes it the one of the process: spans are recorded by it until it is dropped.
    ///
    /// # Errors
    /// A setting can't be used.
    pub fn install(self) -> Result<Sdk, ConfigError> {
        Ok(self.start()?.install())
    }

    fn into_settings(self) -> Result<Settings, ConfigError> {
        let mut settings = self.settings;
        if !(0.0..=1.0).contains(&settings.sampling) {
            return Err(wrong("sampling", &settings.sampling.to_string(), "is no share between 0 and 1"));
        }
        if settings.targets.is_empty() {
            settings.targets.push(Target::parse(LOCAL_SERVER)?);
        }
        let mut resource = self.attributes;
        let text = |key: &str, value: &str| (key.to_owned(), Value::from(value));
        if let Some(name) = &self.service_name {
            resource.retain(|(key, _)| key != "service.name");
            resource.push(text("service.name", name));
        }
        if let Some(name) = &self.experiment {
            resource.retain(|(key, _)| key != key::EXPERIMENT);
            resource.push(text(key::EXPERIMENT, name));
        }
        resource.push(text("telemetry.sdk.name", "spanwise"));
        resource.push(text("telemetry.sdk.language", "rust"));
        resource.push(text("telemetry.sdk.version", env!("CARGO_PKG_VERSION")));
        settings.resource = resource;
        Ok(settings)
    }
}
