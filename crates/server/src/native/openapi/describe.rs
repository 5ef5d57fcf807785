//! Makes the description from the code.

use crate::described::ApiRouter;
use serde_json::Value;
use utoipa::OpenApi;

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
struct Described;

/// Returns the document of the routes: answers always hold all of their fields, so that clients need not ask.
pub(in crate::native) fn made(routes: ApiRouter) -> Value {
    let document = routes.describe(Described::openapi(), super::super::ROOT);
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
