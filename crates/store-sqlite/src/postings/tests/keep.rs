//! The keeper: what is stored gets indexed, whatever happened to the files before.

use super::fixture::{TestBlock, ask, span, text};
use crate::block::{Block, BlockHeader, BlockKind, Payload, encode_block};
use crate::postings::keeper::{Keeper, KeeperContext};
use crate::postings::part::Part;
use crate::postings::{Candidates, Indexer, Postings, TermQuery, indexed_through};
use crate::{columns, schema};
use rusqlite::{Connection, params};
use spanwise_model::{ErrorKind, SpanId};
use spanwise_store::{StoreError, StoreResult};
use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// A database with blocks, whose bodies are in memory.
struct Fixture {
    folder: tempfile::TempDir,
    writer: Arc<Mutex<Connection>>,
    bodies: Arc<Mutex<HashMap<u64, Vec<u8>>>>,
    fail_commits: Arc<AtomicBool>,
    postings: Postings,
}

impl Fixture {
    fn new() -> Fixture {
        let folder = tempfile::tempdir().unwrap();
        let (writer, _) = schema::open_writer(&folder.path().join("index.db")).unwrap();
        Fixture {
            folder,
            writer: Arc::new(Mutex::new(writer)),
            bodies: Arc::default(),
            fail_commits: Arc::default(),
            postings: Postings::default(),
        }
    }

    fn context(&self) -> KeeperContext {
        let (bodies, writer, fail) =
            (Arc::clone(&self.bodies), Arc::clone(&self.writer), Arc::clone(&self.fail_commits));
        KeeperContext {
            pins: Arc::default(),
            database: self.folder.path().join("index.db"),
            folder: self.parts(),
            load: Arc::new(move |location| {
                let bodies = bodies.lock().unwrap();
                Block::decode(bodies.get(&location.offset).ok_or_else(|| StoreError::not_found("no body"))?)
            }),
            is_on: true,
            commit: Arc::new(move |change| {
                if fail.load(Ordering::Relaxed) {
                    return Err(StoreError::new(ErrorKind::Unavailable, "the disk is full"));
                }
                change.apply(&writer.lock().unwrap())
            }),
        }
    }

    fn keeper(&self) -> Keeper {
        Keeper::open(self.context(), self.postings.clone()).unwrap()
    }

    fn parts(&self) -> PathBuf {
        self.folder.path().join("postings")
    }

    fn files(&self) -> Vec<PathBuf> {
        let mut files: Vec<PathBuf> =
            fs::read_dir(self.parts()).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files
    }

    /// Stores a block of one span with these words.
    fn store(&self, trace_key: i64, words: &str) {
        let block = TestBlock::new(trace_key, vec![span("chat", vec![("input", text(words))])]);
        self.store_bytes(trace_key, BlockKind::Spans, block.stored(), &block.packed_columns());
    }

    fn store_bytes(&self, trace_key: i64, kind: BlockKind, bytes: Vec<u8>, columns: &[u8]) {
        let mut bodies = self.bodies.lock().unwrap();
        let offset = bodies.len() as u64;
        self.writer
            .lock()
            .unwrap()
            .execute(
                "INSERT INTO block (trace_key, segment_id, offset, length, kind, arrival_ns, columns)
                 VALUES (?1, 1, ?2, ?3, ?4, 0, ?5)",
                params![trace_key, offset, bytes.len(), kind as i64, columns],
            )
            .unwrap();
        bodies.insert(offset, bytes);
    }

    fn find(&self, word: &str) -> BTreeSet<i64> {
        ask(&self.postings.snapshot(), &TermQuery::Word(word))
    }

    fn assert_complete(&self, blocks: i64) {
        assert_eq!(self.postings.snapshot().indexed_through(), blocks);
        assert_eq!(indexed_through(&self.writer.lock().unwrap()).unwrap(), blocks);
        let files: Vec<PathBuf> =
            self.postings.snapshot().parts().iter().map(|part| part.path().to_owned()).collect();
        let mut sorted = files.clone();
        sorted.sort();
        assert_eq!(sorted, self.files());
    }
}

