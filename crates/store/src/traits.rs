//! The traits that an engine implements, with the contract that [`crate::conformance`] holds it to.

use crate::{
    AggregateQuery, AggregateRow, AppendOutcome, AssessmentChange, BackupStream, Capabilities, CheckReport,
    CompactReport, DeleteTraces, ExperimentActivity, ExperimentPage, ExperimentQuery, FacetCounts,
    FacetQuery, FeedPosition, KnownFiles, Metrics, MetricsQuery, NewExperiment, PriceChange, Progress,
    PromptLink, RenormalizeReport, RenormalizeScope, RetentionStatus, Selection, SessionPage, SessionQuery,
    SpanStream, StoreError, StoreResult, StoreStats, StoredSpan, TraceArchive, TraceChanges, TraceHistogram,
    TracePage, TraceQuery, TraceTree, VersionFigures, VersionQuery,
};
use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::BoxStream;
use spanwise_genai::prices::PriceBook;
use spanwise_model::{
    Assessment, AssessmentId, AttachmentHash, Experiment, ExperimentId, LifecycleStage, SpanId, TraceId,
    TraceInfo, TraceLogs, TraceSpans, TraceStart,
};
use std::ops::Range;
use std::sync::Arc;

/// A store of experiments, traces, spans and assessments.
///
/// - A write has happened, durably, when its future answers `Ok`: it survives a kill and a power cut.
/// - Writes to one trace are serialised; a read that starts after a write answered sees it.
/// - Dropping a future does not undo its write.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Says what this engine can do.
    fn capabilities(&self) -> Capabilities;

    /// Creates an experiment and returns it. A name that is taken, even by a deleted one, is `AlreadyExists`.
    async fn create_experiment(&self, new: NewExperiment) -> StoreResult<Experiment>;

    /// Returns the experiment of that name, creating it if there is none.
    ///
    /// When `derived_max` experiments were made by this call already, it is `Exhausted` instead.
    async fn ensure_experiment(&self, name: &str, derived_max: usize) -> StoreResult<Experiment>;

    /// Returns one experiment, deleted or not.
    async fn get_experiment(&self, id: ExperimentId) -> StoreResult<Experiment>;

    /// Returns the experiment of that name, deleted or not; absent is `None`.
    async fn find_experiment_by_name(&self, name: &str) -> StoreResult<Option<Experiment>>;

    /// Returns one page of the experiments that match.
    async fn find_experiments(&self, query: ExperimentQuery) -> StoreResult<ExperimentPage>;

    /// Renames an active experiment. A name that is taken is `AlreadyExists`.
    async fn rename_experiment(&self, id: ExperimentId, name: &str) -> StoreResult<()>;

    /// Deletes or restores an experiment. Its traces stay.
    ///
    /// `InvalidArgument` if it is in that stage already.
    async fn set_experiment_stage(&self, id: ExperimentId, stage: LifecycleStage) -> StoreResult<()>;

    /// Sets a tag of an active experiment.
    async fn set_experiment_tag(&self, id: ExperimentId, key: &str, value: &str) -> StoreResult<()>;

    /// Deletes a tag of an active experiment; `NotFound` if it has none of that key.
    async fn delete_experiment_tag(&self, id: ExperimentId, key: &str) -> StoreResult<()>;

    /// Returns the redaction rules of those experiments that have rules of their own, as the texts that were set.
    async fn redaction_rules(&self) -> StoreResult<Vec<(ExperimentId, String)>>;

    /// Sets the redaction rules of an experiment, active or deleted, or removes them, also when there are none.
    async fn set_redaction_rules(&self, id: ExperimentId, rules: Option<&str>) -> StoreResult<()>;

    /// Stores spans of one or more traces, all or none, and updates what the traces' records derive from them.
    ///
    /// - A trace that is not there is made, in the experiment that its spans ask for.
    /// - The same (trace, span) with the same content hash changes nothing. Otherwise the later arrival replaces the
    ///   earlier one, but an open span never replaces a closed one; what the replaced span gave to any total is
    ///   taken back.
    /// - What a trace's record says does not depend on the order in which its spans arrive: of several candidates
    ///   (experiment, session, user, root) the root wins, else the smallest (start, span id).
    /// - A trace without a root speaks through the smallest (start, span id) of the spans whose parent is in another
    ///   process and is not there: name, previews and state are its own until a root or that parent arrives.
    /// - Time, duration and state of a finalized trace are left alone, and so are authoritative usage and cost.
    /// - A state other than `InProgress` and `Unspecified` is not changed by spans.
    async fn append_spans(&self, batch: Vec<TraceSpans>) -> StoreResult<AppendOutcome>;

    /// Stores log records that belong to spans, which may arrive later; they come back with their span.
    ///
    /// A trace of which only log records are known is not found by any read.
    async fn append_logs(&self, batch: Vec<TraceLogs>) -> StoreResult<AppendOutcome>;

    /// Creates or updates the record of a trace from its client's final record, and returns it.
    ///
    /// - Experiment, start, duration, state and client request id are overwritten; name, session and previews if
    ///   given; tags, metadata and assessments are merged by key. The record is finalized from then on.
    /// - An unknown experiment is `NotFound`, a deleted one `InvalidArgument`.
    async fn start_trace(&self, start: TraceStart) -> StoreResult<TraceInfo>;

    /// Returns one trace's record.
    async fn get_trace(&self, id: &TraceId) -> StoreResult<TraceInfo>;

    /// Returns the records of those traces that exist, in the order asked, each once.
    async fn get_traces(&self, ids: &[TraceId]) -> StoreResult<Vec<TraceInfo>>;

    /// Returns one page of the traces that match, in the query's order.
    ///
    /// - A cursor stays valid while traces arrive.
    /// - No match is an empty page, not an error.
    /// - A filter that this engine can't evaluate is `Unsupported`, never a narrower answer.
    async fn find_traces(&self, query: TraceQuery) -> StoreResult<TracePage>;

    /// Returns how many traces match (limit, order and cursor are ignored).
    async fn count_traces(&self, query: TraceQuery) -> StoreResult<u64>;

    /// Returns the course of a selection over time in at most `buckets_max` buckets of a round width, and its sums.
    ///
    /// Where the selection has no start or no end, that of the first or last matching trace is taken.
    async fn trace_histogram(&self, selection: Selection, buckets_max: usize) -> StoreResult<TraceHistogram>;

    /// Adds up traces, or calls of models, over time and by group; see [`MetricsQuery`] and [`Metrics`].
    ///
    /// - Everything but percentiles is exact, whatever was late, sent twice, replaced, moved or deleted; percentiles are
    ///   at most 1 % off.
    /// - A query that can't be answered (borders of time, groups) is `InvalidArgument`.
    async fn trace_metrics(&self, query: MetricsQuery) -> StoreResult<Metrics>;

    /// Measures traces, spans or assessments, and sums them up by group and time; see [`AggregateQuery`].
    ///
    /// - Rows are in the order of their stretch of time, then of their texts; what has no text of a dimension is in none.
    /// - Everything but percentiles is exact; these are too, up to [`crate::EXACT_VALUES_MAX`] values.
    /// - A question that takes too long, or counts too much, is `InvalidArgument`.
    async fn aggregate(&self, query: AggregateQuery) -> StoreResult<Vec<AggregateRow>>;

    /// Adds up the traces of versions, in the order of the question, each in memory that does not grow with its traces.
    ///
    /// Everything but percentiles is exact; these are at most 1 % off. Too many versions are `InvalidArgument`.
    async fn version_figures(&self, query: VersionQuery) -> StoreResult<Vec<VersionFigures>>;

    /// Counts the values of fields over a selection, field by field in the order asked.
    ///
    /// An engine may count only the newest traces of a large selection, and then says so.
    async fn trace_facets(&self, query: FacetQuery) -> StoreResult<Vec<FacetCounts>>;

    /// Returns one page of the sessions that selected traces belong to.
    async fn find_sessions(&self, query: SessionQuery) -> StoreResult<SessionPage>;

    /// Returns the activity of those experiments that have traces.
    async fn experiment_activity(&self) -> StoreResult<Vec<ExperimentActivity>>;

    /// Returns the structure of a trace. An unknown trace is `NotFound`.
    async fn read_tree(&self, id: &TraceId) -> StoreResult<TraceTree>;

    /// Returns those of some spans of a trace that exist, in the order asked. An unknown trace is `NotFound`.
    async fn read_some_spans(&self, id: &TraceId, spans: &[SpanId]) -> StoreResult<Vec<StoredSpan>>;

    /// As [`Store::read_some_spans`], for those who want no attachments with them: what the engine keeps apart is a
    /// reference in their messages, see `spanwise_otlp::attachment`.
    async fn read_some_spans_as_kept(&self, id: &TraceId, spans: &[SpanId]) -> StoreResult<Vec<StoredSpan>> {
        self.read_some_spans(id, spans).await
    }

    /// Opens an attachment that some trace refers to, and reads it whole or a range of it, whose end may lie beyond. An
    /// unknown one is `NotFound`; a range that begins behind its last byte, `InvalidArgument`.
    async fn read_attachment(
        &self,
        hash: &AttachmentHash,
        range: Option<Range<u64>>,
    ) -> StoreResult<AttachmentReader>;

    /// Waits for changes of traces (their spans, record, tags, assessments, links; also their deletion) after a
    /// position, and returns them. Without a position it answers at once with the present one.
    async fn next_changes(&self, after: Option<FeedPosition>) -> StoreResult<TraceChanges>;

    /// Returns all that is known of those traces that exist but their spans, in the order asked, each once.
    async fn archive_traces(&self, ids: &[TraceId]) -> StoreResult<Vec<TraceArchive>>;

    /// Returns all that is known of one trace but its spans. An unknown trace is `NotFound`.
    async fn archive_trace(&self, id: &TraceId) -> StoreResult<TraceArchive> {
        let found = self.archive_traces(std::slice::from_ref(id)).await?.pop();
        found.ok_or_else(|| StoreError::not_found(format!("no trace `{id}`")))
    }

    /// Restores what [`Store::archive_traces`] returned, in the experiment that `archive.info` names; its spans are
    /// appended before or after. Tags, metadata, assessments and links are merged, by key or id. Time and state of an
    /// archive that is not final only add to what is there. Doing it again changes nothing.
    async fn restore_trace(&self, archive: TraceArchive) -> StoreResult<()>;

    /// Streams the spans of a trace: parentless ones first, then by start, then by span id.
    ///
    /// Memory does not grow with the trace beyond a few bytes a span. An unknown trace is `NotFound`.
    async fn read_spans(&self, id: &TraceId) -> StoreResult<SpanStream>;

    /// Deletes traces of one experiment with all that belongs to them; returns how many.
    async fn delete_traces(&self, experiment: ExperimentId, which: DeleteTraces) -> StoreResult<u64>;

    /// Sets a tag. An unknown trace is `NotFound`. The key `mlflow.traceName` sets the trace's name.
    async fn set_trace_tag(&self, id: &TraceId, key: &str, value: &str) -> StoreResult<()>;

    /// Deletes a tag; `NotFound` if the trace has none of that key.
    async fn delete_trace_tag(&self, id: &TraceId, key: &str) -> StoreResult<()>;

    /// Adds an assessment and returns it. An id that is taken is `AlreadyExists`; an unknown trace or an unknown
    /// overridden assessment is `NotFound`. The overridden one is no longer valid.
    async fn create_assessment(&self, assessment: Assessment) -> StoreResult<Assessment>;

    /// Returns one assessment.
    async fn get_assessment(&self, trace: &TraceId, id: &AssessmentId) -> StoreResult<Assessment>;

    /// Changes an assessment and returns it. A change of another kind than the assessment's is `InvalidArgument`.
    async fn update_assessment(
        &self,
        trace: &TraceId,
        id: &AssessmentId,
        change: AssessmentChange,
    ) -> StoreResult<Assessment>;

    /// Deletes an assessment, also when there is none; the one that it overrode is valid again.
    async fn delete_assessment(&self, trace: &TraceId, id: &AssessmentId) -> StoreResult<()>;

    /// Links traces to a run; idempotent, and neither need exist.
    async fn link_traces_to_run(&self, traces: &[TraceId], run_id: &str) -> StoreResult<()>;

    /// Links a trace to prompt versions; idempotent. An unknown trace is `NotFound`.
    async fn link_prompts(&self, trace: &TraceId, prompts: &[PromptLink]) -> StoreResult<()>;

    /// Returns the prices in force: those that spans which arrive now are to be priced with.
    fn prices(&self) -> Arc<PriceBook>;

    /// Changes the prices, durably; they are in force when this answers. What is stored keeps its cost.
    ///
    /// # Errors
    /// An unknown experiment, or an override to remove that is not there, is `NotFound`; too many overrides are
    /// `Exhausted`.
    async fn change_prices(&self, change: PriceChange) -> StoreResult<()>;

    /// Returns figures about the store.
    async fn stats(&self) -> StoreResult<StoreStats>;

    /// Reads everything and verifies it.
    async fn check(&self) -> StoreResult<CheckReport> {
        self.check_with(Progress::silent()).await
    }

    /// Reads everything as it is when it begins and verifies it, saying how far it is; writes go on meanwhile.
    ///
    /// # Errors
    /// `Exhausted` if a backup or another check is under way.
    async fn check_with(&self, progress: Progress) -> StoreResult<CheckReport>;

    /// Returns what retention is set to, and what it did.
    async fn retention(&self) -> StoreResult<RetentionStatus>;

    /// Does now what background work would do some time: rewrites what lies apart or is partly deleted, and gives the
    /// disk back what nothing needs. Interrupted at any time, nothing is lost; the rest is done the next time.
    async fn compact(&self, progress: Progress) -> StoreResult<CompactReport>;

    /// Derives again, from the bytes of their spans, what traces and spans say by the conventions and prices that are
    /// known now, and brings all that hangs on it to what it would be had the spans come in now: tokens, cost, models,
    /// names, previews, sessions, users, and what is added up or searched.
    ///
    /// - What a client gave or set stays (final records, tags, assessments, links), and so do time, state and experiment.
    /// - Each trace changes at once or not at all. Writes and reads go on meanwhile. Interrupted at any time, what is done
    ///   stays done; doing it again changes nothing more.
    async fn renormalize(
        &self,
        scope: RenormalizeScope,
        progress: Progress,
    ) -> StoreResult<RenormalizeReport>;

    /// Streams the files of the store as of now, artifacts included; each write that was answered before is in it.
    ///
    /// - Writes and reads go on meanwhile; only the removal of files waits.
    /// - A file that is `known` and still the same is only named.
    /// - One backup at a time; another is `Exhausted`. Dropping the stream ends it.
    async fn backup(&self, known: KnownFiles) -> StoreResult<BackupStream>;

    /// Finishes what is queued and background work, and refuses further writes as `Unavailable`.
    async fn close(&self) -> StoreResult<()>;
}

