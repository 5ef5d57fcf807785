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

use crate::wire::{Reading, Recorded, told};
use async_anthropic::Client;
use async_anthropic::errors::AnthropicError;
use async_anthropic::types::{
    CreateMessagesRequest, CreateMessagesResponse, CreateMessagesResponseStream, MessagesStreamEvent,
};
use serde::Serialize;
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

    fn start(&self, request: &CreateMessagesRequest) -> Exchange {
        // The client does not tell its address.
        self.tracer.exchange_of("/v1/messages", request)
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
        let mut exchange = self.client.start(&request);
        let result = self.client.inner.messages().create(request).await;
        match &result {
            Ok(message) => {
                exchange.push_value(&Sent { message, kind: "message", role: "assistant" });
                exchange.complete();
            }
            Err(error) => exchange.fail(&told(error)),
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
        let reading =
            Reading::<MessagesStreamEvent, AnthropicError> { take: Exchange::push_value, tell: told };
        Box::pin(Recorded::new(stream, exchange, reading))
    }
}

/// A message with what the library leaves away, which is always the same.
#[derive(Serialize)]
struct Sent<'a> {
    #[serde(flatten)]
    message: &'a CreateMessagesResponse,
    #[serde(rename = "type")]
    kind: &'static str,
    role: &'static str,
}
