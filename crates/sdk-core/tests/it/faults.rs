//! What never hurts the application: full queues; forks; hanging roots; a spool.

use crate::collected::{Collected, DEADLINE, names, start, text, to};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use spanwise_sdk_core::{
    Config, ExportError, Parent, Sdk, SpanBuilder, StartOptions, Stats, Target, TraceUpdate,
};
use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

const ROOT: StartOptions<'static> = StartOptions { parent: Parent::Root, sampling: None };
/// Longer than a test takes, so that nothing is given up.
pub(crate) const LONG: Duration = Duration::from_secs(300);

pub(crate) fn record(sdk: &Sdk, name: &str) {
    sdk.span(name, ROOT).start().end();
}

/// Waits for `is_so`, or fails with the last counters.
pub(crate) fn wait_for(sdk: &Sdk, is_so: impl Fn(&Stats) -> bool) -> Stats {
    let started = Instant::now();
    loop {
        let stats = sdk.stats();
        if is_so(&stats) {
            return stats;
        }
        assert!(started.elapsed() < DEADLINE, "{stats:?}");
        thread::yield_now();
    }
}

/// Checks that every span is accounted for.
pub(crate) fn adds_up(stats: &Stats) {
    for endpoint in &stats.endpoints {
        let known = endpoint.sent + endpoint.refused + endpoint.dropped + endpoint.failed + endpoint.waiting;
        assert_eq!(stats.recorded, stats.dropped + known, "{stats:?}");
    }
}

pub(crate) fn spans_of(body: &[u8]) -> Vec<String> {
    decoded(body).into_iter().map(|span| span.name).collect()
}

fn decoded(body: &[u8]) -> Vec<Span> {
    let request = ExportTraceServiceRequest::decode(body).unwrap();
    let scopes = request.resource_spans.into_iter().flat_map(|resource| resource.scope_spans);
    scopes.flat_map(|scope| scope.spans).collect()
}

/// Returns the spans in the segments of a folder, in their order.
fn spans_in(folder: &Path) -> Vec<Span> {
    let segments = spanwise_inbox::find_segments(folder).unwrap();
    let frames = segments.iter().flat_map(|segment| segment.frames().unwrap());
    frames.flat_map(|frame| decoded(&frame.unwrap().unwrap())).collect()
}

fn names_in(folder: &Path) -> Vec<String> {
    spans_in(folder).into_iter().map(|span| span.name).collect()
}

#[test]
fn a_full_queue_drops_the_newest_and_counts_exactly() {
    const THREADS: u64 = 4;
    const SPANS: u64 = 3_000;
    let (sdk, collected) =
        start(|config| config.queue_bytes(64 << 10).batch_interval(Duration::from_millis(1)));
    collected.hold(true);
    let barrier = Arc::new(Barrier::new(THREADS as usize));
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                barrier.wait();
                (0..SPANS).for_each(|_| record(&sdk, "a"));
            });
        }
    });
    let stats = sdk.stats();
    assert_eq!(stats.recorded, THREADS * SPANS);
    assert!(stats.queued_bytes <= 64 << 10, "{stats:?}");
    collected.hold(false);
    sdk.flush(DEADLINE).unwrap();
    let stats = sdk.stats();
    assert!(stats.dropped + stats.endpoints[0].dropped > 0);
    assert_eq!(stats.endpoints[0].sent, collected.spans().len() as u64);
    adds_up(&stats);
    assert!(stats.queued_bytes <= 64 << 10);
}

#[test]
fn spans_that_come_one_by_one_wait_in_little_memory() {
    const SWEEPS: u64 = 64;
    let (sdk, collected) = start(|config| config.queue_bytes(1 << 20).batch_interval(LONG));
    collected.hold(true);
    for sweep in 1..=SWEEPS {
        record(&sdk, "a");
        // It can't be sent, but it is collected.
        sdk.flush(Duration::ZERO).unwrap_err();
        wait_for(&sdk, |stats| stats.endpoints[0].waiting + stats.endpoints[0].dropped == sweep);
    }
    let stats = sdk.stats();
    assert_eq!((stats.dropped, stats.endpoints[0].waiting), (0, SWEEPS), "{stats:?}");
    assert!(stats.queued_bytes < 64 << 10, "{stats:?}");
    collected.hold(false);
    sdk.flush(DEADLINE).unwrap();
    assert_eq!((sdk.stats().queued_bytes, collected.spans().len() as u64), (0, SWEEPS));
    adds_up(&sdk.stats());
}

