//! The structure of one trace, and some of its spans.

use super::build::{Span, at_ms, log_raw, logs, span, span_id, spans, start, trace_id, usage};
use super::{assert_fails, read_all};
use crate::{DeleteTraces, Store, StoreResult, TraceTree, TreeSpan};
use spanwise_model::{ErrorKind, ExperimentId, SpanStatus, TraceId};

fn name<'a>(tree: &'a TraceTree, one: &TreeSpan) -> &'a str {
    &tree.texts[one.name as usize]
}

fn tokens(tree: &TraceTree, one: &TreeSpan) -> Option<u64> {
    tree.report(one)?.usage.map(|usage| usage.total)
}

async fn tree_of(store: &dyn Store, batches: &[&[Span]]) -> StoreResult<TraceTree> {
    for batch in batches {
        store.append_spans(vec![spans(&trace_id(1), batch)]).await?;
    }
    store.read_tree(&trace_id(1)).await
}

/// The tree holds what is known of each span without its body.
pub async fn a_tree_holds_every_span(store: &dyn Store) -> StoreResult<()> {
    let root = span(1).name("root").span_type("AGENT").from_to(0, 90).status(SpanStatus::Ok);
    let child =
        span(2).parent(1).name("call").span_type("LLM").from_to(-5, 0).open().usage(3, 4).cost(1.0, 0.5);
    let orphan = span(3).parent(99).name("call").from_to(7, 8).status(SpanStatus::Error);
    let mut batch = spans(&trace_id(1), &[root, child, orphan]);
    (batch.spans[1].model, batch.spans[1].provider) = (Some("gpt".into()), Some("openai".into()));
    store.append_spans(vec![batch]).await?;
    let tree = store.read_tree(&trace_id(1)).await?;
    let text = |index: u32| &*tree.texts[index as usize];
    let said: Vec<_> = tree.spans.iter().map(|one| (one.span_id, one.parent_id, name(&tree, one))).collect();
    let id = |number| Some(span_id(number));
    assert_eq!(said, [(span_id(1), None, "root"), (span_id(2), id(1), "call"), (span_id(3), id(99), "call")]);
    let [root, child, orphan] = tree.spans[..] else { panic!("{} spans", tree.spans.len()) };
    assert_eq!((root.start_ns, root.end_ns, root.status), (at_ms(0), Some(at_ms(90)), SpanStatus::Ok));
    assert_eq!((child.start_ns, child.end_ns, child.status), (at_ms(-5), None, SpanStatus::Unset));
    assert_eq!(
        (orphan.start_ns, orphan.end_ns, orphan.status),
        (at_ms(7), Some(at_ms(8)), SpanStatus::Error)
    );
    assert_eq!(
        (text(root.span_type), text(child.span_type), text(orphan.span_type)),
        ("AGENT", "LLM", "UNKNOWN")
    );
    assert_eq!((child.model.map(text), child.provider.map(text)), (Some("gpt"), Some("openai")));
    assert_eq!((root.model, root.provider, root.report), (None, None, None));
    let report = tree.report(&child).expect("the child reports");
    assert_eq!((report.usage, report.cost.map(|cost| cost.total)), (Some(usage(3, 4)), Some(1.5)));
    let mut texts = tree.texts.clone();
    texts.sort();
    texts.dedup();
    assert_eq!(texts.len(), tree.texts.len(), "a text is there twice: {:?}", tree.texts);
    Ok(())
}

