//! Evaluation datasets: records of inputs with what is expected of them.

use crate::ExperimentId;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// An evaluation dataset without its records.
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    /// Its id, `d-` and 32 hex digits.
    pub dataset_id: String,
    /// Its name, which others may have too.
    pub name: String,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// The experiments that it belongs to.
    pub experiments: Vec<ExperimentId>,
    /// Which fields its records have had, with the type of each.
    pub schema: Option<Value>,
    /// How many records it has.
    pub record_count: u64,
    /// The number of the last change of its records, from 0.
    pub version: i64,
    /// Tells this version of this dataset from others; 8 hex digits.
    pub digest: String,
    /// When it was created.
    pub created_ns: i64,
    /// When it or its records last changed.
    pub last_updated_ns: i64,
    /// Who made it.
    pub created_by: Option<String>,
    /// Who changed it last.
    pub last_updated_by: Option<String>,
    /// How records were last made of its traces, in the words of who did it.
    pub mapping: Option<Value>,
}

/// One change of a dataset's records, which made a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatasetChange {
    /// The version that it made.
    pub version: i64,
    /// When it was made; `None` of a deletion that an older release made.
    pub at_ns: Option<i64>,
    /// Who made it.
    pub user: Option<String>,
    /// How many records are new.
    pub added: u64,
    /// How many were there and changed.
    pub changed: u64,
    /// How many are gone.
    pub removed: u64,
}

/// One record as it is in one version of its dataset.
#[derive(Debug, Clone, PartialEq)]
pub struct DatasetRecord {
    /// Its id, `dr-` and 32 hex digits.
    pub record_id: String,
    /// What the application is given; no two records of a dataset have the same.
    pub inputs: Map<String, Value>,
    /// What it answered.
    pub outputs: Option<Value>,
    /// What is expected of an answer.
    pub expectations: Map<String, Value>,
    /// Its tags.
    pub tags: Map<String, Value>,
    /// Where it came from.
    pub source: Option<RecordSource>,
    /// The version of its dataset that made it what it is.
    pub since: i64,
    /// When it was created.
    pub created_ns: i64,
    /// When it last changed.
    pub last_updated_ns: i64,
    /// Who made it.
    pub created_by: Option<String>,
    /// Who changed it last.
    pub last_updated_by: Option<String>,
}

/// Where a record came from.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordSource {
    /// `TRACE`, `HUMAN`, `DOCUMENT` or `CODE`.
    pub source_type: String,
    /// What is known of it; of a trace its `trace_id`.
    pub data: Map<String, Value>,
}
