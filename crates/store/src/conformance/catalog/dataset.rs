//! Evaluation datasets.

use crate::catalog::{
    DatasetQuery, MergeEffect, NewDataset, NewRecord, RecordContent, RecordQuery, VersionPair, dataset_digest,
};
use crate::conformance::{TestStore, assert_fails, build::texts};
use crate::{NewExperiment, StoreResult};
use serde_json::{Map, Value, json};
use spanwise_model::ErrorKind::{AlreadyExists, NotFound};
use spanwise_model::{DatasetRecord, ExperimentId, RecordSource};
use spanwise_query::entity::DATASET;
use spanwise_query::{parse_entity_filter, parse_entity_order};
use std::collections::BTreeMap;

fn new_dataset(id: &str) -> NewDataset {
    NewDataset {
        dataset_id: id.to_owned(),
        name: format!("name of {id}"),
        tags: texts([("t", "v")]),
        experiments: vec![ExperimentId::DEFAULT],
        created_by: Some("ann".to_owned()),
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        other => panic!("{other} is no object"),
    }
}

fn record(id: &str, inputs: Value) -> NewRecord {
    NewRecord {
        record_id: id.to_owned(),
        inputs: object(inputs),
        outputs: None,
        expectations: Map::new(),
        tags: Map::new(),
        source: None,
        user: None,
    }
}

async fn records(made: &TestStore, id: &str, version: Option<i64>) -> StoreResult<Vec<DatasetRecord>> {
    let page = made.catalog.find_records(id, version, 100, None).await?;
    assert_eq!(page.next, None);
    Ok(page.records)
}

fn ids(records: &[DatasetRecord]) -> Vec<&str> {
    records.iter().map(|record| record.record_id.as_str()).collect()
}

/// Creating answers the dataset, which is then found; names need not be unique.
pub async fn a_created_dataset_is_found(made: &TestStore) -> StoreResult<()> {
    let dataset = made.catalog.create_dataset(new_dataset("d")).await?;
    assert_eq!((dataset.name.as_str(), dataset.version, dataset.record_count), ("name of d", 0, 0));
    assert_eq!((dataset.created_by.as_deref(), &dataset.schema), (Some("ann"), &None));
    assert_eq!((&dataset.tags, &dataset.experiments), (&texts([("t", "v")]), &vec![ExperimentId::DEFAULT]));
    assert_eq!(made.catalog.get_dataset("d").await?, dataset);
    let twin = NewDataset { name: "name of d".to_owned(), ..new_dataset("e") };
    made.catalog.create_dataset(twin).await?;
    let tags = BTreeMap::from([
        ("t".to_owned(), None),
        ("u".to_owned(), Some("w".to_owned())),
        ("absent".to_owned(), None),
    ]);
    made.catalog.set_dataset_tags("d", tags).await?;
    let changed = made.catalog.get_dataset("d").await?;
    assert_eq!(changed.tags, texts([("u", "w")]));
    assert_eq!((changed.version, &changed.digest), (0, &dataset.digest));
    assert_fails(made.catalog.get_dataset("x").await, NotFound);
    assert_fails(made.catalog.set_dataset_tags("x", BTreeMap::new()).await, NotFound);
    assert_fails(made.catalog.merge_records("x", Vec::new()).await, NotFound);
    assert_fails(made.catalog.find_records("x", None, 1, None).await, NotFound);
    Ok(())
}

/// Every field filters; newest first by default.
pub async fn datasets_are_filtered_and_paged(made: &TestStore) -> StoreResult<()> {
    for id in ["1", "2", "3"] {
        made.catalog.create_dataset(new_dataset(id)).await?;
    }
    for (filter, order, expected) in [
        ("", &[][..], "3 2 …"),
        ("name LIKE '%1' OR name IN ('name of 2')", &["name ASC"], "1 2"),
        ("created_by = 'ann' AND created_time > 0", &["created_time ASC"], "1 2 …"),
        ("NOT created_by = 'ann'", &[], ""),
        ("last_updated_by = 'ann' AND tags.t = 'v' AND name = 'name of 3'", &[], "3"),
    ] {
        let query = DatasetQuery {
            experiments: vec![ExperimentId::DEFAULT],
            filter: Some(parse_entity_filter(&DATASET, filter).expect("the suite's filters are right")),
            order: parse_entity_order(&DATASET, order).expect("the suite's orders are right"),
            limit: 2,
            offset: 0,
        };
        let page = made.catalog.find_datasets(query).await?;
        let found: Vec<&str> = page.datasets.iter().map(|dataset| dataset.dataset_id.as_str()).collect();
        let more = if page.has_more { " …" } else { "" };
        assert_eq!(found.join(" ") + more, expected, "{filter} {order:?}");
    }
    Ok(())
}