/// The order is that in which spans are read, over all batches that they came in.
pub async fn a_tree_is_in_the_order_of_its_spans(store: &dyn Store) -> StoreResult<()> {
    let later = [span(9).from_to(50, 60), span(8).from_to(50, 60), span(4).parent(8).from_to(20, 90)];
    let earlier = [span(1).parent(8).from_to(-10, 60), span(5).parent(77).from_to(20, 30)];
    let tree = tree_of(store, &[&later, &earlier]).await?;
    let order: Vec<_> = tree.spans.iter().map(|one| one.span_id).collect();
    assert_eq!(order, [8, 9, 1, 4, 5].map(span_id));
    let all = [&later[..], &earlier[..]].concat();
    let raws: Vec<_> = read_all(store, &trace_id(1)).await?.into_iter().map(|one| one.raw).collect();
    let expected = [1, 0, 3, 2, 4].map(|index: usize| all[index].raw(&trace_id(1)));
    assert_eq!(raws, expected);
    Ok(())
}

/// Of a span that came twice, the tree holds the later; but an open one never replaces a closed one.
pub async fn a_tree_holds_the_last_word(store: &dyn Store) -> StoreResult<()> {
    let open = [span(1).name("open").open(), span(2).parent(1).name("first").usage(50, 50)];
    let closed = [span(1).name("closed"), span(2).parent(1).name("second").from_to(1, 2).usage(1, 1)];
    let tree = tree_of(store, &[&open, &closed, &open[..1]]).await?;
    let said: Vec<_> =
        tree.spans.iter().map(|one| (name(&tree, one), one.end_ns.is_some(), tokens(&tree, one))).collect();
    assert_eq!(said, [("closed", true, None), ("second", true, Some(2))]);
    assert_eq!(tree.reports.len(), 1);
    Ok(())
}

/// Only the topmost span that reports tokens or cost counts; the sum of those is what the record says.
pub async fn a_tree_says_which_usage_counts(store: &dyn Store) -> StoreResult<()> {
    let batch = [
        span(1).from_to(0, 100),
        span(2).parent(1).from_to(1, 50).usage(10, 10).cost(1.0, 1.0),
        span(3).parent(2).from_to(2, 40).usage(4, 4).cost(0.5, 0.5),
        span(4).parent(2).from_to(3, 40),
        span(5).parent(4).from_to(4, 40).usage(6, 6),
        span(6).parent(1).from_to(60, 90).usage(7, 7),
    ];
    let tree = tree_of(store, &[&batch[3..], &batch[..3]]).await?;
    let counts = |one: &TreeSpan| tree.report(one).is_none_or(|report| report.counted);
    let counted: Vec<bool> = tree.spans.iter().map(counts).collect();
    assert_eq!(counted, [true, true, false, true, false, true]);
    let total = |picks: &dyn Fn(&TreeSpan) -> bool| {
        tree.spans.iter().filter(|one| picks(one)).filter_map(|one| tokens(&tree, one)).sum::<u64>()
    };
    let info = store.get_trace(&trace_id(1)).await?;
    assert_eq!(info.usage.map(|one| one.total), Some(total(&counts)));
    assert_eq!(total(&|_| true), 54);
    Ok(())
}

/// Spans whose parents form a circle, or that are their own parent, are in the tree.
pub async fn a_tree_of_circles_is_survived(store: &dyn Store) -> StoreResult<()> {
    let batch = [span(1).parent(2).usage(1, 1), span(2).parent(1).usage(1, 1), span(3).parent(3).usage(1, 1)];
    assert_eq!(tree_of(store, &[&batch]).await?.spans.len(), 3);
    Ok(())
}

/// A trace without spans has an empty tree; an unknown one, or one of only log records, is `NotFound`.
pub async fn a_tree_of_nothing(store: &dyn Store) -> StoreResult<()> {
    store.start_trace(start(&trace_id(1), ExperimentId::DEFAULT)).await?;
    assert_eq!(store.read_tree(&trace_id(1)).await?, TraceTree::default());
    assert!(store.read_some_spans(&trace_id(1), &[span_id(1)]).await?.is_empty());
    store.append_logs(vec![logs(&trace_id(2), &[(1, "a")])]).await?;
    for unknown in [trace_id(2), trace_id(3), TraceId::Text("own".into())] {
        assert_fails(store.read_tree(&unknown).await, ErrorKind::NotFound);
        assert_fails(store.read_some_spans(&unknown, &[span_id(1)]).await.map(drop), ErrorKind::NotFound);
    }
    Ok(())
}

