//! Pieces of JSON text that the writers share.

use std::fmt::Write;

/// Finds the first byte that can't stand in a JSON string as it is: a quote, a backslash or a control character.
pub(crate) fn find_special(text: &[u8]) -> Option<usize> {
    const STEP: usize = 16;
    let is_special = |byte: u8| byte < 0x20 || byte == b'"' || byte == b'\\';
    // Without an early exit the compiler makes one vector comparison of each step.
    let has_special = |step: &[u8]| step.iter().fold(false, |found, &byte| found | is_special(byte));
    let plain = text.chunks_exact(STEP).take_while(|step| !has_special(step)).count() * STEP;
    text[plain..].iter().position(|&byte| is_special(byte)).map(|index| plain + index)
}

/// Appends a JSON string, escaping what must be escaped and nothing else, as Python's `json.dumps` does with
/// `ensure_ascii=False`.
pub(crate) fn push_string(text: &str, out: &mut String) {
    out.push('"');
    let mut rest = text;
    while let Some(index) = find_special(rest.as_bytes()) {
        out.push_str(&rest[..index]);
        push_escape(rest.as_bytes()[index], out);
        // The byte is ASCII, so the text goes on right after it.
        rest = &rest[index + 1..];
    }
    out.push_str(rest);
    out.push('"');
}

fn push_escape(byte: u8, out: &mut String) {
    match byte {
        b'"' => out.push_str("\\\""),
        b'\\' => out.push_str("\\\\"),
        b'\n' => out.push_str("\\n"),
        b'\r' => out.push_str("\\r"),
        b'\t' => out.push_str("\\t"),
        0x8 => out.push_str("\\b"),
        0xc => out.push_str("\\f"),
        _ => push_display(format_args!("\\u{byte:04x}"), out),
    }
}

/// Appends a number as Python's `repr` writes it: `5.0`, `0.1`, `1e-05`, `1e+16`, `NaN`, `Infinity`.
pub(crate) fn push_double(value: f64, out: &mut String) {
    if value.is_nan() {
        return out.push_str("NaN");
    }
    if value.is_infinite() {
        return out.push_str(if value > 0.0 { "Infinity" } else { "-Infinity" });
    }
    // Rust's `Debug` takes the same shortest digits and the same limits for the exponent, but writes `e-5` and `e16`.
    let start = out.len();
    push_display(format_args!("{value:?}"), out);
    let Some(exponent) = out[start..].find('e').map(|index| start + index + 1) else {
        return;
    };
    let (sign, digits) = match out[exponent..].strip_prefix('-') {
        Some(digits) => ("-", digits.to_owned()),
        None => ("+", out[exponent..].to_owned()),
    };
    out.truncate(exponent);
    push_display(format_args!("{sign}{digits:0>2}"), out);
}

/// Appends what `Display` writes.
pub(crate) fn push_display(value: impl std::fmt::Display, out: &mut String) {
    // Writing to a `String` can't fail.
    let _ = write!(out, "{value}");
}

/// Appends bytes as lower-case hex digits.
pub(crate) fn push_hex(bytes: &[u8], out: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    out.extend(digits.map(|digit| char::from(DIGITS[usize::from(digit)])));
}

/// Appends bytes as standard base64 with padding.
pub(crate) fn push_base64(bytes: &[u8], out: &mut String) {
    base64::Engine::encode_string(&base64::engine::general_purpose::STANDARD, bytes, out);
}
