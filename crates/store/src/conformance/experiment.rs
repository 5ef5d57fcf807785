//! Experiments.

use super::build::{at_ms, span, spans_of, start, texts, trace_id};
use super::{assert_fails, build};
use crate::{ExperimentQuery, LifecycleFilter, NewExperiment, Store, StoreResult};
use spanwise_model::ErrorKind::{AlreadyExists, Exhausted, InvalidArgument, NotFound};
use spanwise_model::{ExperimentId, LifecycleStage};
use spanwise_query::entity::EXPERIMENT;
use spanwise_query::{EntityOrderBy, parse_entity_filter, parse_entity_order};

const ABSENT: ExperimentId = ExperimentId(999);

fn named(name: &str) -> NewExperiment {
    NewExperiment { name: name.to_owned(), ..NewExperiment::default() }
}

/// Experiment 0 is there from the start, is called `Default`, and the first created one is 1.
pub async fn the_default_experiment_exists(store: &dyn Store) -> StoreResult<()> {
    let default = store.get_experiment(ExperimentId::DEFAULT).await?;
    assert_eq!(default.name, "Default");
    assert_eq!(default.artifact_location, "mlflow-artifacts:/0");
    assert_eq!(default.lifecycle_stage, LifecycleStage::Active);
    assert_eq!(store.create_experiment(named("a")).await?.experiment_id, ExperimentId(1));
    Ok(())
}

/// Creating answers the experiment, which is then found by id and by name.
pub async fn a_created_experiment_is_found(store: &dyn Store) -> StoreResult<()> {
    let plain = store.create_experiment(named("plain")).await?;
    assert_eq!(plain.artifact_location, format!("mlflow-artifacts:/{}", plain.experiment_id));
    assert_eq!(plain.lifecycle_stage, LifecycleStage::Active);
    assert_eq!(plain.created_ns, plain.last_updated_ns);
    assert!(plain.created_ns > 0);
    let full = NewExperiment {
        name: "full".to_owned(),
        artifact_location: Some("s3://bucket/x".to_owned()),
        tags: texts([("team", "a"), ("é", "")]),
    };
    let full = store.create_experiment(full).await?;
    assert_eq!(full.artifact_location, "s3://bucket/x");
    assert_eq!(full.tags, texts([("team", "a"), ("é", "")]));
    for experiment in [plain, full] {
        assert_eq!(store.get_experiment(experiment.experiment_id).await?, experiment);
        assert_eq!(store.find_experiment_by_name(&experiment.name).await?, Some(experiment));
    }
    assert_eq!(store.find_experiment_by_name("Plain").await?, None);
    Ok(())
}

/// A name that is taken, even by a deleted experiment, is `AlreadyExists`.
pub async fn names_are_unique(store: &dyn Store) -> StoreResult<()> {
    let first = store.create_experiment(named("a")).await?.experiment_id;
    let second = store.create_experiment(named("b")).await?.experiment_id;
    assert_fails(store.create_experiment(named("a")).await, AlreadyExists);
    assert_fails(store.rename_experiment(second, "a").await, AlreadyExists);
    store.set_experiment_stage(first, LifecycleStage::Deleted).await?;
    assert_fails(store.create_experiment(named("a")).await, AlreadyExists);
    assert_fails(store.rename_experiment(second, "a").await, AlreadyExists);
    Ok(())
}

/// `ensure_experiment` creates once, and at most so many.
pub async fn ensured_experiments_are_limited(store: &dyn Store) -> StoreResult<()> {
    store.create_experiment(named("created, not ensured")).await?;
    let first = store.ensure_experiment("a", 2).await?;
    assert_eq!(store.ensure_experiment("a", 2).await?, first);
    store.ensure_experiment("b", 2).await?;
    assert_fails(store.ensure_experiment("c", 2).await, Exhausted);
    assert_eq!(store.ensure_experiment("a", 2).await?, first);
    assert_eq!(store.ensure_experiment("created, not ensured", 0).await?.name, "created, not ensured");
    store.set_experiment_stage(first.experiment_id, LifecycleStage::Deleted).await?;
    assert_eq!(store.ensure_experiment("a", 2).await?.experiment_id, first.experiment_id);
    Ok(())
}

/// Renaming changes the name and when the experiment was last updated, and frees the old name.
pub async fn an_experiment_can_be_renamed(store: &dyn Store) -> StoreResult<()> {
    let old = store.create_experiment(named("old")).await?;
    store.rename_experiment(old.experiment_id, "new").await?;
    let new = store.get_experiment(old.experiment_id).await?;
    assert_eq!(new.name, "new");
    assert!(new.last_updated_ns >= old.last_updated_ns);
    store.rename_experiment(old.experiment_id, "new").await?;
    assert_eq!(store.find_experiment_by_name("old").await?, None);
    store.create_experiment(named("old")).await?;
    Ok(())
}

