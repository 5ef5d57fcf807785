//! What spans came under: resources and scopes, interned so that a batch of spans shares one copy.

use lru::LruCache;
use spanwise_model::Interned;
use spanwise_otlp::pyjson::write_json;
use spanwise_otlp::{
    AnyValueView, ResourceView, ScopeView, SpanError, resource_spans_header, scope_spans_header,
};
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use xxhash_rust::xxh3::xxh3_128;

/// Resources, and scopes, that are kept between requests.
const ENTRIES_MAX: NonZeroUsize = NonZeroUsize::new(512).expect("not zero");
/// A bigger resource or scope is not kept between requests, so that the cache stays within 16 MiB.
const ENTRY_BYTES_MAX: usize = 16 << 10;

/// A resource and what follows from it.
#[derive(Debug)]
pub(crate) struct Resource {
    pub(crate) interned: Arc<Interned>,
    /// The tags that it adds to a trace.
    pub(crate) tags: Arc<Vec<(String, String)>>,
    /// The name of the experiment that it asks for.
    pub(crate) experiment: Option<Box<str>>,
}

/// Resources and scopes that came lately.
pub(crate) struct OriginCache {
    resources: Mutex<LruCache<u128, Arc<Resource>>>,
    scopes: Mutex<LruCache<u128, Arc<Interned>>>,
}

impl OriginCache {
    pub(crate) fn new() -> Self {
        OriginCache {
            resources: Mutex::new(LruCache::new(ENTRIES_MAX)),
            scopes: Mutex::new(LruCache::new(ENTRIES_MAX)),
        }
    }

    /// Returns the resource of a `ResourceSpans` or `ResourceLogs` message, checked.
    pub(crate) fn resource(&self, raw: Option<&[u8]>, schema_url: &str) -> Result<Arc<Resource>, SpanError> {
        let header = resource_spans_header(raw, schema_url);
        cached(&self.resources, header, |interned| {
            let view = ResourceView::parse(raw.unwrap_or_default())?;
            Ok(Arc::new(Resource {
                tags: Arc::new(resource_tags(&view)),
                experiment: asked_experiment(&view).map(Into::into),
                interned,
            }))
        })
    }

    /// Returns the scope of a `ScopeSpans` or `ScopeLogs` message, checked.
    pub(crate) fn scope(&self, raw: Option<&[u8]>, schema_url: &str) -> Result<Arc<Interned>, SpanError> {
        let header = scope_spans_header(raw, schema_url);
        cached(&self.scopes, header, |interned| ScopeView::parse(raw.unwrap_or_default()).map(|_| interned))
    }
}

fn cached<T: Clone>(
    cache: &Mutex<LruCache<u128, T>>,
    header: Vec<u8>,
    make: impl FnOnce(Arc<Interned>) -> Result<T, SpanError>,
) -> Result<T, SpanError> {
    let hash = xxh3_128(&header);
    // A panic elsewhere can't leave a half-made entry behind, so a poisoned lock is still good.
    let lock = || cache.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = lock().get(&hash) {
        return Ok(known.clone());
    }
    let keep = header.len() <= ENTRY_BYTES_MAX;
    let made = make(Arc::new(Interned { hash, bytes: header.into() }))?;
    if keep {
        lock().put(hash, made.clone());
    }
    Ok(made)
}

/// Returns the name of the experiment that a raw resource asks for.
pub(crate) fn asked_experiment_of(raw: Option<&[u8]>) -> Result<Option<Box<str>>, SpanError> {
    let view = ResourceView::parse(raw.unwrap_or_default())?;
    Ok(asked_experiment(&view).map(Into::into))
}

/// Returns the name of the experiment that a resource asks for.
///
/// SDKs without a configured service write `unknown_service` or `unknown_service:python`: that asks for nothing.
fn asked_experiment<'a>(resource: &ResourceView<'a>) -> Option<&'a str> {
    let text = |wanted| {
        resource.attributes().find_map(|(key, value)| match value {
            AnyValueView::String(text) if key == wanted && !text.is_empty() => Some(text),
            _ => None,
        })
    };
    text("spanwise.experiment")
        .or_else(|| text("service.name").filter(|name| !name.starts_with("unknown_service")))
}

/// Returns the tags of a resource: all attributes but the SDK's own, texts as they are, others as JSON.
fn resource_tags(resource: &ResourceView<'_>) -> Vec<(String, String)> {
    let wanted =
        |key: &str| !key.is_empty() && !key.starts_with("telemetry.sdk.") && !key.starts_with("mlflow.");
    let attributes = resource.attributes().filter(|(key, _)| wanted(key));
    attributes.map(|(key, value)| (key.to_owned(), tag_text(value))).collect()
}

fn tag_text(value: AnyValueView<'_>) -> String {
    let mut text = String::new();
    match value {
        AnyValueView::String(plain) => text.push_str(plain),
        other => write_json(other, &mut text),
    }
    text
}
