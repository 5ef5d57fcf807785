//! Token counts and cost, of a span or summed over a trace.

/// Tokens that one call used, or the sum over a trace.
///
/// Input tokens include those read from or written to a cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TokenUsage {
    /// Tokens of the prompt, cached ones included.
    pub input: u64,
    /// Tokens of the answer, reasoning included.
    pub output: u64,
    /// What the provider called the total; input + output where it gave none.
    pub total: u64,
    /// Input tokens that were read from a cache, if reported.
    pub cache_read: Option<u64>,
    /// Input tokens that were written to a cache, if reported.
    pub cache_creation: Option<u64>,
    /// Of those written, the ones kept for more than an hour, if reported.
    pub cache_creation_above_1h: Option<u64>,
}

impl TokenUsage {
    /// Adds `other`; a cache count that neither side reports stays unreported. Saturates.
    pub fn add(&mut self, other: &TokenUsage) {
        self.input = self.input.saturating_add(other.input);
        self.output = self.output.saturating_add(other.output);
        self.total = self.total.saturating_add(other.total);
        add_optional(&mut self.cache_read, other.cache_read);
        add_optional(&mut self.cache_creation, other.cache_creation);
        add_optional(&mut self.cache_creation_above_1h, other.cache_creation_above_1h);
    }
}

fn add_optional(sum: &mut Option<u64>, value: Option<u64>) {
    if let Some(value) = value {
        *sum = Some(sum.unwrap_or(0).saturating_add(value));
    }
}

/// Cost in US dollars.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Cost {
    /// For input tokens.
    pub input: f64,
    /// For output tokens.
    pub output: f64,
    /// The sum.
    pub total: f64,
}

impl Cost {
    /// Adds `other`.
    pub fn add(&mut self, other: &Cost) {
        self.input += other.input;
        self.output += other.output;
        self.total += other.total;
    }
}
