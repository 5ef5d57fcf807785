//! Scorers of another store, with their versions as they are numbered there.

use super::super::experiment::known_experiment;
use super::super::scoring;
use crate::error::sql_error;
use rusqlite::{Connection, OptionalExtension};
use spanwise_model::{ErrorKind, OnlineScoring, ScorerVersion};
use spanwise_store::{StoreError, StoreResult};

pub(super) fn import_version(conn: &Connection, version: &ScorerVersion) -> StoreResult<()> {
    known_experiment(conn, version.experiment_id)?;
    // A scorer of that name that was registered here is the same one: clients find scorers by name.
    let scorer_key: i64 = conn
        .prepare_cached(
            "INSERT INTO scorer (scorer_id, experiment_id, name, last_version) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (experiment_id, name) DO UPDATE SET last_version = max(last_version, excluded.last_version)
             RETURNING scorer_key",
        )
        .and_then(|mut insert| {
            let key = (&version.scorer_id, version.experiment_id.0, &version.name, version.version);
            insert.query_row(key, |row| row.get(0))
        })
        .map_err(sql_error)?;
    conn.prepare_cached(
        "INSERT OR REPLACE INTO scorer_version (scorer_key, version, serialized, created_ns) VALUES (?1, ?2, ?3, ?4)",
    )
    .and_then(|mut insert| {
        insert.execute((scorer_key, version.version, &version.serialized, version.created_ns))
    })
    .map(drop)
    .map_err(sql_error)
}

pub(super) fn import_scoring(conn: &Connection, online: &OnlineScoring) -> StoreResult<()> {
    let scorer_key: i64 = conn
        .prepare_cached("SELECT scorer_key FROM scorer WHERE scorer_id = ?1")
        .and_then(|mut select| select.query_row([&online.scorer_id], |row| row.get(0)).optional())
        .map_err(sql_error)?
        .ok_or_else(|| {
            StoreError::new(ErrorKind::NotFound, format!("no scorer with id `{}`", online.scorer_id))
        })?;
    // It starts with what comes from now on; what is there already was scored where it came from.
    scoring::rate_changes(conn, &online.scorer_id, online.sample_rate)?;
    conn.prepare_cached(
        "INSERT INTO online_scoring (scorer_key, config_id, sample_rate, filter) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (scorer_key) DO UPDATE SET
             config_id = excluded.config_id, sample_rate = excluded.sample_rate, filter = excluded.filter",
    )
    .and_then(|mut insert| {
        insert.execute((scorer_key, &online.config_id, online.sample_rate, &online.filter))
    })
    .map(drop)
    .map_err(sql_error)
}
