//! The contract of [`Store`], call by call: which thread does it, and what else it must do.

use crate::aggregate;
use crate::append;
use crate::attachments::{self, Hold};
use crate::backup;
use crate::catalog;
use crate::disk;
use crate::explore;
use crate::rollup;
use crate::search;
use crate::spans::{self, Form};
use crate::stats;
use crate::store::{SqliteStore, blocking, now_ns};
use crate::writer::{Announced, WriteContext, Writer};
use async_trait::async_trait;
use rusqlite::Connection;
use spanwise_genai::prices::{Override, PriceBook};
use spanwise_model::{
    Assessment, AssessmentId, AttachmentHash, ErrorKind, Experiment, ExperimentId, LifecycleStage, SpanId,
    TraceId, TraceInfo, TraceLogs, TraceSpans, TraceStart,
};
use spanwise_otlp::attachment::Attachment;
use spanwise_store::{
    AggregateQuery, AggregateRow, AppendOutcome, AssessmentChange, AttachmentReader, BackupStream,
    Capabilities, CheckReport, CompactReport, DeleteTraces, ExperimentActivity, ExperimentPage,
    ExperimentQuery, FacetCounts, FacetQuery, FeedPosition, KnownFiles, Metrics, MetricsQuery, NewExperiment,
    PriceChange, Progress, PromptLink, RenormalizeReport, RenormalizeScope, RetentionStatus, Selection,
    SessionPage, SessionQuery, SpanStream, Store, StoreError, StoreResult, StoreStats, StoredSpan,
    TraceArchive, TraceChanges, TraceHistogram, TracePage, TraceQuery, TraceTree, VersionFigures,
    VersionQuery,
};
use std::ops::Range;
use std::sync::{Arc, PoisonError};

/// Raw bytes that are compressed on the calling task; more are sent to a blocking thread.
const INLINE_RAW_BYTES_MAX: usize = 32 << 10;

#[async_trait]
impl Store for SqliteStore {
    fn capabilities(&self) -> Capabilities {
        Capabilities { mlflow_filters: true, text_index: true, log_records: true }
    }

    async fn create_experiment(&self, new: NewExperiment) -> StoreResult<Experiment> {
        self.write(move |context| catalog::create_experiment(context.conn, &new, now_ns())).await
    }

    async fn ensure_experiment(&self, name: &str, derived_max: usize) -> StoreResult<Experiment> {
        let name = name.to_owned();
        self.write(move |context| catalog::ensure_experiment(context.conn, &name, derived_max, now_ns()))
            .await
    }

    async fn get_experiment(&self, id: ExperimentId) -> StoreResult<Experiment> {
        self.read(move |conn| catalog::get_experiment(conn, id)).await
    }

    async fn find_experiment_by_name(&self, name: &str) -> StoreResult<Option<Experiment>> {
        let name = name.to_owned();
        self.read(move |conn| catalog::find_experiment_by_name(conn, &name)).await
    }

    async fn find_experiments(&self, query: ExperimentQuery) -> StoreResult<ExperimentPage> {
        self.read(move |conn| catalog::find_experiments(conn, &query)).await
    }

    async fn rename_experiment(&self, id: ExperimentId, name: &str) -> StoreResult<()> {
        let name = name.to_owned();
        self.write(move |context| catalog::rename_experiment(context.conn, id, &name, now_ns())).await
    }

    async fn set_experiment_stage(&self, id: ExperimentId, stage: LifecycleStage) -> StoreResult<()> {
        self.write(move |context| catalog::set_experiment_stage(context.conn, id, stage, now_ns())).await
    }

    async fn set_experiment_tag(&self, id: ExperimentId, key: &str, value: &str) -> StoreResult<()> {
        let (key, value) = (key.to_owned(), value.to_owned());
        self.write(move |context| catalog::set_experiment_tag(context.conn, id, &key, &value, now_ns())).await
    }

    async fn delete_experiment_tag(&self, id: ExperimentId, key: &str) -> StoreResult<()> {
        let key = key.to_owned();
        self.write(move |context| catalog::delete_experiment_tag(context.conn, id, &key, now_ns())).await
    }

    async fn redaction_rules(&self) -> StoreResult<Vec<(ExperimentId, String)>> {
        self.read(catalog::redaction_rules).await
    }

    async fn set_redaction_rules(&self, id: ExperimentId, rules: Option<&str>) -> StoreResult<()> {
        let rules = rules.map(str::to_owned);
        self.write(move |context| catalog::set_redaction_rules(context.conn, id, rules.as_deref())).await
    }

