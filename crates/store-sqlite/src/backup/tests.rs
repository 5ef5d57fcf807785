use super::{BackupFolder, BackupSummary, manifest, restore};
use crate::store::{OpenOptions, SqliteStore};
use futures_util::{StreamExt, TryStreamExt};
use spanwise_model::{ErrorKind, TraceInfo};
use spanwise_store::conformance::build::{span, spans, trace_id};
use spanwise_store::{
    ArtifactStore, BackupItem, BackupStream, DeleteTraces, KnownFiles, Progress, Store, StoreError,
    StoreResult,
};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

struct Fixture {
    store: SqliteStore,
    folder: TempDir,
}

impl Fixture {
    /// A store with some traces, all indexed, and an artifact.
    async fn new() -> Fixture {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&OpenOptions::new(folder.path().join("data"))).unwrap();
        let fixture = Fixture { store, folder };
        for number in 1..=5 {
            fixture.add(number).await;
        }
        fixture.store.index_now().await.unwrap();
        let artifacts = crate::FsArtifacts::open(&fixture.store.data_dir).unwrap();
        let chunks = futures_util::stream::iter([Ok("some text".into())]).boxed();
        artifacts.put("0/traces/tr-1/artifacts/attachments/a.txt", chunks).await.unwrap();
        fixture
    }

    async fn add(&self, number: u32) {
        self.store.append_spans(vec![spans(&trace_id(number), &[span(1), span(2).parent(1)])]).await.unwrap();
    }

    fn backup_path(&self) -> PathBuf {
        self.folder.path().join("backup")
    }

    fn restored_path(&self) -> PathBuf {
        self.folder.path().join("restored")
    }

    /// Asks for a backup until an interrupted one has ended.
    async fn start(&self, known: KnownFiles) -> StoreResult<BackupStream> {
        loop {
            match self.store.backup(known.clone()).await {
                Err(error) if error.kind() == ErrorKind::Exhausted => tokio::task::yield_now().await,
                started => return started,
            }
        }
    }

    /// Writes a backup; it is interrupted after so many items.
    async fn backup(&self, items_max: usize) -> StoreResult<BackupSummary> {
        let mut folder = BackupFolder::open(&self.backup_path())?;
        let mut items = self.start(folder.known()).await?.take(items_max);
        while let Some(item) = items.try_next().await? {
            match item {
                BackupItem::Start { .. } => {}
                BackupItem::Unchanged { path } => drop(folder.keep(&path)?),
                BackupItem::File { path, bytes } => folder.begin(&path, bytes)?,
                BackupItem::Data(bytes) => folder.write(&bytes)?,
                BackupItem::End { xxh3 } => folder.end(&xxh3)?,
                BackupItem::Done => return folder.finish(),
            }
        }
        Err(StoreError::new(ErrorKind::Unavailable, "interrupted"))
    }

    fn restore(&self) -> StoreResult<()> {
        restore(&self.backup_path(), &self.restored_path(), &Progress::silent()).map(|_| ())
    }

    /// Opens what was restored, checks it, and returns the records of the first traces.
    async fn restored(&self, traces: u32) -> Vec<TraceInfo> {
        let store = SqliteStore::open(&OpenOptions::new(self.restored_path())).unwrap();
        assert_eq!(store.check().await.unwrap().problems, Vec::<String>::new());
        let ids: Vec<_> = (1..=traces).map(trace_id).collect();
        let found = store.get_traces(&ids).await.unwrap();
        store.close().await.unwrap();
        found
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_restores_to_the_same_store() {
    let fixture = Fixture::new().await;
    let written = fixture.backup(usize::MAX).await.unwrap();
    assert_eq!(written.bytes, written.copied_bytes);
    fixture.restore().unwrap();
    let ids: Vec<_> = (1..=5).map(trace_id).collect();
    assert_eq!(fixture.restored(5).await, fixture.store.get_traces(&ids).await.unwrap());
    let artifact = fixture.restored_path().join("artifacts/0/traces/tr-1/artifacts/attachments/a.txt");
    assert_eq!(fs::read_to_string(artifact).unwrap(), "some text");
    assert!(fs::read_dir(fixture.restored_path().join("postings")).unwrap().count() > 0);
    // The thread that sent the copy of the index removes it.
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while fixture.store.data_dir.join("backup").exists() {
        assert!(std::time::Instant::now() < deadline, "the copy of the index is still there");
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_backup_copies_what_changed() {
    let fixture = Fixture::new().await;
    fixture.backup(usize::MAX).await.unwrap();
    fixture.store.compact(Progress::silent()).await.unwrap();
    fixture.backup(usize::MAX).await.unwrap();
    fixture.add(6).await;
    let written = fixture.backup(usize::MAX).await.unwrap();
    assert!(written.copied_bytes < written.bytes, "{written:?}");
    fixture.restore().unwrap();
    assert_eq!(fixture.restored(6).await.len(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_backup_is_none_and_leaves_the_last_one_whole() {
    let fixture = Fixture::new().await;
    fixture.backup(3).await.unwrap_err();
    let error = fixture.restore().unwrap_err();
    assert!(error.message().contains("holds no whole backup"), "{error}");
    fixture.backup(usize::MAX).await.unwrap();
    fixture.add(6).await;
    for items in 1..8 {
        fixture.backup(items).await.unwrap_err();
    }
    fixture.restore().unwrap();
    assert_eq!(fixture.restored(6).await.len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_file_goes_while_a_backup_may_need_it() {
    let fixture = Fixture::new().await;
    // The index alone is more than waits for who takes it, so that no other file is read before the compaction.
    fixture.store.set_trace_tag(&trace_id(1), "large", &"x".repeat(4 << 20)).await.unwrap();
    let mut items = fixture.store.backup(Default::default()).await.unwrap();
    assert!(matches!(items.next().await, Some(Ok(BackupItem::Start { .. }))));
    let second = fixture.store.backup(Default::default()).await.map(drop).unwrap_err();
    assert_eq!(second.kind(), ErrorKind::Exhausted);
    let all = DeleteTraces::Ids((1..=5).map(trace_id).collect());
    fixture.store.delete_traces(spanwise_model::ExperimentId::DEFAULT, all).await.unwrap();
    fixture.store.compact(Progress::silent()).await.unwrap();
    let rest: Vec<_> = items.try_collect().await.unwrap();
    assert_eq!(rest.last(), Some(&BackupItem::Done));
    let has = |folder: &str| {
        rest.iter().any(|item| matches!(item, BackupItem::File { path, .. } if path.starts_with(folder)))
    };
    assert!(has("segments/") && has("postings/"));
    fixture.store.compact(Progress::silent()).await.unwrap();
    let left = fs::read_dir(fixture.store.data_dir.join("segments")).unwrap().count();
    assert_eq!(left, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_backup_is_named_and_a_second_restore_starts_again() {
    let fixture = Fixture::new().await;
    fixture.backup(usize::MAX).await.unwrap();
    let manifest = manifest::Manifest::read(&fixture.backup_path()).unwrap().unwrap();
    let segment = manifest.files.keys().find(|path| path.starts_with("segments/")).unwrap();
    let content = manifest::content_path(&fixture.backup_path(), &manifest.files[segment].xxh3);
    let whole = fs::read(&content).unwrap();
    let mut damaged = whole.clone();
    damaged[20] ^= 1;
    fs::write(&content, damaged).unwrap();
    let error = fixture.restore().unwrap_err();
    assert!(error.message().contains(segment.as_str()), "{error}");
    let error = SqliteStore::open(&OpenOptions::new(fixture.restored_path())).map(drop).unwrap_err();
    assert!(error.message().contains("restore was interrupted"), "{error}");
    fs::write(&content, whole).unwrap();
    fixture.restore().unwrap();
    assert_eq!(fixture.restored(5).await.len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn folders_that_hold_something_else_are_refused_by_name() {
    let fixture = Fixture::new().await;
    fixture.backup(usize::MAX).await.unwrap();
    fs::create_dir(fixture.restored_path()).unwrap();
    fs::write(fixture.restored_path().join("notes.txt"), "").unwrap();
    let error = fixture.restore().unwrap_err();
    assert!(error.message().contains("it holds `notes.txt`"), "{error}");
    let error = BackupFolder::open(&fixture.restored_path()).map(drop).unwrap_err();
    assert!(error.message().contains("holds no backup"), "{error}");
    fs::remove_file(fixture.restored_path().join("notes.txt")).unwrap();
    fixture.restore().unwrap();
    let error = fixture.restore().unwrap_err();
    assert!(error.message().contains("is not empty: it holds `"), "{error}");
    assert_eq!(fixture.restored(5).await.len(), 5, "the store that was there is untouched");
}

#[tokio::test(flavor = "multi_thread")]
async fn contents_that_a_backup_lost_are_copied_again() {
    let fixture = Fixture::new().await;
    fixture.backup(usize::MAX).await.unwrap();
    let manifest = manifest::Manifest::read(&fixture.backup_path()).unwrap().unwrap();
    let path_of = |folder: &str| {
        let (_, entry) = manifest.files.iter().find(|(path, _)| path.starts_with(folder)).unwrap();
        manifest::content_path(&fixture.backup_path(), &entry.xxh3)
    };
    let segment = path_of("segments/");
    fs::write(&segment, &fs::read(&segment).unwrap()[1..]).unwrap();
    let error = fixture.restore().unwrap_err();
    assert!(error.message().contains(" bytes, but `segments/"), "{error}");
    fs::remove_file(path_of("postings/")).unwrap();
    let error = fixture.restore().unwrap_err();
    assert!(error.message().contains("the backup lacks `postings/"), "{error}");
    assert!(!fixture.restored_path().exists(), "nothing is begun that can't be ended");
    fixture.backup(usize::MAX).await.unwrap();
    fixture.restore().unwrap();
    assert_eq!(fixture.restored(5).await.len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_changed_and_kept_its_length_is_copied_again() {
    let fixture = Fixture::new().await;
    fixture.backup(usize::MAX).await.unwrap();
    let artifact = "artifacts/0/traces/tr-1/artifacts/attachments/a.txt";
    fs::write(fixture.store.data_dir.join(artifact), "SOME TEXT").unwrap();
    fixture.backup(usize::MAX).await.unwrap();
    fixture.restore().unwrap();
    assert_eq!(fs::read_to_string(fixture.restored_path().join(artifact)).unwrap(), "SOME TEXT");
}

#[test]
fn a_file_that_arrives_otherwise_than_it_was_sent_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let hash_of = |bytes: &[u8]| format!("{:032x}", xxhash_rust::xxh3::xxh3_128(bytes));
    for (bytes, sent, xxh3) in [(4, "text", hash_of(b"tex7")), (5, "text", hash_of(b"text"))] {
        let mut backup = BackupFolder::open(folder.path()).unwrap();
        backup.begin("index.db", bytes).unwrap();
        backup.write(sent.as_bytes()).unwrap();
        let error = backup.end(&xxh3).unwrap_err();
        assert!(error.message().contains("index.db was damaged on its way"), "{error}");
    }
}

#[test]
fn names_that_lead_out_of_a_folder_are_refused_wherever_they_come_from() {
    let folder = tempfile::tempdir().unwrap();
    let (backup, target) = (folder.path().join("backup"), folder.path().join("restored"));
    let mut open = BackupFolder::open(&backup).unwrap();
    assert!(open.begin("../evil", 0).is_err());
    open.begin("index.db", 0).unwrap();
    assert!(open.end("../../evil").is_err(), "it is not the hash of what came");
    fs::write(folder.path().join("outside"), "").unwrap();
    let none = format!("{:032x}", xxhash_rust::xxh3::xxh3_128(b""));
    fs::write(manifest::content_path(&backup, &none), "").unwrap();
    for (path, xxh3) in [("../evil", none.as_str()), ("index.db", "../../outside")] {
        let entry = manifest::Entry { bytes: 0, xxh3: xxh3.into() };
        let files = [(path.into(), entry)].into();
        let text = manifest::Manifest { created_ns: 7, files }.to_text();
        fs::write(backup.join(manifest::MANIFEST), text).unwrap();
        let error = restore(&backup, &target, &Progress::silent()).unwrap_err();
        let named = if path == "index.db" { xxh3 } else { path };
        assert!(error.message().contains(&format!("\"{named}\" is no")), "{error}");
    }
    let entries = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = entries.collect();
    names.sort();
    assert_eq!(names, ["backup", "outside"]);
}

#[test]
fn one_backup_at_a_time_is_written_to_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let first = BackupFolder::open(folder.path()).unwrap();
    let error = BackupFolder::open(folder.path()).map(drop).unwrap_err();
    assert!(error.message().contains("another backup is written to"), "{error}");
    drop(first);
    BackupFolder::open(folder.path()).unwrap();
}

#[test]
fn what_an_interrupted_backup_left_goes_when_the_store_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("backup")).unwrap();
    fs::write(folder.path().join("backup/index.db"), "half a copy").unwrap();
    SqliteStore::open(&OpenOptions::new(folder.path())).unwrap();
    assert!(!folder.path().join("backup").exists());
}

#[test]
fn only_paths_of_a_store_are_restored() {
    fn check(path: &str, allowed: bool) {
        assert_eq!(manifest::check_path(path).is_ok(), allowed, "{path}");
    }
    for path in ["index.db", "segments/1.seg", "postings/1.post", "artifacts/0/traces/x/y"] {
        check(path, true);
    }
    for path in
        ["", "lock", "index.db/x", "/index.db", "segments", "segments/a/b", "artifacts", "artifacts/../../x"]
    {
        check(path, false);
    }
}

#[test]
fn a_manifest_that_was_changed_or_cut_is_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let mut whole = manifest::Manifest { created_ns: 7, ..Default::default() };
    let entry = manifest::Entry { bytes: 1, xxh3: "0".repeat(32) };
    whole.files.insert("index.db".into(), entry);
    let text = whole.to_text();
    let read = |text: &str, folder: &Path| {
        fs::write(folder.join(manifest::MANIFEST), text).unwrap();
        manifest::Manifest::read(folder)
    };
    assert_eq!(read(&text, folder.path()).unwrap(), Some(whole));
    // Both are well-formed, and only the checksum tells.
    for (old, new) in [("\"bytes\":1", "\"bytes\":2"), (&*"0".repeat(32), &*"1".repeat(32))] {
        let changed = text.replacen(old, new, 1);
        assert_ne!(changed, text);
        let error = read(&changed, folder.path()).unwrap_err();
        assert!(error.message().contains("its checksum is wrong"), "{error}");
    }
    for cut in 0..text.len() - 1 {
        assert!(read(&text[..cut], folder.path()).is_err(), "{cut}");
    }
}
