//! Requests and answers of `registered-models/*` and `model-versions/*`, which prompts are too.

use super::experiment::{KeyValue, page_size};
use super::field::{FieldError, Fields, FromField, FromFields, Place, check_chars, check_name};
use super::tag::check_tag_name;
use super::time::milliseconds;
use serde::Serialize;
use serde_json::Value;
use spanwise_model::ModelStage;
use spanwise_model::limit::{
    MODEL_ALIAS_CHARS_MAX, MODEL_NAME_CHARS_MAX, REGISTRY_DESCRIPTION_CHARS_MAX,
    REGISTRY_TAG_VALUE_CHARS_MAX, TAG_KEY_CHARS_MAX,
};
use spanwise_model::registry::PROMPT_TEXT_TAG;
use std::collections::BTreeMap;

/// Page size of a search of registered models that names none.
const MODELS_PER_PAGE: i64 = 100;
/// Largest page of a search of registered models.
const MODELS_PER_PAGE_MAX: i64 = 1_000;
/// Largest page of a search of versions, and that of a search that names none.
const VERSIONS_PER_PAGE_MAX: i64 = 200_000;

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

/// `registered-models/create`.
#[derive(Debug)]
pub struct CreateRegisteredModel {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Its first tags.
    pub tags: BTreeMap<String, String>,
}

impl FromFields for CreateRegisteredModel {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(CreateRegisteredModel {
            name: new_name(fields, "name")?,
            description: description(fields)?,
            tags: tags(fields)?,
        })
    }
}

/// A request that names one registered model: `get`, `delete`.
#[derive(Debug)]
pub struct OneModel {
    /// Its name.
    pub name: String,
}

impl FromFields for OneModel {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(OneModel { name: model_name(fields, "name")? })
    }
}

/// `registered-models/update`.
#[derive(Debug)]
pub struct UpdateModel {
    /// Its name.
    pub name: String,
    /// What it is for; `None` removes the description.
    pub description: Option<String>,
}

impl FromFields for UpdateModel {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(UpdateModel { name: model_name(fields, "name")?, description: description(fields)? })
    }
}

/// `registered-models/rename`.
#[derive(Debug)]
pub struct RenameModel {
    /// Its name.
    pub name: String,
    /// Its new name.
    pub new_name: String,
}

impl FromFields for RenameModel {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(RenameModel { name: model_name(fields, "name")?, new_name: new_name(fields, "new_name")? })
    }
}

/// A search of registered models or of versions.
#[derive(Debug)]
pub struct SearchRegistry {
    /// The filter; empty = all but prompts.
    pub filter: String,
    /// Page size.
    pub max_results: usize,
    /// Order clauses.
    pub order_by: Vec<String>,
    /// Where the page starts; empty = at the beginning.
    pub page_token: String,
}

/// `registered-models/search`.
#[derive(Debug)]
pub struct SearchModels(pub SearchRegistry);

/// `model-versions/search`.
#[derive(Debug)]
pub struct SearchVersions(pub SearchRegistry);

impl FromFields for SearchModels {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        search(fields, MODELS_PER_PAGE, MODELS_PER_PAGE_MAX).map(SearchModels)
    }
}

impl FromFields for SearchVersions {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        search(fields, VERSIONS_PER_PAGE_MAX, VERSIONS_PER_PAGE_MAX).map(SearchVersions)
    }
}

fn search(fields: &Fields<'_>, default: i64, largest: i64) -> Result<SearchRegistry, FieldError> {
    Ok(SearchRegistry {
        filter: fields.or_default("filter")?,
        max_results: page_size(fields.optional("max_results")?.unwrap_or(default), largest)?,
        order_by: fields.or_default("order_by")?,
        page_token: fields.or_default("page_token")?,
    })
}

/// `registered-models/get-latest-versions`.
#[derive(Debug)]
pub struct LatestVersions {
    /// The model's name.
    pub name: String,
    /// Of which stages; empty = of all.
    pub stages: Vec<ModelStage>,
}

impl FromFields for LatestVersions {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(LatestVersions { name: model_name(fields, "name")?, stages: fields.or_default("stages")? })
    }
}

/// A tag to set on a registered model.
#[derive(Debug)]
pub struct SetModelTag {
    /// The model's name.
    pub name: String,
    /// The tag's key.
    pub key: String,
    /// Its value.
    pub value: String,
}

impl FromFields for SetModelTag {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let name = model_name(fields, "name")?;
        let KeyValue { key, value } = KeyValue::from_fields(fields)?;
        check_tag(&key, &value)?;
        Ok(SetModelTag { name, key, value })
    }
}

/// A tag to delete from a registered model.
#[derive(Debug)]
pub struct DeleteModelTag {
    /// The model's name.
    pub name: String,
    /// The tag's key.
    pub key: String,
}

