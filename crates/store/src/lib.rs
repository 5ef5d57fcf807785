//! The seam between Spanwise and its storage engines: the traits, their parameters, pages and errors.
//!
//! The contract is written on the traits and checked by [`conformance`]; an engine lives in a crate of its own
//! (`store-sqlite`), and no engine's type appears here.

mod aggregate;
pub mod catalog;
pub mod conformance;
mod cursor;
mod error;
mod explore;
mod housekeeping;
mod metrics;
mod params;
mod prices;
mod traits;
mod versions;

pub use aggregate::{
    AggregateQuery, AggregateRow, DISTINCT_MAX, EXACT_VALUES_MAX, Grouping, Place, SPAN_MARGIN_MS,
};
pub use catalog::Catalog;
pub use cursor::{Cursor, CursorError, SortValue};
pub use error::{StoreError, StoreResult};
pub use explore::{
    ExperimentActivity, ExplicitValues, FacetCounts, FacetField, FacetQuery, FeedPosition, Percentiles,
    Selection, SessionInfo, SessionPage, SessionQuery, TraceArchive, TraceBucket, TraceChanges,
    TraceHistogram, TraceTree, TreeReport, TreeSpan,
};
pub use housekeeping::{
    AgeRule, BackupItem, BackupStream, CompactReport, DiskBytes, ExperimentRule, KnownFile, KnownFiles,
    Progress, ProgressStep, RenormalizeReport, RenormalizeScope, RetentionRules, RetentionRun,
    RetentionStatus,
};
pub use metrics::{
    METRICS_GROUPS_MAX, METRICS_POINTS_MAX, METRICS_STEP_NS, Metrics, MetricsGroup, MetricsGroupBy,
    MetricsPoint, MetricsQuery, MetricsSeries, MetricsSubject,
};
pub use params::{
    AppendOutcome, AssessmentChange, Capabilities, CheckReport, DeleteTraces, ExperimentPage,
    ExperimentQuery, LifecycleFilter, NewExperiment, PromptLink, SpanStream, StoreStats, StoredSpan,
    TracePage, TraceQuery,
};
pub use prices::PriceChange;
pub use traits::{ArtifactEntry, ArtifactReader, ArtifactStore, ArtifactWriter, AttachmentReader, Store};
pub use versions::{
    MODEL_METADATA, ScoreFigures, VERSION_RUNS_MAX, VERSIONS_MAX, VersionFigures, VersionQuery,
};
