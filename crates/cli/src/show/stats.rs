//! `spanwise stats`: sums over time, or by group.

use crate::api::{Experiment, Metrics, MetricsGroup, MetricsSeries};
use crate::args::{StatsArgs, StatsBy};
use crate::backend::Backend;
use crate::client::Client;
use crate::explain::explain;
use crate::select::Query;
use crate::table::{Cell, Column, layout};
use crate::terminal::{Painter, Style, buffered_stdout, err_line, out_line, stdout_width};
use crate::text::{Clock, cost_text, count_text, duration_text, one_line};
use anyhow::Result;
use serde::Deserialize;
use serde_json::Value;
use std::collections::HashMap;
use std::io::Write;

/// Columns of text that a group's name takes at most.
const GROUP_WIDTH_MAX: usize = 60;
/// A share of errors from which on it is shown in red.
const MANY_ERRORS: f64 = 0.05;

const FIGURES: [Column; 6] = [
    Column::new("ERRORS").number(),
    Column::new("P50").number(),
    Column::new("P95").number(),
    Column::new("P99").number().leaves(2),
    Column::new("TOKENS").number().leaves(1),
    Column::new("COST").number().leaves(1),
];

#[derive(Deserialize)]
struct ExperimentList {
    experiments: Vec<Experiment>,
}

/// Prints sums.
pub(crate) async fn stats(args: &StatsArgs) -> Result<()> {
    let config = args.flags.load()?.config;
    let backend = Backend::connect_to_read(&config).await?;
    let shown = show(&backend.client, args).await;
    backend.close().await?;
    shown
}

async fn show(client: &Client, args: &StatsArgs) -> Result<()> {
    let clock = Clock::new(args.utc);
    let path = path(args, &clock);
    let answer = match client.get_json::<Value>(&path).await {
        Ok(answer) => answer,
        Err(error) => return Err(explain(error, client, args.selection.filter(), None).await),
    };
    if args.json {
        return Ok(out_line(&answer.to_string())?);
    }
    let metrics: Metrics = serde_json::from_value(answer)?;
    let names = match args.by {
        Some(StatsBy::Experiment) => experiment_names(client).await?,
        _ => HashMap::new(),
    };
    print(&metrics, args, &clock, &names)?;
    if !metrics.complete {
        err_line("not all of it is counted: the newest traces are, or older ones are still being added up");
    }
    Ok(())
}

fn path(args: &StatsArgs, clock: &Clock) -> String {
    let mut query = Query::of(&args.selection);
    query.add_some("interval", args.every.as_deref());
    query.add_some("time_zone", clock.zone_name());
    query.add_some("group_by", args.by.map(StatsBy::name));
    query.on(if is_of_calls(args.by) { "/api/v1/metrics/models" } else { "/api/v1/metrics/traces" })
}

fn is_of_calls(by: Option<StatsBy>) -> bool {
    matches!(by, Some(StatsBy::Model | StatsBy::Provider))
}

async fn experiment_names(client: &Client) -> Result<HashMap<String, String>> {
    let list: ExperimentList = client.get_json("/api/v1/experiments").await?;
    Ok(list.experiments.into_iter().map(|experiment| (experiment.experiment_id, experiment.name)).collect())
}

fn print(metrics: &Metrics, args: &StatsArgs, clock: &Clock, names: &HashMap<String, String>) -> Result<()> {
    let group = |series: &MetricsSeries| group_text(&series.group, args.by, names);
    let mut columns = Vec::new();
    let mut rows = Vec::new();
    if args.by.is_none() || args.every.is_some() {
        columns.push(Column::new(if clock.is_utc { "TIME (UTC)" } else { "TIME" }));
        for number in 0..metrics.starts_ns.len() {
            let time = clock.text(metrics.starts_ns[number], "%Y-%m-%d %H:%M");
            for series in &metrics.series {
                // A group that had nothing to do says nothing.
                if args.by.is_some() && is_empty(series, number) {
                    continue;
                }
                let mut row = vec![(Style::Dim, time.clone())];
                row.extend(args.by.map(|_| group(series)));
                row.extend(point_cells(series, number));
                rows.push(row);
            }
        }
    }
    for series in &metrics.series {
        let mut row: Vec<Cell> = columns.iter().map(|_| (Style::Bold, "total".to_owned())).collect();
        row.extend(args.by.map(|_| group(series)));
        row.extend(total_cells(series));
        rows.push(row);
    }
    columns.extend(args.by.map(|by| Column::new(by.header()).shrinks_to(12)));
    columns.push(Column::new(if is_of_calls(args.by) { "CALLS" } else { "TRACES" }).number());
    columns.extend(FIGURES);
    if rows.is_empty() {
        err_line("there is nothing in that time");
        return Ok(());
    }
    let mut out = buffered_stdout();
    for line in layout(&columns, &rows, stdout_width(), Painter::for_stdout()) {
        writeln!(out, "{line}")?;
    }
    Ok(out.flush()?)
}

