//! The index database: how a connection is set up, and how its schema moves from version to version.

use crate::error::sql_error;
use crate::function::add_functions;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use spanwise_model::ErrorKind;
use spanwise_store::{StoreError, StoreResult};
use std::path::Path;

/// Each schema version's step from the one before; the position + 1 is the version.
const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001_init.sql"),
    include_str!("migrations/0002_hidden_traces.sql"),
    include_str!("migrations/0003_rollups.sql"),
    include_str!("migrations/0004_retention.sql"),
    include_str!("migrations/0005_error_spans.sql"),
    include_str!("migrations/0006_text_places.sql"),
    include_str!("migrations/0007_derivation.sql"),
    include_str!("migrations/0008_prices.sql"),
    include_str!("migrations/0009_redaction.sql"),
    include_str!("migrations/0010_runs.sql"),
    include_str!("migrations/0011_issues.sql"),
    include_str!("migrations/0012_label_schemas.sql"),
    include_str!("migrations/0013_review_queues.sql"),
];

/// Pages of the cache of each connection that reads, in KiB (negative is SQLite's way to say KiB).
const CACHE_KIB: i64 = -4096;
/// The same for the connection that writes: trace ids are random, so that each new one is put into another page of their
/// index, which has 40 MB at a million traces.
const WRITER_CACHE_KIB: i64 = -32_768;

/// Opens the connection that writes, and brings the schema up to date.
pub(crate) fn open_writer(path: &Path) -> StoreResult<Connection> {
    let mut conn = Connection::open(path).map_err(sql_error)?;
    // Larger pages than SQLite's 4 KiB: the packed columns of a block are some KiB.
    conn.pragma_update(None, "page_size", 8192).map_err(sql_error)?;
    // Free pages can be given back at any time, a few at once. Only a database that is made now takes it up.
    conn.pragma_update(None, "auto_vacuum", "INCREMENTAL").map_err(sql_error)?;
    conn.pragma_update(None, "journal_mode", "WAL").map_err(sql_error)?;
    // FULL: a commit returns after the write-ahead log is on the disk.
    conn.pragma_update(None, "synchronous", "FULL").map_err(sql_error)?;
    // What a savepoint may have to undo is kept in memory, not in files beside the data directory.
    conn.pragma_update(None, "temp_store", "MEMORY").map_err(sql_error)?;
    conn.pragma_update(None, "foreign_keys", true).map_err(sql_error)?;
    // Checkpoints run on their own thread, not in a writer's commit.
    conn.pragma_update(None, "wal_autocheckpoint", 0).map_err(sql_error)?;
    conn.pragma_update(None, "cache_size", WRITER_CACHE_KIB).map_err(sql_error)?;
    conn.set_prepared_statement_cache_capacity(128);
    keep_plans(&conn)?;
    add_functions(&conn)?;
    crate::search::install(&conn)?;
    migrate(&mut conn)?;
    Ok(conn)
}

/// Opens a connection that can only read.
pub(crate) fn open_reader(path: &Path) -> StoreResult<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags).map_err(sql_error)?;
    conn.pragma_update(None, "query_only", true).map_err(sql_error)?;
    conn.pragma_update(None, "temp_store", "MEMORY").map_err(sql_error)?;
    conn.pragma_update(None, "cache_size", CACHE_KIB).map_err(sql_error)?;
    conn.busy_timeout(std::time::Duration::from_secs(5)).map_err(sql_error)?;
    crate::search::install(&conn)?;
    conn.set_prepared_statement_cache_capacity(64);
    keep_plans(&conn)?;
    add_functions(&conn)?;
    Ok(conn)
}

/// Opens the connection that moves the write-ahead log into the database.
pub(crate) fn open_maintenance(path: &Path) -> StoreResult<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags).map_err(sql_error)?;
    conn.pragma_update(None, "synchronous", "FULL").map_err(sql_error)?;
    Ok(conn)
}

/// Plans do not depend on the values of parameters. Otherwise a statement is prepared anew with each value if a partial
/// index (`… WHERE session IS NOT NULL`) might be of use for it, which costs more than to run it.
fn keep_plans(conn: &Connection) -> StoreResult<()> {
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(drop).map_err(sql_error)
}

fn migrate(conn: &mut Connection) -> StoreResult<()> {
    let version: usize = conn
        .pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0))
        .map_err(sql_error)?
        .try_into()
        .unwrap_or(usize::MAX);
    if version > MIGRATIONS.len() {
        return Err(StoreError::new(
            ErrorKind::Unsupported,
            format!(
                "the data directory has schema version {version}, and this build knows up to {}; use a newer spanwise",
                MIGRATIONS.len()
            ),
        ));
    }
    for (index, sql) in MIGRATIONS.iter().enumerate().skip(version) {
        let txn = conn.transaction().map_err(sql_error)?;
        txn.execute_batch(sql).map_err(sql_error)?;
        txn.pragma_update(None, "user_version", index as i64 + 1).map_err(sql_error)?;
        txn.commit().map_err(sql_error)?;
    }
    Ok(())
}

/// Takes the tables of the catalog out again, for tests that make the store of an older build.
#[cfg(test)]
pub(crate) const DROP_CATALOG: &str = "DROP TABLE review_item; DROP TABLE review_queue_user; DROP TABLE review_queue; \
     DROP TABLE label_schema; DROP TABLE issue; DROP TABLE run_model; DROP TABLE run_input; DROP TABLE run_dataset; \
     DROP TABLE metric_point; DROP TABLE run_metric; DROP TABLE run_param; DROP TABLE run_tag; \
     DROP TABLE run;";
