//! Records out of traces and spans, by a mapping of their fields.

use super::super::body::JsonBody;
use super::super::bulk::{Steps, select};
use super::super::parameter::NoParameters;
use super::super::path::Path;
use super::candidate::{Made, try_all};
use super::field::{Mapping, Source};
use crate::App;
use crate::described::{ApiRouter, routes};
use crate::error::{Failure, Problem};
use axum::Json;
use axum::extract::State;
use futures_util::{StreamExt, TryStreamExt, stream};
use spanwise_api_types::native::{
    self, FieldMapping, RecordProblem, RecordsFromTraces, RecordsFromTracesResult, SpanOfTrace,
};
use spanwise_model::{ErrorKind, SpanId, TraceId, TraceInfo};
use spanwise_store::catalog::NewRecord;
use spanwise_store::{StoreError, StoreResult, StoredSpan};

/// Records that a dry run shows.
const SHOWN: usize = 20;
/// Spans that one request may name.
const SPANS_MAX: usize = 1_000;
/// Traces whose spans are read and whose records are merged together.
const BATCH: usize = 100;
/// Traces whose spans are read at one time.
const READS_UNDER_WAY: usize = 4;
/// Problems that are told one by one.
pub(super) const PROBLEMS_MAX: usize = 100;

pub(super) fn routes() -> ApiRouter {
    ApiRouter::new().routes(routes!(add_traces))
}

/// Adds records made of traces or spans
///
/// Each trace gives a record by its root span, each span that is named one of its own. A mapping says which of their
/// fields become which of the record's, and is remembered for the next time. With `dry_run` the first 20 are
/// shown, with what adding them would do, and the fields that there are.
#[utoipa::path(
    post,
    path = "/datasets/{dataset_id}/traces",
    tag = "datasets",
    params(("dataset_id" = String, Path, description = "The dataset")),
    request_body = RecordsFromTraces,
    responses((status = 200, body = RecordsFromTracesResult), (status = 400, body = native::Problem), (status = 404, body = native::Problem)),
)]
async fn add_traces(
    State(app): State<App>,
    Path(id): Path<String>,
    _: NoParameters,
    JsonBody(request): JsonBody<RecordsFromTraces>,
) -> Result<Json<RecordsFromTracesResult>, Problem> {
    let dataset = native::DatasetDetail::from(app.catalog.get_dataset(&id).await?);
    let is_chosen = request.mapping.is_some();
    let mapping = request.mapping.or(dataset.mapping).unwrap_or_else(Mapping::usual);
    let mapping = Mapping::parse(mapping).map_err(Problem::invalid)?;
    if request.spans.len() > SPANS_MAX {
        return Err(Problem::invalid(format!(
            "`spans` names {} spans; the limit is {SPANS_MAX}",
            request.spans.len()
        )));
    }
    if request.spans.is_empty() && request.traces.is_none() {
        return Err(Problem::invalid("the request names neither `traces` nor `spans`"));
    }
    let mut adding = Adding::new(app, id, mapping, request.user, request.dry_run);
    adding.add_spans(&request.spans).await?;
    if let Some(traces) = request.traces {
        let selection = select(&adding.app, traces).await?;
        adding.result.matched += adding.app.store.count_traces(selection.page(Vec::new(), 1, None)).await?;
        let mut steps = Steps::new(&selection);
        while !adding.has_enough()
            && let Some(traces) = steps.next(&adding.app.clone()).await?
        {
            adding.add_traces(traces).await?;
        }
    }
    if is_chosen && !adding.dry_run {
        adding.remember().await?;
    }
    Ok(Json(adding.result))
}

/// Traces and spans on their way into a dataset.
struct Adding {
    app: App,
    dataset: String,
    mapping: Mapping,
    user: Option<String>,
    dry_run: bool,
    /// The version that the part before made.
    begun: Option<i64>,
    result: RecordsFromTracesResult,
}

impl Adding {
    fn new(app: App, dataset: String, mapping: Mapping, user: Option<String>, dry_run: bool) -> Adding {
        let result = RecordsFromTracesResult {
            matched: 0,
            result: Default::default(),
            mapping: mapping.texts.clone(),
            problems: Vec::new(),
            problem_count: 0,
            candidates: Vec::new(),
            fields: Vec::new(),
        };
        Adding { app, dataset, mapping, user, dry_run, begun: None, result }
    }

    /// Says whether no more needs to be looked at.
    fn has_enough(&self) -> bool {
        self.dry_run && self.result.candidates.len() >= SHOWN
    }

