//! Pages: so many things, and no more bytes of them than an answer should hold.

use super::entity::Sql;
use crate::error::sql_error;
use rusqlite::{Connection, Row, params_from_iter};
use spanwise_store::StoreResult;
use std::collections::BTreeMap;

/// Bytes of texts on one page. A page that has so many ends there, whatever its size was to be, and the next one goes on.
pub(crate) const PAGE_BYTES_MAX: usize = 32 << 20;
/// Rows that are completed in one go. Those behind the end of the page were read in vain.
const STEP_ROWS: usize = 100;

/// How the things of a noun are read.
pub(super) struct Reading<R, T> {
    /// Reads a row.
    pub(super) read: fn(&Row<'_>) -> rusqlite::Result<R>,
    /// Makes things of rows, with what is in other tables; in their order, and all of them.
    pub(super) complete: fn(&Connection, Vec<R>) -> StoreResult<Vec<T>>,
    /// Returns about how many bytes a thing has.
    pub(super) bytes: fn(&T) -> usize,
}

impl<R, T> Reading<R, T> {
    /// Reads a page of at most `limit` things, and whether more follow. `sql` gives one row more than that.
    pub(super) fn page(&self, conn: &Connection, sql: &Sql, limit: usize) -> StoreResult<(Vec<T>, bool)> {
        self.page_of(conn, sql, limit, PAGE_BYTES_MAX)
    }

    fn page_of(
        &self,
        conn: &Connection,
        sql: &Sql,
        limit: usize,
        bytes_max: usize,
    ) -> StoreResult<(Vec<T>, bool)> {
        let mut statement = conn.prepare(&sql.text).map_err(sql_error)?;
        let mut rows = statement.query_map(params_from_iter(&sql.params), self.read).map_err(sql_error)?;
        let (mut page, mut bytes) = (Vec::new(), 0);
        while page.len() < limit {
            let some = rows.by_ref().take(STEP_ROWS.min(limit - page.len()));
            let some = some.collect::<Result<Vec<R>, _>>().map_err(sql_error)?;
            if some.is_empty() {
                break;
            }
            for thing in (self.complete)(conn, some)? {
                // The first thing is on the page however large it is.
                if bytes >= bytes_max {
                    return Ok((page, true));
                }
                bytes += (self.bytes)(&thing);
                page.push(thing);
            }
        }
        let has_more = rows.next().transpose().map_err(sql_error)?.is_some();
        Ok((page, has_more))
    }
}

/// Returns the bytes of the texts of a map.
pub(super) fn bytes_of(texts: &BTreeMap<String, String>) -> usize {
    texts.iter().map(|(key, value)| key.len() + value.len()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten things, the first of which has 100 bytes, the others 10.
    fn page(limit: usize, offset: usize, bytes_max: usize) -> (Vec<i64>, bool) {
        let conn = Connection::open_in_memory().unwrap();
        let mut sql = Sql::default();
        sql.text.push_str("SELECT value FROM json_each('[100, 11, 12, 13, 14, 15, 16, 17, 18, 19]')");
        sql.push(" LIMIT ?", limit as i64 + 1);
        sql.push(" OFFSET ?", offset as i64);
        let reading = Reading {
            read: |row| row.get(0),
            complete: |_, rows: Vec<i64>| Ok(rows),
            bytes: |number| if *number == 100 { 100 } else { 10 },
        };
        reading.page_of(&conn, &sql, limit, bytes_max).unwrap()
    }

    #[test]
    fn a_page_has_so_many_things() {
        assert_eq!(page(2, 0, 1_000), (vec![100, 11], true));
        assert_eq!(page(2, 8, 1_000), (vec![18, 19], false));
        assert_eq!(page(9, 0, 1_000).0.len(), 9);
        assert_eq!(page(2, 10, 1_000), (vec![], false));
    }

    #[test]
    fn a_page_ends_where_it_has_enough_bytes() {
        assert_eq!(page(9, 1, 30), (vec![11, 12, 13], true));
        // One thing that is too large has a page of its own, so that the next one comes further.
        assert_eq!(page(9, 0, 30), (vec![100], true));
        // The last page is not followed by an empty one.
        assert_eq!(page(9, 8, 20), (vec![18, 19], false));
    }
}
