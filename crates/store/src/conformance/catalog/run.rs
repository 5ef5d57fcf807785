//! Runs.

use crate::catalog::{MetricSampleQuery, NewRun, RunChange, RunInputs, RunLog, RunQuery};
use crate::conformance::{TestStore, assert_fails, build::texts};
use crate::{LifecycleFilter, NewExperiment, StoreResult};
use serde_json::json;
use spanwise_model::ErrorKind::{InvalidArgument, NotFound};
use spanwise_model::{
    DatasetInput, ExperimentId, LifecycleStage, Metric, ModelOutput, Run, RunDataset, RunId, RunStatus,
};
use spanwise_query::entity::RUN;
use spanwise_query::{parse_entity_filter, parse_entity_order};

const MS: i64 = 1_000_000;

fn id(name: &str) -> RunId {
    RunId(name.to_owned())
}

fn new_run(name: &str) -> NewRun {
    NewRun {
        run_id: id(name),
        experiment_id: ExperimentId::DEFAULT,
        name: format!("name of {name}"),
        user: "ann".to_owned(),
        start_ns: 5 * MS,
        tags: texts([("a", "b")]),
    }
}

fn metric(key: &str, value: f64, timestamp_ms: i64, step: i64) -> Metric {
    Metric { key: key.to_owned(), value, timestamp_ns: timestamp_ms * MS, step }
}

