//! Host and Origin checks, CORS and security headers.
//!
//! A web page can make its own name resolve to 127.0.0.1 (DNS rebinding) and then talk to a local server as if it were
//! its own; its browser tells on it in `Host` and `Origin`, so both are held against allow-lists.

use crate::App;
use crate::app::ServerConfig;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, HOST, ORIGIN,
    SERVER, VARY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use std::net::IpAddr;

/// Seconds for which a browser may remember a preflight.
const PREFLIGHT_MAX_AGE: &str = "600";

/// Lets a request of the main port pass if its host and origin are allowed.
pub(crate) async fn check_host_and_origin(State(app): State<App>, request: Request, next: Next) -> Response {
    let host = host_of(&request);
    if !host_is_allowed(&app.config, host.as_deref()) {
        return forbidden(format!(
            "the host `{}` is not allowed; start the server with --allowed-hosts {} to allow it\n",
            host.as_deref().unwrap_or("(none)"),
            host.as_deref().unwrap_or("NAME"),
        ));
    }
    check_origin(&app.config, host.as_deref(), request, next).await
}

/// Lets a request of the OTLP port pass if it comes from no web page, or from an allowed one.
///
/// The host is not checked: collectors reach this port by all kinds of names, and a page's POST always has an Origin.
pub(crate) async fn check_origin_only(State(app): State<App>, request: Request, next: Next) -> Response {
    check_origin(&app.config, None, request, next).await
}

/// Adds the headers that every answer has: those of MLflow's server, and our name, by which the command line tells a
/// running server from MLflow's own on the same port.
pub(crate) async fn add_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN"));
    headers.insert(VARY, HeaderValue::from_static("Origin"));
    headers.insert(SERVER, HeaderValue::from_static(concat!("spanwise/", env!("CARGO_PKG_VERSION"))));
    response
}

async fn check_origin(config: &ServerConfig, host: Option<&str>, request: Request, next: Next) -> Response {
    let Some(origin) = request.headers().get(ORIGIN).cloned() else {
        return next.run(request).await;
    };
    let text = origin.to_str().unwrap_or("(not text)");
    if !origin_is_allowed(config, host, text) {
        return forbidden(format!(
            "requests from the web origin `{text}` are not allowed; start the server with --allowed-origins {text} \
             to allow them\n"
        ));
    }
    let mut response = match preflight(&request) {
        Some(response) => response,
        None => next.run(request).await,
    };
    response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    response
}

/// Answers a preflight: whatever an allowed origin wants to send, it may.
fn preflight(request: &Request) -> Option<Response> {
    let headers = request.headers();
    if request.method() != Method::OPTIONS || !headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD) {
        return None;
    }
    let mut answer = HeaderMap::new();
    answer.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE"));
    answer.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(PREFLIGHT_MAX_AGE));
    if let Some(wanted) = headers.get(ACCESS_CONTROL_REQUEST_HEADERS) {
        answer.insert(ACCESS_CONTROL_ALLOW_HEADERS, wanted.clone());
    }
    Some((StatusCode::NO_CONTENT, answer).into_response())
}

fn forbidden(text: String) -> Response {
    tracing::warn!("refused a request: {}", text.trim_end());
    (StatusCode::FORBIDDEN, text).into_response()
}

/// Returns the authority that a request is for: of its target (HTTP/2) or its `Host` header.
fn host_of(request: &Request) -> Option<String> {
    let of_target = request.uri().authority().map(|authority| authority.as_str().to_owned());
    of_target.or_else(|| Some(request.headers().get(HOST)?.to_str().ok()?.to_owned()))
}

fn host_is_allowed(config: &ServerConfig, host: Option<&str>) -> bool {
    // HTTP/1.0 probes send no host; no browser does that.
    let Some(host) = host else { return true };
    let Ok(authority) = host.parse::<Authority>() else { return false };
    is_loopback(authority.host())
        || config.allowed_hosts.iter().any(|allowed| host_matches(allowed, &authority))
}

fn origin_is_allowed(config: &ServerConfig, host: Option<&str>, origin: &str) -> bool {
    if config.allowed_origins.iter().any(|allowed| allowed == "*" || allowed.eq_ignore_ascii_case(origin)) {
        return true;
    }
    let Some((_, authority)) = origin.split_once("://") else { return false };
    // A page that this server itself has served; its host was checked.
    if host.is_some_and(|host| host.eq_ignore_ascii_case(authority)) {
        return true;
    }
    authority.parse::<Authority>().is_ok_and(|authority| is_loopback(authority.host()))
}

/// Compares with `name`, `name:port`, `*.domain` or `*`.
fn host_matches(allowed: &str, authority: &Authority) -> bool {
    let name = authority.host();
    if let Some(domain) = allowed.strip_prefix('*') {
        return domain.is_empty() || name.to_ascii_lowercase().ends_with(&domain.to_ascii_lowercase());
    }
    allowed.eq_ignore_ascii_case(name) || allowed.eq_ignore_ascii_case(authority.as_str())
}

fn is_loopback(name: &str) -> bool {
    let name = name.trim_start_matches('[').trim_end_matches(']');
    let is_address = name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    // RFC 6761: `localhost` and everything below it is the loopback.
    is_address || name.eq_ignore_ascii_case("localhost") || name.to_ascii_lowercase().ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> ServerConfig {
        let own = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        ServerConfig {
            allowed_hosts: own(&["spanwise.internal", "exact.internal:5000", "*.apps.internal"]),
            allowed_origins: own(&["https://app.example.com"]),
            ..ServerConfig::default()
        }
    }

    fn check_host(host: &str, expected: bool) {
        assert_eq!(host_is_allowed(&config(), Some(host)), expected, "{host}");
    }

    #[test]
    fn loopback_and_configured_hosts_are_allowed() {
        for host in ["localhost", "LOCALHOST:5000", "127.0.0.1:1", "127.9.9.9", "[::1]:5000", "a.localhost"] {
            check_host(host, true);
        }
        for host in ["spanwise.internal:9", "Spanwise.Internal", "exact.internal:5000", "x.apps.internal:1"] {
            check_host(host, true);
        }
    }

    #[test]
    fn other_hosts_are_refused() {
        for host in
            ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.1", "", "a b"]
        {
            check_host(host, false);
        }
        for host in
            ["exact.internal:5001", "apps.internal.evil.example", "notapps.internal", "user@localhost@evil"]
        {
            check_host(host, false);
        }
    }

    fn check_origin(host: Option<&str>, origin: &str, expected: bool) {
        assert_eq!(origin_is_allowed(&config(), host, origin), expected, "{origin}");
    }

    #[test]
    fn origins_are_loopback_own_or_configured() {
        check_origin(None, "http://localhost:3000", true);
        check_origin(None, "http://[::1]:3000", true);
        check_origin(None, "https://app.example.com", true);
        check_origin(Some("spanwise.internal"), "http://spanwise.internal", true);
        check_origin(None, "http://spanwise.internal", false);
        check_origin(None, "https://app.example.com.evil.example", false);
        check_origin(None, "http://evil.example:4318", false);
        check_origin(None, "null", false);
    }
}
