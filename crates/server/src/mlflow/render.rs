//! One stored span as MLflow's clients read it.

use spanwise_genai::mlflow::{MlflowAttribute, mlflow_attributes, write_dict_span, write_proto_span};
use spanwise_genai::{PriceTable, derive};
use spanwise_model::ErrorKind;
use spanwise_otlp::{AnyValueView, LogRecordView, ResourceView, SpanView, parse_header};
use spanwise_store::{StoreError, StoreResult, StoredSpan};
use std::error::Error;

/// The two forms in which MLflow writes spans.
#[derive(Debug, Clone, Copy)]
pub(super) enum Form {
    /// The OTLP message in protobuf's field names, as `traces/get` answers it.
    Proto,
    /// Python's `Span.to_dict()`, as `traces.json` holds it.
    Dict,
}

/// Appends a span of the trace with this id, at the prices of its experiment.
pub(super) fn write_span(
    form: Form,
    stored: &StoredSpan,
    trace_id: &str,
    prices: &PriceTable,
    out: &mut String,
) -> StoreResult<()> {
    let span = SpanView::parse_in_scope(&stored.raw, &stored.scope.bytes).map_err(broken)?;
    let logs: Vec<LogRecordView<'_>> =
        stored.logs.iter().map(|raw| LogRecordView::parse(raw)).collect::<Result<_, _>>().map_err(broken)?;
    let derived = derive(&span, &logs, prices);
    let attributes = mlflow_attributes(&span, &derived, trace_id, service_name(stored)?);
    let write: fn(&SpanView<'_>, &[MlflowAttribute<'_>], &mut String) = match form {
        Form::Proto => write_proto_span,
        Form::Dict => write_dict_span,
    };
    write(&span, &attributes, out);
    Ok(())
}

fn service_name(stored: &StoredSpan) -> StoreResult<Option<&str>> {
    let (resource, _) = parse_header(&stored.resource.bytes).map_err(broken)?;
    let resource = ResourceView::parse(resource.unwrap_or_default()).map_err(broken)?;
    let name = resource.attributes().find_map(|(key, value)| match value {
        AnyValueView::String(name) if key == "service.name" => Some(name),
        _ => None,
    });
    Ok(name)
}

fn broken(error: impl Error + Send + Sync + 'static) -> StoreError {
    StoreError::with_source(ErrorKind::Internal, "a stored span can't be read", error)
}
