//! Requests that make, name and change registered models.

use super::check::{check_tag, description, model_name, new_name, tag_key, tags};
use crate::mlflow::experiment::KeyValue;
use crate::mlflow::field::{FieldError, Fields, FromFields};
use spanwise_model::ModelStage;
use std::collections::BTreeMap;

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
