//! Evaluation datasets.

use crate::catalog::{DatasetQuery, NewDataset, NewRecord};
use crate::conformance::{TestStore, assert_fails, build::texts};
use crate::{NewExperiment, StoreResult};
use serde_json::{Map, Value, json};
use spanwise_model::ErrorKind::NotFound;
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
    assert_ne!(changed.digest, dataset.digest);
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
    assert_eq!(made.catalog.delete_records("d", &wanted).await?, 1);
    assert_eq!(made.catalog.delete_records("d", &wanted).await?, 0);
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
    made.catalog.delete_records("d", &["r-1".to_owned()]).await?;
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
