//! The changes of datasets' records: each makes a version; and how two versions differ.

use super::record::{COLUMNS, read};
use super::{key_of, parse_json};
use crate::error::sql_error;
use rusqlite::Connection;
use serde_json::{Map, Value};
use spanwise_model::{DatasetChange, DatasetRecord};
use spanwise_store::StoreResult;
use spanwise_store::catalog::{Differences, VersionPair, extend_schema};

/// A change of a dataset's records under way.
pub(super) struct Change {
    /// The version that it makes.
    pub(super) version: i64,
    /// The version that the dataset has until then.
    pub(super) before: i64,
    schema: Option<Value>,
    pub(super) added: u64,
    pub(super) changed: u64,
    pub(super) removed: u64,
}

impl Change {
    /// Begins a change, or goes on with the one that made the version `begun` if it is the last.
    pub(super) fn begin(conn: &Connection, dataset_key: i64, begun: Option<i64>) -> StoreResult<Change> {
        let (before, schema): (i64, Option<String>) = conn
            .prepare_cached("SELECT version, schema FROM dataset WHERE dataset_key = ?1")
            .and_then(|mut select| select.query_row([dataset_key], |row| row.try_into()))
            .map_err(sql_error)?;
        let version = if begun == Some(before) { before } else { before + 1 };
        let schema = schema.map(|text| parse_json(&text)).transpose()?;
        Ok(Change { version, before, schema, added: 0, changed: 0, removed: 0 })
    }

    /// Notes which fields a record has.
    pub(super) fn add_fields(
        &mut self,
        inputs: &Map<String, Value>,
        outputs: Option<&Value>,
        expectations: &Map<String, Value>,
    ) {
        self.schema = Some(extend_schema(self.schema.take(), inputs, outputs, expectations));
    }

    /// Makes the version.
    pub(super) fn finish(
        self,
        conn: &Connection,
        dataset_key: i64,
        user: Option<&str>,
        now_ns: i64,
    ) -> StoreResult<()> {
        let schema = self.schema.as_ref().map(Value::to_string);
        let more = self.added as i64 - self.removed as i64;
        conn.prepare_cached(
            "UPDATE dataset SET version = ?2, schema = ?3, record_count = record_count + ?4, last_updated_ns = ?5,
                                last_updated_by = coalesce(?6, last_updated_by)
             WHERE dataset_key = ?1",
        )
        .and_then(|mut update| update.execute((dataset_key, self.version, schema, more, now_ns, user)))
        .map_err(sql_error)?;
        self.note(conn, dataset_key, user, now_ns)
    }

    /// Makes the version of records of another store, whose dataset says itself when and by whom it was changed last.
    pub(super) fn finish_import(self, conn: &Connection, dataset_key: i64, now_ns: i64) -> StoreResult<()> {
        let more = self.added as i64 - self.removed as i64;
        conn.prepare_cached(
            "UPDATE dataset SET version = ?2, record_count = record_count + ?3 WHERE dataset_key = ?1",
        )
        .and_then(|mut update| update.execute((dataset_key, self.version, more)))
        .map_err(sql_error)?;
        self.note(conn, dataset_key, None, now_ns)
    }

    fn note(&self, conn: &Connection, dataset_key: i64, user: Option<&str>, now_ns: i64) -> StoreResult<()> {
        let counts = [self.added, self.changed, self.removed].map(|count| count as i64);
        conn.prepare_cached(
            "INSERT INTO dataset_change (dataset_key, version, at_ns, user, added, changed, removed)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT DO UPDATE SET at_ns = excluded.at_ns, added = added + excluded.added,
                                       changed = changed + excluded.changed, removed = removed + excluded.removed",
        )
        .and_then(|mut insert| {
            insert.execute((dataset_key, self.version, now_ns, user, counts[0], counts[1], counts[2]))
        })
        .map(drop)
        .map_err(sql_error)
    }
}

