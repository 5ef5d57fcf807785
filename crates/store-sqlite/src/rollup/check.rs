//! Verifies the roll-ups against the rows and packed columns that they add up.

use super::build::are_built;
use super::figures::Figures;
use super::record::{FACT_COLUMNS, TraceFacts};
use super::{BUCKET_NS, SpanFacts, bucket_of};
use super::{name, pending};
use crate::error::sql_error;
use crate::explore::TraceColumns;
use rusqlite::Connection;
use spanwise_genai::rollup::UsageTree;
use spanwise_store::StoreResult;
use std::collections::BTreeMap;

/// By experiment, bucket and, for calls, model and provider.
type CallKey = (i64, i64, Option<String>, Option<String>);

/// Names each roll-up that differs from what it adds up.
///
/// Holds one read transaction, so that nothing is written in between, and about 1 KiB a roll-up.
pub(crate) fn check(conn: &Connection, mut note: impl FnMut(String)) -> StoreResult<()> {
    let txn = conn.unchecked_transaction().map_err(sql_error)?;
    if !are_built(&txn)? {
        // They are being computed.
        return Ok(());
    }
    let kinds = [
        ("traces", compare(traces_of_rows(&txn)?, stored(&txn, stored_traces(&txn)?, true)?)),
        ("calls", compare(calls_of_columns(&txn)?, stored(&txn, stored_calls(&txn)?, false)?)),
    ];
    for (kind, wrong) in kinds {
        for (experiment_id, bucket, model, provider) in wrong {
            let start_ms = bucket.saturating_mul(BUCKET_NS) / 1_000_000;
            let of = [("model", model), ("provider", provider)]
                .into_iter()
                .filter_map(|(what, name)| Some(format!(", {what} `{}`", name?)))
                .collect::<String>();
            note(format!(
                "the roll-up of {kind} of experiment {experiment_id}{of} in the quarter of an hour from {start_ms} ms \
                 is not what they add up to"
            ));
        }
    }
    Ok(())
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

fn traces_of_rows(conn: &Connection) -> StoreResult<BTreeMap<CallKey, Figures>> {
    let mut sums: BTreeMap<CallKey, Figures> = BTreeMap::new();
    let mut statement =
        conn.prepare(&format!("SELECT {FACT_COLUMNS} FROM trace WHERE visible = 1")).map_err(sql_error)?;
    let mut rows = statement.query([]).map_err(sql_error)?;
    while let Some(row) = rows.next().map_err(sql_error)? {
        let facts = TraceFacts::from_columns(row, 0).map_err(sql_error)?;
        sums.entry((facts.experiment_id, facts.bucket, None, None)).or_default().add(&facts.share);
    }
    Ok(sums)
}

fn calls_of_columns(conn: &Connection) -> StoreResult<BTreeMap<CallKey, Figures>> {
    let mut sums: BTreeMap<CallKey, Figures> = BTreeMap::new();
    let mut statement = conn
        .prepare("SELECT trace_key, experiment_id FROM trace WHERE visible = 1 ORDER BY trace_key")
        .map_err(sql_error)?;
    let mut rows = statement.query([]).map_err(sql_error)?;
    while let Some(row) = rows.next().map_err(sql_error)? {
        let (trace_key, experiment_id) =
            row.get(0).and_then(|key| Ok((key, row.get::<_, i64>(1)?))).map_err(sql_error)?;
        let trace = TraceColumns::load(conn, trace_key)?;
        let mut usage = UsageTree::default();
        for (_, row) in trace.rows() {
            usage.insert(row.span_id, row.parent_id, row.usage, row.cost);
        }
        for (columns, row) in trace.rows() {
            let facts = SpanFacts::of_row(columns, row);
            if let Some(share) = facts.counted_share(usage.counts(row.span_id)) {
                let (model, provider) = (facts.model().map(Into::into), facts.provider().map(Into::into));
                let key = (experiment_id, bucket_of(row.start_ns), model, provider);
                sums.entry(key).or_default().add(&share);
            }
        }
    }
    Ok(sums)
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
