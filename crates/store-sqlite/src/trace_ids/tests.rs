use super::memory::{Asker, Limits, Recent};
use super::*;
use crate::rank;
use crate::schema;
use crate::trace_row::TraceRow;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use spanwise_model::ExperimentId;
use std::collections::HashMap;
use std::path::PathBuf;
use tempfile::TempDir;

const SMALL: Limits = Limits { held_min: 8, traces_per_held: 16, held_max: 64, step: 3 };

/// A database as the writing thread uses it, and a connection that reads.
struct Fixture {
    path: PathBuf,
    writer: Connection,
    reader: Connection,
    ids: Arc<TraceIds>,
    _folder: TempDir,
}

impl Fixture {
    fn new() -> Fixture {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("index.db");
        let (writer, ids) = open(&path);
        Fixture { reader: reader(&path, &ids), path, writer, ids, _folder: folder }
    }

    /// Opens it again as after a crash: what was not committed is gone.
    fn reopen(&mut self) {
        (self.writer, self.ids) = open(&self.path);
        self.reader = reader(&self.path, &self.ids);
    }

    fn begin(&self) {
        self.writer.execute_batch("BEGIN IMMEDIATE").unwrap();
    }

    fn commit(&self) {
        self.ids.merge_some(&self.writer).unwrap();
        self.writer.execute_batch("COMMIT").unwrap();
        self.ids.committed();
    }

    fn roll_back(&self) {
        self.ids.merge_some(&self.writer).unwrap();
        self.writer.execute_batch("ROLLBACK").unwrap();
        self.ids.rolled_back();
    }

    /// Does something in a group of its own.
    fn group<T>(&self, work: impl FnOnce(&Connection) -> T) -> T {
        self.begin();
        let result = work(&self.writer);
        self.commit();
        result
    }

    fn through(&self) -> i64 {
        through(&self.writer)
    }

    fn indexed(&self) -> i64 {
        self.writer.query_row("SELECT count(*) FROM trace_by_id", [], |row| row.get(0)).unwrap()
    }

    fn check(&self) {
        for (what, sql) in PROBLEMS {
            let count: i64 = self.writer.query_row(sql, [], |row| row.get(0)).unwrap();
            assert_eq!(count, 0, "{what}");
        }
    }
}

fn open(path: &std::path::Path) -> (Connection, Arc<TraceIds>) {
    let (writer, _) = schema::open_writer(path).unwrap();
    let ids = TraceIds::open_with(&writer, SMALL).unwrap();
    (writer, ids)
}

fn reader(path: &std::path::Path, ids: &Arc<TraceIds>) -> Connection {
    let conn = schema::open_reader(path).unwrap();
    attach(&conn, ids).unwrap();
    conn
}

fn through(conn: &Connection) -> i64 {
    conn.query_row("SELECT through_trace_key FROM trace_by_id_build", [], |row| row.get(0)).unwrap()
}

/// Ids whose order is not that of their numbers; some are texts.
fn id(number: u64) -> TraceId {
    let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    match number % 5 {
        0 => TraceId::Text(format!("own-{mixed:x}").into()),
        _ => TraceId::Otel((u128::from(mixed) << 64 | u128::from(number)).to_be_bytes()),
    }
}

fn insert(conn: &Connection, number: u64) -> i64 {
    let mut row = TraceRow::new(id(number), ExperimentId::DEFAULT, rank::WEAKEST, 1, 1);
    row.insert(conn).unwrap();
    row.trace_key
}

fn insert_all(conn: &Connection, numbers: std::ops::Range<u64>) -> Vec<i64> {
    numbers.map(|number| insert(conn, number)).collect()
}

fn remove(conn: &Connection, number: u64, trace_key: i64) {
    crate::catalog::delete_keys(conn, &[trace_key], |found| {
        assert_eq!(found, [(trace_key, id(number))]);
        Ok(())
    })
    .unwrap();
}

fn found(conn: &Connection, number: u64) -> Option<i64> {
    find(conn, &id(number)).unwrap()
}

