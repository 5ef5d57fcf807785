//! The words of the field as types: ids, experiments, traces, spans, assessments, and the named limits.
//!
//! Nothing here does I/O, and nothing here knows a wire format, a table or a status code. Times are UTC
//! nanoseconds since the Unix epoch as `i64`.

pub mod aggregate;
pub mod assessment;
pub mod attachment;
pub mod dataset;
pub mod error;
pub mod experiment;
pub mod id;
pub mod issue;
pub mod label_schema;
pub mod limit;
pub mod logged_model;
pub mod registry;
pub mod review_queue;
pub mod run;
pub mod scorer;
pub mod span;
pub mod trace;
pub mod usage;
pub mod webhook;

pub use aggregate::{Aggregation, CostKind, Measure, MetricDimension, MetricView, TokenKind};
pub use assessment::{
    Assessment, AssessmentError, AssessmentKind, AssessmentSource, AssessmentValue, SourceType,
};
pub use attachment::AttachmentHash;
pub use dataset::{Dataset, DatasetChange, DatasetRecord, RecordSource};
pub use error::ErrorKind;
pub use experiment::{Experiment, LifecycleStage};
pub use id::{AssessmentId, ExperimentId, IdError, SpanId, TraceId};
pub use issue::{Issue, IssueId, IssueSeverity, IssueStatus};
pub use label_schema::{LabelInput, LabelSchema, LabelSchemaId, LabelSchemaType};
pub use logged_model::{LoggedModel, ModelMetric, ModelStatus};
pub use registry::{ModelStage, ModelVersion, RegisteredModel};
pub use review_queue::{ReviewItem, ReviewQueue, ReviewQueueId, ReviewQueueType, ReviewStatus};
pub use run::{DatasetInput, Metric, ModelOutput, Run, RunDataset, RunId, RunStatus};
pub use scorer::{OnlineScoring, ScorerVersion};
pub use span::{
    ExperimentChoice, ExperimentSource, Interned, NewLogRecord, NewSpan, RootFacts, SpanRun, SpanStatus,
    TraceLogs, TraceSpans,
};
pub use trace::{TraceInfo, TraceStart, TraceState};
pub use usage::{Cost, TokenUsage};
pub use webhook::{Webhook, WebhookEvent};
