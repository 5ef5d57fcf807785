//! `genai`: a client around its client, which speaks to many providers.
//!
//! ```no_run
//! # fn main() -> genai::Result<()> {
//! use genai::Client;
//! use spanwise_clients::genai::Traced;
//!
//! let client = Traced::new(Client::new()?);
//! # Ok(())
//! # }
//! ```
//!
//! Of the options, those of a call are recorded, since a client does not tell its own. The tokens of a stream are known if
//! `ChatOptions::capture_usage` asks for them. With genai's feature `otel`, and the layer for `tracing`, each call would be
//! recorded twice: take one of both.

mod content;
mod span;

use futures_core::Stream;
use genai::chat::{ChatOptions, ChatRequest, ChatResponse, ChatStreamEvent};
use genai::embed::{EmbedOptions, EmbedRequest, EmbedResponse};
use genai::{Client, ModelIden, ModelSpec, Result};
use span::{ChatSpan, EmbeddingSpan};
use std::fmt;
use std::ops::Deref;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A client whose calls of models are recorded. What else it does is that of the client within.
#[derive(Debug, Clone)]
pub struct Traced {
    inner: Client,
    content: bool,
}

/// A streamed answer; see [`genai::chat::ChatStreamResponse`].
#[derive(Debug)]
pub struct ChatStreamResponse {
    /// What comes of it.
    pub stream: ChatStream,
    /// The model that answers.
    pub model_iden: ModelIden,
}

/// The events of a streamed answer; see [`genai::chat::ChatStream`].
pub struct ChatStream {
    inner: genai::chat::ChatStream,
    span: ChatSpan,
}

impl Traced {
    /// Records the calls of `inner`.
    pub fn new(inner: Client) -> Traced {
        Traced { inner, content: true }
    }

    /// Leaves out what was said.
    #[must_use]
    pub fn without_content(mut self) -> Traced {
        self.content = false;
        self
    }

    /// See [`Client::exec_chat`].
    ///
    /// # Errors
    ///
    /// Those of the library.
    pub async fn exec_chat(
        &self,
        model: impl Into<ModelSpec>,
        request: ChatRequest,
        options: Option<&ChatOptions>,
    ) -> Result<ChatResponse> {
        let model = model.into();
        let mut span = ChatSpan::start(|| self.identify(&model), &request, options, self.content);
        let result = self.inner.exec_chat(model, request, options).await;
        match &result {
            Ok(response) => span.take(response),
            Err(error) => span.fail(error),
        }
        result
    }

    /// See [`Client::exec_chat_stream`].
    ///
    /// # Errors
    ///
    /// Those of the library.
    pub async fn exec_chat_stream(
        &self,
        model: impl Into<ModelSpec>,
        request: ChatRequest,
        options: Option<&ChatOptions>,
    ) -> Result<ChatStreamResponse> {
        let model = model.into();
        let mut span = ChatSpan::start(|| self.identify(&model), &request, options, self.content).of_stream();
        match self.inner.exec_chat_stream(model, request, options).await {
            Ok(response) => {
                let stream = ChatStream { inner: response.stream, span };
                Ok(ChatStreamResponse { stream, model_iden: response.model_iden })
            }
            Err(error) => {
                span.fail(&error);
                Err(error)
            }
        }
    }

    /// See [`Client::embed`].
    ///
    /// # Errors
    ///
    /// Those of the library.
    pub async fn embed(
        &self,
        model: impl Into<ModelSpec>,
        input: impl Into<String>,
        options: Option<&EmbedOptions>,
    ) -> Result<EmbedResponse> {
        self.exec_embed(model, EmbedRequest::new(input), options).await
    }

    /// See [`Client::embed_batch`].
    ///
    /// # Errors
    ///
    /// Those of the library.
    pub async fn embed_batch(
        &self,
        model: impl Into<ModelSpec>,
        inputs: Vec<String>,
        options: Option<&EmbedOptions>,
    ) -> Result<EmbedResponse> {
        self.exec_embed(model, EmbedRequest::new_batch(inputs), options).await
    }

    /// See [`Client::exec_embed`].
    ///
    /// # Errors
    ///
    /// Those of the library.
    pub async fn exec_embed(
        &self,
        model: impl Into<ModelSpec>,
        request: EmbedRequest,
        options: Option<&EmbedOptions>,
    ) -> Result<EmbedResponse> {
        let model = model.into();
        let span = EmbeddingSpan::start(|| self.identify(&model), &request, self.content);
        let result = self.inner.exec_embed(model, request, options).await;
        span.end(&result);
        result
    }

    /// Returns the model that is asked for, as far as it is known before the client's resolvers have run.
    fn identify(&self, model: &ModelSpec) -> Option<ModelIden> {
        match model {
            ModelSpec::Name(name) => {
                let mut iden = self.inner.default_model(name.as_str()).ok()?;
                iden.adapter_kind = self.inner.adapter_kind().unwrap_or(iden.adapter_kind);
                Some(iden)
            }
            ModelSpec::Iden(iden) => Some(iden.clone()),
            ModelSpec::Target(target) => Some(target.model.clone()),
        }
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

impl fmt::Debug for ChatStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChatStream").finish_non_exhaustive()
    }
}

impl Stream for ChatStream {
    type Item = Result<ChatStreamEvent>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<ChatStreamEvent>>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.inner).poll_next(context);
        match &polled {
            Poll::Ready(Some(Ok(event))) => this.span.take_event(event),
            Poll::Ready(Some(Err(error))) => this.span.fail(error),
            Poll::Ready(None) => this.span.end(),
            Poll::Pending => {}
        }
        polled
    }
}
