//! Parameters of requests, under OpenTelemetry's names.

use crate::json::{some, text};
use crate::request::Request;
use serde_json::{Value, json};

/// What the providers call a parameter, and its attribute. Those that OpenTelemetry has no name for keep theirs.
const NAMES: &[(&str, &str)] = &[
    ("temperature", "gen_ai.request.temperature"),
    ("top_p", "gen_ai.request.top_p"),
    ("topP", "gen_ai.request.top_p"),
    ("p", "gen_ai.request.top_p"),
    ("top_k", "gen_ai.request.top_k"),
    ("topK", "gen_ai.request.top_k"),
    ("k", "gen_ai.request.top_k"),
    ("min_p", "gen_ai.request.min_p"),
    ("max_tokens", "gen_ai.request.max_tokens"),
    ("max_completion_tokens", "gen_ai.request.max_tokens"),
    ("max_output_tokens", "gen_ai.request.max_tokens"),
    ("maxOutputTokens", "gen_ai.request.max_tokens"),
    ("maxTokens", "gen_ai.request.max_tokens"),
    ("maxTokenCount", "gen_ai.request.max_tokens"),
    ("max_gen_len", "gen_ai.request.max_tokens"),
    ("max_new_tokens", "gen_ai.request.max_tokens"),
    ("max_tokens_to_sample", "gen_ai.request.max_tokens"),
    ("num_predict", "gen_ai.request.max_tokens"),
    ("num_ctx", "gen_ai.request.num_ctx"),
    ("seed", "gen_ai.request.seed"),
    ("random_seed", "gen_ai.request.seed"),
    ("frequency_penalty", "gen_ai.request.frequency_penalty"),
    ("frequencyPenalty", "gen_ai.request.frequency_penalty"),
    ("presence_penalty", "gen_ai.request.presence_penalty"),
    ("presencePenalty", "gen_ai.request.presence_penalty"),
    ("repeat_penalty", "gen_ai.request.repeat_penalty"),
    ("n", "gen_ai.request.choice.count"),
    ("candidateCount", "gen_ai.request.choice.count"),
    ("top_n", "gen_ai.request.top_n"),
    ("logprobs", "gen_ai.request.logprobs"),
    ("top_logprobs", "gen_ai.request.top_logprobs"),
    ("reasoning_effort", "gen_ai.request.reasoning_effort"),
    ("reasoning", "gen_ai.request.reasoning"),
    ("thinking", "gen_ai.request.thinking"),
    ("think", "gen_ai.request.thinking"),
    ("thinkingConfig", "gen_ai.request.thinking"),
    ("verbosity", "gen_ai.request.verbosity"),
    ("response_format", "gen_ai.request.response_format"),
    ("output_format", "gen_ai.request.response_format"),
    ("format", "gen_ai.request.response_format"),
    ("responseSchema", "gen_ai.request.response_format"),
    ("responseJsonSchema", "gen_ai.request.response_format"),
    ("tool_choice", "gen_ai.request.tool_choice"),
    ("toolChoice", "gen_ai.request.tool_choice"),
    ("parallel_tool_calls", "gen_ai.request.parallel_tool_calls"),
    ("modalities", "gen_ai.request.modalities"),
    ("dimensions", "gen_ai.request.dimensions"),
    ("outputDimensionality", "gen_ai.request.dimensions"),
    ("output_dimension", "gen_ai.request.dimensions"),
    ("input_type", "gen_ai.request.input_type"),
    ("taskType", "gen_ai.request.input_type"),
    ("size", "gen_ai.request.size"),
    ("quality", "gen_ai.request.quality"),
];

/// Parameters that are one text or a list of them.
const LISTS: &[(&str, &str)] = &[
    ("stop", "gen_ai.request.stop_sequences"),
    ("stop_sequences", "gen_ai.request.stop_sequences"),
    ("stopSequences", "gen_ai.request.stop_sequences"),
    ("encoding_format", "gen_ai.request.encoding_formats"),
    ("embedding_types", "gen_ai.request.encoding_formats"),
];

/// Maps of a request that hold parameters.
const HOLDERS: &[&str] = &[
    "generationConfig",
    "generation_config",
    "inferenceConfig",
    "textGenerationConfig",
    "options",
    "parameters",
    "toolConfig",
    "output_config",
    "text",
];

/// Takes the parameters of a request.
pub(crate) fn take_parameters(body: &Value, request: &mut Request) {
    take_of(body, request);
    for holder in HOLDERS.iter().filter_map(|key| some(body, key)) {
        take_of(holder, request);
    }
    request.is_stream |= body.get("stream").and_then(Value::as_bool).unwrap_or(false);
    if is_json_asked(body) {
        add(request, "gen_ai.output.type", json!("json"));
    }
}

fn take_of(holder: &Value, request: &mut Request) {
    let Some(map) = holder.as_object() else { return };
    for (name, value) in map.iter().filter(|(_, value)| !value.is_null()) {
        if let Some((_, key)) = NAMES.iter().find(|(own, _)| own == name) {
            add(request, key, value.clone());
        } else if let Some((_, key)) = LISTS.iter().find(|(own, _)| own == name) {
            let list = if value.is_array() { value.clone() } else { json!([value]) };
            add(request, key, list);
        }
    }
}

/// Adds an attribute, unless it is there: the body itself comes before the maps in it.
pub(crate) fn add(request: &mut Request, key: &'static str, value: Value) {
    if !request.attributes.iter().any(|(own, _)| *own == key) {
        request.attributes.push((key, value));
    }
}

/// Returns whether the answer is to be JSON.
fn is_json_asked(body: &Value) -> bool {
    let format = ["response_format", "output_format", "format"].into_iter().find_map(|key| some(body, key));
    let format = format.or_else(|| some(some(body, "text")?, "format"));
    let format = format.or_else(|| some(some(body, "output_config")?, "format"));
    let of_openai = format.is_some_and(|format| {
        let kind = format.as_str().or_else(|| text(format, "type")).unwrap_or_default();
        kind.starts_with("json") || kind == "object"
    });
    let config = some(body, "generationConfig").unwrap_or(&Value::Null);
    of_openai || text(config, "responseMimeType") == Some("application/json")
}
