//! The way in, one call for each signal.

use crate::decoded::Decoded;
use crate::experiment::ExperimentCache;
use crate::logs::{LogItem, decode_logs, log_batch};
use crate::origin::{OriginCache, Resource};
use crate::reject::Rejections;
use crate::traces::{SpanItem, decode_traces, reprice, trace_batch};
use crate::{ByteBudget, IngestError, Reservation};
use bytes::Bytes;
use spanwise_genai::PriceTable;
use spanwise_model::ExperimentChoice;
use spanwise_otlp::DecodeError;
use spanwise_otlp::json::{Transcoded, transcode_logs, transcode_traces};
use spanwise_store::{AppendOutcome, Store, StoreResult};
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::Semaphore;

/// Named limits of ingestion.
#[derive(Debug, Clone, Copy)]
pub struct IngestLimits {
    /// Bytes of all requests between the socket and the store's acknowledgement.
    pub queue_bytes: usize,
    /// Bodies up to this many bytes are decoded where they are; bigger ones on a blocking thread, so that other
    /// connections go on.
    pub inline_bytes: usize,
    /// Bodies that are decoded on blocking threads at one time.
    pub decoders: usize,
}

impl Default for IngestLimits {
    fn default() -> Self {
        let decoders = std::thread::available_parallelism().map_or(2, usize::from);
        IngestLimits { queue_bytes: 48 << 20, inline_bytes: 64 << 10, decoders }
    }
}

/// What a request says about where its spans go, besides the spans themselves.
#[derive(Debug, Clone, Default)]
pub struct Route {
    /// The experiment that a header, gRPC metadata or the URL names, as it came.
    pub experiment: Option<String>,
    /// The run to link new traces to (`x-mlflow-run-id`).
    pub run_id: Option<String>,
}

/// The two encodings of OTLP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Binary protobuf.
    Protobuf,
    /// OTLP/JSON.
    Json,
}

/// A decompressed request, and the part of the byte budget that it holds.
#[derive(Debug)]
pub struct Body {
    /// The export request.
    pub bytes: Bytes,
    /// How it is encoded.
    pub format: Format,
    /// From [`Ingest::reserve`]; grown to `bytes` on submission if it holds less.
    pub reservation: Reservation,
}

/// What became of a request's spans or log records.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IngestOutcome {
    /// Stored, or there already.
    pub accepted: usize,
    /// Refused.
    pub rejected: usize,
    /// Why, in one text that names the first of them; empty if none was refused.
    pub reason: String,
}

/// Reads a body; spans are priced.
type Decode<T> = fn(&Bytes, Format, &OriginCache, &PriceTable) -> Result<Decoded<T>, IngestError>;

/// The way in, shared by all transports.
pub struct Ingest {
    store: Arc<dyn Store>,
    budget: ByteBudget,
    inline_bytes: usize,
    decoders: Arc<Semaphore>,
    origins: Arc<OriginCache>,
    experiments: ExperimentCache,
    now_ns: fn() -> i64,
}

impl Ingest {
    /// Makes the way into `store`.
    pub fn new(store: Arc<dyn Store>, limits: IngestLimits) -> Self {
        Ingest {
            store,
            budget: ByteBudget::new(limits.queue_bytes),
            inline_bytes: limits.inline_bytes,
            decoders: Arc::new(Semaphore::new(limits.decoders)),
            origins: Arc::new(OriginCache::new()),
            experiments: ExperimentCache::new(),
            now_ns: unix_now_ns,
        }
    }

    /// Replaces the clock that stamps arrivals, for tests.
    pub fn with_clock(mut self, now_ns: fn() -> i64) -> Self {
        self.now_ns = now_ns;
        self
    }

    /// Returns a reservation to grow while a body is being read; hand it in with the body.
    pub fn reserve(&self) -> Reservation {
        self.budget.reserve()
    }

    /// Returns the bytes of all requests between the socket and the store's acknowledgement.
    pub fn queue_bytes(&self) -> usize {
        self.budget.used()
    }

    /// Stores the spans of an `ExportTraceServiceRequest`; when this answers, they are durable.
    ///
    /// - A bad span costs that span: it is counted in the outcome, with the reason.
    /// - A body that is no such message at all is `InvalidArgument`, and so is an experiment id that is no number;
    ///   an unknown experiment is `NotFound`.
    /// - A body that does not fit into the budget now is `Exhausted`.
    pub async fn submit_traces(&self, body: Body, route: &Route) -> Result<IngestOutcome, IngestError> {
        let started = Instant::now();
        let (mut decoded, experiments, reservation) = self.read(body, route, read_traces).await?;
        if route.experiment.is_none() {
            reprice(&mut decoded, &experiments, &self.store.prices());
        }
        let outcome = outcome(decoded.accepted, std::mem::take(&mut decoded.rejections));
        let batch = trace_batch(decoded, &experiments, route.run_id.as_deref(), (self.now_ns)());
        let bytes = reservation.bytes();
        if !batch.is_empty() {
            let store = self.store.clone();
            to_the_end(reservation, async move { store.append_spans(batch).await }).await?;
        }
        record("spans", &outcome, bytes, started);
        Ok(outcome)
    }

    /// Stores the log records of an `ExportLogsServiceRequest` that belong to spans; others are counted as accepted,
    /// and not kept. For the rest as [`Ingest::submit_traces`].
    pub async fn submit_logs(&self, body: Body, route: &Route) -> Result<IngestOutcome, IngestError> {
        let started = Instant::now();
        let (mut decoded, experiments, reservation) = self.read(body, route, read_logs).await?;
        let outcome = outcome(decoded.accepted, std::mem::take(&mut decoded.rejections));
        let batch = log_batch(decoded, &experiments, (self.now_ns)());
        let bytes = reservation.bytes();
        if !batch.is_empty() {
            let store = self.store.clone();
            to_the_end(reservation, async move { store.append_logs(batch).await }).await?;
        }
        record("log_records", &outcome, bytes, started);
        Ok(outcome)
    }

