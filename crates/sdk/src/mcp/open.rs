//! Requests that are open: their spans, and what is notified of them.

use super::message::{self, Message};
use crate::{Span, SpanRef, TraceId};
use rmcp::model::{NumberOrString, ProgressToken, RequestId};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Requests of one connection and direction that have spans at a time. More go on without: what is below them becomes a
/// child of what is above.
pub const OPEN_REQUESTS_MAX: usize = 10_000;

/// Notifications of a request that are events of its span. How many more there were is its attribute
/// `spanwise.mcp.omitted_notifications`.
pub const NOTIFICATIONS_MAX: usize = 1_000;

/// Why `rmcp` cancels a request that takes too long.
const TIMEOUT_REASONS: [&str; 2] = ["request timeout", "maximum total timeout exceeded"];

/// One use of an id: another request may get the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ticket(u64);

/// The open requests of one direction.
#[derive(Debug, Default)]
pub(super) struct Open(Mutex<Requests>);

#[derive(Debug, Default)]
struct Requests {
    by_id: HashMap<RequestId, Request>,
    by_token: HashMap<ProgressToken, RequestId>,
    tickets: u64,
}

impl Requests {
    fn remove(&mut self, id: &RequestId) -> Option<Request> {
        let request = self.by_id.remove(id)?;
        if let Some(token) = &request.token {
            self.by_token.remove(token);
        }
        Some(request)
    }

    fn only(&self) -> Option<RequestId> {
        let mut ids = self.by_id.keys();
        ids.next().filter(|_| self.by_id.len() == 1).cloned()
    }

    fn only_of_trace(&self, trace_id: TraceId) -> Option<RequestId> {
        let mut of_trace = self.by_id.iter().filter(|(_, request)| request.span.trace_id() == Some(trace_id));
        let (id, _) = of_trace.next()?;
        of_trace.next().is_none().then(|| id.clone())
    }
}

/// What a notification says of the request that it belongs to.
pub(super) enum Of {
    Token(ProgressToken),
    /// Nothing, or the trace.
    Trace(Option<TraceId>),
}

#[derive(Debug)]
pub(super) struct Request {
    pub(super) span: Span,
    pub(super) method: String,
    ticket: Ticket,
    token: Option<ProgressToken>,
    notifications: usize,
}

impl Drop for Request {
    fn drop(&mut self) {
        if let Some(omitted @ 1..) = self.notifications.checked_sub(NOTIFICATIONS_MAX) {
            self.span.set_attribute("spanwise.mcp.omitted_notifications", omitted);
        }
    }
}

impl Open {
    /// Nothing that is done with it runs users' code, such as processors: spans end outside.
    fn lock(&self) -> MutexGuard<'_, Requests> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_full(&self) -> bool {
        self.lock().by_id.len() >= OPEN_REQUESTS_MAX
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lock().by_id.is_empty()
    }

    pub(super) fn insert(&self, id: &RequestId, message: Message, span: Span) -> Ticket {
        let token = message.progress_token();
        let mut requests = self.lock();
        let replaced = requests.remove(id);
        requests.tickets += 1;
        let ticket = Ticket(requests.tickets);
        if let Some(token) = &token {
            requests.by_token.insert(token.clone(), id.clone());
        }
        let request = Request { span, method: message.method, ticket, token, notifications: 0 };
        requests.by_id.insert(id.clone(), request);
        drop(requests);
        if let Some(replaced) = replaced {
            message::record_end(&replaced.span, "_OTHER", "another request has its id");
        }
        ticket
    }

    /// Takes out the request that an answer is for: some peers send numbers back as texts.
    pub(super) fn take_answered(&self, id: &RequestId) -> Option<Request> {
        self.take(id, None).or_else(|| match id {
            NumberOrString::String(text) => self.take(&NumberOrString::Number(text.parse().ok()?), None),
            NumberOrString::Number(_) => None,
        })
    }

    /// Takes a request out, if it is the one with the ticket.
    pub(super) fn take(&self, id: &RequestId, ticket: Option<Ticket>) -> Option<Request> {
        let mut requests = self.lock();
        let found = requests.by_id.get(id)?;
        if ticket.is_some_and(|ticket| ticket != found.ticket) {
            return None;
        }
        requests.remove(id)
    }

    pub(super) fn span(&self, id: &RequestId) -> SpanRef {
        self.lock().by_id.get(id).map_or_else(SpanRef::none, |request| request.span.to_ref())
    }

    /// Returns the span of the request that is open, if there is one alone.
    pub(super) fn only(&self) -> SpanRef {
        let requests = self.lock();
        let only = requests.only();
        only.and_then(|id| requests.by_id.get(&id))
            .map_or_else(SpanRef::none, |request| request.span.to_ref())
    }

    /// Records a notification on the request that it belongs to, and returns the span of that.
    pub(super) fn note(&self, of: &Of, message: &Message) -> SpanRef {
        let mut requests = self.lock();
        let id = match of {
            Of::Token(token) => requests.by_token.get(token).cloned(),
            Of::Trace(Some(trace_id)) => requests.only_of_trace(*trace_id),
            Of::Trace(None) => requests.only(),
        };
        let Some(request) = id.and_then(|id| requests.by_id.get_mut(&id)) else { return SpanRef::none() };
        request.notifications += 1;
        let (span, has_room) = (request.span.to_ref(), request.notifications <= NOTIFICATIONS_MAX);
        drop(requests);
        if has_room {
            message.add_to(&span);
        }
        span
    }

    pub(super) fn cancel(&self, id: &RequestId, message: &Message) {
        let Some(request) = self.take(id, None) else { return };
        message.add_to(&request.span);
        let (error_type, text) = match message.reason() {
            Some(reason) if TIMEOUT_REASONS.contains(&reason) => ("timeout", reason.to_owned()),
            Some(reason) => ("cancelled", format!("cancelled: {reason}")),
            None => ("cancelled", "cancelled".to_owned()),
        };
        message::record_end(&request.span, error_type, &text);
    }

    /// Ends all spans as failed.
    pub(super) fn fail_all(&self, error_type: &str, text: &str) {
        let mut requests = self.lock();
        requests.by_token.clear();
        let failed = std::mem::take(&mut requests.by_id);
        drop(requests);
        for request in failed.into_values() {
            message::record_end(&request.span, error_type, text);
        }
    }
}