#[test]
fn a_span_larger_than_the_queue_is_dropped() {
    let (sdk, collected) = start(|config| config.queue_bytes(64 << 10));
    sdk.span("large", ROOT).inputs("x".repeat(100 << 10)).start().end();
    sdk.span("fits", ROOT).inputs("x".repeat(30 << 10)).start().end();
    sdk.flush(DEADLINE).unwrap();
    assert_eq!(names(&collected.spans()), ["fits"]);
    assert_eq!(sdk.stats().dropped, 1);
}

#[test]
fn one_endpoint_that_is_away_does_not_keep_the_other() {
    let (away, there) = (Collected::default(), Collected::default());
    away.hold(true);
    let sdk = to(&there, to(&away, Config::new())).start().unwrap();
    record(&sdk, "a");
    sdk.flush(Duration::from_millis(100)).unwrap_err();
    let stats = wait_for(&sdk, |stats| stats.endpoints[1].sent == 1);
    assert_eq!((stats.endpoints[0].sent, stats.endpoints[0].waiting), (0, 1));
    away.hold(false);
    sdk.flush(DEADLINE).unwrap();
    assert_eq!(names(&away.spans()), ["a"]);
}

#[test]
fn an_exporter_that_panics_loses_one_batch() {
    struct Panics(bool, Collected);
    impl spanwise_sdk_core::Exporter for Panics {
        fn export(
            &mut self,
            request: &spanwise_sdk_core::Request<'_>,
        ) -> Result<spanwise_sdk_core::Accepted, ExportError> {
            if std::mem::take(&mut self.0) {
                std::panic::resume_unwind(Box::new("quietly"));
            }
            self.1.export(request)
        }
    }
    let collected = Collected::default();
    let exporter = collected.clone();
    let config =
        Config::new().exporter("panics", move || Box::new(Panics(true, exporter.clone()))).on_problem(|_| {});
    let sdk = config.start().unwrap();
    record(&sdk, "lost");
    sdk.flush(DEADLINE).unwrap();
    record(&sdk, "sent");
    sdk.flush(DEADLINE).unwrap();
    assert_eq!(names(&collected.spans()), ["sent"]);
    adds_up(&sdk.stats());
}

#[test]
fn the_end_sends_what_is_left() {
    let (sdk, collected) = start(|config| config.batch_interval(LONG));
    let late = sdk.span("late", ROOT).start();
    record(&sdk, "a");
    drop(sdk);
    assert_eq!(names(&collected.spans()), ["a"]);
    // Ends after its SDK did: nothing happens.
    late.end();
}

#[test]
fn a_time_without_end_is_as_good_as_any() {
    let (sdk, collected) = start(|config| config.flush_timeout(Duration::MAX));
    record(&sdk, "a");
    sdk.flush(Duration::MAX).unwrap();
    record(&sdk, "b");
    drop(sdk);
    assert_eq!(names(&collected.spans()), ["a", "b"]);
}

#[test]
fn spans_wait_on_disk_and_are_sent_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let (sdk, collected) = start(|config| config.spool(folder.path(), 1 << 20));
    let away = || Err(ExportError::passing("away"));
    collected.answer((0..50).map(|_| away()).collect());
    for name in ["a", "b", "c"] {
        record(&sdk, name);
        sdk.flush(DEADLINE).unwrap();
    }
    let stats = sdk.stats();
    assert_eq!((stats.endpoints[0].sent, stats.endpoints[0].waiting), (0, 3));
    collected.answer(Vec::new());
    sdk.flush(DEADLINE).unwrap();
    assert_eq!(names(&collected.spans()), ["a", "b", "c"]);
    let stats = sdk.stats();
    assert_eq!((stats.endpoints[0].sent, stats.endpoints[0].waiting), (3, 0));
    adds_up(&stats);
}

/// Waits until the slot is free, which it is when the sending thread ends; another slot would be used until then.
fn wait_for_slot(folder: &Path, slot: usize) {
    let lock = folder.join(format!("endpoint-0/slot-{slot}/lock"));
    fs::File::open(lock).unwrap().lock().unwrap();
}

/// Returns what an SDK that starts alone sends out of a spool.
fn spooled_in(folder: &Path) -> Vec<String> {
    let (sdk, collected) = start(|config| config.spool(folder, 1 << 20));
    sdk.flush(DEADLINE).unwrap();
    names(&collected.spans()).into_iter().map(str::to_owned).collect()
}

