//! Prompts and their versions.

use serde::Serialize;
use spanwise_model::registry::{PROMPT_TEXT_TAG, PROMPT_TYPE_TAG};
use spanwise_model::{ModelVersion, RegisteredModel};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// The tag of the JSON schema of answers.
const RESPONSE_FORMAT_TAG: &str = "_mlflow_prompt_response_format";
/// The tag of the model and its parameters.
const MODEL_CONFIG_TAG: &str = "_mlflow_prompt_model_config";

/// A prompt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PromptSummary {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// When it was made.
    pub created_ns: String,
    /// When it, or which versions it has, last changed.
    pub last_updated_ns: String,
    /// The largest number of its versions.
    pub latest_version: Option<i64>,
    /// The version that each alias stands for.
    pub aliases: BTreeMap<String, i64>,
    /// Its tags, without those that MLflow makes.
    pub tags: BTreeMap<String, String>,
}

/// The answer of `GET /api/v1/prompts`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PromptList {
    /// Prompts by name.
    pub prompts: Vec<PromptSummary>,
    /// Whether these are all.
    pub complete: bool,
}

/// The answer of `GET /api/v1/prompts/{name}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PromptDetail {
    /// The prompt.
    pub prompt: PromptSummary,
    /// Its versions, the newest first.
    pub versions: Vec<PromptVersionSummary>,
    /// Whether these are all.
    pub complete: bool,
}

/// Whether a version of a prompt is one text or several messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PromptKind {
    /// One text.
    Text,
    /// Messages: a JSON array of objects with `role` and `content`.
    Chat,
}

/// A version of a prompt without its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PromptVersionSummary {
    /// Its number, from 1.
    pub version: i64,
    /// When it was made.
    pub created_ns: String,
    /// What is new in it.
    pub commit_message: Option<String>,
    /// Text or chat.
    pub kind: PromptKind,
    /// The aliases that stand for it.
    pub aliases: Vec<String>,
    /// Its tags, without those that MLflow makes.
    pub tags: BTreeMap<String, String>,
}

/// The answer of `GET /api/v1/prompts/{name}/versions/{version}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PromptVersion {
    /// The prompt's name.
    pub name: String,
    /// The version.
    pub summary: PromptVersionSummary,
    /// Its text, with variables in double braces; of a chat JSON.
    pub template: String,
    /// JSON: the schema that answers shall have.
    pub response_format: Option<String>,
    /// JSON: the model and its parameters.
    pub model_config: Option<String>,
    /// The filter of the traces that were made with it.
    pub trace_filter: String,
}

impl From<RegisteredModel> for PromptSummary {
    fn from(model: RegisteredModel) -> Self {
        PromptSummary {
            name: model.name,
            description: model.description,
            created_ns: model.created_ns.to_string(),
            last_updated_ns: model.last_updated_ns.to_string(),
            latest_version: model.latest_versions.iter().map(|version| version.version).max(),
            aliases: model.aliases,
            tags: own_tags(model.tags),
        }
    }
}

impl From<ModelVersion> for PromptVersionSummary {
    fn from(version: ModelVersion) -> Self {
        let is_chat = version.tags.get(PROMPT_TYPE_TAG).is_some_and(|kind| kind == "chat");
        PromptVersionSummary {
            version: version.version,
            created_ns: version.created_ns.to_string(),
            commit_message: version.description,
            kind: if is_chat { PromptKind::Chat } else { PromptKind::Text },
            aliases: version.aliases,
            tags: own_tags(version.tags),
        }
    }
}

impl PromptVersion {
    /// Makes the answer of a version; `trace_filter` finds the traces that were made with it.
    pub fn new(mut version: ModelVersion, trace_filter: String) -> Self {
        PromptVersion {
            name: std::mem::take(&mut version.name),
            template: version.tags.remove(PROMPT_TEXT_TAG).unwrap_or_default(),
            response_format: version.tags.remove(RESPONSE_FORMAT_TAG),
            model_config: version.tags.remove(MODEL_CONFIG_TAG),
            summary: version.into(),
            trace_filter,
        }
    }
}

fn own_tags(mut tags: BTreeMap<String, String>) -> BTreeMap<String, String> {
    tags.retain(|key, _| !key.starts_with("mlflow.prompt.") && !key.starts_with("_mlflow_"));
    tags
}
