//! Requests that make, name and change versions of registered models.

use super::check::{check_tag, description, model_name, tag_key, tags};
use crate::mlflow::experiment::KeyValue;
use crate::mlflow::field::{FieldError, Fields, FromField, FromFields, Place, check_chars};
use serde_json::Value;
use spanwise_model::ModelStage;
use spanwise_model::limit::{MODEL_ID_CHARS_MAX, MODEL_SOURCE_CHARS_MAX};
use std::collections::BTreeMap;

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
        let source: String = fields.required("source")?;
        check_chars("source", &source, MODEL_SOURCE_CHARS_MAX)?;
        Ok(CreateVersion {
            name: model_name(fields, "name")?,
            source,
            run_id: text(fields, "run_id", MODEL_ID_CHARS_MAX)?,
            run_link: text(fields, "run_link", MODEL_SOURCE_CHARS_MAX)?,
            model_id: text(fields, "model_id", MODEL_ID_CHARS_MAX)?,
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

/// Reads a text that may be absent.
fn text(fields: &Fields<'_>, name: &'static str, chars_max: usize) -> Result<String, FieldError> {
    let text: String = fields.or_default(name)?;
    check_chars(name, &text, chars_max)?;
    Ok(text)
}
