//! The prices in force: one list, overrides for all experiments, and overrides of single ones.

use super::list::{Origin, PriceList, Row, check_name};
use super::provider::canonical;
use super::rates::{PriceError, Prices};
use super::table::{Layer, PriceTable};
use spanwise_model::ExperimentId;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Overrides that there may be at one time.
pub const OVERRIDES_MAX: usize = 10_000;

/// Prices that somebody set for a model, which win over every list.
#[derive(Debug, Clone, PartialEq)]
pub struct Override {
    /// The experiment; `None` for all.
    pub experiment: Option<ExperimentId>,
    /// The model and its prices; its provider is empty if they hold for any.
    pub row: Arc<Row>,
}

impl Override {
    /// Makes an override of a model, at one provider or any.
    ///
    /// # Errors
    /// A name is empty or too long.
    pub fn new(
        experiment: Option<ExperimentId>,
        provider: Option<&str>,
        model: &str,
        prices: Prices,
    ) -> Result<Override, PriceError> {
        check_name("model", model.trim())?;
        if let Some(provider) = provider {
            check_name("provider", provider.trim())?;
        }
        let origin = match experiment {
            Some(_) => Origin::ExperimentOverride,
            None => Origin::Override,
        };
        let row = Row {
            provider: provider.map_or_else(|| "".into(), |provider| (*canonical(provider)).into()),
            model: model.trim().into(),
            alias_of: None,
            prices: Arc::new(prices),
            origin,
        };
        Ok(Override { experiment, row: Arc::new(row) })
    }

    /// Returns whether two are for the same model, provider and experiment.
    pub fn is_same(&self, other: &Override) -> bool {
        self.experiment == other.experiment
            && self.row.provider == other.row.provider
            && self.row.model.to_lowercase() == other.row.model.to_lowercase()
    }
}

/// The table of each experiment.
#[derive(Debug)]
pub struct PriceBook {
    overrides: Vec<Override>,
    general: PriceTable,
    experiments: BTreeMap<ExperimentId, PriceTable>,
}

impl PriceBook {
    /// Makes the book of a list and overrides.
    pub fn new(list: Arc<PriceList>, overrides: Vec<Override>) -> Self {
        let mut layers: BTreeMap<Option<ExperimentId>, Layer> = BTreeMap::new();
        for entry in &overrides {
            layers.entry(entry.experiment).or_default().add(entry);
        }
        let general = Arc::new(layers.remove(&None).unwrap_or_default());
        let table =
            |own: Layer| PriceTable::new(Arc::clone(&list), vec![Arc::new(own), Arc::clone(&general)]);
        let experiments = layers.into_iter().filter_map(|(id, own)| Some((id?, table(own)))).collect();
        PriceBook { general: PriceTable::new(list, vec![general]), experiments, overrides }
    }

    /// Returns the book that has only the built-in list.
    pub fn built_in() -> PriceBook {
        PriceBook::new(PriceList::built_in(), Vec::new())
    }

    /// Returns the prices of experiments that have none of their own.
    pub fn general(&self) -> &PriceTable {
        &self.general
    }

    /// Returns the prices of an experiment.
    pub fn of(&self, experiment: ExperimentId) -> &PriceTable {
        self.own(experiment).unwrap_or(&self.general)
    }

    /// Returns the prices of an experiment, if one is known.
    pub fn of_some(&self, experiment: Option<ExperimentId>) -> &PriceTable {
        experiment.map_or(&self.general, |id| self.of(id))
    }

    /// Returns the prices of an experiment that has some of its own.
    pub fn own(&self, experiment: ExperimentId) -> Option<&PriceTable> {
        self.experiments.get(&experiment)
    }

    /// Returns whether any experiment has prices of its own.
    pub fn has_own(&self) -> bool {
        !self.experiments.is_empty()
    }

    /// Returns all overrides.
    pub fn overrides(&self) -> &[Override] {
        &self.overrides
    }

    /// Returns the list under the overrides.
    pub fn list(&self) -> &Arc<PriceList> {
        self.general.list()
    }
}
