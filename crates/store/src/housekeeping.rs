//! Housekeeping: how long traces stay, and how long work tells how far it is.

use crate::{StoreError, StoreResult};
use bytes::Bytes;
use futures_util::stream::BoxStream;
use spanwise_model::{ErrorKind, ExperimentId};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// How long traces stay, and how much of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RetentionRules {
    /// A trace goes when the earlier of its start and its arrival is longer ago; `None` keeps it.
    pub max_age: Option<Duration>,
    /// The oldest traces go when more bytes are stored (segments, attachments and all indexes; artifacts are not counted).
    pub max_bytes: Option<u64>,
    /// What holds for single experiments, by name or id.
    pub experiments: BTreeMap<String, ExperimentRule>,
}

impl RetentionRules {
    /// Returns whether nothing ever goes by itself.
    pub fn is_empty(&self) -> bool {
        *self == RetentionRules::default()
    }

    /// Returns the rule of an experiment; its id counts before its name.
    pub fn rule_of(&self, id: ExperimentId, name: &str) -> ExperimentRule {
        let by_id = self.experiments.get(&id.0.to_string());
        by_id.or_else(|| self.experiments.get(name)).copied().unwrap_or_default()
    }

    /// Returns how old the traces of an experiment may become.
    pub fn max_age_of(&self, id: ExperimentId, name: &str) -> Option<Duration> {
        match self.rule_of(id, name).max_age {
            AgeRule::AsOverall => self.max_age,
            AgeRule::Off => None,
            AgeRule::After(age) => Some(age),
        }
    }
}

/// How long the traces of one experiment stay. The overall bound of bytes holds for them as well.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ExperimentRule {
    /// Takes the place of the overall age.
    pub max_age: AgeRule,
    /// Bytes of the experiment's traces.
    pub max_bytes: Option<u64>,
}

/// The age of one experiment's traces.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum AgeRule {
    /// The overall one.
    #[default]
    AsOverall,
    /// They stay, however old they are.
    Off,
    /// They go when they are older.
    After(Duration),
}

/// What retention is set to, and what it did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RetentionStatus {
    /// What is set.
    pub rules: RetentionRules,
    /// Bytes that count against `max_bytes` now.
    pub stored_bytes: u64,
    /// The last run that deleted something since the store was opened.
    pub last: Option<RetentionRun>,
    /// Traces that were deleted since the store was opened.
    pub deleted_traces: u64,
}

/// One run of retention.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RetentionRun {
    /// When it ended.
    pub finished_ns: i64,
    /// Traces that it deleted.
    pub traces: u64,
    /// Bytes of their spans as they were stored.
    pub bytes: u64,
}

/// How far long work is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProgressStep {
    /// What is being done, e.g. `rewriting segments`.
    pub stage: &'static str,
    /// How much of it is done, in bytes unless the stage says otherwise.
    pub done: u64,
    /// How much there is to do; it may grow while the store is written to.
    pub total: u64,
}

/// Hears how far long work is, and may end it.
#[derive(Clone)]
pub struct Progress(Arc<dyn Fn(ProgressStep) -> bool + Send + Sync>);

impl Progress {
    /// Makes one of a function that returns whether the work is to go on.
    pub fn new(hear: impl Fn(ProgressStep) -> bool + Send + Sync + 'static) -> Progress {
        Progress(Arc::new(hear))
    }

    /// Returns one that lets the work go on in silence.
    pub fn silent() -> Progress {
        Progress::new(|_| true)
    }

    /// Says how far the work is.
    ///
    /// # Errors
    /// `Unavailable` if nobody wants it any more.
    pub fn report(&self, stage: &'static str, done: u64, total: u64) -> StoreResult<()> {
        if (self.0)(ProgressStep { stage, done, total }) {
            return Ok(());
        }
        Err(StoreError::new(ErrorKind::Unavailable, format!("interrupted while {stage}")))
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Progress")
    }
}

/// Files that whoever asks for a backup has already, by their paths in the data directory.
pub type KnownFiles = BTreeMap<String, KnownFile>;

/// A file of an earlier backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownFile {
    /// Its length.
    pub bytes: u64,
    /// Its XXH3 of 128 bits as hexadecimal digits.
    pub xxh3: String,
}

/// A part of a backup, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BackupItem {
    /// How much there will be, unchanged files included.
    Start {
        /// Files; some may turn out not to be there any more.
        files: u64,
        /// Their bytes.
        bytes: u64,
    },
    /// A file that is known already, and still the same.
    Unchanged {
        /// Its path in the data directory.
        path: String,
    },
    /// A file begins.
    File {
        /// Its path in the data directory.
        path: String,
        /// Its length.
        bytes: u64,
    },
    /// The next bytes of it.
    Data(Bytes),
    /// It is complete.
    End {
        /// Its hash.
        xxh3: String,
    },
    /// That was all.
    Done,
}

/// A backup on its way.
pub type BackupStream = BoxStream<'static, StoreResult<BackupItem>>;

/// What a compaction changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CompactReport {
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

/// Which traces are derived again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RenormalizeScope {
    /// All, those of deleted experiments included: an experiment can be restored.
    All,
    /// Those that are in one of these experiments when their turn comes.
    Experiments(Vec<ExperimentId>),
}

/// What it changed to derive traces again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RenormalizeReport {
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
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DiskBytes {
    /// Segment files.
    pub segments: u64,
    /// The index database with its log.
    pub index: u64,
    /// The word and attribute index.
    pub postings: u64,
}

impl DiskBytes {
    /// Adds them up.
    pub fn total(self) -> u64 {
        self.segments + self.index + self.postings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_experiment_has_its_own_age_and_its_id_counts_first() {
        let day = |days: u64| Duration::from_secs(days * 86_400);
        let rule = |max_age| ExperimentRule { max_age, max_bytes: None };
        let rules = RetentionRules {
            max_age: Some(day(30)),
            max_bytes: None,
            experiments: BTreeMap::from([
                ("golden".to_owned(), rule(AgeRule::Off)),
                ("7".to_owned(), rule(AgeRule::After(day(1)))),
            ]),
        };
        assert_eq!(rules.max_age_of(ExperimentId(1), "shop"), Some(day(30)));
        assert_eq!(rules.max_age_of(ExperimentId(2), "golden"), None);
        assert_eq!(rules.max_age_of(ExperimentId(7), "golden"), Some(day(1)));
    }

    #[test]
    fn work_that_nobody_wants_ends() {
        let progress = Progress::new(|step| step.done < 2);
        assert!(progress.report("counting", 1, 3).is_ok());
        let error = progress.report("counting", 2, 3).unwrap_err();
        assert_eq!(error.message(), "interrupted while counting");
    }
}
