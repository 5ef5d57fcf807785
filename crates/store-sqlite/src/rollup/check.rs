//! Verifies the roll-ups against the rows and packed columns that they add up.

use super::build::are_built;
use super::figures::Figures;
use super::record::TraceFacts;
use super::{BUCKET_NS, SpanFacts, bucket_of};
use super::{name, pending};
use crate::columns::{Columns, Row};
use crate::error::sql_error;
use rusqlite::Connection;
use spanwise_genai::rollup::UsageTree;
use spanwise_store::StoreResult;
use std::collections::BTreeMap;

/// By experiment, bucket and, for calls, model and provider.
type CallKey = (i64, i64, Option<String>, Option<String>);

/// What the roll-ups have to be, as traces are added up; it takes about 1 KiB a roll-up.
#[derive(Default)]
pub(crate) struct Expected {
    traces: BTreeMap<CallKey, Figures>,
    calls: BTreeMap<CallKey, Figures>,
    /// Whether spans of a trace could not be read.
    lacks_calls: bool,
}

impl Expected {
    /// Adds a visible trace and its spans.
    pub(crate) fn add<'a>(
        &mut self,
        facts: &TraceFacts,
        spans: impl Iterator<Item = (&'a Columns, &'a Row)> + Clone,
    ) {
        let experiment_id = facts.experiment_id;
        self.traces.entry((experiment_id, facts.bucket, None, None)).or_default().add(&facts.share);
        let mut usage = UsageTree::default();
        for (_, row) in spans.clone() {
            usage.insert(row.span_id, row.parent_id, row.usage, row.cost);
        }
        for (columns, row) in spans {
            let span = SpanFacts::of_row(columns, row);
            if let Some(share) = span.counted_share(usage.counts(row.span_id)) {
                let (model, provider) = (span.model().map(Into::into), span.provider().map(Into::into));
                let key = (experiment_id, bucket_of(row.start_ns), model, provider);
                self.calls.entry(key).or_default().add(&share);
            }
        }
    }

    /// Adds a visible trace of which spans can't be read: then nothing can be said of calls.
    pub(crate) fn add_unreadable(&mut self, facts: &TraceFacts) {
        self.add(facts, std::iter::empty());
        self.lacks_calls = true;
    }

    /// Names each roll-up that differs from what was added. No trace may have changed since it was.
    pub(crate) fn compare(self, conn: &Connection, mut note: impl FnMut(String)) -> StoreResult<()> {
        // What waits is added to the rows from time to time: both are read at one moment.
        let txn = conn.unchecked_transaction().map_err(sql_error)?;
        if !are_built(&txn)? {
            // They are being computed.
            return Ok(());
        }
        let traces = compare(self.traces, stored(&txn, stored_traces(&txn)?, true)?);
        traces.into_iter().for_each(|key| note(describe("traces", key)));
        if !self.lacks_calls {
            let calls = compare(self.calls, stored(&txn, stored_calls(&txn)?, false)?);
            calls.into_iter().for_each(|key| note(describe("calls", key)));
        }
        Ok(())
    }
}

fn describe(kind: &str, (experiment_id, bucket, model, provider): CallKey) -> String {
    let start_ms = bucket.saturating_mul(BUCKET_NS) / 1_000_000;
    let of: String = [("model", model), ("provider", provider)]
        .into_iter()
        .filter_map(|(what, name)| Some(format!(", {what} `{}`", name?)))
        .collect();
    format!(
        "the roll-up of {kind} of experiment {experiment_id}{of} in the quarter of an hour from {start_ms} ms is not \
         what they add up to"
    )
}

type Packed = BTreeMap<CallKey, Vec<u8>>;

/// What is stored; `None` of a roll-up that can't be read.
type Stored = BTreeMap<CallKey, Option<Figures>>;

/// Reads roll-ups, and adds to them what waits.
fn stored(conn: &Connection, packed: Packed, of_traces: bool) -> StoreResult<Stored> {
    let unpack = |(key, packed): (CallKey, Vec<u8>)| (key, Figures::unpack(&packed).ok());
    let mut stored: Stored = packed.into_iter().map(unpack).collect();
    pending::for_each(conn, |change| {
        if (change.model_key == 0) != of_traces {
            return Ok(());
        }
        let (model, provider) = match change.model_key {
            0 => (None, None),
            model_key => {
                let name = name::load(conn, model_key)?;
                (name.model.map(Into::into), name.provider.map(Into::into))
            }
        };
        let key = (change.experiment_id, change.bucket, model, provider);
        if let Some(figures) = stored.entry(key).or_insert_with(|| Some(Figures::default())) {
            figures.change(&change.share, change.is_added);
        }
        Ok(())
    })?;
    Ok(stored)
}

fn compare(expected: BTreeMap<CallKey, Figures>, mut stored: Stored) -> Vec<CallKey> {
    let mut wrong = Vec::new();
    for (key, figures) in expected {
        let found = stored.remove(&key).unwrap_or_else(|| Some(Figures::default()));
        if found.is_none_or(|found| found != figures) {
            wrong.push(key);
        }
    }
    // What waits may have emptied a roll-up that has a row.
    let is_left = |figures: &Option<Figures>| figures.as_ref().is_none_or(|figures| !figures.is_empty());
    wrong.extend(stored.into_iter().filter(|(_, figures)| is_left(figures)).map(|(key, _)| key));
    wrong
}

fn stored_traces(conn: &Connection) -> StoreResult<Packed> {
    conn.prepare("SELECT experiment_id, bucket, figures FROM rollup_trace")
        .and_then(|mut statement| {
            let rows =
                statement.query_map([], |row| Ok(((row.get(0)?, row.get(1)?, None, None), row.get(2)?)))?;
            rows.collect()
        })
        .map_err(sql_error)
}

fn stored_calls(conn: &Connection) -> StoreResult<Packed> {
    conn.prepare(
        "SELECT experiment_id, bucket, model, provider, figures FROM rollup_call LEFT JOIN rollup_model USING (model_key)",
    )
    .and_then(|mut statement| {
        let rows = statement.query_map([], |row| {
            Ok(((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?), row.get(4)?))
        })?;
        rows.collect()
    })
    .map_err(sql_error)
}