#[test]
fn what_hangs_at_the_end_waits_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    let (sdk, collected) = start(|config| config.spool(folder.path(), 1 << 20));
    collected.hold(true);
    record(&sdk, "in flight");
    sdk.flush(Duration::ZERO).unwrap_err();
    collected.wait_until_asked();
    record(&sdk, "behind");
    sdk.flush(Duration::ZERO).unwrap_err();
    wait_for(&sdk, |stats| stats.endpoints[0].waiting == 2);
    record(&sdk, "late");
    sdk.shut_down(Duration::ZERO).unwrap_err();
    // The exporter still hangs, as when the process ends now.
    assert_eq!(names_in(&folder.path().join("endpoint-0/slot-0")), ["in flight", "behind", "late"]);
    collected.hold(false);
}

#[test]
fn the_next_process_sends_what_is_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    let (sdk, collected) = start(|config| config.spool(folder.path(), 1 << 20));
    collected.answer((0..50).map(|_| Err(ExportError::passing("away"))).collect());
    record(&sdk, "early");
    sdk.flush(DEADLINE).unwrap();
    sdk.shut_down(DEADLINE).unwrap();
    wait_for_slot(folder.path(), 0);
    let (sdk, collected) = start(|config| config.spool(folder.path(), 1 << 20));
    record(&sdk, "late");
    sdk.flush(DEADLINE).unwrap();
    assert_eq!(names(&collected.spans()), ["early", "late"]);
}

#[test]
fn a_full_spool_drops_and_counts() {
    let folder = tempfile::tempdir().unwrap();
    let (sdk, collected) = start(|config| config.spool(folder.path(), 2_000));
    collected.answer((0..50).map(|_| Err(ExportError::passing("away"))).collect());
    for _ in 0..20 {
        record(&sdk, "a");
        sdk.flush(DEADLINE).unwrap();
    }
    let stats = sdk.stats();
    assert!(stats.endpoints[0].dropped > 0 && stats.endpoints[0].waiting > 0, "{stats:?}");
    adds_up(&stats);
}

#[test]
fn a_trace_whose_root_hangs_is_closed() {
    let (sdk, collected) = start(|config| {
        config.trace_timeout(Duration::from_millis(20)).batch_interval(Duration::from_millis(5))
    });
    let root = sdk.span("hangs", ROOT).inputs("question").start();
    root.update_trace(TraceUpdate::new().session("s"));
    wait_for(&sdk, |stats| stats.endpoints[0].sent == 1);
    let sent = collected.span("hangs");
    let status = sent.status.as_ref().unwrap();
    assert_eq!(
        (status.code, status.message.as_str()),
        (2, "the trace was closed after 20ms, while its root was under way")
    );
    assert_eq!(text(&sent, "mlflow.spanInputs").as_deref(), Some("question"));
    assert_eq!(text(&sent, "session.id").as_deref(), Some("s"));
    assert!(!root.is_recording());
    root.end();
    record(&sdk, "quick");
    sdk.flush(DEADLINE).unwrap();
    assert_eq!(names(&collected.spans()), ["hangs", "quick"]);
}

#[test]
fn spans_go_to_the_inbox_without_a_server() {
    let folder = tempfile::tempdir().unwrap();
    let sdk = Config::new().target(Target::DataDir(folder.path().to_owned())).start().unwrap();
    record(&sdk, "a");
    sdk.flush(DEADLINE).unwrap();
    record(&sdk, "b");
    sdk.shut_down(DEADLINE).unwrap();
    assert_eq!(names_in(&folder.path().join("inbox")), ["a", "b"]);
}

#[test]
fn a_thread_that_ends_may_record() {
    struct Last(Sdk);
    impl Drop for Last {
        fn drop(&mut self) {
            record(&self.0, "last");
        }
    }
    thread_local!(static LAST: std::cell::RefCell<Option<Last>> = const { std::cell::RefCell::new(None) });
    let (sdk, collected) = start(|config| config);
    thread::spawn(move || LAST.with(|last| *last.borrow_mut() = Some(Last(sdk)))).join().unwrap();
    // Nothing is said about whether it is recorded; it must not panic, and what is said must be right.
    assert!(collected.spans().len() <= 1);
}

#[cfg(unix)]
mod processes {
    use super::*;
    use std::process::{Command, Stdio};

    /// Runs the test `name` of this binary in a process of its own, which finds `folder` in its environment.
    fn run(name: &str, folder: &Path) -> std::process::ExitStatus {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", name, "--nocapture"]).env("SPANWISE_TEST_FOLDER", folder);
        command.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap()
    }

