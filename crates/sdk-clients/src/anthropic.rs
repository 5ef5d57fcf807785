//! `async-anthropic`: a client around its client.
//!
//! ```no_run
//! use async_anthropic::Client;
//! use spanwise_clients::anthropic::Traced;
//!
//! let client = Traced::new(Client::default());
//! ```
//!
//! The library tells no cached tokens apart, so that these are not recorded. A call with its retries is one span.

use crate::wire::{Reading, Recorded, begin_answer, end, told};
use async_anthropic::Client;
use async_anthropic::errors::AnthropicError;
use async_anthropic::types::{
    CreateMessagesRequest, CreateMessagesResponse, CreateMessagesResponseStream, MessagesStreamEvent,
};
use serde_json::{Value, json};
use spanwise::llm::{Exchange, Tracer};
use std::ops::Deref;

/// A client whose calls of models are recorded. What else it does is that of the client within.
#[derive(Debug, Clone, Default)]
pub struct Traced {
    inner: Client,
    tracer: Tracer,
}

/// The messages API; see [`async_anthropic::messages::Messages`].
#[derive(Debug, Clone, Copy)]
pub struct Messages<'a> {
    client: &'a Traced,
}

impl Traced {
    /// Records the calls of `inner`.
    pub fn new(inner: Client) -> Traced {
        Traced { inner, tracer: Tracer::new() }
    }

    /// Leaves out what was said.
    #[must_use]
    pub fn without_content(mut self) -> Traced {
        self.tracer = self.tracer.without_content();
        self
    }

    /// Calls the messages API.
    pub fn messages(&self) -> Messages<'_> {
        Messages { client: self }
    }

    fn start(&self, request: &CreateMessagesRequest) -> Option<Exchange> {
        if !spanwise::is_enabled() {
            return None;
        }
        let request = serde_json::to_vec(request).ok()?;
        // The client does not tell its address.
        Some(self.tracer.exchange("/v1/messages", &request))
    }
}

impl From<Client> for Traced {
    fn from(inner: Client) -> Traced {
        Traced::new(inner)
    }
}

impl Deref for Traced {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.inner
    }
}

impl Messages<'_> {
    /// See [`async_anthropic::messages::Messages::create`].
    ///
    /// # Errors
    ///
    /// Those of the library.
    pub async fn create(
        &self,
        request: impl Into<CreateMessagesRequest>,
    ) -> Result<CreateMessagesResponse, AnthropicError> {
        let mut request = request.into();
        request.stream = false;
        let exchange = self.client.start(&request);
        let result = self.client.inner.messages().create(request).await;
        if let Some(exchange) = exchange {
            end(exchange, &result, write_message);
        }
        result
    }

    /// See [`async_anthropic::messages::Messages::create_stream`].
    pub async fn create_stream(
        &self,
        request: impl Into<CreateMessagesRequest>,
    ) -> CreateMessagesResponseStream {
        let mut request = request.into();
        request.stream = true;
        let exchange = self.client.start(&request);
        let stream = self.client.inner.messages().create_stream(request).await;
        let Some(mut exchange) = exchange else { return stream };
        begin_answer(&mut exchange, "text/event-stream");
        let reading = Reading { write: write_event, tell: |error: &AnthropicError| told(error) };
        Box::pin(Recorded::new(stream, exchange, reading))
    }
}

/// Writes a message with what the library leaves away, which is always the same.
fn write_message(message: &CreateMessagesResponse) -> serde_json::Result<Vec<u8>> {
    let mut message = serde_json::to_value(message)?;
    if let Value::Object(fields) = &mut message {
        fields.extend([("type".to_owned(), json!("message")), ("role".to_owned(), json!("assistant"))]);
    }
    serde_json::to_vec(&message)
}

/// Appends an event as the provider sends it.
fn write_event(event: &MessagesStreamEvent, out: &mut Vec<u8>) {
    out.extend(b"data: ");
    // What was read from JSON can be written as JSON.
    out.extend(serde_json::to_vec(event).unwrap_or_default());
    out.extend(b"\n\n");
}
