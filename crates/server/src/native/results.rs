//! The results of an evaluation: its traces with their scores, alone or beside those of another run.

use super::datasets::resolve_datasets;
use super::selection::experiments;
use crate::App;
use crate::error::Problem;
use spanwise_api_types::native::{
    ResultAggregate, ResultColumn, ResultColumnKind, ResultDifference, ResultPair, ResultRow, RunResults,
    RunSummary,
};
use spanwise_evaluate::{aggregate, difference, number_of, pair_rows};
use spanwise_model::{Run, RunId};
use spanwise_query::{Expr, Predicate, analyze_order};
use spanwise_store::Selection;
use std::collections::BTreeSet;

/// Rows of one run that are read; more are left out, and the answer says so.
pub(super) const ROWS_MAX: usize = 10_000;
/// Traces that are asked of the store at a time.
const PAGE: usize = 1_000;
/// The tag of traces that a scorer made.
const SOURCE_SCORER: &str = "mlflow.trace.sourceScorer";
const NS_PER_MS: f64 = 1e6;

/// Reads the results of a run, beside those of the baseline if there is one.
pub(super) async fn read(app: &App, run: Run, baseline: Option<Run>) -> Result<RunResults, Problem> {
    let (rows, is_cut) = rows(app, &run.run_id).await?;
    let (base_rows, is_base_cut) = match &baseline {
        Some(baseline) => self::rows(app, &baseline.run_id).await?,
        None => (Vec::new(), false),
    };
    let pairs = pair_rows(&inputs(&rows), &inputs(&base_rows));
    let columns = columns(&rows, baseline.is_some().then_some(base_rows.as_slice()), &pairs);
    let mut rows: Vec<Option<ResultRow>> = rows.into_iter().map(Some).collect();
    let mut base_rows: Vec<Option<ResultRow>> = base_rows.into_iter().map(Some).collect();
    let rows = pairs
        .into_iter()
        .map(|(row, base)| ResultPair {
            run: row.and_then(|index| rows[index].take()),
            baseline: base.and_then(|index| base_rows[index].take()),
        })
        .collect();
    let datasets = resolve_datasets(app, &run).await?;
    Ok(RunResults {
        run: RunSummary { datasets, ..run.into() },
        baseline: baseline.map(Into::into),
        columns,
        rows,
        is_cut: is_cut || is_base_cut,
    })
}

/// Reads the rows of a run, oldest first, and says whether there are more.
async fn rows(app: &App, run: &RunId) -> Result<(Vec<ResultRow>, bool), Problem> {
    let selection = Selection {
        experiments: experiments(app, &[]).await?,
        filter: Some(Expr::Is(Predicate::Run(run.0.clone()))),
        from_ms: None,
        to_ms: None,
        budget: None,
    };
    let order = analyze_order("start ASC").order.unwrap_or_default();
    let mut rows = Vec::new();
    let mut after = None;
    loop {
        let query = selection.clone().page(order.clone(), PAGE, after);
        let page = app.store.find_traces(query).await?;
        // A judge traces its own work too, in the same run.
        let asked = page.traces.into_iter().filter(|info| !info.tags.contains_key(SOURCE_SCORER));
        rows.extend(asked.map(|info| ResultRow::new(info, &run.0, number_of)));
        match page.next {
            Some(_) if rows.len() >= ROWS_MAX => {
                rows.truncate(ROWS_MAX);
                return Ok((rows, true));
            }
            Some(next) => after = Some(next),
            None => return Ok((rows, false)),
        }
    }
}

/// What was asked, by which rows are paired.
fn inputs(rows: &[ResultRow]) -> Vec<&str> {
    rows.iter().map(|row| row.input.as_deref().unwrap_or_default()).collect()
}

type Pairs = [(Option<usize>, Option<usize>)];

fn columns(rows: &[ResultRow], baseline: Option<&[ResultRow]>, pairs: &Pairs) -> Vec<ResultColumn> {
    let all = rows.iter().chain(baseline.unwrap_or_default());
    let names: BTreeSet<&str> =
        all.flat_map(|row| row.scores.iter().map(|score| score.name.as_str())).collect();
    let scores = names.into_iter().map(|name| (name, ResultColumnKind::Score));
    let figures = [
        ("latency", ResultColumnKind::Latency),
        ("tokens", ResultColumnKind::Tokens),
        ("cost", ResultColumnKind::Cost),
    ];
    scores
        .chain(figures)
        .map(|(name, kind)| ResultColumn {
            name: name.to_owned(),
            kind,
            run: aggregate_column(rows, name, kind),
            baseline: baseline.map(|rows| aggregate_column(rows, name, kind)),
            difference: baseline.and_then(|baseline| difference_of(rows, baseline, pairs, name, kind)),
        })
        .collect()
}

fn number(row: &ResultRow, name: &str, kind: ResultColumnKind) -> Option<f64> {
    match kind {
        ResultColumnKind::Score => {
            let scores = row.scores.iter().filter(|score| score.name == name);
            // Several judges may have spoken; their mean stands for the row.
            aggregate(scores.filter_map(|score| score.number)).mean
        }
        ResultColumnKind::Latency => row.duration_ns.map(|ns| ns as f64 / NS_PER_MS),
        ResultColumnKind::Tokens => row.tokens.map(|tokens| tokens as f64),
        ResultColumnKind::Cost => row.cost,
    }
}

fn aggregate_column(rows: &[ResultRow], name: &str, kind: ResultColumnKind) -> ResultAggregate {
    let sum = aggregate(rows.iter().filter_map(|row| number(row, name, kind)));
    let has_failed =
        |row: &&ResultRow| row.scores.iter().any(|score| score.name == name && score.error.is_some());
    let errors = if kind == ResultColumnKind::Score { rows.iter().filter(has_failed).count() } else { 0 };
    ResultAggregate { count: sum.count, errors, mean: sum.mean }
}

fn difference_of(
    rows: &[ResultRow],
    baseline: &[ResultRow],
    pairs: &Pairs,
    name: &str,
    kind: ResultColumnKind,
) -> Option<ResultDifference> {
    let numbers = pairs.iter().filter_map(|(row, base)| {
        Some((number(&baseline[(*base)?], name, kind)?, number(&rows[(*row)?], name, kind)?))
    });
    let found = difference(&numbers.collect::<Vec<_>>())?;
    Some(ResultDifference {
        pairs: found.pairs,
        higher: found.higher,
        lower: found.lower,
        mean: found.mean,
        p_value: found.p_value,
    })
}
