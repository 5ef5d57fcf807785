//! Verifies the roll-ups against the rows and packed columns that they add up.

use super::build::are_built;
use super::figures::Figures;
use super::record::{FACT_COLUMNS, TraceFacts};
use super::{BUCKET_NS, SpanFacts, bucket_of};
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
        ("traces", compare(traces_of_rows(&txn)?, stored_traces(&txn)?)),
        ("calls", compare(calls_of_columns(&txn)?, stored_calls(&txn)?)),
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

fn compare(expected: BTreeMap<CallKey, Figures>, mut stored: Packed) -> Vec<CallKey> {
    let mut wrong = Vec::new();
    for (key, figures) in expected {
        let found = stored.remove(&key).map(|packed| Figures::unpack(&packed));
        let found = match found {
            Some(Ok(found)) => found,
            Some(Err(_)) => {
                wrong.push(key);
                continue;
            }
            None => Figures::default(),
        };
        if found != figures {
            wrong.push(key);
        }
    }
    wrong.extend(stored.into_keys());
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
