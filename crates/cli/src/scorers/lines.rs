//! Scorers and backfills as text.

use crate::table::{Cell, Column, layout};
use crate::terminal::{Painter, Style, out_line, stdout_width};
use crate::text::{cost_text, count_text, counted, duration_text, one_line};
use anyhow::Result;
use serde::Deserialize;
use serde_json::Value;

const COLUMNS: [Column; 9] = [
    Column::new("SCORER").shrinks_to(16),
    Column::new("EXPERIMENT").leaves(4),
    Column::new("KIND").leaves(3),
    Column::new("STATE"),
    Column::new("RATE").number().leaves(5),
    Column::new("SCORED").number(),
    Column::new("PASSED").number(),
    Column::new("WAITING").number().leaves(1),
    Column::new("SPENT TODAY").number().leaves(2),
];
const JOB_COLUMNS: [Column; 7] = [
    Column::new("BACKFILL"),
    Column::new("STATE"),
    Column::new("DONE").number(),
    Column::new("OF").number(),
    Column::new("SCORED").number(),
    Column::new("FAILED").number(),
    Column::new("FILTER").shrinks_to(10).leaves(1),
];
/// Columns of a text in a line.
const TEXT_WIDTH_MAX: usize = 300;

#[derive(Deserialize)]
pub(super) struct List {
    pub(super) scorers: Vec<Scorer>,
    unsettled: u64,
    endpoints: Vec<Endpoint>,
}