impl FromFields for DeleteModelTag {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(DeleteModelTag { name: model_name(fields, "name")?, key: tag_key(fields)? })
    }
}

/// An alias to set.
#[derive(Debug)]
pub struct SetAlias {
    /// The version that it shall stand for.
    pub of: OneVersion,
    /// The alias.
    pub alias: String,
}

impl FromFields for SetAlias {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let name = model_name(fields, "name")?;
        let alias = alias(fields)?;
        if alias.eq_ignore_ascii_case("latest") {
            return Err(FieldError::Rule("'latest' alias name (case insensitive) is reserved.".to_owned()));
        }
        let number = alias.strip_prefix(['v', 'V']).unwrap_or_default();
        if !number.is_empty() && number.chars().all(char::is_numeric) {
            return Err(FieldError::Rule(format!("Version alias name '{alias}' is reserved.")));
        }
        Ok(SetAlias { of: OneVersion { name, version: fields.required("version")? }, alias })
    }
}

/// An alias to look up or to delete.
#[derive(Debug)]
pub struct OneAlias {
    /// The model's name.
    pub name: String,
    /// The alias.
    pub alias: String,
}

impl FromFields for OneAlias {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(OneAlias { name: model_name(fields, "name")?, alias: alias(fields)? })
    }
}

/// `model-versions/create`.
#[derive(Debug)]
pub struct CreateVersion {
    /// The model's name.
    pub name: String,
    /// Where it came from.
    pub source: String,
    /// The run that made it.
    pub run_id: String,
    /// Where that run can be looked at.
    pub run_link: String,
    /// The logged model that it is.
    pub model_id: String,
    /// What is new in it.
    pub description: Option<String>,
    /// Its first tags.
    pub tags: BTreeMap<String, String>,
}

impl FromFields for CreateVersion {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(CreateVersion {
            name: model_name(fields, "name")?,
            source: fields.required("source")?,
            run_id: fields.or_default("run_id")?,
            run_link: fields.or_default("run_link")?,
            model_id: fields.or_default("model_id")?,
            description: description(fields)?,
            tags: tags(fields)?,
        })
    }
}

/// A request that names one version: `get`, `delete`, `get-download-uri`.
#[derive(Debug)]
pub struct OneVersion {
    /// The model's name.
    pub name: String,
    /// The version's number.
    pub version: i64,
}

impl FromFields for OneVersion {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(OneVersion { name: model_name(fields, "name")?, version: fields.required("version")? })
    }
}

/// `model-versions/update`.
#[derive(Debug)]
pub struct UpdateVersion {
    /// Which one.
    pub of: OneVersion,
    /// What is new in it; `None` removes the description.
    pub description: Option<String>,
}

impl FromFields for UpdateVersion {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(UpdateVersion { of: OneVersion::from_fields(fields)?, description: description(fields)? })
    }
}

/// `model-versions/transition-stage`.
#[derive(Debug)]
pub struct TransitionStage {
    /// Which one.
    pub of: OneVersion,
    /// Its new stage.
    pub stage: ModelStage,
    /// Whether the other versions of that stage are archived.
    pub archive_others: bool,
}

impl FromFields for TransitionStage {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let request = TransitionStage {
            of: OneVersion::from_fields(fields)?,
            stage: fields.required("stage")?,
            archive_others: fields.or_default("archive_existing_versions")?,
        };
        if request.archive_others && !matches!(request.stage, ModelStage::Staging | ModelStage::Production) {
            return Err(FieldError::Rule(format!(
                "Model version transition cannot archive existing model versions because '{}' is not an Active \
                 stage. Valid stages are ['Staging', 'Production']",
                request.stage.name()
            )));
        }
        Ok(request)
    }
}

/// A tag to set on a version.
#[derive(Debug)]
pub struct SetVersionTag {
    /// Which one.
    pub of: OneVersion,
    /// The tag's key.
    pub key: String,
    /// Its value.
    pub value: String,
}

impl FromFields for SetVersionTag {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let of = OneVersion::from_fields(fields)?;
        let KeyValue { key, value } = KeyValue::from_fields(fields)?;
        check_tag(&key, &value)?;
        Ok(SetVersionTag { of, key, value })
    }
}

/// A tag to delete from a version.
#[derive(Debug)]
pub struct DeleteVersionTag {
    /// Which one.
    pub of: OneVersion,
    /// The tag's key.
    pub key: String,
}

impl FromFields for DeleteVersionTag {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(DeleteVersionTag { of: OneVersion::from_fields(fields)?, key: tag_key(fields)? })
    }
}

