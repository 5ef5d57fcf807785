//! Whether two filters match the same traces.

use super::field::{FieldError, Fields, FromFields};
use serde::Serialize;
use spanwise_model::ExperimentId;

/// `POST traces/calculate-filter-correlation`.
#[derive(Debug, PartialEq, Eq)]
pub struct CorrelateFilters {
    /// Where to look.
    pub experiments: Vec<ExperimentId>,
    /// The filters to compare.
    pub filters: [String; 2],
    /// What all traces must match that are counted; empty = all.
    pub base: String,
}

impl FromFields for CorrelateFilters {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(CorrelateFilters {
            experiments: fields.required("experiment_ids")?,
            filters: [fields.required("filter_string1")?, fields.required("filter_string2")?],
            base: fields.or_default("base_filter")?,
        })
    }
}

/// How many traces match each and both, and what that says.
#[derive(Debug, Serialize)]
pub struct CorrelationResponse {
    /// From -1, never together, to 1, always; absent if a filter matches nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub npmi: Option<f64>,
    /// The same, nearer to 0 the fewer traces there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub npmi_smoothed: Option<f64>,
    /// Traces of the first filter.
    pub filter1_count: u64,
    /// Traces of the second filter.
    pub filter2_count: u64,
    /// Traces of both.
    pub joint_count: u64,
    /// All traces that match the base.
    pub total_count: u64,
}
