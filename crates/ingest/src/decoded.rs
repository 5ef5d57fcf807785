//! A request that was read, before the experiments of its resources are known: the same for spans and log records.

use crate::draft::{ByTrace, Chunk};
use crate::origin::{OriginCache, Resource};
use crate::reject::Rejections;
use bytes::Bytes;
use spanwise_model::Interned;
use std::sync::Arc;

/// What a request holds: items of a signal, grouped by trace, and what they came under.
pub(crate) struct Decoded<T> {
    /// The resources, one for each group of the request.
    pub(crate) resources: Vec<Arc<Resource>>,
    /// The scopes, one for each group of the request.
    pub(crate) scopes: Vec<Arc<Interned>>,
    /// The good items.
    pub(crate) chunks: Vec<Chunk<T>>,
    /// The bad ones.
    pub(crate) rejections: Rejections,
    /// How many were good.
    pub(crate) accepted: usize,
}

/// Collects a [`Decoded`] while a request is read.
pub(crate) struct Decoder<'a, T> {
    pub(crate) body: &'a Bytes,
    pub(crate) origins: &'a OriginCache,
    pub(crate) resources: Vec<Arc<Resource>>,
    pub(crate) scopes: Vec<Arc<Interned>>,
    pub(crate) by_trace: ByTrace<T>,
    pub(crate) rejections: Rejections,
    pub(crate) accepted: usize,
}

impl<'a, T> Decoder<'a, T> {
    pub(crate) fn new(body: &'a Bytes, origins: &'a OriginCache, rejections: Rejections) -> Self {
        Decoder {
            body,
            origins,
            resources: Vec::new(),
            scopes: Vec::new(),
            by_trace: ByTrace::new(),
            rejections,
            accepted: 0,
        }
    }

    /// Begins a resource group; a bad resource costs the `items` under it, and is `false`.
    pub(crate) fn begin_resource(&mut self, raw: Option<&[u8]>, schema_url: &str, items: usize) -> bool {
        match self.origins.resource(raw, schema_url) {
            Ok(resource) => self.resources.push(resource),
            Err(error) => {
                self.rejections.add(items, error);
                return false;
            }
        }
        true
    }

    /// Begins a scope group; a bad scope costs the `items` under it, and is `false`.
    pub(crate) fn begin_scope(&mut self, raw: Option<&[u8]>, schema_url: &str, items: usize) -> bool {
        match self.origins.scope(raw, schema_url) {
            Ok(scope) => self.scopes.push(scope),
            Err(error) => {
                self.rejections.add(items, error);
                return false;
            }
        }
        true
    }

    pub(crate) fn finish(self) -> Decoded<T> {
        Decoded {
            resources: self.resources,
            scopes: self.scopes,
            chunks: self.by_trace.into_chunks(),
            rejections: self.rejections,
            accepted: self.accepted,
        }
    }
}
