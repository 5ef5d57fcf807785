//! Counts the traces of an export as it goes by: a large one takes several lines. Pure.

/// Bytes of a line's start that are looked at; a line's trace is named there.
const HEAD_BYTES: usize = 4 << 10;
/// What precedes the id of a line's trace.
const ID_KEYS: [&[u8]; 2] = [b"\"trace_id\":\"", b"\"traceId\":\""];

/// Counts lines, but those that go on with the trace of the line before.
#[derive(Debug, Default)]
pub(super) struct TraceCounter {
    /// The start of the line that is going by.
    head: Vec<u8>,
    last_id: Vec<u8>,
    traces: u64,
}

impl TraceCounter {
    /// Looks at the next piece of the export.
    pub(super) fn push(&mut self, piece: &[u8]) {
        for part in piece.split_inclusive(|&byte| byte == b'\n') {
            let room = HEAD_BYTES - self.head.len();
            self.head.extend_from_slice(&part[..part.len().min(room)]);
            if part.ends_with(b"\n") {
                self.end_line();
            }
        }
    }

    /// Returns how many traces have gone by.
    pub(super) fn traces(&self) -> u64 {
        self.traces
    }

    fn end_line(&mut self) {
        let id = trace_id(&self.head).unwrap_or_default();
        if id.is_empty() || id != self.last_id {
            self.traces += 1;
            self.last_id = id.to_vec();
        }
        self.head.clear();
    }
}

fn trace_id(head: &[u8]) -> Option<&[u8]> {
    let after =
        |key: &&[u8]| head.windows(key.len()).position(|window| *window == **key).map(|at| at + key.len());
    let start = ID_KEYS.iter().find_map(after)?;
    let length = head[start..].iter().position(|&byte| byte == b'"')?;
    Some(&head[start..start + length])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(lines: &[&str], expected: u64) {
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        for size in [1, 7, text.len().max(1)] {
            let mut counter = TraceCounter::default();
            text.as_bytes().chunks(size).for_each(|piece| counter.push(piece));
            assert_eq!(counter.traces(), expected, "{text}");
        }
    }

    #[test]
    fn a_trace_of_several_lines_is_counted_once() {
        let long = format!(r#"{{"spanwise":1,"trace_id":"tr-2","trace":"{}"}}"#, "x".repeat(5_000));
        check(
            &[
                r#"{"spanwise":1,"trace_id":"tr-1","trace":{}}"#,
                r#"{"spanwise":1,"trace_id":"tr-1"}"#,
                &long,
                &long,
            ],
            2,
        );
        check(&[r#"{"resourceSpans":[{"traceId":"aa"}]}"#, r#"{"resourceSpans":[{"traceId":"bb"}]}"#], 2);
        check(&[], 0);
    }

    #[test]
    fn a_line_whose_trace_is_not_seen_is_one() {
        check(&["{}", "{}"], 2);
    }
}
