//! The way in, one call for each signal.

use crate::decoded::Decoded;
use crate::experiment::ExperimentCache;
use crate::logs::log_batch;
use crate::origin::{OriginCache, Resource, asked_experiment_of};
use crate::redaction::{Book, Redaction, RequestRewriter};
use crate::reject::Rejections;
use crate::signal::{LOGS, Signal, TRACES};
use crate::traces::{reprice, trace_batch};
use crate::{ByteBudget, IngestError, Reservation};
use bytes::Bytes;
use spanwise_genai::prices::PriceBook;
use spanwise_model::{ExperimentChoice, ExperimentId};
use spanwise_otlp::DecodeError;
use spanwise_otlp::json::{Rejected, Transcoded};
use spanwise_redact::{HashKey, Redactor, RuleError, Rules, Tally};
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

/// The way in, shared by all transports.
pub struct Ingest {
    store: Arc<dyn Store>,
    budget: ByteBudget,
    inline_bytes: usize,
    decoders: Arc<Semaphore>,
    origins: Arc<OriginCache>,
    experiments: ExperimentCache,
    redaction: Redaction,
    now_ns: fn() -> i64,
}

/// A request that was read, and where its items go.
struct Read<T> {
    decoded: Decoded<T>,
    /// The choice for each resource.
    experiments: Vec<ExperimentChoice>,
    /// What was replaced in what goes to an experiment.
    redacted: Vec<(ExperimentId, Tally)>,
    reservation: Reservation,
}

impl Ingest {
    /// Makes the way into `store`.
    pub fn new(store: Arc<dyn Store>, limits: IngestLimits) -> Self {
        Ingest {
            redaction: Redaction::new(Arc::clone(&store), Rules::default(), None),
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

    /// Sets the redaction rules of experiments that have none of their own, and the key of hashes in replacements.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn with_redaction(mut self, default: Rules, key: Option<HashKey>) -> Result<Self, RuleError> {
        Redactor::new(&default)?;
        self.redaction = Redaction::new(Arc::clone(&self.store), default, key);
        Ok(self)
    }

    /// Returns the rules by which texts are replaced before they are stored.
    pub fn redaction(&self) -> &Redaction {
        &self.redaction
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
        let Read { mut decoded, experiments, redacted, reservation } =
            self.read(body, route, &TRACES).await?;
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
        redacted.iter().for_each(|(id, tally)| self.redaction.count(*id, tally));
        record("spans", &outcome, bytes, started);
        Ok(outcome)
    }

    /// Stores the log records of an `ExportLogsServiceRequest` that belong to spans; others are counted as accepted,
    /// and not kept. For the rest as [`Ingest::submit_traces`].
    pub async fn submit_logs(&self, body: Body, route: &Route) -> Result<IngestOutcome, IngestError> {
        let started = Instant::now();
        let Read { mut decoded, experiments, redacted, reservation } = self.read(body, route, &LOGS).await?;
        let outcome = outcome(decoded.accepted, std::mem::take(&mut decoded.rejections));
        let batch = log_batch(decoded, &experiments, (self.now_ns)());
        let bytes = reservation.bytes();
        if !batch.is_empty() {
            let store = self.store.clone();
            to_the_end(reservation, async move { store.append_logs(batch).await }).await?;
        }
        redacted.iter().for_each(|(id, tally)| self.redaction.count(*id, tally));
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
        signal: &'static Signal<T>,
    ) -> Result<Read<T>, IngestError> {
        let Body { bytes, format, mut reservation } = body;
        reservation.grow_to(bytes.len())?;
        let book = self.redaction.book().await?;
        let explicit = match &route.experiment {
            Some(id) => Some(self.experiments.explicit(&*self.store, id).await?),
            None => None,
        };
        let (prices, experiment) = (self.store.prices(), explicit.map(|choice| choice.experiment_id));
        if !book.is_empty() {
            return self.read_redacted(&book, prices, explicit, (bytes, format, reservation), signal).await;
        }
        let (size, origins) = (bytes.len(), Arc::clone(&self.origins));
        let decode = move || {
            let (bytes, rejected) = protobuf(bytes, format, signal.transcode)?;
            let mut rejections = Rejections::default();
            rejected.take(&mut rejections, |reason| reason);
            (signal.decode)(&bytes, &origins, rejections, prices.of_some(experiment))
        };
        let (decoded, reservation) = self.on_a_decoder(size, reservation, decode).await?;
        let experiments = self.experiments_of(explicit, &decoded.resources).await?;
        Ok(Read { decoded, experiments, redacted: Vec::new(), reservation })
    }

    /// The same where rules may apply: they are those of the experiments, so that these are chosen first, and all that
    /// follows sees the redacted request alone.
    async fn read_redacted<T: Send + 'static>(
        &self,
        book: &Book,
        prices: Arc<PriceBook>,
        explicit: Option<ExperimentChoice>,
        body: (Bytes, Format, Reservation),
        signal: &'static Signal<T>,
    ) -> Result<Read<T>, IngestError> {
        let (bytes, format, reservation) = body;
        let size = bytes.len();
        let look = move || {
            let (bytes, rejected) = protobuf(bytes, format, signal.transcode)?;
            let asked: Vec<_> = (signal.resources)(&bytes)?.into_iter().map(asked_experiment_of).collect();
            Ok((bytes, rejected, asked))
        };
        let ((bytes, rejected, asked), reservation) = self.on_a_decoder(size, reservation, look).await?;
        let mut groups = Vec::with_capacity(asked.len());
        for asked in asked {
            groups.push(match (explicit, asked) {
                // What can't be read is refused below.
                (_, Err(_)) => None,
                (Some(choice), Ok(_)) => Some(choice),
                (None, Ok(name)) => Some(self.derived(book, name).await?),
            });
        }
        let of_choice = |choice: &Option<ExperimentChoice>| match choice.or(explicit) {
            Some(choice) => book.redactor(choice.experiment_id),
            None => book.default_redactor().cloned(),
        };
        let redactors: Vec<Option<Arc<Redactor>>> = groups.iter().map(of_choice).collect();
        let mut of_messages = redactors.clone();
        of_messages.push(of_choice(&None));
        let (size, origins) = (bytes.len(), Arc::clone(&self.origins));
        let decode = move || {
            let mut rewriter = RequestRewriter::new(redactors);
            let bytes = (signal.rewrite)(&bytes, &mut rewriter).map_or(bytes, Bytes::from);
            let mut rejections = Rejections::default();
            rejected.take(&mut rejections, |reason| redacted_reason(reason, &of_messages));
            let prices = prices.of_some(explicit.map(|choice| choice.experiment_id));
            Ok(((signal.decode)(&bytes, &origins, rejections, prices)?, rewriter.into_tallies()))
        };
        let ((decoded, tallies), reservation) = self.on_a_decoder(size, reservation, decode).await?;
        let of_group = |(choice, tally): (&Option<ExperimentChoice>, Tally)| {
            Some((choice.as_ref()?.experiment_id, tally))
        };
        let redacted = groups.iter().zip(tallies).filter_map(of_group).collect();
        // Resources that can't be read are not among those that were decoded.
        let experiments = groups.into_iter().flatten().collect();
        Ok(Read { decoded, experiments, redacted, reservation })
    }

