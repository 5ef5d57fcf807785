//! The model registry: registered models, which prompts are, and their versions.

use crate::StoreResult;
use async_trait::async_trait;
use spanwise_model::{ModelStage, ModelVersion, RegisteredModel};
use spanwise_query::{EntityFilter, EntityOrderBy};
use std::collections::BTreeMap;

/// A store of registered models.
///
/// A name, or a version, that is not there is `NotFound`.
#[async_trait]
pub trait RegistryStore: Send + Sync + 'static {
    /// Creates a registered model, which has no version yet, and returns it; `AlreadyExists` if the name is taken.
    async fn create_registered_model(&self, new: NewRegisteredModel) -> StoreResult<RegisteredModel>;

    /// Returns one registered model.
    async fn get_registered_model(&self, name: &str) -> StoreResult<RegisteredModel>;

    /// Returns one page of the registered models that match.
    async fn find_registered_models(&self, query: RegistryQuery) -> StoreResult<RegisteredModelPage>;

    /// Sets or, with `None`, removes the description of a registered model, and returns it.
    async fn describe_registered_model(
        &self,
        name: &str,
        description: Option<String>,
    ) -> StoreResult<RegisteredModel>;

    /// Gives a registered model with its versions another name; `AlreadyExists` if that is taken by another one.
    async fn rename_registered_model(&self, name: &str, new_name: &str) -> StoreResult<RegisteredModel>;

    /// Deletes a registered model with its versions. Links from traces to a prompt's versions stay.
    async fn delete_registered_model(&self, name: &str) -> StoreResult<()>;

    /// Sets a tag of a registered model.
    async fn set_registered_model_tag(&self, name: &str, key: &str, value: &str) -> StoreResult<()>;

    /// Deletes a tag of a registered model, which need not be there.
    async fn delete_registered_model_tag(&self, name: &str, key: &str) -> StoreResult<()>;

    /// Lets an alias of a registered model stand for that version, and for no other one.
    async fn set_model_alias(&self, name: &str, alias: &str, version: i64) -> StoreResult<()>;

    /// Deletes an alias of a registered model, which need not be there.
    async fn delete_model_alias(&self, name: &str, alias: &str) -> StoreResult<()>;

    /// Returns the version that an alias stands for, `InvalidArgument` if there is no such alias. `latest`, in any case,
    /// is the one with the largest number.
    async fn get_model_version_by_alias(&self, name: &str, alias: &str) -> StoreResult<ModelVersion>;

    /// Creates the next version of a registered model and returns it.
    async fn create_model_version(&self, new: NewModelVersion) -> StoreResult<ModelVersion>;

    /// Returns one version.
    async fn get_model_version(&self, name: &str, version: i64) -> StoreResult<ModelVersion>;

    /// Returns one page of the versions that match.
    async fn find_model_versions(&self, query: RegistryQuery) -> StoreResult<ModelVersionPage>;

    /// Sets or, with `None`, removes the description of a version, and returns it.
    async fn describe_model_version(
        &self,
        name: &str,
        version: i64,
        description: Option<String>,
    ) -> StoreResult<ModelVersion>;

    /// Puts a version into a stage and returns it. With `archive_others` the model's other versions of that stage are
    /// archived.
    async fn set_model_version_stage(
        &self,
        name: &str,
        version: i64,
        stage: ModelStage,
        archive_others: bool,
    ) -> StoreResult<ModelVersion>;

    /// Deletes a version and the aliases that stand for it; its number is not used again.
    async fn delete_model_version(&self, name: &str, version: i64) -> StoreResult<()>;

    /// Sets a tag of a version.
    async fn set_model_version_tag(
        &self,
        name: &str,
        version: i64,
        key: &str,
        value: &str,
    ) -> StoreResult<()>;

    /// Deletes a tag of a version, which need not be there.
    async fn delete_model_version_tag(&self, name: &str, version: i64, key: &str) -> StoreResult<()>;
}

/// A registered model to create.
#[derive(Debug, Clone, Default)]
pub struct NewRegisteredModel {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Its first tags.
    pub tags: BTreeMap<String, String>,
}

/// A version to create.
#[derive(Debug, Clone, Default)]
pub struct NewModelVersion {
    /// The model's name.
    pub name: String,
    /// Where it came from; `models:/<name>/<version>` is another version, and `models:/<id>` a logged model, whose files
    /// it has.
    pub source: String,
    /// The run that made it; if empty, that of the logged model that it is or comes from.
    pub run_id: String,
    /// Where that run can be looked at; empty if that is not known.
    pub run_link: String,
    /// The logged model that it is; empty if it is none.
    pub model_id: String,
    /// What is new in it.
    pub description: Option<String>,
    /// Its first tags.
    pub tags: BTreeMap<String, String>,
}

/// A search of registered models or of versions.
#[derive(Debug, Clone)]
pub struct RegistryQuery {
    /// Of `query::entity::REGISTERED_MODEL` or `MODEL_VERSION`.
    pub filter: EntityFilter,
    /// With what decides between equals already appended.
    pub order: Vec<EntityOrderBy>,
    /// Page size, at least 1.
    pub limit: usize,
    /// Rows to skip.
    pub offset: usize,
}

/// One page of registered models.
#[derive(Debug, Clone)]
pub struct RegisteredModelPage {
    /// The models.
    pub models: Vec<RegisteredModel>,
    /// Whether more follow. A page of much text ends before it has as many as asked for.
    pub has_more: bool,
}

/// One page of versions.
#[derive(Debug, Clone)]
pub struct ModelVersionPage {
    /// The versions.
    pub versions: Vec<ModelVersion>,
    /// Whether more follow. A page of much text ends before it has as many as asked for.
    pub has_more: bool,
}