/// See [`spanwise_store::catalog::DatasetStore::find_changes`].
pub(crate) fn find_changes(
    conn: &Connection,
    id: &str,
    limit: usize,
    before: Option<i64>,
) -> StoreResult<Vec<DatasetChange>> {
    let dataset_key = key_of(conn, id)?;
    let mut statement = conn
        .prepare_cached(
            "SELECT version, at_ns, user, added, changed, removed FROM dataset_change
             WHERE dataset_key = ?1 AND version < ?2 ORDER BY version DESC LIMIT ?3",
        )
        .map_err(sql_error)?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = statement
        .query_map((dataset_key, before.unwrap_or(i64::MAX), limit), |row| {
            let count = |index| row.get::<_, i64>(index).map(|count| count.max(0) as u64);
            Ok(DatasetChange {
                version: row.get(0)?,
                at_ns: row.get(1)?,
                user: row.get(2)?,
                added: count(3)?,
                changed: count(4)?,
                removed: count(5)?,
            })
        })
        .map_err(sql_error)?;
    rows.collect::<Result<_, _>>().map_err(sql_error)
}

/// The records that a change between two versions touched, as they are in both (`a` and `b`), if they differ.
const DIFFERING: &str = "
    FROM (SELECT DISTINCT position FROM dataset_record
          WHERE dataset_key = ?1
            AND ((since > min(?2, ?3) AND since <= max(?2, ?3)) OR (until > min(?2, ?3) AND until <= max(?2, ?3)))) AS t
    LEFT JOIN dataset_record AS a
        ON a.dataset_key = ?1 AND a.position = t.position AND a.since <= ?2 AND (a.until IS NULL OR a.until > ?2)
    LEFT JOIN dataset_record AS b
        ON b.dataset_key = ?1 AND b.position = t.position AND b.since <= ?3 AND (b.until IS NULL OR b.until > ?3)
    WHERE (a.inputs, a.outputs, a.expectations, a.tags) IS NOT (b.inputs, b.outputs, b.expectations, b.tags)";

/// See [`spanwise_store::catalog::DatasetStore::compare_versions`].
pub(crate) fn compare_versions(conn: &Connection, id: &str, query: VersionPair) -> StoreResult<Differences> {
    let dataset_key = key_of(conn, id)?;
    let (from, to) = (query.from, query.to);
    let [added, changed, removed] = conn
        .prepare_cached(&format!(
            "SELECT count(*) FILTER (WHERE a.since IS NULL),
                    count(*) FILTER (WHERE a.since IS NOT NULL AND b.since IS NOT NULL),
                    count(*) FILTER (WHERE b.since IS NULL) {DIFFERING}"
        ))
        .and_then(|mut select| {
            select.query_row((dataset_key, from, to), |row| {
                Ok([row.get::<_, i64>(0)?, row.get(1)?, row.get(2)?].map(|count| count.max(0) as u64))
            })
        })
        .map_err(sql_error)?;
    let mut positions = positions(conn, dataset_key, query)?;
    let has_more = positions.len() > query.limit;
    positions.truncate(query.limit);
    let mut found = Differences { added, changed, removed, ..Differences::default() };
    for position in &positions {
        let one = |version| record_at(conn, dataset_key, *position, version);
        found.records.push((one(from)?, one(to)?));
    }
    found.next = positions.last().copied().filter(|_| has_more);
    Ok(found)
}

/// Returns where records differ, one more than the page has.
fn positions(conn: &Connection, dataset_key: i64, query: VersionPair) -> StoreResult<Vec<i64>> {
    let limit = i64::try_from(query.limit).unwrap_or(i64::MAX).saturating_add(1);
    let after = query.after.unwrap_or(i64::MIN);
    conn.prepare_cached(&format!(
        "SELECT t.position {DIFFERING} AND t.position > ?4 ORDER BY t.position LIMIT ?5"
    ))
    .and_then(|mut select| {
        select.query_map((dataset_key, query.from, query.to, after, limit), |row| row.get(0))?.collect()
    })
    .map_err(sql_error)
}

fn record_at(
    conn: &Connection,
    dataset_key: i64,
    position: i64,
    version: i64,
) -> StoreResult<Option<DatasetRecord>> {
    let mut statement = conn
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM dataset_record
             WHERE dataset_key = ?1 AND position = ?2 AND since <= ?3 AND (until IS NULL OR until > ?3)"
        ))
        .map_err(sql_error)?;
    let mut rows = statement.query((dataset_key, position, version)).map_err(sql_error)?;
    Ok(rows.next().map_err(sql_error)?.map(read).transpose()?.map(|(_, record)| record))
}
