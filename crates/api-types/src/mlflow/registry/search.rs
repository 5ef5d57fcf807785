//! Searches of registered models and of versions.

use crate::mlflow::experiment::page_size;
use crate::mlflow::field::{FieldError, Fields, FromFields};

/// Page size of a search of registered models that names none.
const MODELS_PER_PAGE: i64 = 100;
/// Largest page of a search of registered models.
const MODELS_PER_PAGE_MAX: i64 = 1_000;
/// Largest page of a search of versions, and that of a search that names none.
const VERSIONS_PER_PAGE_MAX: i64 = 200_000;

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