/// Deleting and restoring change the stage; doing so twice is `InvalidArgument`.
pub async fn an_experiment_can_be_deleted_and_restored(store: &dyn Store) -> StoreResult<()> {
    let id = store.create_experiment(named("a")).await?.experiment_id;
    assert_fails(store.set_experiment_stage(id, LifecycleStage::Active).await, InvalidArgument);
    for stage in [LifecycleStage::Deleted, LifecycleStage::Active] {
        store.set_experiment_stage(id, stage).await?;
        assert_eq!(store.get_experiment(id).await?.lifecycle_stage, stage);
        assert_fails(store.set_experiment_stage(id, stage).await, InvalidArgument);
    }
    Ok(())
}

/// A deleted experiment is still read and still takes spans, but nothing else is written to it.
pub async fn a_deleted_experiment_refuses_writes(store: &dyn Store) -> StoreResult<()> {
    let id = store
        .create_experiment(NewExperiment { tags: texts([("k", "v")]), ..named("a") })
        .await?
        .experiment_id;
    store.append_spans(vec![spans_of(&trace_id(1), build::explicit(id), "", &[span(1)])]).await?;
    store.set_experiment_stage(id, LifecycleStage::Deleted).await?;
    assert_fails(store.rename_experiment(id, "b").await, InvalidArgument);
    assert_fails(store.set_experiment_tag(id, "k", "w").await, InvalidArgument);
    assert_fails(store.delete_experiment_tag(id, "k").await, InvalidArgument);
    assert_fails(store.start_trace(start(&trace_id(2), id)).await, InvalidArgument);
    assert_eq!(store.find_experiment_by_name("a").await?.map(|found| found.tags), Some(texts([("k", "v")])));
    store.append_spans(vec![spans_of(&trace_id(3), build::explicit(id), "", &[span(1)])]).await?;
    for number in [1, 3] {
        assert_eq!(store.get_trace(&trace_id(number)).await?.experiment_id, id);
    }
    Ok(())
}

/// Tags are set, overwritten and deleted; deleting one that is not there is `NotFound`.
pub async fn experiment_tags_can_be_changed(store: &dyn Store) -> StoreResult<()> {
    let id = store.create_experiment(named("a")).await?.experiment_id;
    store.set_experiment_tag(id, "k", "v").await?;
    store.set_experiment_tag(id, "k", "w").await?;
    store.set_experiment_tag(id, "other", "").await?;
    assert_eq!(store.get_experiment(id).await?.tags, texts([("k", "w"), ("other", "")]));
    store.delete_experiment_tag(id, "k").await?;
    assert_fails(store.delete_experiment_tag(id, "k").await, NotFound);
    assert_eq!(store.get_experiment(id).await?.tags, texts([("other", "")]));
    Ok(())
}

/// An experiment that is not there is `NotFound`.
pub async fn an_unknown_experiment_is_not_found(store: &dyn Store) -> StoreResult<()> {
    assert_fails(store.get_experiment(ABSENT).await, NotFound);
    assert_fails(store.rename_experiment(ABSENT, "x").await, NotFound);
    assert_fails(store.set_experiment_stage(ABSENT, LifecycleStage::Deleted).await, NotFound);
    assert_fails(store.set_experiment_tag(ABSENT, "k", "v").await, NotFound);
    assert_fails(store.delete_experiment_tag(ABSENT, "k").await, NotFound);
    assert_fails(store.start_trace(start(&trace_id(1), ABSENT)).await, NotFound);
    assert_fails(store.get_trace(&trace_id(1)).await, NotFound);
    Ok(())
}