    fn names_in_inbox(folder: &Path) -> Vec<String> {
        let mut names = names_in(&folder.join("inbox"));
        names.sort_unstable();
        names
    }

    #[test]
    fn the_exit_of_the_process_sends_what_is_left() {
        let Some(folder) = std::env::var_os("SPANWISE_TEST_FOLDER") else {
            let folder = tempfile::tempdir().unwrap();
            run("faults::processes::the_exit_of_the_process_sends_what_is_left", folder.path());
            return assert_eq!(names_in_inbox(folder.path()), ["a"]);
        };
        let config = Config::new().target(Target::DataDir(folder.into())).batch_interval(LONG);
        std::mem::forget(config.install().unwrap());
        SpanBuilder::new("a").start().end();
        std::process::exit(0);
    }

    #[test]
    fn the_exit_of_the_process_puts_on_disk_what_hangs() {
        let Some(folder) = std::env::var_os("SPANWISE_TEST_FOLDER") else {
            let folder = tempfile::tempdir().unwrap();
            run("faults::processes::the_exit_of_the_process_puts_on_disk_what_hangs", folder.path());
            return assert_eq!(spooled_in(folder.path()), ["in flight", "behind"]);
        };
        let collected = Collected::default();
        collected.hold(true);
        let config = to(&collected, Config::new()).spool(folder, 1 << 20).batch_interval(LONG);
        let sdk = config.install().unwrap();
        record(&sdk, "in flight");
        sdk.flush(Duration::ZERO).unwrap_err();
        collected.wait_until_asked();
        record(&sdk, "behind");
        std::mem::forget(sdk);
        std::process::exit(0);
    }

    #[test]
    fn a_forked_child_records_on_its_own() {
        let Some(folder) = std::env::var_os("SPANWISE_TEST_FOLDER") else {
            let folder = tempfile::tempdir().unwrap();
            run("faults::processes::a_forked_child_records_on_its_own", folder.path());
            // Each once: what the parent had queued and what it had open is the parent's.
            return assert_eq!(names_in_inbox(folder.path()), ["before", "in child", "in parent", "open"]);
        };
        let config = Config::new().target(Target::DataDir(folder.into())).batch_interval(LONG);
        let sdk = config.install().unwrap();
        SpanBuilder::new("before").start().end();
        let open = SpanBuilder::new("open").start().enter();
        let is_child = fork_and_wait();
        SpanBuilder::new(if is_child { "in child" } else { "in parent" }).start().end();
        drop(open);
        drop(sdk);
        std::process::exit(0);
    }

    #[test]
    fn a_thread_that_uses_its_own_sdk_goes_on_in_a_child_with_other_ids() {
        let Some(folder) = std::env::var_os("SPANWISE_TEST_FOLDER") else {
            let folder = tempfile::tempdir().unwrap();
            run(
                "faults::processes::a_thread_that_uses_its_own_sdk_goes_on_in_a_child_with_other_ids",
                folder.path(),
            );
            let names = ["before", "current", "current", "current", "own", "own", "own"];
            assert_eq!(names_in_inbox(folder.path()), names);
            let spans = spans_in(&folder.path().join("inbox"));
            let ids: HashSet<_> = spans.into_iter().map(|span| span.trace_id).collect();
            return assert_eq!(ids.len(), 7);
        };
        let config = Config::new().target(Target::DataDir(folder.into())).batch_interval(LONG);
        let sdk = config.install().unwrap();
        record(&sdk, "before");
        let own = || record(&sdk, "own");
        let current = || SpanBuilder::new("current").start().end();
        // In one child and in the parent the thread begins with either.
        if fork_and_wait() || !fork_and_wait() {
            own();
            current();
        } else {
            current();
            own();
        }
        drop(sdk);
        std::process::exit(0);
    }

    /// Forks; the parent waits for the child to end.
    #[expect(unsafe_code, reason = "a fork is what is tested")]
    fn fork_and_wait() -> bool {
        unsafe extern "C" {
            fn fork() -> i32;
            fn waitpid(pid: i32, status: *mut i32, options: i32) -> i32;
        }
        // SAFETY: the child only does what the SDK has to stand in a child of a process with threads.
        let pid = unsafe { fork() };
        assert!(pid >= 0, "cannot fork");
        if pid > 0 {
            // SAFETY: the status is not asked for.
            unsafe { waitpid(pid, std::ptr::null_mut(), 0) };
        }
        pid == 0
    }
}
