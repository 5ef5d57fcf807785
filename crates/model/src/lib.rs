//! The words of the field as types: ids, experiments, traces, spans, assessments, and the named limits.
//!
//! Nothing here does I/O, and nothing here knows a wire format, a table or a status code. Times are UTC
//! nanoseconds since the Unix epoch as `i64`.

pub mod assessment;
pub mod error;
pub mod experiment;
pub mod id;
pub mod limit;
pub mod registry;
pub mod run;
pub mod span;
pub mod trace;
pub mod usage;
pub mod webhook;

pub use assessment::{
    Assessment, AssessmentError, AssessmentKind, AssessmentSource, AssessmentValue, SourceType,
};
pub use error::ErrorKind;
pub use experiment::{Experiment, LifecycleStage};
pub use id::{AssessmentId, ExperimentId, IdError, SpanId, TraceId};
pub use registry::{ModelStage, ModelVersion, RegisteredModel};
pub use run::{DatasetInput, Metric, ModelOutput, Run, RunDataset, RunId, RunStatus};
pub use span::{
    ExperimentChoice, ExperimentSource, Interned, NewLogRecord, NewSpan, RootFacts, SpanRun, SpanStatus,
    TraceLogs, TraceSpans,
};
pub use trace::{TraceInfo, TraceStart, TraceState};
pub use usage::{Cost, TokenUsage};
pub use webhook::{Webhook, WebhookEvent};