impl FromField for ModelStage {
    fn from_field(value: &Value, at: &Place) -> Result<Self, FieldError> {
        let name = String::from_field(value, at)?;
        ModelStage::from_name(&name).ok_or_else(|| {
            let names = ModelStage::ALL.map(ModelStage::name).join(", ");
            FieldError::Rule(format!("Invalid Model Version stage: {name}. Value must be one of {names}."))
        })
    }
}

/// Reads the name of a registered model that should be there.
fn model_name(fields: &Fields<'_>, field: &'static str) -> Result<String, FieldError> {
    let name: String = fields.required(field)?;
    if name.contains(['/', ':']) {
        return Err(FieldError::Rule(format!(
            "Invalid model name '{name}'. Names cannot contain '/' or ':'."
        )));
    }
    Ok(name)
}

/// Reads the name that a registered model shall have.
fn new_name(fields: &Fields<'_>, field: &'static str) -> Result<String, FieldError> {
    let name = model_name(fields, field)?;
    if name.trim().is_empty() {
        return Err(FieldError::Missing(field.to_owned()));
    }
    check_name(field, &name)?;
    check_chars(field, &name, MODEL_NAME_CHARS_MAX)?;
    Ok(name)
}

fn description(fields: &Fields<'_>) -> Result<Option<String>, FieldError> {
    let description: Option<String> = fields.optional("description")?;
    if let Some(description) = &description {
        check_chars("description", description, REGISTRY_DESCRIPTION_CHARS_MAX)?;
    }
    Ok(description)
}

fn tags(fields: &Fields<'_>) -> Result<BTreeMap<String, String>, FieldError> {
    let tags: Vec<KeyValue> = fields.or_default("tags")?;
    tags.into_iter()
        .map(|KeyValue { key, value }| {
            check_tag(&key, &value)?;
            Ok((key, value))
        })
        .collect()
}

fn tag_key(fields: &Fields<'_>) -> Result<String, FieldError> {
    let key: String = fields.required("key")?;
    check_tag_name(&key)?;
    Ok(key)
}

fn check_tag(key: &str, value: &str) -> Result<(), FieldError> {
    check_tag_name(key)?;
    check_chars("key", key, TAG_KEY_CHARS_MAX)?;
    check_chars("value", value, REGISTRY_TAG_VALUE_CHARS_MAX).map_err(|error| match key {
        PROMPT_TEXT_TAG => FieldError::Rule(format!(
            "Prompt text exceeds max length of {REGISTRY_TAG_VALUE_CHARS_MAX} characters."
        )),
        _ => error,
    })
}

fn alias(fields: &Fields<'_>) -> Result<String, FieldError> {
    let alias: String = fields.required("alias")?;
    if !alias.chars().all(|letter| letter.is_alphanumeric() || "_-".contains(letter)) {
        return Err(FieldError::Rule(format!(
            "Invalid alias name: '{alias}'. Names may only contain alphanumerics, underscores (_), and dashes (-)."
        )));
    }
    check_chars("alias", &alias, MODEL_ALIAS_CHARS_MAX)?;
    Ok(alias)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check_error<T: FromFields + std::fmt::Debug>(body: Value, expected: &str) {
        let error = T::from_fields(&Fields::of_body(body.as_object().unwrap())).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn aliases_have_rules() {
        let alias = |alias: &str| json!({"name": "p", "alias": alias, "version": "1"});
        check_error::<SetAlias>(alias("Latest"), "'latest' alias name (case insensitive) is reserved.");
        check_error::<SetAlias>(alias("v1"), "Version alias name 'v1' is reserved.");
        check_error::<SetAlias>(
            alias("a b"),
            "Invalid alias name: 'a b'. Names may only contain alphanumerics, underscores (_), and dashes (-).",
        );
        let body = alias("v1a");
        let request = SetAlias::from_fields(&Fields::of_body(body.as_object().unwrap())).unwrap();
        assert_eq!((request.alias.as_str(), request.of.version), ("v1a", 1));
    }

    #[test]
    fn limits_have_their_texts() {
        let of_text =
            |text: &str| json!({"name": "p", "version": "1", "key": PROMPT_TEXT_TAG, "value": text});
        check_error::<SetVersionTag>(
            of_text(&"x".repeat(100_001)),
            "Prompt text exceeds max length of 100000 characters.",
        );
        check_error::<CreateRegisteredModel>(
            json!({"name": "a:b"}),
            "Invalid model name 'a:b'. Names cannot contain '/' or ':'.",
        );
        check_error::<CreateRegisteredModel>(
            json!({"name": "x".repeat(257)}),
            "'name' exceeds the maximum length of 256 characters",
        );
        check_error::<TransitionStage>(
            json!({"name": "m", "version": "1", "stage": "x"}),
            "Invalid Model Version stage: x. Value must be one of None, Staging, Production, Archived.",
        );
    }
}
