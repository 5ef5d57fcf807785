//! Registered models and their versions.

use crate::StoreResult;
use crate::catalog::{NewLoggedModel, NewModelVersion, NewRegisteredModel, RegistryQuery};
use crate::conformance::{TestStore, assert_fails, build::texts};
use spanwise_model::ErrorKind::{AlreadyExists, InvalidArgument, NotFound};
use spanwise_model::registry::PROMPT_TAG;
use spanwise_model::{ExperimentId, ModelStage, ModelVersion, RegisteredModel};
use spanwise_query::entity::{MODEL_VERSION, REGISTERED_MODEL, without_prompts};
use spanwise_query::{Entity, parse_entity_filter, parse_entity_order};

fn new_model(name: &str) -> NewRegisteredModel {
    NewRegisteredModel {
        name: name.to_owned(),
        description: Some(format!("about {name}")),
        tags: texts([("a", "b")]),
    }
}

fn new_version(name: &str) -> NewModelVersion {
    NewModelVersion {
        name: name.to_owned(),
        source: format!("source of {name}"),
        run_id: "r".to_owned(),
        tags: texts([("c", "d")]),
        ..NewModelVersion::default()
    }
}

/// Makes models, each with that many versions.
async fn make(made: &TestStore, models: &[(&str, usize)]) -> StoreResult<()> {
    for (name, versions) in models {
        made.catalog.create_registered_model(new_model(name)).await?;
        for _ in 0..*versions {
            made.catalog.create_model_version(new_version(name)).await?;
        }
    }
    Ok(())
}

/// Creating answers the model, which is then found by its name; a taken name is refused.
pub async fn a_created_model_is_found(made: &TestStore) -> StoreResult<()> {
    let model = made.catalog.create_registered_model(new_model("m")).await?;
    let expected = RegisteredModel {
        name: "m".to_owned(),
        created_ns: model.created_ns,
        last_updated_ns: model.created_ns,
        description: Some("about m".to_owned()),
        tags: texts([("a", "b")]),
        aliases: [].into(),
        latest_versions: Vec::new(),
    };
    assert!(model.created_ns > 0);
    assert_eq!(model, expected);
    assert_eq!(made.catalog.get_registered_model("m").await?, expected);
    assert_fails(made.catalog.get_registered_model("M").await, NotFound);
    assert_fails(made.catalog.create_registered_model(new_model("m")).await, AlreadyExists);
    Ok(())
}

/// Creating a version answers it; the model has it as its latest one.
pub async fn a_created_version_is_found(made: &TestStore) -> StoreResult<()> {
    make(made, &[("m", 1)]).await?;
    let version = made.catalog.create_model_version(new_version("m")).await?;
    let expected = ModelVersion {
        name: "m".to_owned(),
        version: 2,
        created_ns: version.created_ns,
        last_updated_ns: version.created_ns,
        stage: ModelStage::None,
        description: None,
        source: "source of m".to_owned(),
        storage_location: "source of m".to_owned(),
        run_id: "r".to_owned(),
        run_link: String::new(),
        model_id: String::new(),
        tags: texts([("c", "d")]),
        aliases: Vec::new(),
    };
    assert_eq!(version, expected);
    assert_eq!(made.catalog.get_model_version("m", 2).await?, expected);
    let model = made.catalog.get_registered_model("m").await?;
    assert_eq!(model.latest_versions, [expected]);
    assert_eq!(model.last_updated_ns, version.created_ns);
    assert_fails(made.catalog.get_model_version("m", 3).await, NotFound);
    assert_fails(made.catalog.create_model_version(new_version("n")).await, NotFound);
    Ok(())
}

/// A version whose source is another version has that one's files.
pub async fn a_version_of_a_version_has_its_files(made: &TestStore) -> StoreResult<()> {
    make(made, &[("m", 1)]).await?;
    let copy = NewModelVersion { source: "models:/m/1".to_owned(), ..new_version("m") };
    let copy = made.catalog.create_model_version(copy).await?;
    assert_eq!((copy.source.as_str(), copy.storage_location.as_str()), ("models:/m/1", "source of m"));
    let of_none = NewModelVersion { source: "models:/m/9".to_owned(), ..new_version("m") };
    assert_fails(made.catalog.create_model_version(of_none).await, NotFound);
    Ok(())
}

