//! Scalars as OTLP/JSON writes them: integers in numbers or texts, ids in hex, bytes in base64.

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// The text of a number that should be an integer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Integer {
    /// One.
    Value(i128),
    /// One that is wider than 128 bits.
    Wide,
    /// None.
    No,
}

/// Reads an integer; `5`, `5.0` and `5e0` are the same.
pub(crate) fn parse_integer(text: &str) -> Integer {
    let digits = match text.split_once('.') {
        Some((digits, zeros)) if !zeros.is_empty() && zeros.bytes().all(|byte| byte == b'0') => digits,
        _ => text,
    };
    let magnitude = digits.strip_prefix('-').unwrap_or(digits);
    if !magnitude.is_empty() && magnitude.bytes().all(|byte| byte.is_ascii_digit()) {
        return digits.parse().map_or(Integer::Wide, Integer::Value);
    }
    match parse_double(text) {
        Some(value) if value.fract() != 0.0 || !value.is_finite() => Integer::No,
        // Beyond 2^126 the cast would saturate somewhere; no field is that wide.
        Some(value) if value.abs() >= 2f64.powi(126) => Integer::Wide,
        Some(value) => Integer::Value(value as i128),
        None => Integer::No,
    }
}

/// Reads a floating-point number, with JSON's and Python's names for what is none.
pub(crate) fn parse_double(text: &str) -> Option<f64> {
    match text {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        // Rust also reads `inf`, `nan` and `+1`.
        _ if text.starts_with(|first: char| first == '-' || first.is_ascii_digit()) => {
            text.parse().ok().filter(|_| !text.ends_with(|last: char| last.is_ascii_alphabetic()))
        }
        _ => None,
    }
}

/// Reads an id of `length` bytes as hex, or as base64 where the length of the text says so (MLflow's clients and the
/// general JSON mapping write ids that way).
pub(crate) fn parse_id(text: &str, length: usize) -> Option<Vec<u8>> {
    let is_base64 = text.ends_with('=') && text.len() == length.div_ceil(3) * 4;
    let bytes = if is_base64 { parse_base64(text)? } else { parse_hex(text)? };
    (bytes.len() == length || bytes.is_empty()).then_some(bytes)
}

fn parse_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |digit: u8| char::from(digit).to_digit(16).map(|value| value as u8);
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| Some(digit(pair[0])? << 4 | digit(*pair.get(1)?)?)).collect()
}

/// Reads base64 in either alphabet, with or without padding.
pub(crate) fn parse_base64(text: &str) -> Option<Vec<u8>> {
    const CONFIG: GeneralPurposeConfig =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let is_url_safe = text.contains(['-', '_']);
    let alphabet = if is_url_safe { &URL_SAFE } else { &STANDARD };
    GeneralPurpose::new(alphabet, CONFIG).decode(text).ok()
}
