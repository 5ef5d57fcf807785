//! Label schemas.

use crate::StoreResult;
use async_trait::async_trait;
use spanwise_model::{ExperimentId, LabelInput, LabelSchema, LabelSchemaId, LabelSchemaType};

/// Name of the question that every experiment has; no other may be called so, in whatever case.
pub const DEFAULT_SCHEMA_NAME: &str = "Feedback";
/// Its instruction.
pub const DEFAULT_SCHEMA_INSTRUCTION: &str = "Share any feedback on this trace.";

/// A store of label schemas. An experiment may be active or deleted; an unknown one is `NotFound`.
#[async_trait]
pub trait LabelSchemaStore: Send + Sync + 'static {
    /// Creates a label schema and returns it. A name that is taken in its experiment is `AlreadyExists`.
    async fn create_label_schema(&self, new: NewLabelSchema) -> StoreResult<LabelSchema>;

    /// Returns one label schema.
    async fn get_label_schema(&self, id: &LabelSchemaId) -> StoreResult<LabelSchema>;

    /// Returns the label schema of that name in an experiment.
    async fn get_label_schema_by_name(
        &self,
        experiment: ExperimentId,
        name: &str,
    ) -> StoreResult<LabelSchema>;

    /// Returns one page of an experiment's label schemas, the newest first. Makes the default one, with the id
    /// `default_id`, if it is not there.
    async fn find_label_schemas(
        &self,
        experiment: ExperimentId,
        default_id: LabelSchemaId,
        limit: usize,
        offset: usize,
    ) -> StoreResult<LabelSchemaPage>;

    /// Changes a label schema and returns it. The kind of its input, and whether several options may be chosen, can't be
    /// changed; the default one not at all.
    async fn update_label_schema(
        &self,
        id: &LabelSchemaId,
        change: LabelSchemaChange,
    ) -> StoreResult<LabelSchema>;

    /// Deletes a label schema, also when it is not there; the default one can't be deleted. Review queues keep its id.
    async fn delete_label_schema(&self, id: &LabelSchemaId) -> StoreResult<()>;
}

/// A label schema to create.
#[derive(Debug, Clone, PartialEq)]
pub struct NewLabelSchema {
    /// Its id.
    pub schema_id: LabelSchemaId,
    /// Where it shall live.
    pub experiment_id: ExperimentId,
    /// What it is called.
    pub name: String,
    /// What an answer becomes.
    pub schema_type: LabelSchemaType,
    /// What reviewers are told.
    pub instruction: Option<String>,
    /// Whether a comment may be added.
    pub enable_comment: bool,
    /// How it is answered.
    pub input: LabelInput,
}

/// A change of a label schema; `None` leaves a field as it is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LabelSchemaChange {
    /// New name.
    pub name: Option<String>,
    /// New instruction.
    pub instruction: Option<String>,
    /// Whether a comment may be added from now on.
    pub enable_comment: Option<bool>,
    /// New input.
    pub input: Option<LabelInput>,
}

/// One page of label schemas.
#[derive(Debug, Clone)]
pub struct LabelSchemaPage {
    /// The label schemas.
    pub schemas: Vec<LabelSchema>,
    /// Whether more follow.
    pub has_more: bool,
}
