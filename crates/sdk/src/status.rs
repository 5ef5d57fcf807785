//! What a status of HTTP says of a span.

use crate::SpanRef;
use http::StatusCode;

/// Records a status as the server sees it: what its callers did wrong is no failure.
#[cfg(feature = "tower")]
pub(crate) fn server_status(span: &SpanRef, status: StatusCode) {
    record(span, status, status.is_server_error());
}

/// Records a status as the client sees it.
pub(crate) fn client_status(span: &SpanRef, status: StatusCode) {
    record(span, status, status.is_server_error() || status.is_client_error());
}

fn record(span: &SpanRef, status: StatusCode, is_failure: bool) {
    span.set_attribute("http.response.status_code", status.as_u16());
    if is_failure {
        span.set_error(&status.to_string());
    }
}