    /// Accepts an `ExportMetricsServiceRequest` without reading it: this is no store for metrics, and a collector's
    /// shared pipeline must not fail here.
    pub fn discard_metrics(&self, body: &Body) -> IngestOutcome {
        metrics::counter!("spanwise_ingest_discarded_requests_total", "signal" => "metrics").increment(1);
        metrics::counter!("spanwise_ingest_bytes_total", "signal" => "metrics")
            .increment(body.bytes.len() as u64);
        IngestOutcome::default()
    }

    /// Admits and decodes a body, and chooses the experiment of each of its resources.
    async fn read<T: Send + 'static>(
        &self,
        body: Body,
        route: &Route,
        decode: Decode<T>,
    ) -> Result<(Decoded<T>, Vec<ExperimentChoice>, Reservation), IngestError> {
        let Body { bytes, format, mut reservation } = body;
        reservation.grow_to(bytes.len())?;
        let explicit = match &route.experiment {
            Some(id) => Some(self.experiments.explicit(&*self.store, id).await?),
            None => None,
        };
        let (book, experiment) = (self.store.prices(), explicit.map(|choice| choice.experiment_id));
        let decoded = if bytes.len() <= self.inline_bytes {
            decode(&bytes, format, &self.origins, book.of_some(experiment))?
        } else {
            let permit = self.decoders.clone().acquire_owned().await.expect("the semaphore is never closed");
            let origins = self.origins.clone();
            let work = move || {
                let decoded = decode(&bytes, format, &origins, book.of_some(experiment));
                drop(permit);
                (decoded, reservation)
            };
            let decoded;
            (decoded, reservation) = tokio::task::spawn_blocking(work).await.map_err(IngestError::Task)?;
            decoded?
        };
        let experiments = self.experiments_of(explicit, &decoded.resources).await?;
        Ok((decoded, experiments, reservation))
    }

    async fn experiments_of(
        &self,
        explicit: Option<ExperimentChoice>,
        resources: &[Arc<Resource>],
    ) -> StoreResult<Vec<ExperimentChoice>> {
        if let Some(choice) = explicit {
            return Ok(vec![choice; resources.len()]);
        }
        let mut choices = Vec::with_capacity(resources.len());
        for resource in resources {
            choices.push(self.experiments.derived(&*self.store, resource.experiment.as_deref()).await?);
        }
        Ok(choices)
    }
}

/// Runs a write to its end even if the client hangs up: until then its bytes are in the store's queue, and must count.
/// Clients that time out while a disk stalls would otherwise fill memory, each retry anew.
async fn to_the_end(
    reservation: Reservation,
    write: impl Future<Output = StoreResult<AppendOutcome>> + Send + 'static,
) -> Result<AppendOutcome, IngestError> {
    let counted = async move {
        let written = write.await;
        drop(reservation);
        written
    };
    Ok(tokio::spawn(counted).await.map_err(IngestError::Task)??)
}

fn read_traces(
    bytes: &Bytes,
    format: Format,
    origins: &OriginCache,
    prices: &PriceTable,
) -> Result<Decoded<SpanItem>, IngestError> {
    let (bytes, rejections) = protobuf(bytes, format, transcode_traces)?;
    Ok(decode_traces(&bytes, origins, rejections, prices)?)
}

fn read_logs(
    bytes: &Bytes,
    format: Format,
    origins: &OriginCache,
    _prices: &PriceTable,
) -> Result<Decoded<LogItem>, IngestError> {
    let (bytes, rejections) = protobuf(bytes, format, transcode_logs)?;
    Ok(decode_logs(&bytes, origins, rejections)?)
}

/// Returns the body as protobuf, and what of it could not be brought into that form.
fn protobuf(
    bytes: &Bytes,
    format: Format,
    transcode: fn(&[u8]) -> Result<Transcoded, DecodeError>,
) -> Result<(Bytes, Rejections), DecodeError> {
    let mut rejections = Rejections::default();
    // An empty request is allowed in either encoding.
    if format == Format::Protobuf || bytes.is_empty() {
        return Ok((bytes.clone(), rejections));
    }
    let transcoded = transcode(bytes)?;
    transcoded.rejected.into_iter().for_each(|rejected| rejections.add(1, rejected.reason));
    rejections.add(transcoded.further_rejected, "others for reasons that are not listed");
    Ok((transcoded.body.into(), rejections))
}

fn outcome(accepted: usize, rejections: Rejections) -> IngestOutcome {
    IngestOutcome { accepted, rejected: rejections.count(), reason: rejections.into_reason() }
}

fn record(signal: &'static str, outcome: &IngestOutcome, bytes: usize, started: Instant) {
    let count = |result, items: usize| {
        metrics::counter!("spanwise_ingest_items_total", "signal" => signal, "result" => result)
            .increment(items as u64);
    };
    count("accepted", outcome.accepted);
    count("rejected", outcome.rejected);
    metrics::counter!("spanwise_ingest_bytes_total", "signal" => signal).increment(bytes as u64);
    metrics::histogram!("spanwise_ingest_duration_seconds", "signal" => signal).record(started.elapsed());
    if outcome.rejected > 0 {
        tracing::warn!(signal, rejected = outcome.rejected, "items were refused: {}", outcome.reason);
    }
}

fn unix_now_ns() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_nanos()).unwrap_or(i64::MAX)
}
