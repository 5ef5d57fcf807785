//! What a receiver checks to know that a delivery is ours: HMAC-SHA256 (RFC 2104), as MLflow signs.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// Bytes of a block of SHA-256.
const BLOCK_BYTES: usize = 64;

/// Returns the value of the signature's header: `v1,` and the base64 of the HMAC of id, time and body, joined by dots.
pub(super) fn sign(secret: &str, delivery_id: &str, unix_seconds: i64, body: &str) -> String {
    let signed = format!("{delivery_id}.{unix_seconds}.{body}");
    format!("v1,{}", STANDARD.encode(hmac_sha256(secret.as_bytes(), signed.as_bytes())))
}

fn hmac_sha256(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut block = [0; BLOCK_BYTES];
    if key.len() > BLOCK_BYTES {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let pad = |with: u8| block.map(|byte| byte ^ with);
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_those_of_the_standard() {
        // RFC 4231, test cases 2 and 6: a short key, and one that is longer than a block.
        let hex = |bytes: [u8; 32]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        assert_eq!(
            hex(hmac_sha256(b"Jefe", b"what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        assert_eq!(
            hex(hmac_sha256(&[0xaa; 131], b"Test Using Larger Than Block-Size Key - Hash Key First")),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        );
    }

    #[test]
    fn a_signature_names_its_version() {
        // printf 'id.5.{}' | openssl dgst -sha256 -hmac secret -binary | base64
        assert_eq!(sign("secret", "id", 5, "{}"), "v1,3GQCqxojPOkPFTAa5MF1LYFaL5tzlzvKEZtjSlCmMIE=");
    }
}
