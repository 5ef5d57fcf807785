//! What the tests of the catalog share.

use rusqlite::Connection;

/// Returns an empty database in memory, with the schema and as the writer sets it up.
pub(crate) fn database() -> Connection {
    crate::schema::open_writer(std::path::Path::new(":memory:")).unwrap()
}
