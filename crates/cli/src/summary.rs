//! A trace as a line: the cells that `search` and `tail` show of it. Pure.

use crate::api::TraceSummary;
use crate::table::Cell;
use crate::terminal::Style;
use crate::text::{Clock, cost_text, count_text, duration_text, one_line};

/// Columns of text that a name takes at most.
const NAME_WIDTH_MAX: usize = 40;

/// Returns the style of a trace's state.
pub(crate) fn state_style(state: &str) -> Style {
    match state {
        "OK" => Style::Green,
        "ERROR" => Style::Red,
        _ => Style::Yellow,
    }
}

/// Returns what a state is called in a column that should stay narrow.
pub(crate) fn state_text(state: &str) -> &str {
    match state {
        "IN_PROGRESS" => "OPEN",
        "STATE_UNSPECIFIED" => "-",
        state => state,
    }
}

/// Returns time, id, name, status, latency, tokens, cost and input.
pub(crate) fn cells(
    trace: &TraceSummary,
    clock: &Clock,
    time_pattern: &str,
    input_width_max: usize,
) -> Vec<Cell> {
    let input = trace.input.as_deref().unwrap_or_default();
    vec![
        (Style::Dim, clock.text(trace.start_ns, time_pattern)),
        (Style::Plain, one_line(&trace.trace_id, usize::MAX)),
        (Style::Bold, one_line(trace.name.as_deref().unwrap_or_default(), NAME_WIDTH_MAX)),
        (state_style(&trace.state), state_text(&trace.state).to_owned()),
        (Style::Plain, trace.duration_ns.map(duration_text).unwrap_or_default()),
        (Style::Plain, trace.usage.map(|usage| count_text(usage.total)).unwrap_or_default()),
        (Style::Plain, trace.cost.map(|cost| cost_text(cost.total)).unwrap_or_default()),
        (Style::Plain, one_line(input, input_width_max)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(mut trace: serde_json::Value, expected: [&str; 8]) {
        trace["trace_id"] = "tr-1".into();
        let trace = serde_json::from_value(trace).unwrap();
        let cells = cells(&trace, &Clock::new(true), "%H:%M:%S", 20);
        assert_eq!(cells.into_iter().map(|(_, text)| text).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_trace_is_a_line() {
        let usage =
            json!({"input": 1000, "output": 234, "total": 1234, "cache_read": null, "cache_write": null});
        check(
            json!({
                "name": "chat", "state": "OK", "start_ns": "1764000000000000000", "duration_ns": 1_500_000_000,
                "input": "why?\nbecause of this and that", "usage": usage,
                "cost": {"input": 0.01, "output": 0.02, "total": 0.03}
            }),
            ["16:00:00", "tr-1", "chat", "OK", "1.50s", "1,234", "$0.0300", "why? because of thi…"],
        );
    }

    #[test]
    fn what_is_not_known_is_left_empty() {
        let trace = json!({
            "name": null, "state": "IN_PROGRESS", "start_ns": "0", "duration_ns": null,
            "input": null, "usage": null, "cost": null
        });
        check(trace, ["00:00:00", "tr-1", "", "OPEN", "", "", "", ""]);
    }
}
