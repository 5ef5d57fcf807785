//! One request and its response, while they are under way.

use super::Tracer;
use crate::__private::{quietly, write_guarded};
use crate::{Kind, Span, SpanBuilder, SpanRef, StartOptions, headers, is_enabled};
use http::HeaderMap;
use serde::Serialize;
use spanwise_sdk_core::without_url_secrets;
use spanwise_sdk_providers::{Answer, Call, End, RequestBody, RequestHead, may_be_call, recognise};

/// A call of a provider under way, for clients that neither the layer nor the middleware fits: what is sent and what comes
/// is told to it, as bytes or as what a library makes of them.
///
/// ```
/// use serde_json::json;
/// use spanwise::llm::Tracer;
///
/// # fn send(_: &serde_json::Value) -> serde_json::Value { json!({"done": true}) }
/// let request = json!({"model": "llama3", "messages": [{"role": "user", "content": "Hi"}], "stream": false});
/// let mut exchange = Tracer::new().exchange_of("http://localhost:11434/api/chat", &request);
/// let answer = send(&request);
/// exchange.push_value(&answer);
/// exchange.complete();
/// ```
///
/// Dropping it ends the span with what has come.
#[derive(Debug)]
#[must_use = "the span ends when it is dropped"]
pub struct Exchange {
    span: Span,
    call: Option<Call>,
    answer: Option<Answer>,
    propagates: bool,
}

impl Tracer {
    /// Begins a call whose request has been written by hand. Where it is no call of a provider, nothing is recorded.
    pub fn exchange(&self, url: &str, body: &[u8]) -> Exchange {
        let head = RequestHead { method: "POST", url, header: &|_| None };
        self.begin(&head, RequestBody::Bytes(body)).unwrap_or_else(Exchange::none)
    }

    /// Begins a call whose request is a value that a library sends as JSON.
    pub fn exchange_of(&self, url: &str, request: &(impl Serialize + ?Sized)) -> Exchange {
        if self.is_idle() {
            return self.unrecorded("POST", url);
        }
        let mut body = Vec::new();
        write_guarded(&mut body, |body| {
            // What can't be written is not sent either.
            drop(serde_json::to_writer(body, request));
        });
        self.exchange(url, &body)
    }

    /// Returns whether nothing would be recorded anyway, so that nothing needs to be read.
    pub(super) fn is_idle(&self) -> bool {
        !is_enabled() || SpanRef::current().span_context().is_some_and(|context| !context.is_sampled)
    }

    /// Returns whether a request that [`is_idle`](Self::is_idle) leaves alone is to name its trace: the next service would
    /// otherwise begin one of its own, and record that.
    pub(super) fn names_unrecorded(&self, method: &str, url: &str) -> bool {
        self.propagates && is_enabled() && (self.records_others || may_be_call(method, url))
    }

    /// Returns a call that only tells whom it calls that nothing is recorded.
    fn unrecorded(&self, method: &str, url: &str) -> Exchange {
        match self.names_unrecorded(method, url) {
            // In a trace that is not recorded, a new span is not either.
            true => Exchange {
                span: SpanBuilder::new(method).start(),
                call: None,
                answer: None,
                propagates: true,
            },
            false => Exchange::none(),
        }
    }

    /// Begins a request, if it is one to record.
    pub(super) fn begin(&self, head: &RequestHead<'_>, body: RequestBody<'_>) -> Option<Exchange> {
        let mut exchange = None;
        quietly(|| exchange = self.recognised(head, body).or_else(|| self.other(head)));
        exchange
    }

    fn recognised(&self, head: &RequestHead<'_>, body: RequestBody<'_>) -> Option<Exchange> {
        if !is_enabled() {
            return None;
        }
        let mut call = recognise(head, body, self.options)?;
        let span = call.start(StartOptions::default());
        call.drop_contents();
        Some(Exchange { span, call: Some(call), answer: None, propagates: self.propagates })
    }

    fn other(&self, head: &RequestHead<'_>) -> Option<Exchange> {
        if !self.records_others {
            return None;
        }
        let url = without_url_secrets(head.url);
        // Services of tower may be given a path alone.
        let url = url.split(['?', '#']).next().unwrap_or_default();
        let builder = SpanBuilder::new(head.method).kind(Kind::Client);
        let builder = builder.attribute("http.request.method", head.method).attribute("url.full", url);
        Some(Exchange { span: builder.start(), call: None, answer: None, propagates: self.propagates })
    }
}

impl Exchange {
    fn none() -> Exchange {
        Exchange { span: Span::none(), call: None, answer: None, propagates: false }
    }

    /// Returns the span.
    pub fn span(&self) -> &SpanRef {
        &self.span
    }

    /// Names the span in the headers of the request, unless that is not wanted.
    pub fn inject(&self, request: &mut HeaderMap) {
        if self.propagates {
            headers::inject(&self.span, request);
        }
    }

    /// Takes the head of the response.
    pub fn respond(&mut self, status: u16, response: &HeaderMap) {
        match &self.call {
            Some(call) if self.span.is_recording() => {
                let header = |name: &str| Some(response.get(name)?.to_str().ok()?.to_owned());
                self.answer = Some(call.answer(status, &header));
            }
            Some(_) => {}
            None => {
                self.span.set_attribute("http.response.status_code", status);
                if status >= 400 {
                    self.span.set_attribute("error.type", status.to_string());
                    self.span.set_error(&format!("HTTP {status}"));
                }
            }
        }
    }

    /// Takes the next bytes of the response; where nothing was told of its head, it is a good one.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.answer.is_none() && self.call.is_some() {
            self.respond(200, &HeaderMap::new());
        }
        if let Some(answer) = &mut self.answer {
            quietly(|| answer.push(bytes));
        }
    }

    /// Takes a response, or the next event of one, that a library has read from JSON.
    pub fn push_value(&mut self, value: &(impl Serialize + ?Sized)) {
        if !self.span.is_recording() {
            return;
        }
        let mut bytes = Vec::new();
        write_guarded(&mut bytes, |bytes| drop(serde_json::to_writer(bytes, value)));
        bytes.push(b'\n');
        self.push(&bytes);
    }

    /// Ends the span, since all of the response has come.
    pub fn complete(self) {
        self.end(End::Complete);
    }

    /// Ends the span as failed: no response came, or it broke off.
    pub fn fail(self, error: &str) {
        self.end(End::Failed(error));
    }

    fn end(mut self, end: End<'_>) {
        self.finish(end);
    }

    fn finish(&mut self, end: End<'_>) {
        let span = std::mem::replace(&mut self.span, Span::none());
        match (self.answer.take(), end) {
            (Some(answer), end) => quietly(|| answer.finish(&span, end)),
            (None, End::Failed(error)) => {
                spanwise_sdk_providers::record_failure(&span, error);
            }
            // Nobody waited for the response.
            (None, End::Cancelled) if self.call.is_some() => {
                span.set_attribute(spanwise_sdk_providers::CANCELLED, true);
            }
            _ => {}
        }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        if self.span.is_recording() {
            self.finish(End::Cancelled);
        }
    }
}
