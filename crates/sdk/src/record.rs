//! How values become texts: through `serde`, else through `Debug`, else by the name of their type.
//!
//! Which of these a type has is found by the compiler where the macro is used: a method is looked for on `&&Probe<T>`,
//! then on `&Probe<T>`, then on `Probe<T>`, and each has a trait with other bounds.

use std::fmt::{self, Debug, Write as _};

/// Holds a value of which more is to be found out.
#[derive(Debug)]
pub struct Probe<'a, T: ?Sized>(pub &'a T);

/// A value that can be told as JSON.
#[cfg(feature = "serde")]
pub trait ViaSerde {
    /// Appends the value as JSON.
    fn write_json(&self, out: &mut Vec<u8>);
}

#[cfg(feature = "serde")]
impl<T: serde::Serialize + ?Sized> ViaSerde for &&Probe<'_, T> {
    fn write_json(&self, out: &mut Vec<u8>) {
        let start = out.len();
        if let Err(error) = serde_json::to_writer(&mut *out, self.0) {
            out.truncate(start);
            write_text(out, format_args!("<{} can't be serialized: {error}>", std::any::type_name::<T>()));
        }
    }
}

/// A value that can be told to a programmer.
pub trait ViaDebug {
    /// Appends the value's text as JSON.
    fn write_json(&self, out: &mut Vec<u8>);
}

impl<T: Debug + ?Sized> ViaDebug for &Probe<'_, T> {
    fn write_json(&self, out: &mut Vec<u8>) {
        write_text(out, format_args!("{:?}", self.0));
    }
}

/// A value of which only the type can be told.
pub trait ViaName {
    /// Appends the name of the type as JSON.
    fn write_json(&self, out: &mut Vec<u8>);
}

impl<T: ?Sized> ViaName for Probe<'_, T> {
    fn write_json(&self, out: &mut Vec<u8>) {
        write_text(out, format_args!("<{}>", std::any::type_name::<T>()));
    }
}

/// Appends a text as JSON.
pub(crate) fn write_text(out: &mut Vec<u8>, text: fmt::Arguments<'_>) {
    out.push(b'"');
    // A value whose `Debug` fails is told as far as it came.
    let _failed = Escaped(out).write_fmt(text);
    out.push(b'"');
}

/// Escapes what is written as in a text of JSON.
struct Escaped<'a>(&'a mut Vec<u8>);

impl fmt::Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            match byte {
                b'"' | b'\\' => self.0.extend_from_slice(&[b'\\', byte]),
                b'\n' => self.0.extend_from_slice(b"\\n"),
                b'\t' => self.0.extend_from_slice(b"\\t"),
                b'\r' => self.0.extend_from_slice(b"\\r"),
                0..0x20 => self.0.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
                _ => self.0.push(byte),
            }
        }
        Ok(())
    }
}

/// The inputs of a call, while they are written as a map.
#[derive(Debug)]
pub struct Inputs<'a> {
    out: &'a mut Vec<u8>,
    is_empty: bool,
}

impl<'a> Inputs<'a> {
    pub(crate) fn write(out: &'a mut Vec<u8>, entries: impl FnOnce(&mut Inputs<'_>)) {
        out.push(b'{');
        let mut inputs = Inputs { out, is_empty: true };
        entries(&mut inputs);
        inputs.out.push(b'}');
    }

    /// Writes one argument; one whose code panics is told as such.
    pub fn entry(&mut self, key: &str, value: impl FnOnce(&mut Vec<u8>)) {
        if !std::mem::take(&mut self.is_empty) {
            self.out.push(b',');
        }
        write_text(self.out, format_args!("{key}"));
        self.out.push(b':');
        guarded(self.out, value);
    }
}

/// Lets users' code write; where it panics, that is told instead.
pub(crate) fn guarded(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    let written = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| write(out)));
    if written.is_err() {
        out.truncate(start);
        out.extend_from_slice(b"\"<its code panicked>\"");
    }
}

/// A `Result`, which may be an error.
pub trait ViaResult {
    /// What is in it if it went well.
    type Value: ?Sized;
    /// What is in it if it failed.
    type Error: ?Sized;
    /// Returns what is in it.
    fn split(&self) -> Result<&Self::Value, &Self::Error>;
}

impl<T, E> ViaResult for &Probe<'_, Result<T, E>> {
    type Value = T;
    type Error = E;

    fn split(&self) -> Result<&T, &E> {
        self.0.as_ref()
    }
}

/// Any other value, which is none.
pub trait ViaPlain {
    /// What it is.
    type Value: ?Sized;
    /// Returns it.
    fn split(&self) -> Result<&Self::Value, &std::convert::Infallible>;
}

impl<T: ?Sized> ViaPlain for Probe<'_, T> {
    type Value = T;

    fn split(&self) -> Result<&T, &std::convert::Infallible> {
        Ok(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Nameless;

    fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_best_way_to_tell_a_value_is_taken() {
        assert_eq!(text(|out| crate::__json!(&vec!["a\"b"], out)), r#"["a\"b"]"#);
        assert_eq!(text(|out| crate::__json!("plain", out)), r#""plain""#);
        let debug = text(|out| crate::__json!(&std::process::ExitCode::SUCCESS, out));
        assert!(debug.contains("ExitCode("), "{debug}");
        let name = text(|out| crate::__json!(&Nameless, out));
        assert_eq!(name, format!("\"<{}>\"", std::any::type_name::<Nameless>()));
    }

    #[test]
    fn texts_are_escaped_as_json_has_it() {
        assert_eq!(text(|out| write_text(out, format_args!("a\"\\\n\t\r\u{1}é"))), r#""a\"\\\n\t\r\u0001é""#);
    }
}
