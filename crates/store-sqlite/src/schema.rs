//! The index database: how a connection is set up, and how its schema moves from version to version.

use crate::error::sql_error;
use crate::function::add_functions;
use crate::trace_ids::TraceIds;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use spanwise_model::ErrorKind;
use spanwise_store::{StoreError, StoreResult};
use std::path::Path;
use std::sync::Arc;

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
    include_str!("migrations/0010_trace_by_id.sql"),
    include_str!("migrations/0011_estimated_cost.sql"),
    include_str!("migrations/0012_runs.sql"),
    include_str!("migrations/0013_logged_models.sql"),
    include_str!("migrations/0014_datasets.sql"),
    include_str!("migrations/0015_scorers.sql"),
    include_str!("migrations/0016_registry.sql"),
    include_str!("migrations/0017_issues.sql"),
    include_str!("migrations/0018_attachments.sql"),
    include_str!("migrations/0019_webhooks.sql"),
    include_str!("migrations/0020_label_schemas.sql"),
    include_str!("migrations/0021_review_queues.sql"),
    include_str!("migrations/0022_scoring.sql"),
    include_str!("migrations/0024_dataset_changes.sql"),
    include_str!("migrations/0025_review_work.sql"),
];

/// Pages of the cache of each connection that reads, in KiB (negative is SQLite's way to say KiB).
const CACHE_KIB: i64 = -4096;
/// The same for the connection that writes: it looks each new trace up, and trace ids are random. The table of them has 30
/// MB at a million traces.
const WRITER_CACHE_KIB: i64 = -32_768;

/// Opens the connection that writes, brings the schema up to date, and loads the ids of the newest traces.
pub(crate) fn open_writer(path: &Path) -> StoreResult<(Connection, Arc<TraceIds>)> {
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
    // Checkpoints run on their own thread, not in a writer's commit.
    conn.pragma_update(None, "wal_autocheckpoint", 0).map_err(sql_error)?;
    conn.pragma_update(None, "cache_size", WRITER_CACHE_KIB).map_err(sql_error)?;
    conn.set_prepared_statement_cache_capacity(128);
    keep_plans(&conn)?;
    add_functions(&conn)?;
    crate::search::install(&conn)?;
    migrate(&mut conn)?;
    conn.pragma_update(None, "foreign_keys", true).map_err(sql_error)?;
    let ids = TraceIds::open(&conn)?;
    Ok((conn, ids))
}

/// Opens a connection that can only read. One that looks for traces by their ids needs [`crate::trace_ids::attach`].
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

/// Foreign keys must be off: a table that is made anew is dropped, and nothing may go with it.
fn migrate(conn: &mut Connection) -> StoreResult<()> {
    conn.pragma_update(None, "foreign_keys", false).map_err(sql_error)?;
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
    let is_old_store = version > 0 && version < MIGRATIONS.len();
    if is_old_store {
        let to = MIGRATIONS.len();
        tracing::info!(
            from = version,
            to,
            "changing the index to this version; a million traces take about half a minute"
        );
    }
    // A new store is made at once, with one sync for all; an old one goes on from the step that a crash left it at.
    let steps: Vec<usize> = (version..MIGRATIONS.len()).collect();
    for steps in steps.chunks(if version == 0 { MIGRATIONS.len() } else { 1 }) {
        let txn = conn.transaction().map_err(sql_error)?;
        for step in steps {
            txn.execute_batch(MIGRATIONS[*step]).map_err(sql_error)?;
            txn.pragma_update(None, "user_version", *step as i64 + 1).map_err(sql_error)?;
        }
        txn.commit().map_err(sql_error)?;
    }
    if is_old_store {
        // All of the index may be in its log now, and nobody waits yet.
        conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).map_err(sql_error)?;
        tracing::info!("the index has this version");
    }
    Ok(())
}