/// One file or folder in an artifact listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtifactEntry {
    /// Its base name.
    pub name: String,
    /// Bytes of a file; `None` for a folder.
    pub size_bytes: Option<u64>,
}

/// The bytes of an artifact, and how many there are.
pub struct ArtifactReader {
    /// Length in bytes.
    pub size_bytes: u64,
    /// When the file was last written; together with the length it tells one version from another.
    pub modified_ns: i64,
    /// The bytes, in chunks.
    pub chunks: BoxStream<'static, StoreResult<Bytes>>,
}

/// The bytes of an attachment.
pub struct AttachmentReader {
    /// Length of all of it in bytes.
    pub size_bytes: u64,
    /// Its first bytes, at most 16, whatever range is read: they tell what it is.
    pub head: Bytes,
    /// The range that is read; it does not lie beyond the end.
    pub range: Range<u64>,
    /// The bytes of the range, in chunks.
    pub chunks: BoxStream<'static, StoreResult<Bytes>>,
}

/// The bytes of an artifact that is being uploaded, in chunks.
pub type ArtifactWriter = BoxStream<'static, StoreResult<Bytes>>;

/// A store of files that belong to traces and runs, addressed by relative paths with `/`.
///
/// A path with an empty, `.` or `..` part, a backslash, a NUL or a leading `/` is `InvalidArgument`.
#[async_trait]
pub trait ArtifactStore: Send + Sync + 'static {
    /// Writes a file whole or not at all, making its folders; it is durable when this answers. Overwrites.
    async fn put(&self, path: &str, chunks: ArtifactWriter) -> StoreResult<()>;

    /// Opens a file; absent (or a folder) is `NotFound`.
    async fn get(&self, path: &str) -> StoreResult<ArtifactReader> {
        self.get_from(path, 0).await
    }

    /// As [`ArtifactStore::get`], with the bytes from that offset on; `size_bytes` is still that of the whole file.
    async fn get_from(&self, path: &str, offset: u64) -> StoreResult<ArtifactReader>;

    /// Lists a folder by name; an absent one is empty, and a file's path lists that file alone.
    async fn list(&self, path: &str) -> StoreResult<Vec<ArtifactEntry>>;

    /// Deletes a file or a folder with all in it, also when there is none.
    async fn delete(&self, path: &str) -> StoreResult<()>;
}
