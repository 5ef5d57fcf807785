//! Spans as MLflow's clients read them: which attributes they have, and the two JSON forms they are written in.
//!
//! The writers stream into a `String`; an OTLP value is never copied into a tree on the way.

mod attributes;
mod dict;
mod out;
mod proto;

pub use attributes::{MlflowAttribute, mlflow_attributes};
pub use dict::write_dict_span;
pub use proto::write_proto_span;
