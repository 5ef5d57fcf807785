//! What is read of a store of MLflow, a page at a time.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use spanwise_api_types::native::CatalogLine;
use std::collections::BTreeMap;

/// What is taken over, one after the other: each comes after what it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Stage {
    Experiments,
    Runs,
    Metrics,
    LoggedModels,
    RegisteredModels,
    ModelVersions,
    Datasets,
    DatasetRecords,
    Scorers,
    Issues,
    LabelSchemas,
    ReviewQueues,
    Traces,
    /// Which traces runs are linked to, where the traces themselves do not say.
    RunLinks,
    /// After the traces, which were scored where they come from.
    OnlineScoring,
    ReviewItems,
    Webhooks,
    Artifacts,
    /// Experiments that are deleted there, which were active here so long.
    Deletions,
}

impl Stage {
    pub(super) const ALL: [Stage; 19] = [
        Stage::Experiments,
        Stage::Runs,
        Stage::Metrics,
        Stage::LoggedModels,
        Stage::RegisteredModels,
        Stage::ModelVersions,
        Stage::Datasets,
        Stage::DatasetRecords,
        Stage::Scorers,
        Stage::Issues,
        Stage::LabelSchemas,
        Stage::ReviewQueues,
        Stage::Traces,
        Stage::RunLinks,
        Stage::OnlineScoring,
        Stage::ReviewItems,
        Stage::Webhooks,
        Stage::Artifacts,
        Stage::Deletions,
    ];

    /// Returns what is counted, in the plural.
    pub(super) fn name(self) -> &'static str {
        match self {
            Stage::Experiments => "experiments",
            Stage::Runs => "runs",
            Stage::Metrics => "metric points",
            Stage::LoggedModels => "logged models",
            Stage::RegisteredModels => "prompts and registered models",
            Stage::ModelVersions => "versions of prompts and models",
            Stage::Datasets => "datasets",
            Stage::DatasetRecords => "dataset records",
            Stage::Scorers => "scorer versions",
            Stage::OnlineScoring => "online scorings",
            Stage::Issues => "issues",
            Stage::LabelSchemas => "label schemas",
            Stage::ReviewQueues => "review queues",
            Stage::Traces => "traces",
            Stage::RunLinks => "links of traces to runs",
            Stage::ReviewItems => "review items",
            Stage::Webhooks => "webhooks",
            Stage::Artifacts => "artifacts",
            Stage::Deletions => "deleted experiments",
        }
    }
}

/// One thing, or some that belong together, on the way.
#[derive(Debug)]
pub(super) struct Item {
    /// What it is called when it can't be taken.
    pub(super) id: String,
    /// How many of its stage it counts for.
    pub(super) count: u64,
    pub(super) line: Line,
}

#[derive(Debug)]
pub(super) enum Line {
    Catalog(Box<CatalogLine>),
    /// A line of an import of traces.
    Trace(Bytes),
    /// Traces that a run is linked to.
    RunLinks {
        run_id: String,
        trace_ids: Vec<String>,
    },
}

impl Item {
    pub(super) fn catalog(id: impl Into<String>, line: CatalogLine) -> Item {
        Item { id: id.into(), count: 1, line: Line::Catalog(Box::new(line)) }
    }
}

/// What could not be taken, or not wholly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Problem {
    pub(super) stage: Stage,
    pub(super) id: String,
    pub(super) reason: String,
}

/// A part of a stage.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) items: Vec<Item>,
    /// What was there and can't be taken: its id, and why.
    pub(super) problems: Vec<(String, String)>,
    /// Folders of artifacts that belong to the items: traces with attachments.
    pub(super) folders: Vec<Folder>,
    /// Where the next page begins; nothing at the end.
    pub(super) next: Option<Value>,
}

impl Page {
    /// Adds what could be read, or notes why it could not.
    pub(super) fn push(&mut self, id: &str, read: anyhow::Result<Item>) {
        match read {
            Ok(item) => self.items.push(item),
            Err(error) => self.problems.push((id.to_owned(), format!("{error:#}"))),
        }
    }
}

