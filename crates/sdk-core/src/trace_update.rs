//! What a trace says of itself, set from any of its spans.

use crate::body::Body;
use crate::key;

/// A change of what a trace says of itself; what is not named stays as it is.
#[derive(Debug, Clone, Default)]
#[must_use = "a change does nothing until it is given to `update_trace`"]
pub struct TraceUpdate {
    name: Option<String>,
    session: Option<String>,
    user: Option<String>,
    request_preview: Option<String>,
    response_preview: Option<String>,
    tags: Vec<(String, String)>,
    metadata: Vec<(String, String)>,
}

impl TraceUpdate {
    /// Makes a change of nothing.
    pub fn new() -> TraceUpdate {
        TraceUpdate::default()
    }

    /// Names the trace; without it has the name of its root.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Says which conversation it belongs to.
    pub fn session(mut self, session: impl Into<String>) -> Self {
        self.session = Some(session.into());
        self
    }

    /// Says whose it is.
    pub fn user(mut self, user: impl Into<String>) -> Self {
        self.user = Some(user.into());
        self
    }

    /// Sets a tag, which can be changed later on.
    pub fn tag(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.tags.push((key.into(), value.into()));
        self
    }

    /// Sets metadata, which stays as it is. MLflow's keys for session and user set these.
    pub fn metadata(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        let key = key.into();
        match key.as_str() {
            key::SESSION_METADATA => self.session(value),
            key::USER_METADATA => self.user(value),
            _ => {
                self.metadata.push((key, value.into()));
                self
            }
        }
    }

    /// Says what lists show of the request; without, it is made of the root's inputs.
    pub fn request_preview(mut self, preview: impl Into<String>) -> Self {
        self.request_preview = Some(preview.into());
        self
    }

    /// Says what lists show of the response; without, it is made of the root's outputs.
    pub fn response_preview(mut self, preview: impl Into<String>) -> Self {
        self.response_preview = Some(preview.into());
        self
    }

    /// Takes over what `later` names.
    pub(crate) fn merge(&mut self, later: TraceUpdate) {
        self.name = later.name.or(self.name.take());
        self.session = later.session.or(self.session.take());
        self.user = later.user.or(self.user.take());
        self.request_preview = later.request_preview.or(self.request_preview.take());
        self.response_preview = later.response_preview.or(self.response_preview.take());
        self.tags.extend(later.tags);
        self.metadata.extend(later.metadata);
    }

    /// Writes all of it as attributes of the root; of two values of a tag the last one is kept there.
    pub(crate) fn put(&self, body: &mut Body) {
        let single = [
            (key::TRACE_NAME, &self.name),
            (key::SESSION, &self.session),
            (key::USER, &self.user),
            (key::REQUEST_PREVIEW, &self.request_preview),
            (key::RESPONSE_PREVIEW, &self.response_preview),
        ];
        for (key, value) in single {
            if let Some(value) = value {
                body.attribute(key, value);
            }
        }
        for (key, value) in &self.tags {
            body.attribute(&format!("{}{key}", key::TAG_PREFIX), value);
        }
        for (key, value) in &self.metadata {
            body.attribute(&format!("{}{key}", key::METADATA_PREFIX), value);
        }
    }
}