#[derive(Deserialize)]
struct Endpoint {
    name: String,
    model: Option<String>,
    trouble: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Scorer {
    pub(super) scorer_id: String,
    pub(super) experiment_id: String,
    pub(super) name: String,
    version: i64,
    description: Option<String>,
    kind: Option<String>,
    definition: Option<Value>,
    model: Option<String>,
    pub(super) state: String,
    reason: Option<String>,
    sample_rate: f64,
    filter: Option<String>,
    limits: Limits,
    waiting: u64,
    lag_ns: i64,
    today: Counts,
    total: Counts,
    skipped: Vec<Skip>,
    last_error: Option<LastError>,
}

#[derive(Deserialize)]
struct Limits {
    usd_per_day: Option<f64>,
    usd_in_all: Option<f64>,
    calls_per_day: Option<u64>,
}

#[derive(Deserialize)]
struct Counts {
    scored: u64,
    judged: u64,
    passed: u64,
    failed: u64,
    calls: u64,
    unpriced_calls: u64,
    usd: f64,
}

#[derive(Deserialize)]
struct Skip {
    reason: String,
    traces: u64,
}

#[derive(Deserialize)]
struct LastError {
    message: String,
    trace_id: String,
}

#[derive(Deserialize)]
pub(super) struct Detail {
    scorer: Scorer,
    versions: Vec<Version>,
    backfills: Vec<Job>,
}

#[derive(Deserialize)]
struct Version {
    version: i64,
}

#[derive(Deserialize)]
pub(super) struct Jobs {
    pub(super) backfills: Vec<Job>,
}

#[derive(Deserialize)]
pub(super) struct Job {
    pub(super) backfill_id: String,
    scorer_name: String,
    filter: Option<String>,
    pub(super) state: String,
    total: u64,
    pub(super) done: u64,
    scored: u64,
    failed: u64,
    skipped: u64,
    error: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Tried {
    value: Option<Value>,
    rationale: Option<String>,
    skipped: Option<String>,
    pub(super) error: Option<String>,
    model: Option<String>,
    usd: Option<f64>,
}

/// Prints a table of scorers.
pub(super) fn list(found: &List) -> Result<()> {
    if found.scorers.is_empty() {
        out_line("no scorers; make one with `spanwise scorers set`")?;
    } else {
        let rows: Vec<Vec<Cell>> = found.scorers.iter().map(row).collect();
        for line in layout(&COLUMNS, &rows, stdout_width(), Painter::for_stdout()) {
            out_line(&line)?;
        }
    }
    for scorer in found.scorers.iter().filter(|scorer| scorer.state != "off") {
        if let Some(reason) = &scorer.reason {
            out_line(&format!("{}: {}", scorer.name, one_line(reason, TEXT_WIDTH_MAX)))?;
        }
    }
    if found.unsettled > 0 {
        out_line(&format!("{} may still change", counted(found.unsettled, "trace")))?;
    }
    for endpoint in &found.endpoints {
        if let Some(trouble) = &endpoint.trouble {
            let model = endpoint.model.as_deref().unwrap_or("no model");
            out_line(&format!(
                "endpoint {} ({model}): {}",
                endpoint.name,
                one_line(trouble, TEXT_WIDTH_MAX)
            ))?;
        }
    }
    Ok(())
}

fn row(scorer: &Scorer) -> Vec<Cell> {
    let style = match scorer.state.as_str() {
        "on" => Style::Green,
        "blocked" => Style::Red,
        _ => Style::Dim,
    };
    let rate =
        if scorer.sample_rate > 0.0 { format!("{}%", scorer.sample_rate * 100.0) } else { String::new() };
    vec![
        (Style::Bold, scorer.name.clone()),
        (Style::Plain, scorer.experiment_id.clone()),
        (Style::Plain, scorer.kind.clone().unwrap_or_else(|| "-".to_owned())),
        (style, scorer.state.clone()),
        (Style::Plain, rate),
        (Style::Plain, count_text(scorer.total.scored)),
        (Style::Plain, pass_rate(&scorer.total)),
        (Style::Plain, count_text(scorer.waiting)),
        (Style::Plain, spent(&scorer.today)),
    ]
}

fn pass_rate(counts: &Counts) -> String {
    if counts.judged == 0 {
        return String::new();
    }
    format!("{:.0}%", counts.passed as f64 * 100.0 / counts.judged as f64)
}

fn spent(counts: &Counts) -> String {
    match (counts.calls, counts.unpriced_calls) {
        (0, _) => String::new(),
        (_, 0) => cost_text(counts.usd),
        (_, unknown) => format!("{} + {} of unknown cost", cost_text(counts.usd), counted(unknown, "call")),
    }
}

/// Prints how a scorer stands.
pub(super) fn status(scorer: &Scorer) -> Result<()> {
    let mut lines = vec![
        ("scorer", format!("{} (version {}, {})", scorer.name, scorer.version, scorer.scorer_id)),
        ("experiment", scorer.experiment_id.clone()),
    ];
    let rate = scorer.sample_rate * 100.0;
    let filter = scorer.filter.as_ref().map_or_else(String::new, |filter| format!(" where {filter}"));
    let running = if rate > 0.0 { format!(", {rate}% of traces{filter}") } else { String::new() };
    lines.push(("state", format!("{}{running}", scorer.state)));
    lines.extend(scorer.reason.clone().map(|reason| ("reason", reason)));
    lines.extend(scorer.model.clone().map(|model| ("model", model)));
    let lag =
        if scorer.waiting > 0 { format!(", for {}", duration_text(scorer.lag_ns)) } else { String::new() };
    lines.push(("waiting", format!("{}{lag}", counted(scorer.waiting, "trace"))));
    lines.push(("scored", counts(&scorer.total)));
    lines.push(("today", counts(&scorer.today)));
    for skip in &scorer.skipped {
        lines.push(("skipped", format!("{}: {}", counted(skip.traces, "trace"), skip.reason)));
    }
    if let Some(error) = &scorer.last_error {
        lines.push(("last error", format!("{} (trace {})", error.message, error.trace_id)));
    }
    print(&lines)
}

fn print(lines: &[(&str, String)]) -> Result<()> {
    for (name, text) in lines {
        out_line(&format!("{name:<12}{}", one_line(text, TEXT_WIDTH_MAX)))?;
    }
    Ok(())
}

fn counts(counts: &Counts) -> String {
    let mut parts = vec![counted(counts.scored, "trace")];
    if counts.judged > 0 {
        parts.push(format!("{} passed", pass_rate(counts)));
    }
    if counts.failed > 0 {
        parts.push(format!("{} failed", count_text(counts.failed)));
    }
    if counts.calls > 0 {
        parts.push(format!("{} for {}", counted(counts.calls, "call"), spent(counts)));
    }
    parts.join(", ")
}

/// Prints what a scorer looks for, beside how it stands.
pub(super) fn detail(detail: &Detail) -> Result<()> {
    let scorer = &detail.scorer;
    status(scorer)?;
    let mut lines = Vec::new();
    lines.extend(scorer.description.clone().map(|text| ("about", text)));
    let caps = [
        scorer.limits.usd_per_day.map(|usd| format!("{} a day", cost_text(usd))),
        scorer.limits.usd_in_all.map(|usd| format!("{} in all", cost_text(usd))),
        scorer.limits.calls_per_day.map(|calls| format!("{} a day", counted(calls, "call"))),
    ];
    let caps: Vec<String> = caps.into_iter().flatten().collect();
    if !caps.is_empty() {
        lines.push(("caps", caps.join(", ")));
    }
    let versions: Vec<String> = detail.versions.iter().map(|one| one.version.to_string()).collect();
    lines.push(("versions", versions.join(", ")));
    print(&lines)?;
    if let Some(definition) = &scorer.definition {
        out_line(&serde_json::to_string_pretty(definition)?)?;
    }
    if !detail.backfills.is_empty() {
        out_line("")?;
        jobs(&detail.backfills)?;
    }
    Ok(())
}

/// Prints a table of jobs.
pub(super) fn jobs(jobs: &[Job]) -> Result<()> {
    if jobs.is_empty() {
        out_line("no backfills")?;
        return Ok(());
    }
    let row = |job: &Job| -> Vec<Cell> {
        let style = if job.state == "failed" { Style::Red } else { Style::Plain };
        vec![
            (Style::Plain, job.backfill_id.clone()),
            (style, job.state.clone()),
            (Style::Plain, count_text(job.done)),
            (Style::Plain, count_text(job.total)),
            (Style::Plain, count_text(job.scored)),
            (Style::Plain, count_text(job.failed)),
            (Style::Plain, job.filter.clone().unwrap_or_default()),
        ]
    };
    let rows: Vec<Vec<Cell>> = jobs.iter().map(row).collect();
    for line in layout(&JOB_COLUMNS, &rows, stdout_width(), Painter::for_stdout()) {
        out_line(&line)?;
    }
    Ok(())
}

/// Returns how a job stands, in one line.
pub(super) fn job(job: &Job) -> String {
    let error = job.error.as_ref().map_or_else(String::new, |error| format!(": {error}"));
    format!(
        "backfill {} with {} is {}{error}: {} of {} done, {} scored, {} failed, {} passed over",
        job.backfill_id,
        job.scorer_name,
        job.state,
        count_text(job.done),
        counted(job.total, "trace"),
        count_text(job.scored),
        count_text(job.failed),
        count_text(job.skipped),
    )
}

/// Prints what a scorer makes of a trace.
pub(super) fn tried(tried: &Tried) -> Result<()> {
    let mut lines = Vec::new();
    if let Some(value) = &tried.value {
        lines.push(("score", value.as_str().map_or_else(|| value.to_string(), str::to_owned)));
    }
    lines.extend(tried.rationale.clone().map(|text| ("why", text)));
    lines.extend(tried.skipped.clone().map(|text| ("skipped", text)));
    lines.extend(tried.error.clone().map(|text| ("error", text)));
    lines.extend(tried.model.clone().map(|text| ("model", text)));
    lines.extend(tried.usd.map(|usd| ("cost", cost_text(usd))));
    print(&lines)
}
