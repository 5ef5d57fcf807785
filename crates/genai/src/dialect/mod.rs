//! Dialects: which attribute says what, in each convention that is in the wild.
//!
//! A dialect is a table. To add one, write its file and add a line to [`ALL`]; the engine does the rest.

mod hint;
mod mlflow;
mod openinference;
mod otel_genai;

/// All dialects; an earlier one wins. MLflow's own is first because what was said in its words is never rewritten.
pub(crate) const ALL: &[&Dialect] =
    &[&mlflow::MLFLOW, &openinference::OPEN_INFERENCE, &otel_genai::OTEL_GENAI, &hint::HINT];

/// One convention. In each list of keys an earlier key wins.
pub(crate) struct Dialect {
    /// Keys that tell the type of a span.
    pub(crate) types: &'static [TypeKey],
    /// Keys that hold what went in.
    pub(crate) inputs: &'static [&'static str],
    /// Keys that hold what came out.
    pub(crate) outputs: &'static [&'static str],
    /// Keys that hold token counts.
    pub(crate) usage: UsageKeys,
    /// Keys that hold the cost, as a map.
    pub(crate) costs: &'static [&'static str],
    /// Keys that name the flavour of the messages.
    pub(crate) message_formats: &'static [&'static str],
    /// Keys that hold the tools on offer.
    pub(crate) tools: &'static [&'static str],
    /// Keys that name the model.
    pub(crate) models: &'static [&'static str],
    /// Keys that name the provider.
    pub(crate) providers: &'static [&'static str],
    /// Keys that name the session.
    pub(crate) sessions: &'static [&'static str],
    /// Keys that name the user.
    pub(crate) users: &'static [&'static str],
    /// Whether an input or output counts even if it is empty.
    pub(crate) keeps_empty: bool,
}

/// A key that tells the type of a span.
pub(crate) struct TypeKey {
    /// The key.
    pub(crate) key: &'static str,
    /// What its values mean.
    pub(crate) meaning: TypeMeaning,
}

/// What the values of a [`TypeKey`] mean.
#[derive(Clone, Copy)]
pub(crate) enum TypeMeaning {
    /// Only these have a meaning: value and span type.
    Of(&'static [(&'static str, &'static str)]),
    /// Any value is the type, but `UNKNOWN` leaves the word to the others.
    AsIs,
    /// The key alone tells the type.
    Always(&'static str),
}

/// Keys that hold token counts.
pub(crate) struct UsageKeys {
    /// Keys that hold a map in MLflow's form.
    pub(crate) maps: &'static [&'static str],
    /// Input tokens.
    pub(crate) input: &'static [&'static str],
    /// Output tokens.
    pub(crate) output: &'static [&'static str],
    /// Total tokens.
    pub(crate) total: &'static [&'static str],
    /// Input tokens read from a cache.
    pub(crate) cache_read: &'static [&'static str],
    /// Input tokens written to a cache.
    pub(crate) cache_creation: &'static [&'static str],
}

impl Dialect {
    /// A dialect that says nothing, for tables to start from.
    const NONE: Dialect = Dialect {
        types: &[],
        inputs: &[],
        outputs: &[],
        usage: UsageKeys::NONE,
        costs: &[],
        message_formats: &[],
        tools: &[],
        models: &[],
        providers: &[],
        sessions: &[],
        users: &[],
        keeps_empty: false,
    };
}

impl UsageKeys {
    /// No key at all, for tables to start from.
    const NONE: UsageKeys =
        UsageKeys { maps: &[], input: &[], output: &[], total: &[], cache_read: &[], cache_creation: &[] };
}
