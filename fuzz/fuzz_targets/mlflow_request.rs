//! Any JSON object is a request of MLflow's API or a refusal with a short message, from a body and from a query string.

#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};
use spanwise_api_types::mlflow::experiment::{
    CreateExperiment, DeleteExperimentTag, GetExperimentByName, OneExperiment, SearchExperiments,
    SetExperimentTag, UpdateExperiment,
};
use spanwise_api_types::mlflow::field::{Fields, FromFields};
use spanwise_api_types::mlflow::new_assessment::{CreateAssessment, UpdateAssessment};
use spanwise_api_types::mlflow::start_trace::StartTrace;
use spanwise_api_types::mlflow::tag::{DeleteTraceTag, SetTraceTag};
use spanwise_api_types::mlflow::trace::{
    BatchGetTraces, DeleteTraces, GetTrace, LinkPrompts, LinkTracesToRun, SearchTraces, SearchTracesV2,
};

/// Longer than any message that repeats a piece of the request may be.
const MESSAGE_BYTES_MAX: usize = 4_096;

fuzz_target!(|body: &[u8]| {
    let Ok(Value::Object(object)) = serde_json::from_slice(body) else { return };
    for read in [
        read::<CreateExperiment>,
        read::<DeleteExperimentTag>,
        read::<GetExperimentByName>,
        read::<OneExperiment>,
        read::<SearchExperiments>,
        read::<SetExperimentTag>,
        read::<UpdateExperiment>,
        read::<CreateAssessment>,
        read::<UpdateAssessment>,
        read::<StartTrace>,
        read::<DeleteTraceTag>,
        read::<SetTraceTag>,
        read::<BatchGetTraces>,
        read::<DeleteTraces>,
        read::<GetTrace>,
        read::<LinkPrompts>,
        read::<LinkTracesToRun>,
        read::<SearchTraces>,
        read::<SearchTracesV2>,
    ] {
        read(&object);
    }
});

fn read<T: FromFields>(object: &Map<String, Value>) {
    for fields in [Fields::of_body(object), Fields::of_query(object)] {
        if let Err(error) = T::from_fields(&fields) {
            assert!(error.to_string().len() <= MESSAGE_BYTES_MAX, "{error}");
        }
    }
}
