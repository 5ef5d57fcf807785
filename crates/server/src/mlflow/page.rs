//! Page tokens that are offsets, as upstream's are.

use crate::error::{MlflowError, MlflowResult};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use spanwise_store::CursorError;

/// Writes where the next page starts, byte for byte as upstream does.
pub(super) fn offset_token(offset: usize) -> String {
    STANDARD.encode(format!("{{\"offset\": {offset}}}"))
}

/// Reads such a token; the empty one is the beginning.
pub(super) fn offset_of(token: &str) -> MlflowResult<usize> {
    if token.is_empty() {
        return Ok(0);
    }
    let bytes = decode(token)?;
    let offset = serde_json::from_slice::<Value>(&bytes).ok().and_then(|token| token["offset"].as_u64());
    // Stores count rows in 63 bits.
    let offset = offset.filter(|offset| i64::try_from(*offset).is_ok());
    let offset = offset.and_then(|offset| usize::try_from(offset).ok());
    offset.ok_or_else(|| not_a_token(&bytes))
}

/// Reads the bytes of any token.
pub(super) fn decode(token: &str) -> MlflowResult<Vec<u8>> {
    STANDARD.decode(token).map_err(|_| MlflowError::invalid(CursorError::NotBase64.to_string()))
}

/// Refuses a token that was none of ours.
pub(super) fn not_a_token(bytes: &[u8]) -> MlflowError {
    MlflowError::invalid(CursorError::NotAToken(String::from_utf8_lossy(bytes).into_owned()).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_upstreams() {
        assert_eq!(offset_token(2), "eyJvZmZzZXQiOiAyfQ==");
        assert_eq!(offset_of("eyJvZmZzZXQiOiAyfQ==").unwrap(), 2);
        assert_eq!(offset_of("").unwrap(), 0);
        assert_eq!(offset_of("%").unwrap_err().message, "Invalid page token, could not base64-decode");
        assert_eq!(offset_of("Mg==").unwrap_err().message, "Invalid page token, decoded value=2");
        assert_eq!(offset_of(&offset_token(i64::MAX as usize)).unwrap(), i64::MAX as usize);
        assert!(offset_of(&offset_token(i64::MAX as usize + 1)).is_err());
    }
}
