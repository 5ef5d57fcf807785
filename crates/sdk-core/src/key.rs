//! The keys of attributes that the SDK writes itself.
//!
//! For inputs, outputs and type they are MLflow's, since MLflow's server and its clients read nothing else without
//! translating; for session and user OpenTelemetry's, which all conventions share.

/// What went into a span.
pub const INPUTS: &str = "mlflow.spanInputs";
/// What came out of it.
pub const OUTPUTS: &str = "mlflow.spanOutputs";
/// What it does.
pub const TYPE: &str = "mlflow.spanType";
/// How much its reader should care, as a number.
pub const LEVEL: &str = "mlflow.spanLogLevel";
/// The conversation.
pub const SESSION: &str = "session.id";
/// Whose it is.
pub const USER: &str = "user.id";
/// Seconds until the first item of a stream.
pub const FIRST_ITEM: &str = "gen_ai.response.time_to_first_chunk";
/// The resource attribute that names the experiment.
pub const EXPERIMENT: &str = "spanwise.experiment";

/// The name of a trace, on its root.
pub(crate) const TRACE_NAME: &str = "mlflow.traceTag.mlflow.traceName";
/// Before the key of a tag, on the root.
pub(crate) const TAG_PREFIX: &str = "mlflow.traceTag.";
/// Before the key of metadata, on the root.
pub(crate) const METADATA_PREFIX: &str = "spanwise.trace.metadata.";
/// MLflow's metadata for the session.
pub(crate) const SESSION_METADATA: &str = "mlflow.trace.session";
/// MLflow's metadata for the user.
pub(crate) const USER_METADATA: &str = "mlflow.trace.user";
/// What lists show of the request, on the root.
pub(crate) const REQUEST_PREVIEW: &str = "spanwise.trace.request_preview";
/// What lists show of the response, on the root.
pub(crate) const RESPONSE_PREVIEW: &str = "spanwise.trace.response_preview";