#[test]
fn what_is_stored_is_found_once_it_is_indexed() {
    let fixture = Fixture::new();
    let indexer = Indexer::start(fixture.context(), &fixture.postings).unwrap();
    for trace in 1..=5 {
        fixture.store(trace, &format!("word{trace} common"));
    }
    indexer.index_now().unwrap();
    fixture.assert_complete(5);
    assert_eq!(fixture.find("word3"), [3].into());
    assert_eq!(fixture.find("common"), (1..=5).collect());
    indexer.stop();
    assert_eq!(indexer.index_now().unwrap_err().kind(), ErrorKind::Unavailable);
}

#[test]
fn steady_writing_does_not_keep_parts_from_being_merged() {
    let fixture = Arc::new(Fixture::new());
    let mut context = fixture.context();
    let (load, writer) = (Arc::clone(&context.load), Arc::clone(&fixture));
    // While a block is read, another one is stored.
    context.load = Arc::new(move |location| {
        let block = load(location)?;
        writer.store(1 + location.offset as i64, "steady");
        Ok(block)
    });
    let mut keeper = Keeper::open(context, fixture.postings.clone()).unwrap();
    fixture.store(1, "steady");
    for round in 1..=20 {
        keeper.work().unwrap();
        // Each round takes up what the one before has brought.
        assert_eq!(fixture.postings.snapshot().indexed_through(), round);
    }
    assert!(fixture.files().len() < 20, "no parts were merged");
}

#[test]
fn log_records_are_found_by_their_words() {
    let fixture = Fixture::new();
    let record =
        opentelemetry_proto::tonic::logs::v1::LogRecord { body: Some(text("spoken")), ..Default::default() };
    let raw = prost::Message::encode_to_vec(&record);
    let payload = Payload::compress(std::iter::once(raw.as_slice())).unwrap();
    let header = BlockHeader {
        kind: BlockKind::Logs,
        trace_id: &"log".parse().unwrap(),
        experiment_id: 0,
        arrival_ns: 0,
        runs: &[],
        span_ids: &[SpanId([1; 8])],
    };
    let mut bytes = Vec::new();
    encode_block(&header, &payload, &mut bytes);
    let columns = columns::with_head(1, &[], &columns::pack_logs([(SpanId([1; 8]), 0)].into_iter()));
    fixture.store_bytes(4, BlockKind::Logs, bytes, &columns);
    fixture.keeper().work().unwrap();
    assert_eq!(fixture.find("spoken"), [4].into());
}

#[test]
fn many_small_parts_become_few() {
    let fixture = Fixture::new();
    let mut keeper = fixture.keeper();
    for trace in 1..=30 {
        fixture.store(trace, &format!("word{trace} common"));
        keeper.work().unwrap();
    }
    fixture.assert_complete(30);
    assert!(fixture.files().len() < 12, "{} parts", fixture.files().len());
    assert_eq!(fixture.find("word17"), [17].into());
    assert_eq!(fixture.find("common"), (1..=30).collect());
}

#[test]
fn an_index_goes_on_where_it_was() {
    let fixture = Fixture::new();
    fixture.store(1, "first");
    fixture.keeper().work().unwrap();
    fs::write(fixture.parts().join("0000000000000099.idx"), "left by a crash").unwrap();
    fixture.store(2, "second");
    let mut keeper = fixture.keeper();
    assert_eq!(fixture.find("first"), [1].into());
    keeper.work().unwrap();
    fixture.assert_complete(2);
    assert_eq!(fixture.files().len(), 2);
    assert_eq!(fixture.find("second"), [2].into());
}

