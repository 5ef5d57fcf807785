//! Base64, in which Bedrock sends the events of other protocols.

const INVALID: u8 = 0xff;

/// What each byte stands for.
const VALUES: [u8; 256] = {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut values = [INVALID; 256];
    let mut at = 0;
    while at < alphabet.len() {
        values[alphabet[at] as usize] = at as u8;
        at += 1;
    }
    values
};

/// Decodes a text; `None` if it is no base64.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_end_matches('=').as_bytes();
    let mut out = Vec::with_capacity(text.len() / 4 * 3 + 2);
    for group in text.chunks(4) {
        let mut bits = 0u32;
        for (at, byte) in group.iter().enumerate() {
            let value = VALUES[usize::from(*byte)];
            if value == INVALID {
                return None;
            }
            bits |= u32::from(value) << (18 - 6 * at);
        }
        let bytes = bits.to_be_bytes();
        // A group of n digits holds n - 1 bytes; one digit alone holds none.
        out.extend_from_slice(&bytes[1..group.len().max(1)]);
        if group.len() == 1 {
            return None;
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn texts_of_any_length_are_decoded() {
        for (text, bytes) in [("", ""), ("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("Zm9vYg", "foob")] {
            assert_eq!(decode(text).as_deref(), Some(bytes.as_bytes()), "{text}");
        }
        for wrong in ["Z", "Zm9vY", "Zm9*", "é"] {
            assert_eq!(decode(wrong), None, "{wrong}");
        }
    }
}
