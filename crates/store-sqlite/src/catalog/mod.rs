//! Experiments, trace records, tags, assessments and links: synchronous functions over the index database.
//!
//! Those that write run inside the writer's transaction, each in a savepoint of its own; none begins or commits.

#[cfg(test)]
pub(crate) mod tests;