/// A dataset is added to experiments that are there, and taken from any.
pub async fn a_dataset_belongs_to_experiments(made: &TestStore) -> StoreResult<()> {
    made.catalog.create_dataset(new_dataset("d")).await?;
    let experiment = NewExperiment { name: "x".to_owned(), ..NewExperiment::default() };
    let other = made.store.create_experiment(experiment).await?.experiment_id;
    let change = async |add: &[_], remove: &[_]| {
        let changed = made.catalog.change_dataset_experiments("d", add, remove).await;
        changed.map(|dataset| dataset.experiments)
    };
    assert_eq!(change(&[other, other], &[]).await?, [ExperimentId::DEFAULT, other]);
    assert_eq!(change(&[], &[ExperimentId::DEFAULT, ExperimentId(77)]).await?, [other]);
    assert_fails(change(&[ExperimentId(77)], &[]).await, NotFound);
    let query = |experiments| DatasetQuery {
        experiments,
        filter: None,
        order: DATASET.default_order(),
        limit: 9,
        offset: 0,
    };
    assert_eq!(made.catalog.find_datasets(query(vec![other])).await?.datasets.len(), 1);
    assert_eq!(made.catalog.find_datasets(query(Vec::new())).await?.datasets.len(), 1);
    assert_eq!(made.catalog.find_datasets(query(vec![ExperimentId::DEFAULT])).await?.datasets.len(), 0);
    Ok(())
}

/// Inputs tell records apart, whatever the order of their keys; what else there is of a record is merged.
pub async fn records_with_the_same_inputs_are_merged(made: &TestStore) -> StoreResult<()> {
    made.catalog.create_dataset(new_dataset("d")).await?;
    let source = RecordSource { source_type: "TRACE".to_owned(), data: object(json!({"trace_id": "tr-1"})) };
    let first = NewRecord {
        outputs: Some(json!("o")),
        expectations: object(json!({"a": 1, "b": 2})),
        tags: object(json!({"t": "1"})),
        source: Some(source.clone()),
        user: Some("ann".to_owned()),
        ..record("r-1", json!({"q": {"x": 1, "y": [1, 2]}, "p": "é"}))
    };
    let counts = made.catalog.merge_records("d", vec![first, record("r-2", json!({"q": 1}))]).await?;
    assert_eq!(counts, (2, 0));
    let again = NewRecord {
        expectations: object(json!({"b": 3, "c": 4})),
        tags: object(json!({"u": "2"})),
        user: Some("bob".to_owned()),
        ..record("r-9", json!({"p": "é", "q": {"y": [1, 2], "x": 1}}))
    };
    let others = vec![again, record("r-3", json!({"q": 1.5})), record("r-8", json!({"q": 1.5}))];
    assert_eq!(made.catalog.merge_records("d", others).await?, (1, 2));
    let found = records(made, "d", None).await?;
    assert_eq!(ids(&found), ["r-1", "r-2", "r-3"]);
    let merged = &found[0];
    assert_eq!(merged.outputs, Some(json!("o")));
    assert_eq!(merged.expectations, object(json!({"a": 1, "b": 3, "c": 4})));
    assert_eq!(merged.tags, object(json!({"t": "1", "u": "2"})));
    assert_eq!(merged.source, Some(source));
    assert_eq!((merged.created_by.as_deref(), merged.last_updated_by.as_deref()), (Some("ann"), Some("bob")));
    let replaced = NewRecord { outputs: Some(Value::Null), ..record("r-9", json!({"q": 1})) };
    made.catalog.merge_records("d", vec![replaced]).await?;
    assert_eq!(records(made, "d", None).await?[1].outputs, Some(Value::Null));
    let dataset = made.catalog.get_dataset("d").await?;
    assert_eq!((dataset.record_count, dataset.last_updated_by.as_deref()), (3, Some("bob")));
    Ok(())
}

