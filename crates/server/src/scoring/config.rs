//! What scoring is told by its operator.

use http::Uri;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// The name of the endpoint that has none.
pub const DEFAULT_ENDPOINT: &str = "default";

/// How scoring works, and where models are.
#[derive(Debug, Clone)]
pub struct ScoringConfig {
    /// How long nothing of a trace may have arrived before it is scored.
    pub quiet: Duration,
    /// Where models are, by name; [`DEFAULT_ENDPOINT`] is for judges that name none.
    pub endpoints: BTreeMap<String, Endpoint>,
    /// US dollars that a scorer may spend on a UTC day unless it has a bound of its own; `None` = no bound.
    pub daily_cap_usd: Option<f64>,
    /// Calls of a model without a known price on a UTC day, by a scorer without a bound of its own.
    pub unpriced_calls: u64,
}

impl Default for ScoringConfig {
    fn default() -> Self {
        ScoringConfig {
            quiet: Duration::from_secs(5),
            endpoints: BTreeMap::new(),
            daily_cap_usd: Some(10.0),
            unpriced_calls: 1_000,
        }
    }
}

/// A server with models that answers requests in the form of OpenAI's chat completions.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// The address before `/chat/completions`, e.g. `https://api.openai.com/v1`.
    pub url: Uri,
    /// The model of judges that name none.
    pub model: Option<String>,
    /// The provider by whose prices calls cost, e.g. `openai`.
    pub provider: Option<String>,
    /// What the server asks for.
    pub api_key: Option<ApiKey>,
    /// How long a call may take.
    pub timeout: Duration,
    /// Calls at one time.
    pub concurrency: usize,
}

/// A key that is never shown.
#[derive(Clone)]
pub struct ApiKey(String);

impl ApiKey {
    /// Keeps a key.
    pub fn new(key: impl Into<String>) -> ApiKey {
        ApiKey(key.into())
    }

    pub(super) fn header(&self) -> String {
        format!("Bearer {}", self.0)
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(…)")
    }
}
