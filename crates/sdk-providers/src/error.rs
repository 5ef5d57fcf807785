//! What went wrong with a call.

use crate::json::{text, text_of};
use serde_json::Value;
use spanwise_sdk_core::{SpanRef, without_url_secrets};

/// Bytes of an error body that are looked at.
pub(crate) const ERROR_BYTES_MAX: usize = 64 << 10;
/// Bytes of an error's text that are kept.
const MESSAGE_BYTES_MAX: usize = 4096;

/// Why a call failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Failure {
    /// The provider refused, or said so in the middle of its answer.
    #[error("{message}")]
    Provider {
        /// The provider's word for it, if it has one.
        kind: Option<String>,
        message: String,
    },
    /// The status says so, and the body nothing.
    #[error("HTTP {0}")]
    Status(u16),
    #[error("the answer broke off before its end")]
    CutOff,
    #[error("the answer is not what its protocol says: {0}")]
    Malformed(String),
    #[error("{0}")]
    Transport(String),
}

impl Failure {
    /// Returns what a client says, whose URL may hold a key.
    pub(crate) fn of_transport(text: &str) -> Failure {
        Failure::Transport(cut(&without_url_secrets(text)))
    }

    /// Returns the value of `error.type`, of which there are few.
    pub(crate) fn kind(&self) -> String {
        match self {
            Failure::Provider { kind: Some(kind), .. } => kind.clone(),
            Failure::Provider { kind: None, .. } => "provider_error".to_owned(),
            Failure::Status(status) => status.to_string(),
            Failure::CutOff => "incomplete_response".to_owned(),
            Failure::Malformed(_) => "malformed_response".to_owned(),
            // All that is known of it is a text, and the clients say this in the same words.
            Failure::Transport(text) if text.contains("timed out") => "timeout".to_owned(),
            Failure::Transport(_) => "transport_error".to_owned(),
        }
    }
}

impl Failure {
    /// Fails a span.
    pub(crate) fn record(&self, span: &SpanRef) {
        span.set_attribute("error.type", self.kind());
        span.set_error(&self.to_string());
    }
}

/// Fails the span of a request that no response came to. What may be secret in the URLs of the error is left out.
pub fn record_failure(span: &SpanRef, error: &str) {
    Failure::of_transport(error).record(span);
}

/// Returns what a body with an error says.
pub(crate) fn of_status(status: u16, error_header: Option<&str>, body: &[u8]) -> Failure {
    let value: Option<Value> = serde_json::from_slice(body).ok();
    let told = value.as_ref().and_then(of_value);
    // Bedrock's header may carry a URL behind the name.
    let header = error_header.map(|name| name.split([':', '#']).next().unwrap_or(name).to_owned());
    let (kind, message) = match told {
        Some(Failure::Provider { kind, message }) => (header.or(kind), message),
        _ => (header, cut(String::from_utf8_lossy(body).trim())),
    };
    match message.is_empty() && kind.is_none() {
        true => Failure::Status(status),
        false => {
            let kind = kind.or_else(|| Some(status.to_string()));
            let separator = if message.is_empty() { "" } else { ": " };
            Failure::Provider { kind, message: format!("HTTP {status}{separator}{message}") }
        }
    }
}

/// Returns the error that a value is: `{"error": …}` of any kind, or a message alone.
pub(crate) fn of_value(value: &Value) -> Option<Failure> {
    // Gemini's streams wrap it into a list.
    let value = value.as_array().and_then(|list| list.first()).unwrap_or(value);
    let inner = value.get("error").filter(|error| !error.is_null()).unwrap_or(value);
    if let Some(message) = inner.as_str() {
        return Some(Failure::Provider { kind: None, message: cut(message) });
    }
    let message = text_of(inner, &["message", "Message", "detail", "error_description", "msg"])?;
    let code = inner.get("code").filter(|code| code.is_string() || code.is_number());
    let code = code.map(|code| code.as_str().map_or_else(|| code.to_string(), str::to_owned));
    let kind = text_of(inner, &["type", "status", "__type"]).filter(|kind| *kind != "error");
    let kind = kind.map(str::to_owned).or(code);
    Some(Failure::Provider { kind, message: cut(message) })
}

/// Returns the error in an event of a stream, which has one only under that name.
pub(crate) fn in_event(event: &Value) -> Option<Failure> {
    let is_error = event.get("error").is_some_and(|error| error.is_object() || error.is_string());
    let is_named = text(event, "type") == Some("error") || text(event, "object") == Some("error");
    if is_error || is_named { of_value(event) } else { None }
}

/// Returns at most so much of a text.
pub(crate) fn cut(text: &str) -> String {
    let mut end = text.len().min(MESSAGE_BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &str, kind: &str, message: &str) {
        let failure = of_status(429, None, body.as_bytes());
        assert_eq!((failure.kind().as_str(), failure.to_string().as_str()), (kind, message), "{body}");
    }

    #[test]
    fn errors_of_each_provider_are_read() {
        check(
            r#"{"error":{"message":"slow","type":"rate_limit","code":"r"}}"#,
            "rate_limit",
            "HTTP 429: slow",
        );
        check(
            r#"{"type":"error","error":{"type":"overloaded_error","message":"busy"}}"#,
            "overloaded_error",
            "HTTP 429: busy",
        );
        check(
            r#"{"error":{"code":429,"message":"no","status":"RESOURCE_EXHAUSTED"}}"#,
            "RESOURCE_EXHAUSTED",
            "HTTP 429: no",
        );
        check(r#"[{"error":{"code":429,"message":"no"}}]"#, "429", "HTTP 429: no");
        check(r#"{"error":"model not found"}"#, "429", "HTTP 429: model not found");
        check(r#"{"id":"x","message":"invalid"}"#, "429", "HTTP 429: invalid");
        check("<html>busy</html>", "429", "HTTP 429: <html>busy</html>");
        check("", "429", "HTTP 429");
        let bedrock = of_status(400, Some("ValidationException:http://x"), br#"{"message":"bad"}"#);
        assert_eq!(bedrock.kind(), "ValidationException");
    }
}
