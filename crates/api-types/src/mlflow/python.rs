//! JSON text as Python's `json.dumps` writes it, for values that clients compare as text.

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};
use std::io::{Result, Write};

/// Returns what Python's `json.dumps(value, ensure_ascii=False)` returns.
pub fn json_dumps<T: Serialize + ?Sized>(value: &T) -> String {
    let mut out = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut out, PythonFormatter);
    value.serialize(&mut serializer).expect("a value of texts, numbers and lists, written to memory");
    String::from_utf8(out).expect("JSON is UTF-8")
}

/// Returns what Python's `repr` returns for a finite float.
pub fn float_repr(number: f64) -> String {
    // Both print the shortest digits that read back the same, and change to exponents at the same sizes.
    let text = format!("{number:?}");
    let Some((digits, exponent)) = text.split_once('e') else { return text };
    let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |positive| ('-', positive));
    format!("{digits}e{sign}{exponent:0>2}")
}

struct PythonFormatter;

impl Formatter for PythonFormatter {
    fn write_f64<W: ?Sized + Write>(&mut self, writer: &mut W, value: f64) -> Result<()> {
        writer.write_all(float_repr(value).as_bytes())
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> Result<()> {
        writer.write_all(b": ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn floats_are_python_reprs() {
        for (number, expected) in [
            (0.0, "0.0"),
            (1.0, "1.0"),
            (0.0001, "0.0001"),
            (1.5e-6, "1.5e-06"),
            (7.500000000000001e-6, "7.500000000000001e-06"),
            (4e-5, "4e-05"),
            (1e-100, "1e-100"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (-2.5, "-2.5"),
        ] {
            assert_eq!(float_repr(number), expected);
        }
    }

    #[test]
    fn separators_are_followed_by_a_space() {
        let value = json!({"a": [1, 2.0, "é\n"], "b": {}});
        assert_eq!(json_dumps(&value), r#"{"a": [1, 2.0, "é\n"], "b": {}}"#);
    }
}
