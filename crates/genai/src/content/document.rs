//! What a retriever or a reranker returned.

use super::body::is_repr;
use super::flat::flat_tree;
use super::json::{body_tree, map_at, parsed, string_at, value_at};
use super::part::Document;
use super::source::keys_of;
use crate::value::ValueRef;
use serde_json::{Map, Value};
use spanwise_otlp::{EventView, SpanView};

/// Keys that hold the list of documents.
const LISTS: &[&str] = &[
    "documents",
    "docs",
    "results",
    "retrievalResults",
    "nodes",
    "source_nodes",
    "output",
    "result",
    "matches",
    "hits",
    "chunks",
    "data",
    "context",
];
/// Maps around a document that say more of it, such as its score.
const WRAPPERS: &[&str] = &["document", "node", "kwargs", "payload"];
/// Deepest wrapper inside wrapper that is opened.
const LEVELS_MAX: usize = 4;

const CONTENTS: &[&str] =
    &["page_content", "pageContent", "content", "text", "body", "passage", "snippet", "chunk"];
const IDS: &[&str] = &["id", "id_", "node_id", "doc_id", "document_id", "_id", "file_id"];
const SCORES: &[&str] = &["score", "relevance_score", "relevanceScore", "similarity", "_score"];
const METADATA: &[&str] = &["metadata", "meta", "extra_info", "attributes"];

/// Returns the documents that a span returned; `None` if there are none.
///
/// `outputs` are looked into if `is_retrieval`; attributes of documents count on any span.
pub(crate) fn read_documents(
    span: &SpanView<'_>,
    outputs: Option<&Value>,
    is_retrieval: bool,
) -> Option<Vec<Document>> {
    let mut trees = keys_of(|dialect| dialect.flat_documents).filter_map(|prefix| flat_tree(span, prefix));
    let flat = trees.find_map(|tree| documents_in(&tree, 1));
    let flat = flat.or_else(|| documents_in_events(span));
    flat.or_else(|| documents_in(outputs.filter(|_| is_retrieval)?, LEVELS_MAX))
}

/// Reads documents of which each is an event.
fn documents_in_events(span: &SpanView<'_>) -> Option<Vec<Document>> {
    let names: Vec<&str> = keys_of(|dialect| dialect.document_events).collect();
    let found = span.events().filter(|event| names.contains(&event.name));
    let documents: Vec<_> = found.map(|event| document_of_event(&event)).collect();
    (!documents.is_empty()).then_some(documents)
}

/// Reads what a vector store found; a distance, which is no score, is put to the metadata.
fn document_of_event(event: &EventView<'_>) -> Document {
    let field = |name: &str| {
        event.attributes().find_map(|(key, value)| {
            let rest = key.strip_prefix(event.name)?.strip_prefix('.')?;
            (rest == name).then(|| body_tree(&ValueRef::Native(value))).filter(|value| !value.is_null())
        })
    };
    let text = |value: Value| match value {
        Value::String(text) => text,
        value => value.to_string(),
    };
    let told = ["metadata", "entity"].into_iter().find_map(field);
    let of_metadata = told.as_ref().and_then(content);
    let mut metadata = match told {
        Some(Value::Object(map)) => map,
        _ => Map::new(),
    };
    metadata.extend(field("distance").map(|distance| ("distance".to_owned(), distance)));
    Document {
        id: field("id").map(text),
        content: field("document").map(text).or(of_metadata).unwrap_or_default(),
        score: field("score").and_then(|score| score.as_f64()),
        metadata,
    }
}

fn documents_in(value: &Value, levels: usize) -> Option<Vec<Document>> {
    let levels = levels.checked_sub(1)?;
    if let Value::Array(list) = value {
        let documents: Option<Vec<_>> = list.iter().map(document).collect();
        // Batches: a list of lists.
        let nested = || match list.as_slice() {
            [only] if only.is_array() => documents_in(only, levels),
            _ => None,
        };
        return documents.or_else(nested).filter(|documents| !documents.is_empty());
    }
    LISTS.iter().find_map(|key| documents_in(value.get(*key)?, levels))
}

fn document(value: &Value) -> Option<Document> {
    match value {
        Value::String(text) if is_repr(text) => None,
        Value::String(text) => Some(Document { content: text.clone(), ..Document::default() }),
        Value::Array(pair) => scored_pair(pair),
        Value::Object(_) => document_of_map(value),
        _ => None,
    }
}

/// LangChain returns a document with its score as a pair.
fn scored_pair(pair: &[Value]) -> Option<Document> {
    let [value, score] = pair else { return None };
    let document = document_of_map(value)?;
    Some(Document { score: Some(score.as_f64()?), ..document })
}

/// Reads a document; what its wrappers say counts where it is silent.
fn document_of_map(value: &Value) -> Option<Document> {
    let mut layers = vec![value];
    while layers.len() < LEVELS_MAX
        && let Some(inner) = map_at(layers[layers.len() - 1], WRAPPERS)
    {
        layers.push(inner);
    }
    let inside_out = || layers.iter().rev();
    let plain = || inside_out().find_map(|layer| layer.get("document")?.as_str()).map(str::to_owned);
    Some(Document {
        content: inside_out().find_map(|layer| content(layer)).or_else(plain)?,
        // The id of a LangChain dump is the path of its class, which is no text.
        id: inside_out().find_map(|layer| string_at(layer, IDS)),
        score: inside_out().find_map(|layer| score(layer)),
        metadata: inside_out().find_map(|layer| metadata(layer)).unwrap_or_default(),
    })
}

fn content(layer: &Value) -> Option<String> {
    match value_at(layer, CONTENTS)? {
        Value::String(text) if is_repr(text) => None,
        Value::String(text) => Some(text.clone()),
        Value::Array(blocks) => {
            let texts: Option<Vec<_>> = blocks.iter().map(|block| block.get("text")?.as_str()).collect();
            texts.map(|texts| texts.join("\n"))
        }
        inner => inner.get("text")?.as_str().map(str::to_owned),
    }
}

/// MLflow keeps the score in the metadata.
fn score(layer: &Value) -> Option<f64> {
    let own = value_at(layer, SCORES).and_then(Value::as_f64);
    own.or_else(|| value_at(map_at(layer, METADATA)?, SCORES)?.as_f64())
}

fn metadata(layer: &Value) -> Option<Map<String, Value>> {
    match parsed(value_at(layer, METADATA)?.clone()) {
        Value::Object(map) => Some(map),
        _ => None,
    }
}
