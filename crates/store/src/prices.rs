//! Changes of the prices that spans are priced with.

use spanwise_genai::prices::{Override, ReadList};
use spanwise_model::ExperimentId;

/// A change of the prices in force.
#[derive(Debug)]
pub enum PriceChange {
    /// Puts a list over the built-in one; the list before it is gone.
    Update(Box<ReadList>),
    /// Goes back to the built-in list. Overrides stay.
    Reset,
    /// Sets the prices of a model; others for the same model, provider and experiment are replaced.
    Set(Override),
    /// Removes an override. One that is not there is `NotFound`.
    Unset {
        /// The experiment; `None` for that of all.
        experiment: Option<ExperimentId>,
        /// The provider; `None` for that of any.
        provider: Option<String>,
        /// The model.
        model: String,
    },
}
