//! Answers of OTLP/HTTP: export responses and `google.rpc.Status`, in the encoding of the request.
//!
//! <https://opentelemetry.io/docs/specs/otlp/#otlphttp-response>

use super::body::BodyError;
use crate::error::{Failure, grpc_code, http_status, with_retry_hint};
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use prost::Message;
use serde_json::json;
use spanwise_ingest::{Format, IngestError, IngestOutcome};
use spanwise_model::ErrorKind;

/// The signals of OTLP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signal {
    Traces,
    Logs,
    Metrics,
}

/// `Export{Trace,Logs,Metrics}ServiceResponse`: the three have the same fields and numbers.
#[derive(Clone, PartialEq, Message)]
struct ExportResponse {
    #[prost(message, tag = "1")]
    partial_success: Option<PartialSuccess>,
}

#[derive(Clone, PartialEq, Message)]
struct PartialSuccess {
    #[prost(int64, tag = "1")]
    rejected: i64,
    #[prost(string, tag = "2")]
    error_message: String,
}

/// `google.rpc.Status` without details.
#[derive(Clone, PartialEq, Message)]
struct RpcStatus {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
}

/// Encodes the export response of an outcome; all accepted is an empty message.
pub(crate) fn export_response(outcome: &IngestOutcome) -> Vec<u8> {
    let partial = PartialSuccess {
        rejected: i64::try_from(outcome.rejected).unwrap_or(i64::MAX),
        error_message: outcome.reason.clone(),
    };
    ExportResponse { partial_success: (outcome.rejected > 0).then_some(partial) }.encode_to_vec()
}

/// Answers 200 with the export response of an outcome.
pub(crate) fn success(signal: Signal, format: Format, outcome: &IngestOutcome) -> Response {
    let body = match format {
        Format::Protobuf => export_response(outcome),
        Format::Json => export_response_json(signal, outcome),
    };
    reply(StatusCode::OK, format, body)
}

fn export_response_json(signal: Signal, outcome: &IngestOutcome) -> Vec<u8> {
    if outcome.rejected == 0 {
        return b"{}".to_vec();
    }
    let count = match signal {
        Signal::Traces => "rejectedSpans",
        Signal::Logs => "rejectedLogRecords",
        Signal::Metrics => "rejectedDataPoints",
    };
    // Protobuf's JSON mapping writes 64-bit integers as strings.
    json!({"partialSuccess": {count: outcome.rejected.to_string(), "errorMessage": outcome.reason}})
        .to_string()
        .into_bytes()
}

/// Why an OTLP/HTTP request failed.
#[derive(Debug)]
pub(crate) struct OtlpError {
    status: StatusCode,
    code: tonic::Code,
    message: String,
}

impl OtlpError {
    /// An error of the transport, which no kind describes: a wrong media type, a body that is too large.
    pub(crate) fn transport(status: StatusCode, message: impl Into<String>) -> Self {
        OtlpError { status, code: tonic::Code::InvalidArgument, message: message.into() }
    }

    /// Writes the error in the encoding of the request.
    pub(crate) fn into_reply(self, format: Format) -> Response {
        let code = self.code as i32;
        let body = match format {
            Format::Protobuf => RpcStatus { code, message: self.message }.encode_to_vec(),
            Format::Json => json!({"code": code, "message": self.message}).to_string().into_bytes(),
        };
        with_retry_hint(self.status, reply(self.status, format, body))
    }
}

impl From<Failure> for OtlpError {
    fn from(failure: Failure) -> Self {
        OtlpError {
            status: http_status(failure.kind),
            code: grpc_code(failure.kind),
            message: failure.into_public_message(),
        }
    }
}

impl From<IngestError> for OtlpError {
    fn from(error: IngestError) -> Self {
        Failure::from(error).into()
    }
}

impl From<BodyError> for OtlpError {
    fn from(error: BodyError) -> Self {
        let message = error.to_string();
        match error {
            BodyError::TooLarge(_) => OtlpError::transport(StatusCode::PAYLOAD_TOO_LARGE, message),
            BodyError::Corrupt(_) => OtlpError::transport(StatusCode::BAD_REQUEST, message),
            BodyError::Interrupted => OtlpError::transport(StatusCode::REQUEST_TIMEOUT, message),
            BodyError::Exhausted(_) => Failure::new(ErrorKind::Exhausted, message).into(),
        }
    }
}

fn reply(status: StatusCode, format: Format, body: Vec<u8>) -> Response {
    let content_type = match format {
        Format::Protobuf => "application/x-protobuf",
        Format::Json => "application/json",
    };
    (status, [(CONTENT_TYPE, HeaderValue::from_static(content_type))], body).into_response()
}