/// Pages of records meet without a gap; what is deleted is gone from them.
pub async fn records_are_deleted_and_paged(made: &TestStore) -> StoreResult<()> {
    made.catalog.create_dataset(new_dataset("d")).await?;
    let five = (1..=5).map(|n| record(&format!("r-{n}"), json!({"n": n}))).collect();
    made.catalog.merge_records("d", five).await?;
    let wanted: Vec<String> = ["r-2", "r-2", "absent"].map(str::to_owned).into();
    assert_eq!(made.catalog.delete_records("d", &wanted, None).await?, 1);
    assert_eq!(made.catalog.delete_records("d", &wanted, None).await?, 0);
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let page = made.catalog.find_records("d", None, 2, after).await?;
        found.extend(page.records);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(ids(&found), ["r-1", "r-3", "r-4", "r-5"]);
    assert_eq!(made.catalog.get_dataset("d").await?.record_count, 4);
    // What was deleted may come again, as another record.
    made.catalog.merge_records("d", vec![record("r-6", json!({"n": 2}))]).await?;
    assert_eq!(ids(&records(made, "d", None).await?), ["r-1", "r-3", "r-4", "r-5", "r-6"]);
    Ok(())
}

/// The records of each version are as they were then.
pub async fn every_version_of_the_records_stays(made: &TestStore) -> StoreResult<()> {
    made.catalog.create_dataset(new_dataset("d")).await?;
    let expecting = |value: i64| NewRecord {
        expectations: object(json!({"e": value})),
        ..record("r-1", json!({"n": 1}))
    };
    made.catalog.merge_records("d", vec![expecting(1)]).await?;
    made.catalog.merge_records("d", vec![expecting(2), record("r-2", json!({"n": 2}))]).await?;
    made.catalog.delete_records("d", &["r-1".to_owned()], Some("bob")).await?;
    let brief = async |version| {
        let found = records(made, "d", version).await?;
        let one = |record: &DatasetRecord| (record.record_id.clone(), record.expectations.get("e").cloned());
        StoreResult::Ok(found.iter().map(one).collect::<Vec<_>>())
    };
    let pair = |id: &str, value: Option<i64>| (id.to_owned(), value.map(Value::from));
    assert_eq!(brief(Some(0)).await?, []);
    assert_eq!(brief(Some(1)).await?, [pair("r-1", Some(1))]);
    assert_eq!(brief(Some(2)).await?, [pair("r-1", Some(2)), pair("r-2", None)]);
    assert_eq!(brief(Some(3)).await?, [pair("r-2", None)]);
    assert_eq!(brief(None).await?, [pair("r-2", None)]);
    assert_eq!(made.catalog.get_dataset("d").await?.version, 3);
    Ok(())
}

/// A schema has each field with the type that it had first.
pub async fn a_schema_tells_the_types_of_fields(made: &TestStore) -> StoreResult<()> {
    made.catalog.create_dataset(new_dataset("d")).await?;
    let first = NewRecord {
        outputs: Some(json!("o")),
        expectations: object(json!({"list": [], "flag": true, "none": null})),
        ..record("r-1", json!({"s": "x", "i": 1, "f": 1.5, "o": {}}))
    };
    let second = NewRecord { outputs: Some(json!({"k": 1})), ..record("r-2", json!({"s": 5, "new": 1})) };
    made.catalog.merge_records("d", vec![first, second]).await?;
    let expected = json!({
        "inputs": {"s": "string", "i": "integer", "f": "float", "o": "object", "new": "integer"},
        "outputs": "string",
        "expectations": {"list": "array", "flag": "boolean", "none": "null"},
        "version": "1.0",
    });
    assert_eq!(made.catalog.get_dataset("d").await?.schema, Some(expected));
    Ok(())
}

/// Deleting a dataset deletes its records; it may be repeated.
pub async fn a_deleted_dataset_leaves_nothing(made: &TestStore) -> StoreResult<()> {
    made.catalog.create_dataset(new_dataset("d")).await?;
    made.catalog.merge_records("d", vec![record("r-1", json!({"n": 1}))]).await?;
    made.catalog.delete_dataset("d").await?;
    made.catalog.delete_dataset("d").await?;
    assert_fails(made.catalog.get_dataset("d").await, NotFound);
    made.catalog.create_dataset(new_dataset("d")).await?;
    assert_eq!(records(made, "d", None).await?, []);
    Ok(())
}

fn content(inputs: Value, expectations: Value) -> RecordContent {
    RecordContent {
        inputs: object(inputs),
        outputs: None,
        expectations: object(expectations),
        tags: Map::new(),
        user: Some("eve".to_owned()),
    }
}

