//! Requests about aliases, which stand for versions.

use super::OneVersion;
use super::check::model_name;
use crate::mlflow::field::{FieldError, Fields, FromFields, check_chars};
use spanwise_model::limit::MODEL_ALIAS_CHARS_MAX;

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