#[test]
fn a_lost_or_damaged_file_is_built_again() {
    let damages: [fn(&PathBuf) -> std::io::Result<()>; 4] = [
        |path| fs::remove_file(path),
        // A whole part, but not this one.
        |path| fs::copy(path.with_file_name("0000000000000001.idx"), path).map(drop),
        |path| fs::write(path, "SWPOST"),
        |path| {
            let mut bytes = fs::read(path)?;
            let end = bytes.len();
            bytes[end - 20] ^= 1;
            fs::write(path, bytes)
        },
    ];
    for damage in damages {
        let fixture = Fixture::new();
        let mut keeper = fixture.keeper();
        for trace in 1..=3 {
            fixture.store(trace, &format!("word{trace}"));
            keeper.work().unwrap();
        }
        damage(&fixture.files()[1]).unwrap();
        let mut keeper = fixture.keeper();
        assert_eq!(fixture.postings.snapshot().indexed_through(), 0);
        keeper.work().unwrap();
        fixture.assert_complete(3);
        assert_eq!(fixture.find("word2"), [2].into());
    }
}

#[test]
fn damage_that_a_search_finds_is_repaired() {
    let fixture = Fixture::new();
    let mut keeper = fixture.keeper();
    fixture.store(1, "word");
    keeper.work().unwrap();
    let path = &fixture.files()[0];
    let mut bytes = fs::read(path).unwrap();
    bytes[12] ^= 1;
    fs::write(path, bytes).unwrap();
    // The file that is open is the one that was overwritten.
    let parts = fixture.postings.snapshot();
    assert_eq!(parts.evaluate(&TermQuery::Word("word"), &|| Ok(())).unwrap(), Candidates::All);
    keeper.work().unwrap();
    fixture.assert_complete(1);
    assert_eq!(fixture.find("word"), [1].into());
}

#[test]
fn a_block_that_cannot_be_read_is_always_looked_at() {
    let fixture = Fixture::new();
    fixture.store(1, "one");
    fixture.store(2, "two");
    fixture.bodies.lock().unwrap().get_mut(&0).unwrap()[60] ^= 1;
    fixture.keeper().work().unwrap();
    fixture.assert_complete(2);
    assert_eq!(fixture.find("two"), [1, 2].into());
    assert_eq!(fixture.find("nowhere"), [1].into());
}

#[test]
fn a_commit_that_fails_changes_nothing_and_is_made_up_for() {
    let fixture = Fixture::new();
    let mut keeper = fixture.keeper();
    fixture.store(1, "word");
    fixture.fail_commits.store(true, Ordering::Relaxed);
    keeper.work().unwrap_err();
    assert_eq!(fixture.postings.snapshot().indexed_through(), 0);
    fixture.fail_commits.store(false, Ordering::Relaxed);
    keeper.work().unwrap();
    fixture.assert_complete(1);
    assert_eq!(fixture.find("word"), [1].into());
}

#[test]
fn merging_and_purging_leave_deleted_traces_out() -> StoreResult<()> {
    let fixture = Fixture::new();
    let mut keeper = fixture.keeper();
    for trace in 1..=8 {
        fixture.store(trace, &format!("word{trace}"));
        if trace == 7 {
            fixture.writer.lock().unwrap().execute("DELETE FROM block WHERE trace_key = 3", []).unwrap();
        }
        keeper.work()?;
    }
    fixture.assert_complete(8);
    assert_eq!(fixture.files().len(), 1);
    assert_eq!((fixture.find("word3"), fixture.find("word4")), ([].into(), [4].into()));
    fixture.writer.lock().unwrap().execute("DELETE FROM block WHERE trace_key = 4", []).unwrap();
    // Reopened with files that are older than the interval, every part is looked at.
    for path in fixture.files() {
        fs::File::open(path).unwrap().set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
    }
    fixture.keeper().work()?;
    fixture.assert_complete(8);
    assert_eq!((fixture.find("word4"), fixture.find("word5")), ([].into(), [5].into()));
    Part::open(&fixture.files()[0])?.verify()
}
