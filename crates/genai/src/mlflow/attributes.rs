//! The attributes that MLflow would return for a span.

use crate::derive::{Derived, is_open_type};
use crate::json::write;
use crate::usage::{Reported, USAGE_KEYS};
use crate::value::{ValueRef, name_text};
use spanwise_model::Cost;
use spanwise_otlp::{AnyValueView, SpanView, pyjson};
use std::fmt::Write;

/// An attribute as MLflow returns it.
pub type MlflowAttribute<'a> = (&'a str, ValueRef<'a>);

const TRACE_REQUEST_ID: &str = "mlflow.traceRequestId";
const SPAN_TYPE: &str = "mlflow.spanType";
const SERVICE_NAME: &str = "service.name";

/// Services whose name MLflow copies from the resource onto their root spans: coding agents, which its UI treats apart.
const CODING_AGENTS: [&str; 5] = ["claude-code", "codex_cli_rs", "codex_vscode", "gemini-cli", "qwen-code"];

/// Returns the attributes in MLflow's order: what came, with the trace's id and a better type put in place, then
/// what was derived and is not there yet.
///
/// `service_name` is that of the span's resource.
pub fn mlflow_attributes<'a>(
    span: &SpanView<'a>,
    derived: &Derived<'a>,
    trace_id: &'a str,
    service_name: Option<&'a str>,
) -> Vec<MlflowAttribute<'a>> {
    let mut attributes: Vec<_> =
        span.attributes().map(|(key, value)| (key, in_place(key, value, derived, trace_id))).collect();
    let mut add = |key: &'static str, value: Option<ValueRef<'a>>| {
        if let Some(value) = value
            && !attributes.iter().any(|(own, _)| *own == key)
        {
            attributes.push((key, value));
        }
    };
    add(TRACE_REQUEST_ID, Some(ValueRef::Text(trace_id.into())));
    let is_root = span.parent_span_id.iter().all(|byte| *byte == 0);
    let agent = service_name.filter(|name| is_root && CODING_AGENTS.contains(name));
    add(SERVICE_NAME, agent.map(|name| ValueRef::Text(name.into())));

    let text = |text: &Option<_>| text.clone().map(ValueRef::Text);
    add(SPAN_TYPE, text(&derived.told_type));
    add("mlflow.spanInputs", derived.inputs.clone());
    add("mlflow.spanOutputs", derived.outputs.clone());
    add("mlflow.chat.tokenUsage", derived.reported.as_ref().map(usage_map));
    add("mlflow.message.format", text(&derived.message_format));
    add("mlflow.chat.tools", derived.tools.clone());
    add("mlflow.llm.model", text(&derived.model));
    add("mlflow.llm.provider", text(&derived.provider));
    add("mlflow.llm.cost", derived.cost.as_ref().map(cost_map));
    attributes
}

/// Returns what stands in an attribute's place.
fn in_place<'a>(
    key: &str,
    value: AnyValueView<'a>,
    derived: &Derived<'a>,
    trace_id: &'a str,
) -> ValueRef<'a> {
    match key {
        TRACE_REQUEST_ID => ValueRef::Text(trace_id.into()),
        SPAN_TYPE if name_text(value).is_none_or(|own| is_open_type(&own)) => {
            derived.told_type.clone().map_or(ValueRef::Native(value), ValueRef::Text)
        }
        _ => ValueRef::Native(value),
    }
}

fn usage_map(reported: &Reported) -> ValueRef<'static> {
    json_map(
        USAGE_KEYS.into_iter().filter_map(|(key, count)| Some((key, reported.get(count)?))),
        |count, out| {
            // Writing to a `String` can't fail.
            let _ = write!(out, "{count}");
        },
    )
}

fn cost_map(cost: &Cost) -> ValueRef<'static> {
    let parts = [("input_cost", cost.input), ("output_cost", cost.output), ("total_cost", cost.total)];
    json_map(parts.into_iter(), |amount, out| pyjson::write_json(AnyValueView::Double(amount), out))
}

/// Builds the text of a map, spaced as Python does.
fn json_map<T>(
    entries: impl Iterator<Item = (&'static str, T)>,
    write_value: impl Fn(T, &mut String),
) -> ValueRef<'static> {
    let mut text = String::from("{");
    for (key, value) in entries {
        if text.len() > 1 {
            text.push_str(", ");
        }
        write::string(key, &mut text);
        text.push_str(": ");
        write_value(value, &mut text);
    }
    text.push('}');
    ValueRef::Json(text.into())
}