    async fn append_spans(&self, batch: Vec<TraceSpans>) -> StoreResult<AppendOutcome> {
        let writer = self.writer()?;
        let announced = writer.announce();
        let raw_bytes = batch.iter().flat_map(|trace| &trace.spans).map(|span| span.raw.len()).sum();
        let (prepared, attachments) =
            off_runtime(raw_bytes, move || prepare_all(batch, append::prepare_spans)).await?;
        let (announced, hold) = self.keep_attachments(&writer, announced, attachments).await?;
        let bytes: usize = prepared.iter().map(append::PreparedSpans::stored_bytes).sum();
        let write = move |context: &mut WriteContext<'_>| {
            // What is held goes with the answer, which is given once the group is committed.
            append::append_spans(context, &prepared).map(|appended| (appended, hold))
        };
        let (appended, _) = writer.append(announced, bytes, write).await?;
        self.wake_background(bytes);
        self.refresh_roots(appended.roots_to_hear).await?;
        Ok(appended.outcome)
    }

    async fn append_logs(&self, batch: Vec<TraceLogs>) -> StoreResult<AppendOutcome> {
        let writer = self.writer()?;
        let announced = writer.announce();
        let raw_bytes = batch.iter().flat_map(|trace| &trace.records).map(|record| record.raw.len()).sum();
        let (prepared, attachments) =
            off_runtime(raw_bytes, move || prepare_all(batch, append::prepare_logs)).await?;
        let (announced, hold) = self.keep_attachments(&writer, announced, attachments).await?;
        let bytes: usize = prepared.iter().map(append::PreparedLogs::stored_bytes).sum();
        let write = move |context: &mut WriteContext<'_>| {
            // What is held goes with the answer, which is given once the group is committed.
            append::append_logs(context, &prepared).map(|appended| (appended, hold))
        };
        let (appended, _) = writer.append(announced, bytes, write).await?;
        self.wake_background(bytes);
        self.refresh_roots(appended.roots_to_hear).await?;
        Ok(appended.outcome)
    }

    async fn start_trace(&self, start: TraceStart) -> StoreResult<TraceInfo> {
        self.write(move |context| {
            context.changed.push(start.trace_id.clone());
            let started = |conn: &_| catalog::start_trace(conn, &start, now_ns());
            let info = rollup::around(context, &start.trace_id, started)?;
            context.table.whole(context.conn, &start.trace_id)?;
            Ok(info)
        })
        .await
    }

    async fn get_trace(&self, id: &TraceId) -> StoreResult<TraceInfo> {
        let id = id.clone();
        self.read(move |conn| catalog::get_trace(conn, &id)).await
    }

    async fn get_traces(&self, ids: &[TraceId]) -> StoreResult<Vec<TraceInfo>> {
        let ids = ids.to_vec();
        self.read(move |conn| catalog::get_traces(conn, &ids)).await
    }

    async fn find_traces(&self, query: TraceQuery) -> StoreResult<TracePage> {
        let context = self.search_context();
        self.readers.read(move |conn| search::find_traces(conn, &context, &query)).await
    }

    async fn count_traces(&self, query: TraceQuery) -> StoreResult<u64> {
        let context = self.search_context();
        self.readers.read(move |conn| search::count_traces(conn, &context, &query)).await
    }

    async fn trace_histogram(&self, selection: Selection, buckets_max: usize) -> StoreResult<TraceHistogram> {
        let context = self.search_context();
        let read =
            move |conn: &mut Connection| explore::trace_histogram(conn, &context, &selection, buckets_max);
        self.readers.read(read).await
    }

    async fn trace_metrics(&self, query: MetricsQuery) -> StoreResult<Metrics> {
        let context = self.search_context();
        self.readers.read(move |conn| rollup::trace_metrics(conn, &context, &query)).await
    }

    async fn aggregate(&self, query: AggregateQuery) -> StoreResult<Vec<AggregateRow>> {
        let context = self.search_context();
        self.readers.read(move |conn| aggregate::aggregate(conn, &context, &query)).await
    }

    async fn version_figures(&self, query: VersionQuery) -> StoreResult<Vec<VersionFigures>> {
        let context = self.search_context();
        self.readers.read(move |conn| aggregate::version_figures(conn, &context, &query)).await
    }

    async fn trace_facets(&self, query: FacetQuery) -> StoreResult<Vec<FacetCounts>> {
        let context = self.search_context();
        self.readers.read(move |conn| explore::trace_facets(conn, &context, &query)).await
    }

    async fn find_sessions(&self, query: SessionQuery) -> StoreResult<SessionPage> {
        let context = self.search_context();
        self.readers.read(move |conn| explore::find_sessions(conn, &context, &query)).await
    }

    async fn experiment_activity(&self) -> StoreResult<Vec<ExperimentActivity>> {
        let table = Arc::clone(&self.table);
        self.read(move |conn| match table.snapshot() {
            Some(snapshot) => Ok(explore::activity_of(&snapshot)),
            None => catalog::experiment_activity(conn),
        })
        .await
    }

    async fn read_tree(&self, id: &TraceId) -> StoreResult<TraceTree> {
        let id = id.clone();
        self.read(move |conn| explore::read_tree(conn, &id)).await
    }

    async fn read_some_spans(&self, id: &TraceId, ids: &[SpanId]) -> StoreResult<Vec<StoredSpan>> {
        let (spans, id, ids) = (Arc::clone(&self.spans), id.clone(), ids.to_vec());
        self.read(move |conn| spans::read_some(conn, &spans, &id, &ids, Form::Whole)).await
    }

    async fn read_some_spans_as_kept(&self, id: &TraceId, ids: &[SpanId]) -> StoreResult<Vec<StoredSpan>> {
        let (spans, id, ids) = (Arc::clone(&self.spans), id.clone(), ids.to_vec());
        self.read(move |conn| spans::read_some(conn, &spans, &id, &ids, Form::AsKept)).await
    }

    async fn read_attachment(
        &self,
        hash: &AttachmentHash,
        range: Option<Range<u64>>,
    ) -> StoreResult<AttachmentReader> {
        let hash = *hash;
        let size = self.read(move |conn| attachments::size_of(conn, &hash)).await?;
        let size = size.ok_or_else(|| StoreError::not_found(format!("attachment {hash} does not exist")))?;
        let range = range.map_or(0..size, |range| range.start..range.end.min(size));
        if size > 0 && range.is_empty() {
            let message =
                format!("attachment {hash} has {size} bytes; from {} on there is nothing", range.start);
            return Err(StoreError::invalid(message));
        }
        Arc::clone(&self.spans.attachments).read(hash, size, range).await
    }

    async fn next_changes(&self, after: Option<FeedPosition>) -> StoreResult<TraceChanges> {
        self.changes.next(after).await
    }

    async fn archive_traces(&self, ids: &[TraceId]) -> StoreResult<Vec<TraceArchive>> {
        let ids = ids.to_vec();
        self.read(move |conn| catalog::archive_traces(conn, &ids)).await
    }

    async fn restore_trace(&self, archive: TraceArchive) -> StoreResult<()> {
        self.write(move |context| {
            context.changed.push(archive.info.trace_id.clone());
            // What is remembered of the trace may have been made without the record.
            context.states.forget(&archive.info.trace_id);
            let id = &archive.info.trace_id;
            rollup::around(context, id, |conn| catalog::restore_trace(conn, &archive, now_ns()))?;
            context.table.whole(context.conn, id)
        })
        .await
    }

    async fn read_spans(&self, id: &TraceId) -> StoreResult<SpanStream> {
        spans::read_spans(Arc::clone(&self.readers), Arc::clone(&self.spans), id.clone()).await
    }

    async fn delete_traces(&self, experiment: ExperimentId, which: DeleteTraces) -> StoreResult<u64> {
        let deleted = self.delete_in_steps(experiment, which).await;
        // Also after an error: some steps may have been done.
        self.wake_background(0);
        self.postings.wake().deleted(deleted.as_ref().map_or(0, |traces| *traces));
        deleted
    }

    async fn set_trace_tag(&self, id: &TraceId, key: &str, value: &str) -> StoreResult<()> {
        let (id, key, value) = (id.clone(), key.to_owned(), value.to_owned());
        self.write_trace(id, move |context, id| catalog::set_trace_tag(context.conn, id, &key, &value)).await
    }

    async fn delete_trace_tag(&self, id: &TraceId, key: &str) -> StoreResult<()> {
        let (id, key) = (id.clone(), key.to_owned());
        self.write_trace(id, move |context, id| catalog::delete_trace_tag(context.conn, id, &key)).await
    }

    async fn create_assessment(&self, assessment: Assessment) -> StoreResult<Assessment> {
        let id = assessment.trace_id.clone();
        self.write_trace(id, move |context, _| catalog::create_assessment(context.conn, &assessment)).await
    }

    async fn get_assessment(&self, trace: &TraceId, id: &AssessmentId) -> StoreResult<Assessment> {
        let (trace, id) = (trace.clone(), id.clone());
        self.read(move |conn| catalog::get_assessment(conn, &trace, &id)).await
    }

    async fn update_assessment(
        &self,
        trace: &TraceId,
        id: &AssessmentId,
        change: AssessmentChange,
    ) -> StoreResult<Assessment> {
        let (trace, id) = (trace.clone(), id.clone());
        self.write_trace(trace, move |context, trace| {
            catalog::update_assessment(context.conn, trace, &id, &change)
        })
        .await
    }

    async fn delete_assessment(&self, trace: &TraceId, id: &AssessmentId) -> StoreResult<()> {
        let (trace, id) = (trace.clone(), id.clone());
        self.write_trace(trace, move |context, trace| catalog::delete_assessment(context.conn, trace, &id))
            .await
    }

    async fn link_traces_to_run(&self, traces: &[TraceId], run_id: &str) -> StoreResult<()> {
        let (traces, run_id) = (traces.to_vec(), run_id.to_owned());
        self.write(move |context| {
            catalog::link_traces_to_run(context.conn, &traces, &run_id)?;
            context.changed.extend(traces);
            Ok(())
        })
        .await
    }

    async fn link_prompts(&self, trace: &TraceId, prompts: &[PromptLink]) -> StoreResult<()> {
        let (trace, prompts) = (trace.clone(), prompts.to_vec());
        self.write_trace(trace, move |context, trace| catalog::link_prompts(context.conn, trace, &prompts))
            .await
    }

    fn prices(&self) -> Arc<PriceBook> {
        self.prices.get()
    }

    async fn change_prices(&self, change: PriceChange) -> StoreResult<()> {
        if let PriceChange::Set(Override { experiment: Some(id), .. }) = &change {
            self.get_experiment(*id).await?;
        }
        Arc::clone(&self.prices).change(self.writer()?, change).await
    }

    async fn stats(&self) -> StoreResult<StoreStats> {
        let data_dir = self.data_dir.clone();
        self.read(move |conn| stats::stats(conn, &data_dir)).await
    }

    async fn check_with(&self, progress: Progress) -> StoreResult<CheckReport> {
        self.check_now(progress).await
    }

    async fn retention(&self) -> StoreResult<RetentionStatus> {
        let stored_bytes = self.read(disk::live_bytes).await?.total();
        let status = self.retention.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Ok(RetentionStatus { stored_bytes, ..status })
    }

    async fn compact(&self, progress: Progress) -> StoreResult<CompactReport> {
        self.compact_now(progress).await
    }

    async fn renormalize(
        &self,
        scope: RenormalizeScope,
        progress: Progress,
    ) -> StoreResult<RenormalizeReport> {
        self.renormalize_now(scope, progress).await
    }

    async fn backup(&self, known: KnownFiles) -> StoreResult<BackupStream> {
        // A closed store has no threads left that keep its files in step.
        self.writer()?;
        backup::start(&self.data_dir, &self.pins, known)
    }

    async fn close(&self) -> StoreResult<()> {
        self.stop().await
    }
}

