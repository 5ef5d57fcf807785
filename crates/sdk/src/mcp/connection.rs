//! What is known of a connection: its open requests, whose children they are, and what it goes over.

use super::message::{self, Message, Note};
use super::open::{Of, Open, Ticket};
use crate::{Kind, SpanRef};
use rmcp::ErrorData;
use rmcp::model::{Extensions, NotificationMetaObject, RequestId};
use rmcp::service::{InboundStreamOrigin, OriginatingRequestId};
use serde::Serialize;
use std::sync::{Arc, OnceLock};

const SESSION_HEADER: &str = "mcp-session-id";
/// What a client may be asked by a server only because of a request that it made.
const ASKED_BACK: [&str; 3] = ["sampling/createMessage", "elicitation/create", "roots/list"];

/// What both the transport and the handler of a connection know.
#[derive(Debug)]
pub(super) struct Connection {
    /// The span in which the connection was made: the parent of what nobody else is known to have asked for.
    home: SpanRef,
    /// Requests to the other side.
    pub(super) sent: Open,
    /// Requests of the other side.
    pub(super) served: Open,
    protocol_version: OnceLock<String>,
    transport: &'static [(&'static str, &'static str)],
    /// Of a server over HTTP; other transports have none, or do not tell.
    session: Option<String>,
}

/// In the extensions of what a recorded transport receives: its connection.
#[derive(Debug, Clone)]
pub(super) struct OfConnection(pub(super) Arc<Connection>);

impl Connection {
    pub(super) fn new() -> Connection {
        Connection::over("", None)
    }

    /// Returns the connection over a transport with this name.
    pub(super) fn over(transport: &str, session: Option<String>) -> Connection {
        Connection {
            home: SpanRef::current(),
            sent: Open::default(),
            served: Open::default(),
            protocol_version: OnceLock::new(),
            transport: transport_attributes(transport),
            session,
        }
    }

    /// Starts the span of a request to the other side; none, if nothing is recorded.
    pub(super) fn send(
        &self,
        request: &impl Serialize,
        id: &RequestId,
        extensions: &Extensions,
    ) -> Option<Sent> {
        if !crate::is_enabled() {
            return None;
        }
        let message = Message::read(request)?;
        let parent = self.parent_of_sent(&message, extensions);
        if self.sent.is_full() {
            return Some(Sent { span: parent, ticket: None });
        }
        let span = message.start(id, Kind::Client, &parent, &self.network(None));
        let reference = span.to_ref();
        // Also one that is not recorded: what the other side asks back because of it is not recorded either.
        let ticket = reference.span_context().map(|_| self.sent.insert(id, message, span));
        Some(Sent { span: reference, ticket })
    }

    fn parent_of_sent(&self, message: &Message, extensions: &Extensions) -> SpanRef {
        let told = message.caller();
        if told.span_context().is_some() {
            return told;
        }
        let origin = extensions.get::<OriginatingRequestId>();
        let handled = origin.map_or_else(SpanRef::none, |origin| self.served.span(&origin.0));
        let current = SpanRef::current();
        if handled.span_context().is_some() {
            handled
        } else if current.span_context().is_some() {
            current
        } else if self.home_has_ended() {
            SpanRef::none()
        } else {
            self.home.clone()
        }
    }

    /// Of one that is not recorded, nobody knows whether it has.
    fn home_has_ended(&self) -> bool {
        !self.home.is_recording() && self.home.span_context().is_some_and(|context| context.is_sampled)
    }

    /// Starts the span of a request of the other side.
    pub(super) fn serve(
        &self,
        message: Message,
        id: &RequestId,
        extensions: &Extensions,
    ) -> (SpanRef, Option<Ticket>) {
        let told = message.caller();
        let parent =
            if told.span_context().is_some() { told } else { self.parent_of_served(&message, extensions) };
        if self.served.is_full() {
            return (parent, None);
        }
        let span = message.start(id, Kind::Server, &parent, &self.network(Some(extensions)));
        let reference = span.to_ref();
        let ticket = reference.span_context().map(|_| self.served.insert(id, message, span));
        (reference, ticket)
    }

    /// A server that does not tell its span asks back on the stream of a request, or while there is only one.
    fn parent_of_served(&self, message: &Message, extensions: &Extensions) -> SpanRef {
        let origin = extensions.get::<InboundStreamOrigin>();
        if let Some(InboundStreamOrigin::OutboundRequest(id)) = origin {
            return self.sent.span(id);
        }
        if ASKED_BACK.contains(&message.method.as_str()) {
            return self.sent.only();
        }
        SpanRef::current()
    }

    /// Records a notification of the other side.
    pub(super) fn notified(
        &self,
        notification: impl FnOnce() -> Option<Message>,
        told: &NotificationMetaObject,
    ) {
        if self.sent.is_empty() && self.served.is_empty() {
            return;
        }
        let Some(message) = notification() else { return };
        match message.note() {
            Some(Note::Cancelled(id)) => self.served.cancel(&id, &message),
            Some(Note::Progress(token)) => drop(self.sent.note(&Of::Token(token), &message)),
            Some(Note::Log) => drop(self.sent.note(&Of::Trace(message::caller(told).trace_id()), &message)),
            None => {}
        }
    }

