//! Registered scorers and how they run on traces as they arrive.

use super::experiment::writable_experiment;
use super::scoring;
use super::{key_array, text_array};
use crate::error::sql_error;
use rusqlite::{Connection, Params, Row};
use spanwise_model::{ExperimentId, OnlineScoring, ScorerVersion};
use spanwise_store::StoreResult;
use spanwise_store::catalog::refusal;

pub(super) const VERSION: &str =
    "SELECT s.scorer_id, s.experiment_id, s.name, v.version, v.serialized, v.created_ns
                       FROM scorer AS s JOIN scorer_version AS v USING (scorer_key)";

/// See [`spanwise_store::catalog::ScorerStore::register_scorer`].
pub(crate) fn register_scorer(
    conn: &Connection,
    experiment: ExperimentId,
    name: &str,
    serialized: &str,
    scorer_id: &str,
    now_ns: i64,
) -> StoreResult<ScorerVersion> {
    writable_experiment(conn, experiment)?;
    let (scorer_key, version): (i64, i64) = conn
        .prepare_cached(
            "INSERT INTO scorer (scorer_id, experiment_id, name, last_version) VALUES (?1, ?2, ?3, 1)
             ON CONFLICT (experiment_id, name) DO UPDATE SET last_version = last_version + 1
             RETURNING scorer_key, last_version",
        )
        .and_then(|mut insert| insert.query_row((scorer_id, experiment.0, name), |row| row.try_into()))
        .map_err(sql_error)?;
    conn.prepare_cached(
        "INSERT INTO scorer_version (scorer_key, version, serialized, created_ns) VALUES (?1, ?2, ?3, ?4)",
    )
    .and_then(|mut insert| insert.execute((scorer_key, version, serialized, now_ns)))
    .map_err(sql_error)?;
    get_scorer(conn, experiment, name, Some(version))
}

/// See [`spanwise_store::catalog::ScorerStore::list_scorers`].
pub(crate) fn list_scorers(
    conn: &Connection,
    experiments: Option<&[ExperimentId]>,
) -> StoreResult<Vec<ScorerVersion>> {
    let latest = "v.version = (SELECT max(version) FROM scorer_version WHERE scorer_key = s.scorer_key)";
    let order = "ORDER BY s.experiment_id, s.name";
    match experiments {
        Some(experiments) => {
            let keys = key_array(experiments.iter().map(|id| id.0));
            let sql = format!("{VERSION} WHERE {latest} AND s.experiment_id IN rarray(?1) {order}");
            select(conn, &sql, [keys])
        }
        None => {
            let active = "s.experiment_id IN (SELECT experiment_id FROM experiment WHERE deleted = 0)";
            select(conn, &format!("{VERSION} WHERE {latest} AND {active} {order}"), [])
        }
    }
}

/// See [`spanwise_store::catalog::ScorerStore::scorer_versions`].
pub(crate) fn scorer_versions(
    conn: &Connection,
    experiment: ExperimentId,
    name: &str,
) -> StoreResult<Vec<ScorerVersion>> {
    let sql = format!("{VERSION} WHERE s.experiment_id = ?1 AND s.name = ?2 ORDER BY v.version");
    let found = select(conn, &sql, (experiment.0, name))?;
    if found.is_empty() { Err(refusal::no_scorer(experiment, name, None)) } else { Ok(found) }
}

/// See [`spanwise_store::catalog::ScorerStore::get_scorer`].
pub(crate) fn get_scorer(
    conn: &Connection,
    experiment: ExperimentId,
    name: &str,
    version: Option<i64>,
) -> StoreResult<ScorerVersion> {
    let sql = format!(
        "{VERSION} WHERE s.experiment_id = ?1 AND s.name = ?2 AND v.version = coalesce(?3, v.version)
         ORDER BY v.version DESC LIMIT 1"
    );
    let found = select(conn, &sql, (experiment.0, name, version))?;
    found.into_iter().next().ok_or_else(|| refusal::no_scorer(experiment, name, version))
}

