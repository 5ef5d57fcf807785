//! Embeddings, of all providers: what is embedded is recorded, the vectors are counted.

use super::{Operation, Protocol, model_in};
use crate::framing::length_told;
use crate::json::{count, count_of, list, some, some_of, text};
use crate::parameter::take_parameters;
use crate::reply::Reply;
use crate::request::Request;
use crate::route::Route;
use serde_json::Value;

const BASE: Protocol = Protocol {
    name: "openai embeddings",
    operation: Operation::Embeddings,
    provider: "openai",
    is_request: |body| some_of(body, &["input", "inputs"]).is_some(),
    read_request: |body, _| read(body, &["input", "inputs"]),
    read_event: read_vectors,
    is_sieved: true,
};

pub(crate) const OPENAI: Protocol = BASE;

pub(crate) const OLLAMA: Protocol = Protocol {
    name: "ollama embed",
    provider: "ollama",
    is_request: |body| text(body, "model").is_some() && some_of(body, &["input", "prompt"]).is_some(),
    read_request: |body, _| read(body, &["input", "prompt"]),
    ..BASE
};

pub(crate) const COHERE: Protocol = Protocol {
    name: "cohere embed",
    provider: "cohere",
    is_request: |body| {
        text(body, "model").is_some() && some_of(body, &["texts", "inputs", "images"]).is_some()
    },
    read_request: |body, _| read(body, &["texts", "inputs", "images"]),
    ..BASE
};

pub(crate) const GEMINI: Protocol = Protocol {
    name: "gemini embed",
    provider: "gcp.gemini",
    is_request: |body| some_of(body, &["content", "requests"]).is_some(),
    read_request: read_gemini,
    ..BASE
};

/// Vertex AI's predictions of other models have instances too, but no `content`.
pub(crate) const VERTEX: Protocol = Protocol {
    name: "vertex predict",
    provider: "gcp.vertex_ai",
    is_request: |body| {
        list(body, "instances").first().is_some_and(|instance| text(instance, "content").is_some())
    },
    read_request: read_gemini,
    ..BASE
};

fn read(body: &Value, keys: &[&str]) -> Request {
    let mut request =
        Request { model: model_in(body), inputs: some_of(body, keys).cloned(), ..Request::default() };
    take_parameters(body, &mut request);
    request
}

fn read_gemini(body: &Value, _: &Route) -> Request {
    let mut request = Request { model: model_in(body), ..Request::default() };
    take_parameters(body, &mut request);
    let contents: Vec<Value> = match some_of(body, &["requests", "instances"]) {
        Some(Value::Array(requests)) => requests.iter().map(embedded_text).collect(),
        _ => vec![embedded_text(body)],
    };
    let mut contents = contents;
    request.inputs = match contents.len() {
        1 => contents.pop(),
        _ => Some(Value::Array(contents)),
    };
    request
}

/// Returns the text of a content; one that holds anything else as it is.
fn embedded_text(request: &Value) -> Value {
    let content = some(request, "content").unwrap_or(request);
    let parts = list(content, "parts");
    let texts: Option<Vec<&str>> = parts.iter().map(|part| part.get("text")?.as_str()).collect();
    match texts {
        Some(texts) if !texts.is_empty() => texts.concat().into(),
        _ => content.clone(),
    }
}

/// Reads vectors out of which the sieve has made their lengths.
pub(super) fn read_vectors(event: &Value, reply: &mut Reply) {
    reply.is_done = true;
    reply.has_content = true;
    reply.model = text(event, "model").map(str::to_owned).or(reply.model.take());
    if let Some(usage) = some(event, "usage") {
        reply.usage.take_openai(usage);
    }
    let usage = &mut reply.usage;
    let billed = || some(some(event, "meta")?, "billed_units");
    let told = count_of(event, &["prompt_eval_count", "inputTextTokenCount"]);
    let told = told.or_else(|| count(billed()?, "input_tokens"));
    usage.input = told.or(usage.input);
    let predictions = list(event, "predictions");
    if !predictions.is_empty() {
        let statistics =
            |prediction: &Value| count(some(some(prediction, "embeddings")?, "statistics")?, "token_count");
        let tokens = predictions.iter().filter_map(statistics).sum::<u64>();
        usage.input = Some(tokens).filter(|tokens| *tokens > 0).or(usage.input);
    }
    let vectors = some_of(event, &["data", "embeddings", "embedding", "predictions"]).unwrap_or(event);
    let (number, dimensions) = vectors_in(vectors);
    if let Some(number) = number {
        let (before, known) = reply.embeddings.unwrap_or_default();
        reply.embeddings = Some((before.saturating_add(number), dimensions.or(known)));
    }
}

/// Returns how many vectors a value holds, and the length of the first.
fn vectors_in(value: &Value) -> (Option<u64>, Option<u64>) {
    match value {
        // A vector, of which the sieve left its length.
        Value::Array(list) if matches!(list.as_slice(), [Value::Number(_)]) => (Some(1), list[0].as_u64()),
        Value::Array(list) if list.first().is_some_and(Value::is_number) => {
            (Some(1), Some(list.len() as u64))
        }
        Value::Array(list) => {
            let first = list.first().and_then(|first| vectors_in(first).1);
            (Some(list.len() as u64), first)
        }
        // Base64 of numbers of four bytes each.
        Value::String(text) => (Some(1), Some(length_told(text) * 3 / 4 / 4)),
        Value::Object(map) => {
            let keys = ["embedding", "embeddings", "values", "float"];
            let inner = keys
                .iter()
                .find_map(|key| map.get(*key))
                .or_else(|| map.values().find(|value| value.is_array()));
            inner.map_or((None, None), vectors_in)
        }
        _ => (None, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(event: Value, expected: (u64, Option<u64>)) {
        let mut reply = Reply::default();
        read_vectors(&event, &mut reply);
        assert_eq!(reply.embeddings, Some(expected), "{event}");
    }

    #[test]
    fn vectors_are_counted_whoever_sends_them() {
        check(json!({"data": [{"embedding": [64]}, {"embedding": [64]}]}), (2, Some(64)));
        check(json!({"data": [{"embedding": "#344"}]}), (1, Some(64)));
        check(json!({"embeddings": [[64], [64]]}), (2, Some(64)));
        check(json!({"embedding": [64]}), (1, Some(64)));
        check(json!({"embedding": {"values": [64]}}), (1, Some(64)));
        check(json!({"embeddings": [{"values": [64]}, {"values": [64]}]}), (2, Some(64)));
        check(json!({"embeddings": {"float": [[64], [64], [64]]}}), (3, Some(64)));
        check(json!({"embeddings": {"int8": [[64]]}}), (1, Some(64)));
        check(
            json!({"predictions": [{"embeddings": {"values": [64], "statistics": {"token_count": 3}}}]}),
            (1, Some(64)),
        );
        check(json!({"embedding": [0.5, 0.25]}), (1, Some(2)));
        check(json!({"data": []}), (0, None));
    }
}