/// Whoever edits a record says which version of it was read.
pub async fn a_record_is_replaced_unless_it_changed(made: &TestStore) -> StoreResult<()> {
    made.catalog.create_dataset(new_dataset("d")).await?;
    made.catalog
        .merge_records("d", vec![record("r-1", json!({"n": 1})), record("r-2", json!({"n": 2}))])
        .await?;
    let edit = async |expected, content| made.catalog.replace_record("d", "r-1", expected, content).await;
    let edited = edit(1, content(json!({"n": 3}), json!({"e": 1}))).await?;
    assert_eq!((edited.since, edited.last_updated_by.as_deref()), (2, Some("eve")));
    assert_eq!((&edited.inputs, edited.record_id.as_str()), (&object(json!({"n": 3})), "r-1"));
    assert_eq!(made.catalog.get_record("d", "r-1", None).await?, edited);
    assert_eq!(made.catalog.get_record("d", "r-1", Some(1)).await?.inputs, object(json!({"n": 1})));
    assert_fails(edit(1, content(json!({"n": 4}), json!({}))).await, AlreadyExists);
    assert_fails(edit(2, content(json!({"n": 2}), json!({}))).await, AlreadyExists);
    // What is the same makes no version.
    assert_eq!(edit(2, content(json!({"n": 3}), json!({"e": 1}))).await?.since, 2);
    assert_eq!(ids(&records(made, "d", None).await?), ["r-1", "r-2"]);
    assert_fails(made.catalog.get_record("d", "r-9", None).await, NotFound);
    assert_fails(
        made.catalog.replace_record("d", "r-9", 1, content(json!({"n": 1}), json!({}))).await,
        NotFound,
    );
    let renamed = made.catalog.rename_dataset("d", "other", Some("eve")).await?;
    assert_eq!((renamed.name.as_str(), renamed.version), ("other", 2));
    made.catalog.remember_mapping("d", json!([{"from": "a"}])).await?;
    let kept = made.catalog.get_dataset("d").await?;
    assert_eq!((kept.mapping, kept.digest), (Some(json!([{"from": "a"}])), dataset_digest("d", 2)));
    Ok(())
}

/// Each version has its change; what changes nothing has none.
pub async fn changes_tell_when_by_whom_and_how_many(made: &TestStore) -> StoreResult<()> {
    made.catalog.create_dataset(new_dataset("d")).await?;
    let by = |user: &str, id: &str, n: i64, e: i64| NewRecord {
        user: Some(user.to_owned()),
        expectations: object(json!({"e": e})),
        ..record(id, json!({"n": n}))
    };
    made.catalog.merge_records("d", vec![by("ann", "r-1", 1, 1), by("ann", "r-2", 2, 1)]).await?;
    assert_eq!(made.catalog.merge_records("d", vec![by("bob", "r-1", 1, 1)]).await?, (0, 1));
    made.catalog.merge_records("d", vec![by("bob", "r-1", 1, 2), by("bob", "r-3", 3, 1)]).await?;
    made.catalog.delete_records("d", &["r-1".to_owned(), "r-3".to_owned()], Some("cat")).await?;
    let changes = made.catalog.find_changes("d", 10, None).await?;
    let brief = changes
        .iter()
        .map(|change| (change.version, change.user.as_deref(), change.added, change.changed, change.removed));
    let expected = [(3, Some("cat"), 0, 0, 2), (2, Some("bob"), 1, 1, 0), (1, Some("ann"), 2, 0, 0)];
    assert_eq!(brief.collect::<Vec<_>>(), expected);
    assert!(changes.iter().all(|change| change.at_ns.is_some()));
    let page = made.catalog.find_changes("d", 1, Some(3)).await?;
    assert_eq!(page, changes[1..2]);
    assert_fails(made.catalog.find_changes("x", 1, None).await, NotFound);
    Ok(())
}

/// Parts go into one version while nobody else changes the dataset.
pub async fn a_merge_in_parts_is_one_change(made: &TestStore) -> StoreResult<()> {
    made.catalog.create_dataset(new_dataset("d")).await?;
    let first = made.catalog.continue_merge("d", vec![record("r-1", json!({"n": 1}))], None).await?;
    let tagged = NewRecord { tags: object(json!({"t": "v"})), ..record("r-9", json!({"n": 1})) };
    let part = vec![tagged, record("r-2", json!({"n": 2})), record("r-2", json!({"n": 2}))];
    let second = made.catalog.continue_merge("d", part, Some(first.version)).await?;
    assert_eq!((first.version, second.version), (1, 1));
    assert_eq!((second.added, second.changed, second.unchanged), (1, 1, 1));
    made.catalog.merge_records("d", vec![record("r-3", json!({"n": 3}))]).await?;
    let third = made.catalog.continue_merge("d", vec![record("r-4", json!({"n": 4}))], Some(1)).await?;
    assert_eq!(third.version, 3);
    let counts = made.catalog.find_changes("d", 10, None).await?;
    assert_eq!(
        counts.iter().map(|change| (change.added, change.changed)).collect::<Vec<_>>(),
        [(1, 0), (1, 0), (2, 0)]
    );
    let wanted = vec![
        record("a", json!({"n": 1})),
        NewRecord { tags: object(json!({"t": "w"})), ..record("b", json!({"n": 1})) },
        record("c", json!({"n": 9})),
    ];
    let effects = made.catalog.try_merge("d", wanted).await?;
    assert_eq!(effects, [MergeEffect::Unchanged("r-1".into()), MergeEffect::Repeated(0), MergeEffect::Added]);
    let changing = NewRecord { tags: object(json!({"t": "w"})), ..record("b", json!({"n": 1})) };
    assert_eq!(made.catalog.try_merge("d", vec![changing]).await?, [MergeEffect::Changed("r-1".into())]);
    assert_eq!(made.catalog.get_dataset("d").await?.version, 3);
    Ok(())
}

