//! The description of the native API.

use super::parameter::Parameters;
use crate::error::Problem;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use serde_json::Value;
use utoipa::OpenApi;
use utoipa::openapi::OpenApi as Document;

/// Schemas of what clients send; all others are answers.
const REQUESTS: [&str; 26] = [
    "NewExperiment",
    "TagValue",
    "NewAssessment",
    "AssessmentChange",
    "BulkRequest",
    "BulkTagRequest",
    "NewPriceOverride",
    "NewLabelSchema",
    "LabelSchemaChange",
    "NewReviewQueue",
    "ReviewQueueChange",
    "AddToReview",
    "RemoveFromReview",
    "ClaimReviews",
    "ByReviewer",
    "ReopenReview",
    "CompleteReview",
    "GivenAnswer",
    "NewDataset",
    "DatasetUpdate",
    "NewDatasetRecord",
    "NewDatasetRecords",
    "DatasetRecordEdit",
    "DatasetRecordRemoval",
    "RecordsFromTraces",
    "SpanOfTrace",
];

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Spanwise",
        description = "The native API of Spanwise. Times are nanoseconds since the epoch as decimal text; durations are numbers of nanoseconds. It only grows: unknown fields in answers are to be ignored, unknown query parameters are errors.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    tags(
        (name = "traces", description = "Lists, figures, one trace"),
        (name = "metrics", description = "Sums over time"),
        (name = "filter", description = "The filter language"),
        (name = "assessments", description = "Feedback and expectations"),
        (name = "sessions", description = "Conversations"),
        (name = "experiments", description = "The folders that traces live in"),
        (name = "datasets", description = "Evaluation datasets, their records and versions"),
        (name = "prompts", description = "Prompts and their versions"),
        (name = "reviews", description = "Traces that people look at, and the questions that they answer"),
        (name = "versions", description = "The versions of an application, compared"),
        (name = "scorers", description = "Scorers that run in the server, and what came of them"),
        (name = "prices", description = "What tokens cost"),
        (name = "export", description = "Out of one store and into another"),
        (name = "server", description = "The server itself"),
    ),
)]
pub(super) struct Described;

/// Returns a document as it is served: answers always hold all of their fields, so that clients need not ask.
pub(super) fn served(document: &Document) -> Value {
    let mut json = serde_json::to_value(document).unwrap_or_default();
    for operations in json["paths"].as_object_mut().into_iter().flat_map(|paths| paths.values_mut()) {
        operations.as_object_mut().into_iter().flat_map(|all| all.values_mut()).for_each(name_operation);
    }
    let Some(schemas) = json["components"]["schemas"].as_object_mut() else { return json };
    for (name, schema) in schemas {
        if !REQUESTS.contains(&name.as_str()) && name != "Problem" && name != "Source" {
            require_all(schema);
        }
    }
    json
}

/// Names an operation after its group too: the names of functions are unique only there.
fn name_operation(operation: &mut Value) {
    let (group, name) = (operation["tags"][0].as_str(), operation["operationId"].as_str());
    if let (Some(group), Some(name)) = (group, name) {
        operation["operationId"] = format!("{group}_{name}").into();
    }
}

fn require_all(schema: &mut Value) {
    if let Some(alternatives) = schema["oneOf"].as_array_mut() {
        alternatives.iter_mut().for_each(require_all);
    }
    let keys =
        schema["properties"].as_object().map(|properties| properties.keys().cloned().collect::<Vec<_>>());
    if let Some(keys) = keys {
        schema["required"] = keys.into();
    }
}

/// Returns the route that serves a document, which is kept as the text that is sent: as a tree it would take several MB.
pub(super) fn route<S: Clone + Send + Sync + 'static>(document: &Document) -> axum::routing::MethodRouter<S> {
    let text = Bytes::from(served(document).to_string());
    get(async move |parameters: Parameters| -> Result<Response, Problem> {
        parameters.finish()?;
        Ok(([(CONTENT_TYPE, "application/json")], text).into_response())
    })
}
