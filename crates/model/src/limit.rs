//! Named limits of values, in one place. Sizes are bytes of UTF-8 unless a name says otherwise.

/// Longest text trace id, in characters (MLflow stores 50).
pub const TRACE_ID_CHARS_MAX: usize = 50;
/// Longest tag or metadata value that is stored; MLflow's shorter cuts are made only in its responses.
pub const TAG_VALUE_BYTES_MAX: usize = 1 << 20;
/// Longest tag or metadata key, in characters.
pub const TAG_KEY_CHARS_MAX: usize = 250;
/// Longest experiment name, in characters.
pub const EXPERIMENT_NAME_CHARS_MAX: usize = 500;
/// Longest experiment tag value, in characters.
pub const EXPERIMENT_TAG_VALUE_CHARS_MAX: usize = 20_000;
/// Longest session id, in characters.
pub const SESSION_CHARS_MAX: usize = 250;
/// Longest trace name, in characters.
pub const TRACE_NAME_CHARS_MAX: usize = 4_096;
/// Experiments that are created on first sight of a `service.name`; later ones go to the default.
pub const DERIVED_EXPERIMENTS_MAX: usize = 1_000;
/// Deepest nesting of an attribute value; a span with a deeper one is refused by name.
pub const ATTRIBUTE_DEPTH_MAX: usize = 128;
/// Longest preview of a request or response, in characters (MLflow's figure).
pub const PREVIEW_CHARS_MAX: usize = 1_000;
/// Longest attribute value that is indexed exactly; longer ones are scanned.
pub const INDEXED_VALUE_BYTES_MAX: usize = 128;
/// Trace ids in one link-to-run request (MLflow's figure).
pub const LINK_TRACES_MAX: usize = 100;
/// Metrics in one log-batch request (MLflow's figure).
pub const BATCH_METRICS_MAX: usize = 1_000;
/// Parameters in one log-batch request (MLflow's figure).
pub const BATCH_PARAMS_MAX: usize = 100;
/// Tags in one log-batch request (MLflow's figure).
pub const BATCH_TAGS_MAX: usize = 100;
/// Metrics, parameters and tags together in one log-batch request (MLflow's figure).
pub const BATCH_ENTITIES_MAX: usize = 1_000;
/// Datasets in one log-inputs request (MLflow's figure).
pub const BATCH_DATASETS_MAX: usize = 1_000;
/// Longest key of a metric or parameter, in characters (MLflow's figure).
pub const METRIC_KEY_CHARS_MAX: usize = 250;
/// Longest name of a registered model, in characters (MLflow's column).
pub const MODEL_NAME_CHARS_MAX: usize = 256;
/// Longest alias of a version of a registered model, in characters (MLflow's figure).
pub const MODEL_ALIAS_CHARS_MAX: usize = 255;
/// Longest tag value of a registered model or a version, and so longest text of a prompt, in characters (MLflow's figure).
pub const REGISTRY_TAG_VALUE_CHARS_MAX: usize = 100_000;
/// Longest description of a registered model or a version, in characters (MLflow's column).
pub const REGISTRY_DESCRIPTION_CHARS_MAX: usize = 5_000;
/// Longest source or address of the run of a version of a registered model, in characters.
pub const MODEL_SOURCE_CHARS_MAX: usize = 4_096;
/// Longest id of a run or of a logged model that a version of a registered model names, in characters.
pub const MODEL_ID_CHARS_MAX: usize = 250;
/// Rows in one answer of trace metrics.
pub const METRIC_ROWS_MAX: usize = 50_000;
/// Longest name of an issue, in characters (MLflow's figure).
pub const ISSUE_NAME_CHARS_MAX: usize = 250;
/// Root causes or categories of one issue.
pub const ISSUE_LIST_MAX: usize = 1_000;
/// Longest name of a webhook, in characters (MLflow's figure).
pub const WEBHOOK_NAME_CHARS_MAX: usize = 63;
/// Longest address of a webhook, in characters.
pub const WEBHOOK_URL_CHARS_MAX: usize = 2_000;
/// Longest secret of a webhook, in characters.
pub const WEBHOOK_SECRET_CHARS_MAX: usize = 1_000;
/// Longest name of a label schema, in characters (MLflow's figure).
pub const LABEL_SCHEMA_NAME_CHARS_MAX: usize = 250;
/// Longest instruction of a label schema, in characters (MLflow's figure).
pub const LABEL_SCHEMA_INSTRUCTION_CHARS_MAX: usize = 1_000;
/// Longest label or option of a label schema, in characters (MLflow's figure).
pub const LABEL_CHARS_MAX: usize = 64;
/// Options of a label schema (MLflow's figure).
pub const LABEL_OPTIONS_MAX: usize = 10;
/// Longest id of a label schema that a review queue takes, in characters (MLflow's figure).
pub const LABEL_SCHEMA_ID_CHARS_MAX: usize = 36;
/// Longest name of a review queue, in characters (MLflow's figure).
pub const REVIEW_QUEUE_NAME_CHARS_MAX: usize = 250;
/// Longest name of a user of a review queue, in characters (MLflow's figure).
pub const REVIEW_USER_CHARS_MAX: usize = 250;
/// Longest comment of a reviewer on an answer, in characters.
pub const REVIEW_COMMENT_CHARS_MAX: usize = 10_000;
/// Users of one review queue (MLflow's figure).
pub const REVIEW_USERS_MAX: usize = 10;
