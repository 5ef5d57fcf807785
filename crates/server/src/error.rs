//! The only place where a kind of error becomes a status: one table for each surface.
//!
//! A body of a 5xx hides the detail; its cause is logged here, once.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, StatusCode};
use serde_json::json;
use spanwise_api_types::native::FilterProblem;
use spanwise_ingest::IngestError;
use spanwise_model::{ErrorKind, IdError};
use spanwise_query::FilterDiagnostic;
use spanwise_store::StoreError;
use std::error::Error;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What a client is told to wait before it sends again, in seconds.
pub(crate) const RETRY_AFTER_SECONDS: u32 = 1;

/// How often it is logged that the server can't do something right now: clients may ask thousands of times a second.
const UNAVAILABLE_LOG_INTERVAL: Duration = Duration::from_secs(10);

type Cause = Box<dyn Error + Send + Sync>;

/// Why a request failed, before a surface has put it into its own words.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) kind: ErrorKind,
    pub(crate) message: String,
    pub(crate) cause: Option<Cause>,
}

impl Failure {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Failure { kind, message: message.into(), cause: None }
    }

    /// Returns the message for the client; that of a failure on our side is logged instead of sent.
    pub(crate) fn into_public_message(self) -> String {
        match self.kind {
            ErrorKind::Internal => {
                self.log();
                "internal error; the server's log has the cause".to_owned()
            }
            ErrorKind::Unavailable => {
                if is_unavailable_due() {
                    self.log();
                }
                "the server can't do this right now; retry later".to_owned()
            }
            _ => self.message,
        }
    }

    fn log(&self) {
        let mut causes = String::new();
        let mut next = self.cause.as_deref().and_then(|cause| cause.source());
        while let Some(cause) = next {
            causes.push_str(": ");
            causes.push_str(&cause.to_string());
            next = cause.source();
        }
        tracing::error!(kind = ?self.kind, "request failed: {}{causes}", self.message);
    }
}

/// Says whether it is time to log again that something is unavailable.
fn is_unavailable_due() -> bool {
    static LAST: Mutex<Option<Instant>> = Mutex::new(None);
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    let is_due = last.is_none_or(|last| last.elapsed() >= UNAVAILABLE_LOG_INTERVAL);
    if is_due {
        *last = Some(Instant::now());
    }
    is_due
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Failure { kind: error.kind(), message: error.to_string(), cause: Some(Box::new(error)) }
    }
}

impl From<IngestError> for Failure {
    fn from(error: IngestError) -> Self {
        Failure { kind: error.kind(), message: error.to_string(), cause: Some(Box::new(error)) }
    }
}

impl From<IdError> for Failure {
    fn from(error: IdError) -> Self {
        Failure::new(ErrorKind::InvalidArgument, error.to_string())
    }
}

/// The error codes of MLflow's API that we answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MlflowCode {
    InvalidParameterValue,
    BadRequest,
    /// Not in MLflow's table, which has no limit: its `BAD_REQUEST`, with the status that says what is wrong.
    BodyTooLarge,
    ResourceAlreadyExists,
    ResourceDoesNotExist,
    EndpointNotFound,
    PermissionDenied,
    Unauthenticated,
    ResourceExhausted,
    InternalError,
    NotImplemented,
    TemporarilyUnavailable,
}

