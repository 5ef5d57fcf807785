//! Collected spans on their way to the endpoints, and the bytes around them.

use crate::export::Request;
use crate::queue::{Chunk, Queue};
use crate::value::{Value, put_key_value};
use crate::wire::{BYTES, bytes_field_len, put_bytes, put_varint, tag};
use std::sync::Arc;

/// Bytes of spans in a request at most, unless one chunk has more.
const REQUEST_BYTES_MAX: usize = 4 << 20;
const SCOPE_NAME: &str = "spanwise";

/// Chunks that are sent in one request. What they take of the queue's budget is given back with the last reference.
pub(crate) struct Batch {
    chunks: Vec<Chunk>,
    queue: Arc<Queue>,
}

impl Batch {
    /// Makes batches of what was collected.
    pub(crate) fn split(chunks: Vec<Chunk>, queue: &Arc<Queue>) -> Vec<Batch> {
        let mut batches: Vec<Batch> = Vec::new();
        let mut bytes = 0;
        for chunk in chunks {
            bytes += chunk.bytes().len();
            match batches.last_mut().filter(|_| bytes <= REQUEST_BYTES_MAX) {
                Some(batch) => batch.chunks.push(chunk),
                None => {
                    bytes = chunk.bytes().len();
                    batches.push(Batch { chunks: vec![chunk], queue: Arc::clone(queue) });
                }
            }
        }
        batches
    }

    pub(crate) fn spans(&self) -> u64 {
        self.chunks.iter().map(|chunk| chunk.spans).sum()
    }

    /// Returns what it takes of memory.
    pub(crate) fn cost(&self) -> u64 {
        self.chunks.iter().map(Chunk::cost).sum()
    }

    /// Calls `send` with the whole request.
    pub(crate) fn with_request<R>(&self, envelope: &Envelope, send: impl FnOnce(&Request<'_>) -> R) -> R {
        let spans: usize = self.chunks.iter().map(|chunk| chunk.bytes().len()).sum();
        let head = envelope.head(spans);
        let mut pieces = Vec::with_capacity(1 + self.chunks.len());
        pieces.push(&head[..]);
        pieces.extend(self.chunks.iter().map(Chunk::bytes));
        send(&Request { pieces: &pieces, spans: self.spans() })
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        for chunk in self.chunks.drain(..) {
            self.queue.release(chunk);
        }
    }
}

/// Who sends the spans: the fields that come before them in every request.
pub(crate) struct Envelope {
    /// The field `resource` of `ResourceSpans`.
    resource: Vec<u8>,
    /// The field `scope` of `ScopeSpans`.
    scope: Vec<u8>,
}

impl Envelope {
    pub(crate) fn new(resource: &[(String, Value)]) -> Envelope {
        let mut attributes = Vec::new();
        for (key, value) in resource {
            put_key_value(&mut attributes, 1, key, value);
        }
        let (mut resource, mut scope, mut names) = (Vec::new(), Vec::new(), Vec::new());
        put_bytes(&mut resource, 1, &attributes);
        put_bytes(&mut names, 1, SCOPE_NAME.as_bytes());
        put_bytes(&mut names, 2, env!("CARGO_PKG_VERSION").as_bytes());
        put_bytes(&mut scope, 1, &names);
        Envelope { resource, scope }
    }

    /// Returns what comes before `spans` bytes of spans.
    fn head(&self, spans: usize) -> Vec<u8> {
        let scope_spans = self.scope.len() + spans;
        let resource_spans = self.resource.len() + bytes_field_len(scope_spans);
        let mut head = Vec::with_capacity(self.resource.len() + self.scope.len() + 16);
        head.push(tag(1, BYTES));
        put_varint(&mut head, resource_spans as u64);
        head.extend_from_slice(&self.resource);
        head.push(tag(2, BYTES));
        put_varint(&mut head, scope_spans as u64);
        head.extend_from_slice(&self.scope);
        head
    }
}
