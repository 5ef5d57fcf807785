//! A layer for HTTP clients made of tower's services.

use super::{Exchange, TracedBody, Tracer};
use crate::{SpanRef, headers};
use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use spanwise_sdk_providers::{REQUEST_BYTES_MAX, RequestBody, RequestHead, may_be_call};
use std::collections::VecDeque;
use std::fmt::Display;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use tower_layer::Layer;
use tower_service::Service;

/// A client whose calls of providers are recorded.
#[derive(Debug, Clone)]
pub struct TracedService<S> {
    pub(super) inner: S,
    pub(super) tracer: Tracer,
}

impl<S> Layer<S> for Tracer {
    type Service = TracedService<S>;

    fn layer(&self, inner: S) -> TracedService<S> {
        TracedService { inner, tracer: *self }
    }
}

impl<S, B, R> Service<Request<B>> for TracedService<S>
where
    S: Service<Request<SentBody<B>>, Response = Response<R>>,
    S::Error: Display,
    B: Body<Data = Bytes>,
    R: Body<Data = Bytes>,
    R::Error: Display,
{
    type Response = Response<TracedBody<R>>;
    type Error = S::Error;
    type Future = TracedCall<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (mut head, body) = request.into_parts();
        let url = head.uri.to_string();
        let is_idle = self.tracer.is_idle();
        let body = match !is_idle && may_be_call(head.method.as_str(), &url) {
            true => SentBody::read(body),
            false => SentBody { state: State::Plain { body } },
        };
        let exchange = if is_idle {
            None
        } else {
            let whole = body.whole();
            let known =
                whole.as_deref().map_or(RequestBody::Unread(body.size_hint().exact()), RequestBody::Bytes);
            let header = |name: &str| head.headers.get(name)?.to_str().ok();
            self.tracer
                .begin(&RequestHead { method: head.method.as_str(), url: &url, header: &header }, known)
        };
        if let Some(exchange) = &exchange {
            exchange.inject(&mut head.headers);
        } else if is_idle && self.tracer.names_unrecorded(head.method.as_str(), &url) {
            headers::inject(&SpanRef::current(), &mut head.headers);
        }
        let inner = &mut self.inner;
        let request = Request::from_parts(head, body);
        let future = match &exchange {
            Some(exchange) => exchange.span().scope(|| inner.call(request)),
            None => inner.call(request),
        };
        TracedCall { future, exchange }
    }
}

pin_project! {
    /// A call under way.
    #[derive(Debug)]
    #[must_use = "a future does nothing unless it is awaited"]
    pub struct TracedCall<F> {
        #[pin]
        future: F,
        exchange: Option<Exchange>,
    }
}

impl<F, R, E> Future for TracedCall<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    E: Display,
    R: Body,
    R::Error: Display,
{
    type Output = Result<Response<TracedBody<R>>, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let polled = match this.exchange {
            Some(exchange) => exchange.span().scope(|| this.future.poll(context)),
            None => this.future.poll(context),
        };
        polled.map(|result| match result {
            Ok(response) => {
                let mut exchange = this.exchange.take();
                if let Some(exchange) = &mut exchange {
                    exchange.respond(response.status().as_u16(), response.headers());
                }
                Ok(response.map(|body| TracedBody::new(body, exchange)))
            }
            Err(error) => {
                if let Some(exchange) = this.exchange.take() {
                    exchange.fail(&error.to_string());
                }
                Err(error)
            }
        })
    }
}

pin_project! {
    /// A body of a request, of which all that was in memory may have been looked at.
    pub struct SentBody<B: Body> {
        #[pin]
        state: State<B>,
    }
}

pin_project! {
    #[project = StateProjected]
    enum State<B: Body> {
        // It was not looked at.
        Plain { #[pin] body: B },
        // What came is sent first, and then what may come yet.
        Read { frames: VecDeque<Result<Frame<Bytes>, B::Error>>, rest: Option<Pin<Box<B>>> },
    }
}

impl<B: Body> std::fmt::Debug for SentBody<B> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SentBody").finish_non_exhaustive()
    }
}

impl<B: Body<Data = Bytes>> SentBody<B> {
    /// Takes what is in memory out of a body that is not too long, without waiting for anything.
    fn read(body: B) -> SentBody<B> {
        if body.size_hint().exact().is_none_or(|length| length > REQUEST_BYTES_MAX as u64) {
            return SentBody { state: State::Plain { body } };
        }
        let mut rest = Some(Box::pin(body));
        let mut frames = VecDeque::new();
        // Whoever sends the body polls it again, with a waker of his own.
        let mut context = Context::from_waker(Waker::noop());
        while let Some(body) = &mut rest {
            match body.as_mut().poll_frame(&mut context) {
                Poll::Ready(Some(frame)) => {
                    let is_failed = frame.is_err();
                    frames.push_back(frame);
                    if is_failed {
                        break;
                    }
                }
                Poll::Ready(None) => rest = None,
                Poll::Pending => break,
            }
        }
        SentBody { state: State::Read { frames, rest } }
    }

    /// Returns all of the body, if it is known.
    fn whole(&self) -> Option<Bytes> {
        let State::Read { frames, rest: None } = &self.state else { return None };
        let mut pieces = frames.iter().filter_map(|frame| frame.as_ref().ok()?.data_ref());
        let (first, second) = (pieces.next().cloned().unwrap_or_default(), pieces.next());
        let Some(second) = second else { return Some(first) };
        let mut whole = first.to_vec();
        whole.extend_from_slice(second);
        pieces.for_each(|piece| whole.extend_from_slice(piece));
        Some(whole.into())
    }
}

impl<B: Body<Data = Bytes>> Body for SentBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        match self.project().state.project() {
            StateProjected::Plain { body } => body.poll_frame(context),
            StateProjected::Read { frames, rest } => match (frames.pop_front(), rest) {
                (Some(frame), _) => Poll::Ready(Some(frame)),
                (None, Some(rest)) => rest.as_mut().poll_frame(context),
                (None, None) => Poll::Ready(None),
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.state {
            State::Plain { body } => body.is_end_stream(),
            State::Read { frames, rest } => {
                frames.is_empty() && rest.as_ref().is_none_or(|rest| rest.is_end_stream())
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.state {
            State::Plain { body } => body.size_hint(),
            State::Read { frames, rest } => {
                let rest = rest.as_ref().map_or_else(|| SizeHint::with_exact(0), |rest| rest.size_hint());
                let data = frames.iter().filter_map(|frame| frame.as_ref().ok()?.data_ref());
                let read = data.map(|data| data.len() as u64).sum::<u64>();
                let mut hint = SizeHint::new();
                hint.set_lower(rest.lower().saturating_add(read));
                if let Some(upper) = rest.upper() {
                    hint.set_upper(upper.saturating_add(read));
                }
                hint
            }
        }
    }
}
