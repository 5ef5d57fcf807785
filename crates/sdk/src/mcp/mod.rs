//! Clients and servers of the Model Context Protocol that are made with `rmcp`: each request is a span, and what both
//! sides record is one tree.
//!
//! ```no_run
//! use rmcp::model::CallToolRequestParams;
//!
//! # async fn client(transport: tokio::io::DuplexStream) -> Result<(), Box<dyn std::error::Error>> {
//! // Without traces: `().serve(transport)`. A server's handler is wrapped alike.
//! let client = spanwise::mcp::traced(()).serve(transport).await?;
//! client.call_tool(CallToolRequestParams::new("weather")).await?;
//! # Ok(()) }
//! ```
//!
//! - A request that is **sent** is a span of kind `CLIENT`, a child of the span that its caller runs in; one that is
//!   **handled** is a span of kind `SERVER`, a child of the one that sent it, and current in the handler. The two find
//!   each other by `traceparent` and `tracestate` in `params._meta`. `baggage` is left as the program sets it.
//! - Names and attributes are those of [OpenTelemetry's conventions][conventions]; `tools/call` is a span of type `TOOL`.
//! - Inputs are the arguments of a tool or a prompt, else the parameters; outputs are the structured content or the text of
//!   a tool, else the result. They are kept as they are up to [`CONTENT_BYTES_MAX`].
//! - Results with `isError`, JSON-RPC errors, cancellations, time-outs, handlers that panic and connections that close
//!   fail the span. `notifications/progress`, `message` and `cancelled` are events of the span they belong to.
//!
//! # Which caller
//!
//! `rmcp` sends from a task of its own, which does not know who called. [`Client`] tells it, through `_meta`; so does
//! [`here`] where a program has a bare `Peer`, as another library may. Of a request that nothing tells about, the parent
//! is the request in whose handler it is made, else the span in which the connection was made.
//!
//! # Parts
//!
//! [`traced`] is all of it. Where a library connects on its own, [`transport`] wraps a transport alone (requests that are
//! sent), and a [`Traced`] handler is an `rmcp` service for anything that takes one (requests that are handled).
//! `StreamableHttpService` wants a `ServerHandler` instead, and makes its transports itself: with the feature
//! `rmcp-http-server`, there are `Traced::into_handler` for what it handles, and `sessions` for what it sends.
//!
//! [conventions]: https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/mcp.md

mod client;
mod connection;
mod content;
#[cfg(feature = "rmcp-http-server")]
mod handler;
mod message;
mod open;
mod service;
#[cfg(feature = "rmcp-http-server")]
mod session;
mod transport;

pub use client::Client;
pub use content::CONTENT_BYTES_MAX;
#[cfg(feature = "rmcp-http-server")]
pub use handler::TracedHandler;
pub use open::{NOTIFICATIONS_MAX, OPEN_REQUESTS_MAX};
#[cfg(feature = "rmcp-http-server")]
pub use session::{Sessions, sessions};
pub use transport::{Transport, transport};

use crate::SpanRef;
use connection::Connection;
use rmcp::model::{
    ClientNotification, GetMeta, NotificationMetaObject, RequestParamsMeta, ServerNotification,
};
use rmcp::service::{RunningService, Service, ServiceExt, ServiceRole};
use rmcp::transport::IntoTransport;
use rmcp::{RoleClient, RoleServer};
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

/// Records each request that a handler of a client or server handles, and, once it is [served](Traced::serve), each that
/// is sent.
pub fn traced<S>(handler: S) -> Traced<S> {
    Traced { handler, connection: Arc::new(Connection::new()) }
}

/// A handler whose requests are recorded; see [`traced`].
#[derive(Debug)]
pub struct Traced<S> {
    handler: S,
    /// Where the transport is not recorded; else the transport's is taken.
    connection: Arc<Connection>,
}

impl<S: Clone> Clone for Traced<S> {
    /// Returns another handler, for another connection: requests of two may have the same ids.
    fn clone(&self) -> Traced<S> {
        traced(self.handler.clone())
    }
}

impl<S> Traced<S> {
    /// Initializes the protocol over a transport, and runs the handler, as `rmcp::ServiceExt::serve` does.
    ///
    /// A client gets a [`Client`], whose calls are children of the caller's span; a server gets what `rmcp` gives.
    ///
    /// # Errors
    ///
    /// Those of `rmcp`.
    pub async fn serve<R, T, E, A>(
        self,
        transport: T,
    ) -> Result<R::Running<Traced<S>>, <R as ServiceRole>::InitializeError>
    where
        R: Role,
        Traced<S>: ServiceExt<R>,
        T: IntoTransport<R, E, A>,
        E: std::error::Error + Send + Sync + 'static,
    {
        let running = ServiceExt::<R>::serve(self, self::transport(transport)).await?;
        Ok(R::running(running))
    }

    /// Returns the handler itself.
    pub fn into_inner(self) -> S {
        self.handler
    }
}

impl<S> Deref for Traced<S> {
    type Target = S;

    fn deref(&self) -> &S {
        &self.handler
    }
}

impl<S> DerefMut for Traced<S> {
    fn deref_mut(&mut self) -> &mut S {
        &mut self.handler
    }
}

/// A side of the protocol: `RoleClient` or `RoleServer`.
pub trait Role: ServiceRole + Sized + sealed::Sealed {
    /// What serving gives.
    type Running<S: Service<Self>>;
    #[doc(hidden)]
    fn running<S: Service<Self>>(service: RunningService<Self, S>) -> Self::Running<S>;
    #[doc(hidden)]
    fn notification_meta(notification: &mut Self::Not) -> &mut NotificationMetaObject;
}

mod sealed {
    /// There are two roles.
    pub trait Sealed {}

    impl Sealed for rmcp::RoleClient {}
    impl Sealed for rmcp::RoleServer {}
}

impl Role for RoleClient {
    type Running<S: Service<Self>> = Client<S>;

    fn running<S: Service<Self>>(service: RunningService<Self, S>) -> Client<S> {
        Client::from(service)
    }

    fn notification_meta(notification: &mut ClientNotification) -> &mut NotificationMetaObject {
        notification.get_meta_mut()
    }
}

impl Role for RoleServer {
    type Running<S: Service<Self>> = RunningService<Self, S>;

    fn running<S: Service<Self>>(service: RunningService<Self, S>) -> RunningService<Self, S> {
        service
    }

    fn notification_meta(notification: &mut ServerNotification) -> &mut NotificationMetaObject {
        notification.get_meta_mut()
    }
}

/// Says in the parameters of a request that it is made here, in the current span: for a bare `Peer`, whose task does not know.
///
/// ```no_run
/// # use rmcp::{Peer, RoleServer, model::{CreateMessageRequestParams, SamplingMessage}};
/// # async fn ask(peer: &Peer<RoleServer>) -> Result<(), rmcp::ServiceError> {
/// let question = CreateMessageRequestParams::new(vec![SamplingMessage::user_text("why?")], 100);
/// # #[expect(deprecated)]
/// peer.create_message(spanwise::mcp::here(question)).await?;
/// # Ok(()) }
/// ```
///
/// Parameters that name a span already are left as they are.
pub fn here<P: RequestParamsMeta>(mut params: P) -> P {
    let span = SpanRef::current();
    if params.traceparent().is_none() && span.span_context().is_some() {
        message::inject(&span, params.meta_or_default());
    }
    params
}
