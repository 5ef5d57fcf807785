//! What goes into and comes out of a request, as JSON of bounded length.

use crate::record::write_text;
use serde_json::Value;
use std::io;

/// Bytes of the inputs or outputs of a request that are kept, as JSON. Of larger ones, texts of more than 16 KiB (images,
/// files) are left out, and told by their length; what is too large even so is told by its length as a whole.
pub const CONTENT_BYTES_MAX: usize = 4 << 20;

/// Longer texts are left out of content that is too large.
const LONG_TEXT_BYTES: usize = 16 << 10;

/// Appends a value as JSON.
pub(super) fn write(value: &Value, out: &mut Vec<u8>) {
    if write_bounded(value, out).is_ok() {
        return;
    }
    let mut shorter = value.clone();
    leave_out_long_texts(&mut shorter);
    if write_bounded(&shorter, out).is_err() {
        write_text(out, format_args!("<more than {CONTENT_BYTES_MAX} bytes left out>"));
    }
}

fn write_bounded(value: &Value, out: &mut Vec<u8>) -> serde_json::Result<()> {
    let start = out.len();
    let written = serde_json::to_writer(Bounded { out, left: CONTENT_BYTES_MAX }, value);
    if written.is_err() {
        out.truncate(start);
    }
    written
}

struct Bounded<'a> {
    out: &'a mut Vec<u8>,
    left: usize,
}

impl io::Write for Bounded<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.left = self.left.checked_sub(bytes.len()).ok_or(io::ErrorKind::FileTooLarge)?;
        self.out.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn leave_out_long_texts(value: &mut Value) {
    match value {
        Value::String(text) if text.len() > LONG_TEXT_BYTES => {
            *text = format!("<{} bytes left out>", text.len());
        }
        Value::Array(items) => items.iter_mut().for_each(leave_out_long_texts),
        Value::Object(fields) => fields.values_mut().for_each(leave_out_long_texts),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn written(value: &Value) -> Value {
        let mut out = Vec::new();
        write(value, &mut out);
        assert!(out.len() <= CONTENT_BYTES_MAX);
        serde_json::from_slice(&out).unwrap()
    }

    #[test]
    fn what_fits_is_kept_as_it_is() {
        let image = json!({"data": "A".repeat(CONTENT_BYTES_MAX - 100), "mimeType": "image/png"});
        assert_eq!(written(&image), image);
    }

    #[test]
    fn of_what_does_not_fit_long_texts_are_left_out() {
        let large = json!([{"data": "A".repeat(CONTENT_BYTES_MAX), "mimeType": "image/png"}, "text"]);
        let expected = json!([{"data": format!("<{CONTENT_BYTES_MAX} bytes left out>"), "mimeType": "image/png"}, "text"]);
        assert_eq!(written(&large), expected);
    }

    #[test]
    fn what_is_too_large_even_so_is_told() {
        let many = Value::from(vec!["A".repeat(LONG_TEXT_BYTES); 300]);
        assert_eq!(written(&many), format!("<more than {CONTENT_BYTES_MAX} bytes left out>"));
    }
}