/// A folder of artifacts to copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Folder {
    /// Whose it is.
    pub(super) id: String,
    /// Where it is, as MLflow addresses it.
    pub(super) uri: String,
    /// The run that it is of, by which a server can be asked for it.
    pub(super) run_id: Option<String>,
    /// Where it comes to, below the folder of all.
    pub(super) target: String,
    /// The trace whose spans are in a file there and nowhere else, and the experiment here that it is in.
    pub(super) spans_of: Option<(String, String)>,
}

/// An experiment here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Target {
    pub(super) id: i64,
    pub(super) name: String,
    /// What it is called there.
    pub(super) source_name: String,
    /// Whether it is deleted there.
    pub(super) deleted: bool,
}

/// What all stages need to know.
#[derive(Debug, Default)]
pub(super) struct Context {
    /// The experiments that are taken, by their ids there.
    pub(super) experiments: BTreeMap<i64, Target>,
    /// Names of those that are wanted; empty for all.
    pub(super) wanted: Vec<String>,
    /// Only runs and traces that started from then on.
    pub(super) since_ms: Option<i64>,
    /// Whether artifacts are taken too.
    pub(super) with_artifacts: bool,
}

impl Context {
    /// Returns the id here of an experiment.
    pub(super) fn experiment(&self, source_id: i64) -> anyhow::Result<i64> {
        let found = self.experiments.get(&source_id);
        found
            .map(|target| target.id)
            .ok_or_else(|| anyhow::anyhow!("its experiment {source_id} was not taken"))
    }

    /// Returns where the artifacts of a thing shall be, of which its URI there and its place here are known.
    pub(super) fn artifact_uri(&self, uri: &str, place: &str) -> String {
        match Place::of(uri) {
            Place::Server(path) => format!("{SCHEME}{path}"),
            Place::Local(_) if self.with_artifacts => format!("{SCHEME}{place}"),
            Place::Local(_) | Place::Elsewhere => uri.to_owned(),
        }
    }
}

const SCHEME: &str = "mlflow-artifacts:/";

/// Where a URI of artifacts leads.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place<'a> {
    /// To the folder that the tracking server keeps, and this path there.
    Server(&'a str),
    /// To a folder of the machine.
    Local(&'a str),
    /// To a bucket or the like, where clients find them as before.
    Elsewhere,
}

impl Place<'_> {
    pub(super) fn of(uri: &str) -> Place<'_> {
        if let Some(rest) = uri.strip_prefix("mlflow-artifacts:") {
            // With the name of a server or without.
            let path = match rest.strip_prefix("//") {
                Some(with_host) => with_host.split_once('/').map_or("", |(_, path)| path),
                None => rest,
            };
            return Place::Server(path.trim_matches('/'));
        }
        match uri.split_once("://") {
            Some(("file", path)) => Place::Local(path),
            Some(_) => Place::Elsewhere,
            None => Place::Local(uri.strip_prefix("file:").unwrap_or(uri)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_tells_where_artifacts_are() {
        for (uri, expected) in [
            ("mlflow-artifacts:/1/r/artifacts", Place::Server("1/r/artifacts")),
            ("mlflow-artifacts://host:5000/1/r/artifacts", Place::Server("1/r/artifacts")),
            ("mlflow-artifacts:///1", Place::Server("1")),
            ("file:///srv/mlruns/1", Place::Local("/srv/mlruns/1")),
            ("file:/srv/mlruns/1", Place::Local("/srv/mlruns/1")),
            ("/srv/mlruns/1", Place::Local("/srv/mlruns/1")),
            ("./mlruns/0", Place::Local("./mlruns/0")),
            ("s3://bucket/x", Place::Elsewhere),
        ] {
            assert_eq!(Place::of(uri), expected, "{uri}");
        }
    }

    #[test]
    fn local_artifacts_move_if_they_are_taken() {
        let check = |with_artifacts, uri: &str, expected: &str| {
            let context = Context { with_artifacts, ..Context::default() };
            assert_eq!(context.artifact_uri(uri, "7/r/artifacts"), expected);
        };
        check(true, "/srv/1/r/artifacts", "mlflow-artifacts:/7/r/artifacts");
        check(false, "/srv/1/r/artifacts", "/srv/1/r/artifacts");
        check(true, "mlflow-artifacts://h/1/r/artifacts", "mlflow-artifacts:/1/r/artifacts");
        check(true, "s3://b/1", "s3://b/1");
    }
}
