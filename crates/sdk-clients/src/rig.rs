//! `rig`: an HTTP client around the one that it sends its requests with.
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use rig::http_client::ReqwestClient;
//! use rig::providers::openai::OpenAI;
//!
//! let openai = OpenAI::from_env()?.with_http(spanwise_clients::rig::Traced::new(ReqwestClient::default()));
//! # Ok(())
//! # }
//! ```
//!
//! Agents and tools of rig are no requests. It tells `tracing` of them, and once more of each call: a layer whose filter is
//! `Targets::new().with_target("rig_agent", LevelFilter::INFO)` records them and leaves out those calls.

use crate::wire::{Reading, Recorded, told};
use bytes::Bytes;
use http::Method;
use rig_http::http_client::{
    BoxedStream, Error, HttpClientExt, LazyBody, MultipartForm, Request, Response, Result, StreamingResponse,
};
use rig_http::wasm_compat::WasmCompatSend;
use spanwise::llm::{Exchange, Tracer};
use std::future::Future;

/// An HTTP client whose calls are recorded.
#[derive(Debug, Clone, Default)]
pub struct Traced<C> {
    inner: C,
    tracer: Tracer,
}

impl<C> Traced<C> {
    /// Records what is sent with `inner`.
    pub fn new(inner: C) -> Traced<C> {
        Traced { inner, tracer: Tracer::new() }
    }

    /// Leaves out what was said.
    #[must_use]
    pub fn without_content(mut self) -> Traced<C> {
        self.tracer = self.tracer.without_content();
        self
    }

    fn start<T: Into<Bytes>>(&self, request: Request<T>) -> (Option<Exchange>, Request<Bytes>) {
        let mut request = request.map(Into::into);
        if request.method() != Method::POST || !spanwise::is_enabled() {
            return (None, request);
        }
        let exchange = self.tracer.exchange(&request.uri().to_string(), request.body());
        exchange.inject(request.headers_mut());
        (Some(exchange), request)
    }
}

impl<C: HttpClientExt> HttpClientExt for Traced<C> {
    fn send<T, U>(
        &self,
        request: Request<T>,
    ) -> impl Future<Output = Result<Response<LazyBody<U>>>> + WasmCompatSend + 'static
    where
        T: Into<Bytes> + WasmCompatSend,
        U: From<Bytes> + WasmCompatSend + 'static,
    {
        let (exchange, request) = self.start(request);
        let sent = self.inner.send::<Bytes, Bytes>(request);
        async move {
            match sent.await {
                Ok(response) => Ok(read(response, exchange)),
                Err(error) => Err(failed(error, exchange)),
            }
        }
    }

    fn send_multipart<U>(
        &self,
        request: Request<MultipartForm>,
    ) -> impl Future<Output = Result<Response<LazyBody<U>>>> + WasmCompatSend + 'static
    where
        U: From<Bytes> + WasmCompatSend + 'static,
    {
        self.inner.send_multipart(request)
    }

    fn send_streaming<T>(
        &self,
        request: Request<T>,
    ) -> impl Future<Output = Result<StreamingResponse>> + WasmCompatSend
    where
        T: Into<Bytes> + WasmCompatSend,
    {
        let (exchange, request) = self.start(request);
        let sent = self.inner.send_streaming(request);
        async move {
            match (sent.await, exchange) {
                (Ok(response), Some(exchange)) => Ok(follow(response, exchange)),
                (Ok(response), None) => Ok(response),
                (Err(error), exchange) => Err(failed(error, exchange)),
            }
        }
    }
}

/// Records an error, in whose place a client may have put a response.
fn failed(error: Error, exchange: Option<Exchange>) -> Error {
    match (&error, exchange) {
        (_, None) => {}
        (Error::InvalidStatusCodeWithDetails { status, body, headers }, Some(mut exchange)) => {
            exchange.respond(status.as_u16(), headers);
            exchange.push(body.as_bytes());
            exchange.complete();
        }
        (error, Some(exchange)) => exchange.fail(&told(error)),
    }
    error
}

/// Reads the body of a response when the library does.
fn read<U>(response: Response<LazyBody<Bytes>>, mut exchange: Option<Exchange>) -> Response<LazyBody<U>>
where
    U: From<Bytes> + WasmCompatSend + 'static,
{
    if let Some(exchange) = &mut exchange {
        exchange.respond(response.status().as_u16(), response.headers());
    }
    response.map(|body| -> LazyBody<U> {
        Box::pin(async move {
            match body.await {
                Ok(bytes) => {
                    if let Some(mut exchange) = exchange {
                        exchange.push(&bytes);
                        exchange.complete();
                    }
                    Ok(bytes.into())
                }
                Err(error) => Err(failed(error, exchange)),
            }
        })
    })
}

fn follow(response: StreamingResponse, mut exchange: Exchange) -> StreamingResponse {
    exchange.respond(response.status().as_u16(), response.headers());
    response.map(|stream| -> BoxedStream {
        let reading =
            Reading { take: |exchange: &mut Exchange, bytes: &Bytes| exchange.push(bytes), tell: told };
        Box::pin(Recorded::new(stream, exchange, reading))
    })
}
