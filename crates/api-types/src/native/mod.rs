//! The native API's shapes, `/api/v1`: what the web UI, the command line and other programs read and send.
//!
//! Answers hold every field (absent values are null). Times are nanoseconds as decimal text, since JavaScript's
//! numbers lose them; durations and offsets are numbers of nanoseconds.

mod archive;
mod assessment;
mod bulk;
mod catalog_import;
mod dataset;
mod experiment;
mod figure;
mod filter;
mod housekeeping;
mod info;
mod metrics;
mod price;
mod prompt;
mod redaction;
mod review;
mod run;
mod scorer;
mod session;
mod span;
mod trace;
mod tree;
mod usage;
mod version;

pub use archive::{ARCHIVE_VERSION, ArchiveError, ArchivedTrace};
pub use assessment::{
    Assessment, AssessmentChange, AssessmentErrorInfo, AssessmentKindName, AssessmentSummary, NewAssessment,
    Source, SourceName,
};
pub use bulk::{BulkRequest, BulkResult, BulkTagRequest, ImportResult, LineError};
pub use catalog_import::{
    CatalogImportResult, CatalogLine, CatalogLineError, ImportedAs, ImportedDataset, ImportedDatasetInput,
    ImportedExperiment, ImportedInput, ImportedIssue, ImportedLabelSchema, ImportedLoggedModel,
    ImportedMetrics, ImportedModelMetric, ImportedModelVersion, ImportedOnlineScoring, ImportedRecord,
    ImportedRecords, ImportedRegisteredModel, ImportedReviewItem, ImportedReviewQueue, ImportedRun,
    ImportedScorerVersion, ImportedWebhook,
};
pub use dataset::{
    DatasetChangeResult, DatasetDetail, DatasetDifference, DatasetDifferences, DatasetImportResult,
    DatasetList, DatasetRecordDetail, DatasetRecordEdit, DatasetRecordList, DatasetRecordPreview,
    DatasetRecordRemoval, DatasetRecordSource, DatasetSummary, DatasetUpdate, DatasetVersion,
    DatasetVersionList, FieldMapping, ImportColumn, NewDataset, NewDatasetRecord, NewDatasetRecords,
    RecordCandidate, RecordEffect, RecordProblem, RecordsFromTraces, RecordsFromTracesResult, SourceField,
    SpanOfTrace, StaleDatasetRecord, preview_of, shortened,
};
pub use experiment::{Experiment, ExperimentList, NewExperiment};
pub use figure::{DurationPercentiles, Facet, FacetValue, Facets, Histogram, HistogramBucket};
pub use filter::{Completion, CompletionItem, CompletionItemKind, FilterCheck, FilterProblem, Problem};
pub use housekeeping::{
    BackupFile, BackupFrame, BackupRequest, CheckLine, CheckResult, CompactLine, CompactResult, DiskBytes,
    ExperimentRetention, ProgressLine, RenormalizeLine, RenormalizeResult, Retention, RetentionRun,
};
pub use info::Info;
pub use metrics::{Metrics, MetricsColumns, MetricsGroup, MetricsSeries, MetricsTotal};
pub use price::{
    CostCharge, CostReason, NewPriceOverride, PriceListInfo, PriceMatch, PriceOverride, PriceProblem,
    PriceRow, PriceRows, PriceState, PriceStep, PriceUnknown, PriceUpdate,
};
pub use prompt::{PromptDetail, PromptKind, PromptList, PromptSummary, PromptVersion, PromptVersionSummary};
pub use redaction::{
    ExperimentRedaction, RedactionCount, RedactionDetector, RedactionInfo, RedactionPattern, RedactionRules,
    RedactionTest, RedactionTestResult,
};
pub use review::{
    AddToReview, AddedToReview, ByReviewer, ClaimReviews, ClaimedReviews, CompleteReview, GivenAnswer,
    LabelInputForm, LabelSchema, LabelSchemaChange, LabelSchemaList, NewLabelSchema, NewReviewQueue,
    QuestionAgreement, ReleasedReviews, RemoveFromReview, ReopenReview, ReviewAgreement, ReviewDone,
    ReviewItem, ReviewItemList, ReviewProgress, ReviewQueue, ReviewQueueChange, ReviewQueueDetail,
    ReviewQueueList, ReviewScopeName, ReviewStateName, ReviewerPair, ReviewerProgress,
};
pub use run::{
    ResultAggregate, ResultColumn, ResultColumnKind, ResultDifference, ResultPair, ResultRow, RunDataset,
    RunList, RunResults, RunStatusName, RunSummary, Score,
};
pub use scorer::{
    Backfill, BackfillList, BackfillStateName, NewBackfill, NewScorer, ScorerCounts, ScorerDay, ScorerDetail,
    ScorerEndpoint, ScorerError, ScorerLimits, ScorerList, ScorerSkip, ScorerStart, ScorerState,
    ScorerSummary, ScorerTry, ScorerTryResult, ScorerVersionSummary,
};
pub use session::{SessionList, SessionSummary};
pub use span::{
    Attribute, AttributeType, Body, Document, Exception, Message, Part, Previews, PromptReference,
    PromptTemplate, Scope, SpanDetail, SpanEvent, SpanLink, SpanLog, SpanPreview, ToolDefinition,
};
pub use trace::{Cost, StateName, TagValue, TraceList, TraceRecord, TraceSummary, Usage};
pub use tree::{CostColumns, Dictionary, SparseDictionary, Tree, UsageColumns};
pub use usage::{SpanUsage, UsageExplained, UsageReason};
pub use version::{
    GitState, VersionChange, VersionColumn, VersionColumnKind, VersionComparison, VersionDetail,
    VersionFigures, VersionList, VersionMetric, VersionRun, VersionScore, VersionSum, VersionSummary,
};
