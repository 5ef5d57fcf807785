//! Which version of which dataset a run read.

use crate::App;
use serde_json::Value;
use spanwise_api_types::native::RunDataset;
use spanwise_model::{ErrorKind, Run};
use spanwise_store::StoreResult;
use spanwise_store::catalog::dataset_digest;

/// Returns the datasets of a run, each with the dataset here and the version of it that the run read, as far as that is known.
pub(in crate::native) async fn resolve_datasets(app: &App, run: &Run) -> StoreResult<Vec<RunDataset>> {
    let mut found = Vec::with_capacity(run.dataset_inputs.len());
    for input in &run.dataset_inputs {
        let described = &input.dataset;
        let dataset_id = source_id(&described.source);
        let newest = match &dataset_id {
            Some(id) => match app.catalog.get_dataset(id).await {
                Ok(dataset) => Some(dataset.version),
                Err(error) if error.kind() == ErrorKind::NotFound => None,
                Err(error) => return Err(error),
            },
            None => None,
        };
        let dataset_id = dataset_id.filter(|_| newest.is_some());
        let version = dataset_id.as_ref().zip(newest).and_then(|(id, newest)| {
            // The newest first: most runs are of one of the last.
            (0..=newest).rev().find(|version| dataset_digest(id, *version) == described.digest)
        });
        found.push(RunDataset {
            name: described.name.clone(),
            digest: described.digest.clone(),
            dataset_id,
            version,
        });
    }
    Ok(found)
}

/// Returns the id of a dataset out of what MLflow's client says of where it came from.
fn source_id(source: &str) -> Option<String> {
    let source: Value = serde_json::from_str(source).ok()?;
    source.get("dataset_id")?.as_str().map(str::to_owned)
}
