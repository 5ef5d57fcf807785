//! Texts that calls lend to a trace whose root has none: the same whatever came when, and what `renormalize` would give.

use crate::open_store;
use spanwise_model::TraceInfo;
use spanwise_store::conformance::build::{Span, span, spans, trace_id};
use spanwise_store::{Progress, RenormalizeScope, Store};
use spanwise_store_sqlite::{OpenOptions, SqliteStore};

async fn append(store: &SqliteStore, number: u32, batch: &[Span]) {
    store.append_spans(vec![spans(&trace_id(number), batch)]).await.unwrap();
}

async fn texts(store: &SqliteStore, number: u32) -> (Option<String>, Option<String>) {
    let TraceInfo { input_text, output_text, .. } = store.get_trace(&trace_id(number)).await.unwrap();
    (input_text, output_text)
}

/// Checks the texts of a trace, and that deriving it again gives the same.
async fn check(store: &SqliteStore, number: u32, input: Option<&str>, output: Option<&str>) {
    let expected = (input.map(str::to_owned), output.map(str::to_owned));
    assert_eq!(texts(store, number).await, expected);
    let report = store.renormalize(RenormalizeScope::All, Progress::silent()).await.unwrap();
    assert_eq!(report.changed_traces, 0);
    assert_eq!(texts(store, number).await, expected);
}

fn root() -> Span {
    span(1).from_to(0, 100)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lender_that_loses_its_text_gives_way() {
    let (store, _folder) = open_store();
    let second = span(3).parent(1).from_to(20, 30).lends(Some("second"), Some("second's"));
    append(&store, 1, &[root(), span(2).parent(1).from_to(10, 40).lends(Some("first"), Some("first's"))])
        .await;
    append(&store, 1, &[second]).await;
    check(&store, 1, Some("first"), Some("first's")).await;
    append(&store, 1, &[span(2).parent(1).from_to(10, 40)]).await;
    check(&store, 1, Some("second"), Some("second's")).await;
    append(&store, 1, &[span(3).parent(1).from_to(20, 30)]).await;
    check(&store, 1, None, None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_was_closed_goes_on() {
    let (store, folder) = open_store();
    append(&store, 1, &[root(), span(2).parent(1).from_to(10, 40).lends(Some("first"), Some("first's"))])
        .await;
    store.close().await.unwrap();
    drop(store);
    let store = SqliteStore::open(&OpenOptions::new(folder.path())).unwrap();
    append(&store, 1, &[span(3).parent(1).from_to(20, 50).lends(Some("second"), Some("second's"))]).await;
    check(&store, 1, Some("first"), Some("second's")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_root_that_is_none_any_more_takes_its_texts_along() {
    let (store, _folder) = open_store();
    let stand_in = span(2).remote_parent(1).from_to(10, 60).lends(Some("its own"), Some("its answer"));
    append(&store, 1, &[stand_in, span(3).parent(2).from_to(5, 70).lends(Some("called"), Some("said"))])
        .await;
    check(&store, 1, Some("its own"), Some("its answer")).await;
    append(&store, 1, &[root()]).await;
    check(&store, 1, Some("called"), Some("said")).await;
    append(&store, 1, &[root().lends(Some("asked"), None)]).await;
    check(&store, 1, Some("asked"), Some("said")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn random_traces_are_alike_in_every_order() {
    let (store, _folder) = open_store();
    let mut random = 7_u64;
    let mut next = move |below: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % below
    };
    for case in 0..60 {
        let mut parts: Vec<Span> = Vec::new();
        for number in 1..=6 {
            let (start, length) = (next(5) as i64, next(5) as i64);
            let text = |name: &str, is_there: bool| is_there.then(|| format!("{name} of {number}"));
            let (input, output) = (text("input", next(3) > 0), text("output", next(3) > 0));
            let base = if number == 1 { span(1) } else { span(number).parent(next(number - 1) + 1) };
            let base = base.from_to(start, start + length);
            let lends = next(4) > 0 && (number > 1 || case % 2 == 0);
            let whole = if lends { base.lends(input.as_deref(), output.as_deref()) } else { base };
            if next(3) == 0 {
                parts.push(whole.clone().open());
            }
            parts.push(whole);
        }
        let mut seen = Vec::new();
        for order in 0..3 {
            for at in (1..parts.len()).rev() {
                parts.swap(at, next(at as u64 + 1) as usize);
            }
            let number = case * 3 + order;
            let mut rest = &parts[..];
            while !rest.is_empty() {
                let (batch, others) = rest.split_at(1 + next(rest.len() as u64) as usize);
                append(&store, number, batch).await;
                rest = others;
            }
            seen.push(texts(&store, number).await);
        }
        assert!(seen.iter().all(|texts| *texts == seen[0]), "{case}: {seen:?} of {parts:?}");
    }
    let report = store.renormalize(RenormalizeScope::All, Progress::silent()).await.unwrap();
    assert_eq!((report.traces, report.changed_traces), (180, 0));
}