/// A version whose source is a logged model has that one's files and run; a version that is one has its run.
pub async fn a_version_of_a_logged_model_has_its_files_and_run(made: &TestStore) -> StoreResult<()> {
    make(made, &[("m", 0)]).await?;
    let logged = made.catalog.create_logged_model(new_model_of("m-1", "made it")).await?;
    let from = |source: &str, model_id: &str, run_id: &str| NewModelVersion {
        source: source.to_owned(),
        model_id: model_id.to_owned(),
        run_id: run_id.to_owned(),
        ..new_version("m")
    };
    for (new, location, run_id) in [
        (from("models:/m-1", "", ""), logged.artifact_uri.as_str(), "made it"),
        (from("models:/m-1", "m-1", "r"), logged.artifact_uri.as_str(), "r"),
        (from("elsewhere", "m-1", ""), "elsewhere", "made it"),
        (from("models:/other@alias", "", ""), "models:/other@alias", ""),
    ] {
        let version = made.catalog.create_model_version(new).await?;
        assert_eq!((version.storage_location.as_str(), version.run_id.as_str()), (location, run_id));
    }
    assert_fails(made.catalog.create_model_version(from("models:/m-2", "", "")).await, NotFound);
    made.catalog.delete_logged_model("m-1").await?;
    assert_fails(made.catalog.create_model_version(from("models:/m-1", "", "")).await, NotFound);
    Ok(())
}

fn new_model_of(id: &str, source_run_id: &str) -> NewLoggedModel {
    NewLoggedModel {
        model_id: id.to_owned(),
        experiment_id: ExperimentId::DEFAULT,
        name: "logged".to_owned(),
        model_type: String::new(),
        source_run_id: source_run_id.to_owned(),
        params: [].into(),
        tags: [].into(),
    }
}

/// Descriptions can be set and removed.
pub async fn descriptions_can_be_changed(made: &TestStore) -> StoreResult<()> {
    make(made, &[("m", 1)]).await?;
    for description in [Some("new".to_owned()), None] {
        let model = made.catalog.describe_registered_model("m", description.clone()).await?;
        assert_eq!(model.description, description);
        let version = made.catalog.describe_model_version("m", 1, description.clone()).await?;
        assert_eq!(version.description, description);
        assert_eq!(made.catalog.get_model_version("m", 1).await?, version);
    }
    assert_fails(made.catalog.describe_registered_model("n", None).await, NotFound);
    assert_fails(made.catalog.describe_model_version("m", 2, None).await, NotFound);
    Ok(())
}

/// A model takes its versions and aliases along to a new name, and not to a taken one.
pub async fn a_model_can_be_renamed(made: &TestStore) -> StoreResult<()> {
    make(made, &[("m", 1), ("taken", 0)]).await?;
    made.catalog.set_model_alias("m", "prod", 1).await?;
    let model = made.catalog.rename_registered_model("m", "n").await?;
    assert_eq!((model.name.as_str(), model.aliases["prod"]), ("n", 1));
    assert_eq!(made.catalog.get_model_version("n", 1).await?.name, "n");
    assert_fails(made.catalog.get_registered_model("m").await, NotFound);
    assert_eq!(made.catalog.rename_registered_model("n", "n").await?.name, "n");
    assert_fails(made.catalog.rename_registered_model("n", "taken").await, AlreadyExists);
    assert_fails(made.catalog.rename_registered_model("m", "x").await, NotFound);
    Ok(())
}

/// A deleted model is gone with its versions; one of the same name starts anew.
pub async fn a_model_can_be_deleted(made: &TestStore) -> StoreResult<()> {
    make(made, &[("m", 2)]).await?;
    made.catalog.delete_registered_model("m").await?;
    assert_fails(made.catalog.get_registered_model("m").await, NotFound);
    assert_fails(made.catalog.get_model_version("m", 1).await, NotFound);
    assert_fails(made.catalog.delete_registered_model("m").await, NotFound);
    make(made, &[("m", 1)]).await?;
    assert_eq!(made.catalog.get_model_version_by_alias("m", "latest").await?.version, 1);
    Ok(())
}

