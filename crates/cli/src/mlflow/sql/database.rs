//! A database that is only read: SQLite or PostgreSQL, asked in the SQL that both speak.

use anyhow::{Context, Result, anyhow, bail};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio_postgres::{NoTls, SimpleQueryMessage};

/// How long a statement waits while MLflow's server writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);
/// How long PostgreSQL may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// One row; whatever the type of a column, its value is a text here.
pub(super) struct Row(Vec<Option<String>>);

impl Row {
    /// Returns a text, or nothing for NULL.
    pub(super) fn opt(&self, column: usize) -> Option<String> {
        self.0.get(column).cloned().flatten()
    }

    /// Returns a text; empty for NULL.
    pub(super) fn text(&self, column: usize) -> String {
        self.opt(column).unwrap_or_default()
    }

    /// Returns a whole number, or nothing for NULL.
    pub(super) fn opt_int(&self, column: usize) -> Result<Option<i64>> {
        let number = |text: String| text.parse().map_err(|_| anyhow!("`{text}` is no whole number"));
        self.opt(column).map(number).transpose()
    }

    /// Returns a whole number; 0 for NULL.
    pub(super) fn int(&self, column: usize) -> Result<i64> {
        Ok(self.opt_int(column)?.unwrap_or(0))
    }

    /// Returns a time of milliseconds in nanoseconds; 0 for NULL.
    pub(super) fn time_ns(&self, column: usize) -> Result<i64> {
        Ok(self.opt_time_ns(column)?.unwrap_or(0))
    }

    /// Returns a time of milliseconds in nanoseconds, or nothing for NULL.
    pub(super) fn opt_time_ns(&self, column: usize) -> Result<Option<i64>> {
        let ns =
            |ms: i64| ms.checked_mul(1_000_000).ok_or_else(|| anyhow!("{ms} ms is beyond the year 2261"));
        self.opt_int(column)?.map(ns).transpose()
    }

    /// Returns whether a column is true.
    pub(super) fn is_true(&self, column: usize) -> bool {
        self.opt(column).is_some_and(|text| matches!(text.as_str(), "1" | "t" | "true"))
    }
}

enum Inner {
    Sqlite(Arc<Mutex<Connection>>),
    Postgres(tokio_postgres::Client),
}

/// A database with what is known of its tables.
pub(super) struct Database {
    inner: Inner,
    tables: BTreeMap<String, BTreeSet<String>>,
}

impl Database {
    /// Opens a file of SQLite. Its server may go on writing.
    pub(super) async fn sqlite(path: &Path) -> Result<Database> {
        if !path.is_file() {
            bail!(
                "{} is not a file; expected MLflow's database, e.g. sqlite:///srv/mlflow.db",
                path.display()
            );
        }
        let opening = path.to_owned();
        let open = move || -> rusqlite::Result<Connection> {
            let conn = Connection::open_with_flags(&opening, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
            conn.busy_timeout(BUSY_TIMEOUT)?;
            conn.query_row("SELECT count(*) FROM sqlite_master", [], |_| Ok(()))?;
            Ok(conn)
        };
        let conn = tokio::task::spawn_blocking(open).await.context("opening panicked")?;
        let conn = conn.with_context(|| format!("cannot open {} as a database of SQLite", path.display()))?;
        Database::with(Inner::Sqlite(Arc::new(Mutex::new(conn)))).await
    }

    /// Connects to PostgreSQL, in order to read.
    pub(super) async fn postgres(uri: &str) -> Result<Database> {
        let mut config: tokio_postgres::Config = uri
            .parse()
            .map_err(|_| anyhow!("it is no address like postgresql://user:password@host/database"))?;
        if config.get_ssl_mode() == tokio_postgres::config::SslMode::Require {
            bail!(
                "sslmode=require: this command speaks no TLS to PostgreSQL; go through a tunnel (ssh -L 5432:HOST:5432) \
                 and leave sslmode away, or import from the tracking server"
            );
        }
        config.connect_timeout(CONNECT_TIMEOUT).application_name("spanwise import");
        let (client, connection) = config.connect(NoTls).await.map_err(cause)?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!("the connection to PostgreSQL ended: {error}");
            }
        });
        let settings = "SET standard_conforming_strings = on; SET client_encoding = 'UTF8'; SET extra_float_digits = 1; \
                        SET default_transaction_read_only = on";
        client.batch_execute(settings).await.map_err(cause)?;
        Database::with(Inner::Postgres(client)).await
    }

    async fn with(inner: Inner) -> Result<Database> {
        let mut database = Database { inner, tables: BTreeMap::new() };
        let sql = match &database.inner {
            Inner::Sqlite(_) => {
                "SELECT t.name, c.name FROM sqlite_master AS t JOIN pragma_table_info(t.name) AS c WHERE t.type = 'table'"
            }
            Inner::Postgres(_) => {
                "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = ANY (current_schemas(false))"
            }
        };
        for row in database.query(sql).await? {
            database.tables.entry(row.text(0)).or_default().insert(row.text(1));
        }
        Ok(database)
    }

    /// Says whether there is a table.
    pub(super) fn has(&self, table: &str) -> bool {
        self.tables.contains_key(table)
    }

    /// Says whether a table has a column.
    pub(super) fn has_column(&self, table: &str, column: &str) -> bool {
        self.tables.get(table).is_some_and(|columns| columns.contains(column))
    }

    /// Returns a list of columns of a table for SELECT, with NULL for those that this version of the schema has not.
    pub(super) fn columns(&self, table: &str, alias: &str, columns: &[&str]) -> String {
        let column = |name: &&str| match self.has_column(table, name) {
            true => format!("{alias}.{name}"),
            false => "NULL".to_owned(),
        };
        columns.iter().map(column).collect::<Vec<_>>().join(", ")
    }

    /// Runs one query and returns all of its rows.
    pub(super) async fn query(&self, sql: &str) -> Result<Vec<Row>> {
        match &self.inner {
            Inner::Sqlite(conn) => {
                let (conn, sql) = (Arc::clone(conn), sql.to_owned());
                let rows = move || {
                    let conn = conn.lock().unwrap_or_else(PoisonError::into_inner);
                    read_sqlite(&conn, &sql)
                };
                let rows = tokio::task::spawn_blocking(rows).await.context("the query panicked")?;
                rows.context("cannot read from the database")
            }
            Inner::Postgres(client) => {
                let messages = client.simple_query(sql).await.map_err(cause)?;
                Ok(messages.into_iter().filter_map(postgres_row).collect())
            }
        }
    }
}

