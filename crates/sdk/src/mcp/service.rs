//! A handler that records the requests that it handles.

use super::Traced;
use super::connection::{Connection, OfConnection};
use super::message::{self, Message};
use super::open::Ticket;
use crate::__private::{quietly, record_panic};
use crate::SpanRef;
use pin_project_lite::pin_project;
use rmcp::ErrorData;
use rmcp::model::{ProtocolVersion, RequestId};
use rmcp::service::{MaybeSendFuture, NotificationContext, RequestContext, Service, ServiceRole};
use serde::Serialize;
use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

/// What is said where no notification has said why.
const CANCELLED: &str = "cancelled, or the connection closed";

#[deny(clippy::missing_trait_methods)]
impl<R: ServiceRole, S: Service<R>> Service<R> for Traced<S> {
    fn handle_request(
        &self,
        request: R::PeerReq,
        context: RequestContext<R>,
    ) -> impl Future<Output = Result<R::Resp, ErrorData>> + MaybeSendFuture + '_ {
        let served = serve(&self.connection, || Message::read(&request), &context);
        run(served, context, |context| self.handler.handle_request(request, context), record)
    }

    fn handle_notification(
        &self,
        notification: R::PeerNot,
        context: NotificationContext<R>,
    ) -> impl Future<Output = Result<(), ErrorData>> + MaybeSendFuture + '_ {
        if context.extensions.get::<OfConnection>().is_none() {
            self.connection.notified(|| Message::read(&notification), &context.meta);
        }
        self.handler.handle_notification(notification, context)
    }

    fn get_info(&self) -> R::Info {
        self.handler.get_info()
    }

    fn supported_protocol_versions(&self) -> Cow<'static, [ProtocolVersion]> {
        self.handler.supported_protocol_versions()
    }
}

/// Starts the span of a request, and returns it with the connection that it came over.
pub(super) fn serve<R: ServiceRole>(
    own: &Arc<Connection>,
    request: impl FnOnce() -> Option<Message>,
    context: &RequestContext<R>,
) -> Served {
    let of_transport = context.extensions.get::<OfConnection>();
    let connection = Arc::clone(of_transport.map_or(own, |of_transport| &of_transport.0));
    let id = context.id.clone();
    let mut served = Served { connection, id, ticket: None, method: String::new(), span: SpanRef::none() };
    if !crate::is_enabled() {
        return served;
    }
    let Some(mut message) = request() else { return served };
    message.take_meta(&context.meta);
    served.method.clone_from(&message.method);
    if message.method != message::INITIALIZE
        && !served.connection.knows_protocol_version()
        && let Some(peer) = context.peer.peer_info()
        && let Some(version) = message::protocol_version(&*peer)
    {
        served.connection.learn_protocol_version(version);
    }
    (served.span, served.ticket) = served.connection.serve(message, &context.id, &context.extensions);
    served
}

/// Runs a handler in the span of its request; `record` says what it gave.
pub(super) fn run<R: ServiceRole, H: Future<Output = Result<T, ErrorData>>, T>(
    served: Served,
    context: RequestContext<R>,
    handler: impl FnOnce(RequestContext<R>) -> H,
    record: Record<T>,
) -> impl Future<Output = H::Output> {
    let cancelled = context.ct.clone().cancelled_owned();
    let handler = served.scope(|| handler(context));
    Serving { handler, cancelled, served, is_cancelled: false, record }
}

/// Records what a request with a method gave.
pub(super) type Record<T> = fn(&SpanRef, &str, &T);

pub(super) fn record<T: Serialize>(span: &SpanRef, method: &str, result: &T) {
    // The version that was negotiated is known to the peer by then.
    let _version = message::record_result(span, method, result);
}

/// A request that is being handled. Its span is in the connection's table, since a notification may end it first.
pub(super) struct Served {
    connection: Arc<Connection>,
    id: RequestId,
    ticket: Option<Ticket>,
    method: String,
    /// What is current in the handler: the request's span, or what is above it where it has none.
    span: SpanRef,
}

impl Served {
    /// Runs a part of the handler. Without a span, as while recording is off, what is current stays so.
    fn scope<R>(&self, run: impl FnOnce() -> R) -> R {
        if self.span.span_context().is_some() { self.span.scope(run) } else { run() }
    }

    fn end(&mut self, record: impl FnOnce(&SpanRef)) {
        if let Some(ticket) = self.ticket.take()
            && let Some(request) = self.connection.served.take(&self.id, Some(ticket))
        {
            quietly(|| record(&request.span));
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.end(|span| message::record_end(span, "cancelled", "its handler was dropped"));
    }
}

pin_project! {
    /// A handler at work, in its request's span.
    struct Serving<H, C, T> {
        #[pin]
        handler: H,
        #[pin]
        cancelled: C,
        served: Served,
        is_cancelled: bool,
        record: Record<T>,
    }
}

impl<H, C, T> Future for Serving<H, C, T>
where
    H: Future<Output = Result<T, ErrorData>>,
    C: Future<Output = ()>,
{
    type Output = H::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<H::Output> {
        let this = self.project();
        let served = this.served;
        let handler = this.handler;
        let polled = match catch_unwind(AssertUnwindSafe(|| served.scope(|| handler.poll(context)))) {
            Ok(polled) => polled,
            Err(panic) => {
                served.end(|span| {
                    span.set_attribute("error.type", "panic");
                    record_panic(span, panic.as_ref());
                });
                resume_unwind(panic)
            }
        };
        if let Poll::Ready(result) = polled {
            // A handler may end because it is cancelled: nobody gets what it gives then.
            let is_cancelled =
                *this.is_cancelled || served.ticket.is_some() && this.cancelled.poll(context).is_ready();
            let method = std::mem::take(&mut served.method);
            served.end(|span| match &result {
                _ if is_cancelled => message::record_end(span, "cancelled", CANCELLED),
                Ok(result) => (this.record)(span, &method, result),
                Err(error) => message::record_error(span, error),
            });
            return Poll::Ready(result);
        }
        if served.ticket.is_none() {
            return Poll::Pending;
        }
        if !*this.is_cancelled {
            ready!(this.cancelled.poll(context));
            // A task of its own handles the notification, which has the reason; it is let by once.
            *this.is_cancelled = true;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        // The handler may go on; nobody waits for what it gives.
        served.end(|span| message::record_end(span, "cancelled", CANCELLED));
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{SpanContext, SpanId, TraceId};

    #[test]
    fn a_request_without_a_span_hides_nothing_from_its_handler() {
        let context = |id| SpanContext {
            trace_id: TraceId([id; 16]),
            span_id: SpanId([id; 8]),
            is_sampled: true,
            trace_state: None,
        };
        let served = |span| Served {
            connection: Arc::new(Connection::new()),
            id: RequestId::Number(1),
            ticket: None,
            method: String::new(),
            span,
        };
        let current = || SpanRef::current().span_id();
        SpanRef::remote(context(1)).scope(|| {
            assert_eq!(served(SpanRef::none()).scope(current), Some(SpanId([1; 8])));
            assert_eq!(served(SpanRef::remote(context(2))).scope(current), Some(SpanId([2; 8])));
        });
    }
}
