//! What an import of a store of MLflow did, for people and as JSON.

use super::page::Stage;
use super::state::State;
use crate::text::{count_text, counted, one_line};
use serde_json::{Value, json};

/// Problems that are printed; all of them are in the report.
const PROBLEMS_SHOWN: usize = 20;
/// Columns of a problem.
const PROBLEM_WIDTH: usize = 300;

/// Returns the lines to print.
pub(super) fn lines(state: &State, dry_run: bool) -> Vec<String> {
    let verb = if dry_run { "would import" } else { "imported" };
    let mut lines = vec![format!("{}: {verb} into {}", state.wanted.source, state.wanted.target)];
    for stage in Stage::ALL {
        let counts = state.counts.get(&stage).copied().unwrap_or_default();
        if counts.taken > 0 || counts.problems > 0 {
            let problems = match counts.problems {
                0 => String::new(),
                problems => format!("  ({})", counted(problems, "problem")),
            };
            lines.push(format!("  {:>11}  {}{problems}", count_text(counts.taken), stage.name()));
        }
    }
    for (source_id, target) in &state.experiments {
        if *source_id != target.id || target.source_name != target.name {
            lines.push(format!(
                "  experiment `{}` ({source_id}) is `{}` ({}) here",
                target.source_name, target.name, target.id
            ));
        }
    }
    lines.extend(state.notes.iter().map(|note| format!("  note: {note}")));
    for problem in state.problems.iter().take(PROBLEMS_SHOWN) {
        let text = format!("{}: {}: {}", problem.stage.name(), problem.id, problem.reason);
        lines.push(format!("  did not fit: {}", one_line(&text, PROBLEM_WIDTH)));
    }
    let more = state.problem_count().saturating_sub(PROBLEMS_SHOWN as u64);
    if more > 0 {
        lines.push(format!("  and {} more; --report FILE has them", count_text(more)));
    }
    lines
}

/// Returns the report for programs.
pub(super) fn json(state: &State, dry_run: bool) -> Value {
    let stages = Stage::ALL.into_iter().map(|stage| {
        let counts = state.counts.get(&stage).copied().unwrap_or_default();
        json!({"stage": stage, "taken": counts.taken, "problems": counts.problems})
    });
    let experiments = state.experiments.iter().map(|(source_id, target)| {
        json!({
            "source_id": source_id.to_string(), "source_name": target.source_name,
            "experiment_id": target.id.to_string(), "name": target.name,
        })
    });
    json!({
        "source": state.wanted.source,
        "target": state.wanted.target,
        "dry_run": dry_run,
        "stages": stages.collect::<Vec<_>>(),
        "experiments": experiments.collect::<Vec<_>>(),
        "problem_count": state.problem_count(),
        "problems": state.problems,
        "notes": state.notes,
    })
}
