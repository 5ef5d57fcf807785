//! What another store has, taken over as it is.

use crate::catalog::{ImportItem, Imported};
use crate::conformance::{TestStore, assert_fails};
use crate::{NewExperiment, StoreResult};
use serde_json::{Map, Value, json};
use spanwise_model::ErrorKind::{AlreadyExists, NotFound};
use spanwise_model::{
    Dataset, DatasetRecord, Experiment, ExperimentId, LifecycleStage, Metric, ModelStage, ModelVersion,
    RegisteredModel, Run, RunId, RunStatus, ScorerVersion,
};
use std::collections::BTreeMap;

fn texts(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn experiment(id: i64, name: &str) -> Experiment {
    Experiment {
        experiment_id: ExperimentId(id),
        name: name.to_owned(),
        artifact_location: String::new(),
        lifecycle_stage: LifecycleStage::Active,
        created_ns: 1_000 + id,
        last_updated_ns: 2_000,
        tags: texts(&[("team", "a")]),
    }
}

fn run(id: &str, experiment_id: ExperimentId) -> Run {
    Run {
        run_id: RunId(id.to_owned()),
        experiment_id,
        name: "calm-fox".to_owned(),
        user: "ada".to_owned(),
        status: RunStatus::Finished,
        start_ns: 5,
        end_ns: Some(9),
        artifact_uri: "s3://bucket/x".to_owned(),
        lifecycle_stage: LifecycleStage::Deleted,
        metrics: Vec::new(),
        params: texts(&[("depth", "3")]),
        tags: texts(&[("mlflow.runName", "calm-fox")]),
        dataset_inputs: Vec::new(),
        model_inputs: vec!["m-1".to_owned()],
        model_outputs: Vec::new(),
    }
}

async fn import(made: &TestStore, items: Vec<ImportItem>) -> StoreResult<Vec<StoreResult<Imported>>> {
    made.catalog.import_items(items).await
}

/// Imports one item that must be taken.
async fn take(made: &TestStore, item: ImportItem) -> StoreResult<Imported> {
    import(made, vec![item]).await?.remove(0)
}

/// An experiment keeps its id if that is free, is found again, and else becomes the one of its name or a new one.
pub async fn an_experiment_keeps_its_id_where_it_can(made: &TestStore) -> StoreResult<()> {
    let taken = NewExperiment { name: "here".to_owned(), ..NewExperiment::default() };
    let here = made.store.create_experiment(taken).await?.experiment_id;
    let default = Experiment { name: "Default".to_owned(), ..experiment(0, "") };
    let taken_as = |id: ExperimentId, name: &str| Imported::Experiment(id, name.to_owned());
    for _ in 0..2 {
        let done = take(made, ImportItem::Experiment(experiment(7, "shop"))).await?;
        assert_eq!(done, taken_as(ExperimentId(7), "shop"));
        let done = take(made, ImportItem::Experiment(default.clone())).await?;
        assert_eq!(done, taken_as(ExperimentId::DEFAULT, "Default"));
        let done = take(made, ImportItem::Experiment(experiment(9, "here"))).await?;
        assert_eq!(done, taken_as(here, "here"));
        let done = take(made, ImportItem::Experiment(experiment(here.0, "new"))).await?;
        assert_eq!(done, taken_as(ExperimentId(8), "new"));
    }
    let shop = made.store.get_experiment(ExperimentId(7)).await?;
    assert_eq!(
        shop,
        Experiment { artifact_location: "mlflow-artifacts:/7".to_owned(), ..experiment(7, "shop") }
    );
    assert_eq!(made.store.get_experiment(ExperimentId::DEFAULT).await?.created_ns, 1_000);
    let found = made.store.get_experiment(here).await?;
    assert_eq!(found.tags, texts(&[("team", "a")]));
    assert_ne!(found.created_ns, 1_009, "one of the same name stays what it is");
    let renamed = Experiment { lifecycle_stage: LifecycleStage::Deleted, ..experiment(7, "store") };
    assert_eq!(take(made, ImportItem::Experiment(renamed)).await?, taken_as(ExperimentId(7), "store"));
    let refused = take(made, ImportItem::Experiment(experiment(11, "store"))).await;
    assert_fails(refused, AlreadyExists);
    Ok(())
}

/// A run comes with its id, times and state; the same again changes nothing, and metrics keep their history.
pub async fn a_run_is_taken_over_as_it_is(made: &TestStore) -> StoreResult<()> {
    let points = vec![
        Metric { key: "loss".to_owned(), value: 2.0, timestamp_ns: 1, step: 0 },
        Metric { key: "loss".to_owned(), value: 1.0, timestamp_ns: 2, step: 1 },
    ];
    let wanted = run("r-1", ExperimentId::DEFAULT);
    for _ in 0..2 {
        let items = vec![
            ImportItem::Run(Box::new(wanted.clone())),
            ImportItem::Metrics { run_id: wanted.run_id.clone(), points: points.clone() },
            ImportItem::Metrics { run_id: RunId("r-2".to_owned()), points: points.clone() },
            ImportItem::Run(Box::new(run("r-3", ExperimentId(77)))),
        ];
        let mut done = import(made, items).await?;
        assert_fails(done.remove(3), NotFound);
        assert_fails(done.remove(2), NotFound);
        let taken = made.catalog.get_run(&wanted.run_id).await?;
        assert_eq!(taken, Run { metrics: vec![points[1].clone()], ..wanted.clone() });
        let history = made.catalog.metric_history(&wanted.run_id, "loss", 10, None).await?;
        assert_eq!(history.points, points);
    }
    let later = Run { status: RunStatus::Failed, tags: texts(&[("k", "v")]), ..wanted.clone() };
    take(made, ImportItem::Run(Box::new(later))).await?;
    let taken = made.catalog.get_run(&wanted.run_id).await?;
    assert_eq!(
        (taken.status, taken.tags),
        (RunStatus::Failed, texts(&[("k", "v"), ("mlflow.runName", "calm-fox")]))
    );
    Ok(())
}

/// A dataset comes with its times; records that are there already make no new version.
pub async fn a_dataset_is_taken_over_as_it_is(made: &TestStore) -> StoreResult<()> {
    let dataset = Dataset {
        dataset_id: "d-1".to_owned(),
        name: "golden".to_owned(),
        tags: texts(&[("k", "v")]),
        experiments: vec![ExperimentId::DEFAULT],
        schema: Some(json!({"inputs": {"q": "string"}})),
        record_count: 0,
        version: 0,
        digest: String::new(),
        created_ns: 3,
        last_updated_ns: 4,
        created_by: Some("ada".to_owned()),
        last_updated_by: None,
        mapping: None,
    };
    let record = |id: &str, question: &str| DatasetRecord {
        record_id: id.to_owned(),
        inputs: Map::from_iter([("q".to_owned(), Value::from(question))]),
        outputs: Some(json!("yes")),
        expectations: Map::new(),
        tags: Map::new(),
        source: None,
        since: 1,
        created_ns: 5,
        last_updated_ns: 6,
        created_by: None,
        last_updated_by: None,
    };
    let records = vec![record("dr-1", "a"), record("dr-2", "b")];
    for _ in 0..2 {
        take(made, ImportItem::Dataset(dataset.clone())).await?;
        let item = ImportItem::Records { dataset_id: "d-1".to_owned(), records: records.clone() };
        take(made, item).await?;
        let taken = made.catalog.get_dataset("d-1").await?;
        let digest = taken.digest.clone();
        assert_eq!(taken, Dataset { record_count: 2, version: 1, digest, ..dataset.clone() });
        assert_eq!(made.catalog.find_records("d-1", None, 10, None).await?.records, records);
    }
    let changed = DatasetRecord { outputs: None, ..record("dr-9", "b") };
    let item = ImportItem::Records { dataset_id: "d-1".to_owned(), records: vec![changed.clone()] };
    take(made, item).await?;
    let now = made.catalog.find_records("d-1", None, 10, None).await?.records;
    assert_eq!(now[1], DatasetRecord { record_id: "dr-2".to_owned(), since: 2, ..changed });
    assert_eq!(made.catalog.get_dataset("d-1").await?.version, 2);
    Ok(())
}

/// Versions of prompts and scorers keep their numbers, and the next one counts on from the largest.
pub async fn versions_keep_their_numbers(made: &TestStore) -> StoreResult<()> {
    let model = RegisteredModel {
        name: "greet".to_owned(),
        created_ns: 1,
        last_updated_ns: 2,
        description: Some("hello".to_owned()),
        tags: texts(&[("k", "v")]),
        aliases: BTreeMap::new(),
        latest_versions: Vec::new(),
    };
    let version = ModelVersion {
        name: "greet".to_owned(),
        version: 3,
        created_ns: 4,
        last_updated_ns: 5,
        stage: ModelStage::Staging,
        description: None,
        source: "s".to_owned(),
        storage_location: "l".to_owned(),
        run_id: String::new(),
        run_link: String::new(),
        model_id: String::new(),
        tags: texts(&[("mlflow.prompt.text", "Hi")]),
        aliases: vec!["best".to_owned()],
    };
    let scorer = ScorerVersion {
        scorer_id: "s-1".to_owned(),
        experiment_id: ExperimentId::DEFAULT,
        name: "tone".to_owned(),
        version: 4,
        serialized: "{}".to_owned(),
        created_ns: 8,
    };
    for _ in 0..2 {
        take(made, ImportItem::RegisteredModel(model.clone())).await?;
        take(made, ImportItem::ModelVersion(Box::new(version.clone()))).await?;
        take(made, ImportItem::ScorerVersion(scorer.clone())).await?;
        assert_eq!(made.catalog.get_model_version("greet", 3).await?, version);
        let found = made.catalog.get_registered_model("greet").await?;
        assert_eq!((found.last_updated_ns, found.aliases.get("best")), (2, Some(&3)));
        assert_eq!(
            made.catalog.scorer_versions(ExperimentId::DEFAULT, "tone").await?,
            std::slice::from_ref(&scorer)
        );
    }
    let next = made.catalog.register_scorer(ExperimentId::DEFAULT, "tone", "{}", "s-2").await?;
    assert_eq!((next.version, next.scorer_id.as_str()), (5, "s-1"));
    let new = crate::catalog::NewModelVersion {
        name: "greet".to_owned(),
        source: "s".to_owned(),
        ..Default::default()
    };
    assert_eq!(made.catalog.create_model_version(new).await?.version, 4);
    Ok(())
}
