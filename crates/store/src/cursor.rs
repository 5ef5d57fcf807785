//! Where a page of traces ended, as an opaque token that stays valid while traces arrive.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use spanwise_model::TraceId;

/// The version of the token's form; another one is refused.
const VERSION: u32 = 1;

/// One value of the sort key of a row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SortValue {
    /// The row has no value; such rows come last.
    Null,
    /// An integer.
    Int(i64),
    /// A floating-point number.
    Real(f64),
    /// A text.
    Text(String),
}

/// The last row of a page: its sort key, one value for each `order by`, and its trace id.
#[derive(Debug, Clone, PartialEq)]
pub struct Cursor {
    /// The sort key.
    pub values: Vec<SortValue>,
    /// The trace, as the last tie-breaker.
    pub trace_id: TraceId,
}

/// Why a page token can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CursorError {
    /// MLflow's text.
    #[error("Invalid page token, could not base64-decode")]
    NotBase64,
    /// MLflow's text.
    #[error("Invalid page token, decoded value={0}")]
    NotAToken(String),
    /// A token of this store, but of another query.
    #[error("Invalid page token: it belongs to another filter or order; start again without a page token")]
    OtherQuery,
}

#[derive(Serialize, Deserialize)]
struct Token {
    v: u32,
    order: String,
    filter_hash: String,
    last: (Vec<SortValue>, String),
}

impl Cursor {
    /// Writes the token: base64 of JSON `{v, order, filter_hash, last}`.
    ///
    /// `order` and `filter` are the query's texts; a token is only good for the same ones.
    pub fn to_token(&self, order: &str, filter: &str) -> String {
        let token = Token {
            v: VERSION,
            order: order.to_owned(),
            filter_hash: filter_hash(filter),
            last: (self.values.clone(), self.trace_id.to_string()),
        };
        STANDARD.encode(serde_json::to_vec(&token).expect("a token has only strings and numbers"))
    }

    /// Reads a token of the same `order` and `filter`.
    pub fn from_token(token: &str, order: &str, filter: &str) -> Result<Cursor, CursorError> {
        let bytes = STANDARD.decode(token).map_err(|_| CursorError::NotBase64)?;
        let token: Token = serde_json::from_slice(&bytes)
            .map_err(|_| CursorError::NotAToken(String::from_utf8_lossy(&bytes).into_owned()))?;
        if token.v != VERSION || token.order != order || token.filter_hash != filter_hash(filter) {
            return Err(CursorError::OtherQuery);
        }
        let trace_id = token.last.1.parse().map_err(|_| CursorError::OtherQuery)?;
        Ok(Cursor { values: token.last.0, trace_id })
    }
}

fn filter_hash(filter: &str) -> String {
    format!("{:016x}", xxhash_rust::xxh3::xxh3_64(filter.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cursor() -> Cursor {
        let values =
            vec![SortValue::Int(5), SortValue::Null, SortValue::Text("x".into()), SortValue::Real(0.5)];
        Cursor { values, trace_id: "tr-own".parse().unwrap() }
    }

    #[test]
    fn a_token_comes_back_for_its_own_query_only() {
        let token = cursor().to_token("name", "status = 'OK'");
        assert_eq!(Cursor::from_token(&token, "name", "status = 'OK'"), Ok(cursor()));
        assert_eq!(Cursor::from_token(&token, "name", "status = 'ERROR'"), Err(CursorError::OtherQuery));
        assert_eq!(Cursor::from_token(&token, "", "status = 'OK'"), Err(CursorError::OtherQuery));
    }

    #[test]
    fn foreign_tokens_are_named() {
        assert_eq!(Cursor::from_token("%%", "", ""), Err(CursorError::NotBase64));
        let text = STANDARD.encode("hello");
        assert_eq!(Cursor::from_token(&text, "", ""), Err(CursorError::NotAToken("hello".into())));
    }
}
