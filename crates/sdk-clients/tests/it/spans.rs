//! The spans that a test makes.

use spanwise::{Accepted, Config, ExportError, Exporter, Request, Sdk, SpanData, Value};
use std::sync::{Mutex, OnceLock, PoisonError};
use tokio::sync::{Mutex as AsyncMutex, MutexGuard};

static SEEN: Mutex<Vec<SpanData>> = Mutex::new(Vec::new());
static SDK: OnceLock<Sdk> = OnceLock::new();
/// There is one SDK in a process, so that tests run one after the other.
static TURN: AsyncMutex<()> = AsyncMutex::const_new(());

struct Nowhere;

impl Exporter for Nowhere {
    fn export(&mut self, _request: &Request<'_>) -> Result<Accepted, ExportError> {
        Ok(Accepted::default())
    }
}

/// Spans are seen while this is held.
pub(crate) struct Spans {
    _turn: MutexGuard<'static, ()>,
}

impl Spans {
    pub(crate) async fn record() -> Spans {
        let turn = TURN.lock().await;
        SDK.get_or_init(|| {
            let see = |span: &mut SpanData| {
                seen().push(span.clone());
                true
            };
            Config::new().exporter("nowhere", || Box::new(Nowhere)).processor(see).install().unwrap()
        });
        spanwise::enable();
        seen().clear();
        Spans { _turn: turn }
    }

    /// Returns the one span that ended.
    pub(crate) fn one(&self) -> SpanData {
        let seen = std::mem::take(&mut *seen());
        let [span] = <[SpanData; 1]>::try_from(seen).unwrap();
        span
    }

    pub(crate) fn count(&self) -> usize {
        seen().len()
    }
}

fn seen() -> std::sync::MutexGuard<'static, Vec<SpanData>> {
    SEEN.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) fn attribute<'a>(span: &'a SpanData, key: &str) -> Option<&'a Value> {
    span.attributes.iter().find(|(own, _)| own == key).map(|(_, value)| value)
}

/// Returns all of a span as a text.
pub(crate) fn text(span: &SpanData) -> String {
    format!("{span:?}")
}