/// The number of a deleted version is not used again, and its aliases are gone.
pub async fn a_deleted_version_keeps_its_number(made: &TestStore) -> StoreResult<()> {
    make(made, &[("m", 2)]).await?;
    made.catalog.set_model_alias("m", "prod", 2).await?;
    made.catalog.delete_model_version("m", 2).await?;
    assert_fails(made.catalog.get_model_version("m", 2).await, NotFound);
    assert_fails(made.catalog.delete_model_version("m", 2).await, NotFound);
    let model = made.catalog.get_registered_model("m").await?;
    assert_eq!((model.aliases.len(), model.latest_versions[0].version), (0, 1));
    assert_eq!(made.catalog.create_model_version(new_version("m")).await?.version, 3);
    Ok(())
}

/// An alias stands for one version, which can be another one later; `latest` always stands for the largest number.
pub async fn an_alias_stands_for_one_version(made: &TestStore) -> StoreResult<()> {
    make(made, &[("m", 0)]).await?;
    assert_fails(made.catalog.get_model_version_by_alias("m", "latest").await, NotFound);
    for _ in 0..2 {
        made.catalog.create_model_version(new_version("m")).await?;
    }
    for version in [2, 1] {
        made.catalog.set_model_alias("m", "prod", version).await?;
        let found = made.catalog.get_model_version_by_alias("m", "prod").await?;
        assert_eq!((found.version, found.aliases), (version, vec!["prod".to_owned()]));
    }
    assert_eq!(made.catalog.get_model_version_by_alias("m", "Latest").await?.version, 2);
    assert_eq!(made.catalog.get_registered_model("m").await?.aliases, [("prod".to_owned(), 1)].into());
    made.catalog.delete_model_alias("m", "prod").await?;
    made.catalog.delete_model_alias("m", "prod").await?;
    assert_fails(made.catalog.get_model_version_by_alias("m", "prod").await, InvalidArgument);
    assert_fails(made.catalog.set_model_alias("m", "prod", 9).await, NotFound);
    assert_fails(made.catalog.delete_model_alias("n", "prod").await, NotFound);
    Ok(())
}

/// Each stage has a latest version; archiving the others moves those of the same stage.
pub async fn versions_have_stages(made: &TestStore) -> StoreResult<()> {
    make(made, &[("m", 3)]).await?;
    for version in [1, 2] {
        let moved = made.catalog.set_model_version_stage("m", version, ModelStage::Staging, false).await?;
        assert_eq!(moved.stage, ModelStage::Staging);
    }
    let latest = async || {
        let model = made.catalog.get_registered_model("m").await?;
        StoreResult::Ok(model.latest_versions.iter().map(|one| (one.version, one.stage)).collect::<Vec<_>>())
    };
    assert_eq!(latest().await?, [(2, ModelStage::Staging), (3, ModelStage::None)]);
    made.catalog.set_model_version_stage("m", 3, ModelStage::Staging, true).await?;
    assert_eq!(latest().await?, [(2, ModelStage::Archived), (3, ModelStage::Staging)]);
    assert_eq!(made.catalog.get_model_version("m", 1).await?.stage, ModelStage::Archived);
    assert_fails(made.catalog.set_model_version_stage("m", 4, ModelStage::None, false).await, NotFound);
    Ok(())
}

