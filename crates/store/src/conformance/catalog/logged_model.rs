//! Logged models.

use crate::catalog::{LoggedModelQuery, NewLoggedModel, NewRun, RunLog};
use crate::conformance::{TestStore, assert_fails, build::texts};
use crate::{NewExperiment, StoreResult};
use spanwise_model::ErrorKind::{InvalidArgument, NotFound};
use spanwise_model::{ExperimentId, LifecycleStage, Metric, ModelMetric, ModelStatus, RunId};
use spanwise_query::entity::LOGGED_MODEL;
use spanwise_query::{parse_entity_filter, parse_entity_order};

fn new_model(id: &str) -> NewLoggedModel {
    NewLoggedModel {
        model_id: id.to_owned(),
        experiment_id: ExperimentId::DEFAULT,
        name: format!("name of {id}"),
        model_type: "agent".to_owned(),
        source_run_id: "r".to_owned(),
        params: texts([("p", id)]),
        tags: texts([("t", "v")]),
    }
}

fn measured(model_id: &str, key: &str, value: f64, step: i64, dataset: (&str, &str)) -> ModelMetric {
    let metric = Metric { key: key.to_owned(), value, timestamp_ns: 1, step };
    let dataset = (dataset.0.to_owned(), dataset.1.to_owned());
    ModelMetric { model_id: model_id.to_owned(), metric, run_id: RunId("r".to_owned()), dataset }
}

async fn log(made: &TestStore, metrics: impl IntoIterator<Item = ModelMetric>) -> StoreResult<()> {
    let log = RunLog { model_metrics: metrics.into_iter().collect(), ..RunLog::default() };
    made.catalog.log_run(&RunId("r".to_owned()), log).await
}

async fn make_run(made: &TestStore) -> StoreResult<()> {
    let new = NewRun {
        run_id: RunId("r".to_owned()),
        experiment_id: ExperimentId::DEFAULT,
        name: "r".to_owned(),
        user: String::new(),
        start_ns: 0,
        tags: texts([]),
    };
    made.catalog.create_run(new).await.map(drop)
}

/// Creating answers the model, which is then found by its id.
pub async fn a_created_model_is_found(made: &TestStore) -> StoreResult<()> {
    let model = made.catalog.create_logged_model(new_model("m")).await?;
    assert_eq!((model.status, model.lifecycle_stage), (ModelStatus::Pending, LifecycleStage::Active));
    assert_eq!(model.artifact_uri, "mlflow-artifacts:/0/models/m/artifacts");
    assert_eq!((model.name.as_str(), model.model_type.as_str()), ("name of m", "agent"));
    assert_eq!((&model.params, &model.tags), (&texts([("p", "m")]), &texts([("t", "v")])));
    assert_eq!(made.catalog.get_logged_model("m").await?, model);
    assert_fails(made.catalog.get_logged_model("n").await, NotFound);
    let absent = NewLoggedModel { experiment_id: ExperimentId(9), ..new_model("n") };
    assert_fails(made.catalog.create_logged_model(absent).await, NotFound);
    let experiment = NewExperiment { name: "x".to_owned(), ..NewExperiment::default() };
    let experiment_id = made.store.create_experiment(experiment).await?.experiment_id;
    made.store.set_experiment_stage(experiment_id, LifecycleStage::Deleted).await?;
    let deleted = NewLoggedModel { experiment_id, ..new_model("n") };
    assert_fails(made.catalog.create_logged_model(deleted).await, InvalidArgument);
    Ok(())
}

/// Status, parameters and tags of an active model can be set; a deleted one is only read.
pub async fn a_model_can_be_changed_and_deleted(made: &TestStore) -> StoreResult<()> {
    made.catalog.create_logged_model(new_model("m")).await?;
    let ready = made.catalog.finalize_logged_model("m", ModelStatus::Ready).await?;
    assert_eq!(ready.status, ModelStatus::Ready);
    assert!(ready.last_updated_ns >= ready.created_ns);
    made.catalog.log_logged_model("m", texts([("q", "1")]), texts([("t", "w"), ("u", "x")])).await?;
    made.catalog.delete_logged_model_tag("m", "u").await?;
    assert_fails(made.catalog.delete_logged_model_tag("m", "u").await, NotFound);
    let model = made.catalog.get_logged_model("m").await?;
    assert_eq!((model.params, model.tags), (texts([("p", "m"), ("q", "1")]), texts([("t", "w")])));
    made.catalog.delete_logged_model("m").await?;
    assert_eq!(made.catalog.get_logged_model("m").await?.lifecycle_stage, LifecycleStage::Deleted);
    for id in ["m", "n"] {
        assert_fails(made.catalog.delete_logged_model(id).await, NotFound);
        assert_fails(made.catalog.finalize_logged_model(id, ModelStatus::Ready).await, NotFound);
        assert_fails(made.catalog.log_logged_model(id, texts([]), texts([])).await, NotFound);
    }
    Ok(())
}

