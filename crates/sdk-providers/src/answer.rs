//! A response as it comes: bytes in, a span out.

use crate::call::{Call, Options};
use crate::error::{self, ERROR_BYTES_MAX, Failure};
use crate::framing::{Frame, Framing, Sieve};
use crate::protocol::Protocol;
use crate::reply::Reply;
use serde_json::{Map, Value};
use spanwise_sdk_core::{SpanRef, key};
use std::time::Instant;

/// Bytes of texts, thoughts and calls that are kept of an answer. What comes later is counted in
/// `spanwise.response.omitted_bytes`; tokens and reasons to stop are read all the same.
pub const ANSWER_BYTES_MAX: usize = 8 << 20;
/// The first status of HTTP that is an error.
const ERRORS_FROM: u16 = 400;
/// The attribute of a span whose response nobody waited for, or not to its end.
pub const CANCELLED: &str = "spanwise.response.cancelled";

/// How a response ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End<'a> {
    /// All of it came.
    Complete,
    /// Nobody wanted the rest. That is no failure, and nothing at all if the provider had said all.
    Cancelled,
    /// It broke off; with what the transport says.
    Failed(&'a str),
}

/// A response, as far as it has come.
#[derive(Debug)]
pub struct Answer {
    protocol: &'static Protocol,
    options: Options,
    reply: Reply,
    framing: Framing,
    sieve: Option<Sieve>,
    sieved: Vec<u8>,
    status: u16,
    error_body: Vec<u8>,
    error_header: Option<String>,
    /// Its bytes can't be read, since they are compressed.
    is_opaque: bool,
    is_stream: bool,
    began: Instant,
    first_content: Option<f64>,
    has_value: bool,
    broken: Option<String>,
    /// What Bedrock tells in headers: input and output tokens.
    header_counts: [Option<u64>; 2],
    /// What a reranker was given.
    documents: Vec<Value>,
}

impl Answer {
    pub(crate) fn new(call: &Call, status: u16, header: &dyn Fn(&str) -> Option<String>) -> Answer {
        let content_type = header("content-type").unwrap_or_default().to_ascii_lowercase();
        let framing = Framing::of(&content_type);
        let count = |name: &str| header(name)?.parse().ok();
        Answer {
            protocol: call.protocol,
            options: call.options,
            reply: Reply::with_room(ANSWER_BYTES_MAX),
            is_stream: call.request.is_stream || framing.is_stream(),
            framing,
            sieve: call.protocol.is_sieved.then(Sieve::default),
            sieved: Vec::new(),
            status,
            error_body: Vec::new(),
            error_header: header("x-amzn-errortype"),
            is_opaque: header("content-encoding").is_some_and(|coding| coding != "identity"),
            began: call.began,
            first_content: None,
            has_value: false,
            broken: None,
            header_counts: [
                count("x-amzn-bedrock-input-token-count"),
                count("x-amzn-bedrock-output-token-count"),
            ],
            documents: call.request.documents.clone(),
        }
    }

