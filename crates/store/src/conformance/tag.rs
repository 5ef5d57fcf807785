//! Tags of traces.

use super::assert_fails;
use super::build::{DEFAULT, span, spans, spans_of, start, texts, trace_id};
use crate::{Store, StoreResult};
use spanwise_model::ErrorKind::NotFound;
use spanwise_model::{ExperimentId, TraceStart};

/// The key that sets the trace's name.
const NAME: &str = "mlflow.traceName";

/// Tags are set, overwritten and deleted; what is not there is `NotFound`.
pub async fn trace_tags_can_be_changed(store: &dyn Store) -> StoreResult<()> {
    let trace = trace_id(1);
    store.append_spans(vec![spans(&trace, &[span(1)])]).await?;
    store.set_trace_tag(&trace, "k", "v").await?;
    store.set_trace_tag(&trace, "k", "w").await?;
    store.set_trace_tag(&trace, "empty", "").await?;
    assert_eq!(store.get_trace(&trace).await?.tags, texts([("k", "w"), ("empty", "")]));
    store.delete_trace_tag(&trace, "k").await?;
    assert_fails(store.delete_trace_tag(&trace, "k").await, NotFound);
    assert_eq!(store.get_trace(&trace).await?.tags, texts([("empty", "")]));
    assert_fails(store.set_trace_tag(&trace_id(2), "k", "v").await, NotFound);
    assert_fails(store.delete_trace_tag(&trace_id(2), "k").await, NotFound);
    Ok(())
}

/// A tag that is set stays when the root, or its resource, comes with the same key.
pub async fn a_set_tag_stays(store: &dyn Store) -> StoreResult<()> {
    let trace = trace_id(1);
    store.append_spans(vec![spans(&trace, &[span(2).parent(1)])]).await?;
    store.set_trace_tag(&trace, "env", "set").await?;
    store.set_trace_tag(&trace, "service.name", "set").await?;
    store.append_spans(vec![spans_of(&trace, DEFAULT, "svc", &[span(1).tag("env", "root's")])]).await?;
    let info = store.get_trace(&trace).await?;
    assert_eq!(info.tags, texts([("env", "set"), ("service.name", "set")]));
    assert_eq!(info.resource_tags, texts([("service.name", "svc")]));
    Ok(())
}

/// The key `mlflow.traceName` is the trace's name: it is no tag, and the root does not replace it.
pub async fn the_name_is_set_as_a_tag(store: &dyn Store) -> StoreResult<()> {
    let trace = trace_id(1);
    store.append_spans(vec![spans(&trace, &[span(2).parent(1)])]).await?;
    assert_fails(store.delete_trace_tag(&trace, NAME).await, NotFound);
    store.set_trace_tag(&trace, NAME, "set").await?;
    store.append_spans(vec![spans(&trace, &[span(1).name("root")])]).await?;
    let info = store.get_trace(&trace).await?;
    assert_eq!((info.name.as_deref(), info.tags), (Some("set"), texts([])));
    store.delete_trace_tag(&trace, NAME).await?;
    assert_eq!(store.get_trace(&trace).await?.name, None);
    assert_fails(store.delete_trace_tag(&trace, NAME).await, NotFound);
    let record = TraceStart { name: Some("final".to_owned()), ..start(&trace, ExperimentId::DEFAULT) };
    assert_eq!(store.start_trace(record).await?.name.as_deref(), Some("final"));
    Ok(())
}
