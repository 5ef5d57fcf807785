//! Answers that several groups of routes give.

use axum::Json;
use serde_json::{Map, Value};

/// The answer `{}` of a request that was done and has nothing to say.
pub(super) fn done() -> Json<Value> {
    Json(Value::Object(Map::new()))
}
