//! `ollama-rs`: a client around its client.
//!
//! ```no_run
//! use ollama_rs::Ollama;
//! use spanwise_clients::ollama::Traced;
//!
//! let ollama = Traced::new(Ollama::default());
//! ```
//!
//! The library drops the tokens of embeddings, which are not recorded then, and why a model stopped, which reads as `stop`.

use crate::wire::{Reading, Recorded, told};
use ollama_rs::Ollama;
use ollama_rs::error::Result;
use ollama_rs::generation::chat::request::ChatMessageRequest;
use ollama_rs::generation::chat::{ChatMessageResponse, ChatMessageResponseStream};
use ollama_rs::generation::completion::request::GenerationRequest;
use ollama_rs::generation::completion::{GenerationResponse, GenerationResponseStream};
use ollama_rs::generation::embeddings::GenerateEmbeddingsResponse;
use ollama_rs::generation::embeddings::request::GenerateEmbeddingsRequest;
use ollama_rs::history::ChatHistory;
use serde::Serialize;
use serde_json::Value;
use spanwise::llm::{Exchange, Tracer};
use std::ops::Deref;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

/// A client whose calls of models are recorded. What else it does is that of the client within.
#[derive(Debug, Clone, Default)]
pub struct Traced {
    inner: Ollama,
    tracer: Tracer,
}

impl Traced {
    /// Records the calls of `inner`.
    pub fn new(inner: Ollama) -> Traced {
        Traced { inner, tracer: Tracer::new() }
    }

    /// Leaves out what was said.
    #[must_use]
    pub fn without_content(mut self) -> Traced {
        self.tracer = self.tracer.without_content();
        self
    }

    /// See [`Ollama::send_chat_messages`].
    pub async fn send_chat_messages(&self, request: ChatMessageRequest) -> Result<ChatMessageResponse> {
        let exchange = self.start("api/chat", false, || serde_json::to_value(&request));
        whole(self.inner.send_chat_messages(request).await, exchange)
    }

    /// See [`Ollama::send_chat_messages_stream`].
    pub async fn send_chat_messages_stream(
        &self,
        request: ChatMessageRequest,
    ) -> Result<ChatMessageResponseStream> {
        let exchange = self.start("api/chat", true, || serde_json::to_value(&request));
        chat_stream(self.inner.send_chat_messages_stream(request).await, exchange)
    }

    /// See [`Ollama::send_chat_messages_with_history`].
    pub async fn send_chat_messages_with_history<C: ChatHistory>(
        &self,
        history: &mut C,
        request: ChatMessageRequest,
    ) -> Result<ChatMessageResponse> {
        let exchange = self.start("api/chat", false, || with_history(&*history, &request));
        whole(self.inner.send_chat_messages_with_history(history, request).await, exchange)
    }

    /// See [`Ollama::send_chat_messages_with_history_stream`].
    pub async fn send_chat_messages_with_history_stream<C: ChatHistory + Send + 'static>(
        &self,
        history: Arc<Mutex<C>>,
        request: ChatMessageRequest,
    ) -> Result<ChatMessageResponseStream> {
        let exchange = self.start("api/chat", true, || {
            with_history(&*history.lock().unwrap_or_else(PoisonError::into_inner), &request)
        });
        chat_stream(self.inner.send_chat_messages_with_history_stream(history, request).await, exchange)
    }

    /// See [`Ollama::generate`].
    pub async fn generate(&self, request: GenerationRequest<'_>) -> Result<GenerationResponse> {
        let exchange = self.start("api/generate", false, || serde_json::to_value(&request));
        whole(self.inner.generate(request).await, exchange)
    }

    /// See [`Ollama::generate_stream`].
    pub async fn generate_stream(&self, request: GenerationRequest<'_>) -> Result<GenerationResponseStream> {
        let exchange = self.start("api/generate", true, || serde_json::to_value(&request));
        let take = |exchange: &mut Exchange, items: &Vec<GenerationResponse>| {
            items.iter().for_each(|item| exchange.push_value(item));
        };
        stream(self.inner.generate_stream(request).await, exchange, Reading { take, tell: told })
    }

    /// See [`Ollama::generate_embeddings`].
    pub async fn generate_embeddings(
        &self,
        request: GenerateEmbeddingsRequest,
    ) -> Result<GenerateEmbeddingsResponse> {
        let exchange = self.start("api/embed", false, || serde_json::to_value(&request));
        whole(self.inner.generate_embeddings(request).await, exchange)
    }

    /// Starts the span of a request, which is only written as JSON if there is one.
    fn start(
        &self,
        path: &str,
        is_stream: bool,
        request: impl FnOnce() -> serde_json::Result<Value>,
    ) -> Option<Exchange> {
        if !spanwise::is_enabled() {
            return None;
        }
        let mut request = request().ok()?;
        request.as_object_mut()?.insert("stream".to_owned(), is_stream.into());
        Some(self.tracer.exchange_of(&format!("{}{path}", self.inner.url_str()), &request))
    }
}

impl From<Ollama> for Traced {
    fn from(inner: Ollama) -> Traced {
        Traced::new(inner)
    }
}

impl Deref for Traced {
    type Target = Ollama;

    fn deref(&self) -> &Ollama {
        &self.inner
    }
}

/// Returns the request as it is sent: behind what was said before.
fn with_history<C: ChatHistory>(history: &C, request: &ChatMessageRequest) -> serde_json::Result<Value> {
    let mut request = request.clone();
    request.messages = [&*history.messages(), &request.messages].concat();
    serde_json::to_value(&request)
}

/// Sets what came back on the span.
fn whole<T: Serialize>(result: Result<T>, exchange: Option<Exchange>) -> Result<T> {
    match (&result, exchange) {
        (_, None) => {}
        (Ok(answer), Some(mut exchange)) => {
            exchange.push_value(answer);
            exchange.complete();
        }
        (Err(error), Some(exchange)) => exchange.fail(&told(error)),
    }
    result
}

fn chat_stream(
    result: Result<ChatMessageResponseStream>,
    exchange: Option<Exchange>,
) -> Result<ChatMessageResponseStream> {
    let tell = |(): &()| "the stream could not be read".to_owned();
    stream(result, exchange, Reading { take: Exchange::push_value, tell })
}

type Stream<T, E> = Pin<Box<dyn futures_core::Stream<Item = std::result::Result<T, E>> + Send>>;

/// Reads a stream as it passes.
fn stream<T: 'static, E: 'static>(
    result: Result<Stream<T, E>>,
    exchange: Option<Exchange>,
    reading: Reading<T, E>,
) -> Result<Stream<T, E>> {
    match (result, exchange) {
        (result, None) => result,
        (Ok(stream), Some(exchange)) => Ok(Box::pin(Recorded::new(stream, exchange, reading))),
        (Err(error), Some(exchange)) => {
            exchange.fail(&told(&error));
            Err(error)
        }
    }
}
