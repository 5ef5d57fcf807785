//! The tools on offer, in the forms of each API.

use super::body::is_repr;
use super::flat::flat_tree;
use super::json::{body_tree, list_at, map_at, parse_nested, string_at, text_at, value_at};
use super::part::ToolDefinition;
use super::source::{attribute_tree, details_tree, keys_of};
use crate::derive::Derived;
use serde_json::Value;
use spanwise_otlp::{LogRecordView, SpanView};
use std::borrow::Cow;

/// Deepest wrapper around a tool that is opened.
const LEVELS_MAX: usize = 8;

/// Keys of a request that hold tools.
const LISTS: &[&str] =
    &["tools", "functions", "function_tools", "functionDeclarations", "function_declarations"];
/// Keys that wrap such a list, or a tool.
const WRAPPERS: &[&str] =
    &["toolConfig", "tool_config", "config", "kwargs", "invocation_params", "model_request_parameters"];

const SCHEMAS: &[&str] = &[
    "parameters",
    "input_schema",
    "inputSchema",
    "parameters_json_schema",
    "parametersJsonSchema",
    "json_schema",
    "args_schema",
    "schema",
];

/// Returns the tools on offer; `None` if none are told.
pub(crate) fn read_tools(
    span: &SpanView<'_>,
    logs: &[LogRecordView<'_>],
    derived: &Derived<'_>,
    inputs: Option<&Value>,
) -> Option<Vec<ToolDefinition>> {
    let derived = derived.tools.iter().map(body_tree);
    let flat = keys_of(|dialect| dialect.flat_tools).filter_map(|prefix| flat_tree(span, prefix));
    let whole = keys_of(|dialect| dialect.request_parts).filter_map(|key| attribute_tree(span, key));
    let listed = keys_of(|dialect| dialect.listed_tools).filter_map(|key| attribute_tree(span, key));
    let detailed = details_tree(span, logs, "gen_ai.tool.definitions");
    let told = derived
        .chain(flat)
        .chain(listed)
        .chain(detailed)
        .map(|tools| tools_in(&tools))
        .find(|tools| !tools.is_empty());
    told.or_else(|| Some(offered(inputs?)).filter(|tools| !tools.is_empty()))
        .or_else(|| whole.map(|value| offered(&value)).find(|tools| !tools.is_empty()))
}

/// Returns the tools of a request body.
fn offered(body: &Value) -> Vec<ToolDefinition> {
    let wrapped = WRAPPERS.iter().filter_map(|key| body.get(*key));
    let holders = std::iter::once(body).chain(wrapped);
    holders.filter_map(|holder| list_at(holder, LISTS)).flatten().flat_map(tools_in).collect()
}

fn tools_in(value: &Value) -> Vec<ToolDefinition> {
    let mut tools = Vec::new();
    add_tools(value, &mut tools, LEVELS_MAX);
    tools
}

fn add_tools(value: &Value, tools: &mut Vec<ToolDefinition>, levels: usize) {
    let Some(levels) = levels.checked_sub(1) else { return };
    let value = match value {
        Value::String(text) => match parse_nested(text) {
            Some(value) => Cow::Owned(value),
            None => return,
        },
        _ => Cow::Borrowed(value),
    };
    if let Some(list) = value.as_array().map(Vec::as_slice).or_else(|| list_at(&value, LISTS)) {
        list.iter().for_each(|tool| add_tools(tool, tools, levels));
    } else if let Some(inner) =
        map_at(&value, &["function", "toolSpec", "tool"]).or_else(|| serialized(&value))
    {
        add_tools(inner, tools, levels);
    } else if let Some(tool) = tool(&value) {
        tools.push(tool);
    } else if let Some(inner) = value_at(&value, &["json_schema"]) {
        add_tools(inner, tools, levels);
    }
}

/// Returns what a library wrote of a tool of its own: its class as `type`, and the tool as `data`.
fn serialized(value: &Value) -> Option<&Value> {
    let data = map_at(value, &["data"])?;
    text_at(value, &["type"]).filter(|class| class.contains('.')).and(text_at(data, &["name"])).map(|_| data)
}

/// Reads one tool; a tool of the provider's own has no name but its type.
fn tool(value: &Value) -> Option<ToolDefinition> {
    let name = text_at(value, &["name", "server_label", "type"]).filter(|name| !is_repr(name))?;
    let schema = value_at(value, SCHEMAS).cloned().map(super::json::parsed);
    // Bedrock wraps the schema once more, as OpenAI's `json_schema` does in other places.
    let schema = schema.map(|schema| match schema.get("json") {
        Some(inner) if inner.is_object() => inner.clone(),
        _ => schema,
    });
    Some(ToolDefinition {
        name: name.to_owned(),
        description: string_at(value, &["description"]),
        parameters: schema.unwrap_or_default(),
    })
}
