//! Label schemas.

use crate::catalog::{DEFAULT_SCHEMA_NAME, LabelSchemaChange, NewLabelSchema};
use crate::conformance::{TestStore, assert_fails};
use crate::{NewExperiment, StoreResult};
use spanwise_model::ErrorKind::{AlreadyExists, InvalidArgument, NotFound};
use spanwise_model::{ExperimentId, LabelInput, LabelSchemaId, LabelSchemaType};

fn id(name: &str) -> LabelSchemaId {
    LabelSchemaId(name.to_owned())
}

fn options(options: &[&str], multi_select: bool) -> LabelInput {
    let options = options.iter().map(|option| (*option).to_owned()).collect();
    LabelInput::Categorical { options, multi_select }
}

fn new_schema(name: &str) -> NewLabelSchema {
    NewLabelSchema {
        schema_id: id(name),
        experiment_id: ExperimentId::DEFAULT,
        name: format!("name of {name}"),
        schema_type: LabelSchemaType::Expectation,
        instruction: Some("do".to_owned()),
        enable_comment: true,
        input: options(&["a", "b"], false),
    }
}

/// Creating answers the question, which is then found by id and by name, with each kind of input.
pub async fn a_created_question_is_found(made: &TestStore) -> StoreResult<()> {
    for (name, input) in [
        ("a", options(&["x", "\"y\""], true)),
        ("b", LabelInput::PassFail { positive_label: "y".to_owned(), negative_label: "n".to_owned() }),
        ("c", LabelInput::Numeric { min_value: Some(-0.5), max_value: None }),
        ("d", LabelInput::Text { max_length: Some(10) }),
        ("e", LabelInput::Text { max_length: None }),
    ] {
        let created =
            made.catalog.create_label_schema(NewLabelSchema { input: input.clone(), ..new_schema(name) });
        let created = created.await?;
        assert_eq!((&created.input, created.is_default, created.enable_comment), (&input, false, true));
        assert_eq!(made.catalog.get_label_schema(&id(name)).await?, created);
        let named = made.catalog.get_label_schema_by_name(ExperimentId::DEFAULT, &created.name).await?;
        assert_eq!(named, created);
    }
    assert_fails(made.catalog.get_label_schema(&id("z")).await, NotFound);
    assert_fails(made.catalog.get_label_schema_by_name(ExperimentId::DEFAULT, "z").await, NotFound);
    assert_fails(made.catalog.get_label_schema_by_name(ExperimentId(9), "a").await, NotFound);
    let elsewhere = NewLabelSchema { experiment_id: ExperimentId(9), ..new_schema("z") };
    assert_fails(made.catalog.create_label_schema(elsewhere).await, NotFound);
    Ok(())
}

/// Two questions of an experiment have two names.
pub async fn names_of_questions_are_unique(made: &TestStore) -> StoreResult<()> {
    let first = made.catalog.create_label_schema(new_schema("a")).await?;
    let same = NewLabelSchema { schema_id: id("b"), ..new_schema("a") };
    assert_fails(made.catalog.create_label_schema(same.clone()).await, AlreadyExists);
    let experiment = NewExperiment { name: "e".to_owned(), ..NewExperiment::default() };
    let experiment_id = made.store.create_experiment(experiment).await?.experiment_id;
    made.catalog.create_label_schema(NewLabelSchema { experiment_id, ..same }).await?;
    made.catalog.create_label_schema(new_schema("c")).await?;
    let rename = LabelSchemaChange { name: Some(first.name), ..LabelSchemaChange::default() };
    assert_fails(made.catalog.update_label_schema(&id("c"), rename.clone()).await, AlreadyExists);
    made.catalog.update_label_schema(&id("a"), rename).await?;
    Ok(())
}

/// The first list makes it; it can't be changed.
pub async fn every_experiment_has_a_default_question(made: &TestStore) -> StoreResult<()> {
    made.catalog.create_label_schema(new_schema("a")).await?;
    let list = async |limit, offset| {
        let page =
            made.catalog.find_label_schemas(ExperimentId::DEFAULT, id("default"), limit, offset).await?;
        let ids: Vec<_> = page.schemas.iter().map(|schema| schema.schema_id.0.clone()).collect();
        StoreResult::Ok((ids.join(" "), page.has_more))
    };
    assert_eq!(list(10, 0).await?, ("default a".to_owned(), false));
    assert_eq!(list(10, 0).await?, ("default a".to_owned(), false));
    assert_eq!(list(1, 0).await?, ("default".to_owned(), true));
    assert_eq!(list(1, 1).await?, ("a".to_owned(), false));
    let default = made.catalog.get_label_schema(&id("default")).await?;
    assert_eq!((default.name.as_str(), default.is_default), (DEFAULT_SCHEMA_NAME, true));
    assert_eq!(default.input, LabelInput::Text { max_length: None });
    assert_fails(made.catalog.delete_label_schema(&id("default")).await, InvalidArgument);
    let change = LabelSchemaChange::default();
    assert_fails(made.catalog.update_label_schema(&id("default"), change).await, InvalidArgument);
    assert_fails(made.catalog.find_label_schemas(ExperimentId(9), id("x"), 1, 0).await, NotFound);
    Ok(())
}

/// What is given is changed, the rest stays; the kind of input can't be changed.
pub async fn a_question_can_be_changed(made: &TestStore) -> StoreResult<()> {
    let old = made.catalog.create_label_schema(new_schema("a")).await?;
    let input = Some(options(&["c"], false));
    let change = LabelSchemaChange { input: input.clone(), ..LabelSchemaChange::default() };
    let new = made.catalog.update_label_schema(&id("a"), change).await?;
    assert_eq!((new.name, Some(new.input), new.enable_comment), (old.name, input, true));
    assert!(new.last_updated_ns > old.last_updated_ns);
    for input in [options(&["c"], true), LabelInput::Text { max_length: None }] {
        let change = LabelSchemaChange { input: Some(input), ..LabelSchemaChange::default() };
        assert_fails(made.catalog.update_label_schema(&id("a"), change).await, InvalidArgument);
    }
    let change = LabelSchemaChange {
        name: Some("n".to_owned()),
        instruction: Some(String::new()),
        enable_comment: Some(false),
        input: None,
    };
    let new = made.catalog.update_label_schema(&id("a"), change.clone()).await?;
    assert_eq!((new.name.as_str(), new.instruction.as_deref(), new.enable_comment), ("n", Some(""), false));
    assert_fails(made.catalog.update_label_schema(&id("z"), change).await, NotFound);
    Ok(())
}

/// Deleting may be repeated.
pub async fn a_question_can_be_deleted(made: &TestStore) -> StoreResult<()> {
    made.catalog.create_label_schema(new_schema("a")).await?;
    for _ in 0..2 {
        made.catalog.delete_label_schema(&id("a")).await?;
    }
    assert_fails(made.catalog.get_label_schema(&id("a")).await, NotFound);
    Ok(())
}
