//! Wire shapes of the HTTP APIs: what a request holds, what an answer looks like, and how both meet the domain types.
//!
//! Pure functions over values. Nothing here knows a status code, a store or a socket, and the domain types are
//! converted by hand, so that renaming one of their fields never moves an API.

pub mod mlflow;
pub mod native;
