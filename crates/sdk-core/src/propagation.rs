//! W3C Trace Context: what goes along with a request to another process, and what came with one.
//!
//! <https://www.w3.org/TR/trace-context/>

use crate::id::parse_hex;
use crate::span_ref::{SpanContext, SpanRef};
use crate::{SpanId, TraceId};
use std::sync::Arc;

/// The header that names trace and span.
pub const TRACEPARENT: &str = "traceparent";
/// The header that other vendors put theirs into; it is passed on as it came.
pub const TRACESTATE: &str = "tracestate";
/// Bytes of a trace state that are passed on; a longer one is left out, as the specification allows.
const TRACESTATE_BYTES_MAX: usize = 512;

impl SpanContext {
    /// Returns the value of the header `traceparent`.
    pub fn traceparent(&self) -> String {
        format!("00-{}-{}-{:02x}", self.trace_id, self.span_id, u8::from(self.is_sampled))
    }

    /// Reads the two headers; `None` if the first is no such header. A trace state that is too long is left out.
    pub fn parse(traceparent: &str, tracestate: Option<&str>) -> Option<SpanContext> {
        let mut parts = traceparent.trim().split('-');
        let (version, trace_id, span_id, flags) =
            (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let is_lower_hex = |text: &str| text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let all = [version, trace_id, span_id, flags];
        if version.len() != 2 || flags.len() != 2 || version == "ff" || !all.into_iter().all(is_lower_hex) {
            return None;
        }
        // Later versions may append parts; this one has none.
        if version == "00" && parts.next().is_some() {
            return None;
        }
        let state = tracestate
            .map(str::trim)
            .filter(|state| !state.is_empty() && state.len() <= TRACESTATE_BYTES_MAX);
        Some(SpanContext {
            trace_id: TraceId(parse_hex(trace_id)?),
            span_id: SpanId(parse_hex(span_id)?),
            is_sampled: u8::from_str_radix(flags, 16).ok()? & 1 == 1,
            trace_state: state.map(Arc::from),
        })
    }
}

/// Calls `set` with the name and value of each header that a request to another process should have, so that its spans
/// become children of `span`.
pub fn inject(span: &SpanRef, mut set: impl FnMut(&'static str, &str)) {
    let Some(context) = span.span_context() else { return };
    set(TRACEPARENT, &context.traceparent());
    if let Some(state) = &context.trace_state {
        set(TRACESTATE, state);
    }
}

/// Returns the span of another process that a request came from, by its headers; no span, if they name none.
pub fn extract<'h>(get: impl Fn(&str) -> Option<&'h str>) -> SpanRef {
    let context = get(TRACEPARENT).and_then(|parent| SpanContext::parse(parent, get(TRACESTATE)));
    context.map_or_else(SpanRef::none, SpanRef::remote)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn headers_are_read_and_written_alike() {
        let context = SpanContext::parse(PARENT, Some(" a=b,c=d ")).unwrap();
        assert!(context.is_sampled);
        let mut headers = Vec::new();
        inject(&SpanRef::remote(context), |name, value| headers.push((name, value.to_owned())));
        assert_eq!(headers, [(TRACEPARENT, PARENT.to_owned()), (TRACESTATE, "a=b,c=d".to_owned())]);
    }

    #[test]
    fn a_later_version_is_read_as_far_as_it_is_known() {
        let later = PARENT.replacen("00", "01", 1) + "-more";
        assert_eq!(SpanContext::parse(&later, None), SpanContext::parse(PARENT, None));
        assert!(!SpanContext::parse(&PARENT.replace("-01", "-02"), None).unwrap().is_sampled);
    }

    #[test]
    fn what_is_no_header_names_no_span() {
        let zero = format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32));
        let wrong = [
            "",
            "00",
            &zero,
            &PARENT.to_uppercase(),
            &PARENT.replacen("00", "ff", 1),
            &format!("{PARENT}-more"),
            &PARENT.replace("-01", "-1"),
            &PARENT.replace('-', "_"),
        ];
        for header in wrong {
            assert!(SpanContext::parse(header, None).is_none(), "{header}");
        }
        assert!(extract(|_| None).span_context().is_none());
    }

    #[test]
    fn a_trace_state_that_is_too_long_is_left_out() {
        let long = format!("a={}", "b".repeat(TRACESTATE_BYTES_MAX));
        assert_eq!(SpanContext::parse(PARENT, Some(&long)).unwrap().trace_state, None);
    }
}
