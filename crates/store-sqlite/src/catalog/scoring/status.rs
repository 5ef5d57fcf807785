//! What scorers did, and what is set for them.

use super::{RUNNING, scorer_key};
use crate::catalog::{scorer, text_array};
use crate::error::sql_error;
use rusqlite::{Connection, OptionalExtension, Row};
use spanwise_model::{ExperimentId, ScorerVersion};
use spanwise_store::StoreResult;
use spanwise_store::catalog::{
    RunningScorer, ScoreSpend, ScoringCounts, ScoringError, ScoringLimits, ScoringStatus,
};

/// The columns that [`counts`] reads, summed up.
const SUMS: &str = "coalesce(sum(scored), 0), coalesce(sum(judged), 0), coalesce(sum(passed), 0), \
    coalesce(sum(failed), 0), coalesce(sum(calls), 0), coalesce(sum(unpriced_calls), 0), \
    coalesce(sum(input_tokens), 0), coalesce(sum(output_tokens), 0), coalesce(sum(usd), 0.0)";

/// See [`spanwise_store::catalog::ScoringStore::running_scorers`].
pub(super) fn running_scorers(conn: &Connection) -> StoreResult<Vec<RunningScorer>> {
    let sql = format!(
        "SELECT s.scorer_id, s.experiment_id, s.name, v.version, v.serialized, v.created_ns, o.sample_rate, o.filter,
                r.after_trace_key
         FROM ({RUNNING}) AS r JOIN scorer AS s USING (scorer_key) JOIN online_scoring AS o USING (scorer_key)
         JOIN scorer_version AS v USING (scorer_key)
         WHERE v.version = (SELECT max(version) FROM scorer_version WHERE scorer_key = s.scorer_key)
         ORDER BY s.experiment_id, s.name"
    );
    let read = |row: &Row<'_>| {
        Ok(RunningScorer {
            scorer: scorer::read(row)?,
            sample_rate: row.get(6)?,
            filter: row.get(7)?,
            after: row.get(8)?,
        })
    };
    conn.prepare_cached(&sql).and_then(|mut select| select.query_map([], read)?.collect()).map_err(sql_error)
}

/// See [`spanwise_store::catalog::ScoringStore::get_scorers_by_id`].
pub(super) fn get_scorers_by_id(conn: &Connection, ids: &[String]) -> StoreResult<Vec<ScorerVersion>> {
    let sql = format!(
        "{} WHERE s.scorer_id IN rarray(?1)
         AND v.version = (SELECT max(version) FROM scorer_version WHERE scorer_key = s.scorer_key)",
        scorer::VERSION
    );
    conn.prepare_cached(&sql)
        .and_then(|mut select| select.query_map([text_array(ids)], scorer::read)?.collect())
        .map_err(sql_error)
}

/// See [`spanwise_store::catalog::ScoringStore::set_scoring_limits`].
pub(super) fn set_limits(
    conn: &Connection,
    experiment: ExperimentId,
    name: &str,
    limits: ScoringLimits,
) -> StoreResult<()> {
    let scorer = scorer::get_scorer(conn, experiment, name, None)?;
    conn.prepare_cached(
        "INSERT INTO scoring (scorer_key, usd_per_day, usd_in_all, calls_per_day)
         SELECT scorer_key, ?2, ?3, ?4 FROM scorer WHERE scorer_id = ?1
         ON CONFLICT (scorer_key) DO UPDATE SET usd_per_day = excluded.usd_per_day, usd_in_all = excluded.usd_in_all,
             calls_per_day = excluded.calls_per_day",
    )
    .and_then(|mut insert| {
        insert.execute((&scorer.scorer_id, limits.usd_per_day, limits.usd_in_all, limits.calls_per_day))
    })
    .map(drop)
    .map_err(sql_error)
}

/// See [`spanwise_store::catalog::ScoringStore::scoring_status`].
pub(super) fn scoring_status(
    conn: &Connection,
    scorers: &[String],
    first_day: i64,
) -> StoreResult<Vec<ScoringStatus>> {
    let mut all = Vec::with_capacity(scorers.len());
    for id in scorers {
        if let Some(key) = scorer_key(conn, id)? {
            all.push(status(conn, id, key, first_day).map_err(sql_error)?);
        }
    }
    Ok(all)
}

fn status(conn: &Connection, id: &str, key: i64, first_day: i64) -> rusqlite::Result<ScoringStatus> {
    let mut status = conn
        .prepare_cached(
            "SELECT usd_per_day, usd_in_all, calls_per_day, last_scored_ns, last_error, last_error_trace, last_error_ns
             FROM scoring WHERE scorer_key = ?1",
        )?
        .query_row([key], |row| read_scoring(id, row))
        .optional()?
        .unwrap_or_default();
    id.clone_into(&mut status.scorer_id);
    (status.waiting, status.oldest_due_ns) = conn
        .prepare_cached("SELECT count(*), min(due_ns) FROM scoring_task WHERE scorer_key = ?1")?
        .query_row([key], |row| row.try_into())?;
    status.total = conn
        .prepare_cached(&format!("SELECT 0, {SUMS} FROM scoring_day WHERE scorer_key = ?1"))?
        .query_row([key], counts)?
        .1;
    status.days = conn
        .prepare_cached(&format!(
            "SELECT day, {SUMS} FROM scoring_day WHERE scorer_key = ?1 AND day >= ?2 GROUP BY day ORDER BY day"
        ))?
        .query_map((key, first_day), counts)?
        .collect::<rusqlite::Result<_>>()?;
    status.skips = conn
        .prepare_cached(
            "SELECT reason, traces FROM scoring_skip WHERE scorer_key = ?1 ORDER BY traces DESC, reason",
        )?
        .query_map([key], |row| row.try_into())?
        .collect::<rusqlite::Result<_>>()?;
    Ok(status)
}

fn read_scoring(id: &str, row: &Row<'_>) -> rusqlite::Result<ScoringStatus> {
    let error: Option<String> = row.get(4)?;
    let last_error = match error {
        Some(message) => Some(ScoringError { message, trace_id: row.get(5)?, at_ns: row.get(6)? }),
        None => None,
    };
    Ok(ScoringStatus {
        scorer_id: id.to_owned(),
        limits: ScoringLimits {
            usd_per_day: row.get(0)?,
            usd_in_all: row.get(1)?,
            calls_per_day: row.get(2)?,
        },
        last_scored_ns: row.get(3)?,
        last_error,
        ..ScoringStatus::default()
    })
}

fn counts(row: &Row<'_>) -> rusqlite::Result<(i64, ScoringCounts)> {
    let counts = ScoringCounts {
        scored: row.get(1)?,
        judged: row.get(2)?,
        passed: row.get(3)?,
        failed: row.get(4)?,
        spend: ScoreSpend {
            calls: row.get(5)?,
            unpriced_calls: row.get(6)?,
            input_tokens: row.get(7)?,
            output_tokens: row.get(8)?,
            usd: row.get(9)?,
        },
    };
    Ok((row.get(0)?, counts))
}