impl MlflowCode {
    /// Returns name, status, `sqlstate` and `error_class`, as MLflow's table has them.
    fn row(self) -> (&'static str, StatusCode, Option<(&'static str, &'static str)>) {
        const INVALID: Option<(&str, &str)> = Some(("KAM00", "INVALID_PARAMETER_VALUE"));
        const NOT_FOUND: Option<(&str, &str)> = Some(("KAM00", "RESOURCE_NOT_FOUND"));
        const INTERNAL: Option<(&str, &str)> = Some(("XXM00", "CLIENT_INTERNAL_ERROR"));
        const EXISTS: Option<(&str, &str)> = Some(("KAM00", "RESOURCE_ALREADY_EXISTS"));
        const DENIED: Option<(&str, &str)> = Some(("KAM00", "PERMISSION_DENIED"));
        match self {
            MlflowCode::InvalidParameterValue => {
                ("INVALID_PARAMETER_VALUE", StatusCode::BAD_REQUEST, INVALID)
            }
            MlflowCode::BadRequest => ("BAD_REQUEST", StatusCode::BAD_REQUEST, INVALID),
            MlflowCode::BodyTooLarge => ("BAD_REQUEST", StatusCode::PAYLOAD_TOO_LARGE, INVALID),
            // MLflow answers 400 where 409 would be expected, and its client relies on the code, not the status.
            MlflowCode::ResourceAlreadyExists => ("RESOURCE_ALREADY_EXISTS", StatusCode::BAD_REQUEST, EXISTS),
            MlflowCode::ResourceDoesNotExist => ("RESOURCE_DOES_NOT_EXIST", StatusCode::NOT_FOUND, NOT_FOUND),
            MlflowCode::EndpointNotFound => ("ENDPOINT_NOT_FOUND", StatusCode::NOT_FOUND, NOT_FOUND),
            MlflowCode::PermissionDenied => ("PERMISSION_DENIED", StatusCode::FORBIDDEN, DENIED),
            MlflowCode::Unauthenticated => ("UNAUTHENTICATED", StatusCode::UNAUTHORIZED, None),
            MlflowCode::ResourceExhausted => ("RESOURCE_EXHAUSTED", StatusCode::TOO_MANY_REQUESTS, None),
            MlflowCode::InternalError => ("INTERNAL_ERROR", StatusCode::INTERNAL_SERVER_ERROR, INTERNAL),
            MlflowCode::NotImplemented => ("NOT_IMPLEMENTED", StatusCode::NOT_IMPLEMENTED, None),
            MlflowCode::TemporarilyUnavailable => {
                ("TEMPORARILY_UNAVAILABLE", StatusCode::SERVICE_UNAVAILABLE, INTERNAL)
            }
        }
    }
}

impl From<ErrorKind> for MlflowCode {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::InvalidArgument => MlflowCode::InvalidParameterValue,
            ErrorKind::NotFound => MlflowCode::ResourceDoesNotExist,
            ErrorKind::AlreadyExists => MlflowCode::ResourceAlreadyExists,
            ErrorKind::Unauthenticated => MlflowCode::Unauthenticated,
            ErrorKind::PermissionDenied => MlflowCode::PermissionDenied,
            ErrorKind::Exhausted => MlflowCode::ResourceExhausted,
            ErrorKind::Unsupported => MlflowCode::NotImplemented,
            ErrorKind::Unavailable => MlflowCode::TemporarilyUnavailable,
            ErrorKind::Internal => MlflowCode::InternalError,
        }
    }
}

/// An error on MLflow's routes: `{error_code, message, sqlstate, error_class}`.
#[derive(Debug)]
pub(crate) struct MlflowError {
    pub(crate) code: MlflowCode,
    pub(crate) message: String,
}

/// The result of a handler on MLflow's routes.
pub(crate) type MlflowResult<T> = Result<T, MlflowError>;

impl MlflowError {
    pub(crate) fn new(code: MlflowCode, message: impl Into<String>) -> Self {
        MlflowError { code, message: message.into() }
    }

    /// An `INVALID_PARAMETER_VALUE`.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        MlflowError::new(MlflowCode::InvalidParameterValue, message)
    }
}

impl<E: Into<Failure>> From<E> for MlflowError {
    fn from(error: E) -> Self {
        let failure = error.into();
        MlflowError { code: failure.kind.into(), message: failure.into_public_message() }
    }
}

