//! What stands above the tree: the trace's record, as far as a person reads it. Pure.

use crate::api::{Assessment, TraceRecord, Usage};
use crate::summary::{state_style, state_text};
use crate::terminal::{Painter, Style};
use crate::text::{Clock, cost_text, count_text, duration_text, one_line, width};
use serde_json::Value;

/// Columns of the labels.
const LABEL_WIDTH: usize = 10;
/// Columns of a line where no terminal limits it.
const WIDTH_DEFAULT: usize = 120;
/// Columns of a text below which cutting it more does not help.
const TEXT_WIDTH_MIN: usize = 20;

/// Returns a line of a label and a value.
pub(super) fn labelled(label: &str, value: &str, columns: Option<usize>, painter: Painter) -> String {
    let left = columns.unwrap_or(WIDTH_DEFAULT).saturating_sub(LABEL_WIDTH + 2).max(TEXT_WIDTH_MIN);
    format!("{}  {}", painter.paint(Style::Dim, format!("{label:LABEL_WIDTH$}")), one_line(value, left))
}

/// Returns tokens as `1,234 (1,000 in, 234 out, 900 from cache)`.
pub(super) fn usage_text(usage: &Usage) -> String {
    let mut parts =
        vec![format!("{} in", count_text(usage.input)), format!("{} out", count_text(usage.output))];
    for (count, what) in [(usage.cache_read, "from cache"), (usage.cache_write, "to cache")] {
        if let Some(count) = count.filter(|&count| count > 0) {
            parts.push(format!("{} {what}", count_text(count)));
        }
    }
    format!("{} ({})", count_text(usage.total), parts.join(", "))
}

/// Returns the lines of the head.
pub(super) fn lines(
    record: &TraceRecord,
    clock: &Clock,
    columns: Option<usize>,
    painter: Painter,
) -> Vec<String> {
    let trace = &record.summary;
    let zone = if clock.is_utc { " UTC" } else { "" };
    let first = [
        painter.paint(Style::Bold, one_line(&trace.trace_id, WIDTH_DEFAULT)),
        painter.paint(state_style(&trace.state), state_text(&trace.state)),
        trace.duration_ns.map(duration_text).unwrap_or_default(),
        format!("{}{zone}", clock.text(trace.start_ns, "%Y-%m-%d %H:%M:%S")),
    ];
    let mut lines = vec![first.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("  ")];
    let tags: Vec<String> = record.tags.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let values = [
        ("name", trace.name.clone()),
        ("experiment", Some(record.experiment_name.clone())),
        ("session", record.session.clone()),
        ("user", record.user.clone()),
        ("tokens", trace.usage.as_ref().map(usage_text)),
        ("cost", trace.cost.map(|cost| cost_text(cost.total))),
        ("tags", (!tags.is_empty()).then(|| tags.join("  "))),
        ("input", trace.input.clone()),
        ("output", record.output.clone()),
    ];
    for (label, value) in values {
        lines.extend(value.map(|value| labelled(label, &value, columns, painter)));
    }
    for assessment in record.assessments.iter().filter(|assessment| assessment.valid) {
        let label = if assessment.kind == "expectation" { "expected" } else { "judged" };
        lines.push(labelled(label, &assessment_text(assessment), columns, painter));
    }
    lines
}

fn assessment_text(assessment: &Assessment) -> String {
    let value = match (&assessment.value, &assessment.error) {
        (Value::String(text), _) => text.clone(),
        (Value::Null, Some(error)) => {
            let texts = [&error.error_code, &error.error_message];
            format!("failed: {}", texts.into_iter().flatten().cloned().collect::<Vec<_>>().join(" "))
        }
        (value, _) => value.to_string(),
    };
    let source = &assessment.source;
    let by = source.id.as_deref().unwrap_or(&source.source_type);
    let rationale = assessment.rationale.as_deref().filter(|text| width(text.trim()) > 0);
    let rationale = rationale.map(|text| format!(": {text}")).unwrap_or_default();
    format!("{} = {value}, by {by}{rationale}", assessment.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_head_has_what_is_known() {
        let record = json!({
            "trace_id": "tr-1", "experiment_name": "shop", "name": "chat", "state": "ERROR",
            "start_ns": "1764000000000000000", "duration_ns": 1_500_000_000, "input": "why?\nwhy?", "output": null,
            "session": "s-1", "user": null, "cost": {"input": 0.0, "output": 0.0, "total": 0.25}, "span_count": 3,
            "usage": {"input": 1000, "output": 234, "total": 1234, "cache_read": 900, "cache_write": 0},
            "tags": {"env": "prod"},
            "assessments": [
                {"name": "quality", "kind": "feedback", "value": 0.5, "error": null, "rationale": "so so",
                 "source": {"type": "HUMAN", "id": "amelia"}, "valid": true},
                {"name": "old", "kind": "feedback", "value": 1, "error": null, "rationale": null,
                 "source": {"type": "CODE", "id": null}, "valid": false},
                {"name": "judge", "kind": "feedback", "value": null, "rationale": null,
                 "error": {"error_code": "TIMEOUT", "error_message": "too slow", "stack_trace": null},
                 "source": {"type": "CODE", "id": null}, "valid": true},
                {"name": "answer", "kind": "expectation", "value": "42", "error": null, "rationale": null,
                 "source": {"type": "HUMAN", "id": null}, "valid": true},
            ]
        });
        let lines = lines(&serde_json::from_value(record).unwrap(), &Clock::new(true), None, Painter::off());
        assert_eq!(
            lines,
            [
                "tr-1  ERROR  1.50s  2025-11-24 16:00:00 UTC",
                "name        chat",
                "experiment  shop",
                "session     s-1",
                "tokens      1,234 (1,000 in, 234 out, 900 from cache)",
                "cost        $0.2500",
                "tags        env=prod",
                "input       why? why?",
                "judged      quality = 0.5, by amelia: so so",
                "judged      judge = failed: TIMEOUT too slow, by CODE",
                "expected    answer = 42, by HUMAN",
            ]
        );
    }
}