    async fn add_spans(&mut self, spans: &[SpanOfTrace]) -> Result<(), Problem> {
        self.result.matched += spans.len() as u64;
        let mut read = Vec::new();
        for span in spans {
            let trace_id: TraceId = span.trace_id.parse()?;
            let span_id: SpanId = span.span_id.parse()?;
            let info = self.app.store.get_trace(&trace_id).await?;
            let stored = self.app.store.read_some_spans(&trace_id, &[span_id]).await?.pop();
            let stored = stored.ok_or_else(|| {
                Failure::new(ErrorKind::NotFound, format!("trace {trace_id} has no span `{}`", span.span_id))
            })?;
            read.push((info, stored, true));
            if read.len() == BATCH {
                self.take(std::mem::take(&mut read)).await?;
            }
        }
        self.take(read).await
    }

    async fn add_traces(&mut self, traces: Vec<TraceInfo>) -> Result<(), Problem> {
        for batch in traces.chunks(BATCH) {
            if self.has_enough() {
                break;
            }
            let wanted = if self.dry_run { SHOWN - self.result.candidates.len() } else { BATCH };
            let batch: Vec<TraceInfo> = batch.iter().take(wanted).cloned().collect();
            let app = &self.app;
            let reads = batch.into_iter().map(|info| root_of(app, info));
            let read: Vec<Option<(TraceInfo, Option<StoredSpan>)>> =
                stream::iter(reads).buffered(READS_UNDER_WAY).try_collect().await?;
            let mut found = Vec::new();
            for (info, root) in read.into_iter().flatten() {
                match root {
                    Some(root) => found.push((info, root, false)),
                    None => self.refuse(info.trace_id.to_string(), "it has no spans".to_owned()),
                }
            }
            self.take(found).await?;
        }
        Ok(())
    }

    /// Makes records of spans with their traces, and adds or shows them.
    async fn take(&mut self, spans: Vec<(TraceInfo, StoredSpan, bool)>) -> Result<(), Problem> {
        if spans.is_empty() {
            return Ok(());
        }
        let (mapping, user) = (self.mapping.clone(), self.user.clone());
        let read = tokio::task::spawn_blocking(move || {
            spans
                .into_iter()
                .map(|(info, stored, is_span)| {
                    let source = Source::read(&info, &stored, is_span)?;
                    let record = source.record(&mapping, user.as_deref());
                    Ok((source, record))
                })
                .collect::<StoreResult<Vec<(Source, Result<NewRecord, String>)>>>()
        });
        let mut read = read
            .await
            .map_err(|error| StoreError::with_source(ErrorKind::Internal, "cannot read spans", error))??;
        let records = read.iter_mut().filter_map(|(_, record)| record.as_mut().ok());
        self.app.redact_records(&self.dataset, records).await?;
        if self.dry_run { self.show(read).await } else { self.merge(read).await }
    }

    async fn show(&mut self, read: Vec<(Source, Result<NewRecord, String>)>) -> Result<(), Problem> {
        let mut made = Vec::with_capacity(read.len());
        for (source, record) in read {
            source.add_fields(&mut self.result.fields);
            if let Err(message) = &record {
                self.refuse(source.trace_id.clone(), message.clone());
            }
            let span_id = source.is_span.then_some(source.span_id);
            made.push(Made { origin: source.trace_id, span_id, record });
        }
        let shown = try_all(&self.app, &self.dataset, &made, &mut self.result.result).await?;
        self.result.candidates.extend(shown);
        Ok(())
    }

    async fn merge(&mut self, read: Vec<(Source, Result<NewRecord, String>)>) -> Result<(), Problem> {
        let mut records = Vec::with_capacity(read.len());
        for (source, record) in read {
            match record {
                Ok(record) => records.push(record),
                Err(message) => self.refuse(source.trace_id, message),
            }
        }
        let merged = self.app.catalog.continue_merge(&self.dataset, records, self.begun).await?;
        if merged.added + merged.changed > 0 {
            self.begun = Some(merged.version);
        }
        let result = &mut self.result.result;
        result.version = merged.version;
        result.added += merged.added;
        result.changed += merged.changed;
        result.unchanged += merged.unchanged;
        Ok(())
    }

    fn refuse(&mut self, origin: String, message: String) {
        self.result.problem_count += 1;
        if self.result.problems.len() < PROBLEMS_MAX {
            self.result.problems.push(RecordProblem { origin, message });
        }
    }

    async fn remember(&self) -> Result<(), Problem> {
        let pairs: &[FieldMapping] = &self.result.mapping;
        let mapping = serde_json::to_value(pairs)
            .map_err(|error| StoreError::with_source(ErrorKind::Internal, "cannot write a mapping", error))?;
        Ok(self.app.catalog.remember_mapping(&self.dataset, mapping).await?)
    }
}

/// Reads the root span of a trace; `None` if the trace was deleted since it was found.
async fn root_of(app: &App, info: TraceInfo) -> StoreResult<Option<(TraceInfo, Option<StoredSpan>)>> {
    let mut chunks = match app.store.read_spans(&info.trace_id).await {
        Ok(chunks) => chunks,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let root = chunks.try_next().await?.and_then(|chunk| chunk.into_iter().next());
    Ok(Some((info, root)))
}
