//! What kind of a span it is for OpenTelemetry, how it ended, and how much its reader should care.

/// The role of a span in a call between processes, as OpenTelemetry has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Kind {
    /// A step inside a process.
    #[default]
    Internal = 1,
    /// The handling of a request.
    Server = 2,
    /// A request to another process.
    Client = 3,
    /// The sending of a message.
    Producer = 4,
    /// The handling of a message.
    Consumer = 5,
}

/// The log level of a span: what lists of spans are filtered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Level {
    /// Of interest while something is looked for.
    Debug = 10,
    /// Of interest.
    Info = 20,
    /// Something to look at.
    Warning = 30,
    /// Something failed.
    Error = 40,
    /// Everything failed.
    Critical = 50,
}

/// The codes of OTLP's `Status`.
pub(crate) mod status {
    pub(crate) const OK: u8 = 1;
    pub(crate) const ERROR: u8 = 2;
}
