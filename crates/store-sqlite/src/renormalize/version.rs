//! By which version of the rules stored traces were derived.

use crate::error::sql_error;
use rusqlite::Connection;
use spanwise_store::StoreResult;

/// The version of the rules; a change of them that stored traces should follow raises it. New conventions and prices are
/// no such change: they only tell more.
const VERSION: i64 = 2;

/// Says so if stored traces were derived by other rules, so that their figures are not those of new ones.
pub(crate) fn tell_if_older(conn: &Connection) -> StoreResult<()> {
    if is_current(conn)? {
        return Ok(());
    }
    let has_traces: bool =
        conn.query_row("SELECT EXISTS (SELECT 1 FROM trace)", [], |row| row.get(0)).map_err(sql_error)?;
    if !has_traces {
        return set_current(conn);
    }
    tracing::warn!(
        "stored traces were derived by the rules of an older release; `spanwise renormalize` brings them up to date"
    );
    Ok(())
}

/// Returns whether all stored traces were derived by the present rules.
pub(super) fn is_current(conn: &Connection) -> StoreResult<bool> {
    Ok(load(conn)? >= VERSION)
}

/// Notes that all stored traces were derived by the present rules.
pub(super) fn set_current(conn: &Connection) -> StoreResult<()> {
    conn.execute("UPDATE derivation SET version = ?1", [VERSION]).map(drop).map_err(sql_error)
}

fn load(conn: &Connection) -> StoreResult<i64> {
    conn.query_row("SELECT version FROM derivation", [], |row| row.get(0)).map_err(sql_error)
}