/// What runs measure of a model is kept, the latest of each metric on each dataset.
pub async fn metrics_of_a_model_are_kept_by_dataset(made: &TestStore) -> StoreResult<()> {
    make_run(made).await?;
    made.catalog.create_logged_model(new_model("m")).await?;
    let all = [
        measured("m", "a", 1.0, 2, ("", "")),
        measured("m", "a", 9.0, 1, ("", "")),
        measured("m", "a", 3.0, 1, ("d", "1")),
        measured("m", "a", f64::NAN, 3, ("d", "2")),
        measured("absent", "a", 1.0, 1, ("", "")),
    ];
    log(made, all).await?;
    let found = made.catalog.get_logged_model("m").await?.metrics;
    assert_eq!(found[..2], [measured("m", "a", 1.0, 2, ("", "")), measured("m", "a", 3.0, 1, ("d", "1"))]);
    assert!(found[2].metric.value.is_nan());
    Ok(())
}

async fn found(
    made: &TestStore,
    filter: &str,
    order: &[&str],
    datasets: &[(&str, &str)],
) -> StoreResult<String> {
    let dataset = |(name, digest): &(&str, &str)| {
        ((*name).to_owned(), Some((*digest).to_owned()).filter(|digest| !digest.is_empty()))
    };
    let query = LoggedModelQuery {
        experiments: vec![ExperimentId::DEFAULT],
        filter: Some(parse_entity_filter(&LOGGED_MODEL, filter).expect("the suite's filters are right")),
        datasets: datasets.iter().map(dataset).collect(),
        order: parse_entity_order(&LOGGED_MODEL, order).expect("the suite's orders are right"),
        limit: 2,
        offset: 0,
    };
    let page = made.catalog.find_logged_models(query).await?;
    let more = if page.has_more { " …" } else { "" };
    Ok(page.models.into_iter().map(|model| model.model_id).collect::<Vec<_>>().join(" ") + more)
}

/// Every field filters and orders; metrics can be held to some datasets.
pub async fn models_are_filtered_ordered_and_paged(made: &TestStore) -> StoreResult<()> {
    make_run(made).await?;
    for id in ["1", "2", "3", "4"] {
        made.catalog.create_logged_model(new_model(id)).await?;
    }
    made.catalog.finalize_logged_model("2", ModelStatus::Ready).await?;
    made.catalog.delete_logged_model("4").await?;
    let all = [
        measured("1", "a", 1.0, 1, ("", "")),
        measured("2", "a", 2.0, 1, ("d", "x")),
        measured("3", "a", 3.0, 1, ("d", "y")),
    ];
    log(made, all).await?;
    for (filter, order, datasets, expected) in [
        ("", &[][..], &[][..], "3 2 …"),
        ("", &["creation_time ASC"], &[], "1 2 …"),
        ("name = 'name of 1'", &[], &[], "1"),
        ("model_id IN ('1', '3')", &[], &[], "3 1"),
        ("status = 'READY'", &[], &[], "2"),
        ("source_run_id = 'r' AND model_type != 'agent'", &[], &[], ""),
        ("creation_timestamp > 0 AND params.p = '3'", &[], &[], "3"),
        ("tags.t = 'v' AND NOT tags.u IS NULL", &[], &[], ""),
        ("metrics.a > 1", &["metrics.a DESC"], &[], "3 2"),
        ("metrics.a > 1", &[], &[("d", "x")], "2"),
        ("metrics.a > 0", &[], &[("d", "")], "3 2"),
        ("experiment_id = '0'", &["metrics.a ASC"], &[("d", "y"), ("e", "")], "3 2 …"),
    ] {
        let ids = found(made, filter, order, datasets).await?;
        assert_eq!(ids, expected, "{filter} {order:?} {datasets:?}");
    }
    Ok(())
}