    /// Takes the next bytes of the body.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.status >= ERRORS_FROM {
            let room = ERROR_BYTES_MAX - self.error_body.len();
            self.error_body.extend_from_slice(&bytes[..bytes.len().min(room)]);
        } else if self.is_opaque {
            self.reply.omitted_bytes = self.reply.omitted_bytes.saturating_add(bytes.len() as u64);
        } else {
            self.push_body(bytes);
        }
    }

    fn push_body(&mut self, bytes: &[u8]) {
        let mut sieved = std::mem::take(&mut self.sieved);
        sieved.clear();
        let bytes = match &mut self.sieve {
            Some(sieve) => {
                sieve.push(bytes, &mut sieved);
                &sieved
            }
            None => bytes,
        };
        let mut framing = std::mem::replace(&mut self.framing, Framing::Unknown { is_sse: false });
        framing.push(bytes, &mut |frame| self.take(frame));
        self.framing = framing;
        self.sieved = sieved;
    }

    fn take(&mut self, frame: Frame<'_>) {
        match frame {
            Frame::Json(bytes) => match serde_json::from_slice(bytes) {
                Ok(value) => self.take_value(&value),
                Err(error) => self.break_off(&format!("{error}")),
            },
            Frame::Named(name, bytes) => match serde_json::from_slice(bytes) {
                Ok(value) => self.take_value(&Value::Object(Map::from_iter([(name.to_owned(), value)]))),
                Err(error) => self.break_off(&format!("{name}: {error}")),
            },
            Frame::Error(kind, bytes) => self.take_error(kind, bytes),
            Frame::Done => self.reply.is_done = true,
            Frame::TooLong(bytes) => {
                self.has_value = true;
                self.reply.omitted_bytes = self.reply.omitted_bytes.saturating_add(bytes);
            }
            Frame::Broken(why) => self.break_off(why),
        }
    }

    fn take_value(&mut self, value: &Value) {
        self.has_value = true;
        if let Some(failure) = error::in_event(value) {
            self.reply.failure.get_or_insert(failure);
        }
        (self.protocol.read_event)(value, &mut self.reply);
        if self.reply.has_content && self.first_content.is_none() {
            self.first_content = Some(self.began.elapsed().as_secs_f64());
        }
    }

    fn take_error(&mut self, kind: Option<&str>, bytes: &[u8]) {
        self.has_value = true;
        let told = serde_json::from_slice(bytes).ok().and_then(|value| error::of_value(&value));
        let (own, message) = match told {
            Some(Failure::Provider { kind, message }) => (kind, message),
            _ => (None, error::cut(&String::from_utf8_lossy(bytes))),
        };
        let kind = kind.map(str::to_owned).or(own);
        self.reply.failure.get_or_insert(Failure::Provider { kind, message });
    }

    fn break_off(&mut self, why: &str) {
        self.broken.get_or_insert_with(|| why.to_owned());
    }

    /// Sets on the span what has come, and whether that was all.
    pub fn finish(mut self, span: &SpanRef, end: End<'_>) {
        if !span.is_recording() {
            return;
        }
        let mut framing = std::mem::replace(&mut self.framing, Framing::Unknown { is_sse: false });
        let is_whole = framing.end(&mut |frame| self.take(frame));
        self.add_to_reply();
        self.reply.write(span, self.options);
        if self.is_stream
            && let Some(seconds) = self.first_content
        {
            span.set_attribute(key::FIRST_ITEM, seconds);
        }
        if self.status >= ERRORS_FROM {
            span.set_attribute("http.response.status_code", self.status);
        }
        let failure = self.failure(end, is_whole);
        if let Some(failure) = failure {
            failure.record(span);
        } else if end == End::Cancelled && !self.is_complete(is_whole) {
            span.set_attribute(CANCELLED, true);
        }
    }

    /// Adds what is not in the body.
    fn add_to_reply(&mut self) {
        let [input, output] = self.header_counts;
        let usage = &mut self.reply.usage;
        if usage.input.is_none() && usage.output.is_none() {
            (usage.input, usage.output) = (input, output);
        }
        if let Some(Value::Array(results)) = &mut self.reply.outputs {
            for result in results.iter_mut().filter_map(Value::as_object_mut) {
                let index =
                    result.get("index").and_then(Value::as_u64).and_then(|index| usize::try_from(index).ok());
                let document = index.and_then(|index| self.documents.get(index));
                if let Some(document) = document.filter(|_| !result.contains_key("content")) {
                    result.insert("content".to_owned(), document.clone());
                }
            }
        }
    }

    /// Returns whether the provider has said all that it has to say.
    fn is_complete(&self, is_whole: bool) -> bool {
        match self.is_stream {
            true => self.reply.is_done || self.is_opaque,
            false => self.has_value && is_whole,
        }
    }

    fn failure(&mut self, end: End<'_>, is_whole: bool) -> Option<Failure> {
        if self.status >= ERRORS_FROM {
            let header = self.error_header.as_deref();
            return Some(error::of_status(self.status, header, &self.error_body));
        }
        if let Some(failure) = self.reply.failure.take() {
            return Some(failure);
        }
        if let Some(broken) = self.broken.take() {
            return Some(Failure::Malformed(broken));
        }
        match end {
            End::Failed(why) => Some(Failure::of_transport(why)),
            End::Complete if !self.is_complete(is_whole) && !self.is_opaque => Some(Failure::CutOff),
            _ => None,
        }
    }
}
