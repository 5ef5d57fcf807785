//! Reading records and spans back.

use super::build::{Span, explicit, resource, scope, span, spans, spans_of, start, trace_id};
use super::{assert_fails, read_all};
use crate::{Store, StoreResult};
use futures_util::TryStreamExt;
use spanwise_model::{ErrorKind, ExperimentId, TraceId};

/// An unknown trace is `NotFound`.
pub async fn an_unknown_trace_is_not_found(store: &dyn Store) -> StoreResult<()> {
    assert_fails(store.get_trace(&trace_id(1)).await, ErrorKind::NotFound);
    assert_fails(store.read_spans(&trace_id(1)).await.map(drop), ErrorKind::NotFound);
    Ok(())
}

/// Several records come in the order asked, each once; unknown ids are left out.
pub async fn several_records_come_in_the_order_asked(store: &dyn Store) -> StoreResult<()> {
    let own = TraceId::Text("own".into());
    for trace in [&trace_id(1), &trace_id(2), &own] {
        store.append_spans(vec![spans(trace, &[span(1)])]).await?;
        store.set_trace_tag(trace, "id", &trace.to_string()).await?;
    }
    let asked = [trace_id(2), trace_id(9), own.clone(), trace_id(1), trace_id(2)];
    let infos = store.get_traces(&asked).await?;
    let ids: Vec<_> = infos.iter().map(|info| info.trace_id.clone()).collect();
    assert_eq!(ids, [trace_id(2), own, trace_id(1)]);
    for info in infos {
        assert_eq!(info.tags["id"], info.trace_id.to_string());
        assert_eq!(store.get_trace(&info.trace_id).await?, info);
    }
    assert_eq!(store.get_traces(&[]).await?, []);
    Ok(())
}

/// Spans come byte for byte with their resource and scope: parentless ones first, then by start, then by id.
pub async fn spans_come_back_in_order_byte_for_byte(store: &dyn Store) -> StoreResult<()> {
    let trace = trace_id(1);
    let sent = [
        ("a", span(9).from_to(50, 60).attribute("k", "v")),
        ("b", span(8).from_to(50, 60)),
        ("a", span(1).parent(8).from_to(-10, 60)),
        ("b", span(5).parent(77).from_to(20, 30)),
        ("", span(4).parent(8).from_to(20, 90).name("é\0")),
        ("a", span(3).parent(4).from_to(21, 22).open()),
    ];
    for (service, one) in sent.iter().rev() {
        store
            .append_spans(vec![spans_of(&trace, super::build::DEFAULT, service, std::slice::from_ref(one))])
            .await?;
    }
    let read = read_all(store, &trace).await?;
    let expected: Vec<_> =
        [1, 0, 2, 4, 3, 5].map(|index: usize| (sent[index].1.raw(&trace), resource(sent[index].0))).into();
    let found: Vec<_> = read.iter().map(|span| (span.raw.clone(), span.resource.clone())).collect();
    assert_eq!(found, expected);
    assert!(read.iter().all(|span| span.scope == scope("suite") && span.logs.is_empty()));
    Ok(())
}

/// A trace of which only the final record is there has no spans.
pub async fn a_trace_without_spans_streams_nothing(store: &dyn Store) -> StoreResult<()> {
    store.start_trace(start(&trace_id(1), ExperimentId::DEFAULT)).await?;
    assert!(read_all(store, &trace_id(1)).await?.is_empty());
    Ok(())
}

/// A large trace comes in chunks of about 64 KiB, none empty, and complete.
pub async fn a_large_trace_comes_in_chunks(store: &dyn Store) -> StoreResult<()> {
    let trace = trace_id(1);
    let large = "x".repeat(1_000);
    let all: Vec<Span> = (1..=1_000_u64)
        .map(|number| span(number).from_to(number as i64, 2_000).attribute("payload", &large))
        .collect();
    for part in all.chunks(128) {
        store.append_spans(vec![spans(&trace, part)]).await?;
    }
    let chunks: Vec<_> = store.read_spans(&trace).await?.try_collect().await?;
    assert!(chunks.iter().all(|chunk| !chunk.is_empty()));
    let size = |chunk: &Vec<crate::StoredSpan>| chunk.iter().map(|span| span.raw.len()).sum::<usize>();
    assert!(chunks.iter().map(size).all(|bytes| bytes <= 256 << 10), "a chunk is far larger than 64 KiB");
    let read: Vec<_> = chunks.into_iter().flatten().map(|span| span.raw).collect();
    assert_eq!(read, all.iter().map(|span| span.raw(&trace)).collect::<Vec<_>>());
    Ok(())
}

/// A single span may be larger than any chunk.
pub async fn a_large_span_comes_back(store: &dyn Store) -> StoreResult<()> {
    let trace = trace_id(1);
    let huge = span(1).attribute("payload", &"0123456789abcdef".repeat(1 << 18));
    store.append_spans(vec![spans(&trace, std::slice::from_ref(&huge))]).await?;
    assert_eq!(read_all(store, &trace).await?[0].raw, huge.raw(&trace));
    Ok(())
}

/// A stream of spans that is dropped half-way, or that others overtake with writes, disturbs nobody.
pub async fn a_stream_may_be_left_or_overtaken(store: &dyn Store) -> StoreResult<()> {
    let trace = trace_id(1);
    let part =
        |from: u64| (from..from + 300).map(|number| span(number).attribute("k", &"y".repeat(900))).collect();
    let first: Vec<Span> = part(1);
    store.append_spans(vec![spans(&trace, &first)]).await?;
    let mut stream = store.read_spans(&trace).await?;
    let mut read = stream.try_next().await?.map_or(0, |chunk| chunk.len());
    drop(store.read_spans(&trace).await?);
    let second: Vec<Span> = part(1_001);
    store.append_spans(vec![spans_of(&trace, explicit(ExperimentId::DEFAULT), "", &second)]).await?;
    while let Some(chunk) = stream.try_next().await? {
        read += chunk.len();
    }
    assert!(read >= 300, "{read} spans of 300 that were there");
    assert_eq!(read_all(store, &trace).await?.len(), 600);
    Ok(())
}
