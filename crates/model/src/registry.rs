//! The model registry: registered models and their versions. A prompt is a registered model with the tag [`PROMPT_TAG`].

use std::collections::BTreeMap;

/// The tag that makes a registered model, or a version of one, a prompt; its value is `true`.
pub const PROMPT_TAG: &str = "mlflow.prompt.is_prompt";
/// The tag of a prompt's version that holds its text.
pub const PROMPT_TEXT_TAG: &str = "mlflow.prompt.text";
/// The tag of a prompt's version that says whether it is a `text` or a `chat`.
pub const PROMPT_TYPE_TAG: &str = "_mlflow_prompt_type";

/// Returns whether these tags are a prompt's.
pub fn is_prompt(tags: &BTreeMap<String, String>) -> bool {
    tags.get(PROMPT_TAG).is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

/// A registered model with the latest of its versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisteredModel {
    /// Its name, which no other one has.
    pub name: String,
    /// When it was created.
    pub created_ns: i64,
    /// When it, or which versions it has, last changed.
    pub last_updated_ns: i64,
    /// What it is for.
    pub description: Option<String>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// The version that each alias stands for.
    pub aliases: BTreeMap<String, i64>,
    /// The latest version of each stage, by number.
    pub latest_versions: Vec<ModelVersion>,
}

/// One version of a registered model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelVersion {
    /// The model's name.
    pub name: String,
    /// Its number, from 1; that of a deleted version is not used again.
    pub version: i64,
    /// When it was created.
    pub created_ns: i64,
    /// When it last changed.
    pub last_updated_ns: i64,
    /// How far it is.
    pub stage: ModelStage,
    /// What is new in it.
    pub description: Option<String>,
    /// Where the model came from; prompts have a placeholder.
    pub source: String,
    /// Where the model's files are.
    pub storage_location: String,
    /// The run that made it; empty if none did.
    pub run_id: String,
    /// Where that run can be looked at; empty if that is not known.
    pub run_link: String,
    /// The logged model that it is; empty if it is none.
    pub model_id: String,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// The aliases that stand for it, in order.
    pub aliases: Vec<String>,
}

/// How far a version of a registered model is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ModelStage {
    /// Not put into a stage.
    None,
    /// Being tried.
    Staging,
    /// In use.
    Production,
    /// Out of use.
    Archived,
}

impl ModelStage {
    /// All of them.
    pub const ALL: [ModelStage; 4] =
        [ModelStage::None, ModelStage::Staging, ModelStage::Production, ModelStage::Archived];

    /// Returns MLflow's name.
    pub fn name(self) -> &'static str {
        match self {
            ModelStage::None => "None",
            ModelStage::Staging => "Staging",
            ModelStage::Production => "Production",
            ModelStage::Archived => "Archived",
        }
    }

    /// Returns the stage of that name, in any case.
    pub fn from_name(name: &str) -> Option<ModelStage> {
        ModelStage::ALL.into_iter().find(|stage| stage.name().eq_ignore_ascii_case(name))
    }
}
