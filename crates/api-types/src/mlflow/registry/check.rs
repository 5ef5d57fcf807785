//! What names, descriptions and tags of registered models and versions must be.

use crate::mlflow::experiment::KeyValue;
use crate::mlflow::field::{FieldError, Fields, check_chars, check_name};
use crate::mlflow::tag::check_tag_name;
use spanwise_model::limit::{
    MODEL_NAME_CHARS_MAX, REGISTRY_DESCRIPTION_CHARS_MAX, REGISTRY_TAG_VALUE_CHARS_MAX, TAG_KEY_CHARS_MAX,
};
use spanwise_model::registry::PROMPT_TEXT_TAG;
use std::collections::BTreeMap;

/// Reads the name of a registered model that should be there.
pub(super) fn model_name(fields: &Fields<'_>, field: &'static str) -> Result<String, FieldError> {
    let name: String = fields.required(field)?;
    if name.contains(['/', ':']) {
        return Err(FieldError::Rule(format!(
            "Invalid model name '{name}'. Names cannot contain '/' or ':'."
        )));
    }
    Ok(name)
}

/// Reads the name that a registered model shall have.
pub(super) fn new_name(fields: &Fields<'_>, field: &'static str) -> Result<String, FieldError> {
    let name = model_name(fields, field)?;
    if name.trim().is_empty() {
        return Err(FieldError::Missing(field.to_owned()));
    }
    check_name(field, &name)?;
    check_chars(field, &name, MODEL_NAME_CHARS_MAX)?;
    Ok(name)
}

pub(super) fn description(fields: &Fields<'_>) -> Result<Option<String>, FieldError> {
    let description: Option<String> = fields.optional("description")?;
    if let Some(description) = &description {
        check_chars("description", description, REGISTRY_DESCRIPTION_CHARS_MAX)?;
    }
    Ok(description)
}

pub(super) fn tags(fields: &Fields<'_>) -> Result<BTreeMap<String, String>, FieldError> {
    let tags: Vec<KeyValue> = fields.or_default("tags")?;
    tags.into_iter()
        .map(|KeyValue { key, value }| {
            check_tag(&key, &value)?;
            Ok((key, value))
        })
        .collect()
}

pub(super) fn tag_key(fields: &Fields<'_>) -> Result<String, FieldError> {
    let key: String = fields.required("key")?;
    check_tag_name(&key)?;
    Ok(key)
}

pub(super) fn check_tag(key: &str, value: &str) -> Result<(), FieldError> {
    check_tag_name(key)?;
    check_chars("key", key, TAG_KEY_CHARS_MAX)?;
    check_chars("value", value, REGISTRY_TAG_VALUE_CHARS_MAX).map_err(|error| match key {
        PROMPT_TEXT_TAG => FieldError::Rule(format!(
            "Prompt text exceeds max length of {REGISTRY_TAG_VALUE_CHARS_MAX} characters."
        )),
        _ => error,
    })
}
