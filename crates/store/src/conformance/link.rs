//! Links to runs and prompt versions.

use super::build::{span, spans, trace_id};
use super::{assert_fails, find};
use crate::{PromptLink, Store, StoreResult};
use spanwise_model::ErrorKind;

/// Traces are linked to runs, any number of times; neither need exist.
pub async fn traces_are_linked_to_runs(store: &dyn Store) -> StoreResult<()> {
    store.append_spans(vec![spans(&trace_id(1), &[span(1)]), spans(&trace_id(2), &[span(1)])]).await?;
    for run in ["run a", "run a", "run b"] {
        store.link_traces_to_run(&[trace_id(1), trace_id(3)], run).await?;
    }
    store.link_traces_to_run(&[], "run a").await?;
    for run in ["run a", "run b"] {
        assert_eq!(find::ids(store, &format!("run_id = '{run}'"), &[]).await?, [trace_id(1)]);
    }
    // A link may be there before its trace is.
    store.append_spans(vec![spans(&trace_id(3), &[span(1)])]).await?;
    assert_eq!(find::ids(store, "run_id = 'run a'", &["request_id"]).await?, [trace_id(1), trace_id(3)]);
    Ok(())
}

/// A trace is linked to prompt versions, any number of times; it must exist.
pub async fn traces_are_linked_to_prompts(store: &dyn Store) -> StoreResult<()> {
    store.append_spans(vec![spans(&trace_id(1), &[span(1)]), spans(&trace_id(2), &[span(1)])]).await?;
    let link = |version: &str| PromptLink { name: "p".to_owned(), version: version.to_owned() };
    store.link_prompts(&trace_id(1), &[link("1"), link("2"), link("1")]).await?;
    store.link_prompts(&trace_id(1), &[link("1")]).await?;
    store.link_prompts(&trace_id(2), &[link("2")]).await?;
    store.link_prompts(&trace_id(2), &[]).await?;
    assert_eq!(find::ids(store, "prompt = 'p/1'", &[]).await?, [trace_id(1)]);
    assert_eq!(find::ids(store, "prompt = 'p/2'", &["request_id"]).await?, [trace_id(1), trace_id(2)]);
    assert_fails(store.link_prompts(&trace_id(3), &[link("1")]).await, ErrorKind::NotFound);
    Ok(())
}
