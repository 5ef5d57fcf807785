//! Metrics over time: traces, or calls of models, added up in stretches of time and by group.

use crate::{Percentiles, Selection, StoreError, StoreResult};
use spanwise_model::ExperimentId;

/// What the borders of [`MetricsQuery::edges_ns`] are whole multiples of: a quarter of an hour, by which all time zones
/// differ.
pub const METRICS_STEP_NS: i64 = 15 * 60 * 1_000_000_000;
/// Stretches of time in one query.
pub const METRICS_POINTS_MAX: usize = 5_000;
/// Groups in one answer.
pub const METRICS_GROUPS_MAX: usize = 100;

/// What is added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricsSubject {
    /// Traces, by when they started; tokens and cost are those of their records.
    Traces,
    /// Calls of models, by when they started: spans that name a model and do not wrap others (as an agent or a chain
    /// does). Tokens and cost are those of the spans that count along the tree, as in the traces' totals; of a span
    /// that names no model they stand under no model.
    ModelCalls,
}

/// What there is one series for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricsGroupBy {
    /// All is one series.
    None,
    /// The experiment.
    Experiment,
    /// The model; only of calls.
    Model,
    /// The provider; only of calls.
    Provider,
}

/// A question about metrics.
#[derive(Debug, Clone)]
pub struct MetricsQuery {
    /// Where to look; unknown ids match nothing, empty matches nothing.
    pub experiments: Vec<ExperimentId>,
    /// `None` = all. With a filter, calls are those of the traces that match.
    pub filter: Option<spanwise_query::Filter>,
    /// Borders of the stretches of time, ascending, in nanoseconds; multiples of [`METRICS_STEP_NS`]. At least 2, at
    /// most [`METRICS_POINTS_MAX`] + 1.
    pub edges_ns: Vec<i64>,
    /// What is added up.
    pub subject: MetricsSubject,
    /// What there is a series for.
    pub group_by: MetricsGroupBy,
    /// Series at most, 1 to [`METRICS_GROUPS_MAX`]; what more there are is one series together.
    pub groups_max: usize,
}

/// Metrics over time.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Metrics {
    /// One a group, the one with the most traces or calls first, then the one with the most tokens, then by name; what
    /// is left over is last. Without groups there is one, also of nothing.
    pub series: Vec<MetricsSeries>,
    /// How many groups there are.
    pub groups: u64,
    /// Whether everything that was asked for is counted. False for calls while the store computes the roll-ups of older
    /// traces, and for the calls of a filter that matches more traces than are looked at: then the newest are counted.
    pub complete: bool,
}

/// The course of one group.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricsSeries {
    /// The group.
    pub group: MetricsGroup,
    /// Over the whole time.
    pub total: MetricsPoint,
    /// One a stretch of time.
    pub points: Vec<MetricsPoint>,
}

/// One group.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MetricsGroup {
    /// Everything.
    All,
    /// An experiment.
    Experiment(ExperimentId),
    /// A model; `None` where none is named.
    Model(Option<Box<str>>),
    /// A provider; `None` where none is named.
    Provider(Option<Box<str>>),
    /// What is left over.
    Others,
}

/// What is added up over one stretch of time.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct MetricsPoint {
    /// Traces or calls.
    pub count: u64,
    /// Of them, those that ended with an error.
    pub errors: u64,
    /// Of them, those that have not ended.
    pub in_progress: u64,
    /// Tokens of prompts, cached ones included.
    pub input_tokens: u64,
    /// Tokens of answers.
    pub output_tokens: u64,
    /// What providers called the total.
    pub total_tokens: u64,
    /// Input tokens that were read from a cache.
    pub cache_read_tokens: u64,
    /// Input tokens that were written to a cache.
    pub cache_creation_tokens: u64,
    /// Cost in US dollars.
    pub cost: f64,
    /// Percentiles of the known durations.
    pub durations: Percentiles,
}

impl MetricsQuery {
    /// Refuses what can't be answered, naming it.
    pub fn check(&self) -> StoreResult<()> {
        let count = self.edges_ns.len();
        if !(2..=METRICS_POINTS_MAX + 1).contains(&count) {
            let message = format!("{count} borders of time; expected 2 to {}", METRICS_POINTS_MAX + 1);
            return Err(StoreError::invalid(message));
        }
        if let Some(edge) = self.edges_ns.iter().find(|edge| *edge % METRICS_STEP_NS != 0) {
            let message = format!("a border at {edge} ns; expected a whole quarter of an hour");
            return Err(StoreError::invalid(message));
        }
        if !self.edges_ns.is_sorted_by(|left, right| left < right) {
            return Err(StoreError::invalid("borders of time that do not ascend"));
        }
        let of_calls = matches!(self.group_by, MetricsGroupBy::Model | MetricsGroupBy::Provider);
        if of_calls && self.subject == MetricsSubject::Traces {
            return Err(StoreError::invalid(
                "traces have no one model; expected groups by experiment, or none",
            ));
        }
        if !(1..=METRICS_GROUPS_MAX).contains(&self.groups_max) {
            let message = format!("{} groups; expected 1 to {METRICS_GROUPS_MAX}", self.groups_max);
            return Err(StoreError::invalid(message));
        }
        Ok(())
    }

    /// Returns the stretch of time that a time falls into.
    pub fn point_of(&self, time_ns: i64) -> Option<usize> {
        let after = self.edges_ns.partition_point(|edge| *edge <= time_ns);
        after.checked_sub(1).filter(|point| *point < self.points())
    }

    /// Returns how many stretches of time there are.
    pub fn points(&self) -> usize {
        self.edges_ns.len().saturating_sub(1)
    }

    /// Returns the traces that started in the whole time and match.
    pub fn selection(&self) -> Selection {
        // Borders are whole milliseconds.
        let edge_ms = |edge: Option<&i64>| edge.map(|edge| edge / 1_000_000);
        Selection {
            experiments: self.experiments.clone(),
            filter: self.filter.clone(),
            from_ms: edge_ms(self.edges_ns.first()),
            to_ms: edge_ms(self.edges_ns.last()),
            budget: None,
        }
    }
}
