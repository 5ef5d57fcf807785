//! What is no conversation: rerankers, images, moderation.

use super::{Operation, Protocol, model_in};
use crate::json::{list, some, some_of, text, text_of};
use crate::parameter::take_parameters;
use crate::part::{message, text_part};
use crate::reply::Reply;
use crate::request::Request;
use crate::route::Route;
use serde_json::{Map, Value, json};

pub(crate) const RERANK: Protocol = Protocol {
    name: "rerank",
    operation: Operation::Rerank,
    provider: "cohere",
    is_request: |body| text(body, "query").is_some() && some(body, "documents").is_some_and(Value::is_array),
    read_request: read_rerank,
    read_event: read_ranking,
    is_sieved: false,
};

pub(crate) const IMAGES: Protocol = Protocol {
    name: "openai images",
    operation: Operation::ImageGeneration,
    provider: "openai",
    is_request: |body| text(body, "prompt").is_some(),
    read_request: read_image_prompt,
    read_event: read_images,
    is_sieved: true,
};

pub(crate) const MODERATION: Protocol = Protocol {
    name: "openai moderation",
    operation: Operation::Moderation,
    provider: "openai",
    is_request: |body| some(body, "input").is_some(),
    read_request: read_moderated,
    read_event: read_moderation,
    is_sieved: false,
};

fn read_rerank(body: &Value, _: &Route) -> Request {
    let mut request = Request { model: model_in(body), ..Request::default() };
    take_parameters(body, &mut request);
    let text_of_document =
        |document: &Value| text(document, "text").map_or_else(|| document.clone(), Value::from);
    request.documents = list(body, "documents").iter().map(text_of_document).collect();
    request.inputs = Some(json!({"query": body.get("query"), "documents": body.get("documents")}));
    request
}

/// Keeps places and scores; what stands there is added later, unless the answer has it.
fn read_ranking(event: &Value, reply: &mut Reply) {
    (reply.is_done, reply.has_content) = (true, true);
    reply.id = text(event, "id").map(str::to_owned).or(reply.id.take());
    reply.model = text(event, "model").map(str::to_owned).or(reply.model.take());
    let results = some_of(event, &["results", "data"]).and_then(Value::as_array);
    reply.outputs = results.map(|results| results.iter().map(ranked).collect());
    let holder = some_of(event, &["usage", "meta"]).unwrap_or(&Value::Null);
    reply.usage.take_openai(some_of(holder, &["tokens", "billed_units"]).unwrap_or(holder));
}

fn ranked(result: &Value) -> Value {
    let mut map = Map::new();
    map.extend(some(result, "index").map(|index| ("index".to_owned(), index.clone())));
    let score = some_of(result, &["relevance_score", "score"]);
    map.extend(score.map(|score| ("score".to_owned(), score.clone())));
    let document = some(result, "document");
    let content = document.and_then(|document| document.as_str().or_else(|| text(document, "text")));
    map.extend(content.map(|content| ("content".to_owned(), content.into())));
    Value::Object(map)
}

fn read_image_prompt(body: &Value, _: &Route) -> Request {
    let mut request = Request { model: model_in(body), ..Request::default() };
    take_parameters(body, &mut request);
    request.messages =
        text(body, "prompt").map(|prompt| message("user", vec![text_part(prompt)])).into_iter().collect();
    request
}

/// Says how many images came; the sieve has taken out their bytes.
fn read_images(event: &Value, reply: &mut Reply) {
    (reply.is_done, reply.has_content) = (true, true);
    let images = list(event, "data").iter().map(|image| match text_of(image, &["url"]) {
        Some(url) => json!({"url": url}),
        None => json!({"omitted": "bytes of an image"}),
    });
    reply.outputs = Some(images.collect());
    if let Some(usage) = some(event, "usage") {
        reply.usage.take_openai(usage);
    }
}

fn read_moderated(body: &Value, _: &Route) -> Request {
    Request { model: model_in(body), inputs: some(body, "input").cloned(), ..Request::default() }
}

fn read_moderation(event: &Value, reply: &mut Reply) {
    (reply.is_done, reply.has_content) = (true, true);
    reply.id = text(event, "id").map(str::to_owned).or(reply.id.take());
    reply.model = text(event, "model").map(str::to_owned).or(reply.model.take());
    reply.outputs = some(event, "results").cloned();
}
