//! A transport that records the requests that are sent over it, with what is notified of them.

use super::Role;
use super::connection::{Connection, OfConnection};
use super::message::{self, Message};
use rmcp::model::{GetExtensions, GetMeta, JsonRpcMessage};
use rmcp::service::{RxJsonRpcMessage, ServiceRole, TxJsonRpcMessage};
use rmcp::transport::IntoTransport;
use std::borrow::Cow;
use std::error::Error;
use std::sync::Arc;

const CLOSED: &str = "connection closed";

/// Records the requests that are sent over a transport: what `Traced::serve` does, for a program or a library that serves
/// on its own, as with another lifecycle. A [`Client`](super::Client) is made `from` what it serves.
pub fn transport<R, T, E, A>(
    transport: T,
) -> Transport<impl rmcp::transport::Transport<R, Error = E> + 'static>
where
    R: Role,
    T: IntoTransport<R, E, A>,
    E: Error + Send + Sync + 'static,
{
    over(transport.into_transport(), None)
}

pub(super) fn over<R: ServiceRole, T: rmcp::transport::Transport<R>>(
    inner: T,
    session: Option<String>,
) -> Transport<T> {
    Transport { inner, connection: Arc::new(Connection::over(&T::name(), session)) }
}

/// A transport whose requests are recorded; see [`transport`].
#[derive(Debug)]
pub struct Transport<T> {
    inner: T,
    connection: Arc<Connection>,
}

#[deny(clippy::missing_trait_methods)]
impl<R: Role, T: rmcp::transport::Transport<R>> rmcp::transport::Transport<R> for Transport<T> {
    type Error = T::Error;

    fn name() -> Cow<'static, str> {
        T::name()
    }

    fn send(
        &mut self,
        mut message: TxJsonRpcMessage<R>,
    ) -> impl Future<Output = Result<(), T::Error>> + Send + 'static {
        let request = self.sending::<R>(&mut message);
        let sending = self.inner.send(message);
        let connection = Arc::clone(&self.connection);
        async move {
            let sent = sending.await;
            if let Err(error) = &sent
                && let Some((id, ticket)) = request
                && let Some(request) = connection.sent.take(&id, Some(ticket))
            {
                request.span.set_attribute("error.type", std::any::type_name::<T::Error>());
                request.span.record_error_as(std::any::type_name::<T::Error>(), error);
            }
            sent
        }
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<R>> {
        let mut received = self.inner.receive().await;
        match &mut received {
            Some(message) => self.received::<R>(message),
            None => self.connection.sent.fail_all("connection_closed", CLOSED),
        }
        received
    }

    async fn close(&mut self) -> Result<(), T::Error> {
        self.connection.sent.fail_all("connection_closed", CLOSED);
        self.inner.close().await
    }
}

impl<T> Transport<T> {
    fn sending<R: Role>(
        &self,
        message: &mut TxJsonRpcMessage<R>,
    ) -> Option<(rmcp::model::RequestId, super::open::Ticket)> {
        match message {
            JsonRpcMessage::Request(sent) => {
                let request = self.connection.send(&sent.request, &sent.id, sent.request.extensions())?;
                message::inject(&request.span, sent.request.get_meta_mut());
                Some((sent.id.clone(), request.ticket?))
            }
            JsonRpcMessage::Notification(sent) => {
                let span = self.connection.notify(&sent.notification);
                if span.span_context().is_some() {
                    message::inject(&span, R::notification_meta(&mut sent.notification));
                }
                None
            }
            JsonRpcMessage::Response(_) | JsonRpcMessage::Error(_) => None,
        }
    }

    fn received<R: Role>(&self, message: &mut RxJsonRpcMessage<R>) {
        match message {
            JsonRpcMessage::Request(received) => {
                let own = OfConnection(Arc::clone(&self.connection));
                received.request.extensions_mut().insert(own);
            }
            JsonRpcMessage::Response(received) => self.connection.answered(&received.id, &received.result),
            JsonRpcMessage::Error(received) => {
                if let Some(id) = &received.id {
                    self.connection.refused(id, &received.error);
                }
            }
            JsonRpcMessage::Notification(received) => {
                self.connection
                    .notified(|| Message::read(&received.notification), received.notification.get_meta());
                // The handler records what the transport does not.
                let own = OfConnection(Arc::clone(&self.connection));
                received.notification.extensions_mut().insert(own);
            }
        }
    }
}

impl<T> Drop for Transport<T> {
    fn drop(&mut self) {
        self.connection.sent.fail_all("connection_closed", CLOSED);
    }
}