/// See [`spanwise_store::catalog::ScorerStore::delete_scorer`].
pub(crate) fn delete_scorer(
    conn: &Connection,
    experiment: ExperimentId,
    name: &str,
    version: Option<i64>,
) -> StoreResult<()> {
    let deleted = conn
        .prepare_cached(
            "DELETE FROM scorer_version
             WHERE scorer_key = (SELECT scorer_key FROM scorer WHERE experiment_id = ?1 AND name = ?2)
               AND version = coalesce(?3, version)",
        )
        .and_then(|mut delete| delete.execute((experiment.0, name, version)))
        .map_err(sql_error)?;
    if deleted == 0 {
        return Err(refusal::no_scorer(experiment, name, version));
    }
    conn.prepare_cached(
        "DELETE FROM scorer WHERE experiment_id = ?1 AND name = ?2
         AND NOT EXISTS (SELECT 1 FROM scorer_version AS v WHERE v.scorer_key = scorer.scorer_key)",
    )
    .and_then(|mut delete| delete.execute((experiment.0, name)))
    .map(drop)
    .map_err(sql_error)
}

/// See [`spanwise_store::catalog::ScorerStore::set_online_scoring`].
pub(crate) fn set_online_scoring(
    conn: &Connection,
    experiment: ExperimentId,
    name: &str,
    sample_rate: f64,
    filter: Option<&str>,
    config_id: &str,
) -> StoreResult<OnlineScoring> {
    let scorer = get_scorer(conn, experiment, name, None)?;
    scoring::rate_changes(conn, &scorer.scorer_id, sample_rate)?;
    conn.prepare_cached(
        "INSERT INTO online_scoring (scorer_key, config_id, sample_rate, filter)
         SELECT scorer_key, ?2, ?3, ?4 FROM scorer WHERE scorer_id = ?1
         ON CONFLICT (scorer_key) DO UPDATE SET sample_rate = excluded.sample_rate, filter = excluded.filter",
    )
    .and_then(|mut insert| insert.execute((&scorer.scorer_id, config_id, sample_rate, filter)))
    .map_err(sql_error)?;
    let found = online_scoring(conn, std::slice::from_ref(&scorer.scorer_id))?;
    found.into_iter().next().ok_or_else(|| refusal::no_scorer(experiment, name, None))
}

/// See [`spanwise_store::catalog::ScorerStore::online_scoring`].
pub(crate) fn online_scoring(conn: &Connection, scorers: &[String]) -> StoreResult<Vec<OnlineScoring>> {
    let mut statement = conn
        .prepare_cached(
            "SELECT o.config_id, s.scorer_id, s.experiment_id, o.sample_rate, o.filter
             FROM online_scoring AS o JOIN scorer AS s USING (scorer_key) WHERE s.scorer_id IN rarray(?1)
             ORDER BY o.scorer_key",
        )
        .map_err(sql_error)?;
    let rows = statement
        .query_map([text_array(scorers)], |row| {
            Ok(OnlineScoring {
                config_id: row.get(0)?,
                scorer_id: row.get(1)?,
                experiment_id: ExperimentId(row.get(2)?),
                sample_rate: row.get(3)?,
                filter: row.get(4)?,
            })
        })
        .map_err(sql_error)?;
    rows.collect::<Result<_, _>>().map_err(sql_error)
}

fn select(conn: &Connection, sql: &str, params: impl Params) -> StoreResult<Vec<ScorerVersion>> {
    conn.prepare_cached(sql)
        .and_then(|mut statement| statement.query_map(params, read)?.collect())
        .map_err(sql_error)
}

pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<ScorerVersion> {
    Ok(ScorerVersion {
        scorer_id: row.get(0)?,
        experiment_id: ExperimentId(row.get(1)?),
        name: row.get(2)?,
        version: row.get(3)?,
        serialized: row.get(4)?,
        created_ns: row.get(5)?,
    })
}