fn read_sqlite(conn: &Connection, sql: &str) -> rusqlite::Result<Vec<Row>> {
    let mut statement = conn.prepare_cached(sql)?;
    let columns = statement.column_count();
    let mut rows = statement.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let cells = (0..columns).map(|column| row.get_ref(column).map(cell)).collect::<Result<_, _>>()?;
        found.push(Row(cells));
    }
    Ok(found)
}

fn cell(value: ValueRef<'_>) -> Option<String> {
    match value {
        ValueRef::Null => None,
        ValueRef::Integer(number) => Some(number.to_string()),
        ValueRef::Real(number) => Some(number.to_string()),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
    }
}

fn postgres_row(message: SimpleQueryMessage) -> Option<Row> {
    match message {
        SimpleQueryMessage::Row(row) => {
            Some(Row((0..row.len()).map(|column| row.get(column).map(str::to_owned)).collect()))
        }
        _ => None,
    }
}

/// The client's own message says only what kind of error it is; never the address, which may hold a password.
fn cause(error: tokio_postgres::Error) -> anyhow::Error {
    match std::error::Error::source(&error) {
        Some(source) => anyhow!("{error}: {source}"),
        None => anyhow!("{error}"),
    }
}

/// Writes a text as it stands in SQL. Backslashes mean nothing in it, as the settings of a connection say.
pub(super) fn quoted(text: &str) -> String {
    // No text of either database holds a NUL, which would end the statement.
    format!("'{}'", text.replace('\0', "").replace('\'', "''"))
}

/// Writes a list of texts for IN; an empty one matches nothing.
pub(super) fn quoted_list<'a>(texts: impl IntoIterator<Item = &'a String>) -> String {
    let list: Vec<String> = texts.into_iter().map(|text| quoted(text)).collect();
    if list.is_empty() { "NULL".to_owned() } else { list.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_stand_for_themselves_in_sql() {
        let conn = Connection::open_in_memory().unwrap();
        for text in ["", "a", "it's", "''", "\\' OR 1", "ü\n\"x\"", "'; DROP TABLE t; --"] {
            let rows = read_sqlite(&conn, &format!("SELECT {}", quoted(text))).unwrap();
            assert_eq!(rows[0].text(0), text);
        }
        let list = ["a'b".to_owned(), "c".to_owned()];
        assert_eq!(quoted_list(&list), "'a''b', 'c'");
        assert_eq!(quoted_list(&[]), "NULL");
    }
}
