//! The web UI: files that the binary holds, and its page for every path that is nobody else's.

use axum::body::Body;
use axum::response::{Html, IntoResponse, Response};
use flate2::read::GzDecoder;
use http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY,
};
use http::{HeaderMap, HeaderValue, Method};
use std::io::Read;

/// The page of the UI.
const INDEX: &str = "index.html";
/// Where files live whose names change with their contents.
const HASHED: &str = "assets/";
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// Asks again each time, so that a new release is seen at once.
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");
/// What the page may load: this server's own files, and images that are part of a trace. Nothing of a trace is ever
/// run, and nothing is fetched from elsewhere.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; worker-src 'self' blob:; \
     connect-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'self'",
);

/// Answers a request that no route has: with a file of the UI, or with its page, whose own routes go on from there.
pub(crate) fn respond(method: &Method, path: &str, headers: &HeaderMap) -> Option<Response> {
    if !matches!(*method, Method::GET | Method::HEAD) || is_of_machines(path) {
        return None;
    }
    let file = path.trim_start_matches('/');
    if let Some(response) = file_response(file, headers) {
        return Some(response);
    }
    // What looks like a file of the build, and is not there, is no page; below pages, ids may have dots.
    let is_page = !file.starts_with(HASHED) && (file.contains('/') || !file.contains('.'));
    is_page.then(|| page(headers))
}

/// Returns the page of the UI; a build without one says so.
fn page(headers: &HeaderMap) -> Response {
    file_response(INDEX, headers).unwrap_or_else(|| {
        let mut response = Html(include_str!("start_page.html")).into_response();
        protect(response.headers_mut());
        response
    })
}

/// Adds what keeps a page from doing more than it should.
fn protect(headers: &mut HeaderMap) {
    headers.insert(CONTENT_SECURITY_POLICY, POLICY);
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
}

/// Says whether a path is of an API: what is missing there is an error, not a page.
fn is_of_machines(path: &str) -> bool {
    ["/api/", "/ajax-api/", "/v1/", "/otlp/"].iter().any(|prefix| path.starts_with(prefix))
}

fn file_response(file: &str, headers: &HeaderMap) -> Option<Response> {
    let compressed = spanwise_ui_assets::compressed(file).filter(|_| !file.is_empty())?;
    let takes_gzip = headers
        .get_all(ACCEPT_ENCODING)
        .iter()
        .any(|value| value.to_str().is_ok_and(|value| value.contains("gzip")));
    let mut response = Response::new(Body::empty());
    if takes_gzip {
        response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        *response.body_mut() = Body::from(compressed.into_owned());
    } else {
        let mut plain = Vec::new();
        GzDecoder::new(&*compressed).read_to_end(&mut plain).ok()?;
        *response.body_mut() = Body::from(plain);
    }
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type(file)));
    headers.insert(CACHE_CONTROL, if file.starts_with(HASHED) { FOR_EVER } else { ASK_AGAIN });
    protect(headers);
    Some(response)
}

fn media_type(file: &str) -> &'static str {
    match file.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "json" => "application/json",
        "woff2" => "font/woff2",
        "png" => "image/png",
        "ico" => "image/x-icon",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::StatusCode;

    fn answer(path: &str) -> Option<StatusCode> {
        respond(&Method::GET, path, &HeaderMap::new()).map(|response| response.status())
    }

    #[test]
    fn pages_are_answered_and_apis_are_not() {
        for page in ["/", "/traces", "/traces/tr-1", "/traces/my.own.id", "/sessions/a%20b"] {
            assert_eq!(answer(page), Some(StatusCode::OK), "{page}");
        }
        for other in ["/api/v1/nope", "/ajax-api/2.0/x", "/v1/nope", "/assets/nope.js", "/favicon.nope"] {
            assert_eq!(answer(other), None, "{other}");
        }
        assert!(respond(&Method::POST, "/traces", &HeaderMap::new()).is_none());
    }
}
