//! The SQL functions that queries use beside SQLite's own: text matching as the filter language defines it.

use crate::error::sql_error;
use crate::shared_text;
use rusqlite::Connection;
use rusqlite::functions::{Context, FunctionFlags};
use spanwise_query::{LikePattern, RLikePattern};
use spanwise_store::StoreResult;

/// Adds them to a connection, and the table-valued `rarray(?)`: a list of values as one parameter.
///
/// - `matches_like(value, pattern, ignore_case)` and `matches_rlike(value, pattern)`; NULL if the value is.
/// - `joined_text(rest, place, preview)`: the text that table `trace` has in two places (see `shared_text.rs`).
pub(crate) fn add_functions(conn: &Connection) -> StoreResult<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    conn.create_scalar_function("matches_like", 3, flags, matches_like).map_err(sql_error)?;
    conn.create_scalar_function("matches_rlike", 2, flags, matches_rlike).map_err(sql_error)?;
    conn.create_scalar_function("joined_text", 3, flags, joined_text).map_err(sql_error)?;
    rusqlite::vtab::array::load_module(conn).map_err(sql_error)
}

fn matches_like(context: &Context<'_>) -> rusqlite::Result<Option<bool>> {
    let ignore_case: bool = context.get(2)?;
    // Compiled once a statement: SQLite keeps it beside the parameter.
    let pattern = context.get_or_create_aux(1, |pattern| {
        Ok::<_, rusqlite::types::FromSqlError>(LikePattern::new(pattern.as_str()?, ignore_case))
    })?;
    Ok(context.get_raw(0).as_str_or_null()?.map(|value| pattern.matches(value)))
}

fn matches_rlike(context: &Context<'_>) -> rusqlite::Result<Option<bool>> {
    let pattern = context.get_or_create_aux(1, |pattern| {
        Ok::<_, rusqlite::types::FromSqlError>(RLikePattern::new(pattern.as_str()?))
    })?;
    Ok(context.get_raw(0).as_str_or_null()?.map(|value| pattern.matches(value)))
}

fn joined_text(context: &Context<'_>) -> rusqlite::Result<Option<String>> {
    let preview: Option<String> = context.get(2)?;
    shared_text::join(context.get(0)?, context.get(1)?, preview.as_deref())
        .map_err(|error| rusqlite::Error::UserFunctionError(Box::new(error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(expression: &str, expected: Option<bool>) {
        let conn = Connection::open_in_memory().unwrap();
        add_functions(&conn).unwrap();
        let found = conn.query_row(&format!("SELECT {expression}"), [], |row| row.get(0));
        assert_eq!(found, Ok(expected), "{expression}");
    }

    #[test]
    fn texts_match_as_the_filter_language_says() {
        check("matches_like('Paris', 'P%', 0)", Some(true));
        check("matches_like('Paris', 'p%', 0)", Some(false));
        check("matches_like('Ärger', 'ärg%', 1)", Some(true));
        check("matches_like(NULL, '%', 0)", None);
        check("matches_rlike('abc', '^a.c$')", Some(true));
        check("matches_rlike('abc', '(')", Some(false));
    }

    #[test]
    fn each_row_is_matched_with_the_pattern_of_its_own() {
        let conn = Connection::open_in_memory().unwrap();
        add_functions(&conn).unwrap();
        let sql = "SELECT sum(matches_like(column1, column2, 0)) FROM (VALUES ('a', 'a%'), ('b', 'b%'), ('c', 'x'))";
        assert_eq!(conn.query_row(sql, [], |row| row.get::<_, i64>(0)), Ok(2));
    }
}