fn group_text(group: &MetricsGroup, by: Option<StatsBy>, names: &HashMap<String, String>) -> Cell {
    if group.others {
        return (Style::Dim, "(others)".to_owned());
    }
    let name = match by {
        Some(StatsBy::Model) => group.model.as_ref(),
        Some(StatsBy::Provider) => group.provider.as_ref(),
        _ => group.experiment_id.as_ref().map(|id| names.get(id).unwrap_or(id)),
    };
    match name {
        Some(name) => (Style::Bold, one_line(name, GROUP_WIDTH_MAX)),
        None => (Style::Dim, "(none)".to_owned()),
    }
}

fn is_empty(series: &MetricsSeries, number: usize) -> bool {
    let points = &series.points;
    points.count[number] == 0 && points.total_tokens[number] == 0 && points.cost[number] == 0.0
}

fn point_cells(series: &MetricsSeries, number: usize) -> Vec<Cell> {
    let points = &series.points;
    let durations = [points.p50_ns[number], points.p95_ns[number], points.p99_ns[number]];
    cells(
        points.count[number],
        points.errors[number],
        durations,
        points.total_tokens[number],
        points.cost[number],
    )
}

fn total_cells(series: &MetricsSeries) -> Vec<Cell> {
    let total = &series.total;
    let durations = [total.duration_ns.p50, total.duration_ns.p95, total.duration_ns.p99];
    cells(total.count, total.errors, durations, total.total_tokens, total.cost)
}

/// Returns the cells of a count and of [`FIGURES`]; what is nothing is left empty, so that the eye finds the rest.
fn cells(count: u64, errors: u64, durations: [Option<i64>; 3], tokens: u64, cost: f64) -> Vec<Cell> {
    let share = if count == 0 { 0.0 } else { errors as f64 / count as f64 };
    let (error_style, error_text) = match errors {
        0 => (Style::Plain, String::new()),
        _ if share >= MANY_ERRORS => (Style::Red, format!("{:.1} %", share * 100.0)),
        _ => (Style::Plain, format!("{:.1} %", share * 100.0)),
    };
    let mut cells = vec![(Style::Plain, count_text(count)), (error_style, error_text)];
    cells.extend(durations.map(|duration| (Style::Plain, duration.map(duration_text).unwrap_or_default())));
    let some = |is_some: bool, text: String| (Style::Plain, if is_some { text } else { String::new() });
    cells.push(some(tokens > 0, count_text(tokens)));
    cells.push(some(cost != 0.0, cost_text(cost)));
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_short_and_nothing_is_empty() {
        let texts = |cells: Vec<Cell>| cells.into_iter().map(|(_, text)| text).collect::<Vec<_>>();
        let some = cells(1_234, 37, [Some(1_500_000_000), Some(2_000_000), None], 5_000, 0.25);
        assert_eq!(some[1].0, Style::Plain);
        assert_eq!(texts(some), ["1,234", "3.0 %", "1.50s", "2.00ms", "", "5,000", "$0.2500"]);
        assert_eq!(texts(cells(0, 0, [None; 3], 0, 0.0)), ["0", "", "", "", "", "", ""]);
        assert_eq!(cells(10, 1, [None; 3], 0, 0.0)[1].0, Style::Red);
    }

    #[test]
    fn groups_have_names() {
        let names = HashMap::from([("7".to_owned(), "shop".to_owned())]);
        let none = MetricsGroup::default();
        let of = |group: &MetricsGroup, by| group_text(group, Some(by), &names).1;
        assert_eq!(of(&none, StatsBy::Model), "(none)");
        assert_eq!(of(&MetricsGroup { others: true, ..none.clone() }, StatsBy::Model), "(others)");
        assert_eq!(
            of(&MetricsGroup { provider: Some("a\nb".into()), ..none.clone() }, StatsBy::Provider),
            "a b"
        );
        for (id, name) in [("7", "shop"), ("8", "8")] {
            let group = MetricsGroup { experiment_id: Some(id.into()), ..none.clone() };
            assert_eq!(of(&group, StatsBy::Experiment), name);
        }
    }
}