/// What is prepared of each trace, and the attachments of all of them.
type Prepared<P> = (Vec<P>, Vec<Attachment>);

/// Prepares the parts of a batch.
fn prepare_all<T, P>(
    batch: Vec<T>,
    prepare: impl Fn(T, &mut Vec<Attachment>) -> StoreResult<P>,
) -> StoreResult<Prepared<P>> {
    let mut attachments = Vec::new();
    let prepared =
        batch.into_iter().map(|part| prepare(part, &mut attachments)).collect::<StoreResult<_>>()?;
    Ok((prepared, attachments))
}

impl SqliteStore {
    /// Makes attachments durable, before what refers to them is.
    async fn keep_attachments(
        &self,
        writer: &Writer,
        announced: Announced,
        attachments: Vec<Attachment>,
    ) -> StoreResult<(Announced, Option<Hold>)> {
        if attachments.is_empty() {
            return Ok((announced, None));
        }
        // No group waits for so long.
        drop(announced);
        let folder = Arc::clone(&self.spans.attachments);
        let hold = blocking(move || folder.keep(&attachments)).await?;
        Ok((writer.announce(), Some(hold)))
    }

    /// Runs a write that changes one trace.
    async fn write_trace<T: Send + 'static>(
        &self,
        trace: TraceId,
        operation: impl FnOnce(&mut WriteContext<'_>, &TraceId) -> StoreResult<T> + Send + 'static,
    ) -> StoreResult<T> {
        self.write(move |context| {
            let result = operation(context, &trace)?;
            context.table.whole(context.conn, &trace)?;
            context.changed.push(trace);
            Ok(result)
        })
        .await
    }
}

/// Does CPU work where it disturbs nobody: small work at once, large work on a blocking thread.
async fn off_runtime<T: Send + 'static>(
    raw_bytes: usize,
    work: impl FnOnce() -> StoreResult<T> + Send + 'static,
) -> StoreResult<T> {
    if raw_bytes <= INLINE_RAW_BYTES_MAX {
        return work();
    }
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| StoreError::with_source(ErrorKind::Internal, "cannot prepare a write", error))?
}
