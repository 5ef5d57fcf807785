//! The inbox: what is left in a folder by programs that have no server.

use prost::Message;
use spanwise_inbox::SegmentWriter;
use spanwise_server::take_in;
use spanwise_testkit::TestServer;
use spanwise_testkit::otlp::{request, span, trace_id};
use std::fs;
use std::path::Path;

/// Writes a segment with a request for each of these traces, and returns it.
fn segment(folder: &Path, traces: &[u8]) -> SegmentWriter {
    let mut writer = SegmentWriter::create(folder).unwrap();
    for trace in traces {
        writer.append(&[&request("shop", vec![span(*trace, 1, "root")]).encode_to_vec()]).unwrap();
    }
    writer
}

async fn has(server: &TestServer, trace: u8) -> bool {
    server.app.store.get_trace(&trace_id(trace).parse().unwrap()).await.is_ok()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[tokio::test]
async fn what_is_complete_is_taken_in_and_removed() {
    let (server, folder) = (TestServer::start().await, tempfile::tempdir().unwrap());
    segment(folder.path(), &[1, 2]).finish().unwrap();
    let under_way = segment(folder.path(), &[3]);
    assert_eq!(take_in(&server.app, folder.path()).await.unwrap(), 2);
    assert!(has(&server, 1).await && has(&server, 2).await && !has(&server, 3).await);
    assert_eq!(names(folder.path()).len(), 1);
    drop(under_way);
    assert_eq!(take_in(&server.app, folder.path()).await.unwrap(), 1);
    assert!(has(&server, 3).await && names(folder.path()).is_empty());
}

#[tokio::test]
async fn a_segment_that_is_taken_in_twice_changes_nothing() {
    let (server, folder) = (TestServer::start().await, tempfile::tempdir().unwrap());
    let path = segment(folder.path(), &[1]).finish().unwrap();
    let bytes = fs::read(&path).unwrap();
    take_in(&server.app, folder.path()).await.unwrap();
    // As after a crash before it was removed.
    fs::write(&path, bytes).unwrap();
    take_in(&server.app, folder.path()).await.unwrap();
    let stats = server.app.store.stats().await.unwrap();
    assert_eq!((stats.traces, stats.spans), (1, 1));
}

#[tokio::test]
async fn what_is_torn_or_damaged_is_set_aside_after_what_is_whole() {
    let (server, folder) = (TestServer::start().await, tempfile::tempdir().unwrap());
    let path = segment(folder.path(), &[1, 2]).finish().unwrap();
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
    let mut malformed = segment(folder.path(), &[3]);
    malformed.append(&[b"\x0a\xff"]).unwrap();
    malformed.finish().unwrap();
    segment(folder.path(), &[4]).finish().unwrap();
    assert_eq!(take_in(&server.app, folder.path()).await.unwrap(), 3);
    assert!(
        has(&server, 1).await && !has(&server, 2).await && has(&server, 3).await && has(&server, 4).await
    );
    let mut left = names(folder.path());
    left.sort_unstable();
    assert!(left.len() == 2 && left.iter().all(|name| name.ends_with(".refused")), "{left:?}");
    assert_eq!(take_in(&server.app, folder.path()).await.unwrap(), 0);
}

#[tokio::test]
async fn what_the_store_can_not_take_now_stays() {
    let (server, folder) = (TestServer::start().await, tempfile::tempdir().unwrap());
    segment(folder.path(), &[1]).finish().unwrap();
    segment(folder.path(), &[2]).finish().unwrap();
    server.app.store.close().await.unwrap();
    assert_eq!(take_in(&server.app, folder.path()).await.unwrap(), 0);
    assert_eq!(names(folder.path()).len(), 2);
}

#[tokio::test]
async fn an_inbox_that_is_not_there_is_empty() {
    let (server, folder) = (TestServer::start().await, tempfile::tempdir().unwrap());
    assert_eq!(take_in(&server.app, &folder.path().join("inbox")).await.unwrap(), 0);
}