/// A search filters by lifecycle, name, id, time and tag.
pub async fn experiments_are_filtered(store: &dyn Store) -> StoreResult<()> {
    for (name, team) in
        [("alpha", Some("red")), ("beta", Some("blue")), ("Alpha 2", None), ("gone", Some("red"))]
    {
        let tags = team.map(|team| texts([("team", team)])).unwrap_or_default();
        store.create_experiment(NewExperiment { tags, ..named(name) }).await?;
    }
    store.set_experiment_stage(ExperimentId(4), LifecycleStage::Deleted).await?;
    let cases: &[(&str, &[i64])] = &[
        ("", &[0, 1, 2, 3]),
        ("name = 'alpha'", &[1]),
        ("name != 'alpha'", &[0, 2, 3]),
        ("name LIKE '%lpha%'", &[1, 3]),
        ("name LIKE 'a%'", &[1]),
        ("name ILIKE 'A%'", &[1, 3]),
        ("name LIKE '____'", &[2]),
        ("experiment_id IN ('1', '3', '99')", &[1, 3]),
        ("experiment_id NOT IN ('1', '3')", &[0, 2]),
        ("creation_time > 0", &[1, 2, 3]),
        ("creation_time <= 0", &[0]),
        ("last_update_time != 0", &[1, 2, 3]),
        ("tags.team = 'red'", &[1]),
        ("tags.team != 'red'", &[2]),
        ("tags.team LIKE '%e%'", &[1, 2]),
        ("tags.team IS NULL", &[0, 3]),
        ("tags.team IS NOT NULL", &[1, 2]),
        ("NOT tags.team = 'red'", &[0, 2, 3]),
        ("name = 'alpha' OR tags.team = 'blue'", &[1, 2]),
        ("name ILIKE 'alpha%' AND tags.team IS NULL", &[3]),
    ];
    for (filter, expected) in cases {
        assert_eq!(search(store, filter, LifecycleFilter::Active).await?, *expected, "{filter}");
    }
    assert_eq!(search(store, "tags.team = 'red'", LifecycleFilter::Deleted).await?, [4]);
    assert_eq!(search(store, "tags.team = 'red'", LifecycleFilter::All).await?, [1, 4]);
    Ok(())
}

fn order_of(clauses: &[&str]) -> Vec<EntityOrderBy> {
    parse_entity_order(&EXPERIMENT, clauses).expect("the suite's orders are right")
}

async fn search(store: &dyn Store, filter: &str, lifecycle: LifecycleFilter) -> StoreResult<Vec<i64>> {
    let filter = parse_entity_filter(&EXPERIMENT, filter).expect("the suite's filters are right");
    let order = order_of(&["experiment_id"]);
    let query = ExperimentQuery { lifecycle, filter: Some(filter), order, limit: 100, offset: 0 };
    let page = store.find_experiments(query).await?;
    assert!(!page.has_more);
    Ok(page.experiments.iter().map(|experiment| experiment.experiment_id.0).collect())
}

/// A search is ordered as asked, newest first by default, and says whether more follow.
pub async fn experiments_are_ordered_and_paged(store: &dyn Store) -> StoreResult<()> {
    for name in ["b", "c", "a"] {
        store.create_experiment(named(name)).await?;
    }
    let by_name = order_of(&["name DESC"]);
    let page = |order, limit, offset| ExperimentQuery {
        lifecycle: LifecycleFilter::All,
        filter: None,
        order,
        limit,
        offset,
    };
    let found = store.find_experiments(page(by_name, 2, 1)).await?;
    let names: Vec<_> = found.experiments.iter().map(|experiment| experiment.name.as_str()).collect();
    assert_eq!((names.as_slice(), found.has_more), (&["b", "a"][..], true));

    let all = store.find_experiments(page(order_of(&[]), 4, 0)).await?;
    assert!(!all.has_more);
    let newest_first = |a: &spanwise_model::Experiment, b: &spanwise_model::Experiment| {
        (-a.created_ns, a.experiment_id) <= (-b.created_ns, b.experiment_id)
    };
    assert!(all.experiments.is_sorted_by(newest_first), "{:?}", all.experiments);
    assert!(all.experiments[0].created_ns > at_ms(0));
    assert!(store.find_experiments(page(order_of(&[]), 2, 4)).await?.experiments.is_empty());
    Ok(())
}

/// Redaction rules are kept as they were set, an experiment each.
pub async fn redaction_rules_are_kept(store: &dyn Store) -> StoreResult<()> {
    let one = store.create_experiment(named("one")).await?.experiment_id;
    let two = store.create_experiment(named("two")).await?.experiment_id;
    assert_eq!(store.redaction_rules().await?, []);
    store.set_redaction_rules(one, Some("first")).await?;
    store.set_redaction_rules(one, Some("{\"é\": 1}")).await?;
    store.set_redaction_rules(two, Some("")).await?;
    store.set_experiment_stage(one, LifecycleStage::Deleted).await?;
    assert_eq!(store.redaction_rules().await?, [(one, "{\"é\": 1}".to_owned()), (two, String::new())]);
    store.set_redaction_rules(one, None).await?;
    store.set_redaction_rules(one, None).await?;
    assert_eq!(store.redaction_rules().await?, [(two, String::new())]);
    assert_fails(store.set_redaction_rules(ABSENT, Some("x")).await, NotFound);
    Ok(())
}
