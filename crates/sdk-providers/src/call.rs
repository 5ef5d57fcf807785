//! A request that calls a provider: recognising it, and what of it goes on a span.

use crate::answer::Answer;
use crate::protocol::{self, Operation, Protocol};
use crate::provider::provider_at;
use crate::request::Request;
use crate::route::Route;
use serde_json::Value;
use spanwise_sdk_core::{Kind, Span, SpanBuilder, SpanRef, StartOptions};
use std::time::Instant;

/// Bytes of a request that are read; a larger one is recognised by its path alone, and recorded without its contents.
pub const REQUEST_BYTES_MAX: usize = 8 << 20;
/// Set where a request was not read.
const UNREAD: &str = "spanwise.request.unread";
/// How many bytes it had, if that is known.
const OMITTED: &str = "spanwise.request.omitted_bytes";

/// What comes before the body of a request.
#[derive(Clone, Copy)]
pub struct RequestHead<'a> {
    /// The method, such as `POST`.
    pub method: &'a str,
    /// The address, or its path alone.
    pub url: &'a str,
    /// Returns the value of a header, whose name is in lower case.
    pub header: &'a dyn Fn(&str) -> Option<&'a str>,
}

impl std::fmt::Debug for RequestHead<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Addresses may hold keys.
        f.debug_struct("RequestHead").field("method", &self.method).finish_non_exhaustive()
    }
}

/// The body of a request, as far as it is known before it is sent.
#[derive(Debug, Clone, Copy)]
pub enum RequestBody<'a> {
    /// All of it.
    Bytes(&'a [u8]),
    /// It is not in memory; with its length, if that is known.
    Unread(Option<u64>),
}

/// What is recorded of calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// Whether prompts, answers, and tools go on the span; else only models, parameters, tokens and how it ended do.
    pub content: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options { content: true }
    }
}

impl Options {
    /// Returns options that leave out what was said.
    pub fn without_content() -> Options {
        Options { content: false }
    }
}

/// A call of a provider.
#[derive(Debug)]
pub struct Call {
    pub(crate) protocol: &'static Protocol,
    pub(crate) request: Request,
    pub(crate) options: Options,
    pub(crate) began: Instant,
    route: Route,
    provider: &'static str,
    /// It was not read; with its length, if that is known.
    unread: Option<Option<u64>>,
}

/// Returns whether a request may be a call of a provider, by its method and address: whether it is worth reading its body.
pub fn may_be_call(method: &str, url: &str) -> bool {
    method == "POST" && !protocol::candidates(&Route::parse(url, None)).is_empty()
}

/// Recognises a call of a provider; `None` if the request is something else.
pub fn recognise(head: &RequestHead<'_>, body: RequestBody<'_>, options: Options) -> Option<Call> {
    if head.method != "POST" {
        return None;
    }
    let route = Route::parse(head.url, (head.header)("host"));
    let candidates = protocol::candidates(&route);
    let known =
        |bytes: &[u8]| bytes.len() <= REQUEST_BYTES_MAX && (head.header)("content-encoding").is_none();
    let (protocol, mut request, unread) = match body {
        RequestBody::Bytes(bytes) if known(bytes) => {
            let body: Value = serde_json::from_slice(bytes).ok()?;
            let protocol = candidates.iter().find(|protocol| (protocol.is_request)(&body))?;
            (*protocol, (protocol.read_request)(&body, &route), None)
        }
        // Paths that others may have too are nobody's without a body.
        _ if candidates.is_empty() || !protocol::is_sure(&route) => return None,
        RequestBody::Bytes(bytes) => {
            (*candidates.first()?, Request::default(), Some(Some(bytes.len() as u64)))
        }
        RequestBody::Unread(length) => {
            let told = || (head.header)("content-length")?.parse().ok();
            (*candidates.first()?, Request::default(), Some(length.or_else(told)))
        }
    };
    request.model = request.model.or_else(|| protocol::model_in_path(&route));
    let provider = provider_at(&route.host, route.port, &route.path).unwrap_or(protocol.provider);
    Some(Call { protocol, request, options, began: Instant::now(), route, provider, unread })
}

impl Call {
    /// Returns the name of its span: what is asked of which model, such as `chat gpt-4o`.
    pub fn span_name(&self) -> String {
        let operation = self.operation().name();
        match &self.request.model {
            Some(model) => format!("{operation} {model}"),
            None => operation.to_owned(),
        }
    }

    /// Returns the type of its span, such as `CHAT_MODEL`.
    pub fn span_type(&self) -> &'static str {
        self.operation().span_type()
    }

    /// Returns who serves the model, in OpenTelemetry's words.
    pub fn provider(&self) -> &'static str {
        self.provider
    }

    /// Returns the model that is asked for.
    pub fn model(&self) -> Option<&str> {
        self.request.model.as_deref()
    }

    fn operation(&self) -> Operation {
        self.request.operation.unwrap_or(self.protocol.operation)
    }

    /// Starts its span, with what the request says.
    pub fn start(&self, options: StartOptions<'_>) -> Span {
        let span = SpanBuilder::with(&self.span_name(), options).kind(Kind::Client).start();
        self.write_request(&span);
        span
    }

    /// Sets what the request says on a span.
    pub fn write_request(&self, span: &SpanRef) {
        if !span.is_recording() {
            return;
        }
        span.set_type(self.span_type());
        span.set_attribute("gen_ai.operation.name", self.operation().name());
        span.set_attribute("gen_ai.provider.name", self.provider);
        if !self.route.host.is_empty() {
            span.set_attribute("server.address", self.route.host.as_str());
        }
        if let Some(port) = self.route.port {
            span.set_attribute("server.port", port);
        }
        if let Some(length) = self.unread {
            span.set_attribute(UNREAD, true);
            if let Some(length) = length {
                span.set_attribute(OMITTED, length);
            }
        }
        self.request.write(span, self.options);
    }

    /// Lets go of what was said, which need not be held while the model thinks about it.
    pub fn drop_contents(&mut self) {
        self.request.drop_contents();
    }

    /// Begins to read the response.
    pub fn answer(&self, status: u16, header: &dyn Fn(&str) -> Option<String>) -> Answer {
        Answer::new(self, status, header)
    }
}