#[test]
fn a_trace_is_found_before_and_after_its_id_is_merged() {
    let fixture = Fixture::new();
    let keys: Vec<i64> = fixture.group(|conn| insert_all(conn, 0..9));
    let merging = |indexed, through| {
        assert_eq!((fixture.indexed(), fixture.through()), (indexed, through));
        for (number, key) in (0..).zip(&keys) {
            assert_eq!(found(&fixture.writer, number), Some(*key));
            assert_eq!(found(&fixture.reader, number), Some(*key));
        }
        assert_eq!(found(&fixture.reader, 99), None);
        fixture.check();
    };
    merging(0, 0);
    // Three at a time, and then there are no more.
    for (indexed, through) in [(3, 0), (6, 0), (9, 0), (9, 9)] {
        fixture.group(|_| ());
        merging(indexed, through);
    }
    assert_eq!(fixture.ids.held(), 0);
}

#[test]
fn what_arrives_during_a_merge_stays_in_memory() {
    let fixture = Fixture::new();
    fixture.group(|conn| insert_all(conn, 0..9));
    for number in 9..13 {
        fixture.group(|conn| insert(conn, number));
    }
    assert_eq!((fixture.indexed(), fixture.through(), fixture.ids.held()), (9, 9, 4));
    for number in 0..13 {
        assert_eq!(found(&fixture.reader, number), Some(number as i64 + 1));
    }
    fixture.check();
}

#[test]
fn a_trace_that_is_deleted_during_a_merge_does_not_come_back() {
    // Before its id is merged, in the group that would, and after it was.
    for groups_before in 0..5 {
        for number in 0..9 {
            let fixture = Fixture::new();
            fixture.group(|conn| insert_all(conn, 0..9));
            (0..groups_before).for_each(|_| fixture.group(|_| ()));
            fixture.group(|conn| remove(conn, number, number as i64 + 1));
            (0..4).for_each(|_| fixture.group(|_| ()));
            assert_eq!(fixture.through(), 9);
            assert_eq!(found(&fixture.reader, number), None);
            assert_eq!(fixture.indexed(), 8);
            fixture.check();
            // An id that comes again is another trace.
            let again = fixture.group(|conn| insert(conn, number));
            assert_eq!((again, found(&fixture.reader, number)), (10, Some(10)));
            fixture.check();
        }
    }
}

#[test]
fn a_group_that_fails_leaves_what_was_before() {
    let fixture = Fixture::new();
    let key = fixture.group(|conn| insert(conn, 1));
    fixture.begin();
    insert(&fixture.writer, 2);
    remove(&fixture.writer, 1, key);
    assert_eq!(found(&fixture.writer, 1), None);
    let again = insert(&fixture.writer, 1);
    assert_eq!(found(&fixture.writer, 1), Some(again));
    // Nobody else sees of it.
    assert_eq!((found(&fixture.reader, 1), found(&fixture.reader, 2)), (Some(key), None));
    fixture.roll_back();
    for conn in [&fixture.writer, &fixture.reader] {
        assert_eq!((found(conn, 1), found(conn, 2)), (Some(key), None));
    }
    assert_eq!(fixture.ids.held(), 1);
}

#[test]
fn a_write_that_fails_undoes_only_itself() {
    let fixture = Fixture::new();
    let key = fixture.group(|conn| insert(conn, 1));
    fixture.begin();
    let kept = insert(&fixture.writer, 2);
    let mark = fixture.ids.mark();
    fixture.writer.execute_batch("SAVEPOINT operation").unwrap();
    remove(&fixture.writer, 1, key);
    insert(&fixture.writer, 1);
    insert(&fixture.writer, 3);
    fixture.ids.undo_to(mark);
    fixture.writer.execute_batch("ROLLBACK TO operation; RELEASE operation").unwrap();
    fixture.commit();
    for conn in [&fixture.writer, &fixture.reader] {
        assert_eq!((found(conn, 1), found(conn, 2), found(conn, 3)), (Some(key), Some(kept), None));
    }
    assert_eq!(fixture.ids.held(), 2);
}

