//! Requests and answers of `registered-models/*` and `model-versions/*`, which prompts are too; the answers are here.

mod alias;
mod check;
mod model;
mod search;
#[cfg(test)]
mod tests;
mod version;

pub use alias::{OneAlias, SetAlias};
pub use model::{
    CreateRegisteredModel, DeleteModelTag, LatestVersions, OneModel, RenameModel, SetModelTag, UpdateModel,
};
pub use search::{SearchModels, SearchRegistry, SearchVersions};
pub use version::{
    CreateVersion, DeleteVersionTag, OneVersion, SetVersionTag, TransitionStage, UpdateVersion,
};

use super::experiment::KeyValue;
use super::time::milliseconds;
use serde::Serialize;
use std::collections::BTreeMap;

/// A registered model as MLflow answers it.
#[derive(Debug, Serialize)]
pub struct RegisteredModel {
    name: String,
    creation_timestamp: i64,
    last_updated_timestamp: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    latest_versions: Vec<ModelVersion>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<KeyValue>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    aliases: Vec<ModelAlias>,
}

#[derive(Debug, Serialize)]
struct ModelAlias {
    alias: String,
    version: String,
}

/// A version of a registered model as MLflow answers it.
#[derive(Debug, Serialize)]
pub struct ModelVersion {
    name: String,
    version: String,
    creation_timestamp: i64,
    last_updated_timestamp: i64,
    current_stage: &'static str,
    description: String,
    source: String,
    run_id: String,
    status: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<KeyValue>,
    run_link: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    aliases: Vec<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    model_id: String,
}

impl From<spanwise_model::RegisteredModel> for RegisteredModel {
    fn from(model: spanwise_model::RegisteredModel) -> Self {
        let alias = |(alias, version): (String, i64)| ModelAlias { alias, version: version.to_string() };
        RegisteredModel {
            name: model.name,
            creation_timestamp: milliseconds(model.created_ns),
            last_updated_timestamp: milliseconds(model.last_updated_ns),
            description: model.description,
            latest_versions: model.latest_versions.into_iter().map(ModelVersion::from).collect(),
            tags: key_values(model.tags),
            aliases: model.aliases.into_iter().map(alias).collect(),
        }
    }
}

impl From<spanwise_model::ModelVersion> for ModelVersion {
    fn from(version: spanwise_model::ModelVersion) -> Self {
        ModelVersion {
            name: version.name,
            version: version.version.to_string(),
            creation_timestamp: milliseconds(version.created_ns),
            last_updated_timestamp: milliseconds(version.last_updated_ns),
            current_stage: version.stage.name(),
            description: version.description.unwrap_or_default(),
            source: version.source,
            run_id: version.run_id,
            // The other states are of uploads that the server makes itself, which there are none of.
            status: "READY",
            tags: key_values(version.tags),
            run_link: version.run_link,
            aliases: version.aliases,
            model_id: version.model_id,
        }
    }
}

fn key_values(tags: BTreeMap<String, String>) -> Vec<KeyValue> {
    tags.into_iter().map(|(key, value)| KeyValue { key, value }).collect()
}

/// The answer that holds one registered model.
#[derive(Debug, Serialize)]
pub struct RegisteredModelResponse {
    /// The model.
    pub registered_model: RegisteredModel,
}

/// The answer that holds one version.
#[derive(Debug, Serialize)]
pub struct ModelVersionResponse {
    /// The version.
    pub model_version: ModelVersion,
}

/// The answer of `registered-models/search`.
#[derive(Debug, Serialize)]
pub struct RegisteredModelsResponse {
    /// The page.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub registered_models: Vec<RegisteredModel>,
    /// Set if more follow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
}

/// The answer that holds versions.
#[derive(Debug, Serialize)]
pub struct ModelVersionsResponse {
    /// The versions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub model_versions: Vec<ModelVersion>,
    /// Set if more follow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
}

/// The answer of `get-download-uri`.
#[derive(Debug, Serialize)]
pub struct DownloadUriResponse {
    /// Where the version's files are.
    pub artifact_uri: String,
}
