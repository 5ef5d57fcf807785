//! Figures of the versions of an application.

use super::assert_fails;
use super::build::{EPOCH_NS, MS, assessment, feedback, span, spans, start, trace_id};
use crate::{MODEL_METADATA, Selection, Store, StoreResult, VERSIONS_MAX, VersionFigures, VersionQuery};
use spanwise_model::{ErrorKind, ExperimentId, TraceStart, TraceState};
use spanwise_query::parse_filter;

fn query(models: &[&str]) -> VersionQuery {
    let models = models.iter().map(|model| (*model).to_owned()).collect();
    let selection = Selection {
        experiments: vec![ExperimentId::DEFAULT],
        filter: None,
        from_ms: None,
        to_ms: None,
        budget: None,
    };
    VersionQuery { selection, models }
}

async fn one(store: &dyn Store, query: VersionQuery) -> StoreResult<VersionFigures> {
    Ok(store.version_figures(query).await?.pop().unwrap_or_default())
}

/// Makes a trace of a version that takes so many milliseconds and that many tokens of each kind, for a dollar a token.
async fn make(store: &dyn Store, number: u32, model: &str, ms: i64, tokens: u64) -> StoreResult<()> {
    let root = span(1).from_to(0, ms);
    let root = match tokens {
        0 => root,
        _ => root.model("m", "p").usage(tokens, tokens).cost(tokens as f64, tokens as f64),
    };
    store.append_spans(vec![spans(&trace_id(number), &[root])]).await?;
    let mut record = start(&trace_id(number), ExperimentId::DEFAULT);
    record.metadata.insert(MODEL_METADATA.to_owned(), model.to_owned());
    let start_ns = EPOCH_NS + i64::from(number) * 1_000 * MS;
    let state = if number == 3 { TraceState::Error } else { TraceState::Ok };
    store.start_trace(TraceStart { start_ns, duration_ns: Some(ms * MS), state, ..record }).await?;
    Ok(())
}

/// In the order of the question, whether they have traces or not.
pub async fn traces_of_versions_are_added_up(store: &dyn Store) -> StoreResult<()> {
    for (number, model, ms, tokens) in
        [(1, "m-1", 100, 5), (2, "m-1", 300, 7), (3, "m-1", 200, 0), (4, "m-2", 9, 1), (5, "m-3", 9, 1)]
    {
        make(store, number, model, ms, tokens).await?;
    }
    store.append_spans(vec![spans(&trace_id(6), &[span(1)])]).await?;
    store.link_traces_to_run(&[trace_id(1), trace_id(2)], "r-2").await?;
    store.link_traces_to_run(&[trace_id(1)], "r-1").await?;
    // Traces 1 and 3 were made in the run `r-2`, as they say themselves.
    for number in [1, 3] {
        let mut record = start(&trace_id(number), ExperimentId::DEFAULT);
        record.metadata.insert("mlflow.sourceRun".to_owned(), "r-2".to_owned());
        let info = store.get_trace(&trace_id(number)).await?;
        let (start_ns, duration_ns, state) = (info.start_ns, info.duration_ns, info.state);
        store.start_trace(TraceStart { start_ns, duration_ns, state, ..record }).await?;
    }
    let figures = store.version_figures(query(&["m-2", "m-0", "m-1"])).await?;
    assert_eq!(figures.iter().map(|figures| figures.traces).collect::<Vec<_>>(), [1, 0, 3]);
    assert_eq!(figures[1], VersionFigures::default());
    let of_three = &figures[2];
    assert_eq!((of_three.errors, of_three.in_progress), (1, 0));
    let second_ns = 1_000 * MS;
    assert_eq!(of_three.first_start_ns, Some(EPOCH_NS + second_ns));
    assert_eq!(of_three.last_start_ns, Some(EPOCH_NS + 3 * second_ns));
    assert_eq!(of_three.percentiles.p50_ns, Some(200 * MS));
    assert_eq!((of_three.duration_ns.count, of_three.duration_ns.mean()), (3, Some((200 * MS) as f64)));
    // What reports no usage has neither tokens nor cost, rather than none.
    assert_eq!((of_three.total_tokens.count, of_three.total_tokens.sum()), (2, 24.0));
    assert_eq!((of_three.input_tokens.sum(), of_three.output_tokens.sum()), (12.0, 12.0));
    assert_eq!((of_three.cost.count, of_three.cost.sum()), (2, 24.0));
    assert_eq!(of_three.runs, [("r-2".to_owned(), 3), ("r-1".to_owned(), 1)]);
    assert_eq!(of_three.run_count, 2);
    Ok(())
}

/// With the mean of what was said about it.
pub async fn feedback_counts_once_a_trace(store: &dyn Store) -> StoreResult<()> {
    for number in 1..=3 {
        make(store, number, "m-1", 1, 0).await?;
    }
    let said = [
        (1, "good", feedback(true)),
        (1, "good", feedback("no")),
        (2, "good", feedback("yes")),
        (2, "length", feedback(4)),
        (3, "length", feedback(6)),
        (1, "safe", feedback(true)),
        (2, "safe", feedback(false)),
        (3, "safe", feedback("perhaps")),
        (1, "words", feedback("many")),
    ];
    for (index, (number, name, value)) in said.into_iter().enumerate() {
        store.create_assessment(assessment(&trace_id(number), &format!("a-{index}"), name, value)).await?;
    }
    let figures = one(store, query(&["m-1"])).await?;
    let rows = figures.scores.iter().map(|score| {
        (
            score.name.as_str(),
            score.traces,
            score.values.count,
            score.values.mean(),
            score.ones,
            score.is_binary,
        )
    });
    let expected = [
        ("good", 2, 2, Some(0.75), 1, false),
        ("length", 2, 2, Some(5.0), 0, false),
        ("safe", 3, 2, Some(0.5), 1, true),
        ("words", 1, 0, None, 0, true),
    ];
    assert_eq!(rows.collect::<Vec<_>>(), expected);
    Ok(())
}

/// Of its experiments, filter and time.
pub async fn versions_are_of_the_selection(store: &dyn Store) -> StoreResult<()> {
    for number in 1..=3 {
        make(store, number, "m-1", i64::from(number) * 100, 0).await?;
    }
    let with = |change: &dyn Fn(&mut Selection)| {
        let mut query = query(&["m-1"]);
        change(&mut query.selection);
        query
    };
    let elsewhere = with(&|selection| selection.experiments = vec![ExperimentId(9)]);
    assert_eq!(one(store, elsewhere).await?.traces, 0);
    let late = with(&|selection| selection.from_ms = Some(EPOCH_NS / MS + 2_000));
    assert_eq!(one(store, late).await?.traces, 2);
    let failed = with(&|selection| selection.filter = parse_filter("status = 'ERROR'").ok());
    assert_eq!(one(store, failed).await?.traces, 1);
    let many = VersionQuery { models: vec!["m".to_owned(); VERSIONS_MAX + 1], ..query(&[]) };
    assert_fails(store.version_figures(many).await, ErrorKind::InvalidArgument);
    assert!(store.version_figures(query(&[])).await?.is_empty());
    Ok(())
}