#[test]
fn a_step_of_a_merge_that_fails_is_made_again() {
    let fixture = Fixture::new();
    fixture.group(|conn| insert_all(conn, 0..9));
    for groups in 1..=4 {
        fixture.begin();
        fixture.roll_back();
        assert_eq!(fixture.indexed(), (groups - 1) * 3);
        fixture.group(|_| ());
        fixture.check();
    }
    assert_eq!((fixture.indexed(), fixture.through(), fixture.ids.held()), (9, 9, 0));
}

#[test]
fn a_merge_that_was_cut_off_is_done_after_opening() {
    for groups in 0..5 {
        let mut fixture = Fixture::new();
        fixture.group(|conn| insert_all(conn, 0..9));
        (0..groups).for_each(|_| fixture.group(|_| ()));
        fixture.reopen();
        for number in 0..9 {
            assert_eq!(found(&fixture.reader, number), Some(number as i64 + 1));
        }
        fixture.group(|conn| remove(conn, 4, 5));
        (0..5).for_each(|_| fixture.group(|_| ()));
        assert_eq!(found(&fixture.reader, 4), None);
        fixture.check();
    }
}

#[test]
fn a_reader_finds_what_memory_let_go_of_since_its_view_began() {
    let mut fixture = Fixture::new();
    fixture.group(|conn| insert_all(conn, 0..9));
    let view = fixture.reader.transaction().unwrap();
    assert_eq!(through(&view), 0);
    for number in 9..20 {
        let begun = fixture.writer.unchecked_transaction().unwrap();
        insert(&begun, number);
        fixture.ids.merge_some(&begun).unwrap();
        begun.commit().unwrap();
        fixture.ids.committed();
    }
    assert!(through(&fixture.writer) >= 9);
    assert_eq!(fixture.ids.recent(&id(3), 0, Asker::Reader), Recent::LetGo);
    for number in 0..9 {
        assert_eq!(found(&view, number), Some(number as i64 + 1));
    }
    // What came later is not in its view.
    assert_eq!(found(&view, 19), None);
    drop(view);
    assert_eq!(found(&fixture.reader, 19), Some(20));
}

#[test]
fn a_larger_store_holds_more() {
    let fixture = Fixture::new();
    fixture.group(|conn| insert_all(conn, 0..400));
    (0..200).for_each(|_| fixture.group(|_| ()));
    assert_eq!(fixture.ids.held(), 0);
    fixture.group(|conn| insert_all(conn, 400..420));
    fixture.group(|_| ());
    // 420 / 16 = 26.
    assert_eq!((fixture.through(), fixture.ids.held()), (400, 20));
    fixture.group(|conn| insert_all(conn, 420..430));
    (0..20).for_each(|_| fixture.group(|_| ()));
    assert_eq!((fixture.through(), fixture.ids.held()), (420, 10));
}

/// Random groups, some of which fail, against a map; the store is opened again now and then.
#[test]
fn whatever_happens_the_ids_are_those_of_the_rows() {
    let mut random = StdRng::seed_from_u64(7);
    let mut fixture = Fixture::new();
    let mut expected: HashMap<u64, i64> = HashMap::new();
    for round in 0..600 {
        let before = expected.clone();
        fixture.begin();
        for _ in 0..random.random_range(0..4) {
            let number = random.random_range(0..60);
            match expected.remove(&number) {
                Some(key) => remove(&fixture.writer, number, key),
                None => drop(expected.insert(number, insert(&fixture.writer, number))),
            }
        }
        let number = random.random_range(0..60);
        assert_eq!(found(&fixture.writer, number), expected.get(&number).copied());
        assert_eq!(found(&fixture.reader, number), before.get(&number).copied());
        if random.random_bool(0.2) {
            fixture.roll_back();
            expected = before;
        } else {
            fixture.commit();
        }
        if random.random_bool(0.05) {
            fixture.reopen();
        }
        if round % 20 == 0 {
            fixture.check();
            for number in 0..60 {
                assert_eq!(found(&fixture.reader, number), expected.get(&number).copied(), "{number}");
            }
        }
    }
    assert!(fixture.through() > 0);
}