    /// Records a notification to the other side, and returns the span that it belongs to.
    pub(super) fn notify(&self, notification: &impl Serialize) -> SpanRef {
        if self.sent.is_empty() && self.served.is_empty() {
            return SpanRef::none();
        }
        let Some(message) = Message::read(notification) else { return SpanRef::none() };
        match message.note() {
            Some(Note::Cancelled(id)) => self.sent.cancel(&id, &message),
            Some(Note::Progress(token)) => return self.served.note(&Of::Token(token), &message),
            Some(Note::Log) => return self.served.note(&Of::Trace(message.caller().trace_id()), &message),
            None => {}
        }
        SpanRef::none()
    }

    /// Records the answer to a request that was sent.
    pub(super) fn answered(&self, id: &RequestId, result: &impl Serialize) {
        if let Some(request) = self.sent.take_answered(id)
            && let Some(version) = message::record_result(&request.span, &request.method, result)
        {
            self.learn_protocol_version(version);
        }
    }

    /// Records the error that a request that was sent was answered with.
    pub(super) fn refused(&self, id: &RequestId, error: &ErrorData) {
        if let Some(request) = self.sent.take_answered(id) {
            message::record_error(&request.span, error);
        }
    }

    /// Says which version of the protocol is spoken; the first one stays.
    pub(super) fn learn_protocol_version(&self, version: String) {
        // Whoever was first knows the same.
        let _known = self.protocol_version.set(version);
    }

    pub(super) fn knows_protocol_version(&self) -> bool {
        self.protocol_version.get().is_some()
    }

    fn network(&self, extensions: Option<&Extensions>) -> Network {
        let mut told = Network::default();
        let http = extensions.and_then(|extensions| extensions.get::<http::request::Parts>());
        let mut session = self.session.clone();
        if let Some(http) = http {
            told.add_all(&HTTP);
            let version = format!("{:?}", http.version);
            told.add("network.protocol.version", version.trim_start_matches("HTTP/"));
            let header = http.headers.get(SESSION_HEADER).and_then(|session| session.to_str().ok());
            session = header.map(str::to_owned).or(session);
        } else {
            told.add_all(self.transport);
        }
        if let Some(session) = session {
            told.add("mcp.session.id", &session);
        }
        if let Some(version) = self.protocol_version.get() {
            told.add("mcp.protocol.version", version);
        }
        told
    }
}

/// What is known of the connection that a request came or went over.
#[derive(Default)]
pub(super) struct Network(Vec<(&'static str, String)>);

impl Network {
    fn add(&mut self, key: &'static str, value: &str) {
        self.0.push((key, value.to_owned()));
    }

    fn add_all(&mut self, told: &[(&'static str, &'static str)]) {
        told.iter().for_each(|(key, value)| self.add(key, value));
    }

    pub(super) fn attributes(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(key, value)| (*key, value.as_str()))
    }
}

const HTTP: [(&str, &str); 2] = [("network.transport", "tcp"), ("network.protocol.name", "http")];

/// The name of a transport is the path of its type; of one that is not known, nothing is said.
fn transport_attributes(name: &str) -> &'static [(&'static str, &'static str)] {
    let any = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
    if any(&["streamable_http", "StreamableHttp"]) {
        &HTTP
    } else if any(&["child_process", "ChildProcess", "stdin", "Stdin", "StdioReader", "pipe::"]) {
        &[("network.transport", "pipe")]
    } else if any(&["TcpStream", "tcp::"]) {
        &[("network.transport", "tcp")]
    } else if any(&["UnixStream", "unix::"]) {
        &[("network.transport", "unix")]
    } else {
        &[]
    }
}

/// The span that a request to the other side names as its caller's.
pub(super) struct Sent {
    pub(super) span: SpanRef,
    pub(super) ticket: Option<Ticket>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mcp::OPEN_REQUESTS_MAX;
    use crate::{Accepted, Config, ExportError, Exporter};
    use rmcp::model::NumberOrString;
    use serde_json::json;

    struct Nowhere;

    impl Exporter for Nowhere {
        fn export(&mut self, _request: &crate::Request<'_>) -> Result<Accepted, ExportError> {
            Ok(Accepted::default())
        }
    }

    #[test]
    fn more_than_so_many_open_requests_have_no_spans() {
        let _sdk = Config::new().exporter("nowhere", || Box::new(Nowhere)).install().unwrap();
        let caller = crate::span!("caller");
        let connection = Connection::new();
        let send = |id| {
            connection
                .send(&json!({"method": "ping"}), &NumberOrString::Number(id), &Extensions::new())
                .unwrap()
        };
        let more = i64::try_from(OPEN_REQUESTS_MAX).unwrap();
        assert!((0..more).all(|id| send(id).ticket.is_some()));
        let sent = send(more);
        assert!(sent.ticket.is_none());
        assert_eq!(sent.span.span_id(), caller.span_id());
        connection.sent.fail_all("connection_closed", "closed");
        assert!(send(more).ticket.is_some());
    }

    #[test]
    fn transports_are_known_by_their_names() {
        let transport = |name| Connection::over(name, None).transport.first().map(|(_, value)| *value);
        assert_eq!(transport("rmcp::transport::child_process::TokioChildProcess"), Some("pipe"));
        assert_eq!(
            transport(
                "rmcp::transport::async_rw::AsyncRwTransport<rmcp::RoleServer, tokio::io::Stdin, tokio::io::Stdout>"
            ),
            Some("pipe")
        );
        assert_eq!(
            transport(
                "rmcp::transport::worker::WorkerTransport<rmcp::transport::streamable_http_client::StreamableHttpClientWorker<reqwest::Client>>"
            ),
            Some("tcp")
        );
        assert_eq!(transport("a::B"), None);
    }
}
