//! Calls of LLM providers as spans: recognised in the traffic of an HTTP client, whichever library makes them.
//!
//! [`Tracer`] is a layer for clients made of tower's services (feature `tower`), a middleware of `reqwest-middleware`
//! (feature of that name), and sends single requests of reqwest (feature `reqwest`).
//!
//! ```
//! # #[cfg(feature = "reqwest-middleware")]
//! # {
//! let client = reqwest_middleware::ClientBuilder::new(reqwest::Client::new())
//!     .with(spanwise::llm::Tracer::new())
//!     .build();
//! # }
//! ```
//!
//! A call is a span such as `chat gpt-4o`, with messages, tools, parameters, tokens, and how it ended. Requests and
//! responses pass through as they are: of a request only a body that is in memory is looked at, and a response is read as
//! the program reads it, so that nothing comes later than it would. Whatever is sent, no more than
//! [`REQUEST_BYTES_MAX`] and [`ANSWER_BYTES_MAX`] are kept of it, and what is left out is told on the span.
//!
//! Which requests are recognised is said in the crate `spanwise-sdk-providers`; all others pass untouched.

mod body;
mod exchange;
#[cfg(feature = "tower")]
mod layer;
#[cfg(feature = "reqwest-middleware")]
mod middleware;
#[cfg(feature = "reqwest")]
mod reqwest;

pub use body::TracedBody;
pub use exchange::Exchange;
#[cfg(feature = "tower")]
pub use layer::{SentBody, TracedCall, TracedService};
#[cfg(all(feature = "reqwest", feature = "tower"))]
pub use reqwest::TracedRequest;
pub use spanwise_sdk_providers::{ANSWER_BYTES_MAX, REQUEST_BYTES_MAX};

use spanwise_sdk_providers::Options;

/// Records calls of LLM providers.
#[derive(Debug, Clone, Copy)]
pub struct Tracer {
    options: Options,
    propagates: bool,
    records_others: bool,
}

impl Default for Tracer {
    fn default() -> Tracer {
        Tracer { options: Options::default(), propagates: true, records_others: false }
    }
}

impl Tracer {
    /// Returns one that records calls of providers with all that was said, and tells the provider the span, as W3C Trace
    /// Context has it.
    pub fn new() -> Tracer {
        Tracer::default()
    }

    /// Leaves out what was said: messages, instructions, tools, documents. Models, parameters, tokens and errors stay.
    #[must_use]
    pub fn without_content(mut self) -> Tracer {
        self.options = Options::without_content();
        self
    }

    /// Leaves the headers of requests as they are.
    #[must_use]
    pub fn without_propagation(mut self) -> Tracer {
        self.propagates = false;
        self
    }

    /// Records requests that are no calls of providers too, as plain spans of a client.
    #[must_use]
    pub fn with_other_requests(mut self) -> Tracer {
        self.records_others = true;
        self
    }
}