impl IntoResponse for MlflowError {
    fn into_response(self) -> Response {
        let (name, status, class) = self.code.row();
        let mut body = json!({"error_code": name, "message": self.message});
        if let Some((sqlstate, error_class)) = class {
            body["sqlstate"] = sqlstate.into();
            body["error_class"] = error_class.into();
        }
        with_retry_hint(status, (status, Json(body)).into_response())
    }
}

/// An error on the native routes: `application/problem+json` (RFC 9457).
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    pub(crate) detail: String,
    /// All that is wrong with a filter or an order.
    pub(crate) errors: Option<Vec<FilterProblem>>,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Problem { status, detail: detail.into(), errors: None }
    }

    /// A 400.
    pub(crate) fn invalid(detail: impl Into<String>) -> Self {
        Problem::new(StatusCode::BAD_REQUEST, detail)
    }

    /// A 400 for a filter or an order, which the parameter `name` holds.
    pub(crate) fn of_query(name: &str, diagnostics: Vec<FilterDiagnostic>) -> Self {
        let errors: Vec<FilterProblem> = diagnostics.into_iter().map(filter_problem).collect();
        let messages: Vec<&str> = errors.iter().map(|error| error.message.as_str()).collect();
        let detail = format!("parameter `{name}` can't be understood: {}", messages.join("; "));
        Problem { errors: Some(errors), ..Problem::invalid(detail) }
    }
}

/// Returns a problem of a filter as it is answered.
pub(crate) fn filter_problem(diagnostic: FilterDiagnostic) -> FilterProblem {
    FilterProblem {
        message: diagnostic.message,
        start: diagnostic.span.start,
        end: diagnostic.span.end,
        expected: diagnostic.expected,
        suggestion: diagnostic.suggestion,
    }
}

impl<E: Into<Failure>> From<E> for Problem {
    fn from(error: E) -> Self {
        let failure = error.into();
        Problem::new(http_status(failure.kind), failure.into_public_message())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let title = self.status.canonical_reason().unwrap_or("Error");
        let body = spanwise_api_types::native::Problem {
            r#type: "about:blank".to_owned(),
            title: title.to_owned(),
            status: self.status.as_u16(),
            detail: self.detail,
            errors: self.errors,
        };
        let mut response = (self.status, Json(body)).into_response();
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        with_retry_hint(self.status, response)
    }
}

/// The status of a kind on the native and OTLP routes.
pub(crate) fn http_status(kind: ErrorKind) -> StatusCode {
    match kind {
        ErrorKind::InvalidArgument => StatusCode::BAD_REQUEST,
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::AlreadyExists => StatusCode::CONFLICT,
        ErrorKind::Unauthenticated => StatusCode::UNAUTHORIZED,
        ErrorKind::PermissionDenied => StatusCode::FORBIDDEN,
        ErrorKind::Exhausted => StatusCode::TOO_MANY_REQUESTS,
        ErrorKind::Unsupported => StatusCode::NOT_IMPLEMENTED,
        ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The gRPC code of a kind.
pub(crate) fn grpc_code(kind: ErrorKind) -> tonic::Code {
    match kind {
        ErrorKind::InvalidArgument => tonic::Code::InvalidArgument,
        ErrorKind::NotFound => tonic::Code::NotFound,
        ErrorKind::AlreadyExists => tonic::Code::AlreadyExists,
        ErrorKind::Unauthenticated => tonic::Code::Unauthenticated,
        ErrorKind::PermissionDenied => tonic::Code::PermissionDenied,
        ErrorKind::Exhausted => tonic::Code::ResourceExhausted,
        ErrorKind::Unsupported => tonic::Code::Unimplemented,
        ErrorKind::Unavailable => tonic::Code::Unavailable,
        ErrorKind::Internal => tonic::Code::Internal,
    }
}

/// Adds `Retry-After` where the client shall come again.
pub(crate) fn with_retry_hint(status: StatusCode, mut response: Response) -> Response {
    if matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(RETRY_AFTER_SECONDS));
    }
    response
}