/// Makes of a database what the first `version` migrations leave: tables, columns and indexes that came later are dropped.
#[cfg(test)]
pub(crate) fn step_back(conn: &Connection, version: usize) {
    let old = Connection::open_in_memory().unwrap();
    add_functions(&old).unwrap();
    MIGRATIONS[..version].iter().for_each(|sql| old.execute_batch(sql).unwrap());
    let names = |conn: &Connection, sql: &str| -> std::collections::BTreeSet<(String, String)> {
        let mut statement = conn.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.map(Result::unwrap).collect()
    };
    let later = |sql: &str| {
        let old = names(&old, sql);
        names(conn, sql).into_iter().filter(|name| !old.contains(name)).collect::<Vec<_>>()
    };
    conn.pragma_update(None, "foreign_keys", false).unwrap();
    let kinds =
        "SELECT type, name FROM sqlite_schema WHERE type IN ('index', 'table') AND name NOT LIKE 'sqlite_%'";
    for (kind, name) in later(kinds) {
        // An index may have gone with its table.
        conn.execute_batch(&format!("DROP {kind} IF EXISTS {name}")).unwrap();
    }
    let columns =
        "SELECT m.name, c.name FROM sqlite_schema m, pragma_table_info(m.name) c WHERE m.type = 'table'";
    for (table, column) in later(columns) {
        conn.execute_batch(&format!("ALTER TABLE {table} DROP COLUMN {column}")).unwrap();
    }
    conn.pragma_update(None, "user_version", version as i64).unwrap();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace_ids::find;
    use spanwise_model::TraceId;

    /// Makes a database as the first `version` migrations leave it.
    fn database(version: usize) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("index.db");
        let conn = Connection::open(&path).unwrap();
        MIGRATIONS[..version].iter().for_each(|sql| conn.execute_batch(sql).unwrap());
        conn.pragma_update(None, "user_version", version as i64).unwrap();
        (folder, path)
    }

    fn count(conn: &Connection, sql: &str) -> i64 {
        conn.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn a_store_with_a_unique_index_of_trace_ids_keeps_all_that_it_has() {
        let (_folder, path) = database(9);
        let old = Connection::open(&path).unwrap();
        for number in 1..=5_u8 {
            old.execute(
                "INSERT INTO trace (trace_id, experiment_id, experiment_rank, start_ns, state, name, session, arrival_ns)
                 VALUES (?1, 0, x'00', ?2, 1, 'name ' || ?2, 's', 9)",
                ([number; 16], number),
            )
            .unwrap();
        }
        old.execute_batch(
            "INSERT INTO trace_tag SELECT trace_key, 'key', 'value' FROM trace;
             UPDATE trace SET trace_id = 'own' WHERE trace_key = 2; DELETE FROM trace WHERE trace_key = 5;",
        )
        .unwrap();
        let all = "SELECT group_concat(trace_key || ':' || quote(trace_id) || ':' || name, ';') FROM trace";
        let before: String = old.query_row(all, [], |row| row.get(0)).unwrap();
        drop(old);

        let (conn, _) = open_writer(&path).unwrap();
        assert_eq!(conn.query_row(all, [], |row| row.get::<_, String>(0)).unwrap(), before);
        assert_eq!(find(&conn, &TraceId::Otel([3; 16])).unwrap(), Some(3));
        assert_eq!(find(&conn, &TraceId::Text("own".into())).unwrap(), Some(2));
        assert_eq!(find(&conn, &TraceId::Otel([5; 16])).unwrap(), None);
        assert_eq!(count(&conn, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
        // No key is given twice, and what belongs to a trace goes with it.
        let insert =
            "INSERT INTO trace (trace_id, experiment_id, experiment_rank, start_ns, state, arrival_ns)
             VALUES ('new', 0, x'00', 0, 1, 9) RETURNING trace_key";
        assert_eq!(count(&conn, insert), 6);
        conn.execute_batch("DELETE FROM trace WHERE trace_key = 1").unwrap();
        assert_eq!(count(&conn, "SELECT count(*) FROM trace_tag"), 3);
        let (again, _) = open_writer(&path).unwrap();
        assert_eq!(find(&again, &TraceId::Text("new".into())).unwrap(), Some(6));
    }

    #[test]
    fn an_old_and_a_new_database_have_the_same_tables() {
        let (_folder, path) = database(9);
        let (old, _) = open_writer(&path).unwrap();
        let new = crate::catalog::tests::database();
        let columns =
            "SELECT group_concat(m.name || '.' || c.name || ' ' || c.type, ', ' ORDER BY m.name, c.cid)
             FROM sqlite_schema m, pragma_table_info(m.name) c";
        let columns = |conn: &Connection| conn.query_row(columns, [], |row| row.get::<_, String>(0)).unwrap();
        assert_eq!(columns(&old), columns(&new));
    }
}
