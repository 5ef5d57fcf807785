//! What readers, the writer and the loader see of each other.

use super::TableChanges;
use super::state::{Outcome, TraceTable};
use super::summary::{Field, Summary, load_texts};
use super::{NAME, SESSION, load};
use crate::catalog::tests::database;
use crate::rank;
use crate::trace_row::TraceRow;
use rusqlite::Connection;
use spanwise_model::{Cost, ExperimentId, TokenUsage, TraceId, TraceState};
use std::sync::atomic::AtomicBool;

fn insert(conn: &Connection, number: u8) -> TraceRow {
    let id = TraceId::Otel([number; 16]);
    let mut row = TraceRow::new(id, ExperimentId(0), rank::EXPLICIT, i64::from(number), 0);
    row.name = Some(format!("name {number}"));
    row.insert(conn).unwrap();
    row
}

fn set_tag(conn: &Connection, row: &TraceRow, value: &str) {
    conn.execute("INSERT OR REPLACE INTO trace_tag VALUES (?1, 'k', ?2)", (row.trace_key, value)).unwrap();
}

fn apply(table: &TraceTable, conn: &Connection, change: impl FnOnce(&mut TableChanges)) {
    let mut changes = table.begin_changes();
    change(&mut changes);
    table.apply(conn, changes);
}

/// Returns name and tag of each trace in the table.
fn contents(table: &TraceTable) -> Vec<(String, String)> {
    let snapshot = table.snapshot().unwrap();
    let tag = snapshot.field(&Field::Tag("k".into()));
    let mut contents = Vec::new();
    for (_, chunk) in &snapshot.chunks {
        for row in chunk.live.iter() {
            let text =
                |field| snapshot.texts(field).of_code(chunk.code(field, row)).unwrap_or("-").to_owned();
            contents.push((text(NAME), tag.map_or("-".into(), text)));
        }
    }
    contents
}

fn named(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, tag)| ((*name).to_owned(), (*tag).to_owned())).collect()
}

#[test]
fn what_was_written_since_is_newer_than_what_the_loader_read() {
    let (conn, table) = (database(), TraceTable::new(true));
    let mut rows: Vec<TraceRow> = (1..=4).map(|number| insert(&conn, number)).collect();
    rows.iter().for_each(|row| set_tag(&conn, row, "old"));
    let read: Vec<Summary> = rows.iter().cloned().map(Summary::from).collect();
    let texts = load_texts(&conn, 1, 4).unwrap();
    // The first gets a span, the second a tag, the third is deleted, and the fourth stays.
    rows[0].name = Some("renamed".into());
    rows[0].update(&conn).unwrap();
    set_tag(&conn, &rows[1], "new");
    let (first, second, third) = (rows[0].clone(), rows[1].trace_id.clone(), rows[2].trace_key);
    apply(&table, &conn, |changes| changes.row(first));
    apply(&table, &conn, |changes| changes.whole(&conn, &second).unwrap());
    apply(&table, &conn, |changes| changes.deleted(third));
    table.fill(&conn, read, texts);
    assert!(table.snapshot().is_none());
    table.end_loading(Outcome::Loaded);
    let expected = [("renamed", "old"), ("name 2", "new"), ("name 4", "old")];
    assert_eq!(contents(&table), named(&expected));
}

#[test]
fn new_tags_come_beside_those_of_before() {
    let (conn, table) = (database(), TraceTable::new(true));
    let row = insert(&conn, 1);
    set_tag(&conn, &row, "first");
    let add = |key: &str| {
        let tags = vec![(Field::Tag(key.to_owned()), "new".to_owned())];
        apply(&table, &conn, |changes| changes.row_with_texts(&conn, row.clone(), tags).unwrap());
    };
    // Before the table is loaded, all is read again.
    add("ignored");
    table.end_loading(load::load(&conn, &table, &AtomicBool::new(false)).unwrap());
    assert_eq!(contents(&table), named(&[("name 1", "first")]));
    add("other");
    assert_eq!(contents(&table), named(&[("name 1", "first")]));
    assert!(table.snapshot().unwrap().field(&Field::Tag("other".into())).is_some());
    add("k");
    assert_eq!(contents(&table), named(&[("name 1", "new")]));
}

