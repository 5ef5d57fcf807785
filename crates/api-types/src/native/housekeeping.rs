//! Housekeeping: retention, the lines of long work, and backups.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How long traces stay, and what retention did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Retention {
    /// Traces go when the earlier of their start and their arrival is so many seconds ago.
    pub max_age_s: Option<u64>,
    /// The oldest traces go when more bytes are stored.
    pub max_bytes: Option<u64>,
    /// What is set for single experiments.
    pub experiments: Vec<ExperimentRetention>,
    /// Bytes that count against `max_bytes` now: segments and indexes without what is deleted already.
    pub stored_bytes: u64,
    /// Traces that were deleted since the server started.
    pub deleted_traces: u64,
    /// The last run that deleted something since then.
    pub last: Option<RetentionRun>,
}

/// What is set for one experiment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ExperimentRetention {
    /// Its name or id, as configured.
    pub experiment: String,
    /// Its own age in seconds; null if the overall one holds, or none (`keeps`).
    pub max_age_s: Option<u64>,
    /// Whether its traces stay, however old they are.
    pub keeps: bool,
    /// Bytes of its traces.
    pub max_bytes: Option<u64>,
}

/// One run of retention.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RetentionRun {
    /// When it ended.
    pub finished_ns: String,
    /// Traces that it deleted.
    pub traces: u64,
    /// Bytes of their spans as they were stored.
    pub bytes: u64,
}

/// A line while long work goes on; the last line holds `result` or `error`, all others progress.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum CompactLine {
    /// How far the work is.
    Progress(ProgressLine),
    /// It is done.
    Result {
        /// What it changed.
        result: CompactResult,
    },
    /// It failed.
    Error {
        /// Why.
        error: String,
    },
}

/// How far long work is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProgressLine {
    /// What is being done.
    pub stage: String,
    /// How much of it is done, in units of the stage (bytes, pages or traces).
    pub done: u64,
    /// How much there is to do.
    pub total: u64,
}

/// What a compaction changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CompactResult {
    /// Traces whose spans were rewritten.
    pub traces: u64,
    /// Segment files that were removed.
    pub removed_segments: u64,
    /// Traces that can't be read, and stay where they are.
    pub unreadable_traces: u64,
    /// Bytes on the disk before.
    pub before: DiskBytes,
    /// Bytes on the disk after.
    pub after: DiskBytes,
}

/// A line while a store is checked; the last line holds `result` or `error`, all others progress.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum CheckLine {
    /// How far the check is.
    Progress(ProgressLine),
    /// It is done.
    Result {
        /// What it found.
        result: CheckResult,
    },
    /// It could not be done.
    Error {
        /// Why.
        error: String,
    },
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CheckResult {
    /// Traces that were looked at.
    pub traces: u64,
    /// Their spans.
    pub spans: u64,
    /// Blocks whose checksum and contents were verified.
    pub blocks: u64,
    /// Attachments whose bytes were compared with their hashes.
    pub attachments: u64,
    /// Artifacts that were read; they have no checksum.
    pub artifacts: u64,
    /// What is wrong, each naming the place and what it costs; at most 100, and a last one that says that there are
    /// more.
    pub problems: Vec<String>,
}

/// A line while traces are derived again; the last line holds `result` or `error`, all others progress.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum RenormalizeLine {
    /// How far the work is, in traces.
    Progress(ProgressLine),
    /// It is done.
    Result {
        /// What it changed.
        result: RenormalizeResult,
    },
    /// It failed.
    Error {
        /// Why.
        error: String,
    },
}

/// What it changed to derive traces again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RenormalizeResult {
    /// Traces that were looked at.
    pub traces: u64,
    /// Those of which something changed: a span, or only the record.
    pub changed_traces: u64,
    /// Spans that were looked at.
    pub spans: u64,
    /// Those that say something else than before.
    pub changed_spans: u64,
    /// Traces that can't be read, and stay as they are.
    pub unreadable_traces: u64,
    /// Traces that were written to each time that their turn came, and stay as they are.
    pub busy_traces: u64,
}

/// Bytes on the disk, by what they are for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DiskBytes {
    /// Segment files.
    pub segments: u64,
    /// The index database with its log.
    pub index: u64,
    /// The word and attribute index.
    pub postings: u64,
}

/// What whoever asks for a backup has already.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BackupRequest {
    /// Files of an earlier backup: one that is still the same is named, but not sent.
    pub known: Vec<BackupFile>,
}

/// A file of an earlier backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BackupFile {
    /// Its path in the data directory.
    pub path: String,
    /// Its length.
    pub bytes: u64,
    /// Its XXH3 of 128 bits as hexadecimal digits.
    pub xxh3: String,
}

/// The JSON in a frame of a backup; the bytes of files are in frames of their own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "item")]
pub enum BackupFrame {
    /// How much there will be.
    Start {
        /// Files.
        files: u64,
        /// Their bytes.
        bytes: u64,
    },
    /// A file that is known already, and still the same.
    Unchanged {
        /// Its path.
        path: String,
    },
    /// A file begins.
    File {
        /// Its path.
        path: String,
        /// Its length.
        bytes: u64,
    },
    /// It is complete.
    End {
        /// Its hash.
        xxh3: String,
    },
    /// That was all: without it the backup is not whole.
    Done,
    /// It failed.
    Error {
        /// Why.
        error: String,
    },
}
