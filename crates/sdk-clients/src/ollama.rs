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

use crate::wire::{Reading, Recorded, begin_answer, end, told};
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
        let result = self.inner.generate_stream(request).await;
        let Some(exchange) = exchange else { return result };
        let write = |items: &Vec<GenerationResponse>, out: &mut Vec<u8>| {
            items.iter().for_each(|item| write_line(item, out));
        };
        stream(result, exchange, Reading { write, tell: told })
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
        let url = format!("{}{path}", self.inner.url_str());
        Some(self.tracer.exchange(&url, request.to_string().as_bytes()))
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
    if let Some(exchange) = exchange {
        end(exchange, &result, serde_json::to_vec);
    }
    result
}

fn chat_stream(
    result: Result<ChatMessageResponseStream>,
    exchange: Option<Exchange>,
) -> Result<ChatMessageResponseStream> {
    let Some(exchange) = exchange else { return result };
    let tell = |(): &()| "the stream could not be read".to_owned();
    stream(result, exchange, Reading { write: write_line, tell })
}

type Stream<T, E> = Pin<Box<dyn futures_core::Stream<Item = std::result::Result<T, E>> + Send>>;

/// Reads a stream as it passes.
fn stream<T: 'static, E: 'static>(
    result: Result<Stream<T, E>>,
    mut exchange: Exchange,
    reading: Reading<T, E>,
) -> Result<Stream<T, E>> {
    match result {
        Ok(stream) => {
            begin_answer(&mut exchange, "application/x-ndjson");
            Ok(Box::pin(Recorded::new(stream, exchange, reading)))
        }
        Err(error) => {
            exchange.fail(&told(&error));
            Err(error)
        }
    }
}

fn write_line<T: Serialize>(item: &T, out: &mut Vec<u8>) {
    // What was read from JSON can be written as JSON.
    out.extend(serde_json::to_vec(item).unwrap_or_default());
    out.push(b'\n');
}
