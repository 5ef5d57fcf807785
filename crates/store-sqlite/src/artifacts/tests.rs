use super::*;
use bytes::Bytes;
use futures_util::TryStreamExt;
use tempfile::TempDir;

fn opened() -> (FsArtifacts, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (FsArtifacts::open(folder.path()).unwrap(), folder)
}

fn chunks(parts: &[&[u8]]) -> ArtifactWriter {
    let parts: Vec<_> = parts.iter().map(|part| Ok(Bytes::copy_from_slice(part))).collect();
    stream::iter(parts).boxed()
}

async fn read(artifacts: &FsArtifacts, path: &str) -> Vec<u8> {
    let reader = artifacts.get(path).await.unwrap();
    let chunks: Vec<Bytes> = reader.chunks.try_collect().await.unwrap();
    assert_eq!(chunks.iter().map(Bytes::len).sum::<usize>() as u64, reader.size_bytes);
    chunks.concat()
}

fn names(entries: Vec<ArtifactEntry>) -> Vec<(String, Option<u64>)> {
    entries.into_iter().map(|entry| (entry.name, entry.size_bytes)).collect()
}

#[track_caller]
fn assert_kind<T>(result: StoreResult<T>, kind: ErrorKind) {
    assert_eq!(result.err().map(|error| error.kind()), Some(kind));
}

#[tokio::test]
async fn a_file_comes_back_as_it_was_put() {
    let (artifacts, _folder) = opened();
    artifacts.put("1/traces/t/a.txt", chunks(&[b"one ", b"", b"two"])).await.unwrap();
    assert_eq!(read(&artifacts, "1/traces/t/a.txt").await, b"one two");
    artifacts.put("1/traces/t/a.txt", chunks(&[])).await.unwrap();
    assert_eq!(read(&artifacts, "1/traces/t/a.txt").await, b"");
    let large = vec![7; 3 * (64 << 10) + 5];
    artifacts.put("large", chunks(&[&large])).await.unwrap();
    assert_eq!(read(&artifacts, "large").await, large);
}

#[tokio::test]
async fn folders_list_by_name_and_a_file_lists_itself() {
    let (artifacts, _folder) = opened();
    for path in ["run/b", "run/a", "run/sub/c"] {
        artifacts.put(path, chunks(&[b"xy"])).await.unwrap();
    }
    let listed = names(artifacts.list("run").await.unwrap());
    assert_eq!(listed, [("a".into(), Some(2)), ("b".into(), Some(2)), ("sub".into(), None)]);
    assert_eq!(names(artifacts.list("run/a").await.unwrap()), [("a".into(), Some(2))]);
    assert_eq!(names(artifacts.list("").await.unwrap()), [("run".into(), None)]);
    assert!(artifacts.list("absent/too").await.unwrap().is_empty());
    assert!(artifacts.list("run/a/below").await.unwrap().is_empty());
}

#[tokio::test]
async fn what_is_absent_or_a_folder_is_not_found() {
    let (artifacts, _folder) = opened();
    artifacts.put("run/a", chunks(&[b"x"])).await.unwrap();
    for path in ["absent", "run", "run/a/below"] {
        assert_kind(artifacts.get(path).await, ErrorKind::NotFound);
    }
}

#[tokio::test]
async fn a_file_and_a_folder_do_not_replace_each_other() {
    let (artifacts, _folder) = opened();
    artifacts.put("run/a", chunks(&[b"x"])).await.unwrap();
    assert_kind(artifacts.put("run", chunks(&[b"y"])).await, ErrorKind::InvalidArgument);
    assert_kind(artifacts.put("run/a/b", chunks(&[b"y"])).await, ErrorKind::InvalidArgument);
    assert_eq!(read(&artifacts, "run/a").await, b"x");
}

