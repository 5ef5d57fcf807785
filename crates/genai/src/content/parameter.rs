//! Parameters of a request: temperature and the like.

use super::body::is_repr;
use super::json::{json_scalar, map_at};
use super::source::{attribute_tree, keys_of};
use serde_json::{Map, Value};
use spanwise_otlp::SpanView;

/// Parameters that are known by name, wherever they are found. Names are compared in snake case.
const NAMES: &[&str] = &[
    "temperature",
    "top_p",
    "top_k",
    "min_p",
    "max_tokens",
    "max_output_tokens",
    "max_completion_tokens",
    "max_new_tokens",
    "num_predict",
    "num_ctx",
    "stop",
    "stop_sequences",
    "seed",
    "frequency_penalty",
    "presence_penalty",
    "repetition_penalty",
    "repeat_penalty",
    "response_format",
    "response_mime_type",
    "response_schema",
    "reasoning_effort",
    "reasoning",
    "thinking",
    "thinking_config",
    "thinking_budget",
    "verbosity",
    "n",
    "candidate_count",
    "logprobs",
    "top_logprobs",
    "logit_bias",
    "tool_choice",
    "parallel_tool_calls",
    "stream",
    "service_tier",
    "modalities",
    "truncation",
    "dimensions",
    "encoding_format",
];

/// What is no parameter, though its key begins like one.
const NOT_PARAMETERS: &[&str] = &["model", "structured_output_schema", "is_streaming", "base_url"];

/// Keys of maps of parameters that are the rest of the request, or of the client that sent it.
const NOT_SETTINGS: &[&str] = &[
    "model",
    "model_name",
    "messages",
    "tools",
    "functions",
    "input",
    "contents",
    "prompt",
    "system",
    "instructions",
    "inputText",
    "_type",
    "base_url",
    "api_base",
    "api_key",
    "headers",
    "extra_headers",
    "metadata",
];

/// Maps of a request body that hold parameters.
const SETTINGS: &[&str] = &[
    "config",
    "generation_config",
    "generationConfig",
    "generation_kwargs",
    "inferenceConfig",
    "inference_config",
    "options",
    "parameters",
    "model_settings",
    "kwargs",
    "params",
];

/// Returns the parameters of a request, under their names in snake case; of a name that is told twice the first.
pub(crate) fn read_parameters(span: &SpanView<'_>, inputs: Option<&Value>) -> Map<String, Value> {
    let mut parameters = Map::new();
    add_prefixed(span, &mut parameters);
    for settings in keys_of(|dialect| dialect.parameter_maps).filter_map(|key| attribute_tree(span, key)) {
        // A whole response is sent in their place by some, which says much more than the settings.
        let is_body = settings.get("object").or(settings.get("created_at")).is_some();
        let is_setting = |key: &str| is_known(key) || !is_body && !NOT_SETTINGS.contains(&key);
        add(&settings, is_setting, &mut parameters);
    }
    if let Some(body) = inputs {
        add(body, is_known, &mut parameters);
        for settings in SETTINGS.iter().filter_map(|key| map_at(body, &[key])) {
            add(settings, is_known, &mut parameters);
        }
    }
    // MLflow's clients set each argument of the call as an attribute of its own.
    for (key, _) in span.attributes().filter(|(key, _)| is_known(key)) {
        put(&mut parameters, key, scalar_tree(span, key));
    }
    parameters
}

fn add_prefixed(span: &SpanView<'_>, parameters: &mut Map<String, Value>) {
    for (key, _) in span.attributes() {
        let name = keys_of(|dialect| dialect.parameter_prefixes).find_map(|prefix| key.strip_prefix(prefix));
        if let Some(name) = name.filter(|name| !NOT_PARAMETERS.contains(name)) {
            let name = if name == "choice.count" { "n" } else { name };
            put(parameters, name, scalar_tree(span, key));
        }
    }
}

fn add(settings: &Value, is_wanted: impl Fn(&str) -> bool, parameters: &mut Map<String, Value>) {
    for (key, value) in settings.as_object().into_iter().flatten() {
        if !is_wanted(key) {
            continue;
        }
        if SETTINGS.contains(&key.as_str()) && value.is_object() {
            add_known(value, parameters);
        } else {
            put(parameters, key, value.clone());
        }
    }
}

fn add_known(settings: &Value, parameters: &mut Map<String, Value>) {
    for (key, value) in settings.as_object().into_iter().flatten().filter(|(key, _)| is_known(key)) {
        put(parameters, key, value.clone());
    }
}

/// Keeps a parameter that has a value; what Python shows for an object that stands for “not given” is none.
fn put(parameters: &mut Map<String, Value>, name: &str, value: Value) {
    let is_none = value.is_null() || value.as_str().is_some_and(|text| is_repr(text) || text == "NOT_GIVEN");
    if !is_none {
        parameters.entry(snake_case(name)).or_insert(value);
    }
}

/// Returns the value of an attribute; MLflow's clients write numbers and null as their JSON text.
fn scalar_tree(span: &SpanView<'_>, key: &str) -> Value {
    match attribute_tree(span, key).unwrap_or_default() {
        Value::String(text) => json_scalar(&text).unwrap_or(Value::String(text)),
        value => value,
    }
}

fn is_known(name: &str) -> bool {
    NAMES.contains(&snake_case(name).as_str())
}

fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for c in name.chars() {
        if c.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
    }
    snake
}