/// A record that came and went in between, or changed there and back, is no difference.
pub async fn versions_are_compared(made: &TestStore) -> StoreResult<()> {
    made.catalog.create_dataset(new_dataset("d")).await?;
    let with = |id: &str, n: i64, e: i64| NewRecord {
        expectations: object(json!({"e": e})),
        ..record(id, json!({"n": n}))
    };
    made.catalog.merge_records("d", vec![with("r-1", 1, 1), with("r-2", 2, 1), with("r-3", 3, 1)]).await?;
    made.catalog.merge_records("d", vec![with("", 1, 2), with("", 2, 2), with("r-4", 4, 1)]).await?;
    made.catalog.merge_records("d", vec![with("", 2, 1), with("r-5", 5, 1)]).await?;
    made.catalog.delete_records("d", &["r-3".to_owned(), "r-4".to_owned()], None).await?;
    let brief = async |from, to, limit, after| {
        let found = made.catalog.compare_versions("d", VersionPair { from, to, limit, after }).await?;
        let e =
            |record: &Option<DatasetRecord>| record.as_ref().map(|record| record.expectations["e"].clone());
        let pair = |(was, now): &(Option<DatasetRecord>, Option<DatasetRecord>)| {
            let id = was.as_ref().or(now.as_ref()).map(|record| record.record_id.clone());
            (id.unwrap_or_default(), e(was), e(now))
        };
        let counts = [found.added, found.changed, found.removed];
        StoreResult::Ok((counts, found.records.iter().map(pair).collect::<Vec<_>>(), found.next))
    };
    let row = |id: &str, was: Option<i64>, now: Option<i64>| {
        (id.to_owned(), was.map(Value::from), now.map(Value::from))
    };
    let all = [row("r-1", Some(1), Some(2)), row("r-3", Some(1), None), row("r-5", None, Some(1))];
    assert_eq!(brief(1, 4, 10, None).await?, ([1, 1, 1], all.to_vec(), None));
    let back = [row("r-1", Some(2), Some(1)), row("r-3", None, Some(1)), row("r-5", Some(1), None)];
    assert_eq!(brief(4, 1, 10, None).await?, ([1, 1, 1], back.to_vec(), None));
    let (counts, page, next) = brief(1, 4, 2, None).await?;
    assert_eq!((counts, page.as_slice()), ([1, 1, 1], &all[..2]));
    assert_eq!(brief(1, 4, 2, next).await?, ([1, 1, 1], all[2..].to_vec(), None));
    assert_eq!(brief(2, 2, 2, None).await?, ([0, 0, 0], Vec::new(), None));
    Ok(())
}

/// A text is looked for in inputs, outputs, expectations and tags.
pub async fn records_are_found_by_their_text(made: &TestStore) -> StoreResult<()> {
    made.catalog.create_dataset(new_dataset("d")).await?;
    let all = vec![
        record("r-1", json!({"q": "Where is my ORDER?"})),
        NewRecord { outputs: Some(json!("an order")), ..record("r-2", json!({"q": 2})) },
        NewRecord { expectations: object(json!({"e": "no Order"})), ..record("r-3", json!({"q": 3})) },
        NewRecord { tags: object(json!({"order": "x"})), ..record("r-4", json!({"q": 4})) },
        record("r-5", json!({"q": 5})),
    ];
    made.catalog.merge_records("d", all).await?;
    let query = RecordQuery { text: Some("oRder".to_owned()), limit: 3, ..RecordQuery::default() };
    let page = made.catalog.search_records("d", query.clone()).await?;
    assert_eq!(ids(&page.records), ["r-1", "r-2", "r-3"]);
    let page = made.catalog.search_records("d", RecordQuery { after: page.next, ..query }).await?;
    assert_eq!((ids(&page.records), page.next), (vec!["r-4"], None));
    Ok(())
}
