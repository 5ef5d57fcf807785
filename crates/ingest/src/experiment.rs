//! Which experiment spans belong to: the one named explicitly, else the one their resource asks for, else the default.

use crate::IngestError;
use lru::LruCache;
use spanwise_model::limit::{DERIVED_EXPERIMENTS_MAX, EXPERIMENT_NAME_CHARS_MAX};
use spanwise_model::{ErrorKind, ExperimentChoice, ExperimentId, ExperimentSource};
use spanwise_store::{Store, StoreError, StoreResult};
use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Names and ids that are remembered.
const ENTRIES_MAX: NonZeroUsize = NonZeroUsize::new(2_048).expect("not zero");
/// How long a name is remembered; after a rename, spans follow it within this time.
const REMEMBER: Duration = Duration::from_secs(5);

const DEFAULT: ExperimentChoice =
    ExperimentChoice { experiment_id: ExperimentId::DEFAULT, source: ExperimentSource::Default };

/// Remembers which experiments exist, so that a batch of spans asks the store nothing.
pub(crate) struct ExperimentCache {
    known: Mutex<LruCache<ExperimentId, ()>>,
    names: Mutex<LruCache<Box<str>, (ExperimentChoice, Instant)>>,
}

impl ExperimentCache {
    pub(crate) fn new() -> Self {
        ExperimentCache {
            known: Mutex::new(LruCache::new(ENTRIES_MAX)),
            names: Mutex::new(LruCache::new(ENTRIES_MAX)),
        }
    }

    /// Returns the experiment that a request names by its id; it must exist.
    pub(crate) async fn explicit(
        &self,
        store: &dyn Store,
        id: &str,
    ) -> Result<ExperimentChoice, IngestError> {
        let experiment_id: ExperimentId = id.trim().parse()?;
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&experiment_id).is_some();
        if !known {
            store.get_experiment(experiment_id).await.map_err(|error| unknown(error, experiment_id))?;
            // Experiments are never removed for good, so this stays true.
            self.known.lock().unwrap_or_else(PoisonError::into_inner).put(experiment_id, ());
        }
        Ok(ExperimentChoice { experiment_id, source: ExperimentSource::Explicit })
    }

    /// Returns the experiment that a resource asks for by name, making it on first sight.
    pub(crate) async fn derived(
        &self,
        store: &dyn Store,
        name: Option<&str>,
    ) -> StoreResult<ExperimentChoice> {
        let Some(name) = name.filter(|name| name.chars().count() <= EXPERIMENT_NAME_CHARS_MAX) else {
            return Ok(DEFAULT);
        };
        if let Some(choice) = self.remembered(name) {
            return Ok(choice);
        }
        let choice = match store.ensure_experiment(name, DERIVED_EXPERIMENTS_MAX).await {
            Ok(experiment) => ExperimentChoice {
                experiment_id: experiment.experiment_id,
                source: ExperimentSource::Resource,
            },
            // Too many services, or a name that no experiment can have: the spans are kept all the same.
            Err(error) if matches!(error.kind(), ErrorKind::Exhausted | ErrorKind::InvalidArgument) => {
                tracing::debug!(experiment.name = name, "spans go to the default experiment: {error}");
                DEFAULT
            }
            Err(error) => return Err(error),
        };
        self.names.lock().unwrap_or_else(PoisonError::into_inner).put(name.into(), (choice, Instant::now()));
        Ok(choice)
    }

    fn remembered(&self, name: &str) -> Option<ExperimentChoice> {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let (choice, since) = names.get(name)?;
        (since.elapsed() < REMEMBER).then_some(*choice)
    }
}

/// Gives an unknown experiment MLflow's words, whatever the engine called it.
fn unknown(error: StoreError, id: ExperimentId) -> IngestError {
    match error.kind() {
        ErrorKind::NotFound => StoreError::not_found(format!("No Experiment with id={id} exists")).into(),
        _ => error.into(),
    }
}