#[tokio::test]
async fn deleting_takes_all_below_and_may_be_repeated() {
    let (artifacts, _folder) = opened();
    for path in ["run/a", "run/sub/c", "other"] {
        artifacts.put(path, chunks(&[b"x"])).await.unwrap();
    }
    artifacts.delete("run/a").await.unwrap();
    assert_eq!(names(artifacts.list("run").await.unwrap()), [("sub".into(), None)]);
    artifacts.delete("run").await.unwrap();
    artifacts.delete("run").await.unwrap();
    assert_eq!(names(artifacts.list("").await.unwrap()), [("other".into(), Some(1))]);
}

#[tokio::test]
async fn odd_paths_are_refused() {
    let (artifacts, _folder) = opened();
    let long = "x".repeat(256);
    let deep = "x/".repeat(2000) + "x";
    let odd = ["", "/a", "a/", "a//b", ".", "a/..", "../a", "a\\b", "a\0b", ".incoming/0", &long, &deep];
    for path in odd {
        assert_kind(artifacts.put(path, chunks(&[])).await, ErrorKind::InvalidArgument);
        assert_kind(artifacts.get(path).await, ErrorKind::InvalidArgument);
        assert_kind(artifacts.delete(path).await, ErrorKind::InvalidArgument);
    }
    for path in odd.iter().filter(|path| !path.is_empty()) {
        assert_kind(artifacts.list(path).await, ErrorKind::InvalidArgument);
    }
}

#[tokio::test]
async fn an_upload_that_fails_leaves_what_was_there() {
    let (artifacts, folder) = opened();
    artifacts.put("a", chunks(&[b"old"])).await.unwrap();
    let failing =
        stream::iter([Ok(Bytes::from("new")), Err(StoreError::invalid("the body broke off"))]).boxed();
    assert_kind(artifacts.put("a", failing).await, ErrorKind::InvalidArgument);
    assert_eq!(read(&artifacts, "a").await, b"old");
    assert_eq!(std::fs::read_dir(folder.path().join("artifacts/.incoming")).unwrap().count(), 0);
}

#[tokio::test]
async fn what_a_crash_left_is_removed_on_opening() {
    let (_, folder) = opened();
    std::fs::write(folder.path().join("artifacts/.incoming/0"), "half").unwrap();
    let artifacts = FsArtifacts::open(folder.path()).unwrap();
    artifacts.put("a", chunks(&[b"whole"])).await.unwrap();
    assert_eq!(read(&artifacts, "a").await, b"whole");
    assert_eq!(std::fs::read_dir(folder.path().join("artifacts/.incoming")).unwrap().count(), 0);
}

#[tokio::test]
async fn an_upload_whose_caller_goes_away_is_abandoned() {
    let folder = tempfile::tempdir().unwrap();
    let files = Folder::open(folder.path().join("artifacts")).unwrap();
    let (sender, receiver) = mpsc::channel(1);
    sender.send(Upload::Chunk(Bytes::from("part"))).await.unwrap();
    drop(sender);
    let path = ArtifactPath::parse("a").unwrap();
    assert_kind(blocking(move || files.put(&path, receiver)).await, ErrorKind::Unavailable);
    let left: Vec<_> = std::fs::read_dir(folder.path().join("artifacts/.incoming")).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
    assert!(!folder.path().join("artifacts/a").exists());
}

#[cfg(unix)]
#[tokio::test]
async fn symbolic_links_are_not_followed() {
    let (artifacts, folder) = opened();
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("secret"), "s").unwrap();
    std::os::unix::fs::symlink(outside.path(), folder.path().join("artifacts/link")).unwrap();
    assert_kind(artifacts.get("link/secret").await, ErrorKind::InvalidArgument);
    assert_kind(artifacts.put("link/new", chunks(&[])).await, ErrorKind::InvalidArgument);
    assert_kind(artifacts.delete("link/secret").await, ErrorKind::InvalidArgument);
    assert!(artifacts.list("").await.unwrap().is_empty());
    assert!(outside.path().join("secret").exists());
}