/// Tags of models and versions are set, overwritten and deleted.
pub async fn tags_of_models_can_be_changed(made: &TestStore) -> StoreResult<()> {
    make(made, &[("m", 1)]).await?;
    for value in ["1", "2"] {
        made.catalog.set_registered_model_tag("m", "k", value).await?;
        made.catalog.set_model_version_tag("m", 1, "k", value).await?;
        assert_eq!(made.catalog.get_registered_model("m").await?.tags["k"], value);
        assert_eq!(made.catalog.get_model_version("m", 1).await?.tags["k"], value);
    }
    for _ in 0..2 {
        made.catalog.delete_registered_model_tag("m", "k").await?;
        made.catalog.delete_model_version_tag("m", 1, "k").await?;
    }
    assert_eq!(made.catalog.get_registered_model("m").await?.tags, texts([("a", "b")]));
    assert_eq!(made.catalog.get_model_version("m", 1).await?.tags, texts([("c", "d")]));
    assert_fails(made.catalog.set_registered_model_tag("n", "k", "v").await, NotFound);
    assert_fails(made.catalog.set_model_version_tag("m", 2, "k", "v").await, NotFound);
    assert_fails(made.catalog.delete_model_version_tag("m", 2, "k").await, NotFound);
    Ok(())
}

fn query(entity: &Entity, filter: &str, order: &[&str], limit: usize, offset: usize) -> RegistryQuery {
    let filter = without_prompts(parse_entity_filter(entity, filter).expect("the test's filter is right"));
    let order = parse_entity_order(entity, order).expect("the test's order is right");
    RegistryQuery { filter, order, limit, offset }
}

/// Models are found by name and tag, in order, page by page.
pub async fn models_are_searched(made: &TestStore) -> StoreResult<()> {
    make(made, &[("b", 1), ("a", 0), ("c", 0)]).await?;
    made.catalog.set_registered_model_tag("c", PROMPT_TAG, "true").await?;
    let names = async |filter, order: &[&str], limit, offset| {
        let page = made
            .catalog
            .find_registered_models(query(&REGISTERED_MODEL, filter, order, limit, offset))
            .await?;
        let names: Vec<String> = page.models.into_iter().map(|model| model.name).collect();
        StoreResult::Ok((names.concat(), page.has_more))
    };
    for (filter, expected) in [
        ("", "ab"),
        ("name = 'b'", "b"),
        ("name ILIKE 'B%'", "b"),
        ("tags.a = 'b'", "ab"),
        ("tags.a != 'b'", ""),
        ("tags.`mlflow.prompt.is_prompt` = 'true'", "c"),
        ("tags.`mlflow.prompt.is_prompt` != 'true' AND name IN ('b', 'c')", "b"),
        ("name = 'c' OR name = 'a'", "a"),
    ] {
        assert_eq!(names(filter, &[], 10, 0).await?.0, expected, "{filter}");
    }
    assert_eq!(names("", &["name DESC"], 1, 0).await?, ("b".to_owned(), true));
    assert_eq!(names("", &["name DESC"], 1, 1).await?, ("a".to_owned(), false));
    assert_eq!(names("", &["last_updated_timestamp ASC"], 9, 0).await?.0, "ba");
    Ok(())
}

/// Versions are found by what they have, in order, page by page.
pub async fn versions_are_searched(made: &TestStore) -> StoreResult<()> {
    make(made, &[("m", 2), ("n", 1)]).await?;
    made.catalog.set_model_version_tag("m", 2, PROMPT_TAG, "true").await?;
    let found = async |filter, limit, offset| {
        let order = ["name ASC", "version_number DESC"];
        let page =
            made.catalog.find_model_versions(query(&MODEL_VERSION, filter, &order, limit, offset)).await?;
        let found: Vec<String> =
            page.versions.iter().map(|one| format!("{}{}", one.name, one.version)).collect();
        StoreResult::Ok((found.join(" "), page.has_more))
    };
    for (filter, expected) in [
        ("", "m1 n1"),
        ("name = 'm' AND tag.`mlflow.prompt.is_prompt` = 'true'", "m2"),
        ("version_number > 1", ""),
        ("run_id = 'r' AND name = 'n'", "n1"),
        ("source_path = 'source of m'", "m1"),
        ("tags.c = 'd' AND version_number = 1", "m1 n1"),
    ] {
        assert_eq!(found(filter, 10, 0).await?.0, expected, "{filter}");
    }
    assert_eq!(found("", 1, 0).await?, ("m1".to_owned(), true));
    assert_eq!(found("", 1, 1).await?, ("n1".to_owned(), false));
    Ok(())
}
