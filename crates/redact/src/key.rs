//! Keyed hashes of what is replaced, so that equal values stay comparable without being told.

use sha2::{Digest, Sha256};
use std::fmt;

/// Bytes of the shortest key that is taken.
pub const KEY_BYTES_MIN: usize = 16;
/// Bytes of a hash that are written: few enough to read, enough that two values of a store do not meet.
const HASH_BYTES: usize = 8;
/// Bytes of a block of SHA-256.
const BLOCK_BYTES: usize = 64;

/// The key of hashes. Whoever has it can find short values such as phone numbers by trying all; so it does not belong
/// beside the data.
#[derive(Clone, PartialEq, Eq)]
pub struct HashKey([u8; BLOCK_BYTES]);

impl fmt::Debug for HashKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HashKey(…)")
    }
}

impl HashKey {
    /// Makes a key of a secret; `None` if it is shorter than [`KEY_BYTES_MIN`].
    pub fn new(secret: &str) -> Option<HashKey> {
        if secret.len() < KEY_BYTES_MIN {
            return None;
        }
        let mut block = [0; BLOCK_BYTES];
        if secret.len() > BLOCK_BYTES {
            block[..32].copy_from_slice(&Sha256::digest(secret.as_bytes()));
        } else {
            block[..secret.len()].copy_from_slice(secret.as_bytes());
        }
        Some(HashKey(block))
    }

    /// Returns the beginning of the HMAC-SHA256 (RFC 2104) of a value that a detector found, in hexadecimal digits. The same
    /// value has another hash under another detector.
    pub(crate) fn hash(&self, detector: &str, value: &str) -> String {
        let pad = |with: u8| self.0.map(|byte| byte ^ with);
        let inner = Sha256::new()
            .chain_update(pad(0x36))
            .chain_update(detector)
            .chain_update([0])
            .chain_update(value);
        let outer = Sha256::new().chain_update(pad(0x5c)).chain_update(inner.finalize());
        outer.finalize().iter().take(HASH_BYTES).map(|byte| format!("{byte:02x}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_depend_on_key_detector_and_value() {
        let key = HashKey::new("0123456789abcdef").unwrap();
        // echo -ne 'email\0ada@example.org' | openssl dgst -sha256 -hmac 0123456789abcdef
        assert_eq!(key.hash("email", "ada@example.org"), "c019192e59b92c2f");
        assert_ne!(key.hash("phone", "ada@example.org"), key.hash("email", "ada@example.org"));
        let other = HashKey::new(&"0123456789abcdef".repeat(5)).unwrap();
        assert_eq!(other.hash("email", "ada@example.org"), "8820d5eb84caed27");
        assert_eq!(HashKey::new("short"), None);
        assert_eq!(format!("{key:?}"), "HashKey(…)");
    }
}