    /// Runs the work on a body where its size lets it be done.
    async fn on_a_decoder<T: Send + 'static>(
        &self,
        size: usize,
        reservation: Reservation,
        work: impl FnOnce() -> Result<T, DecodeError> + Send + 'static,
    ) -> Result<(T, Reservation), IngestError> {
        if size <= self.inline_bytes {
            return Ok((work()?, reservation));
        }
        let permit = self.decoders.clone().acquire_owned().await.expect("the semaphore is never closed");
        let counted = move || {
            let done = work();
            drop(permit);
            (done, reservation)
        };
        let (done, reservation) = tokio::task::spawn_blocking(counted).await.map_err(IngestError::Task)?;
        Ok((done?, reservation))
    }

    /// Returns the experiment that a resource asks for. No experiment gets the name of a secret: rules of its own it can't
    /// have before it is there, so that the default ones hold for names.
    async fn derived(&self, book: &Book, name: Option<Box<str>>) -> StoreResult<ExperimentChoice> {
        let redact = |name: &str| book.default_redactor()?.redact(None, &[], name, &mut Tally::default());
        let redacted = name.as_deref().and_then(redact);
        self.experiments.derived(&*self.store, redacted.as_deref().or(name.as_deref())).await
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

/// What of a request could not be brought into protobuf.
#[derive(Default)]
struct Refused {
    rejected: Vec<Rejected>,
    further: usize,
}

impl Refused {
    /// Hands over what was refused; `shown` makes of each reason what may be shown.
    fn take(self, rejections: &mut Rejections, shown: impl Fn(String) -> String) {
        self.rejected.into_iter().for_each(|rejected| rejections.add(1, shown(rejected.reason)));
        rejections.add(self.further, "others for reasons that are not listed");
    }
}

/// Returns the body as protobuf, and what of it could not be brought into that form.
fn protobuf(
    bytes: Bytes,
    format: Format,
    transcode: fn(&[u8]) -> Result<Transcoded, DecodeError>,
) -> Result<(Bytes, Refused), DecodeError> {
    // An empty request is allowed in either encoding.
    if format == Format::Protobuf || bytes.is_empty() {
        return Ok((bytes, Refused::default()));
    }
    let Transcoded { body, rejected, further_rejected } = transcode(&bytes)?;
    Ok((body.into(), Refused { rejected, further: further_rejected }))
}

/// Redacts why an item was refused. A value that is shown cut may have been cut inside of a secret.
fn redacted_reason(reason: String, redactors: &[Option<Arc<Redactor>>]) -> String {
    if reason.contains('…') {
        return "a value can't be read; it is not shown, as there are redaction rules".to_owned();
    }
    redactors.iter().flatten().fold(reason, |reason, redactor| {
        redactor.redact(None, &[], &reason, &mut Tally::default()).unwrap_or(reason)
    })
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
