//! The fields of each noun.

use super::message::Wording;
use super::{Attribute, Entity, Kind, Map, Uses};

const fn attribute(names: &'static [&'static str], kind: Kind, uses: Uses) -> Attribute {
    Attribute { names, kind, uses }
}

const fn map(names: &'static [&'static str], kind: Kind, uses: Uses) -> Map {
    Map { names, keys: &[], kind, uses }
}

/// Experiments.
pub const EXPERIMENT: Entity = Entity {
    attributes: &[
        attribute(&["name"], Kind::Text, Uses::FilterAndOrder),
        attribute(&["experiment_id"], Kind::ExperimentId, Uses::FilterAndOrder),
        attribute(&["creation_time"], Kind::Time, Uses::FilterAndOrder),
        attribute(&["last_update_time"], Kind::Time, Uses::FilterAndOrder),
    ],
    maps: &[map(&["tag", "tags"], Kind::Text, Uses::Filter)],
    default_order: &[("creation_time", true), ("experiment_id", false)],
    wording: Wording::Tagged,
};

/// Runs.
pub const RUN: Entity = Entity {
    attributes: &[
        attribute(&["run_id"], Kind::Text, Uses::FilterAndOrder),
        attribute(&["run_name", "run name", "Run name", "Run Name"], Kind::Text, Uses::FilterAndOrder),
        attribute(&["status"], Kind::Text, Uses::FilterAndOrder),
        attribute(&["artifact_uri"], Kind::Text, Uses::FilterAndOrder),
        attribute(&["user_id"], Kind::Text, Uses::FilterAndOrder),
        attribute(&["start_time", "created", "Created"], Kind::Time, Uses::FilterAndOrder),
        attribute(&["end_time"], Kind::Time, Uses::FilterAndOrder),
    ],
    maps: &[
        map(&["metric", "metrics"], Kind::Number, Uses::FilterAndOrder),
        map(&["parameter", "parameters", "param", "params"], Kind::Text, Uses::FilterAndOrder),
        map(&["tag", "tags"], Kind::Text, Uses::FilterAndOrder),
        Map {
            names: &["dataset", "datasets"],
            keys: &["name", "digest", "context"],
            kind: Kind::Text,
            uses: Uses::Filter,
        },
    ],
    default_order: &[("start_time", true), ("run_id", false)],
    wording: Wording::Run,
};

/// Logged models: the versions of an application.
pub const LOGGED_MODEL: Entity = Entity {
    attributes: &[
        attribute(&["name"], Kind::Text, Uses::FilterAndOrder),
        attribute(&["model_id"], Kind::Text, Uses::FilterAndOrder),
        attribute(&["model_type"], Kind::Text, Uses::FilterAndOrder),
        attribute(&["status"], Kind::Text, Uses::FilterAndOrder),
        attribute(&["source_run_id"], Kind::Text, Uses::FilterAndOrder),
        attribute(&["experiment_id"], Kind::ExperimentId, Uses::FilterAndOrder),
        attribute(
            &["creation_timestamp", "creation_time", "creation_timestamp_ms"],
            Kind::Time,
            Uses::FilterAndOrder,
        ),
        attribute(
            &[
                "last_updated_timestamp",
                "last_updated_time",
                "last_updated_timestamp_ms",
                "last_update_time",
                "last_updated",
            ],
            Kind::Time,
            Uses::FilterAndOrder,
        ),
    ],
    maps: &[
        map(&["metrics", "metric"], Kind::Number, Uses::FilterAndOrder),
        map(&["params", "param"], Kind::Text, Uses::FilterAndOrder),
        map(&["tags", "tag"], Kind::Text, Uses::FilterAndOrder),
    ],
    default_order: &[("creation_timestamp", true), ("model_id", false)],
    wording: Wording::LoggedModel,
};

/// Evaluation datasets.
pub const DATASET: Entity = Entity {
    attributes: &[
        attribute(&["name"], Kind::Text, Uses::FilterAndOrder),
        attribute(&["created_time"], Kind::Time, Uses::FilterAndOrder),
        attribute(&["last_update_time"], Kind::Time, Uses::FilterAndOrder),
        attribute(&["created_by"], Kind::Text, Uses::Filter),
        attribute(&["last_updated_by"], Kind::Text, Uses::Filter),
    ],
    maps: &[map(&["tags", "tag"], Kind::Text, Uses::Filter)],
    default_order: &[("created_time", true), ("dataset_id", false)],
    wording: Wording::Dataset,
};

/// Registered models, which prompts are.
pub const REGISTERED_MODEL: Entity = Entity {
    attributes: &[
        attribute(&["name"], Kind::Text, Uses::FilterAndOrder),
        attribute(&["creation_timestamp"], Kind::Time, Uses::Order),
        attribute(&["last_updated_timestamp", "timestamp"], Kind::Time, Uses::Order),
    ],
    maps: &[map(&["tag", "tags"], Kind::Text, Uses::Filter)],
    default_order: &[("name", false)],
    wording: Wording::Tagged,
};

/// Versions of registered models, and so of prompts.
pub const MODEL_VERSION: Entity = Entity {
    attributes: &[
        attribute(&["name"], Kind::Text, Uses::FilterAndOrder),
        attribute(&["version_number"], Kind::Number, Uses::FilterAndOrder),
        attribute(&["run_id"], Kind::Text, Uses::Filter),
        attribute(&["source_path"], Kind::Text, Uses::Filter),
        attribute(&["creation_timestamp"], Kind::Time, Uses::Order),
        attribute(&["last_updated_timestamp"], Kind::Time, Uses::Order),
    ],
    maps: &[map(&["tag", "tags"], Kind::Text, Uses::Filter)],
    default_order: &[("last_updated_timestamp", true), ("name", false), ("version_number", true)],
    wording: Wording::Tagged,
};

/// Issues. Their order is fixed.
pub const ISSUE: Entity = Entity {
    attributes: &[
        attribute(&["status"], Kind::Text, Uses::Filter),
        attribute(&["source_run_id"], Kind::Text, Uses::Filter),
    ],
    maps: &[],
    default_order: &[],
    wording: Wording::Issue,
};