fn metrics(metrics: impl IntoIterator<Item = Metric>) -> RunLog {
    RunLog { metrics: metrics.into_iter().collect(), ..RunLog::default() }
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn input(name: &str, digest: &str, context: &str) -> DatasetInput {
    let dataset = RunDataset {
        name: name.to_owned(),
        digest: digest.to_owned(),
        source_type: "code".to_owned(),
        source: "{}".to_owned(),
        schema: Some("s".to_owned()),
        profile: None,
    };
    DatasetInput { dataset, tags: texts([("mlflow.data.context", context)]) }
}

/// Creating answers the run, whose name is also a tag, and which is then found by its id.
pub async fn a_created_run_is_found(made: &TestStore) -> StoreResult<()> {
    let run = made.catalog.create_run(new_run("r")).await?;
    let expected = Run {
        run_id: id("r"),
        experiment_id: ExperimentId::DEFAULT,
        name: "name of r".to_owned(),
        user: "ann".to_owned(),
        status: RunStatus::Running,
        start_ns: 5 * MS,
        end_ns: None,
        artifact_uri: "mlflow-artifacts:/0/r/artifacts".to_owned(),
        lifecycle_stage: LifecycleStage::Active,
        metrics: Vec::new(),
        params: texts([]),
        tags: texts([("a", "b"), ("mlflow.runName", "name of r")]),
        dataset_inputs: Vec::new(),
        model_inputs: Vec::new(),
        model_outputs: Vec::new(),
    };
    assert_eq!(run, expected);
    assert_eq!(made.catalog.get_run(&id("r")).await?, expected);
    assert_fails(made.catalog.get_run(&id("R")).await, NotFound);
    Ok(())
}

/// A run is made in an experiment that is there and active.
pub async fn a_run_needs_an_active_experiment(made: &TestStore) -> StoreResult<()> {
    let absent = NewRun { experiment_id: ExperimentId(9), ..new_run("r") };
    assert_fails(made.catalog.create_run(absent).await, NotFound);
    let experiment = NewExperiment { name: "x".to_owned(), ..NewExperiment::default() };
    let experiment_id = made.store.create_experiment(experiment).await?.experiment_id;
    made.store.set_experiment_stage(experiment_id, LifecycleStage::Deleted).await?;
    assert_fails(made.catalog.create_run(NewRun { experiment_id, ..new_run("r") }).await, InvalidArgument);
    Ok(())
}

/// A change sets what it names; a new name is also the tag.
pub async fn a_run_can_be_changed(made: &TestStore) -> StoreResult<()> {
    made.catalog.create_run(new_run("r")).await?;
    let ended = RunChange { status: Some(RunStatus::Failed), end_ns: Some(9 * MS), name: None };
    let run = made.catalog.update_run(&id("r"), ended).await?;
    assert_eq!((run.status, run.end_ns, run.name.as_str()), (RunStatus::Failed, Some(9 * MS), "name of r"));
    let renamed = RunChange { name: Some("new".to_owned()), ..RunChange::default() };
    let run = made.catalog.update_run(&id("r"), renamed).await?;
    assert_eq!((run.status, run.end_ns, run.name.as_str()), (RunStatus::Failed, Some(9 * MS), "new"));
    assert_eq!(run.tags["mlflow.runName"], "new");
    assert_eq!(made.catalog.get_run(&id("r")).await?, run);
    assert_fails(made.catalog.update_run(&id("s"), RunChange::default()).await, NotFound);
    Ok(())
}

/// Deleting and restoring change the stage, any number of times.
pub async fn a_run_can_be_deleted_and_restored(made: &TestStore) -> StoreResult<()> {
    made.catalog.create_run(new_run("r")).await?;
    for stage in [LifecycleStage::Deleted, LifecycleStage::Deleted, LifecycleStage::Active] {
        made.catalog.set_run_stage(&id("r"), stage).await?;
        assert_eq!(made.catalog.get_run(&id("r")).await?.lifecycle_stage, stage);
    }
    assert_fails(made.catalog.set_run_stage(&id("s"), LifecycleStage::Deleted).await, NotFound);
    Ok(())
}

/// Runs are deleted and restored with their experiment; one that was deleted before stays so.
pub async fn runs_follow_their_experiment(made: &TestStore) -> StoreResult<()> {
    let experiment = NewExperiment { name: "x".to_owned(), ..NewExperiment::default() };
    let experiment_id = made.store.create_experiment(experiment).await?.experiment_id;
    for name in ["kept", "gone"] {
        made.catalog.create_run(NewRun { experiment_id, ..new_run(name) }).await?;
    }
    made.catalog.set_run_stage(&id("gone"), LifecycleStage::Deleted).await?;
    let stage = async |name| made.catalog.get_run(&id(name)).await.map(|run| run.lifecycle_stage);
    made.store.set_experiment_stage(experiment_id, LifecycleStage::Deleted).await?;
    assert_eq!(stage("kept").await?, LifecycleStage::Deleted);
    made.store.set_experiment_stage(experiment_id, LifecycleStage::Active).await?;
    assert_eq!(stage("kept").await?, LifecycleStage::Active);
    assert_eq!(stage("gone").await?, LifecycleStage::Deleted);
    Ok(())
}

/// Nothing is logged to a deleted run or to one that is not there.
pub async fn a_deleted_run_refuses_writes(made: &TestStore) -> StoreResult<()> {
    made.catalog.create_run(new_run("r")).await?;
    made.catalog.set_run_stage(&id("r"), LifecycleStage::Deleted).await?;
    for (name, kind) in [("r", InvalidArgument), ("s", NotFound)] {
        assert_fails(made.catalog.update_run(&id(name), RunChange::default()).await, kind);
        assert_fails(made.catalog.log_run(&id(name), RunLog::default()).await, kind);
        assert_fails(made.catalog.delete_run_tag(&id(name), "a").await, kind);
        assert_fails(made.catalog.log_run_inputs(&id(name), RunInputs::default()).await, kind);
    }
    Ok(())
}

/// Of a metric's points the largest (step, time, value) is the run's value, whatever the order of arrival.
pub async fn the_latest_value_of_a_metric_is_kept(made: &TestStore) -> StoreResult<()> {
    made.catalog.create_run(new_run("r")).await?;
    let points = [
        metric("m", 1.0, 10, 2),
        metric("first", 0.5, 1, 0),
        metric("m", 9.0, 99, 1),
        metric("m", f64::NAN, 10, 2),
        metric("m", 2.0, 10, 2),
        metric("m", f64::NAN, 10, 2),
        metric("m", 1.5, 10, 2),
        metric("endless", f64::INFINITY, 1, 0),
    ];
    made.catalog.log_run(&id("r"), metrics(points)).await?;
    let found = made.catalog.get_run(&id("r")).await?.metrics;
    assert_eq!(
        found,
        [metric("m", 2.0, 10, 2), metric("first", 0.5, 1, 0), metric("endless", f64::INFINITY, 1, 0)]
    );
    made.catalog.log_run(&id("r"), metrics([metric("m", f64::NAN, 11, 2)])).await?;
    assert!(made.catalog.get_run(&id("r")).await?.metrics[0].value.is_nan());
    Ok(())
}

/// A history has every point once, by (time, step, value); its pages meet without a gap.
pub async fn a_history_is_read_page_by_page(made: &TestStore) -> StoreResult<()> {
    made.catalog.create_run(new_run("r")).await?;
    made.catalog.log_run(&id("r"), metrics((0..7).rev().map(|n| metric("m", 1.0, n / 2, n)))).await?;
    let again = [metric("m", 1.0, 0, 0), metric("m", f64::NAN, 3, 6), metric("m", -1.0, 3, 6)];
    made.catalog.log_run(&id("r"), metrics(again)).await?;
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let page = made.catalog.metric_history(&id("r"), "m", 2, after).await?;
        assert!(page.points.len() <= 2);
        found.extend(page.points.iter().map(|point| (point.timestamp_ns / MS, point.step, point.value)));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let nan = found.iter().filter(|(.., value)| value.is_nan()).count();
    found.retain(|(.., value)| !value.is_nan());
    let expected = [(0, 0), (0, 1), (1, 2), (1, 3), (2, 4), (2, 5)].map(|(time, step)| (time, step, 1.0));
    assert_eq!(found[..6], expected);
    assert_eq!((&found[6..], nan), (&[(3, 6, -1.0), (3, 6, 1.0)][..], 1));
    assert!(made.catalog.metric_history(&id("r"), "x", 2, None).await?.points.is_empty());
    assert_fails(made.catalog.metric_history(&id("s"), "m", 2, None).await, NotFound);
    Ok(())
}

/// A sample of a metric has evenly chosen steps of each run, with the first and the last.
pub async fn a_metric_is_sampled(made: &TestStore) -> StoreResult<()> {
    for name in ["r", "s", "of one step"] {
        made.catalog.create_run(new_run(name)).await?;
    }
    made.catalog.log_run(&id("of one step"), metrics((0..100).map(|n| metric("m", n as f64, n, 0)))).await?;
    made.catalog.log_run(&id("r"), metrics((0..100).map(|n| metric("m", n as f64, n, n)))).await?;
    made.catalog.log_run(&id("s"), metrics([metric("m", 1.0, 1, 50)])).await?;
    let query = |steps| MetricSampleQuery {
        runs: vec![id("s"), id("absent"), id("r")],
        key: "m".to_owned(),
        steps,
        steps_max: 4,
    };
    let steps = async |steps| {
        let points = made.catalog.sample_metric(query(steps)).await?;
        StoreResult::Ok(points.into_iter().map(|(run, point)| (run.0, point.step)).collect::<Vec<_>>())
    };
    let expected = |steps: &[(&str, i64)]| {
        steps.iter().map(|(run, step)| ((*run).to_owned(), *step)).collect::<Vec<_>>()
    };
    assert_eq!(steps(None).await?, expected(&[("s", 50), ("r", 0), ("r", 33), ("r", 66), ("r", 99)]));
    assert_eq!(steps(Some((10, 12))).await?, expected(&[("r", 10), ("r", 11), ("r", 12)]));
    let of_one_step = MetricSampleQuery { runs: vec![id("of one step")], ..query(None) };
    let points = made.catalog.sample_metric(of_one_step).await?;
    assert_eq!(points.iter().map(|(_, point)| point.value).collect::<Vec<_>>(), [0.0, 1.0, 2.0, 3.0]);
    Ok(())
}

/// A parameter is set once; the same value again is fine.
pub async fn parameters_do_not_change(made: &TestStore) -> StoreResult<()> {
    made.catalog.create_run(new_run("r")).await?;
    let params = |value| RunLog { params: pairs(&[("p", value)]), ..RunLog::default() };
    made.catalog.log_run(&id("r"), params("v")).await?;
    made.catalog.log_run(&id("r"), params("v")).await?;
    assert_fails(made.catalog.log_run(&id("r"), params("w")).await, InvalidArgument);
    assert_eq!(made.catalog.get_run(&id("r")).await?.params, texts([("p", "v")]));
    Ok(())
}

/// Of a log that is refused nothing is kept.
pub async fn a_log_is_taken_whole_or_not_at_all(made: &TestStore) -> StoreResult<()> {
    made.catalog.create_run(new_run("r")).await?;
    let log = RunLog {
        metrics: vec![metric("m", 1.0, 1, 1)],
        params: pairs(&[("p", "v"), ("q", "v"), ("p", "w")]),
        tags: pairs(&[("t", "v")]),
        ..RunLog::default()
    };
    assert_fails(made.catalog.log_run(&id("r"), log).await, InvalidArgument);
    let run = made.catalog.get_run(&id("r")).await?;
    assert_eq!((run.metrics.len(), run.params.len(), run.tags.len()), (0, 0, 2));
    Ok(())
}

/// Tags are overwritten and deleted; that of the name renames the run.
pub async fn tags_of_runs_can_be_changed(made: &TestStore) -> StoreResult<()> {
    made.catalog.create_run(new_run("r")).await?;
    let tags = pairs(&[("a", "é"), ("mlflow.runName", "tagged"), ("b", "")]);
    made.catalog.log_run(&id("r"), RunLog { tags, ..RunLog::default() }).await?;
    made.catalog.delete_run_tag(&id("r"), "b").await?;
    assert_fails(made.catalog.delete_run_tag(&id("r"), "b").await, NotFound);
    let run = made.catalog.get_run(&id("r")).await?;
    assert_eq!(run.tags, texts([("a", "é"), ("mlflow.runName", "tagged")]));
    assert_eq!(run.name, "tagged");
    Ok(())
}

/// Items are added to the list in a tag, which is made where there is none.
pub async fn a_tag_can_hold_a_list(made: &TestStore) -> StoreResult<()> {
    made.catalog.create_run(new_run("r")).await?;
    made.catalog.log_run(&id("r"), RunLog { tags: pairs(&[("b", "no list")]), ..RunLog::default() }).await?;
    for (key, item) in [("a", json!({"x": 1})), ("a", json!(2)), ("b", json!("é"))] {
        made.catalog.append_to_run_tag(&id("r"), key, item).await?;
    }
    let tags = made.catalog.get_run(&id("r")).await?.tags;
    assert_eq!((tags["a"].as_str(), tags["b"].as_str()), (r#"[{"x":1},2]"#, r#"["é"]"#));
    assert_fails(made.catalog.append_to_run_tag(&id("none"), "a", json!(1)).await, NotFound);
    made.catalog.set_run_stage(&id("r"), LifecycleStage::Deleted).await?;
    assert_fails(made.catalog.append_to_run_tag(&id("r"), "a", json!(1)).await, InvalidArgument);
    Ok(())
}

/// Inputs and outputs are there once, however often they are logged; runs of an experiment share datasets.
pub async fn inputs_and_outputs_are_kept_once(made: &TestStore) -> StoreResult<()> {
    for name in ["r", "s"] {
        made.catalog.create_run(new_run(name)).await?;
    }
    let inputs = RunInputs {
        datasets: vec![input("d", "1", "eval"), input("d", "2", "train")],
        models: vec!["m-1".to_owned(), "m-2".to_owned()],
        outputs: vec![ModelOutput { model_id: "m-3".to_owned(), step: 7 }],
    };
    for name in ["r", "r", "s"] {
        made.catalog.log_run_inputs(&id(name), inputs.clone()).await?;
    }
    let retagged = RunInputs { datasets: vec![input("d", "1", "test")], ..RunInputs::default() };
    made.catalog.log_run_inputs(&id("s"), retagged).await?;
    let run = made.catalog.get_run(&id("r")).await?;
    assert_eq!(run.dataset_inputs, inputs.datasets);
    assert_eq!(run.model_inputs, inputs.models);
    assert_eq!(run.model_outputs, inputs.outputs);
    let summaries = async || {
        let found = made.catalog.run_datasets(&[ExperimentId::DEFAULT]).await?;
        let brief = |one: crate::catalog::DatasetSummary| (one.digest, one.context.unwrap_or_default());
        StoreResult::Ok(found.into_iter().map(brief).collect::<Vec<_>>())
    };
    let pair = |digest: &str, context: &str| (digest.to_owned(), context.to_owned());
    assert_eq!(summaries().await?, [pair("1", "eval"), pair("1", "test"), pair("2", "train")]);
    made.catalog.set_run_stage(&id("s"), LifecycleStage::Deleted).await?;
    assert_eq!(summaries().await?, [pair("1", "eval"), pair("2", "train")]);
    Ok(())
}

fn query(filter: &str, order: &[&str]) -> RunQuery {
    RunQuery {
        experiments: vec![ExperimentId::DEFAULT],
        lifecycle: LifecycleFilter::Active,
        filter: Some(parse_entity_filter(&RUN, filter).expect("the suite's filters are right")),
        order: parse_entity_order(&RUN, order).expect("the suite's orders are right"),
        limit: 100,
        offset: 0,
    }
}

async fn found(made: &TestStore, query: RunQuery) -> StoreResult<String> {
    let page = made.catalog.find_runs(query).await?;
    Ok(page.runs.into_iter().map(|run| run.run_id.0).collect::<Vec<_>>().join(" "))
}

/// Makes runs `1` to `4`, of which `4` is deleted and started last.
async fn make_some(made: &TestStore) -> StoreResult<()> {
    for n in 1..=4 {
        let name = n.to_string();
        let new = NewRun { start_ns: n * 10 * MS + 1, ..new_run(&name) };
        made.catalog.create_run(NewRun { name: format!("Run {n}"), ..new }).await?;
    }
    let log = RunLog {
        metrics: vec![metric("m", 0.5, 1, 1), metric("a b", 1.0, 1, 1)],
        params: pairs(&[("p", "x")]),
        tags: pairs(&[("t", "red")]),
        ..RunLog::default()
    };
    made.catalog.log_run(&id("1"), log).await?;
    let log = RunLog {
        metrics: vec![metric("m", 2.0, 1, 1)],
        params: pairs(&[("p", "y")]),
        tags: pairs(&[("t", "Red")]),
        ..RunLog::default()
    };
    made.catalog.log_run(&id("2"), log).await?;
    made.catalog.log_run(&id("3"), metrics([metric("m", f64::NAN, 1, 1)])).await?;
    let inputs = RunInputs { datasets: vec![input("d", "1", "eval")], ..RunInputs::default() };
    made.catalog.log_run_inputs(&id("3"), inputs).await?;
    let ended = RunChange { status: Some(RunStatus::Finished), end_ns: Some(99 * MS), name: None };
    made.catalog.update_run(&id("2"), ended).await?;
    made.catalog.set_run_stage(&id("4"), LifecycleStage::Deleted).await
}

/// Every field filters, alone and joined.
pub async fn runs_are_filtered(made: &TestStore) -> StoreResult<()> {
    make_some(made).await?;
    for (filter, expected) in [
        ("", "3 2 1"),
        ("run_id = '2'", "2"),
        ("attributes.run_id IN ('1', '3', '4')", "3 1"),
        ("run_id NOT IN ('1', '3')", "2"),
        ("run_name LIKE 'Run%' AND run_name != 'Run 2'", "3 1"),
        ("run_name ILIKE '%RUN 1'", "1"),
        ("status = 'FINISHED'", "2"),
        ("user_id = 'ann'", "3 2 1"),
        ("artifact_uri LIKE '%/2/artifacts'", "2"),
        ("start_time > 10 AND start_time <= 20", "2"),
        ("start_time = 10", "1"),
        ("end_time < 100", "2"),
        ("NOT end_time < 100", "3 1"),
        ("metrics.m > 0.5", "2"),
        ("metrics.m >= 0.5", "2 1"),
        ("metrics.`a b` = 1", "1"),
        ("metrics.m != 2", "1"),
        ("params.p = 'x'", "1"),
        ("params.p != 'x'", "2"),
        ("params.p IS NULL", "3"),
        ("params.p IS NOT NULL", "2 1"),
        ("tags.t ILIKE 'red'", "2 1"),
        ("tags.t LIKE 'r%'", "1"),
        ("tags.t IN ('red', 'blue')", "1"),
        ("datasets.name = 'd'", "3"),
        ("datasets.context IN ('eval')", "3"),
        ("datasets.digest = '2'", ""),
        ("params.p = 'x' OR datasets.name = 'd'", "3 1"),
        ("NOT (params.p = 'x' OR datasets.name = 'd')", "2"),
    ] {
        assert_eq!(found(made, query(filter, &[])).await?, expected, "{filter}");
    }
    let deleted = RunQuery { lifecycle: LifecycleFilter::Deleted, ..query("", &[]) };
    assert_eq!(found(made, deleted).await?, "4");
    let all = RunQuery { lifecycle: LifecycleFilter::All, ..query("", &[]) };
    assert_eq!(found(made, all).await?, "4 3 2 1");
    let elsewhere = RunQuery { experiments: vec![ExperimentId(7)], ..query("", &[]) };
    assert_eq!(found(made, elsewhere).await?, "");
    Ok(())
}

/// A search is ordered as asked, absent values last, newest first by default, and says whether more follow.
pub async fn runs_are_ordered_and_paged(made: &TestStore) -> StoreResult<()> {
    make_some(made).await?;
    for (order, expected) in [
        (&["start_time"][..], "1 2 3"),
        (&["run_name DESC"], "3 2 1"),
        (&["metrics.m"], "1 2 3"),
        (&["metrics.m DESC"], "2 1 3"),
        (&["params.p DESC", "run_id"], "2 1 3"),
        (&["tags.t"], "2 1 3"),
        (&["end_time DESC"], "2 3 1"),
        (&["status", "start_time ASC"], "2 1 3"),
    ] {
        assert_eq!(found(made, query("", order)).await?, expected, "{order:?}");
    }
    let page = |offset| RunQuery { limit: 2, offset, ..query("", &[]) };
    let first = made.catalog.find_runs(page(0)).await?;
    assert_eq!((first.runs.len(), first.has_more), (2, true));
    assert_eq!(first.runs[1].metrics, [metric("m", 2.0, 1, 1)]);
    assert_eq!(first.runs[0].dataset_inputs.len(), 1);
    let last = made.catalog.find_runs(page(2)).await?;
    assert_eq!((last.runs.len(), last.has_more), (1, false));
    assert_eq!(last.runs[0].params, texts([("p", "x")]));
    Ok(())
}