#[test]
fn a_snapshot_stays_as_it_was() {
    let (conn, table) = (database(), TraceTable::new(true));
    let mut row = insert(&conn, 1);
    table.end_loading(load::load(&conn, &table, &AtomicBool::new(false)).unwrap());
    let before = table.snapshot().unwrap();
    row.name = Some("other".into());
    row.session = Some("s".into());
    apply(&table, &conn, |changes| {
        changes.row(row.clone());
        changes.row(insert(&conn, 2));
    });
    let chunk = &before.chunks[0].1;
    let at = before.find(row.trace_key).unwrap().1;
    assert_eq!((chunk.live.count(), before.texts(SESSION).len()), (1, 0));
    assert_eq!(before.texts(NAME).of_code(chunk.code(NAME, at)), Some("name 1"));
    assert_eq!(contents(&table), named(&[("other", "-"), ("name 2", "-")]));
}

#[test]
fn a_failed_write_leaves_nothing_and_an_unused_table_holds_nothing() {
    let (conn, table) = (database(), TraceTable::new(true));
    table.end_loading(Outcome::Loaded);
    apply(&table, &conn, |changes| {
        changes.row(insert(&conn, 1));
        let mark = changes.mark();
        changes.row(insert(&conn, 2));
        changes.undo_to(mark);
    });
    assert_eq!(contents(&table), named(&[("name 1", "-")]));
    let unused = TraceTable::new(false);
    apply(&unused, &conn, |changes| changes.row(insert(&conn, 3)));
    assert_eq!(unused.size().0, 0);
    assert!(!unused.wait_loaded() && unused.snapshot().is_none());
}

#[test]
fn a_loader_that_is_stopped_gives_up() {
    let (conn, table) = (database(), TraceTable::new(true));
    insert(&conn, 1);
    let outcome = load::load(&conn, &table, &AtomicBool::new(true)).unwrap();
    table.end_loading(outcome);
    assert!(!table.wait_loaded());
}

#[test]
fn a_row_says_the_same_when_it_is_written_and_when_it_is_read() {
    let conn = database();
    let mut row = insert(&conn, 1);
    row.explicit = crate::trace_row::explicit::PLAIN;
    row.duration_ns = Some(7);
    row.state = TraceState::Error;
    row.span_count = 3;
    row.session = Some("s".into());
    row.user = Some("u".into());
    row.client_request_id = Some("r".into());
    row.resource_id = Some(4);
    let usage = TokenUsage { input: 1, output: 2, total: 3, ..TokenUsage::default() };
    row.usage = Some(TokenUsage { cache_read: Some(0), cache_creation: Some(5), ..usage });
    row.cost = Some(Cost { input: 0.25, output: 0.5, total: 0.75 });
    for nothing in [false, true] {
        if nothing {
            (row.usage, row.cost, row.session) =
                (None, Some(Cost { input: 0.0, output: 0.0, total: f64::NAN }), None);
        }
        row.update(&conn).unwrap();
        let read = Summary::load(&conn, &row.trace_id).unwrap();
        assert_eq!(read, Some(Summary::from(row.clone())));
    }
}

#[test]
fn texts_of_deleted_traces_do_not_stay() {
    let (conn, table) = (database(), TraceTable::new(true));
    table.end_loading(Outcome::Loaded);
    let mut kept = insert(&conn, 1);
    kept.session = Some("kept".into());
    apply(&table, &conn, |changes| changes.row(kept.clone()));
    let before = table.snapshot().unwrap();
    // Under retention: a thousand come with a session of their own, and go, a hundred times.
    let mut memory = Vec::new();
    for round in 0..100 {
        let row = |number: i64| {
            let mut row = kept.clone();
            (row.trace_key, row.session) = (10 + number, Some(format!("session {number}")));
            row
        };
        let numbers = round * 1_000..(round + 1) * 1_000;
        apply(&table, &conn, |changes| numbers.clone().for_each(|number| changes.row(row(number))));
        apply(&table, &conn, |changes| numbers.for_each(|number| changes.deleted(10 + number)));
        memory.push(table.size().1);
    }
    let texts = table.snapshot().unwrap().texts(SESSION).len();
    assert!(texts < 6_000, "{texts} texts are kept of one trace");
    assert!(memory[99] <= *memory[..20].iter().max().unwrap(), "{memory:?}");
    let session = |snapshot: &super::Snapshot| {
        let (at, row) = snapshot.find(kept.trace_key).unwrap();
        snapshot.texts(SESSION).of_code(snapshot.chunks[at].1.code(SESSION, row)).map(str::to_owned)
    };
    assert_eq!(session(&table.snapshot().unwrap()).as_deref(), Some("kept"));
    assert_eq!(session(&before).as_deref(), Some("kept"));
}
