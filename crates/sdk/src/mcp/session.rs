//! Sessions of a server over HTTP, whose transports are recorded.

use super::Transport;
use super::transport::over;
use futures_core::Stream;
use rmcp::model::{ClientJsonRpcMessage, ServerJsonRpcMessage};
use rmcp::transport::common::server_side_http::{ServerSseMessage, SessionId};
use rmcp::transport::streamable_http_server::session::{EventStore, RestoreOutcome, SessionManager};
use std::sync::Arc;

/// Records what a server over HTTP sends in its sessions: requests that it asks back, and notifications. What it handles is
/// recorded by its handler, [`Traced::into_handler`](super::Traced::into_handler).
///
/// ```no_run
/// # use rmcp::{ServerHandler, transport::StreamableHttpServerConfig, transport::StreamableHttpService};
/// # use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
/// # #[derive(Clone)] struct Weather; impl ServerHandler for Weather {}
/// let service = StreamableHttpService::new(
///     || Ok(spanwise::mcp::traced(Weather).into_handler()),
///     spanwise::mcp::sessions(LocalSessionManager::default()).into(),
///     StreamableHttpServerConfig::default(),
/// );
/// ```
pub fn sessions<M: SessionManager>(manager: M) -> Sessions<M> {
    Sessions { manager }
}

/// Sessions whose transports are recorded; see [`sessions`].
#[derive(Debug)]
pub struct Sessions<M> {
    manager: M,
}

#[deny(clippy::missing_trait_methods)]
impl<M: SessionManager> SessionManager for Sessions<M> {
    type Error = M::Error;
    type Transport = Transport<M::Transport>;

    async fn create_session(&self) -> Result<(SessionId, Self::Transport), M::Error> {
        let (id, transport) = self.manager.create_session().await?;
        let transport = over(transport, Some(id.to_string()));
        Ok((id, transport))
    }

    async fn initialize_session(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<ServerJsonRpcMessage, M::Error> {
        self.manager.initialize_session(id, message).await
    }

    async fn has_session(&self, id: &SessionId) -> Result<bool, M::Error> {
        self.manager.has_session(id).await
    }

    async fn close_session(&self, id: &SessionId) -> Result<(), M::Error> {
        self.manager.close_session(id).await
    }

    async fn create_stream(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, M::Error> {
        self.manager.create_stream(id, message).await
    }

    async fn accept_message(&self, id: &SessionId, message: ClientJsonRpcMessage) -> Result<(), M::Error> {
        self.manager.accept_message(id, message).await
    }

    async fn create_standalone_stream(
        &self,
        id: &SessionId,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, M::Error> {
        self.manager.create_standalone_stream(id).await
    }

    async fn resume(
        &self,
        id: &SessionId,
        last_event_id: String,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, M::Error> {
        self.manager.resume(id, last_event_id).await
    }

    async fn restore_session(&self, id: SessionId) -> Result<RestoreOutcome<Self::Transport>, M::Error> {
        let session = id.to_string();
        Ok(match self.manager.restore_session(id).await? {
            RestoreOutcome::Restored(transport) => RestoreOutcome::Restored(over(transport, Some(session))),
            RestoreOutcome::AlreadyPresent => RestoreOutcome::AlreadyPresent,
            // What is not known cannot be passed on with another transport.
            _ => RestoreOutcome::NotSupported,
        })
    }

    fn event_store(&self) -> Option<Arc<dyn EventStore>> {
        self.manager.event_store()
    }
}
