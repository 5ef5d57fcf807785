//! Deriving again what stored spans say.
//!
//! The suite gives columns with its spans that are not what their attributes say, as an older version may have.

use super::build::{
    DEFAULT, Span, assessment, explicit, feedback, span, spans, spans_of, start, trace_id, usage,
};
use super::find;
use super::metrics::calls_by_model;
use crate::{NewExperiment, Progress, RenormalizeReport, RenormalizeScope, Store, StoreResult};
use spanwise_model::{ErrorKind, ExperimentId, TraceStart};

async fn renormalize(store: &dyn Store) -> StoreResult<RenormalizeReport> {
    store.renormalize(RenormalizeScope::All, Progress::silent()).await
}

/// A call of a model, whose columns do not know it.
fn call(number: u64) -> Span {
    span(number)
        .attribute("mlflow.spanType", "\"LLM\"")
        .attribute("mlflow.llm.model", "\"gpt-4o\"")
        .attribute("mlflow.llm.provider", "\"openai\"")
        .attribute("session.id", "s-1")
        .attribute(
            "mlflow.chat.tokenUsage",
            r#"{"input_tokens": 10, "output_tokens": 5, "total_tokens": 15}"#,
        )
        .attribute("mlflow.spanInputs", "\"what now?\"")
}

/// Types, models, tokens, cost, sessions and previews become what the spans' bytes say, and so does what is added up and
/// found; the bytes stay. A second time nothing changes.
pub async fn what_bytes_say_is_derived_again(store: &dyn Store) -> StoreResult<()> {
    let trace = trace_id(1);
    let wrong = span(2).parent(1).usage(1_000, 1).model("a model", "nobody").session("s-2");
    store.append_spans(vec![spans(&trace, &[call(1), wrong])]).await?;
    let bytes = super::read_all(store, &trace).await?;
    assert_eq!(
        renormalize(store).await?,
        RenormalizeReport {
            traces: 1,
            changed_traces: 1,
            spans: 2,
            changed_spans: 2,
            ..RenormalizeReport::default()
        }
    );
    let info = store.get_trace(&trace).await?;
    assert_eq!((info.usage, info.session.as_deref()), (Some(usage(10, 5)), Some("s-1")));
    assert_eq!(info.input_text.as_deref(), Some("what now?"));
    assert!(info.cost.is_some());
    let tree = store.read_tree(&trace).await?;
    assert_eq!(&*tree.texts[tree.spans[0].span_type as usize], "LLM");
    assert_eq!(calls_by_model(store).await?, [(Some("gpt-4o".to_owned()), 15)]);
    assert_eq!(
        find::ids(store, "span.type = 'LLM' AND tokens = 15", &[]).await?,
        std::slice::from_ref(&trace)
    );
    assert_eq!(find::ids(store, "span.model = 'a model'", &[]).await?, []);
    assert_eq!(super::read_all(store, &trace).await?, bytes);
    assert_eq!(store.check().await?.problems, Vec::<String>::new());
    let again = renormalize(store).await?;
    assert_eq!((again.traces, again.changed_traces, again.changed_spans), (1, 0, 0));
    Ok(())
}

/// Final records, tags, names and assessments stay, and so do time and state.
pub async fn what_clients_set_is_not_derived(store: &dyn Store) -> StoreResult<()> {
    let trace = trace_id(1);
    store.append_spans(vec![spans(&trace, &[call(1)])]).await?;
    let record = TraceStart {
        usage: Some(usage(1, 1)),
        session: Some("given".to_owned()),
        request_preview: Some("given too".to_owned()),
        assessments: vec![assessment(&trace, "a-1", "good", feedback(true))],
        ..start(&trace, ExperimentId::DEFAULT)
    };
    store.start_trace(record).await?;
    store.set_trace_tag(&trace, "k", "v").await?;
    store.set_trace_tag(&trace, "mlflow.traceName", "mine").await?;
    let before = store.get_trace(&trace).await?;
    renormalize(store).await?;
    let after = store.get_trace(&trace).await?;
    assert_eq!(after.input_text.as_deref(), Some("what now?"));
    let derived = spanwise_model::TraceInfo { input_text: None, cost: None, ..after };
    assert_eq!(derived, before);
    Ok(())
}

/// Traces of other experiments stay as they are.
pub async fn only_the_scope_is_derived_again(store: &dyn Store) -> StoreResult<()> {
    let new = NewExperiment { name: "other".to_owned(), ..NewExperiment::default() };
    let other = store.create_experiment(new).await?.experiment_id;
    store.append_spans(vec![spans_of(&trace_id(1), explicit(other), "", &[call(1)])]).await?;
    store.append_spans(vec![spans_of(&trace_id(2), DEFAULT, "", &[call(1)])]).await?;
    let scope = RenormalizeScope::Experiments(vec![other]);
    assert_eq!(store.renormalize(scope, Progress::silent()).await?.traces, 1);
    assert_eq!(store.get_trace(&trace_id(1)).await?.usage, Some(usage(10, 5)));
    assert_eq!(store.get_trace(&trace_id(2)).await?.usage, None);
    let none = RenormalizeScope::Experiments(Vec::new());
    assert_eq!(store.renormalize(none, Progress::silent()).await?, RenormalizeReport::default());
    Ok(())
}

/// Work whose progress nobody wants to hear ends as `Unavailable`; the rest is done the next time.
pub async fn work_that_nobody_wants_ends(store: &dyn Store) -> StoreResult<()> {
    store.append_spans(vec![spans(&trace_id(1), &[call(1)])]).await?;
    let stop = Progress::new(|_| false);
    super::assert_fails(store.renormalize(RenormalizeScope::All, stop).await, ErrorKind::Unavailable);
    assert_eq!(renormalize(store).await?.changed_traces, 1);
    Ok(())
}