/// Some spans come in the order asked, each once, unknown ones left out, with their log records and their last word.
pub async fn some_spans_come_in_the_order_asked(store: &dyn Store) -> StoreResult<()> {
    let trace = trace_id(1);
    let (old, new) = (span(2).parent(1).name("old"), span(2).parent(1).name("new"));
    let (root, third) = (span(1), span(3).parent(1).from_to(1, 2));
    store.append_logs(vec![logs(&trace, &[(3, "a")])]).await?;
    store.append_spans(vec![spans(&trace, &[root.clone(), old])]).await?;
    store.append_spans(vec![spans(&trace, &[third.clone(), new.clone()])]).await?;
    store.append_logs(vec![logs(&trace, &[(3, "b"), (1, "c")])]).await?;
    let asked = [3, 99, 2, 1, 3].map(span_id);
    let found = store.read_some_spans(&trace, &asked).await?;
    let raws: Vec<_> = found.iter().map(|one| one.raw.clone()).collect();
    assert_eq!(raws, [third, new, root].map(|one| one.raw(&trace)));
    let log = |span, body| log_raw(&trace, span, body);
    let records: Vec<_> = found.iter().map(|one| one.logs.clone()).collect();
    assert_eq!(records, [vec![log(3, "a"), log(3, "b")], vec![], vec![log(1, "c")]]);
    assert!(store.read_some_spans(&trace, &[]).await?.is_empty());
    assert!(store.read_some_spans(&trace, &[span_id(99)]).await?.is_empty());
    Ok(())
}

/// Failed spans are counted by their last word, whatever became of the trace: also if one is late, comes twice, or again
/// with another status, and whether or not its trace was written to before.
pub async fn failed_spans_are_counted(store: &dyn Store) -> StoreResult<()> {
    let failed = |number: u64| span(number).parent(1).status(SpanStatus::Error);
    let mended = |number: u64| span(number).parent(1).status(SpanStatus::Ok).from_to(0, 200);
    let trace = trace_id(1);
    let root = span(1).status(SpanStatus::Ok);
    assert_eq!(failed_of(store, &trace, &[root.clone(), failed(2), failed(3), mended(4)]).await?, Some(2));
    assert_eq!(failed_of(store, &trace, &[failed(3), failed(2)]).await?, Some(2));
    assert_eq!(failed_of(store, &trace, &[mended(3), failed(5)]).await?, Some(2));
    assert_eq!(failed_of(store, &trace, &[failed(4)]).await?, Some(3));
    // An open span does not take back what a closed one said.
    assert_eq!(failed_of(store, &trace, &[failed(2).open().status(SpanStatus::Unset)]).await?, Some(3));
    store.append_logs(vec![logs(&trace, &[(3, "a")])]).await?;
    store.set_trace_tag(&trace, "key", "value").await?;
    assert_eq!(store.get_trace(&trace).await?.error_span_count, Some(3));

    assert_eq!(failed_of(store, &trace_id(2), &[root]).await?, Some(0));
    store.start_trace(start(&trace_id(3), ExperimentId::DEFAULT)).await?;
    assert_eq!(failed_of(store, &trace_id(3), &[failed(2)]).await?, Some(1));

    store.delete_traces(ExperimentId::DEFAULT, DeleteTraces::Ids(vec![trace.clone()])).await?;
    assert_eq!(failed_of(store, &trace, &[failed(9)]).await?, Some(1));
    Ok(())
}

/// Appends spans to a trace, and returns how many of it failed.
async fn failed_of(store: &dyn Store, trace: &TraceId, batch: &[Span]) -> StoreResult<Option<u64>> {
    store.append_spans(vec![spans(trace, batch)]).await?;
    Ok(store.get_trace(trace).await?.error_span_count)
}
