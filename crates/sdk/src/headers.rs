//! Trace context in the headers of the crate `http`, which axum, tonic, reqwest and hyper share.
//!
//! ```
//! # fn send(_: http::HeaderMap) {}
//! // A reqwest request takes it with `.headers(…)`, a tonic one with `MetadataMap::from_headers(…)`.
//! send(spanwise::headers::current());
//! ```

use crate::{SpanRef, propagation};
use http::{HeaderMap, HeaderName, HeaderValue};

/// Returns the headers that a request should have, so that what it causes belongs to the current span.
pub fn current() -> HeaderMap {
    let mut headers = HeaderMap::new();
    inject(&SpanRef::current(), &mut headers);
    headers
}

/// Sets the headers that name `span`.
pub fn inject(span: &SpanRef, headers: &mut HeaderMap) {
    propagation::inject(span, |name, value| {
        // What came as a header is one, and what is made here is ASCII.
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    });
}

/// Returns the span in another process that a request came from; no span, if its headers name none.
pub fn extract(headers: &HeaderMap) -> SpanRef {
    propagation::extract(|name| headers.get(name)?.to_str().ok())
}
