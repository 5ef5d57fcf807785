//! Registered scorers.

use crate::conformance::{TestStore, assert_fails};
use crate::{NewExperiment, StoreResult};
use spanwise_model::ErrorKind::{InvalidArgument, NotFound};
use spanwise_model::{ExperimentId, LifecycleStage, ScorerVersion};

const DEFAULT: ExperimentId = ExperimentId::DEFAULT;

async fn register(made: &TestStore, name: &str, id: &str) -> StoreResult<ScorerVersion> {
    made.catalog.register_scorer(DEFAULT, name, &format!("\"{id}\""), id).await
}

fn brief(scorers: &[ScorerVersion]) -> Vec<(&str, i64)> {
    scorers.iter().map(|scorer| (scorer.name.as_str(), scorer.version)).collect()
}

/// Registering a name again is its next version; the scorer's id stays.
pub async fn versions_of_a_scorer_are_counted(made: &TestStore) -> StoreResult<()> {
    let first = register(made, "s", "id-1").await?;
    assert_eq!((first.version, first.scorer_id.as_str(), first.serialized.as_str()), (1, "id-1", "\"id-1\""));
    let second = register(made, "s", "id-2").await?;
    assert_eq!(
        (second.version, second.scorer_id.as_str(), second.serialized.as_str()),
        (2, "id-1", "\"id-2\"")
    );
    assert_eq!(made.catalog.scorer_versions(DEFAULT, "s").await?, [first.clone(), second.clone()]);
    assert_eq!(made.catalog.get_scorer(DEFAULT, "s", None).await?, second);
    assert_eq!(made.catalog.get_scorer(DEFAULT, "s", Some(1)).await?, first);
    for (name, version) in [("x", None), ("s", Some(3))] {
        assert_fails(made.catalog.get_scorer(DEFAULT, name, version).await, NotFound);
        assert_fails(made.catalog.delete_scorer(DEFAULT, name, version).await, NotFound);
    }
    assert_fails(made.catalog.scorer_versions(DEFAULT, "x").await, NotFound);
    assert_fails(made.catalog.register_scorer(ExperimentId(77), "s", "{}", "id").await, NotFound);
    Ok(())
}

/// A list has the latest version of each scorer, by experiment and name, of active experiments by default.
pub async fn scorers_are_listed_by_experiment(made: &TestStore) -> StoreResult<()> {
    let experiment = NewExperiment { name: "x".to_owned(), ..NewExperiment::default() };
    let other = made.store.create_experiment(experiment).await?.experiment_id;
    made.catalog.register_scorer(other, "a", "{}", "id-0").await?;
    for (name, id) in [("b", "id-1"), ("a", "id-2"), ("a", "id-3")] {
        register(made, name, id).await?;
    }
    let all = made.catalog.list_scorers(None).await?;
    assert_eq!(brief(&all), [("a", 2), ("b", 1), ("a", 1)]);
    assert_eq!(brief(&made.catalog.list_scorers(Some(&[other])).await?), [("a", 1)]);
    assert_eq!(made.catalog.list_scorers(Some(&[])).await?, []);
    made.store.set_experiment_stage(other, LifecycleStage::Deleted).await?;
    assert_eq!(brief(&made.catalog.list_scorers(None).await?), [("a", 2), ("b", 1)]);
    assert_fails(made.catalog.register_scorer(other, "a", "{}", "id").await, InvalidArgument);
    Ok(())
}

/// The number of a deleted version is not used again; a scorer ends with its last version.
pub async fn versions_are_deleted_one_by_one(made: &TestStore) -> StoreResult<()> {
    for id in ["id-1", "id-2"] {
        register(made, "s", id).await?;
    }
    made.catalog.delete_scorer(DEFAULT, "s", Some(2)).await?;
    assert_eq!(made.catalog.get_scorer(DEFAULT, "s", None).await?.version, 1);
    assert_eq!(register(made, "s", "id-3").await?.version, 3);
    made.catalog.delete_scorer(DEFAULT, "s", Some(1)).await?;
    made.catalog.delete_scorer(DEFAULT, "s", Some(3)).await?;
    assert_fails(made.catalog.get_scorer(DEFAULT, "s", None).await, NotFound);
    let again = register(made, "s", "id-4").await?;
    assert_eq!((again.version, again.scorer_id.as_str()), (1, "id-4"));
    made.catalog.delete_scorer(DEFAULT, "s", None).await?;
    assert_eq!(made.catalog.list_scorers(None).await?, []);
    Ok(())
}

/// A scorer has one configuration, which keeps its id and goes with it.
pub async fn online_scoring_is_kept_by_scorer(made: &TestStore) -> StoreResult<()> {
    let scorer = register(made, "s", "id-1").await?;
    let ids = [scorer.scorer_id.clone(), "absent".to_owned()];
    assert_eq!(made.catalog.online_scoring(&ids).await?, []);
    let first = made.catalog.set_online_scoring(DEFAULT, "s", 0.5, Some("status = 'OK'"), "c-1").await?;
    assert_eq!((first.config_id.as_str(), first.sample_rate, first.experiment_id), ("c-1", 0.5, DEFAULT));
    let second = made.catalog.set_online_scoring(DEFAULT, "s", 0.0, None, "c-2").await?;
    assert_eq!((second.config_id.as_str(), second.sample_rate, &second.filter), ("c-1", 0.0, &None));
    assert_eq!(made.catalog.online_scoring(&ids).await?, [second]);
    assert_fails(made.catalog.set_online_scoring(DEFAULT, "x", 0.5, None, "c").await, NotFound);
    made.catalog.delete_scorer(DEFAULT, "s", None).await?;
    assert_eq!(made.catalog.online_scoring(&ids).await?, []);
    Ok(())
}
