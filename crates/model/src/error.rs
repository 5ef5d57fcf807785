//! The closed set of ways in which an operation can fail, independent of any protocol.

/// What kind of failure an error is; `server` maps each kind to a status once per surface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The caller's input is wrong; repeating it unchanged will fail again.
    InvalidArgument,
    /// The named thing does not exist.
    NotFound,
    /// A thing with that name or id exists already.
    AlreadyExists,
    /// No or wrong credentials.
    Unauthenticated,
    /// The caller may not do this.
    PermissionDenied,
    /// A limit or queue is full; repeating later may succeed.
    Exhausted,
    /// This store or build can't do what was asked.
    Unsupported,
    /// The service can't answer right now (a disk error, a shutdown); repeating may succeed.
    Unavailable,
    /// A bug or broken data on our side.
    Internal,
}
